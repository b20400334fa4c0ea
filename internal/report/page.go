package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
)

// The three answers as people read them. Every report but json and yaml begins
// with one.
const (
	allow = "ALLOW"
	deny  = "DENY"
	wait  = "WAIT" // a deny that time alone turns into an allow
)

// page is a decision laid out for printing: judged, sorted and cleaned. Its
// strings hold no hidden characters and no line ends, but are not escaped for
// any format yet.
type page struct {
	decision *evaluator.Decision
	options  Options
	json     []byte // compact, key order of the Go types

	verdict  string  // allow, deny or wait
	findings []entry // fix, ask, wait, warn, waived; in each the decision's order
	then     []entry
	checks   []check
}

// entry is one finding laid out for printing.
type entry struct {
	finding  *evaluator.Finding
	word     string // FIX, ASK, WAIT, WARN or WAIVED
	code     string
	title    string
	message  string
	observed string
	required string
	fields   []print.Field // everything but code and title, in the order to print
}

// The words before a finding. The first three deny.
const (
	wordFix    = "FIX"
	wordAsk    = "ASK"
	wordWait   = "WAIT"
	wordWarn   = "WARN"
	wordWaived = "WAIVED"
)

var words = []string{wordFix, wordAsk, wordWait, wordWarn, wordWaived}

// denies reports whether the finding blocks the deployment.
func (e entry) denies() bool { return e.word != wordWarn && e.word != wordWaived }

// heading is the finding's name: code and, where there is one, title.
func (e entry) heading() string {
	if e.title == "" {
		return e.code
	}
	return e.code + ": " + e.title
}

// lines are the fields, one "label: value" a line.
func (e entry) lines() string {
	list := make([]string, len(e.fields))
	for i, f := range e.fields {
		list[i] = f.Label + ": " + f.Value
	}
	return strings.Join(list, "\n")
}

// lay lays d out. An error means that d holds a value JSON cannot carry.
func lay(d *evaluator.Decision, options Options) (*page, error) {
	raw, err := print.CompactJSON(d)
	if err != nil {
		return nil, err
	}
	p := &page{decision: d, options: options, json: raw, checks: checksOf(d)}
	if p.findings, err = p.entries(d.Findings); err != nil {
		return nil, err
	}
	if p.then, err = p.entries(d.Then); err != nil {
		return nil, err
	}
	p.verdict = p.judge()
	return p, nil
}

// judge reads the answer. A decision that contradicts itself is no allow.
func (p *page) judge() string {
	d := p.decision
	stands := slices.ContainsFunc(p.findings, entry.denies) || slices.ContainsFunc(p.checks, check.failed)
	switch {
	case d.Outcome == evaluator.Allow && d.ExitCode == 0 && !stands:
		return allow
	case d.Outcome == evaluator.Deny && d.OpensAt != nil:
		return wait
	}
	return deny
}

func (p *page) entries(findings []evaluator.Finding) ([]entry, error) {
	list := make([]entry, 0, len(findings))
	for i := range findings {
		e, err := p.entry(&findings[i])
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		return slices.Index(words, a.word) - slices.Index(words, b.word)
	})
	return list, nil
}

func (p *page) entry(f *evaluator.Finding) (entry, error) {
	observed, err := value(f.Observed)
	if err != nil {
		return entry{}, fmt.Errorf("observed value of %s: %w", f.Code, err)
	}
	required, err := value(f.Required)
	if err != nil {
		return entry{}, fmt.Errorf("required value of %s: %w", f.Code, err)
	}
	e := entry{
		finding: f, word: wordOf(f),
		code: cmp.Or(print.Value(f.Code), "unnamed"), title: print.Value(f.Title), message: print.Value(f.Message),
		observed: cmp.Or(observed, "not in the document"), required: required,
	}
	e.fields = p.fields(e)
	return e, nil
}

// fields are what a person needs, in order: what was seen, what was wanted,
// what to do, who can help, when.
func (p *page) fields(e entry) []print.Field {
	f := e.finding
	about := ""
	if f.Item != nil {
		about = print.Value(*f.Item)
	}
	return print.Fields(
		"message", e.message,
		"about", about,
		"observed", e.observed,
		"required", e.required,
		"where", p.where(f.Path),
		"remedy", print.Value(f.Remedy),
		"who", print.Values(f.Who),
		"when", p.when(e),
		"docs", print.Value(f.Docs),
	)
}

// where is the place in the document: pointer, file and line.
func (p *page) where(pointer string) string {
	if pointer == "" {
		return ""
	}
	file, at := p.location(pointer)
	switch {
	case file == "":
		return print.Value(pointer)
	case at == 0:
		return fmt.Sprintf("%s (%s)", print.Value(pointer), file)
	}
	return fmt.Sprintf("%s (%s:%d)", print.Value(pointer), file, at)
}

// location is the file and, where known, the line of a pointer; else 0.
func (p *page) location(pointer string) (file string, at int) {
	if p.options.InputName == "" {
		return "", 0
	}
	if p.options.Lines != nil && pointer != "" {
		at = max(0, p.options.Lines(pointer))
	}
	return print.Value(p.options.InputName), at
}

func (p *page) when(e entry) string {
	switch {
	case e.finding.OpensAt != nil:
		return print.Opening(p.decision.Now, *e.finding.OpensAt)
	case e.word == wordWait:
		return "unknown: no time was found at which this clears"
	}
	return ""
}

// wordOf sorts a finding. An unknown effect denies, an unknown cure means that
// something must be fixed.
func wordOf(f *evaluator.Finding) string {
	switch {
	case f.Effect == evaluator.EffectWarn:
		return wordWarn
	case f.Effect == evaluator.EffectWaived:
		return wordWaived
	case f.Cure == evaluator.CureAsk:
		return wordAsk
	case f.Cure == evaluator.CureWait:
		return wordWait
	}
	return wordFix
}

// value prints what a rule saw or wanted: text as it is, a list as a, b and an
// object as key: a, key: b; what is nested deeper as JSON. Null is empty.
func value(v any) (string, error) {
	raw, err := print.CompactJSON(v)
	if err != nil {
		return "", err
	}
	var parts []string
	var list []json.RawMessage
	var object map[string]json.RawMessage
	switch {
	case json.Unmarshal(raw, &list) == nil && list != nil:
		for _, item := range list {
			parts = append(parts, cmp.Or(scalar(item), "null"))
		}
	case json.Unmarshal(raw, &object) == nil && object != nil:
		for _, key := range slices.Sorted(maps.Keys(object)) {
			parts = append(parts, print.Value(key)+": "+cmp.Or(scalar(object[key]), "null"))
		}
	default:
		return scalar(raw), nil
	}
	return cmp.Or(print.Values(parts), "none"), nil
}

func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
		return cmp.Or(print.Value(text), `""`)
	}
	if string(raw) == "null" {
		return ""
	}
	return print.Value(string(raw))
}
