package facts

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Part is what one of several systems reported of a section.
type Part struct {
	System  string // its name in prodgate.yaml
	Section Section

	// Attested: what names no signer (verified_by) is only bad news, because the system
	// reads statements that anyone can make.
	Attested bool

	// Recorded: the system is an audit trail. Only then are the id and the writer of a
	// stay, and the verifications, those of entries.
	Recorded bool

	Decides Grants // of people: the roles and teams that the system looks up for each of them
}

// Merge makes one section of what several systems report, in the order in which
// the configuration names them. Each field's merge tag says by which rule
// (MergeRules lists them); where systems that must agree do not, the section holds
// the first one's value, and the contradictions say who reports what. A section
// with contradictions must not count.
//
// An error means that the section can be read from one system alone.
func Merge(parts []Part) (Section, []Contradiction, error) {
	if len(parts) == 1 && !parts[0].Attested {
		return parts[0].Section, nil, nil
	}
	m := merger{section: SectionName(parts[0].Section)}
	for _, p := range parts[1:] {
		if reflect.TypeOf(p.Section) != reflect.TypeOf(parts[0].Section) {
			return nil, nil, fmt.Errorf("merge %s of %s with %s of %s: not the same section", m.section, parts[0].System, SectionName(p.Section), p.System)
		}
	}
	if !SeveralSystems(m.section) {
		return nil, nil, fmt.Errorf("%s is read from one system alone, and %d report it", m.section, len(parts))
	}
	var merged Section
	var err error
	switch parts[0].Section.(type) {
	case Observed:
		return nil, nil, fmt.Errorf("merge %s: give the sections without what was observed of them", m.section)
	case People:
		merged = m.people(parts)
	case *Build:
		merged = m.build(parts)
	case *Staging:
		merged, err = mergeStays(parts)
	case *OnCall:
		merged = latestNotice(parts)
	case *Production:
		merged = m.production(parts)
	case *Rollback:
		merged = m.rollback(parts)
	case *Monitoring:
		merged = m.monitoring(parts)
	default:
		merged = m.sections(parts).(Section)
	}
	if err != nil {
		return nil, nil, err
	}
	return merged, m.contradictions, nil
}

// SeveralSystems reports whether a section can be read from several systems.
func SeveralSystems(section string) bool {
	return slices.Contains(Sections, section) && section != "artifact" && section != "trail"
}

type merger struct {
	section        string
	contradictions []Contradiction
}

// distinct is list without entries that are equal to one before them.
func distinct[S ~[]T, T any](list S) S {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(entry T) bool {
		text, err := json.Marshal(entry)
		twice := err == nil && seen[string(text)]
		seen[string(text)] = true
		return twice
	})
}

// reported is what one system reports of a field.
type reported struct {
	system string
	v      reflect.Value
}

// sections merges lists entry by entry, and pointers to structs field by field.
func (m *merger) sections(parts []Part) any {
	values := make([]reported, 0, len(parts))
	for _, p := range parts {
		values = append(values, reported{p.System, reflect.ValueOf(p.Section)})
	}
	if values[0].v.Kind() == reflect.Slice {
		return joined(values).Interface()
	}
	for i := range values {
		values[i].v = values[i].v.Elem()
	}
	return m.structs("/"+m.section, values).Addr().Interface()
}

// structs merges structs field by field.
func (m *merger) structs(path string, values []reported) reflect.Value {
	of := values[0].v.Type()
	into := reflect.New(of).Elem()
	for i := range of.NumField() {
		field := of.Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		rule, null := ruleOf(field)
		each := make([]reported, 0, len(values))
		for _, v := range values {
			each = append(each, reported{v.system, v.v.Field(i)})
		}
		if !null {
			each = known(each)
		}
		if len(each) > 0 {
			into.Field(i).Set(m.field(path+"/"+key, rule, each))
		}
	}
	return into
}

// known are the values that are there.
func known(values []reported) []reported {
	return slices.DeleteFunc(slices.Clone(values), func(v reported) bool { return absent(v.v) })
}

func absent(v reflect.Value) bool {
	return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice) && v.IsNil()
}

// field merges what systems report of one field.
func (m *merger) field(path, rule string, values []reported) reflect.Value {
	first := values[0].v
	switch rule {
	case ruleAll, ruleAgreed:
		return joined(values)
	case ruleLatest, ruleEarliest:
		return extreme(values, rule == ruleLatest)
	case ruleWorst:
		return worst(values)
	case ruleEqual:
		return m.equal(path, values)
	}
	return first
}

// joined is a list of all entries, each once.
func joined(values []reported) reflect.Value {
	all := reflect.MakeSlice(values[0].v.Type(), 0, 0)
	seen := map[string]bool{}
	for _, v := range values {
		for i := range v.v.Len() {
			text, err := json.Marshal(v.v.Index(i).Interface())
			if err == nil && seen[string(text)] {
				continue
			}
			seen[string(text)] = true
			all = reflect.Append(all, v.v.Index(i))
		}
	}
	return all
}

// extreme is the latest or earliest time. Null, where it counts, is before all.
func extreme(values []reported, latest bool) reflect.Value {
	best := values[0].v
	for _, v := range values[1:] {
		if absent(best) || absent(v.v) {
			if absent(v.v) != latest {
				best = v.v
			}
			continue
		}
		if after := instantOf(v.v).After(instantOf(best)); after == latest && !instantOf(v.v).Equal(instantOf(best)) {
			best = v.v
		}
	}
	return best
}

var timeType = reflect.TypeFor[time.Time]()

func instantOf(v reflect.Value) time.Time {
	return reflect.Indirect(v).Interface().(time.Time)
}

// worst is the false one of booleans.
func worst(values []reported) reflect.Value {
	for _, v := range values {
		if !reflect.Indirect(v.v).Bool() {
			return v.v
		}
	}
	return values[0].v
}

// equal is the value that all report, or the first one's and a contradiction.
func (m *merger) equal(path string, values []reported) reflect.Value {
	structs := make([]reported, 0, len(values))
	for _, v := range values {
		if v.v.Kind() == reflect.Pointer && !v.v.IsNil() && v.v.Elem().Kind() == reflect.Struct && v.v.Elem().Type() != timeType {
			structs = append(structs, reported{v.system, v.v.Elem()})
		}
	}
	if len(structs) == len(values) {
		return m.structs(path, structs).Addr()
	}
	var reports []Report
	differ := false
	for _, v := range values {
		text := textOf(v.v)
		reports = append(reports, Report{System: v.system, Value: text})
		differ = differ || !sameText(text, reports[0].Value)
	}
	if differ {
		m.contradictions = append(m.contradictions, Contradiction{Path: path, Values: reports})
	}
	return values[0].v
}

// textOf is a value as a contradiction shows it; nil for null.
func textOf(v reflect.Value) *string {
	if absent(v) {
		return nil
	}
	var text string
	switch v := reflect.Indirect(v).Interface().(type) {
	case time.Time:
		text = v.UTC().Format(time.RFC3339Nano)
	case Deployment:
		text = v.Digest
	default:
		text = fmt.Sprint(v)
	}
	return &text
}

func sameText(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}
