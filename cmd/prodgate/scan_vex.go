package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
	scanreport "github.com/prodgate/prodgate/internal/report/scan"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/ignore"
	"github.com/prodgate/prodgate/scan/vex"
)

// maxStatements limits a VEX document and an ignore file, in bytes.
const maxStatements = 32 << 20

// addReport adds the contents of another tool's report.
func (s *scanning) addReport(ctx context.Context, result *scanreport.Report) error {
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

// includeReport adds one scan of a report.
func includeReport(result *scanreport.Report, scan facts.Scan) {
	result.ScannedAt, result.ScannedBy = utc(scan.ScannedAt), cmp.Or(finding.Value(scan.Scanner), "not named")
	result.Database = scanreport.Database{UpdatedAt: utc(scan.Database.UpdatedAt)}
	if scan.Database.Schema != nil {
		result.Database.Schema = *scan.Database.Schema
	}
	one := scanreport.Scanned{Digest: scan.Digest, Platform: finding.Value(scan.Platform), Inventory: "report"}
	if scan.Packages != nil {
		one.Packages = *scan.Packages
	}
	result.Packages += one.Packages
	result.Scanned = append(result.Scanned, one)
	for _, f := range scan.Findings {
		result.Findings = append(result.Findings, scanreport.Finding{Finding: finding.Finding(f), Platform: one.Platform, Digest: scan.Digest})
	}
	for _, u := range scan.Undetermined {
		result.Undetermined = append(result.Undetermined, scanreport.Undetermined{Undetermined: finding.Undetermined(u), Platform: one.Platform})
	}
}

// utc returns an instant in UTC, or nil if it is unknown.
func utc(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// applyVEX moves the findings that VEX documents suppress to NotAffected, and adds
// the requests of ignore files.
func (s *scanning) applyVEX(ctx context.Context, result *scanreport.Report) error {
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
	result.Findings = slices.DeleteFunc(result.Findings, func(f scanreport.Finding) bool {
		statement, suppressed := vex.Suppresses(all, vex.ImageOf(f.Digest, s.artifact), f.Finding)
		if suppressed {
			reason := statement.Status
			if why := finding.Value(statement.Justification); why != "" {
				reason += " (" + why + ")"
			}
			result.NotAffected = append(result.NotAffected, scanreport.Statement{Finding: f, By: finding.Value(statement.Author), Reason: reason, Source: statement.Source})
		}
		return suppressed
	})
	return s.addRequests(ctx, result)
}

// addRequests adds the findings that ignore files ask to ignore.
func (s *scanning) addRequests(ctx context.Context, result *scanreport.Report) error {
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
			if !slices.ContainsFunc(result.Findings, func(f scanreport.Finding) bool { return f.ID == r.ID }) {
				continue
			}
			reason := finding.Value(r.Reason)
			if r.ExpiresAt != nil {
				reason = fmt.Sprintf("%s, until %s", cmp.Or(reason, "no reason given"), rfc3339(*r.ExpiresAt))
			}
			result.Requested = append(result.Requested, scanreport.Request{ID: r.ID, Reason: reason, Source: r.Source})
		}
	}
	return nil
}
