package main

import (
	"errors"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/signing"
)

// statementReport is what attest verify found, as JSON.
type statementReport struct {
	Image          string            `json:"image"` // repository@digest
	Digest         string            `json:"digest"`
	PredicateTypes []string          `json:"predicate_types"` // that were asked for
	Verified       bool              `json:"verified"`        // at least one statement counts
	Statements     []statementResult `json:"statements"`
	Unread         []unreadStatement `json:"unread"`
	OtherTypes     []string          `json:"other_types"` // of statements that were not asked for
}

// statementResult is one statement.
type statementResult struct {
	Where         string   `json:"where"`
	PredicateType string   `json:"predicate_type"`
	Counts        bool     `json:"counts"`
	AboutImage    bool     `json:"about_image"`
	SignedBy      *string  `json:"signed_by"` // the file of the key, or the identity in the certificate; null: no one who is trusted
	KeyID         *string  `json:"key_id"`    // of that key; null if it was signed keyless
	Issuer        *string  `json:"issuer"`    // of that identity; null if it was signed by key
	SignedAt      *string  `json:"signed_at"` // as proven (RFC 3339, UTC); null if it was signed by key, which proves no time
	Reasons       []string `json:"reasons"`   // why it does not count

	Summary *summaryResult `json:"summary,omitempty"` // of a verification summary
}

// signedBy adds who signed the statement.
func (s *statementResult) signedBy(by signing.SignedBy) {
	if by.KeyID != "" {
		s.SignedBy, s.KeyID = &by.Name, &by.KeyID
		return
	}
	at := by.At.Format(time.RFC3339)
	s.SignedBy, s.Issuer, s.SignedAt = &by.Identity, &by.Issuer, &at
}

// unreadStatement is something attached that could not be read.
type unreadStatement struct {
	Error string `json:"error"`
}

// errUnread means that the report is printed and incomplete.
var errUnread = errors.New("not everything that is attached could be read, so it is not known which statements there are")

// conclude prints the report and returns the result of the command.
func (r *statementReport) conclude(std stdio, asJSON bool) error {
	err := r.print(std, asJSON)
	switch {
	case err != nil:
		return err
	case len(r.Unread) > 0:
		return errUnread
	case !r.Verified:
		return verdict(exitDeny)
	}
	return nil
}

func (r *statementReport) print(std stdio, asJSON bool) error {
	if asJSON {
		return writeJSON(std.out, r)
	}
	sheet := newSheet(std)
	sheet.Line(print.Line(r.Image))
	sheet.Line(print.Line(print.Count(len(r.Statements), "statement") + " of the type " + strings.Join(r.PredicateTypes, " or ")))
	for _, s := range r.Statements {
		sheet.Blank()
		word := "does not count"
		if s.Counts {
			word = "counts"
		}
		sheet.Hang(word+"  ", print.Line(s.Where))
		if s.SignedBy != nil {
			sheet.Hang("  signed by  ", print.Line(*s.SignedBy+" ("+s.vouched()+")"))
		}
		if s.SignedAt != nil {
			sheet.Hang("  signed at  ", print.Line(*s.SignedAt))
		}
		s.Summary.print(sheet)
		for _, reason := range s.Reasons {
			sheet.Hang("  because    ", print.Line(reason))
		}
	}
	for _, u := range r.Unread {
		sheet.Blank()
		sheet.Hang("not read  ", print.Line(u.Error))
	}
	sheet.Blank()
	sheet.Line(print.Line(r.summary()))
	if len(r.Statements) == 0 && len(r.OtherTypes) > 0 {
		sheet.Hang("other types: ", print.Line(strings.Join(r.OtherTypes, ", ")))
	}
	return writeSheet(std, sheet)
}

// vouched is what makes SignedBy known: the key, or the issuer of an identity.
func (s *statementResult) vouched() string {
	if s.KeyID != nil {
		return *s.KeyID
	}
	return *s.Issuer
}

// summary is the result in a sentence.
func (r *statementReport) summary() string {
	switch {
	case len(r.Unread) > 0:
		return "Not known: " + print.Count(len(r.Unread), "attachment") + " could not be read."
	case r.Verified:
		return "Verified: a statement about this image is signed by " + r.signer() + "."
	case len(r.Statements) == 0:
		return "Not verified: there is no such statement. prodgate attest signs one."
	}
	return "Not verified: no statement counts."
}

// signer is the kind of signer of the first statement that counts.
func (r *statementReport) signer() string {
	for _, s := range r.Statements {
		if s.Counts && s.Issuer != nil {
			return "a trusted identity"
		}
		if s.Counts {
			break
		}
	}
	return "a trusted key"
}
