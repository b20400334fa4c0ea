// Package scan prints what a scan found: in an image, in an SBOM, or in the report
// of another scanner.
package scan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// Formats are those of a scan.
var Formats = print.Formats{Names: []string{"text", "json", "sarif", "cyclonedx"}}

// Report is what was found in an image, an SBOM or another tool's
// report. Its keys are the contract of "prodgate scan -o json".
type Report struct {
	Findings     []Finding      `json:"findings"`
	Undetermined []Undetermined `json:"undetermined"`
	Database     Database       `json:"database"`
	Packages     int            `json:"packages"` // looked at, over all platforms

	Scanned     []Scanned   `json:"scanned"`    // what was looked at, one for each platform
	NotImages   []Entry     `json:"not_images"` // entries of the image's index that are not images: not scanned
	NotAffected []Statement `json:"not_affected"`
	ScannedAt   *time.Time  `json:"scanned_at"` // UTC; null: a report without it
	ScannedBy   string      `json:"scanned_by"` // prodgate, or the tool whose report was read
	Subject     string      `json:"subject"`    // as the user named it
	Requested   []Request   `json:"requested"`  // by an ignore file: each asks for a waiver, and waives nothing
	inventories []*inventory.Inventory
}

// Finding is a finding, and the image that it was found in.
type Finding struct {
	finding.Finding
	Title    string `json:"title,omitempty"`
	Platform string `json:"platform"`
	Digest   string `json:"digest"`
}

// Undetermined is a package whose vulnerabilities are not known.
type Undetermined struct {
	finding.Undetermined
	Platform string `json:"platform"`
}

// Database identifies the advisories that were used. UpdatedAt is null, and Schema
// 0, where another tool's report has none.
type Database struct {
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

// Entry is an entry of an index that is not an image.
type Entry struct {
	Digest string `json:"digest"`
	Reason string `json:"reason"`
}

// Statement is a finding that a VEX document suppresses.
type Statement struct {
	Finding
	By     string `json:"by"`     // the statement's author
	Reason string `json:"reason"` // status and justification
	Source string `json:"source"`
}

// Request is an entry of an ignore file.
type Request struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// Include adds what one inventory lists, for the formats that list it.
func (s *Report) Include(inv *inventory.Inventory) {
	s.inventories = append(s.inventories, inv)
}

// severityOrder is the order in which people want to read.
var severityOrder = []string{"CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"}

// rank is a severity's place in that order; an unknown one may be
// critical, and comes first.
func rank(severity string) int { return slices.Index(severityOrder, severity) }

// Sort brings findings and the rest into the one order they are printed in.
func (s *Report) Sort() {
	slices.SortStableFunc(s.Findings, compareFindings)
	slices.SortStableFunc(s.NotAffected, func(a, b Statement) int { return compareFindings(a.Finding, b.Finding) })
	slices.SortStableFunc(s.Undetermined, func(a, b Undetermined) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Reason, b.Reason))
	})
}

func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(a.Package, b.Package),
		cmp.Compare(a.InstalledVersion, b.InstalledVersion), cmp.Compare(a.ID, b.ID),
		cmp.Compare(a.Platform, b.Platform), cmp.Compare(finding.Value(a.Target), finding.Value(b.Target)), cmp.Compare(finding.Value(a.Ecosystem), finding.Value(b.Ecosystem)),
	)
}

// Print prints the report in one of Formats. The text has 100 columns where options
// name no width. An error means that the format cannot carry the report.
func (s *Report) Print(format string, o print.Options) (out []byte, err error) {
	switch format {
	case "text":
		return s.text(o), nil
	case "json":
		out, err = print.JSON(s)
	case "sarif":
		out, err = s.sarif()
	case "cyclonedx":
		out, err = s.cyclonedx()
	default:
		err = Formats.Unknown(format)
	}
	if err != nil {
		return nil, fmt.Errorf("print the scan as %s: %w", format, err)
	}
	return out, nil
}
