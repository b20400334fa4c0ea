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
// else than an SBOM.
var ErrOther = errors.New("the attestation carries no SBOM")

// openLines reads a file of envelopes, one on each line. Statements of another
// kind may be among them; a line that is damaged is an error.
func openLines(lines [][]byte, depth int) ([]*document, error) {
	var found []*document
	var other error
	for i, line := range lines {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if line[0] != '{' {
			return nil, fmt.Errorf("line %d: not a JSON object", i+1)
		}
		sboms, err := open(line, depth+1)
		if errors.Is(err, ErrOther) {
			other = fmt.Errorf("line %d: %w", i+1, err)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if found = append(found, sboms...); len(found) > maxSBOMs {
			return nil, fmt.Errorf("it holds more than %d SBOMs", maxSBOMs)
		}
	}
	if len(found) == 0 {
		return nil, other
	}
	return found, nil
}

// openAttestation reads the statement in content, bare, in an envelope or in a
// bundle: the subjects, and the SBOM that is its predicate.
func openAttestation(content []byte, depth int) ([]*document, error) {
	a, err := attestation.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("the attestation: %w", err)
	}
	subjects := a.Statement.Digests()
	if len(subjects) > maxSBOMs {
		return nil, fmt.Errorf("the statement has more than %d subjects", maxSBOMs)
	}
	slices.Sort(subjects)
	if !isSBOMPredicate(a.Statement.PredicateType) {
		return nil, fmt.Errorf("the statement's predicateType is %q: %w", a.Statement.PredicateType, ErrOther)
	}
	content, err = a.Statement.Document()
	if err != nil {
		return nil, fmt.Errorf("the statement's %w: %w", err, ErrNotSBOM)
	}
	sboms, err := open(content, depth+1)
	if err != nil {
		return nil, fmt.Errorf("the statement's predicate: %w", err)
	}
	for _, b := range sboms {
		b.subjects = subjects
	}
	return sboms, nil
}

// isSBOMPredicate reports whether statements of that type carry an SBOM: with and
// without the version of the format, and as old versions of cosign wrote them.
func isSBOMPredicate(predicateType string) bool {
	for _, known := range []string{"https://cyclonedx.org/bom", "https://cyclonedx.org/schema", "https://spdx.dev/Document", "cosign.sigstore.dev/attestation/v1", "https://cosign.sigstore.dev/attestation/v1"} {
		if predicateType == known || strings.HasPrefix(predicateType, known+"/") {
			return true
		}
	}
	return false
}
