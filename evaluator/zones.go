package evaluator

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/builtins"

	"github.com/prodgate/prodgate/internal/zone"
)

// OPA's functions of local time load zones from the machine. Rules call them by
// their own names, so that stock OPA runs the same rules; in compiled rules those
// calls go to functions of ownZonesPrefix and the same name, which a query brings
// with it (docs/adr/0019). Nothing of OPA's own is replaced.
const ownZonesPrefix = "prodgate."

// localTime is one of OPA's functions, as far as an operand names a zone. It
// returns the function's result.
type localTime func(operands []*ast.Term) (*ast.Term, error)

// localTimes are all of OPA's functions that could ask the machine for a zone.
func localTimes() map[string]localTime {
	return map[string]localTime{
		ast.Clock.Name:      clockOf,
		ast.Date.Name:       dateOf,
		ast.Weekday.Name:    weekdayOf,
		ast.Format.Name:     formatted,
		ast.AddDate.Name:    addedDate,
		ast.Diff.Name:       difference,
		ast.ParseNanos.Name: parsedNanos,
	}
}

// ownZones are the functions to which rules are pointed, for each query.
var ownZones = sync.OnceValue(func() map[string]*topdown.Builtin {
	all := map[string]*topdown.Builtin{}
	for name, function := range localTimes() {
		declared := *ast.BuiltinMap[name]
		declared.Name = ownZonesPrefix + name
		all[declared.Name] = &topdown.Builtin{Decl: &declared, Func: inOwnZones(name, function)}
	}
	return all
})

// inOwnZones calls function where an operand names a zone, and what OPA has where
// none does. An error reads as OPA's own.
func inOwnZones(name string, function localTime) topdown.BuiltinFunc {
	stock := topdown.GetBuiltin(name)
	return func(bctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		if name != ast.ParseNanos.Name && !slices.ContainsFunc(operands, namesZone) {
			return stock(bctx, operands, iter)
		}
		result, err := function(operands)
		if err == nil {
			return iter(result)
		}
		code := topdown.BuiltinErr
		if operand := builtins.ErrOperand(""); errors.As(err, &operand) {
			code = topdown.TypeErr
		}
		return &topdown.Error{Code: code, Message: name + ": " + err.Error(), Location: bctx.Location}
	}
}

// namesZone reports whether an operand is [instant, zone, …] with a zone other
// than UTC. What has another shape is for OPA to refuse.
func namesZone(operand *ast.Term) bool {
	list, ok := operand.Value.(*ast.Array)
	if !ok || list.Len() < 2 {
		return false
	}
	name, ok := list.Elem(1).Value.(ast.String)
	return ok && name != "" && name != "UTC"
}

// useOwnZones points every call in the compiled rules to ownZones. A rule that
// puts something else in such a function's place, or such a function in the
// place of something else, is an error: only tests do.
func useOwnZones(c *ast.Compiler) error {
	operators := map[string]*ast.Term{}
	for name := range localTimes() {
		operators[name] = ast.NewTerm(ast.MustParseRef(ownZonesPrefix + name))
	}
	var problems []error
	for _, module := range c.Modules {
		ast.WalkExprs(module, func(x *ast.Expr) bool {
			if terms, ok := x.Terms.([]*ast.Term); ok && x.IsCall() {
				if own := operators[x.Operator().String()]; own != nil {
					terms[0] = own
				}
			}
			for _, with := range x.With {
				for _, term := range []*ast.Term{with.Target, with.Value} {
					if operators[term.Value.String()] != nil {
						problems = append(problems, fmt.Errorf("%s: replaces by \"with\"; only tests may do that with %s", with.Location, term))
					}
				}
			}
			return false
		})
	}
	return errors.Join(problems...)
}

// instantOf reads an instant in nanoseconds, or [instant, zone] or [instant,
// zone, layout].
func instantOf(operand *ast.Term) (at time.Time, layout string, err error) {
	number, location := operand.Value, time.UTC
	if list, ok := operand.Value.(*ast.Array); ok {
		if list.Len() == 0 {
			return at, "", errors.New("an instant is missing")
		}
		number = list.Elem(0).Value
		if list.Len() > 1 {
			name, err := builtins.StringOperand(list.Elem(1).Value, 1)
			if err != nil {
				return at, "", err
			}
			if name != "" {
				if location, err = zone.Load(string(name)); err != nil {
					return at, "", err
				}
			}
		}
		if list.Len() > 2 {
			text, err := builtins.StringOperand(list.Elem(2).Value, 1)
			if err != nil {
				return at, "", err
			}
			layout = string(text)
		}
	}
	value, err := builtins.NumberOperand(number, 1)
	if err != nil {
		return at, "", err
	}
	nanoseconds, accuracy := builtins.NumberToFloat(value).Int64()
	if accuracy != big.Exact {
		return at, "", errors.New("timestamp too big")
	}
	return time.Unix(0, nanoseconds).In(location), layout, nil
}

