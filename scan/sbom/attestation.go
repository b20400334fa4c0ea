package sbom

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// payloadType is the one kind of content that an envelope may carry.
const payloadType = "application/vnd.in-toto+json"

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

// openEnvelope reads the payload of a DSSE envelope. Signatures are left alone.
func openEnvelope(content []byte, depth int) ([]*document, error) {
	var envelope struct {
		PayloadType string `json:"payloadType"`
		Payload     string `json:"payload"`
	}
	if err := json.Unmarshal(content, &envelope); err != nil {
		return nil, fmt.Errorf("not a DSSE envelope: %w", err)
	}
	if envelope.PayloadType != payloadType {
		return nil, fmt.Errorf("the envelope carries %q, and %s is read", envelope.PayloadType, payloadType)
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		if payload, err = base64.URLEncoding.DecodeString(envelope.Payload); err != nil {
			return nil, fmt.Errorf("the envelope's payload is not base64: %w", err)
		}
	}
	payload = bytes.TrimSpace(payload)
	if _, err := shape(payload); err != nil {
		return nil, fmt.Errorf("the envelope's payload: %w", err)
	}
	return openStatement(payload, depth)
}

// openStatement reads an in-toto statement: the subjects, and the SBOM that is
// its predicate.
func openStatement(content []byte, depth int) ([]*document, error) {
	var statement struct {
		Type    string `json:"_type"`
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}
	if err := json.Unmarshal(content, &statement); err != nil {
		return nil, fmt.Errorf("the envelope's payload is not an in-toto statement: %w", err)
	}
	if !strings.HasPrefix(statement.Type, "https://in-toto.io/Statement/") {
		return nil, fmt.Errorf("the envelope's payload is not an in-toto statement: _type is %q", statement.Type)
	}
	var subjects []string
	for _, s := range statement.Subject {
		if len(subjects) > maxSBOMs {
			return nil, fmt.Errorf("the statement has more than %d subjects", maxSBOMs)
		}
		digest := "sha256:" + strings.ToLower(s.Digest["sha256"])
		if digestShape.MatchString(digest) && !slices.Contains(subjects, digest) {
			subjects = append(subjects, digest)
		}
	}
	slices.Sort(subjects)
	if !isSBOMPredicate(statement.PredicateType) {
		return nil, fmt.Errorf("the statement's predicateType is %q: %w", statement.PredicateType, ErrOther)
	}
	predicate, err := unwrap(statement.Predicate)
	if err != nil {
		return nil, err
	}
	sboms, err := open(predicate, depth+1)
	if err != nil {
		return nil, fmt.Errorf("the statement's predicate: %w", err)
	}
	for _, b := range sboms {
		b.subjects = subjects
	}
	return sboms, nil
}

// isSBOMPredicate reports whether statements of that type carry an SBOM: with and
// without the version of the format, and as cosign wrote them of old.
func isSBOMPredicate(predicateType string) bool {
	for _, known := range []string{"https://cyclonedx.org/bom", "https://cyclonedx.org/schema", "https://spdx.dev/Document", "cosign.sigstore.dev/attestation/v1", "https://cosign.sigstore.dev/attestation/v1"} {
		if predicateType == known || strings.HasPrefix(predicateType, known+"/") {
			return true
		}
	}
	return false
}

// unwrap takes an SBOM out of what cosign puts around it: {"Data": …}, where the
// SBOM is an object or the text of one.
func unwrap(predicate json.RawMessage) ([]byte, error) {
	var wrapped struct {
		Data json.RawMessage
	}
	if err := json.Unmarshal(predicate, &wrapped); err != nil {
		return nil, fmt.Errorf("the statement's predicate is not a JSON object: %w", err)
	}
	if len(wrapped.Data) == 0 {
		return predicate, nil
	}
	var text string
	if json.Unmarshal(wrapped.Data, &text) == nil {
		return []byte(text), nil
	}
	return wrapped.Data, nil
}
