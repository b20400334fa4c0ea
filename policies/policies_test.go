// Package policies_test tests the rules as files: names, METADATA, codes and places.
// Their behaviour is tested in Rego, next to the rules, and run from here.
package policies_test

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/policies"
)

const (
	checksFolder = "prodgate/v1/checks"
	settingsFile = "prodgate/v1/settings/data.yaml"
)

// files lists every file below the policies with this suffix.
func files(t *testing.T, ending string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(name, ending) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no file has the suffix %q", ending)
	}
	return names
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.rego") }

// parse reads every Rego file, with its annotations.
func parse(t *testing.T) map[string]*ast.Module {
	t.Helper()
	modules := map[string]*ast.Module{}
	for _, name := range files(t, ".rego") {
		text, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		modules[name], err = ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{
			ProcessAnnotation: true,
			RegoVersion:       ast.RegoV1,
			Capabilities:      evaluator.Capabilities(),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return modules
}

// rules are all modules except the tests.
func rules(t *testing.T) map[string]*ast.Module {
	modules := parse(t)
	maps.DeleteFunc(modules, func(name string, _ *ast.Module) bool { return isTest(name) })
	return modules
}

func TestRulesCompileWithEveryStageInStrictMode(t *testing.T) {
	for name, modules := range map[string]map[string]*ast.Module{"rules": rules(t), "rules and tests": parse(t)} {
		compiler := ast.NewCompiler().WithStrict(true).WithCapabilities(evaluator.Capabilities())
		if compiler.Compile(modules); compiler.Failed() {
			t.Errorf("%s: %v", name, compiler.Errors)
		}
	}
}

func TestSettingsAreTheOneDataFile(t *testing.T) {
	for _, ending := range []string{".yaml", ".yml", ".json"} {
		err := fs.WalkDir(policies.FS, ".", func(name string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(name, ending) && name != settingsFile {
				t.Errorf("%s: stock OPA would load it as data; move it out of policies/", name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fs.Stat(policies.FS, settingsFile); err != nil {
		t.Error(err)
	}
}

func TestFolderIsPackage(t *testing.T) {
	for name, module := range parse(t) {
		want := "data." + strings.ReplaceAll(path.Dir(name), "/", ".")
		if strings.HasPrefix(name, "prodgate/v1/lib/") { // one package for each file
			want = "data." + strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(name, ".rego"), "_test"), "/", ".")
		}
		if isTest(name) && !strings.HasSuffix(want, ".testing") {
			want += "_test"
		}
		if got := module.Package.Path.String(); got != want {
			t.Errorf("%s is package %s, want %s", name, got, want)
		}
	}
}

// further reports whether a file is not the first of its package. The first file of a
// check has the name of its folder.
func further(name string) bool {
	return strings.HasPrefix(name, "prodgate/v1/checks/") && path.Base(name) != path.Base(path.Dir(name))+".rego"
}

func TestRuleFilesStartWithTitleAndDescription(t *testing.T) {
	for name, module := range rules(t) {
		if further(name) { // OPA accepts the METADATA of a package once
			if len(module.Comments) == 0 || module.Comments[0].Location.Row != 1 {
				t.Errorf("%s does not start with a comment about what it adds to its package", name)
			}
			continue
		}
		if len(module.Annotations) == 0 {
			t.Errorf("%s has no METADATA", name)
			continue
		}
		first := module.Annotations[0]
		if first.Scope != "package" || first.Title == "" || first.Description == "" || first.Location.Row != 1 {
			t.Errorf("%s does not start with METADATA of its package with a title and a description", name)
		}
	}
}

var code = regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)

// noCodes are types of trail entries and settings that look like codes.
var noCodes = []string{
	"approval.independent_of", "window.timezone",
	"approval.granted", "approval.withdrawn", "deploy.failed", "deploy.live", "deploy.started", "emergency.reviewed", "emergency.used",
	"entry.dismissed", "freeze.declared", "freeze.lifted", "gate.evaluated", "gate.requested", "review.given", "production.adopted",
	"rollback.failed", "rollback.live", "rollback.started", "staging.deployed", "staging.verified",
	"verification.failed", "verification.passed",
}

// givenCodes counts the codes that occur as text in the rules, by code.
func givenCodes(modules map[string]*ast.Module) map[string]bool {
	given := map[string]bool{}
	for _, module := range modules {
		ast.WalkTerms(module, func(term *ast.Term) bool {
			if text, ok := term.Value.(ast.String); ok && code.MatchString(string(text)) && !slices.Contains(noCodes, string(text)) {
				given[string(text)] = true
			}
			return false
		})
	}
	return given
}

func TestEveryCodeHasOneAnnotation(t *testing.T) {
	modules := rules(t)
	annotated := map[string]string{}
	for name, module := range modules {
		for _, annotations := range module.Annotations {
			found, ok := annotations.Custom["code"].(string)
			if !ok {
				continue
			}
			if twin, ok := annotated[found]; ok {
				t.Errorf("%s is annotated in %s and in %s", found, twin, name)
			}
			annotated[found] = name
		}
	}
	want := slices.Sorted(maps.Keys(givenCodes(modules)))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(annotated))); diff != "" {
		t.Errorf("codes in rules (-) and in METADATA (+):\n%s", diff)
	}
	if len(want) < 50 {
		t.Errorf("only %d codes were found", len(want))
	}
}

func TestCodesBelongToTheCheckThatGivesThem(t *testing.T) {
	for name, module := range rules(t) {
		family, ok := strings.CutPrefix(path.Dir(name), checksFolder+"/")
		if !ok {
			continue
		}
		for _, annotations := range module.Annotations {
			if found, ok := annotations.Custom["code"].(string); ok && !strings.HasPrefix(found, family+".") {
				t.Errorf("%s gives %s", name, found)
			}
		}
	}
}

// requiredChecks is the set of names that deploy requires, as in its source.
func requiredChecks(t *testing.T) []string {
	t.Helper()
	for _, rule := range rules(t)["prodgate/v1/deploy/deploy.rego"].Rules {
		if rule.Head.Ref()[0].String() != "_checks" {
			continue
		}
		written, ok := rule.Head.Value.Value.(ast.Set)
		if !ok {
			t.Fatalf("_checks in deploy must be a set of names, got %s", rule.Head.Value)
		}
		var names []string
		written.Foreach(func(name *ast.Term) { names = append(names, string(name.Value.(ast.String))) })
		slices.Sort(names)
		return names
	}
	t.Fatal("deploy has no rule _checks")
	return nil
}

func TestRequiredChecksAreTheFoldersOfChecks(t *testing.T) {
	folders, err := fs.ReadDir(policies.FS, checksFolder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, folder := range folders {
		name := folder.Name()
		names = append(names, name)
		for _, file := range []string{name + ".rego", name + "_test.rego"} {
			if _, err := fs.Stat(policies.FS, path.Join(checksFolder, name, file)); err != nil {
				t.Errorf("check %s: %v", name, err)
			}
		}
	}
	if diff := cmp.Diff(names, requiredChecks(t)); diff != "" {
		t.Errorf("folders (-) and required checks (+):\n%s", diff)
	}
}

// checkRules are the rules that each check must have.
var checkRules = []string{"deny", "needs", "pass"}

func TestChecksStateWhatGoodIs(t *testing.T) {
	modules := rules(t)
	for _, name := range requiredChecks(t) {
		var found []string
		failsByDefault := false
		for _, rule := range modules[path.Join(checksFolder, name, name+".rego")].Rules {
			found = append(found, rule.Head.Ref()[0].String())
			failsByDefault = failsByDefault || rule.Default && rule.Head.Ref()[0].String() == "pass" && rule.Head.Value.Equal(ast.BooleanTerm(false))
		}
		for _, rule := range checkRules {
			if !slices.Contains(found, rule) {
				t.Errorf("check %s has no rule %s", name, rule)
			}
		}
		if !failsByDefault {
			t.Errorf("check %s: missing default pass := false", name)
		}
	}
}

// The compiler moves a call out of a negated expression: "not f(x) == y" is undefined,
// and not true, if f(x) is undefined. "not x.y in set" and "not x.y == z" are true if x.y
// is undefined: the value, or the rule that compares it, has a name.
func TestNoNegationHoldsACall(t *testing.T) {
	for _, module := range rules(t) {
		ast.WalkExprs(module, func(e *ast.Expr) bool {
			if !e.Negated || !e.IsCall() {
				return false
			}
			if ref := soughtIn(e); ref != nil {
				t.Errorf("%s: %s: give %s a name before the negation", e.Location, e, ref)
			}
			for _, operand := range e.Operands() {
				ast.WalkTerms(operand, func(term *ast.Term) bool {
					if _, ok := term.Value.(ast.Call); ok {
						t.Errorf("%s: %s: give the call a name before the negation", e.Location, e)
					}
					return false
				})
			}
			return false
		})
	}
}

// soughtIn is the reference into a value that a call of "in" or a comparison looks for;
// nil: there is none. "in" has the set at its end, and a comparison has two values.
func soughtIn(call *ast.Expr) ast.Ref {
	operands := call.Operands()
	switch operator := call.Operator().String(); {
	case strings.HasPrefix(operator, "internal.member_"):
		operands = operands[:len(operands)-1]
	case !slices.Contains([]string{"equal", "eq", "neq", "lt", "lte", "gt", "gte"}, operator):
		return nil
	}
	for _, operand := range operands {
		if ref, ok := operand.Value.(ast.Ref); ok && len(ref) > 1 {
			return ref
		}
	}
	return nil
}
