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
		system  string
		person  Person
		decides Grants
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
			groups = append(rest, append(same, entry{p.System, person, p.Decides}))
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
		one := m.structs("/people", values).Interface().(Person)
		for _, e := range g {
			one.Roles = agreed(one.Roles, e.decides.Roles, e.person.Roles)
			one.Teams = agreed(one.Teams, e.decides.Teams, e.person.Teams)
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b Person) int { return slices.Compare(a.IDs, b.IDs) })
	return all
}

// agreed are the names without those that a system looked up and did not find.
func agreed(names, decided, found []string) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains(decided, name) && !slices.Contains(found, name)
	})
}

func shareIdentity(a, b Person) bool {
	return slices.ContainsFunc(a.IDs, func(id string) bool { return slices.Contains(b.IDs, id) })
}

// build merges field by field. Where some records are signed, the others only
// contradict: a fact of theirs would look as if it were signed too.
func (m *merger) build(parts []Part) *Build {
	merged := m.sections(parts).(*Build)
	signed := slices.DeleteFunc(slices.Clone(parts), func(p Part) bool { return p.Section.(*Build).VerifiedBy == nil })
	if len(signed) == 0 || len(signed) == len(parts) {
		return merged
	}
	return (&merger{section: m.section}).sections(signed).(*Build)
}

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
//
// A platform that only reports deployments does not know which one is current.
func (m *merger) production(parts []Part) *Production {
	merged := m.sections(parts).(*Production)
	knowing := slices.DeleteFunc(slices.Clone(parts), func(p Part) bool { return p.Section.(*Production).onlyReported() })
	if len(knowing) > 0 && len(knowing) < len(parts) {
		m.contradictions = nil
		merged.Current = m.sections(knowing).(*Production).Current
		parts = knowing
	}
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

// onlyReported reports whether the section has nothing but what a platform or a cluster
// reports. They do not know which version is to be live.
func (s *Production) onlyReported() bool {
	return s.Current == nil && len(s.History) == 0 && (s.Reported != nil || s.Running != nil)
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