func clockOf(operands []*ast.Term) (*ast.Term, error) {
	at, _, err := instantOf(operands[0])
	hour, minute, second := at.Clock()
	return numbers(hour, minute, second), err
}

func dateOf(operands []*ast.Term) (*ast.Term, error) {
	at, _, err := instantOf(operands[0])
	year, month, day := at.Date()
	return numbers(year, int(month), day), err
}

func weekdayOf(operands []*ast.Term) (*ast.Term, error) {
	at, _, err := instantOf(operands[0])
	return ast.StringTerm(at.Weekday().String()), err
}

func formatted(operands []*ast.Term) (*ast.Term, error) {
	at, layout, err := instantOf(operands[0])
	if layout == "" {
		layout = time.RFC3339Nano
	}
	return ast.StringTerm(at.Format(layoutOf(layout))), err
}

func addedDate(operands []*ast.Term) (*ast.Term, error) {
	at, _, err := instantOf(operands[0])
	if err != nil {
		return nil, err
	}
	var steps [3]int
	for i := range steps {
		if steps[i], err = builtins.IntOperand(operands[i+1].Value, i+2); err != nil {
			return nil, err
		}
	}
	return nanoseconds(at.AddDate(steps[0], steps[1], steps[2]))
}

// difference is the calendar's distance between two instants, as clocks in the
// first one's zone show them: years, months, days, hours, minutes, seconds.
func difference(operands []*ast.Term) (*ast.Term, error) {
	from, _, err := instantOf(operands[0])
	if err != nil {
		return nil, err
	}
	to, _, err := instantOf(operands[1])
	if err != nil {
		return nil, err
	}
	if to = to.In(from.Location()); from.After(to) {
		from, to = to, from
	}
	a, b := fields(from), fields(to)
	// Day 0 of the month that follows from's is from's last.
	days := time.Date(a[0], time.Month(a[1])+1, 0, 0, 0, 0, 0, time.UTC).Day()
	most := [6]int{0, 12, days, 24, 60, 60}
	for i := range b {
		b[i] -= a[i]
	}
	for i := len(b) - 1; i > 0; i-- {
		if b[i] < 0 {
			b[i] += most[i]
			b[i-1]--
		}
	}
	return numbers(b[:]...), nil
}

func fields(at time.Time) [6]int {
	year, month, day := at.Date()
	hour, minute, second := at.Clock()
	return [6]int{year, int(month), day, hour, minute, second}
}

// parsedNanos reads a time. Abbreviations of zones are those of UTC: OPA would
// take those of the machine's own zone.
func parsedNanos(operands []*ast.Term) (*ast.Term, error) {
	layout, err := builtins.StringOperand(operands[0].Value, 1)
	if err != nil {
		return nil, err
	}
	text, err := builtins.StringOperand(operands[1].Value, 2)
	if err != nil {
		return nil, err
	}
	at, err := time.ParseInLocation(layoutOf(string(layout)), string(text), time.UTC)
	if err != nil {
		return nil, err
	}
	return nanoseconds(at)
}

// layouts are those that OPA knows by name.
var layouts = map[string]string{
	"ANSIC": time.ANSIC, "UnixDate": time.UnixDate, "RubyDate": time.RubyDate, "RFC822": time.RFC822, "RFC822Z": time.RFC822Z,
	"RFC850": time.RFC850, "RFC1123": time.RFC1123, "RFC1123Z": time.RFC1123Z, "RFC3339": time.RFC3339, "RFC3339Nano": time.RFC3339Nano,
}

func layoutOf(text string) string {
	if known, ok := layouts[text]; ok {
		return known
	}
	return text
}

// nanoseconds is an instant as OPA has it, within what 64 bits hold.
func nanoseconds(at time.Time) (*ast.Term, error) {
	if at.Before(time.Unix(0, math.MinInt64)) || at.After(time.Unix(0, math.MaxInt64)) {
		return nil, errors.New("time outside of valid range")
	}
	return ast.NumberTerm(json.Number(fmt.Sprint(at.UnixNano()))), nil
}

func numbers(list ...int) *ast.Term {
	terms := make([]*ast.Term, len(list))
	for i, n := range list {
		terms[i] = ast.InternedTerm(n)
	}
	return ast.ArrayTerm(terms...)
}
