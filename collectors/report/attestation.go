package report

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/strict"
)

// PredicateType is the type of the one predicate that is read: cosign's,
// of an in-toto statement that is bare, in a DSSE envelope or in a Sigstore
// bundle, whose signatures are not checked here.
const PredicateType = "https://cosign.sigstore.dev/attestation/vuln/v1"

// attestedScan holds what is read of a statement.
type attestedScan struct {
	Subject   []attestation.Subject
	Predicate struct {
		Scanner struct {
			DB struct {
				LastUpdate time.Time `json:"lastUpdate"`
			} `json:"db"`
			Result trivy `json:"result"`
		} `json:"scanner"`
		Metadata struct {
			ScanFinishedOn time.Time `json:"scanFinishedOn"`
		} `json:"metadata"`
	}
}

// readAttestation reads the report that is the predicate of a statement, bare or
// in an envelope or a bundle.
func readAttestation(t strict.Text) (scannerReport, error) {
	a, err := attestation.ReadOne(t.Name, t.Data)
	if err != nil {
		return nil, err
	}
	of := a.Statement.PredicateType
	if of != PredicateType && "https://"+of != PredicateType { // without it in cosign 1
		return nil, fmt.Errorf("%s: predicateType is %q, and must be %q (trivy image --format cosign-vuln)", t.Name, of, PredicateType)
	}
	scan := attestedScan{Subject: a.Statement.Subjects}
	predicate := strict.Text{Name: t.Name + " (predicate)", Data: a.Statement.Predicate}
	if err := predicate.Decode(&scan.Predicate, strict.Rules{Foreign: true}); err != nil {
		return nil, err
	}
	return scan, nil
}

// scans are the wrapped report's findings, once for each subject. The scan is as
// old as the report inside or the end that the attestation names, whichever is
// older: attesting a report anew makes it no younger.
func (a attestedScan) scans(wanted string, used usedDatabase) ([]facts.Scan, error) {
	report, at := a.Predicate.Scanner.Result, a.Predicate.Metadata.ScanFinishedOn
	if err := report.check(); err != nil {
		return nil, fmt.Errorf("predicate.scanner.result: %w", err)
	}
	if !plausible(at) {
		return nil, errors.New("predicate.metadata.scanFinishedOn is missing or none, so the age of the scan is unknown; attest it again")
	}
	if report.CreatedAt.Before(at) {
		at = report.CreatedAt
	}
	digests, err := a.digests()
	if err != nil {
		return nil, err
	}
	updated := a.Predicate.Scanner.DB.LastUpdate
	if !plausible(updated) {
		if updated, err = used.updatedAt(at); err != nil {
			return nil, err
		}
	}
	return report.about(digests, wanted, at, updated)
}

// digests are the subjects'. A report inside that names other images is about
// those.
func (a attestedScan) digests() ([]string, error) {
	var digests []string
	for i, subject := range a.Subject {
		digest, err := subject.SHA256()
		if err != nil {
			return nil, fmt.Errorf("subject[%d]: %w", i, err)
		}
		digests = append(digests, digest)
	}
	if len(digests) == 0 {
		return nil, errors.New("subject is empty, so the scanned image is unknown; attest it by digest (cosign attest REPOSITORY@sha256:…)")
	}
	scanned, err := digestsOf("predicate.scanner.result.Metadata.RepoDigests", a.Predicate.Scanner.Result.Metadata.RepoDigests)
	if err != nil {
		return nil, err
	}
	for _, digest := range digests {
		if len(scanned) > 0 && !slices.Contains(scanned, digest) {
			return nil, fmt.Errorf("subject is %s, and the report inside is of %s; attest the digest that was scanned", digest, scanned[0])
		}
	}
	slices.Sort(digests)
	return slices.Compact(digests), nil
}
