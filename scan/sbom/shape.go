package sbom

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// errTrailing says that a JSON document ends before the bytes do.
var errTrailing = errors.New("something follows the JSON document")

// The bounds on what a document may hold, for each value costs memory once it is
// decoded. An SBOM of a hundred thousand packages stays below them.
const (
	maxObjects  = 2_000_000
	maxValues   = 10_000_000
	maxElements = 3_000_000 // of XML
)

// shape looks at the outer form of a JSON object before anything is decoded, in
// time linear in its size: how deep it nests, how much it holds, that it ends
// where content does, and that no key of the document appears twice, for readers
// differ on which of the two they use. It returns the values of the document's
// own keys as they stand there.
func shape(content []byte) (map[string]json.RawMessage, error) {
	var (
		outer                  = map[string]json.RawMessage{}
		folded                 = map[string]bool{} // its keys without case, as encoding/json compares them
		depth, objects, values int
		start, end             int // of the string that ended last
		key                    string
		value                  int // where the value of key begins; 0: there is none
	)
	for i := 0; i < len(content); i++ {
		switch content[i] {
		case '"':
			start = i
			if i = closing(content, i); i < 0 {
				return nil, errors.New("not JSON: a string does not end")
			}
			end = i + 1
		case ':':
			if depth != 1 {
				continue
			}
			if err := json.Unmarshal(content[start:end], &key); err != nil {
				return nil, fmt.Errorf("not JSON: %w", err)
			}
			fold := strings.ToLower(strings.ToUpper(key))
			if folded[fold] {
				return nil, fmt.Errorf("the key %q appears twice", key)
			}
			folded[fold], outer[key], value = true, nil, i+1
		case ',':
			if values++; values > maxValues {
				return nil, fmt.Errorf("it holds more than %d values", maxValues)
			}
			if depth == 1 && value > 0 {
				outer[key], value = content[value:i], 0
			}
		case '{', '[':
			if objects++; objects > maxObjects {
				return nil, fmt.Errorf("it holds more than %d objects", maxObjects)
			}
			if depth++; depth > maxNesting {
				return nil, fmt.Errorf("it nests more than %d deep", maxNesting)
			}
		case '}', ']':
			depth--
			if depth == 0 && value > 0 {
				outer[key] = content[value:i]
			}
			if depth == 0 && i != len(content)-1 {
				return nil, errTrailing
			}
		}
	}
	if depth != 0 {
		return nil, errors.New("not JSON: it ends too early")
	}
	return outer, nil
}

// closing is where the string that opens at i ends, or -1.
func closing(content []byte, i int) int {
	for i++; i < len(content); i++ {
		switch content[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// text returns a value that is a string; empty if it is not one.
func text(value json.RawMessage) string {
	var s string
	if len(value) > 1<<16 || json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}
