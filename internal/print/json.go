package print

import (
	"bytes"
	"encoding/json"
)

// JSON returns value as indented JSON with a line feed at its end. Hidden
// characters are \u escapes: the document is the same for a parser, and does
// nothing to a terminal. An error means that JSON cannot carry the value.
func JSON(value any) ([]byte, error) {
	raw, err := CompactJSON(value)
	if err != nil {
		return nil, err
	}
	return IndentJSON(raw)
}

// CompactJSON returns value as JSON without white space, in which <, > and & stand
// for themselves. Hidden characters are not escaped.
func CompactJSON(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(buffer.Bytes()), nil
}

// IndentJSON returns compact JSON as JSON does.
func IndentJSON(raw []byte) ([]byte, error) {
	var buffer bytes.Buffer
	if err := json.Indent(&buffer, raw, "", "  "); err != nil {
		return nil, err
	}
	buffer.WriteByte('\n')
	return EscapeJSON(buffer.Bytes()), nil
}
