package report_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/report"
)

func TestTheDocumentationIsTrue(t *testing.T) {
	page := read(t, "../../docs/reports.md")
	for _, format := range report.Formats.Names {
		if !strings.Contains(page, "`"+format) {
			t.Errorf("format %s is not documented", format)
		}
	}
	_, err := fill(t, "{{nonsense}}", allowed())
	_, functions, _ := strings.Cut(err.Error(), "the functions ")
	for _, function := range strings.Split(strings.TrimSuffix(functions, ")"), ", ") {
		if !strings.Contains(page, "`"+function) {
			t.Errorf("template function %s is not documented", function)
		}
	}
	blocks := strings.Split(page, "```\n")
	if got, err := fill(t, blocks[1], waiting()); err != nil || got != blocks[3] {
		t.Errorf("the example prints\n%s%v\nnot\n%s", got, err, blocks[3])
	}
}
