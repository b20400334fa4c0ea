package evaluator

import (
	"archive/tar"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/race"
)

func TestDeepRulesInABundleAreAnErrorAndNoCrash(t *testing.T) {
	race.SkipSweep(t)
	for name, open := range map[string]string{"lists": "[", "parentheses": "(", "comprehensions": "{x|x:="} {
		files := unpacked(t, bundleOf(t, shippedRules(t)))
		files = append(files, ruleFile{"prodgate/v1/lib/deep.rego", "package prodgate.v1.lib.deep\n\nx := " + strings.Repeat(open, 1<<20)})
		if _, err := NewFromBundle(t.Context(), archived(t, resealed(t, files), tar.TypeReg)); err == nil || !strings.Contains(err.Error(), "recursion depth") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}
