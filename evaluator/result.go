package evaluator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// result is the result of the rules, before annotations are joined to it.
type result struct {
	outcome       Outcome
	required      []string
	passed        []string
	notApplicable []string
	findings      []rawFinding
}

// rawFinding is a finding as a rule gives it. Observed is null both for a fact
// that is null and for a rule that leaves it to the path.
type rawFinding struct {
	Code     string  `json:"code"`
	Check    string  `json:"check"`
	Effect   Effect  `json:"effect"`
	Item     *string `json:"item"`
	Path     string  `json:"path"`
	Message  string  `json:"message"`
	Observed any     `json:"observed"`
	Required any     `json:"required"`

	hasObserved bool
}

// identity tells findings of one decision, or of the same document as of two
// instants, apart.
func (f *rawFinding) identity() [3]string { return [3]string{f.Code, text(f.Item), f.Path} }

// decodeResult reads what the rules gave. Anything of another shape is an
// error, and so is an outcome that does not follow from the rest.
func decodeResult(value ast.Value) (*result, error) {
	object, ok := value.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("the policies gave %s instead of a decision", ast.ValueName(value))
	}
	r := &result{}
	err := object.Iter(func(key, term *ast.Term) error {
		name, _ := key.Value.(ast.String)
		return r.set(string(name), term.Value)
	})
	if err != nil {
		return nil, fmt.Errorf("the policies gave a malformed decision: %w", err)
	}
	return r, r.check()
}

func (r *result) set(key string, value ast.Value) (err error) {
	switch key {
	case "outcome":
		outcome, _ := value.(ast.String)
		r.outcome = Outcome(outcome)
	case "required":
		r.required, err = names1(value)
	case "passed":
		r.passed, err = names1(value)
	case "not_applicable":
		r.notApplicable, err = names1(value)
	case "findings":
		r.findings, err = findingsOf(value)
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}

// names1 reads a set of names, sorted.
func names1(value ast.Value) ([]string, error) {
	set, ok := value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("%s instead of a set of names", ast.ValueName(value))
	}
	list := make([]string, 0, set.Len())
	err := set.Iter(func(term *ast.Term) error {
		name, ok := term.Value.(ast.String)
		if !ok {
			return fmt.Errorf("%s instead of a name", ast.ValueName(term.Value))
		}
		list = append(list, string(name))
		return nil
	})
	slices.Sort(list)
	return list, err
}

func findingsOf(value ast.Value) ([]rawFinding, error) {
	set, ok := value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("%s instead of a set of findings", ast.ValueName(value))
	}
	list := make([]rawFinding, 0, set.Len())
	err := set.Iter(func(term *ast.Term) error {
		finding, err := findingOf(term.Value)
		if err == nil && finding.Check == "" {
			err = fmt.Errorf("the finding %s without its check", finding.Code)
		}
		list = append(list, finding)
		return err
	})
	return list, err
}

// findingOf reads one finding. A check's own denials do not name the check yet.
func findingOf(value ast.Value) (rawFinding, error) {
	object, ok := value.(ast.Object)
	if !ok {
		return rawFinding{}, fmt.Errorf("%s instead of a finding", ast.ValueName(value))
	}
	f := rawFinding{hasObserved: object.Get(ast.InternedTerm("observed")) != nil}
	err := object.Iter(func(key, term *ast.Term) error {
		name, _ := key.Value.(ast.String)
		return f.set(string(name), term.Value)
	})
	if err != nil {
		return f, err
	}
	if f.Code == "" {
		return f, errors.New("a finding without code")
	}
	return f, nil
}

func (f *rawFinding) set(key string, value ast.Value) (err error) {
	switch key {
	case "code":
		f.Code, err = textOf(key, value)
	case "check":
		f.Check, err = textOf(key, value)
	case "path":
		f.Path, err = textOf(key, value)
	case "message":
		f.Message, err = textOf(key, value)
	case "effect":
		var effect string
		effect, err = textOf(key, value)
		f.Effect = Effect(effect)
		if err == nil && !slices.Contains([]Effect{EffectDeny, EffectWarn, EffectWaived}, f.Effect) {
			err = fmt.Errorf("unknown effect %q", effect)
		}
	case "item":
		if _, null := value.(ast.Null); !null {
			var item string
			item, err = textOf(key, value)
			f.Item = &item
		}
	case "observed":
		f.Observed, err = plain(value)
	case "required":
		f.Required, err = plain(value)
	default:
		err = fmt.Errorf("a finding with the unknown key %q", key)
	}
	return err
}

func textOf(key string, value ast.Value) (string, error) {
	s, ok := value.(ast.String)
	if !ok {
		return "", fmt.Errorf("a finding whose %s is %s instead of text", key, ast.ValueName(value))
	}
	return string(s), nil
}

// plain is a value as encoding/json knows it, sets as sorted lists.
func plain(value ast.Value) (any, error) {
	p, err := ast.JSONWithOpt(value, ast.JSONOpt{SortSets: true})
	if err != nil {
		return nil, err
	}
	if n, ok := p.(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return i, nil
		}
	}
	return p, nil
}

// check recomputes the outcome. The rules decide; this is a second check.
func (r *result) check() error {
	outcome := Allow
	if len(r.required) == 0 {
		outcome = Deny
	}
	for _, name := range r.required {
		if !slices.Contains(r.passed, name) {
			outcome = Deny
		}
	}
	for _, finding := range r.findings {
		if finding.Effect == EffectDeny {
			outcome = Deny
		}
	}
	if outcome != r.outcome {
		return fmt.Errorf("the policies say %q, but %q follows from their checks and findings", r.outcome, outcome)
	}
	if outcome == Deny && !slices.ContainsFunc(r.findings, func(f rawFinding) bool { return f.Effect == EffectDeny }) {
		return errors.New("the policies deny without a reason")
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// rank is the position of value among the ordered ones.
func rank[T comparable](value T, ordered ...T) int { return slices.Index(ordered, value) }

var compareText = cmp.Compare[string]

func compareAll(orders ...int) int { return cmp.Or(orders...) }
