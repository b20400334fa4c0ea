package evaluator

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A swap replaces a fact by the same fact of something else: what is true of
// another service, environment, digest, kind, request or person proves nothing
// here. Other days are what "move" tries.
var swaps = map[string]struct {
	keys   string // of the facts, "|" between
	values []string
}{
	"service":     {"service", []string{"search-api"}},
	"repository":  {"repository", []string{"registry.example.com/search/search-api"}},
	"environment": {"environment", []string{"staging", "production"}},
	"digest": {"digest|tag_digest", []string{
		"sha256:636a5a73db70f0a78525a5a7817880c7b8f35ab94cd3bde46c371027d7b843e6", // live in the base stories
		"sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
	}},
	"configuration": {"configuration", []string{"sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}},
	"kind":          {"kind", []string{"promotion", "configuration", "rollback", "initial"}},
	"request":       {"request|deployment", []string{"acme/payments-api/runs/1"}},
	"ticket":        {"ticket", []string{"INC-2050"}},
	"person": {"approver|requested_by|triggered_by|by", []string{
		"github:583231", // who asks in the base stories
		"github:100300", // a Release Manager
		"github:999999", // nobody whom the directory knows
	}},
}

// swapsOf are the other true facts that a text could be replaced by. The kind of
// a source is not the kind of a request.
func swapsOf(path string, value ast.Value) map[string]*ast.Term {
	text, ok := value.(ast.String)
	if !ok || strings.HasPrefix(path, "/sources/") {
		return nil
	}
	key := path[strings.LastIndexByte(path, '/')+1:]
	all := map[string]*ast.Term{}
	for name, swap := range swaps {
		if !matches(swap.keys, key) {
			continue
		}
		for _, other := range swap.values {
			if other != string(text) {
				all["swap "+name+" "+other] = ast.StringTerm(other)
			}
		}
	}
	return all
}
