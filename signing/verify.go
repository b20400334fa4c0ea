package signing

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/prodgate/prodgate/internal/attestation"
)

// maxSignatures bounds the work for one attestation: each signature is tried with
// every key.
const maxSignatures = 16

// Trusted is a public key whose signatures count, from From (inclusive) until Until
// (exclusive); nil is no bound. See "Time" in the package's comment.
type Trusted struct {
	Name        string // whose key it is; what Verify returns
	Public      *PublicKey
	From, Until *time.Time
}

// Keyless verifies envelopes in keyless Sigstore bundles, with the identities and
// the trusted root that it holds. Verify returns who signed the envelope; then its
// payload is what that identity signed. keyless.Verifier is one.
type Keyless interface {
	Verify(e *attestation.Envelope) (SignedBy, error)
}

// SignedBy says who signed an attestation.
type SignedBy struct {
	Name  string // of the trusted key or identity
	KeyID string // of the key; empty if it was signed keyless

	// For a keyless signature: the subject of the certificate (a workflow, a mail
	// address), the OIDC issuer that vouched for it, and when it was signed, in UTC,
	// as a transparency log or a timestamp authority proves. Zero for a key, whose
	// signatures have no trusted time.
	Identity, Issuer string
	At               time.Time
}

// Verifier verifies attestations with trusted keys and identities. It can be used
// concurrently.
type Verifier struct {
	keys    []Trusted
	ids     []string // of keys, in the same order
	keyless []Keyless
}

// NewVerifier returns a verifier that trusts keys, and the identities that each of
// keyless trusts. Each key and each name of a key is given once. A verifier without
// either accepts nothing.
func NewVerifier(keys []Trusted, keyless ...Keyless) (*Verifier, error) {
	v := &Verifier{keyless: keyless}
	names := map[string]bool{}
	for _, key := range keys {
		switch {
		case key.Name == "":
			return nil, errors.New("trusted keys: a key has no name")
		case names[key.Name]:
			return nil, fmt.Errorf("trusted keys: the name %q is given twice", key.Name)
		case key.Public == nil || key.Public.key == nil:
			return nil, fmt.Errorf("trusted keys: %s has no public key", key.Name)
		case key.From != nil && key.Until != nil && !key.From.Before(*key.Until):
			return nil, fmt.Errorf("trusted keys: %s ends at %s, before it begins at %s", key.Name, stamp(*key.Until), stamp(*key.From))
		}
		id := key.Public.ID()
		if i := slices.Index(v.ids, id); i >= 0 {
			return nil, fmt.Errorf("trusted keys: %s and %s are the same key %s", v.keys[i].Name, key.Name, id)
		}
		names[key.Name] = true
		v.keys, v.ids = append(v.keys, key), append(v.ids, id)
	}
	return v, nil
}

// Verify returns the trusted key that signed a and is in force at the time at, or
// the trusted identity that signed it keyless. One such signature is enough. Then
// a.Statement is what was signed.
//
// The error is ErrUnsigned, ErrKeyless, a *NotTrustedError, a *WrongSignatureError,
// a *NotInForceError or one of a Keyless; any other says that a is invalid. What a
// says of its keys only chooses which one is tried first.
func (v *Verifier) Verify(a attestation.Attestation, at time.Time) (SignedBy, error) {
	material, err := examine(a)
	if err != nil {
		return SignedBy{}, err
	}
	if at.IsZero() {
		return SignedBy{}, errors.New("no time of verification")
	}
	if material.Certificate {
		return v.byIdentity(a.Envelope)
	}
	return v.byKey(a.Envelope, keyHints(material, a.Envelope), at)
}

// byIdentity verifies a keyless bundle. Of several errors it returns the first that
// is not ErrForeign.
func (v *Verifier) byIdentity(e *attestation.Envelope) (SignedBy, error) {
	refusal := ErrKeyless
	foreign := true
	for _, k := range v.keyless {
		by, err := k.Verify(e)
		if err == nil {
			return by, nil
		}
		if foreign {
			refusal = err
			foreign = errors.Is(err, ErrForeign)
		}
	}
	return SignedBy{}, refusal
}

