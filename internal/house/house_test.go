package house

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestNothingHappensAtImport(t *testing.T) {
	for _, s := range sources(t) {
		for _, declaration := range s.syntax.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function; call it from where it is needed", s.file)
			}
		}
	}
}

func TestOnlyMainEndsTheProcess(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.file == "cmd/prodgate/main.go" || s.file == "internal/mutants/main.go" || strings.HasPrefix(s.folder, "internal/bench") || s.folder == "internal/kubetest/program" {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if p, ok := call.X.(*ast.Ident); ok && (p.Name == "os" && call.Sel.Name == "Exit" || p.Name == "log" && strings.HasPrefix(call.Sel.Name, "Fatal")) {
					t.Errorf("%s calls %s.%s; return an error", s.file, p.Name, call.Sel.Name)
				}
			}
			return true
		})
	}
}

// What time.LoadLocation answers follows from the machine.
func TestZonesComeOnlyFromTheBinary(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if p, ok := call.X.(*ast.Ident); ok && p.Name == "time" && (call.Sel.Name == "LoadLocation" || call.Sel.Name == "Local") {
					t.Errorf("%s uses time.%s; use internal/zone", s.file, call.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		documented[s.folder] = documented[s.folder] || s.syntax.Doc != nil && len(s.syntax.Doc.Text()) > 60
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment that says what it is for and what it must not do", folder)
		}
	}
}

func TestNoPackageIsADrawer(t *testing.T) {
	for _, s := range sources(t) {
		for _, part := range strings.Split(s.folder, "/") {
			if slices.Contains([]string{"pkg", "util", "utils", "common", "helpers", "misc", "shared", "base"}, part) {
				t.Errorf("%s: %q says nothing; name the folder after its noun", s.file, part)
			}
		}
	}
}

func TestFilesAndFunctionsFitTheirReader(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		text := read(t, s.file)
		if lines := strings.Count(text, "\n"); lines > 500 {
			t.Errorf("%s has %d lines; look for the second noun in it", s.file, lines)
		}
		for _, declaration := range s.syntax.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			at := s.syntax.FileStart
			if lines := strings.Count(text[f.Pos()-at:f.End()-at], "\n") + 1; lines > 70 {
				t.Errorf("%s: %s has %d lines; look for the noun that hides in it", s.file, f.Name.Name, lines)
			}
		}
	}
}

func TestTheLicenceIsApache2(t *testing.T) {
	text := read(t, "LICENSE")
	for _, want := range []string{"Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"} {
		if !strings.Contains(text, want) {
			t.Errorf("LICENSE does not hold %q", want)
		}
	}
}

func TestTheMakefileHasItsTargets(t *testing.T) {
	text := read(t, "Makefile")
	for _, target := range []string{"help", "build", "test", "policy-test", "lint", "bench", "docs", "fixtures", "fuzz", "race", "ci"} {
		if !regexp.MustCompile(`(?m)^` + target + `:.* ## \w`).MatchString(text) {
			t.Errorf("Makefile has no target %s with a line of help", target)
		}
	}
	if !strings.Contains(text, ".DEFAULT_GOAL := help") {
		t.Error("make alone does not list the targets")
	}
}

func TestPagesNameTargetsThatExist(t *testing.T) {
	makefile := read(t, "Makefile")
	mention := regexp.MustCompile("`make ([a-z-]+)")
	found := 0
	for _, file := range files(t) {
		if path.Ext(file) != ".md" {
			continue
		}
		for _, match := range mention.FindAllStringSubmatch(read(t, file), -1) {
			found++
			if !regexp.MustCompile(`(?m)^` + match[1] + `:`).MatchString(makefile) {
				t.Errorf("%s speaks of make %s, which does not exist", file, match[1])
			}
		}
	}
	if found == 0 {
		t.Error("no page speaks of make: this test looks for the wrong words")
	}
}

// A path of one machine is broken on every other.
func TestNoFileNamesAPathOfOneMachine(t *testing.T) {
	machine := regexp.MustCompile(`(^|[\s"'(=` + "`" + `])/(work|root|home/[a-z]+|Users)/`)
	for _, file := range files(t) {
		text := read(t, file)
		if strings.Contains(text, "\x00") {
			continue
		}
		for i, line := range strings.Split(text, "\n") {
			if machine.MatchString(line) {
				t.Errorf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestUnfinishedWorkIsNotLeftInComments(t *testing.T) {
	mark := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	for _, file := range files(t) {
		if slices.Contains([]string{".go", ".rego", ".md", ".yaml", ".yml", ".tmpl"}, path.Ext(file)) {
			if found := mark.FindString(read(t, file)); found != "" {
				t.Errorf("%s holds %s", file, found)
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
