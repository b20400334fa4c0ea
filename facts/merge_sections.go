package facts

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// people joins the entries of different systems that share an identity: they are
// one person. Two persons of one system that another system takes for one are a
// contradiction.
func (m *merger) people(parts []Part) People {
	type entry struct {
		system string
		person Person
	}
	var groups [][]entry
	for _, p := range parts {
		for _, person := range p.Section.(People) {
			var same []entry
			var rest [][]entry
			for _, g := range groups {
				if slices.ContainsFunc(g, func(e entry) bool { return shareIdentity(e.person, person) }) {
					same = append(same, g...)
				} else {
					rest = append(rest, g)
				}
			}
			groups = append(rest, append(same, entry{p.System, person}))
		}
	}
	all := People{}
	for _, g := range groups {
		values := make([]reported, 0, len(g))
		reports := make([]Report, 0, len(g))
		systems := map[string]bool{}
		for _, e := range g {
			ids := strings.Join(e.person.IDs, ", ")
			reports = append(reports, Report{e.system, &ids})
			values = append(values, reported{e.system, reflect.ValueOf(e.person)})
			systems[e.system] = true
		}
		if len(systems) < len(g) && len(systems) > 1 {
			m.contradictions = append(m.contradictions, Contradiction{Path: "/people", Values: reports})
		}
		if len(systems) < len(g) { // two entries of one system stay two
			for _, e := range g {
				all = append(all, e.person)
			}
			continue
		}
		all = append(all, m.structs("/people", values).Interface().(Person))
	}
	slices.SortStableFunc(all, func(a, b Person) int { return slices.Compare(a.IDs, b.IDs) })
	return all
}

func shareIdentity(a, b Person) bool {
	return slices.ContainsFunc(a.IDs, func(id string) bool { return slices.Contains(b.IDs, id) })
}

// mergeStays makes one list of stays: what systems report of one stay is joined,
// whether it is the newest or an earlier one.
func mergeStays(parts []Part) *Staging {
	var joined []*joinedStay
	for _, r := range reportedStays(parts) {
		at := slices.IndexFunc(joined, func(j *joinedStay) bool { return j.takes(r) })
		if at < 0 {
			joined = append(joined, &joinedStay{Stay: r.Stay, of: []reportedStay{r}})
			continue
		}
		joined[at].join(r)
	}
	newest := joined[0].Stay
	merged := Staging{
		Digest: newest.Digest, Service: newest.Service, Environment: newest.Environment, DeployedAt: newest.DeployedAt,
		RestartedAt: newest.RestartedAt, EndedAt: newest.EndedAt, Verification: newest.Verification, Earlier: []Stay{},
	}
	for _, j := range joined[1:] {
		merged.Earlier = append(merged.Earlier, j.Stay)
	}
	return &merged
}

// reportedStay is a stay as one system reports it.
type reportedStay struct {
	Stay
	part int // whose it is
}

// reportedStays are all stays of all systems, the newest first, those of one time in
// the order of the systems.
func reportedStays(parts []Part) (stays []reportedStay) {
	for i, p := range parts {
		s := p.Section.(*Staging)
		stays = append(stays, reportedStay{part: i, Stay: Stay{
			Digest: s.Digest, Service: s.Service, Environment: s.Environment, DeployedAt: s.DeployedAt,
			RestartedAt: s.RestartedAt, EndedAt: s.EndedAt, Verification: s.Verification,
		}})
	}
	for i, p := range parts {
		for _, s := range p.Section.(*Staging).Earlier {
			stays = append(stays, reportedStay{part: i, Stay: s})
		}
	}
	slices.SortStableFunc(stays, func(a, b reportedStay) int { return b.DeployedAt.Compare(a.DeployedAt) })
	return stays
}

// joinedStay is what several systems report of one stay.
type joinedStay struct {
	Stay
	of []reportedStay
}

// takes reports whether r, which is not newer, is about the same stay: of another
// system, the same digest in the same place, and it did not end before the newer
// one began.
func (j *joinedStay) takes(r reportedStay) bool {
	newest := j.of[0].Stay
	return r.Digest == newest.Digest && !slices.ContainsFunc(j.of, func(o reportedStay) bool {
		return o.part == r.part || !sameName(o.Service, r.Service) || !sameName(o.Environment, r.Environment)
	}) && (r.EndedAt == nil || r.EndedAt.After(newest.DeployedAt))
}

