package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the project's folder, seen from this package.
const root = "../.."

// module is the import path that everything of the project begins with.
const module = "github.com/prodgate/prodgate"

// source is one Go file of the project.
type source struct {
	file    string // relative to the project's folder, with slashes
	folder  string
	test    bool
	syntax  *ast.File
	imports []string
}

// sources reads every Go file of the project.
func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	for _, file := range files(t) {
		if path.Ext(file) != ".go" {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		s := source{file: file, folder: path.Dir(file), test: strings.HasSuffix(file, "_test.go"), syntax: syntax}
		for _, spec := range syntax.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			s.imports = append(s.imports, name)
		}
		list = append(list, s)
	}
	if len(list) < 50 {
		t.Fatalf("only %d Go files were found: this test looks at the wrong folder", len(list))
	}
	return list
}

// files lists the project's files: no hidden ones but .ci, no build results.
func files(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			if slices.Contains([]string{".git", "bin"}, rel) {
				return filepath.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() && rel != ".git" && rel != "prodgate" {
			list = append(list, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
