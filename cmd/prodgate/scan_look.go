package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/prodgate/prodgate/scan"
)

// patience is how long a scan may take where nobody says: an image has to be
// read to its end.
const patience = 15 * time.Minute

// within gives a command that reads for long its time.
func within(ctx context.Context, cfg *config.Config) (context.Context, context.CancelFunc, error) {
	timeout := patience
	if v := cfg.Get("timeout"); v.Origin.Kind != config.FromDefault {
		var err error
		if timeout, err = cfg.Timeout(); err != nil {
			return nil, nil, usage("", "%w", err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not done within %s; --timeout gives it longer", timeout))
	return ctx, cancel, nil
}

// sparingly collects garbage while something large is read, which a decision
// alone never needs; the function that it returns ends that.
func sparingly() (end func()) {
	percent, limit := debug.SetGCPercent(200), debug.SetMemoryLimit(64<<20)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// looked is the error of a scan that could not look.
func looked(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w (%w)", cause, err)
	}
	return usage("nothing is known: treat it as not scanned", "%w", err)
}

// look reads what is to be scanned.
func (s *scanning) look(ctx context.Context, args []string) (*report.Scan, error) {
	result := &report.Scan{
		Findings: []report.ScanFinding{}, Undetermined: []report.ScanUndetermined{}, Scanned: []report.Scanned{},
		NotImages: []report.ScanEntry{}, NotAffected: []report.ScanStatement{}, Requested: []report.ScanRequest{}, ScannedBy: "prodgate",
	}
	progress := newTransferLine(s.std, !s.quiet && print.IsTerminal(s.std.err))
	defer progress.clear()
	s.options.Progress = progress.show
	var scans []scan.Scan
	var err error
	switch {
	case s.report != "":
		err = s.others(ctx, result)
	case s.sbom != "":
		result.Subject = s.sbom
		scans, err = s.bill(ctx)
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
		include(result, scan)
		s.artifact = scan.Artifact
	}
	if err := s.statements(ctx, result); err != nil {
		return nil, err
	}
	result.Sort()
	return result, nil
}

// bill scans a bill of materials.
func (s *scanning) bill(ctx context.Context) ([]scan.Scan, error) {
	name, content, err := readNamed(ctx, s.std, s.sbom, scan.MaxBill)
	if err != nil {
		return nil, err
	}
	return collectors.ScanBill(ctx, name, content, s.options)
}

// include adds what one scan found.
func include(result *report.Scan, scan scan.Scan) {
	inv := scan.Inventory
	result.ScannedAt = known(scan.ScannedAt)
	result.Database = report.ScanDatabase{UpdatedAt: known(scan.Database.UpdatedAt), Schema: scan.Database.Version}
	result.Packages += scan.Packages
	one := report.Scanned{Digest: inv.Digest, Platform: inv.Platform, Inventory: string(inv.Kind), Packages: scan.Packages}
	if inv.OS != nil {
		one.OS = inv.OS.Family + " " + inv.OS.Name
	}
	result.Scanned = append(result.Scanned, one)
	result.Include(inv)
	for _, e := range scan.Others {
		result.NotImages = append(result.NotImages, report.ScanEntry(e))
	}
	for _, f := range scan.Findings {
		found := report.ScanFinding{
			ID: f.ID, Package: f.Package, InstalledVersion: f.InstalledVersion, Severity: f.Severity, Status: f.Status,
			Ecosystem: f.Ecosystem, Target: f.Target, Title: f.Title, PublishedAt: f.PublishedAt,
			Platform: inv.Platform, Digest: inv.Digest, PURL: f.PURL,
		}
		if f.FixedVersion != "" {
			found.FixedVersion = &f.FixedVersion
		}
		result.Findings = append(result.Findings, found)
	}
	for _, u := range scan.Undetermined {
		result.Undetermined = append(result.Undetermined, report.ScanUndetermined{Undetermined: u, Platform: inv.Platform})
	}
}
