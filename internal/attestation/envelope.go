// Package attestation takes in-toto statements out of what tools wrap them in: a
// DSSE envelope, or a Sigstore bundle around one. It checks no signature.
package attestation

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/prodgate/prodgate/internal/strict"
)

// payloadType is the one kind of content that an envelope may carry.
const payloadType = "application/vnd.in-toto+json"

// dsse is a DSSE envelope.
type dsse struct {
	PayloadType string `json:"payloadType"`
	Payload     string `json:"payload"`
}

// Wraps reports whether a JSON object with those keys is an envelope, a bundle or
// a statement.
func Wraps(keys map[string]json.RawMessage) bool {
	for _, key := range []string{"payloadType", "dsseEnvelope", "predicateType"} {
		if _, ok := keys[key]; ok {
			return true
		}
	}
	return false
}

// Open returns the statement in t: of the envelope or the bundle that t is, or t
// itself if it is neither.
func Open(t strict.Text) (strict.Text, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(t.Data, &keys); err != nil {
		return t, fmt.Errorf("%s: %w", t.Name, err)
	}
	var envelope dsse
	switch {
	case keys["dsseEnvelope"] != nil:
		var bundle struct {
			Envelope dsse `json:"dsseEnvelope"`
		}
		if err := t.Decode(&bundle, strict.Rules{Foreign: true}); err != nil {
			return t, err
		}
		envelope = bundle.Envelope
	case keys["payloadType"] != nil:
		if err := t.Decode(&envelope, strict.Rules{Foreign: true}); err != nil {
			return t, err
		}
	default:
		return t, nil
	}
	if envelope.PayloadType != payloadType {
		return t, fmt.Errorf("%s: payloadType is %q, and must be %q", t.Name, envelope.PayloadType, payloadType)
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		payload, err = base64.URLEncoding.DecodeString(envelope.Payload)
	}
	if err != nil {
		return t, fmt.Errorf("%s: payload is not base64: %w", t.Name, err)
	}
	return strict.Text{Name: t.Name + " (payload)", Data: payload}, nil
}

// Statement is what is read of an in-toto statement.
type Statement struct {
	PredicateType string
	Subjects      []string // the digests (sha256:…) of the subjects that have one
	Predicate     strict.Text
}

// Read reads the statement that t is. The predicate is JSON, whose duplicate keys
// were refused.
func Read(t strict.Text) (Statement, error) {
	var of struct {
		PredicateType string `json:"predicateType"`
		Subject       []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := t.Decode(&of, strict.Rules{Foreign: true}); err != nil {
		return Statement{}, err
	}
	var with struct {
		Predicate json.RawMessage `json:"predicate"`
	}
	if err := json.Unmarshal(t.Data, &with); err != nil {
		return Statement{}, fmt.Errorf("%s: %w", t.Name, err)
	}
	s := Statement{PredicateType: of.PredicateType, Predicate: strict.Text{Name: t.Name + " (predicate)", Data: with.Predicate}}
	for _, subject := range of.Subject {
		if digest, err := strict.Normalise("sha256:"+subject.Digest["sha256"], "digest"); err == nil {
			s.Subjects = append(s.Subjects, digest)
		}
	}
	return s, nil
}
