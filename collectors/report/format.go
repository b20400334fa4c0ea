package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/packing"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan/finding"
)

// scannerReport is a report of any scanner. wanted is the requested digest;
// used reads the age of the scanner's advisories, if the report has none.
type scannerReport interface {
	scans(wanted string, used usedDatabase) ([]facts.Scan, error)
}

// formats are the keys by which a report is recognised; its file name is not used. A report without any of them is read as Trivy's.
var formats = []struct {
	key  string
	read func(strict.Text) (scannerReport, error)
}{
	{"payloadType", readAttestation},
	{"dsseEnvelope", readAttestation},
	{"predicateType", readAttestation},
	{"runs", read[sarif]},
	{"matches", read[grype]},
	{"SchemaVersion", read[trivy]},
}

// recognise reads a report by the keys it has. One that could be two tools' is
// an error.
func recognise(t strict.Text) (scannerReport, error) {
	var err error
	if t.Data, err = packing.Bytes(t.Data, MaxReport); err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(t.Data, &keys) != nil { // decoding it says what is wrong
		return read[trivy](t)
	}
	reader, found := read[trivy], ""
	for _, mark := range formats {
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
func read[T scannerReport](t strict.Text) (scannerReport, error) {
	var into T
	if err := t.Decode(&into, strict.Rules{Foreign: true}); err != nil {
		return nil, err
	}
	return into, nil
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

// plausible reports whether a time was set: a missing one is in the year 1.
func plausible(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 2200 }

// platformOf is os/arch[/variant], or nil if the report has none.
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
	return finding.Optional(strings.TrimSpace(name + " " + version))
}

var errNoName = errors.New("a vulnerability has no ID or no package name")
