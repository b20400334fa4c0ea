package signing

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrUnsigned says that an attestation has no signature.
	ErrUnsigned = errors.New("not signed: no signature was found")
	// ErrKeyless says that an attestation was signed with the key of a certificate,
	// and that the verifier trusts no identity.
	ErrKeyless = errors.New("signed keyless, with a certificate: only keys are trusted, and no identity is")
	// ErrForeign says that a keyless attestation has nothing to do with a trusted
	// root: another Sigstore instance issued its certificate or holds its log entry.
	ErrForeign = errors.New("of another Sigstore instance")
)

// NotTrustedError says that none of the trusted keys made a signature.
type NotTrustedError struct {
	Hints   []string // what the attestation says of its keys, unverified: ids where it names them; may be empty
	Trusted []string // the names of the keys that were tried
}

func (e *NotTrustedError) Error() string {
	text := "not signed by a trusted key"
	if len(e.Hints) > 0 {
		text += ": it names " + strings.Join(e.Hints, ", ")
	}
	if len(e.Trusted) == 0 {
		return text + "; no key is trusted"
	}
	return text + "; trusted: " + strings.Join(e.Trusted, ", ")
}

// WrongSignatureError says that an attestation names a trusted key, which did not
// sign what it contains: it was altered, or someone else signed it.
type WrongSignatureError struct {
	Key string // name
	ID  string
}

func (e *WrongSignatureError) Error() string {
	return fmt.Sprintf("wrong signature: it names the trusted key %s (%s), which did not sign this content", e.Key, e.ID)
}

// NotInForceError says that an attestation is signed by a trusted key that is not
// yet, or no longer, in force.
type NotInForceError struct {
	Key         string // name
	ID          string
	From, Until *time.Time
	At          time.Time // when it was verified
}

func (e *NotInForceError) Error() string {
	at := stamp(e.At)
	if e.From != nil && e.At.Before(*e.From) {
		return fmt.Sprintf("signed by %s (%s), which is in force only from %s; now is %s", e.Key, e.ID, stamp(*e.From), at)
	}
	return fmt.Sprintf("signed by %s (%s), which was in force only until %s; now is %s: sign again with its successor", e.Key, e.ID, stamp(*e.Until), at)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
