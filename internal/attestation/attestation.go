// Package attestation reads in-toto statements: bare, in a DSSE envelope or in a
// Sigstore bundle, one or several in a file; and it writes bare ones. It returns
// what a signature is over and the signatures themselves, and verifies none (see
// package signing): a statement proves no more than the file it is in. It does not
// know what the predicates mean.
package attestation

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// PayloadType is the only type of payload that is read.
const PayloadType = "application/vnd.in-toto+json"

const (
	maxSubjects   = 10_000
	maxSignatures = 100
)

// Attestation is a statement and the envelope that it came in.
type Attestation struct {
	Name      string    // of the file, with the line if the file holds several
	Envelope  *Envelope // nil: the statement is bare, without signatures
	Statement Statement
}

// Envelope is a DSSE envelope (v1). Signatures are over PayloadType and Payload,
// joined by DSSE's pre-authentication encoding.
type Envelope struct {
	PayloadType string
	Payload     []byte
	Signatures  []Signature
	Bundle      json.RawMessage // the Sigstore bundle around it, with certificate and log entries; nil without one
}

// Signature is one signature of an envelope, unverified.
type Signature struct {
	KeyID string // an unauthenticated hint; may be empty
	Bytes []byte
}

// Statement is an in-toto statement, v0.1 or v1.
type Statement struct {
	Type          string
	PredicateType string
	Subjects      []Subject
	Predicate     json.RawMessage // nil: there is none
}

// Subject is what a statement is about.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"` // hexadecimal, by algorithm
}

// statementTypes are the types of statements that are read.
var statementTypes = map[string]bool{
	"https://in-toto.io/Statement/v0.1": true,
	statementV1:                         true,
}

// ErrNoDigest says that a subject has no SHA-256.
var ErrNoDigest = errors.New("no sha256 digest")

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// SHA256 is the subject's digest: sha256: and 64 hexadecimal digits in lower case.
// The error is ErrNoDigest if the subject has none.
func (s Subject) SHA256() (string, error) {
	sum, ok := s.Digest["sha256"]
	if !ok {
		return "", ErrNoDigest
	}
	if sum = strings.ToLower(sum); !digestForm.MatchString(sum) {
		return "", fmt.Errorf("invalid digest %q: must be 64 hexadecimal digits", "sha256:"+clip(sum))
	}
	return "sha256:" + sum, nil
}

// Digests are the valid SHA-256 digests of the subjects, each once, in their order.
func (s Statement) Digests() []string {
	var digests []string
	seen := map[string]bool{}
	for _, subject := range s.Subjects {
		if digest, err := subject.SHA256(); err == nil && !seen[digest] {
			seen[digest] = true
			digests = append(digests, digest)
		}
	}
	return digests
}

// Document is the predicate, without what cosign puts around a predicate whose
// type it does not know: {"Data": …}, where the value is a document or its text.
func (s Statement) Document() ([]byte, error) {
	keys, err := members(s.Predicate)
	if err != nil {
		return nil, fmt.Errorf("predicate: %w", err)
	}
	data, wrapped := keys["Data"]
	if !wrapped {
		return s.Predicate, nil
	}
	var text string
	if data[0] == '"' && json.Unmarshal(data, &text) == nil {
		return []byte(text), nil
	}
	return data, nil
}

// clip bounds a text that is quoted in a message.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:77], "") + "…"
	}
	return s
}
