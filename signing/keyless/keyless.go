// Package keyless verifies Sigstore bundles that were signed keyless, with the key
// of a short-lived certificate (Fulcio): offline, with a trusted root that the
// caller supplies. It returns who signed, and when. It never uses the network, and
// it does not know what a statement means or whom it is about; package signing calls
// it through signing.Keyless.
//
// A bundle is accepted if
//
//   - it holds one DSSE envelope with one signature by the key of its certificate,
//   - its certificate is issued by an authority of the trusted root, and recorded in
//     a certificate log where the root names one,
//   - its signature is recorded in a transparency log, where the root names one,
//   - a log or a timestamp authority proves when it was signed, and the certificate
//     was valid at each such time,
//   - the certificate names a trusted identity and its issuer.
//
// sigstore-go decides. Its errors are texts, so the reason is found in a second pass
// over a bundle that it refused (explain), which accepts nothing.
package keyless

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/signing"
)

// Verifier verifies keyless bundles of one Sigstore instance. It can be used
// concurrently.
type Verifier struct {
	root       *Root
	identities []identity
	library    *verify.Verifier
	policy     verify.PolicyBuilder
}

var _ signing.Keyless = (*Verifier)(nil)

// New returns a verifier that trusts the identities, as far as the root vouches for
// them. An error says which identity is invalid, and why.
func New(root *Root, identities []Identity) (*Verifier, error) {
	switch {
	case root == nil || root.material == nil:
		return nil, errors.New("trusted identities: no trusted root is given")
	case len(identities) == 0:
		return nil, errors.New("trusted identities: none is given")
	}
	v := &Verifier{root: root}
	names := map[string]bool{}
	var options []verify.PolicyOption
	for _, i := range identities {
		if names[i.Name] {
			return nil, fmt.Errorf("trusted identities: the name %q is given twice", i.Name)
		}
		names[i.Name] = true
		compiled, err := i.compile()
		if err != nil {
			return nil, fmt.Errorf("trusted identity %q: %w", i.Name, err)
		}
		option, err := compiled.option()
		if err != nil {
			return nil, fmt.Errorf("trusted identity %q: %w", i.Name, err)
		}
		v.identities = append(v.identities, compiled)
		options = append(options, option)
	}
	var err error
	if v.library, err = verify.NewVerifier(root.material, root.requirements()...); err != nil {
		return nil, fmt.Errorf("trusted root %s: %w", root.name, err)
	}
	// Whoever reads the statement compares its subjects with the digest that it needs.
	v.policy = verify.NewPolicy(verify.WithoutArtifactUnsafe(), options...)
	return v, nil
}

// Verify returns the trusted identity that signed e, and the earliest time at which
// a log or a timestamp authority saw its signature. Then e.Payload is what was
// signed. The errors are those of this package; see refusal.go.
func (v *Verifier) Verify(e *attestation.Envelope) (by signing.SignedBy, err error) {
	// The library reads certificates, log entries and timestamps with many parsers.
	// A panic counts as a bundle that cannot be read.
	defer func() {
		if p := recover(); p != nil {
			by, err = signing.SignedBy{}, &InvalidError{Err: fmt.Errorf("the library cannot read it: %v", p)}
		}
	}()
	b, err := read(e)
	if err != nil {
		return signing.SignedBy{}, err
	}
	result, err := v.library.Verify(b, v.policy)
	if err != nil {
		return signing.SignedBy{}, v.explain(b, err)
	}
	return v.signedBy(result)
}

// signedBy returns what the library found. It compares the identity once more, by
// our own rules.
func (v *Verifier) signedBy(result *verify.VerificationResult) (signing.SignedBy, error) {
	if result.Signature == nil || result.Signature.Certificate == nil || len(result.VerifiedTimestamps) == 0 {
		return signing.SignedBy{}, &InvalidError{Err: errors.New("no certificate or no time was verified")}
	}
	subject, issuer := result.Signature.Certificate.SubjectAlternativeName, result.Signature.Certificate.Issuer
	i, err := v.trusted(subject, issuer)
	if err != nil {
		return signing.SignedBy{}, err
	}
	var at time.Time
	for _, t := range result.VerifiedTimestamps {
		if at.IsZero() || t.Timestamp.Before(at) {
			at = t.Timestamp
		}
	}
	return signing.SignedBy{Name: i.name, Identity: subject, Issuer: issuer, At: at.UTC()}, nil
}

// trusted returns the first trusted identity that a certificate names, or why there
// is none.
func (v *Verifier) trusted(subject, issuer string) (identity, error) {
	var names, issuers []string
	for _, i := range v.identities {
		switch {
		case !i.subject.matches(subject):
			names = append(names, i.subject.text)
		case !i.issuer.matches(issuer):
			issuers = append(issuers, i.issuer.text)
		default:
			return i, nil
		}
	}
	if len(issuers) > 0 {
		return identity{}, &IssuerError{Identity: subject, Issuer: issuer, Trusted: issuers}
	}
	return identity{}, &IdentityError{Identity: subject, Issuer: issuer, Trusted: names}
}

// read reads the bundle around an envelope. What the library reads must be what
// package attestation has read, or the statement would not be what was signed.
func read(e *attestation.Envelope) (*bundle.Bundle, error) {
	if e == nil || e.Bundle == nil {
		return nil, &InvalidError{Err: errors.New("no bundle, so no certificate and no proof of the time")}
	}
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(e.Bundle); err != nil {
		return nil, &InvalidError{Err: plain(err)}
	}
	switch {
	case b.GetMessageSignature() != nil:
		return nil, ErrNoStatement
	case b.GetVerificationMaterial().GetPublicKey() != nil:
		return nil, ErrKey
	}
	envelope := b.GetDsseEnvelope()
	if envelope.GetPayloadType() != attestation.PayloadType {
		return nil, &PayloadTypeError{Type: envelope.GetPayloadType()}
	}
	signatures := envelope.GetSignatures()
	if len(signatures) != 1 {
		return nil, &InvalidError{Err: fmt.Errorf("%d signatures; a keyless bundle has one", len(signatures))}
	}
	if e.PayloadType != envelope.GetPayloadType() || !bytes.Equal(e.Payload, envelope.GetPayload()) ||
		len(e.Signatures) != 1 || !bytes.Equal(e.Signatures[0].Bytes, signatures[0].GetSig()) {
		return nil, &InvalidError{Err: errors.New("its envelope reads in two ways")}
	}
	return b, nil
}

// longestReason limits what an error quotes of the library's, in bytes: some contain
// whole values of the bundle.
const longestReason = 300

// plain is an error of the library as one short line. protobuf puts a no-break space
// into its texts at random, to keep programs from comparing them.
func plain(err error) error {
	text := strings.Join(strings.FieldsFunc(err.Error(), unicode.IsSpace), " ")
	if len(text) > longestReason {
		text = strings.ToValidUTF8(text[:longestReason], "") + "…"
	}
	return errors.New(text)
}
