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
	joined := joinStays(reportedStays(parts))
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

// joinStays joins the stays that are one: of different systems, the same digest in the
// same place, and none ended before the other began. A stay without the name of its
// service or environment is joined into the newest stay that fits in every place where
// it may have been. If there are several places, a good verification counts in none of
// them, because it may be of another one.
func joinStays(reported []reportedStay) []*joinedStay {
	var joined, unnamed []*joinedStay
	for _, r := range reported {
		to := &joined
		if r.Service == nil || r.Environment == nil {
			to = &unnamed
		}
		at := slices.IndexFunc(*to, func(j *joinedStay) bool {
			return samePlace(j.Stay, r.Stay) && j.takes(r)
		})
		if at < 0 {
			*to = append(*to, &joinedStay{Stay: r.Stay, of: []reportedStay{r}})
			continue
		}
		(*to)[at].join(r)
	}
	// Those with one name first: they can take those with none.
	slices.SortStableFunc(unnamed, func(a, b *joinedStay) int { return cmp.Compare(names(b.Stay), names(a.Stay)) })
	for _, u := range unnamed {
		var fit []*joinedStay // the newest stay of each place
		for _, j := range joined {
			if j.mayHold(u) && !slices.ContainsFunc(fit, func(f *joinedStay) bool { return samePlace(f.Stay, j.Stay) }) {
				fit = append(fit, j)
			}
		}
		if len(fit) == 0 {
			joined = append(joined, u)
			continue
		}
		if len(fit) > 1 && u.Verification != nil && u.Verification.Result == passed {
			u.Verification = nil
		}
		for _, j := range fit {
			for _, r := range u.of {
				r.Verification = u.Verification
				j.join(r)
			}
		}
	}
	slices.SortStableFunc(joined, func(a, b *joinedStay) int { return b.DeployedAt.Compare(a.DeployedAt) })
	return joined
}

// names is how many names of its place a stay has.
func names(s Stay) int {
	n := 0
	for _, name := range []*string{s.Service, s.Environment} {
		if name != nil {
			n++
		}
	}
	return n
}

// takes reports whether r, which is not newer than the newest of j, may be the same
// stay.
func (j *joinedStay) takes(r reportedStay) bool {
	return r.Digest == j.Digest && !j.reportedBy(r.part) && (r.EndedAt == nil || r.EndedAt.After(j.DeployedAt))
}

// mayHold reports whether u, which names less of its place, may be the same stay.
func (j *joinedStay) mayHold(u *joinedStay) bool {
	return u.Digest == j.Digest && sameName(j.Service, u.Service) && sameName(j.Environment, u.Environment) &&
		!slices.ContainsFunc(u.of, func(r reportedStay) bool { return j.reportedBy(r.part) }) &&
		(u.EndedAt == nil || u.EndedAt.After(j.DeployedAt)) && (j.EndedAt == nil || j.EndedAt.After(u.DeployedAt))
}

// samePlace reports whether two stays name the same place, or the same part of it.
func samePlace(a, b Stay) bool {
	return equalName(a.Service, b.Service) && equalName(a.Environment, b.Environment)
}

func (j *joinedStay) reportedBy(part int) bool {
	return slices.ContainsFunc(j.of, func(o reportedStay) bool { return o.part == part })
}

// join adds another report: the later beginning and restart, the earlier end and the
// worse verification count.
func (j *joinedStay) join(r reportedStay) {
	j.of = append(j.of, r)
	if r.DeployedAt.After(j.DeployedAt) {
		j.DeployedAt = r.DeployedAt
	}
	if r.RestartedAt != nil && (j.RestartedAt == nil || r.RestartedAt.After(*j.RestartedAt)) {
		j.RestartedAt = r.RestartedAt
	}
	if r.EndedAt != nil && (j.EndedAt == nil || r.EndedAt.Before(*j.EndedAt)) {
		j.EndedAt = r.EndedAt
	}
	j.Verification = worseVerification(j.Verification, r.Verification)
}

// equalName reports whether two names are the same, or both not known.
func equalName(a, b *string) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

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
