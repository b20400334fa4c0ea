package attestation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// members are the values of an object by key. A duplicate key, also in another
// case, is an error.
func members(value []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(value))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	keys, seen := map[string]json.RawMessage{}, folded{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", ended(err))
		}
		key, _ := token.(string) // in an object it always is
		if err := seen.add(key); err != nil {
			return nil, err
		}
		var member json.RawMessage
		if err := d.Decode(&member); err != nil {
			return nil, fmt.Errorf("not JSON: %w", ended(err))
		}
		keys[key] = member
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", ended(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("a second value follows the JSON object")
	}
	return keys, nil
}

// maxTokens bounds what is decoded, beyond the predicate's text.
const maxTokens = 1_000_000

// unique returns an error if value, which is JSON, has a duplicate key anywhere or
// more values than any statement needs.
func unique(value []byte) error {
	d := json.NewDecoder(bytes.NewReader(value))
	var open []folded // nil for a list
	expectKey := false
	for n := 0; ; n++ {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if n > maxTokens {
			return fmt.Errorf("more than %d values", maxTokens)
		}
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		if key, ok := token.(string); ok && expectKey {
			if err := open[len(open)-1].add(key); err != nil {
				return err
			}
			expectKey = false
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, folded{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		expectKey = len(open) > 0 && open[len(open)-1] != nil
	}
}

// folded are the keys of an object. Those that encoding/json takes for the same
// are the same.
type folded map[string]bool

func (f folded) add(key string) error {
	fold := strings.ToLower(strings.ToUpper(key))
	if f[fold] {
		return fmt.Errorf("the key %q is given twice", clip(key))
	}
	f[fold] = true
	return nil
}

// ended says in words that JSON ends too early.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}
