package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

const cyclonedxFormat = "cyclonedx"

// ScanFormats are the accepted formats of a scan.
var ScanFormats = []string{"text", "json", "sarif", cyclonedxFormat}

// Scan is what was found in an image, an SBOM or another tool's
// report. Its keys are the contract of "prodgate scan -o json".
type Scan struct {
	Findings     []ScanFinding      `json:"findings"`
	Undetermined []ScanUndetermined `json:"undetermined"`
	Database     ScanDatabase       `json:"database"`
	Packages     int                `json:"packages"` // looked at, over all platforms

	Scanned     []Scanned       `json:"scanned"`    // what was looked at, one for each platform
	NotImages   []ScanEntry     `json:"not_images"` // entries of the image's index that are not images: not scanned
	NotAffected []ScanStatement `json:"not_affected"`
	ScannedAt   *time.Time      `json:"scanned_at"` // UTC; null: a report without it
	ScannedBy   string          `json:"scanned_by"` // prodgate, or the tool whose report was read
	Subject     string          `json:"subject"`    // as the user named it
	Requested   []ScanRequest   `json:"requested"`  // by an ignore file: each asks for a waiver, and waives nothing
	inventories []*inventory.Inventory
}

// ScanFinding is a finding, and the image that it was found in.
type ScanFinding struct {
	finding.Finding
	Title    string `json:"title,omitempty"`
	Platform string `json:"platform"`
	Digest   string `json:"digest"`
}

// ScanUndetermined is a package whose vulnerabilities are not known.
type ScanUndetermined struct {
	finding.Undetermined
	Platform string `json:"platform"`
}

// ScanDatabase says which advisories were asked. UpdatedAt is null, and Schema
// 0, where another tool's report has none.
type ScanDatabase struct {
	UpdatedAt *time.Time `json:"updated_at"`
	Schema    int        `json:"schema"`
}

// Scanned is one thing that was looked at.
type Scanned struct {
	Digest    string `json:"digest"`   // empty: an SBOM that names no image
	Platform  string `json:"platform"` // empty: not known
	Inventory string `json:"inventory"`
	OS        string `json:"os"` // empty: none was recognised
	Packages  int    `json:"packages"`
}

// ScanEntry is an entry of an index that is not an image.
type ScanEntry struct {
	Digest string `json:"digest"`
	Reason string `json:"reason"`
}

// ScanStatement is a finding that a VEX document takes away.
type ScanStatement struct {
	ScanFinding
	By     string `json:"by"`     // the statement's author
	Reason string `json:"reason"` // status and justification
	Source string `json:"source"`
}

// ScanRequest is an entry of an ignore file.
type ScanRequest struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// Include adds what one inventory lists, for the formats that list it.
func (s *Scan) Include(inv *inventory.Inventory) {
	s.inventories = append(s.inventories, inv)
}

// severityOrder is the order in which people want to read.
var severityOrder = []string{"CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"}

// rank is a severity's place in that order; an unknown one may be
// critical, and comes first.
func rank(severity string) int { return slices.Index(severityOrder, severity) }

// Sort brings findings and the rest into the one order they are printed in.
func (s *Scan) Sort() {
	slices.SortStableFunc(s.Findings, compareFindings)
	slices.SortStableFunc(s.NotAffected, func(a, b ScanStatement) int { return compareFindings(a.ScanFinding, b.ScanFinding) })
	slices.SortStableFunc(s.Undetermined, func(a, b ScanUndetermined) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Reason, b.Reason))
	})
}

func compareFindings(a, b ScanFinding) int {
	return cmp.Or(
		cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(a.Package, b.Package),
		cmp.Compare(a.InstalledVersion, b.InstalledVersion), cmp.Compare(a.ID, b.ID),
		cmp.Compare(a.Platform, b.Platform), cmp.Compare(finding.Value(a.Target), finding.Value(b.Target)), cmp.Compare(finding.Value(a.Ecosystem), finding.Value(b.Ecosystem)),
	)
}

// ParseScans reads every -o of "prodgate scan", FORMAT[=PATH], as ParseAll does
// for a decision.
func ParseScans(values []string) ([]Output, error) {
	return ParseFormats(values, ScanFormats)
}

// WriteScan prints s to the output's file, or to stdout where it names none, as
// Write does with a decision.
func (o Output) WriteScan(stdout io.Writer, s *Scan, options Options) error {
	out, err := o.renderScan(s, options)
	if err != nil {
		return fmt.Errorf("print the scan as %s: %w", o.Format, err)
	}
	return o.put(stdout, out)
}

func (o Output) renderScan(s *Scan, options Options) ([]byte, error) {
	switch o.Format {
	case "text":
		return scanText(s, options), nil
	case "json":
		return JSON(s)
	case "sarif":
		return scanSARIF(s)
	case cyclonedxFormat:
		return scanCycloneDX(s)
	}
	return nil, unknownFormat(o.Format, ScanFormats)
}
