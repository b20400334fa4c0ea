package vulnerabilities

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/packing"
	"github.com/prodgate/prodgate/internal/strict"
)

// foreign is a report of whatever tool. wanted is the digest that is asked for;
// used tells how old the scanner's were, where the report does not.
type foreign interface {
	scans(wanted string, used usedDatabase) ([]facts.Scan, error)
}

// marks are the keys by which a report is recognised, whatever its file is
// called. A report without any of them is read as Trivy's.
var marks = []struct {
	key  string
	read func(strict.Text) (foreign, error)
}{
	{"payloadType", readAttestation},
	{"dsseEnvelope", readAttestation},
	{"predicateType", readAttestation},
	{"runs", read[sarif]},
	{"matches", read[grype]},
	{"SchemaVersion", read[report]},
}

// recognise reads a report by the keys it has. One that could be two tools' is
// an error.
func recognise(t strict.Text) (foreign, error) {
	var err error
	if t.Data, err = packing.Bytes(t.Data, MaxReport); err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(t.Data, &keys) != nil { // decoding it says what is wrong
		return read[report](t)
	}
	reader, found := read[report], ""
	for _, mark := range marks {
		if _, ok := keys[mark.key]; !ok {
			continue
		}
		if found != "" {
			return nil, fmt.Errorf("%s: it has the keys %q and %q, and no report has both", t.Name, found, mark.key)
		}
		reader, found = mark.read, mark.key
	}
	return reader(t)
}

// read decodes a report into its Go type.
func read[T foreign](t strict.Text) (foreign, error) {
	var into T
	if err := t.Decode(&into, strict.Rules{Foreign: true}); err != nil {
		return nil, err
	}
	return into, nil
}

// usedDatabase is the metadata of the advisory database that a scanner used, read
// when a report needs it.
type usedDatabase func() (usedAdvisories, error)

// updatedAt is when the advisories that a scan used were updated.
func (used usedDatabase) updatedAt(scanned time.Time) (time.Time, error) {
	db, err := used()
	if err != nil {
		return time.Time{}, err
	}
	if db.DownloadedAt.After(scanned) {
		return time.Time{}, fmt.Errorf("%s says that the database was downloaded at %s, after the scan at %s, so it is not the one that was used; copy it after each scan",
			db.name, db.DownloadedAt.Format(time.RFC3339), scanned.Format(time.RFC3339))
	}
	return db.UpdatedAt, nil
}

// digestsOf are the digests in names like REPOSITORY@sha256:…, sorted.
func digestsOf(key string, names []string) ([]string, error) {
	var digests []string
	for _, name := range names {
		_, digest, _ := strings.Cut(name, "@")
		digest, err := strict.Normalise(digest, "digest")
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", key, name, err)
		}
		digests = append(digests, digest)
	}
	slices.Sort(digests)
	return slices.Compact(digests), nil
}

// forEach is the scan as of each digest; of wanted alone, if that is one.
func forEach(digests []string, wanted string, scan facts.Scan) []facts.Scan {
	if slices.Contains(digests, wanted) {
		digests = []string{wanted}
	}
	var scans []facts.Scan
	for _, digest := range digests {
		scan.Digest = digest
		scans = append(scans, scan)
	}
	return scans
}

// dated says whether a time is one that somebody wrote.
func dated(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 2200 }

// given is text, or nil where there is none.
func given(text string) *string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return &text
}

// platformOf is os/arch[/variant], or nil where a report does not tell.
func platformOf(os, architecture, variant string) *string {
	if os == "" || architecture == "" {
		return nil
	}
	platform := os + "/" + architecture
	if variant != "" {
		platform += "/" + variant
	}
	return &platform
}

// named is a scanner's name with its version, where there is one.
func named(name, version string) *string {
	return given(strings.TrimSpace(name + " " + version))
}

// severity is text in the one spelling of a severity that Trivy's database
// knows; every other text stays as it is, and none at all is UNKNOWN.
func severity(text string) string {
	if strings.TrimSpace(text) == "" {
		return types.SeverityUnknown.String()
	}
	if known, err := types.NewSeverity(strings.ToUpper(text)); err == nil {
		return known.String()
	}
	return text
}

var errNoName = errors.New("a vulnerability has no name, or none of the package it is in")
