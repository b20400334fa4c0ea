package main

import (
	"os"
	"testing"

	"github.com/prodgate/prodgate/evaluator"
)

func TestAServiceThatOwnsTheImageDoesNotWeaken(t *testing.T) {
	content, err := os.ReadFile("../../fixtures/cases/wait-freeze/input.json")
	if err != nil {
		t.Fatal(err)
	}
	in, err := evaluator.Read("input.json", content)
	if err != nil {
		t.Fatal(err)
	}
	repository := in.Document().Artifact.Repository
	for name, tt := range map[string]struct {
		repositories []string
		want         bool
	}{
		"its repository":              {[]string{"registry.example.com/other", repository}, true},
		"another one":                 {[]string{"registry.example.com/other"}, false},
		"none":                        {nil, false},
		"a beginning of the name":     {[]string{repository[:len(repository)-1]}, false},
		"a name that begins the same": {[]string{repository + "-2"}, false},
	} {
		if got := (pins{Repositories: tt.repositories}).ownsImage(in); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestATrailIsPinnedByItsKeyOrItsName(t *testing.T) {
	name := &trailName{origin: "prodgate.dev/trail/0a", key: "prodgate.dev/trail/0a+00+Ab"}
	for origin, want := range map[string]bool{name.origin: true, name.key: true, "prodgate.dev/trail/0b": false, "": false} {
		var p pins
		p.Audit.TrailOrigins = []string{origin}
		if p.pinsTrail(name) != want || p.pinsTrail(nil) {
			t.Errorf("%q: pinned is not %t", origin, want)
		}
	}
}
