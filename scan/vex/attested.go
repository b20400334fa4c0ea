package vex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/strict"
)

// errOther says that an attestation is in order, and is not VEX.
var errOther = errors.New("it is not VEX")

// readAttested reads the VEX document that is the predicate of an attestation,
// as cosign attest and vexctl write it. Signatures are not checked.
func readAttested(source string, t strict.Text) ([]Statement, error) {
	opened, err := attestation.Open(t)
	if err != nil {
		return nil, err
	}
	statement, err := attestation.Read(opened)
	if err != nil {
		return nil, err
	}
	kind := statement.PredicateType
	if !isOpenVEX(kind) && !strings.HasPrefix(kind, "https://cyclonedx.org/") && !strings.HasSuffix(kind, "cosign.sigstore.dev/attestation/v1") {
		return nil, fmt.Errorf("%s: predicateType is %q, and OpenVEX (%s) and CycloneDX are read: %w", opened.Name, kind, openVEXNamespace, errOther)
	}
	statements, err := readDocument(source, unwrapped(statement.Predicate), statement.Subjects)
	if err != nil {
		return nil, err
	}
	return narrowed(statements, statement.Subjects, opened.Name)
}

// unwrapped takes a document out of what cosign puts around a predicate of a type
// that it does not know: {"Data": …}, an object or the text of one.
func unwrapped(predicate strict.Text) strict.Text {
	var around struct {
		Data json.RawMessage
	}
	if json.Unmarshal(predicate.Data, &around) != nil || len(around.Data) == 0 {
		return predicate
	}
	inner := []byte(around.Data)
	var text string
	if json.Unmarshal(around.Data, &text) == nil {
		inner = []byte(text)
	}
	return strict.Of(predicate.Name, inner)
}

// narrowed is what an attestation about subjects says: what speaks for a package
// wherever it is speaks for it in the subjects alone. What warns warns as widely
// as it did.
func narrowed(statements []Statement, subjects []string, name string) ([]Statement, error) {
	var all []Statement
	for _, s := range statements {
		if s.Digest != nil || s.PURL == nil || *s.PURL != s.Product || !speaksFor(s) {
			all = append(all, s)
			continue
		}
		if len(subjects) == 0 {
			return nil, fmt.Errorf("%s: subject names no sha256 digest, so the image in which the statement about %s applies to %s is unknown", name, s.ID, s.Product)
		}
		for _, digest := range subjects {
			one := s
			one.Digest = &digest
			all = append(all, one)
		}
		if len(all) > maxStatements {
			break
		}
	}
	return all, nil
}

// linesOf are the lines of content that are not blank.
func linesOf(content []byte) [][]byte {
	var lines [][]byte
	for line := range bytes.Lines(content) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// readLines reads a file of attestations, one on each line, as cosign downloads
// them. Attestations of something else may be among them; one that is VEX must be.
func readLines(source, name string, lines [][]byte) ([]Statement, error) {
	var all []Statement
	var other error
	found := false
	for i, line := range lines {
		at := fmt.Sprintf("%s, line %d", name, i+1)
		var keys map[string]json.RawMessage
		if err := json.Unmarshal(line, &keys); err != nil {
			return nil, fmt.Errorf("%s: not a JSON object: %w", at, err)
		}
		if !attestation.Wraps(keys) {
			return nil, fmt.Errorf("%s: not an attestation: a file of several lines must hold one on each", at)
		}
		read, err := readAttested(source, strict.Of(at, line))
		if errors.Is(err, errOther) {
			other = err
			continue
		}
		if err != nil {
			return nil, err
		}
		found = true
		if all = append(all, read...); len(all) > maxStatements {
			break
		}
	}
	if !found {
		return nil, other
	}
	return all, nil
}
