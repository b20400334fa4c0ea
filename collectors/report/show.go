package report

import (
	"fmt"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// ShowReport reads one report of a scanner to show it: for every digest that it
// names, and also if it would not count at the gate because it names no digest or
// does not say how old it is. Then the digest is empty, an unknown time is zero, and
// the reason is in Undetermined.
//
// Name is what errors call the report; database is the content of the
// metadata.json of the advisory database that was used, nil for none.
func ShowReport(name string, content, database []byte) ([]facts.Scan, error) {
	scans, refused := ReadReport(name, content, "", database)
	if refused == nil {
		return scans, nil
	}
	found, err := recognise(strict.Of(name, content))
	if err != nil {
		return nil, err
	}
	scans, err = findingsOf(found)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(scans) == 0 {
		return nil, refused
	}
	for i := range scans {
		scans[i].Undetermined = append(scans[i].Undetermined, facts.Undetermined{Package: "report", Reason: "it does not count at the gate: " + refused.Error()})
	}
	return scans, nil
}

// noDigest is the digest of a report that names none.
var noDigest = []string{""}

// findingsOf returns what a report found in any image. It is empty for another kind
// of report.
func findingsOf(found scannerReport) ([]facts.Scan, error) {
	switch r := found.(type) {
	case trivy:
		if r.SchemaVersion == schemaVersion {
			return r.about(noDigest, "", r.CreatedAt, time.Time{})
		}
	case attestedScan:
		return findingsOf(r.Predicate.Scanner.Result)
	case grype:
		return r.about(noDigest, "", time.Time{})
	case sarif:
		var all []facts.Scan
		for _, run := range r.Runs {
			scans, err := run.about(noDigest, "", time.Time{}, time.Time{})
			if err != nil {
				return nil, err
			}
			all = append(all, scans...)
		}
		return all, nil
	}
	return nil, nil
}
