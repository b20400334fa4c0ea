package report

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/print/sarif"
)

// What the report of a scan needs of the frame.

// Output is a print.Output of a scan.
type Output struct{ print.Output }

// ParseFormats reads every -o of a command line.
func ParseFormats(values, formats []string) ([]Output, error) {
	parsed, err := print.Formats{Names: formats}.ParseAll(values)
	outputs := make([]Output, len(parsed))
	for i := range parsed {
		outputs[i] = Output{parsed[i]}
	}
	return outputs, err
}

func (o Output) put(stdout io.Writer, out []byte) error { return o.Output.Write(stdout, out) }

func unknownFormat(format string, formats []string) error {
	return print.Formats{Names: formats}.Unknown(format)
}

func line(s string) string            { return print.Value(s) }
func lineOf(list []string) string     { return print.Values(list) }
func or(s, otherwise string) string   { return cmp.Or(s, otherwise) }
func count(n int, noun string) string { return print.Count(n, noun) }
func instant(t time.Time) string      { return print.Instant(t) }
func span(d time.Duration) string     { return print.Span(d) }
func escapeJSON(b []byte) []byte      { return print.EscapeJSON(b) }
func escapeSARIF(s string) string     { return print.SARIF(s) }

type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		Properties  map[string]any    `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string         `json:"id"`
		ShortDescription sarifText      `json:"shortDescription"`
		FullDescription  sarifText      `json:"fullDescription"`
		Help             sarifText      `json:"help"`
		HelpURI          string         `json:"helpUri,omitempty"`
		Configuration    sarifLevel     `json:"defaultConfiguration"`
		Properties       map[string]any `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}

	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"` // a decision was made
		ExitCode      int                 `json:"exitCode"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   map[string]any     `json:"properties,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine int `json:"startLine"`
		} `json:"region"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)

const (
	sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"
	home        = "https://github.com/prodgate/prodgate"
	unplaced    = sarif.Unplaced
)

func fileURI(path string) string { return sarif.Place(path, 1).Physical.Artifact.URI }

// JSON is print.JSON.
func JSON(v any) ([]byte, error) { return print.JSON(v) }

type field struct{ label, value string }

type sheet struct {
	*print.Sheet
	buffer buffer
	width  int
}

type buffer struct{ *print.Sheet }

func newSheet(o Options) *sheet {
	s := print.NewSheet(o.Options)
	return &sheet{Sheet: s, buffer: buffer{s}, width: s.Width()}
}

func (s *sheet) blank()                           { s.Blank() }
func (s *sheet) paragraph(indent, content string) { s.Paragraph(indent, content) }
func (s *sheet) set(first, rest, content string)  { s.Set(first, rest, content) }
func (s *sheet) row(line string)                  { s.Row(line) }
func (s *sheet) color(word string) string {
	return s.Color(word, map[string]print.Color{"CRITICAL": print.Red, "HIGH": print.Red, "MEDIUM": print.Yellow, "LOW": print.Cyan}[word])
}

func (s *sheet) fields(list []field) {
	fields := make([]print.Field, len(list))
	for i, f := range list {
		fields[i] = print.Label(f.label, f.value)
	}
	s.Fields(fields)
}

func width(word string) int { return len([]rune(fmt.Sprint(word))) }
