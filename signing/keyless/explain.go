package keyless

import (
	"crypto/x509"
	"encoding/hex"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// explain says why the library refused a bundle with the error cause. It takes the
// library's steps one by one, in its order, and never returns nil.
func (v *Verifier) explain(b *bundle.Bundle, cause error) error {
	content, err := b.VerificationContent()
	if err != nil {
		return &InvalidError{Err: plain(err)}
	}
	leaf := content.Certificate()
	if leaf == nil {
		return ErrKey
	}
	entries, err := b.TlogEntries()
	if err != nil {
		return &InvalidError{Err: plain(err)}
	}
	logTimes, err := v.library.VerifyTransparencyLogInclusion(b)
	if err != nil {
		return v.explainLog(b, leaf, entries, err)
	}
	times, err := v.library.VerifyObserverTimestamps(b, logTimes)
	if err != nil {
		if stamps, e := b.Timestamps(); e == nil && len(stamps) == 0 {
			return ErrNoTime
		}
		return &TimestampError{Err: plain(err)}
	}
	var chains [][]*x509.Certificate
	for _, t := range times {
		if chains, err = verify.VerifyLeafCertificate(t.Timestamp, leaf, v.root.material); err != nil {
			if outside(leaf, t.Timestamp) {
				return &ValidityError{At: t.Timestamp, From: leaf.NotBefore, Until: leaf.NotAfter}
			}
			return &UnknownRootError{Root: v.root.name, What: "certificate"}
		}
	}
	if len(v.root.material.CTLogs()) > 0 && verify.VerifySignedCertificateTimestamp(chains, 1, v.root.material) != nil {
		return &UnknownRootError{Root: v.root.name, What: "record of the certificate"}
	}
	if !v.signed(b) {
		return &WrongSignatureError{Identity: subject(leaf)}
	}
	if summary, err := certificate.SummarizeCertificate(leaf); err == nil {
		if _, err := v.trusted(summary.SubjectAlternativeName, summary.Issuer); err != nil {
			return err
		}
	}
	return &InvalidError{Err: plain(cause)}
}

// explainLog says why no log entry was verified.
func (v *Verifier) explainLog(b *bundle.Bundle, leaf *x509.Certificate, entries []*tlog.Entry, cause error) error {
	if len(entries) == 0 {
		return ErrNoLogEntry
	}
	logs := v.root.material.RekorLogs()
	known := slices.DeleteFunc(slices.Clone(entries), func(e *tlog.Entry) bool {
		return logs[hex.EncodeToString([]byte(e.LogKeyID()))] == nil
	})
	if len(known) == 0 {
		return &UnknownRootError{Root: v.root.name, What: "log entry"}
	}
	if !v.signed(b) {
		return &WrongSignatureError{Identity: subject(leaf)}
	}
	for _, e := range known {
		if at := e.IntegratedTime(); !at.IsZero() && outside(leaf, at) && tlogPromised(e, v) {
			return &ValidityError{At: at, From: leaf.NotBefore, Until: leaf.NotAfter}
		}
	}
	return &LogError{Err: plain(cause)}
}

// tlogPromised reports whether the log signed the entry and its time.
func tlogPromised(e *tlog.Entry, v *Verifier) bool {
	return e.HasInclusionPromise() && tlog.VerifySET(e, v.root.material.RekorLogs()) == nil
}

// signed reports whether the key of the certificate signed the envelope.
func (v *Verifier) signed(b *bundle.Bundle) bool {
	signature, err := b.SignatureContent()
	if err != nil {
		return false
	}
	content, err := b.VerificationContent()
	return err == nil && verify.VerifySignature(signature, content, v.root.material) == nil
}

// outside reports whether a certificate is not valid at that time.
func outside(c *x509.Certificate, at time.Time) bool {
	return at.Before(c.NotBefore) || at.After(c.NotAfter)
}

// subject is whom a certificate names; empty if it names no one.
func subject(c *x509.Certificate) string {
	summary, err := certificate.SummarizeCertificate(c)
	if err != nil {
		return ""
	}
	return summary.SubjectAlternativeName
}
