package sbom

import (
	"encoding/json"
	"errors"
	"fmt"
)

// errTrailing says that a JSON document ends before the bytes do.
var errTrailing = errors.New("something follows the JSON document")

// The bounds on what a document may hold, for each value costs memory once it is
// decoded. A bill of a hundred thousand packages stays below them.
const (
	maxObjects  = 2_000_000
	maxValues   = 10_000_000
	maxElements = 3_000_000 // of XML
)

// shape looks at the outer form of a JSON object before anything is decoded, in
// time linear in its size: how deep it nests, that it ends where content does,
// and that no key of the document stands twice, for readers differ on which of
// the two they believe.
func shape(content []byte) error {
	var (
		depth, objects, values int

		keys  = map[string]bool{}
		start int // of the string that ended last
		end   int
	)
	for i := 0; i < len(content); i++ {
		switch content[i] {
		case '"':
			start = i
			if i = closing(content, i); i < 0 {
				return errors.New("it is no JSON: a string does not end")
			}
			end = i + 1
		case ':':
			if depth != 1 || end == 0 {
				continue
			}
			var key string
			if err := json.Unmarshal(content[start:end], &key); err != nil {
				return fmt.Errorf("it is no JSON: %w", err)
			}
			if keys[key] {
				return fmt.Errorf("%q stands in it twice", key)
			}
			keys[key] = true
		case ',':
			if values++; values > maxValues {
				return fmt.Errorf("it holds more than %d values", maxValues)
			}
		case '{', '[':
			if objects++; objects > maxObjects {
				return fmt.Errorf("it holds more than %d objects", maxObjects)
			}
			if depth++; depth > maxNesting {
				return fmt.Errorf("it nests more than %d deep", maxNesting)
			}
		case '}', ']':
			if depth--; depth == 0 && i != len(content)-1 {
				return errTrailing
			}
		}
	}
	if depth != 0 {
		return errors.New("it is no JSON: it ends too early")
	}
	return nil
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
