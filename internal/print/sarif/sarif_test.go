package sarif_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/print/sarif"
)

func TestARuleIsListedOnce(t *testing.T) {
	run := sarif.Run{Tool: sarif.Prodgate("1.0.0")}
	made := 0
	rule := func(id string) int {
		return run.RuleIndex(id, func() sarif.Rule { made++; return sarif.Rule{ID: id} })
	}
	if a, b, again := rule("a"), rule("b"), rule("a"); a != 0 || b != 1 || again != 0 || made != 2 {
		t.Errorf("rules are at %d, %d and %d; %d were made", a, b, again, made)
	}
	out, err := sarif.Print(run)
	if err != nil || strings.Count(string(out), `"id": "a"`) != 1 {
		t.Errorf("%s, %v", out, err)
	}
}

func TestAPlaceIsAFileAndALine(t *testing.T) {
	for file, want := range map[string]string{
		"a/b c.json": "a/b%20c.json", "/tmp/x.json": "file:///tmp/x.json", "x:y": "./x:y", "": "",
	} {
		place := sarif.Place(file, 0)
		if got := place.Physical.Artifact.URI; got != want || place.Physical.Region.StartLine != 1 {
			t.Errorf("Place(%q) = %q, line %d; want %q, line 1", file, got, place.Physical.Region.StartLine, want)
		}
	}
}

func TestAMessageHasNoPlaceholders(t *testing.T) {
	if got, want := sarif.Message("{0} [a](b)").Text, "{{0}} [a] (b)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
