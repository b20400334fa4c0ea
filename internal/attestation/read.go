package attestation

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ErrNoStatement says that a Sigstore bundle has a signature over an image and no
// statement.
var ErrNoStatement = errors.New("a Sigstore bundle of a signature without a statement; attest instead of signing")

// Wraps reports whether a JSON object with those keys is an envelope, a bundle or
// a statement.
func Wraps(keys map[string]json.RawMessage) bool {
	for _, key := range []string{"payloadType", "dsseEnvelope", "messageSignature", "predicateType"} {
		if _, ok := keys[key]; ok {
			return true
		}
	}
	return false
}

// Read reads every attestation in content, which holds one JSON value after
// another, as on the lines that cosign downloads. name is what errors call the
// file. Content that is empty, cut off or contains anything else is an error; so
// is a duplicate key anywhere but inside a predicate.
func Read(name string, content []byte) ([]Attestation, error) {
	if !utf8.Valid(content) {
		return nil, fmt.Errorf("%s: not UTF-8", name)
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	values := json.NewDecoder(bytes.NewReader(content))
	var all []Attestation
	for {
		at := line(content, values.InputOffset())
		var value json.RawMessage
		err := values.Decode(&value)
		if errors.Is(err, io.EOF) && len(all) > 0 {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: not JSON: %w", name, at, ended(err))
		}
		a, err := Parse(value)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, at, err)
		}
		a.Name = fmt.Sprintf("%s:%d", name, at)
		all = append(all, a)
	}
	if len(all) == 1 {
		all[0].Name = name
	}
	return all, nil
}

// ReadOne reads content that holds exactly one attestation.
func ReadOne(name string, content []byte) (Attestation, error) {
	all, err := Read(name, content)
	if err != nil {
		return Attestation{}, err
	}
	if len(all) != 1 {
		return Attestation{}, fmt.Errorf("%s: contains %d attestations; must contain one", name, len(all))
	}
	return all[0], nil
}

// line is the line of the value that begins at or after offset.
func line(content []byte, offset int64) int {
	rest := content[offset:]
	space := len(rest) - len(bytes.TrimLeft(rest, " \t\r\n"))
	return 1 + bytes.Count(content[:int(offset)+space], []byte("\n"))
}

// Parse reads one JSON value: a bundle, an envelope or a statement. The errors do
// not say where it is from.
func Parse(value []byte) (Attestation, error) {
	if !utf8.Valid(value) {
		return Attestation{}, errors.New("not UTF-8")
	}
	keys, err := members(value)
	if err != nil {
		return Attestation{}, err
	}
	if err := unambiguous(keys); err != nil {
		return Attestation{}, err
	}
	if inner, ok := keys["dsseEnvelope"]; ok {
		return openEnvelope(inner, value)
	}
	if _, ok := keys["payloadType"]; ok {
		return openEnvelope(value, nil)
	}
	statement, err := readStatement(keys)
	return Attestation{Statement: statement}, err
}

// unambiguous returns an error for an object that is two things at once, because
// readers would differ in which one they believe.
func unambiguous(keys map[string]json.RawMessage) error {
	has := func(key string) bool { _, ok := keys[key]; return ok }
	statement := has("_type") || has("predicateType")
	switch {
	case has("dsseEnvelope") && (has("payloadType") || statement), has("payloadType") && statement:
		return errors.New("both a statement and an envelope of another; which one counts is unclear")
	case has("messageSignature"):
		return ErrNoStatement
	}
	return nil
}

// openEnvelope reads an envelope and the statement in it. bundle is what is
// around the envelope, nil if nothing is.
func openEnvelope(value, bundle []byte) (Attestation, error) {
	envelope, err := readEnvelope(value)
	if err != nil {
		return Attestation{}, fmt.Errorf("envelope: %w", err)
	}
	envelope.Bundle = bundle
	statement, err := readPayload(envelope.Payload)
	if err != nil {
		return Attestation{}, fmt.Errorf("payload: %w", err)
	}
	return Attestation{Envelope: envelope, Statement: statement}, nil
}

func readEnvelope(value []byte) (*Envelope, error) {
	if err := unique(value); err != nil {
		return nil, err
	}
	var dsse struct {
		PayloadType string `json:"payloadType"`
		Payload     string `json:"payload"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   string `json:"sig"`
		} `json:"signatures"`
	}
	if json.Unmarshal(value, &dsse) != nil {
		return nil, errors.New("payloadType and payload must be text, signatures a list of objects with the text sig")
	}
	if dsse.PayloadType != PayloadType {
		return nil, fmt.Errorf("payloadType is %q, and must be %q", clip(dsse.PayloadType), PayloadType)
	}
	if len(dsse.Signatures) > maxSignatures {
		return nil, fmt.Errorf("more than %d signatures", maxSignatures)
	}
	payload, err := unbase64(dsse.Payload)
	if err != nil {
		return nil, fmt.Errorf("payload is not base64: %w", err)
	}
	envelope := &Envelope{PayloadType: dsse.PayloadType, Payload: payload}
	for i, s := range dsse.Signatures {
		sig, err := unbase64(s.Sig)
		if err != nil {
			return nil, fmt.Errorf("signatures[%d].sig is not base64: %w", i, err)
		}
		envelope.Signatures = append(envelope.Signatures, Signature{KeyID: s.KeyID, Bytes: sig})
	}
	return envelope, nil
}

// unbase64 decodes either alphabet, as DSSE requires of readers.
func unbase64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "-_") {
		return base64.URLEncoding.DecodeString(text)
	}
	return base64.StdEncoding.DecodeString(text)
}

// readPayload reads the statement in an envelope.
func readPayload(payload []byte) (Statement, error) {
	if !utf8.Valid(payload) {
		return Statement{}, errors.New("not UTF-8")
	}
	keys, err := members(payload)
	if err != nil {
		return Statement{}, err
	}
	if err := unambiguous(keys); err != nil {
		return Statement{}, err
	}
	return readStatement(keys)
}

func readStatement(keys map[string]json.RawMessage) (Statement, error) {
	var s Statement
	if value, ok := keys["_type"]; ok && json.Unmarshal(value, &s.Type) != nil {
		return Statement{}, errors.New("_type must be text")
	}
	if !statementTypes[s.Type] {
		return Statement{}, fmt.Errorf("not an in-toto statement: _type is %q, and must be https://in-toto.io/Statement/v1 or v0.1", clip(s.Type))
	}
	if value, ok := keys["predicateType"]; ok && json.Unmarshal(value, &s.PredicateType) != nil {
		return Statement{}, errors.New("predicateType must be text")
	}
	if value, ok := keys["subject"]; ok {
		if err := unique(value); err != nil {
			return Statement{}, fmt.Errorf("subject: %w", err)
		}
		if json.Unmarshal(value, &s.Subjects) != nil {
			return Statement{}, errors.New("subject must be a list of objects with name and digest")
		}
	}
	if len(s.Subjects) > maxSubjects {
		return Statement{}, fmt.Errorf("more than %d subjects", maxSubjects)
	}
	s.Predicate = keys["predicate"]
	return s, nil
}
