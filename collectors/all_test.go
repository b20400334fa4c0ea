package collectors_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
)

func TestTheCollectorsAreTheSectionsInTheirOrder(t *testing.T) {
	var names []string
	for _, c := range collectors.All(collectors.Config{}) {
		names = append(names, c.Name())
	}
	if !slices.Equal(names, facts.Sections) {
		t.Errorf("All has %q, and the sections are %q", names, facts.Sections)
	}
}

func TestEachFolderWithACollectorIsUsed(t *testing.T) {
	var all strings.Builder
	own, _ := filepath.Glob("*.go")
	for _, file := range own {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			all.Write(code)
		}
	}
	declares := regexp.MustCompile(`(?m)^func \([a-z]* ?\*?Collector\) Collect\(`)
	folders, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, folder := range folders {
		files, _ := filepath.Glob(filepath.Join(folder.Name(), "*.go"))
		for _, file := range files {
			code, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !declares.Match(code) {
				continue
			}
			found++
			if !strings.Contains(all.String(), folder.Name()+".Collector{") {
				t.Errorf("%s has a Collector that All does not use", file)
			}
		}
	}
	if found < len(facts.Sections) {
		t.Errorf("%d folders have a Collector, and there are %d sections", found, len(facts.Sections))
	}
}

func TestEachSectionHasItsKeyInTheConfiguration(t *testing.T) {
	keys := map[string]bool{}
	of := reflect.TypeFor[collectors.Config]()
	for i := range of.NumField() {
		key, _, _ := strings.Cut(of.Field(i).Tag.Get("yaml"), ",")
		keys[key] = true
	}
	for _, name := range facts.Sections {
		if !keys[name] {
			t.Errorf("collectors.Config has no key %q", name)
		}
	}
}
