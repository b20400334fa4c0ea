package vex

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/strict"
)

// errOther means that an attestation is valid but is not VEX.
var errOther = errors.New("it is not VEX")

// readAttestations reads a file of attestations, as cosign attest and vexctl write
// them: one, or one on each line. With several, at least one must be VEX; others are
// ignored. Signatures are not verified.
func readAttestations(source string, t strict.Text) ([]Statement, error) {
	attestations, err := attestation.Read(t.Name, t.Data)
	if err != nil {
		return nil, err
	}
	var all []Statement
	var other error
	found := false
	for _, a := range attestations {
		read, err := readAttested(source, a)
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

// readAttested reads the VEX document that is the predicate of an attestation.
func readAttested(source string, a attestation.Attestation) ([]Statement, error) {
	kind := a.Statement.PredicateType
	if !isOpenVEX(kind) && !strings.HasPrefix(kind, "https://cyclonedx.org/") && !strings.HasSuffix(kind, "cosign.sigstore.dev/attestation/v1") {
		return nil, fmt.Errorf("%s: predicateType is %q, and OpenVEX (%s) and CycloneDX are read: %w", a.Name, kind, openVEXNamespace, errOther)
	}
	document, err := a.Statement.Document()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Name, err)
	}
	subjects := a.Statement.Digests()
	statements, err := readDocument(source, strict.Of(a.Name+" (predicate)", document), subjects)
	if err != nil {
		return nil, err
	}
	return narrowed(statements, subjects, a.Name)
}

// narrowed limits statements to the subjects of their attestation: a statement that
// suppresses a package everywhere suppresses it only in the subjects. Statements that
// warn are not limited.
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
