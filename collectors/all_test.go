package collectors_test

import (
	"os"
	"path/filepath"
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

func TestEachKindOfSystemIsRegistered(t *testing.T) {
	registry, err := os.ReadFile("systems.go")
	if err != nil {
		t.Fatal(err)
	}
	declares := regexp.MustCompile(`(?m)^var (\w+) = source\.Kind\{`)
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range declares.FindAllStringSubmatch(string(code), -1) {
			found++
			if name := filepath.Base(filepath.Dir(file)) + "." + match[1]; !strings.Contains(string(registry), "\t"+name+",\n") {
				t.Errorf("%s declares %s, which is not in Kinds", file, name)
			}
		}
	}
	if found != len(collectors.Kinds) {
		t.Errorf("%d kinds are declared, and Kinds has %d", found, len(collectors.Kinds))
	}
}

func TestEachKindSaysWhatItReads(t *testing.T) {
	reported := map[string]bool{}
	for _, k := range collectors.Kinds {
		if k.Name == "" || k.Summary == "" || k.Open == nil || len(k.Sections) == 0 {
			t.Errorf("%+v is incomplete", k)
		}
		for _, section := range k.Sections {
			reported[section] = true
			if section != "custom" && !slices.Contains(facts.Sections, section) {
				t.Errorf("%s reports %s, which is not a section", k.Name, section)
			}
		}
	}
	for _, section := range facts.Sections {
		if !reported[section] {
			t.Errorf("no kind of system reports %s", section)
		}
	}
}
