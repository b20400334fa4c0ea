package metrics

import (
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/internal/report"
)

// Formats are how a report can be printed.
var Formats = []string{"text", "json", "prometheus", "html"}

// Print prints the report in one of Formats. The same report gives the same
// bytes.
func (r *Report) Print(format string) ([]byte, error) {
	switch format {
	case "text":
		return r.Text(), nil
	case "json":
		return report.JSON(r)
	case "prometheus":
		return r.Prometheus(), nil
	case "html":
		return r.HTML()
	}
	return nil, fmt.Errorf("unknown output format %q; one of %s", format, strings.Join(Formats, ", "))
}
