package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	scanreport "github.com/prodgate/prodgate/internal/report/scan"
	"github.com/prodgate/prodgate/scan"
)

// scanTimeout is how long a scan may take without --timeout: the whole image must be
// read.
const scanTimeout = 15 * time.Minute

// within sets the timeout of a command that reads much data.
func within(ctx context.Context, cfg *config.Config) (context.Context, context.CancelFunc, error) {
	timeout := scanTimeout
	if v := cfg.Get("timeout"); v.Origin.Kind != config.FromDefault {
		var err error
		if timeout, err = cfg.Timeout(); err != nil {
			return nil, nil, usage("", "%w", err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not done within %s; use --timeout for more time", timeout))
	return ctx, cancel, nil
}

// saveMemory makes the garbage collector run more often while something large is
// read; a decision alone does not need it. Calling end restores the defaults.
func saveMemory() (end func()) {
	percent, limit := debug.SetGCPercent(200), debug.SetMemoryLimit(64<<20)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// scanError returns the error of an incomplete scan.
func scanError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w (%w)", cause, err)
	}
	return usage("the scan failed: treat it as not scanned", "%w", err)
}

// read scans, or reads the report.
func (s *scanning) read(ctx context.Context, args []string) (*scanreport.Report, error) {
	result := &scanreport.Report{
		Findings: []scanreport.Finding{}, Undetermined: []scanreport.Undetermined{}, Scanned: []scanreport.Scanned{},
		NotImages: []scanreport.Entry{}, NotAffected: []scanreport.Statement{}, Requested: []scanreport.Request{}, ScannedBy: "prodgate",
	}
	progress := newTransferLine(s.std, !s.quiet && print.IsTerminal(s.std.err))
	defer progress.clear()
	s.options.Progress = progress.show
	var scans []scan.Scan
	var err error
	switch {
	case s.report != "":
		err = s.addReport(ctx, result)
	case s.sbom != "":
		result.Subject = s.sbom
		scans, err = s.scanSBOM(ctx)
	default:
		result.Subject = args[0]
		scans, err = collectors.Scan(ctx, args[0], s.options)
	}
	if err != nil {
		return nil, err
	}
	for _, scan := range scans {
		for _, w := range scan.Warnings {
			fmt.Fprintf(s.std.err, "warning: %s\n", print.Text(w))
		}
		includeScan(result, scan)
		s.artifact = scan.Artifact
	}
	if err := s.applyVEX(ctx, result); err != nil {
		return nil, err
	}
	result.Sort()
	return result, nil
}

// scanSBOM scans an SBOM.
func (s *scanning) scanSBOM(ctx context.Context) ([]scan.Scan, error) {
	name, content, err := readNamed(ctx, s.std, s.sbom, scan.MaxSBOM)
	if err != nil {
		return nil, err
	}
	return collectors.ScanSBOM(ctx, name, content, s.options)
}

// includeScan adds the findings of one scan.
func includeScan(result *scanreport.Report, scan scan.Scan) {
	inv := scan.Inventory
	result.ScannedAt = utc(scan.ScannedAt)
	result.Database = scanreport.Database{UpdatedAt: utc(scan.Database.UpdatedAt), Schema: scan.Database.Version}
	result.Packages += scan.Packages
	one := scanreport.Scanned{Digest: inv.Digest, Platform: inv.Platform, Inventory: string(inv.Kind), Packages: scan.Packages}
	if inv.OS != nil {
		one.OS = inv.OS.Family + " " + inv.OS.Name
	}
	result.Scanned = append(result.Scanned, one)
	result.Include(inv)
	for _, e := range scan.Others {
		result.NotImages = append(result.NotImages, scanreport.Entry(e))
	}
	for _, f := range scan.Findings {
		result.Findings = append(result.Findings, scanreport.Finding{Finding: f.Finding, Title: f.Title, Platform: inv.Platform, Digest: inv.Digest})
	}
	for _, u := range scan.Undetermined {
		result.Undetermined = append(result.Undetermined, scanreport.Undetermined{Undetermined: u, Platform: inv.Platform})
	}
}
