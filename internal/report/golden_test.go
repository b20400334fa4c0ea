package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
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

func TestEveryFormatPrints(t *testing.T) {
	for _, format := range report.Formats.Names {
		if format == print.TemplateFormat {
			continue
		}
		if _, err := report.Formats.Parse(format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if out, err := report.Render(print.Output{Format: format}, allowed(), report.Options{}); err != nil || len(out) == 0 {
			t.Errorf("%s: %d bytes, %v", format, len(out), err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}