// byKey verifies an envelope with the trusted keys.
func (v *Verifier) byKey(e *attestation.Envelope, hints []string, at time.Time) (SignedBy, error) {
	signed := newMessage(dsse.PAE(e.PayloadType, e.Payload))
	var refusal error
	for _, i := range v.order(hints) {
		if !slices.ContainsFunc(e.Signatures, func(s attestation.Signature) bool {
			return signed.verifies(v.keys[i].Public.key, s.Bytes)
		}) {
			continue
		}
		err := v.inForce(i, at)
		if err == nil {
			return SignedBy{Name: v.keys[i].Name, KeyID: v.ids[i]}, nil
		}
		if refusal == nil {
			refusal = err
		}
	}
	if refusal != nil {
		return SignedBy{}, refusal
	}
	return SignedBy{}, v.unknown(hints)
}

// examine checks all of an attestation but its signatures, and returns what it says
// about who signed it.
func examine(a attestation.Attestation) (attestation.Material, error) {
	var none attestation.Material
	e := a.Envelope
	if e == nil {
		return none, ErrUnsigned
	}
	if e.PayloadType != attestation.PayloadType {
		return none, fmt.Errorf("the payload's type is %q, and must be %q", e.PayloadType, attestation.PayloadType)
	}
	material, err := e.Material()
	switch {
	case err != nil:
		return none, err
	case len(e.Signatures) == 0:
		return none, ErrUnsigned
	case len(e.Signatures) > maxSignatures:
		return none, fmt.Errorf("%d signatures; must have at most %d", len(e.Signatures), maxSignatures)
	}
	payload, err := attestation.Parse(e.Payload)
	if err != nil {
		return none, fmt.Errorf("payload: %w", err)
	}
	if payload.Envelope != nil || !reflect.DeepEqual(payload.Statement, a.Statement) {
		return none, errors.New("the statement is not the one in the payload")
	}
	return material, nil
}

// keyHints lists what an attestation says of its keys, sorted.
func keyHints(material attestation.Material, e *attestation.Envelope) []string {
	hints := []string{keyID(material.KeyHint)}
	for _, s := range e.Signatures {
		hints = append(hints, keyID(s.KeyID))
	}
	slices.Sort(hints)
	return slices.DeleteFunc(slices.Compact(hints), func(hint string) bool { return hint == "" })
}

// keyID is the id of the key that a hint names, where it is a SHA-256 in hexadecimal
// or base64; else the hint itself, quoted.
func keyID(hint string) string {
	if hint == "" {
		return ""
	}
	sum, err := hex.DecodeString(strings.TrimPrefix(hint, "sha256:"))
	if err != nil {
		sum, err = base64.StdEncoding.DecodeString(hint)
	}
	if err == nil && len(sum) == 32 {
		return "sha256:" + hex.EncodeToString(sum)
	}
	return fmt.Sprintf("%.100q", hint)
}

// order lists the keys, those that the hints name first.
func (v *Verifier) order(hints []string) []int {
	var named, others []int
	for i, id := range v.ids {
		if slices.Contains(hints, id) {
			named = append(named, i)
		} else {
			others = append(others, i)
		}
	}
	return append(named, others...)
}

// inForce returns a *NotInForceError if a key is not in force at that time.
func (v *Verifier) inForce(i int, at time.Time) error {
	key := v.keys[i]
	if key.From != nil && at.Before(*key.From) || key.Until != nil && !at.Before(*key.Until) {
		return &NotInForceError{Key: key.Name, ID: v.ids[i], From: key.From, Until: key.Until, At: at}
	}
	return nil
}

// unknown says why no key verifies any signature.
func (v *Verifier) unknown(hints []string) error {
	var names []string
	for i, id := range v.ids {
		if slices.Contains(hints, id) {
			return &WrongSignatureError{Key: v.keys[i].Name, ID: id}
		}
		names = append(names, v.keys[i].Name)
	}
	return &NotTrustedError{Hints: hints, Trusted: names}
}
