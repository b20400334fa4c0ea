package evaluator

import (
	"context"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/prodgate/prodgate/internal/race"
)

// A valid document gets a decision: whatever fact is null or left out, as far as
// the schema lets it be, no built-in function of the rules is given what it cannot
// take.
func TestAnAbsentFactIsNotAnError(t *testing.T) {
	race.SkipSweep(t)
	e := shippedRules(t)
	names := []string{"allow-recorded-steps", "allow-rollback", "allow-emergency", "allow-configuration", "allow-first-release", "deny-recorded-debt-overdue", "allow-waived-cve"}
	if !*everyStory {
		names = names[:2]
	}
	tried := 0
	for _, name := range names {
		s := storyNamed(t, name)
		mutantsOf(name, ast.NewTerm(s.input(t).value), func(m mutant) {
			if m.mutation != "delete" && m.mutation != "null" || strings.HasPrefix(m.path, "/sources/") {
				return
			}
			plain, err := ast.JSON(m.document().Value)
			if err != nil {
				t.Fatal(err)
			}
			input, err := Read(name, marshal(t, plain))
			if err != nil {
				return // the schema wants it
			}
			tried++
			if _, err := e.Judge(context.Background(), input); err != nil && !strings.Contains(err.Error(), "is not listed in the settings") {
				t.Errorf("%s: %s: %v", name, m, err)
			}
		})
	}
	if tried == 0 {
		t.Error("nothing could be left out")
	}
	t.Logf("%d documents", tried)
}
