package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the goldens in testdata anew")

// goldens are the formats printed to testdata/<case>/<file>.
var goldens = map[string]string{
	"text":     "text.txt",
	"json":     "decision.json",
	"yaml":     "decision.yaml",
	"markdown": "summary.md",
	"github":   "github.txt",
	"sarif":    "decision.sarif",
	"junit":    "junit.xml",
}

func TestEveryFormatPrintsTheGolden(t *testing.T) {
	for name, build := range cases {
		for format, file := range goldens {
			t.Run(name+"/"+format, func(t *testing.T) {
				compare(t, filepath.Join("testdata", name, file), render(format, build(), options()))
			})
		}
	}
}

func TestANarrowTerminalPrintsTheGolden(t *testing.T) {
	o := options()
	o.Width = 40
	compare(t, filepath.Join("testdata", "deny", "narrow.txt"), render("text", denied(), o))
}

func TestTheSameDecisionGivesTheSameBytes(t *testing.T) {
	for name, build := range cases {
		for format := range goldens {
			first := render(format, build(), options())
			for range 5 {
				if again := render(format, build(), options()); again != first {
					t.Errorf("%s as %s differs:\n%s", name, format, cmp.Diff(first, again))
				}
			}
		}
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run go test -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
