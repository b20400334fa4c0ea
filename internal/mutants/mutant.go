package main

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// mutant is one change of one rule.
type mutant struct {
	file   string // relative to the folder of the policies
	module string // the module's key
	rule   string // the rule's name with its package, as the tests reach it
	change string // "rule: what changes", independent of the rule's position in the file
	site   int    // the number of the place in the module
}

func (m mutant) String() string { return m.file + ": " + m.change }

// turned are the comparisons, and what each becomes.
var turned = map[string]string{
	"equal": "neq", "neq": "equal",
	"lt": "lte", "lte": "lt",
	"gt": "gte", "gte": "gt",
}

// maxText is how many characters of an expression a mutant's name has.
const maxText = 110

// walker numbers the places of a module that a mutant changes, and changes the
// one at index target; none if target is negative.
type walker struct {
	target int
	rule   *ast.Rule
	found  []site
}

// site is a place that can be changed.
type site struct {
	rule   *ast.Rule
	change string
}

// sites lists the places of module in their order. It changes the module at
// index target, so hand over a copy unless target is negative.
func sites(module *ast.Module, target int) ([]site, error) {
	w := &walker{target: target}
	for _, rule := range module.Rules {
		for r := rule; r != nil; r = r.Else {
			w.rule = rule
			if err := w.walk(r); err != nil {
				return nil, fmt.Errorf("%s: %w", rule.Location, err)
			}
		}
	}
	return w.found, nil
}

// here counts a place and says whether it is the one to change.
func (w *walker) here(format string, args ...any) bool {
	w.found = append(w.found, site{w.rule, fmt.Sprintf(format, args...)})
	return len(w.found)-1 == w.target
}

// walk finds the places of one rule, without those of its "else".
func (w *walker) walk(r *ast.Rule) error {
	for _, arg := range r.Head.Args {
		if err := w.term(arg); err != nil {
			return err
		}
	}
	if err := w.term(r.Head.Key); err != nil {
		return err
	}
	if !implied(r.Head.Value) {
		if err := w.term(r.Head.Value); err != nil {
			return err
		}
	}
	if len(r.Body) == 1 && r.Body[0].Equal(ast.NewExpr(ast.BooleanTerm(true))) {
		return nil // no body is written
	}
	body, err := ast.Transform(w, r.Body)
	if err != nil {
		return err
	}
	r.Body = body.(ast.Body)
	return nil
}

func (w *walker) term(t *ast.Term) error {
	if t == nil {
		return nil
	}
	value, err := ast.Transform(w, t)
	if err != nil {
		return err
	}
	t.Value = value.(ast.Value)
	return nil
}

// implied reports whether a head's value is the "true" that nobody wrote.
func implied(t *ast.Term) bool {
	if t == nil {
		return true
	}
	_, boolean := t.Value.(ast.Boolean)
	return boolean && (t.Location == nil || !slices.Contains([]string{"true", "false"}, string(t.Location.Text)))
}

// Transform is called by ast.Transform for each node before those below it.
func (w *walker) Transform(x any) (any, error) {
	switch x := x.(type) {
	case ast.Body:
		return w.body(x), nil
	case *ast.Expr:
		if x.Negated && w.here("keep without not: %s", text(x)) {
			x.Negated = false
		}
		if terms, ok := x.Terms.([]*ast.Term); ok {
			w.comparison(terms, x)
		}
	case ast.Call:
		w.comparison(x, ast.NewTerm(x))
	case ast.Boolean:
		if w.here("turn %v to %v", x, !x) {
			return !x, nil
		}
	}
	return x, nil
}

// body drops one expression. What declares or assigns a variable stays: without
// it the rest has no meaning.
func (w *walker) body(body ast.Body) ast.Body {
	dropped := -1
	for i, expr := range body {
		if !expr.IsAssignment() && !declares(expr) && w.here("drop %s", text(expr)) {
			dropped = i
		}
	}
	if dropped < 0 {
		return body
	}
	rest := slices.Delete(slices.Clone(body), dropped, dropped+1)
	if len(rest) == 0 {
		return ast.NewBody(ast.NewExpr(ast.BooleanTerm(true)).SetLocation(body[0].Location))
	}
	return ast.NewBody(rest...)
}

// declares reports whether expr is "some x", without "in".
func declares(expr *ast.Expr) bool {
	some, ok := expr.Terms.(*ast.SomeDecl)
	if !ok {
		return false
	}
	_, in := some.Symbols[0].Value.(ast.Call)
	return !in
}

// comparison turns the operator of terms, if it is a comparison.
func (w *walker) comparison(terms []*ast.Term, whole fmt.Stringer) {
	operator, ok := terms[0].Value.(ast.Ref)
	if !ok {
		return
	}
	to, ok := turned[operator.String()]
	if ok && w.here("%s in place of %s in %s", ast.BuiltinMap[to].Infix, ast.BuiltinMap[operator.String()].Infix, text(whole)) {
		terms[0].Value = ast.BuiltinMap[to].Ref()
	}
}

// text is an expression on one line, cut where it is long.
func text(x fmt.Stringer) string {
	s := strings.Join(strings.Fields(infix(x)), " ")
	if utf8.RuneCountInString(s) > maxText {
		return string([]rune(s)[:maxText]) + "…"
	}
	return s
}

// infix writes an operator between its operands, as the rules do.
func infix(x fmt.Stringer) string {
	var terms []*ast.Term
	not := ""
	switch x := x.(type) {
	case *ast.Expr:
		terms, _ = x.Terms.([]*ast.Term)
		if x.Negated {
			not = "not "
		}
	case *ast.Term:
		terms, _ = x.Value.(ast.Call)
	}
	if len(terms) == 3 {
		if b := ast.BuiltinMap[terms[0].String()]; b != nil && b.Infix != "" {
			return not + infix(terms[1]) + " " + b.Infix + " " + infix(terms[2])
		}
	}
	return x.String()
}

// mutants lists the mutants of every rule that ships, sorted by file and place.
// Two equal changes of one rule are distinguished by their number.
func (s *suite) mutants() ([]mutant, error) {
	var all []mutant
	for key, module := range s.modules {
		if s.isTest(module) {
			continue
		}
		found, err := sites(module, -1)
		if err != nil {
			return nil, err
		}
		seen := map[string]int{}
		for i, f := range found {
			change := f.rule.Head.Ref().GroundPrefix().String() + ": " + f.change
			seen[change]++
			if n := seen[change]; n > 1 {
				change = fmt.Sprintf("%s (%d)", change, n)
			}
			all = append(all, mutant{file: s.relative(key), module: key, rule: ruleKey(module.Package.Path, f.rule), change: change, site: i})
		}
	}
	slices.SortFunc(all, func(a, b mutant) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.site, b.site))
	})
	return all, nil
}

// choose takes the mutants that o names. A sample has those whose hash is the
// smallest, so that a change of one rule changes little of the sample.
func choose(all []mutant, listed *list, o options) []mutant {
	var chosen []mutant
	for _, m := range all {
		if o.only.MatchString(m.String()) && (o.sample == 0 || !listed.has(m)) {
			chosen = append(chosen, m)
		}
	}
	if o.sample == 0 || o.sample >= len(chosen) {
		return chosen
	}
	slices.SortFunc(chosen, func(a, b mutant) int {
		return cmp.Or(cmp.Compare(a.hash(o.seed), b.hash(o.seed)), strings.Compare(a.String(), b.String()))
	})
	return chosen[:o.sample]
}

func (m mutant) hash(seed uint64) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", seed, m)
	return h.Sum64()
}
