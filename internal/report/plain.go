package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
)

// What other reports than that of a decision need, to be as careful as this one.

// Line makes text from outside one line that is harmless on a terminal and in a
// build log.
func Line(s string) string { return print.Unmarked(cut(print.Clean(s), 2000)) }

// Markdown makes text from outside plain text in a Markdown paragraph, heading
// or table cell. It must not begin a line.
func Markdown(s string) string { return brief(print.Clean(s)) }

// JSON is value indented, with hidden characters written as \u escapes.
func JSON(value any) ([]byte, error) {
	raw, err := compact(value)
	if err != nil {
		return nil, err
	}
	return indent(raw)
}

// ParseFormats reads every -o FORMAT[=PATH] of a command line whose report can
// be had in formats, as ParseAll does for a decision.
func ParseFormats(values, formats []string) ([]Output, error) {
	return parseAll(values, func(value string) (Output, error) {
		format, path, hasPath := strings.Cut(value, "=")
		if !slices.Contains(formats, format) {
			return Output{}, unknownFormat(format, formats)
		}
		if hasPath && path == "" {
			return Output{}, noFile(value, format)
		}
		return Output{Format: format, Path: path}, nil
	})
}

// WritePrinted writes what was printed in the output's format to its file, or to
// stdout where it names none.
func (o Output) WritePrinted(stdout io.Writer, printed []byte) error {
	if err := o.put(stdout, printed); err != nil {
		return fmt.Errorf("write %s: %w", o.Format, err)
	}
	return nil
}
