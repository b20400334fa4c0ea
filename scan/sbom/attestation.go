package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/attestation"
)

// ErrOther says that an envelope or a bundle is in order, and holds something
// else than a bill of materials.
var ErrOther = errors.New("it carries no bill of materials")

// openLines reads a file of envelopes, one on each line. Statements of another
// kind may stand among them; a line that is damaged is an error.
func openLines(lines [][]byte, depth int) ([]*bill, error) {
	var found []*bill
	var other error
	for i, line := range lines {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if line[0] != '{' {
			return nil, fmt.Errorf("line %d: it is no JSON object", i+1)
		}
		bills, err := open(line, depth+1)
		if errors.Is(err, ErrOther) {
			other = fmt.Errorf("line %d: %w", i+1, err)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if found = append(found, bills...); len(found) > maxBills {
			return nil, fmt.Errorf("it holds more than %d bills of materials", maxBills)
		}
	}
	if len(found) == 0 {
		return nil, other
	}
	return found, nil
}

// openAttestation reads the statement in content, bare, in an envelope or in a
// bundle: the subjects, and the bill that is its predicate.
func openAttestation(content []byte, depth int) ([]*bill, error) {
	a, err := attestation.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("the attestation: %w", err)
	}
	subjects := a.Statement.Digests()
	if len(subjects) > maxBills {
		return nil, fmt.Errorf("the statement has more than %d subjects", maxBills)
	}
	slices.Sort(subjects)
	if !billPredicate(a.Statement.PredicateType) {
		return nil, fmt.Errorf("the statement's predicateType is %q: %w", a.Statement.PredicateType, ErrOther)
	}
	document, err := a.Statement.Document()
	if err != nil {
		return nil, fmt.Errorf("the statement's %w: %w", err, ErrNoBill)
	}
	bills, err := open(document, depth+1)
	if err != nil {
		return nil, fmt.Errorf("the statement's predicate: %w", err)
	}
	for _, b := range bills {
		b.subjects = subjects
	}
	return bills, nil
}

// billPredicate reports whether statements of that type carry a bill: with and
// without the version of the format, and as cosign wrote them of old.
func billPredicate(predicateType string) bool {
	for _, known := range []string{"https://cyclonedx.org/bom", "https://cyclonedx.org/schema", "https://spdx.dev/Document", "cosign.sigstore.dev/attestation/v1", "https://cosign.sigstore.dev/attestation/v1"} {
		if predicateType == known || strings.HasPrefix(predicateType, known+"/") {
			return true
		}
	}
	return false
}
