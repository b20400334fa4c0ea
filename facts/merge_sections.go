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

// mergeStays makes one list of stays: the newest is the section's, and what
// systems report of one stay (the same digest, one after another without another
// digest between them) is joined.
func mergeStays(parts []Part) *Staging {
	var stays []Stay
	for _, p := range parts {
		s := p.Section.(*Staging)
		stays = append(stays, Stay{
			Digest: s.Digest, Service: s.Service, Environment: s.Environment, DeployedAt: s.DeployedAt,
			RestartedAt: s.RestartedAt, EndedAt: s.EndedAt, Verification: s.Verification,
		})
	}
	newest := slices.MaxFunc(stays, func(a, b Stay) int { return a.DeployedAt.Compare(b.DeployedAt) })
	merged := Staging{Digest: newest.Digest, DeployedAt: newest.DeployedAt, Earlier: []Stay{}}
	for _, s := range stays {
		if !oneStay(s, newest) {
			merged.Earlier = append(merged.Earlier, s)
			continue
		}
		merged.Service, merged.Environment = cmp.Or(merged.Service, s.Service), cmp.Or(merged.Environment, s.Environment)
		if s.RestartedAt != nil && (merged.RestartedAt == nil || s.RestartedAt.After(*merged.RestartedAt)) {
			merged.RestartedAt = s.RestartedAt
		}
		if s.EndedAt != nil && (merged.EndedAt == nil || s.EndedAt.Before(*merged.EndedAt)) {
			merged.EndedAt = s.EndedAt
		}
		merged.Verification = worseVerification(merged.Verification, s.Verification)
	}
	for _, p := range parts {
		merged.Earlier = append(merged.Earlier, p.Section.(*Staging).Earlier...)
	}
	merged.Earlier = distinct(merged.Earlier)
	return &merged
}

// oneStay reports whether two systems speak of one stay: the same digest in the
// same place, and the one did not end before the newer began.
func oneStay(s, newest Stay) bool {
	return s.Digest == newest.Digest && sameName(s.Service, newest.Service) && sameName(s.Environment, newest.Environment) &&
		(s.EndedAt == nil || s.EndedAt.After(newest.DeployedAt))
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
// another current deployment, or another status of it, that is in the history too.
func (m *merger) production(parts []Part) *Production {
	merged := m.sections(parts).(*Production)
	for _, p := range parts[1:] {
		current := p.Section.(*Production).Current
		if current != nil && (merged.Current == nil || current.Digest != merged.Current.Digest || current.Status != merged.Current.Status) {
			merged.History = append(merged.History, *current)
		}
	}
	merged.History = distinct(merged.History)
	slices.SortStableFunc(merged.History, func(a, b Deployment) int { return b.LiveAt.Compare(a.LiveAt) })
	return merged
}
