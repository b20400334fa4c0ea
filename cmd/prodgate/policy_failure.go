package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/prodgate/prodgate/internal/print"
)

// failure writes a failed test, the line that was not true, and its expected and
// actual values.
func (x examiner) failure(ctx context.Context, b *bytes.Buffer, r *tester.Result) {
	fmt.Fprintf(b, "FAIL  %s.%s  %s\n", r.Package, r.Name, r.Location)
	if r.Error != nil {
		fmt.Fprintf(b, "  error     %s\n", print.Text(r.Error.Error()))
	}
	if e, expr := lastFailed(r.Trace); e != nil {
		fmt.Fprintf(b, "  at        %s\n  not true  %s\n", e.Location, strings.TrimSpace(string(e.Location.Text)))
		if expected, actual, ok := x.sides(ctx, e, expr); ok {
			fmt.Fprintf(b, "  expected  %s\n  actual    %s\n", print.Text(expected), print.Text(actual))
		} else if err := topdown.PrettyEvent(b, e, topdown.PrettyEventOpts{PrettyVars: true}); err != nil {
			fmt.Fprintf(b, "  %v\n", err)
		}
		b.WriteByte('\n')
	}
	if len(r.Output) > 0 {
		fmt.Fprintf(b, "  printed   %s\n", print.Text(strings.TrimSpace(string(r.Output))))
	}
}

// lastFailed returns the expression at which a test stopped, or nil.
func lastFailed(trace []*topdown.Event) (*topdown.Event, *ast.Expr) {
	for _, e := range slices.Backward(trace) {
		expr, ok := e.Node.(*ast.Expr)
		if e.Op != topdown.FailOp || e.Location == nil || e.QueryID == 0 || !ok {
			continue
		}
		if _, every := expr.Terms.(*ast.Every); every {
			continue // the failed expression is inside it
		}
		return e, expr
	}
	return nil, nil
}

// examiner evaluates parts of a failed expression once more.
type examiner struct {
	compiler *ast.Compiler
	store    storage.Store
	txn      storage.Transaction
}

// sides returns the expected and the actual value of an expression that is a
// comparison or a value that should have been true.
func (x examiner) sides(ctx context.Context, e *topdown.Event, expr *ast.Expr) (expected, actual string, ok bool) {
	if term, single := expr.Terms.(*ast.Term); single {
		expected = "true"
		if expr.Negated {
			expected = "not true"
		}
		actual, ok = x.valueOf(ctx, e, expr, term)
		return expected, actual, ok
	}
	if operator := expr.OperatorTerm(); expr.Negated || operator == nil || len(expr.Operands()) != 2 ||
		operator.String() != ast.Equality.Name && operator.String() != ast.Equal.Name {
		return "", "", false
	}
	left, right := expr.Operand(0), expr.Operand(1)
	if ast.IsConstant(left.Value) {
		left, right = right, left
	}
	if expected, ok = x.valueOf(ctx, e, expr, right); !ok {
		return "", "", false
	}
	actual, ok = x.valueOf(ctx, e, expr, left)
	return expected, actual, ok
}

// valueOf returns the value of term in expr when it failed, or "undefined".
func (x examiner) valueOf(ctx context.Context, e *topdown.Event, expr *ast.Expr, term *ast.Term) (string, bool) {
	const name = ast.Var("value")
	question := ast.Equality.Expr(ast.NewTerm(name), term.Copy())
	for _, with := range expr.With {
		question.With = append(question.With, with.Copy())
	}
	bound, err := ast.TransformVars(question, func(v ast.Var) (ast.Value, error) {
		if e.Locals != nil {
			if value := e.Locals.Get(v); value != nil {
				return value, nil
			}
		}
		return v, nil
	})
	if err != nil {
		return "", false
	}
	asked, ok := bound.(*ast.Expr)
	if !ok {
		return "", false
	}
	results, err := topdown.NewQuery(ast.NewBody(asked)).WithCompiler(x.compiler).WithStore(x.store).WithTransaction(x.txn).Run(ctx)
	switch {
	case err != nil:
		return "", false
	case len(results) == 0:
		return "undefined", true
	}
	return results[0][name].String(), true
}