func (j *joinedStay) join(r reportedStay) {
	j.of = append(j.of, r)
	j.Service, j.Environment = cmp.Or(j.Service, r.Service), cmp.Or(j.Environment, r.Environment)
	if r.RestartedAt != nil && (j.RestartedAt == nil || r.RestartedAt.After(*j.RestartedAt)) {
		j.RestartedAt = r.RestartedAt
	}
	if r.EndedAt != nil && (j.EndedAt == nil || r.EndedAt.Before(*j.EndedAt)) {
		j.EndedAt = r.EndedAt
	}
	j.Verification = worseVerification(j.Verification, r.Verification)
}

// sameName reports whether two names do not differ; nil is not known.
func sameName(a, b *string) bool { return a == nil || b == nil || *a == *b }

// worseVerification is the one that is not good; of two good ones the one whose
// signature was checked, then the later.
func worseVerification(a, b *Verification) *Verification {
	switch {
	case a == nil || b == nil:
		return cmp.Or(a, b)
	case (a.Result == passed) != (b.Result == passed):
		if a.Result == passed {
			return b
		}
		return a
	case (a.VerifiedBy == nil) != (b.VerifiedBy == nil):
		if a.VerifiedBy == nil {
			return b
		}
		return a
	case b.FinishedAt.After(a.FinishedAt):
		return b
	}
	return a
}

// passed is the one result that is good.
const passed = "PASSED"

// latestNotice is the latest notice to the on-call team that a system knows.
func latestNotice(parts []Part) *OnCall {
	latest := parts[0].Section.(*OnCall)
	for _, p := range parts[1:] {
		o := p.Section.(*OnCall)
		if o.NotifiedAt != nil && (latest.NotifiedAt == nil || o.NotifiedAt.After(*latest.NotifiedAt)) {
			latest = o
		}
	}
	return latest
}

// production merges field by field. Where another system than the first reports
// another current deployment, or another status, configuration or events of it, that
// is in the history too.
func (m *merger) production(parts []Part) *Production {
	merged := m.sections(parts).(*Production)
	first := parts[0].Section.(*Production).Current
	for _, p := range parts[1:] {
		current := p.Section.(*Production).Current
		if current != nil && (first == nil || !sameDeployment(*current, *first)) {
			merged.History = append(merged.History, *current)
		}
	}
	merged.History = distinct(merged.History)
	slices.SortStableFunc(merged.History, func(a, b Deployment) int { return b.LiveAt.Compare(a.LiveAt) })
	return merged
}

// sameDeployment reports whether two current deployments do not differ in what is
// good or bad about them.
func sameDeployment(a, b Deployment) bool {
	return a.Digest == b.Digest && a.Status == b.Status && sameText(a.Configuration, b.Configuration) && reflect.DeepEqual(a.Events, b.Events)
}

// rollback merges field by field, but the review is that of the procedure that is
// kept: another one that was reviewed proves nothing about it.
func (m *merger) rollback(parts []Part) *Rollback {
	merged := m.sections(parts).(*Rollback)
	merged.ReviewedAt = nil
	for _, p := range parts {
		r := p.Section.(*Rollback)
		if r.ReviewedAt == nil || !sameText(r.Procedure, merged.Procedure) {
			continue
		}
		if merged.ReviewedAt == nil || r.ReviewedAt.Before(*merged.ReviewedAt) {
			merged.ReviewedAt = r.ReviewedAt
		}
	}
	return merged
}

// monitoring merges field by field. An alert that one system reports as disabled
// is not enabled, whatever another one reports.
func (m *merger) monitoring(parts []Part) *Monitoring {
	merged := m.sections(parts).(*Monitoring)
	disabled := map[string]bool{}
	for _, a := range merged.Alerts {
		disabled[a.Name] = disabled[a.Name] || !a.Enabled
	}
	for i, a := range merged.Alerts {
		merged.Alerts[i].Enabled = !disabled[a.Name]
	}
	merged.Alerts = distinct(merged.Alerts)
	return merged
}
