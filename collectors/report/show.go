package report

import (
	"fmt"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// ShowReport reads one report of a scanner to be shown to people: of every digest
// that it names, and also where it could not count at the gate, because it names
// none or does not say how old it is. Then the digest is empty, an unknown time
// zero, and what keeps the report from counting stands in Undetermined.
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
	scans, err = show(found)
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

// nobody is the digest of a report that names none.
var nobody = []string{""}

// show is what a report found, whatever it is about. It is empty for what is no
// report of that kind.
func show(found foreign) ([]facts.Scan, error) {
	switch r := found.(type) {
	case trivy:
		if r.SchemaVersion == schemaVersion {
			return r.about(nobody, "", r.CreatedAt, time.Time{})
		}
	case attestedScan:
		return show(r.Predicate.Scanner.Result)
	case grype:
		return r.about(nobody, "", time.Time{})
	case sarif:
		var all []facts.Scan
		for _, run := range r.Runs {
			scans, err := run.about(nobody, "", time.Time{}, time.Time{})
			if err != nil {
				return nil, err
			}
			all = append(all, scans...)
		}
		return all, nil
	}
	return nil, nil
}
