package keyless

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/signing"
)

var (
	// ErrNoStatement says that a bundle holds the signature of a file alone.
	ErrNoStatement = errors.New("a Sigstore bundle of a signature without a statement; attest instead of signing")
	// ErrKey says that a bundle was signed with a key, not keyless.
	ErrKey = errors.New("signed with a key, not with a certificate")
	// ErrNoLogEntry says that a bundle has no entry of a transparency log, which its
	// trusted root requires.
	ErrNoLogEntry = errors.New("no entry of a transparency log: nothing shows that the signature was published")
	// ErrNoTime says that nothing in a bundle proves when it was signed: neither a
	// time of a transparency log nor a timestamp.
	ErrNoTime = errors.New("no signed time: neither a transparency log nor a timestamp authority proves when it was signed")
)

// InvalidError says that a bundle cannot be read, or is not valid in a way that has
// no error of its own.
type InvalidError struct{ Err error }

func (e *InvalidError) Error() string { return "invalid keyless bundle: " + e.Err.Error() }
func (e *InvalidError) Unwrap() error { return e.Err }

// PayloadTypeError says that an envelope contains something else than a statement.
type PayloadTypeError struct{ Type string }

func (e *PayloadTypeError) Error() string {
	return fmt.Sprintf("payload type is %.100q, not that of a statement", e.Type)
}

// WrongSignatureError says that the key of the certificate did not sign the
// envelope: it was altered, or someone else signed it.
type WrongSignatureError struct{ Identity string } // of the certificate, not verified

func (e *WrongSignatureError) Error() string {
	return fmt.Sprintf("wrong signature: the key of its certificate (which names %s) did not sign this content", quoted(e.Identity))
}

// UnknownRootError says that the trusted root knows no authority that a bundle
// needs: another Sigstore instance issued it. It is signing.ErrForeign.
type UnknownRootError struct {
	Root string // name of the trusted root
	What string // "certificate", "log entry" or "record of the certificate"
}

func (e *UnknownRootError) Error() string {
	return fmt.Sprintf("unknown root: its %s is not by an authority of the trusted root %s", e.What, e.Root)
}
func (e *UnknownRootError) Unwrap() error { return signing.ErrForeign }

// ValidityError says that a bundle was signed when its certificate was not valid.
type ValidityError struct {
	At          time.Time // when it was signed
	From, Until time.Time // when the certificate was valid
}

func (e *ValidityError) Error() string {
	return fmt.Sprintf("signed at %s, when its certificate was not valid: it was valid from %s until %s", stamp(e.At), stamp(e.From), stamp(e.Until))
}

// LogError says that the proof of a transparency log is wrong, or is about
// something else than the bundle.
type LogError struct{ Err error }

func (e *LogError) Error() string { return "invalid entry of a transparency log: " + e.Err.Error() }
func (e *LogError) Unwrap() error { return e.Err }

// TimestampError says that no timestamp in a bundle is valid.
type TimestampError struct{ Err error }

func (e *TimestampError) Error() string { return "no valid timestamp: " + e.Err.Error() }
func (e *TimestampError) Unwrap() error { return e.Err }

// IdentityError says that a bundle is valid and signed by an identity that is not
// trusted.
type IdentityError struct {
	Identity, Issuer string
	Trusted          []string // the identities that are
}

func (e *IdentityError) Error() string {
	return fmt.Sprintf("signed by another identity: %s, for which %s vouches; trusted: %s", quoted(e.Identity), quoted(e.Issuer), strings.Join(e.Trusted, ", "))
}

// IssuerError says that a bundle is valid and signed by a trusted identity, for
// which an issuer vouches that is not trusted.
type IssuerError struct {
	Identity, Issuer string
	Trusted          []string // the issuers that are trusted for that identity
}

func (e *IssuerError) Error() string {
	return fmt.Sprintf("signed by %s, but another issuer vouches for it: %s; trusted: %s", quoted(e.Identity), quoted(e.Issuer), strings.Join(e.Trusted, ", "))
}

// quoted is a name from outside, as it is shown in a message.
func quoted(name string) string {
	if name == "" {
		return "no one"
	}
	q := fmt.Sprintf("%.300q", name)
	if q == `"`+name+`"` {
		return name
	}
	return q
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
