package evaluator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// settingsPath is where the shipped settings are, as rules import them.
const settingsPath = "data.prodgate.v1.settings"

// checkImports rejects rules that import missing packages. For OPA, a missing
// package is not an error: every rule in it is undefined, and a rule that only
// reads exceptions from it finds none.
func checkImports(modules map[string]*ast.Module) error {
	filled := map[string]bool{settingsPath: true}
	for _, module := range modules {
		if module == nil || len(module.Rules) == 0 {
			continue
		}
		for path := module.Package.Path; len(path) > 1; path = path[:len(path)-1] {
			filled[path.String()] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		if modules[name] == nil {
			return fmt.Errorf("%s: it is empty", name)
		}
		for _, imported := range modules[name].Imports {
			path := imported.Path.Value.String()
			if strings.HasPrefix(path, "data.") && !filled[path] {
				return fmt.Errorf("%s: it imports %s, which no rule is in%s", cmp.Or(imported.Location.String(), name), path,
					didYouMean(path, slices.Sorted(maps.Keys(filled))))
			}
		}
	}
	return nil
}
