package attestation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/prodgate/prodgate/internal/canonical"
)

// statementV1 is the type of the statements that are written.
const statementV1 = "https://in-toto.io/Statement/v1"

// NewStatement returns an in-toto statement (v1) as canonical JSON (RFC 8785), so
// that the same statement always has the same bytes. predicateType is not empty,
// each subject has a SHA-256 digest, and predicate is a JSON object. A number that
// the canonical form would round, and a duplicate key, are errors.
func NewStatement(predicateType string, subjects []Subject, predicate json.RawMessage) ([]byte, error) {
	if predicateType == "" {
		return nil, errors.New("write statement: no predicate type")
	}
	if len(subjects) == 0 || len(subjects) > maxSubjects {
		return nil, fmt.Errorf("write statement: %d subjects; must have 1 to %d", len(subjects), maxSubjects)
	}
	for _, subject := range subjects {
		if _, err := subject.SHA256(); err != nil {
			return nil, fmt.Errorf("write statement: subject %q: %w", clip(subject.Name), err)
		}
	}
	if _, err := members(predicate); err != nil {
		return nil, fmt.Errorf("write statement: predicate: %w", err)
	}
	if err := keepsNumbers(predicate); err != nil {
		return nil, fmt.Errorf("write statement: predicate: %w", err)
	}
	text, err := json.Marshal(map[string]any{
		"_type":         statementV1,
		"predicateType": predicateType,
		"subject":       subjects,
		"predicate":     predicate,
	})
	if err != nil {
		return nil, fmt.Errorf("write statement: %w", err)
	}
	text, err = canonical.Transform(text)
	if err != nil {
		return nil, fmt.Errorf("write statement: %w", err)
	}
	return text, nil
}

// keepsNumbers returns an error if value, which is JSON, has a number with more
// digits than its canonical form: what is signed must be what was given.
func keepsNumbers(value []byte) error {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		number, ok := token.(json.Number)
		if !ok {
			continue
		}
		short, err := canonical.Number(number.String())
		if err != nil {
			return err
		}
		if short != canonical.Exact(number.String()) {
			return fmt.Errorf("the number %s has more digits than JSON readers keep; write it as text", clip(number.String()))
		}
	}
}
