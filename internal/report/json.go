package report

import (
	"bytes"
	"encoding/json"
)

// document prints the decision itself.
func document(p *page) ([]byte, error) { return indent(p.json) }

// indent makes compact JSON readable. Hidden characters are written as \u
// escapes: the document stays the same, a terminal shows no tricks.
func indent(raw []byte) ([]byte, error) {
	var buffer bytes.Buffer
	if err := json.Indent(&buffer, raw, "", "  "); err != nil {
		return nil, err
	}
	buffer.WriteByte('\n')
	return escapeJSON(buffer.Bytes()), nil
}
