package metrics

import (
	"github.com/prodgate/prodgate/internal/print"
)

// Formats are those of a report.
var Formats = print.Formats{Names: []string{"text", "json", "prometheus", "html"}}

// Print prints the report in one of Formats. The text breaks no line where options
// name no width.
func (r *Report) Print(format string, o print.Options) ([]byte, error) {
	switch format {
	case "text":
		return r.Text(o), nil
	case "json":
		return print.JSON(r)
	case "prometheus":
		return r.Prometheus(), nil
	case "html":
		return r.HTML()
	}
	return nil, Formats.Unknown(format)
}
