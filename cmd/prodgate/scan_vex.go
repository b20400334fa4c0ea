package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/ignore"
	"github.com/prodgate/prodgate/scan/vex"
)

// maxStatements bounds a VEX document and an ignore file, in bytes.
const maxStatements = 32 << 20

// addReport adds what another tool's report says.
func (s *scanning) addReport(ctx context.Context, result *report.Scan) error {
	name, content, err := readNamed(ctx, s.std, s.report, strict.MaxReport+1)
	if err != nil {
		return err
	}
	var database []byte
	if s.metadata != "" {
		if _, database, err = readNamed(ctx, s.std, s.metadata, strict.MaxReport); err != nil {
			return err
		}
	}
	scans, err := collectors.ShowReport(name, content, database)
	if err != nil {
		return err
	}
	result.Subject = name
	for _, scan := range scans {
		includeReport(result, scan)
	}
	return nil
}

// includeReport adds what one scan of a report says.
func includeReport(result *report.Scan, scan facts.Scan) {
	result.ScannedAt, result.ScannedBy = utc(scan.ScannedAt), cmp.Or(finding.Value(scan.Scanner), "not named")
	result.Database = report.ScanDatabase{UpdatedAt: utc(scan.Database.UpdatedAt)}
	if scan.Database.Schema != nil {
		result.Database.Schema = *scan.Database.Schema
	}
	one := report.Scanned{Digest: scan.Digest, Platform: finding.Value(scan.Platform), Inventory: "report"}
	if scan.Packages != nil {
		one.Packages = *scan.Packages
	}
	result.Packages += one.Packages
	result.Scanned = append(result.Scanned, one)
	for _, f := range scan.Findings {
		result.Findings = append(result.Findings, report.ScanFinding{Finding: finding.Finding(f), Platform: one.Platform, Digest: scan.Digest})
	}
	for _, u := range scan.Undetermined {
		result.Undetermined = append(result.Undetermined, report.ScanUndetermined{Undetermined: finding.Undetermined(u), Platform: one.Platform})
	}
}

// utc is an instant in UTC, or nil if it is unknown.
func utc(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// applyVEX moves the findings that VEX documents suppress to NotAffected, and adds
// the requests of ignore files.
func (s *scanning) applyVEX(ctx context.Context, result *report.Scan) error {
	var all []vex.Statement
	for _, file := range s.vex {
		name, content, err := readNamed(ctx, s.std, file, maxStatements)
		if err != nil {
			return err
		}
		read, err := vex.Read(name, content)
		if err != nil {
			return err
		}
		all = append(all, read...)
	}
	result.Findings = slices.DeleteFunc(result.Findings, func(f report.ScanFinding) bool {
		statement, suppressed := vex.Suppresses(all, vex.ImageOf(f.Digest, s.artifact), f.Finding)
		if suppressed {
			reason := statement.Status
			if why := finding.Value(statement.Justification); why != "" {
				reason += " (" + why + ")"
			}
			result.NotAffected = append(result.NotAffected, report.ScanStatement{ScanFinding: f, By: finding.Value(statement.Author), Reason: reason, Source: statement.Source})
		}
		return suppressed
	})
	return s.addRequests(ctx, result)
}

// addRequests shows what ignore files ask to ignore of what was found.
func (s *scanning) addRequests(ctx context.Context, result *report.Scan) error {
	for _, file := range s.ignore {
		name, content, err := readNamed(ctx, s.std, file, maxStatements)
		if err != nil {
			return err
		}
		read, err := ignore.Read(name, content)
		if err != nil {
			return err
		}
		for _, r := range read {
			if !slices.ContainsFunc(result.Findings, func(f report.ScanFinding) bool { return f.ID == r.ID }) {
				continue
			}
			reason := finding.Value(r.Reason)
			if r.ExpiresAt != nil {
				reason = fmt.Sprintf("%s, until %s", cmp.Or(reason, "no reason given"), rfc3339(*r.ExpiresAt))
			}
			result.Requested = append(result.Requested, report.ScanRequest{ID: r.ID, Reason: reason, Source: r.Source})
		}
	}
	return nil
}
