package report

import (
	"bytes"
	"encoding/json"
)

// document prints the decision itself, indented. Hidden characters are written
// as \u escapes: the document stays the same, a terminal shows no tricks.
func document(p *page) ([]byte, error) {
	var buffer bytes.Buffer
	if err := json.Indent(&buffer, p.json, "", "  "); err != nil {
		return nil, err
	}
	buffer.WriteByte('\n')
	return escapeJSON(buffer.Bytes()), nil
}
