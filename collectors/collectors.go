// Package collectors gathers facts. Each folder below reads one kind of source
// and reports what it saw; nothing here judges: thresholds, roles and windows
// belong to the policies.
//
// To add a source of a section there is: a folder with a Collector, its file's
// form in the package comment, a skeleton beside it; a field in Config; a line in
// All, Skeletons and SkeletonConfig. Tests say what was forgotten. To add facts
// of one's own without changing prodgate: a Collector called custom.NAME that
// returns facts.Custom, given to Gather beside All.
package collectors

import (
	"context"
	"time"

	"github.com/prodgate/prodgate/collectors/approvals"
	"github.com/prodgate/prodgate/collectors/artifact"
	"github.com/prodgate/prodgate/collectors/build"
	"github.com/prodgate/prodgate/collectors/calendar"
	"github.com/prodgate/prodgate/collectors/incidents"
	"github.com/prodgate/prodgate/collectors/monitoring"
	"github.com/prodgate/prodgate/collectors/notifications"
	"github.com/prodgate/prodgate/collectors/oncall"
	"github.com/prodgate/prodgate/collectors/people"
	"github.com/prodgate/prodgate/collectors/production"
	"github.com/prodgate/prodgate/collectors/report"
	"github.com/prodgate/prodgate/collectors/rollback"
	"github.com/prodgate/prodgate/collectors/scan"
	"github.com/prodgate/prodgate/collectors/staging"
	"github.com/prodgate/prodgate/collectors/trail"
	"github.com/prodgate/prodgate/collectors/waivers"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	scanner "github.com/prodgate/prodgate/scan"
	"github.com/prodgate/prodgate/scan/sbom"
)

// Collector reads one source and reports what it saw.
type Collector interface {
	// Name is the section's JSON key and the word users see ("artifact").
	Name() string

	// Collect returns the section for req. It honours ctx, does not depend on
	// another collector and writes nothing. "Looked and found nothing" is a
	// section that says so; an error means "could not look". To have its
	// evidence recorded, it returns the section inside a facts.Observed.
	Collect(ctx context.Context, req facts.Request) (facts.Section, error)
}

// Kinder is a Collector that says what kind of source it reads: file,
// registry, github … Settings accept or refuse sources by that word. The kind
// of a Collector that does not say is "custom".
type Kinder interface {
	Kind() string
}

// ErrUnconfigured is what a Collector returns, wrapped, when nobody said where
// to look. The text around it names the key that would say so.
var ErrUnconfigured = strict.ErrUnconfigured

// All are the collectors prodgate has, each reading what cfg names. This is
// the one list: a source that does not stand here is never read.
func All(cfg Config) []Collector {
	return within(time.Duration(cfg.Timeout),
		artifact.Collector{Options: cfg.Artifact},
		build.Collector{File: cfg.file("build", cfg.Build)},
		staging.Collector{File: cfg.file("staging", cfg.Staging)},
		cfg.vulnerabilities(),
		calendar.Collector{File: cfg.file("calendar", cfg.Calendar), Clock: cfg.Clock},
		approvals.Collector{File: cfg.file("approvals", cfg.Approvals)},
		people.Collector{File: cfg.file("people", cfg.People)},
		production.Collector{File: cfg.recordedFile("production", cfg.Production), Recorded: cfg.Production.From == fromTrail, Log: cfg.Log},
		rollback.Collector{File: cfg.file("rollback", cfg.Rollback), Options: cfg.Artifact},
		incidents.Collector{File: cfg.file("incidents", cfg.Incidents)},
		oncall.Collector{File: cfg.file("on_call", cfg.OnCall)},
		notifications.Collector{File: cfg.file("notifications", cfg.Notifications)},
		monitoring.Collector{File: cfg.file("monitoring", cfg.Monitoring)},
		waivers.Collector{File: cfg.file("waivers", cfg.Waivers)},
		trail.Collector{File: cfg.recordedFile("trail", cfg.Trail), Recorded: cfg.readsLog(), Log: cfg.Log},
	)
}

// Resolve says which digest (sha256:…) reference names, reading its source
// once; the answer belongs into facts.Request.Digest. The error holds no
// secrets.
func Resolve(ctx context.Context, cfg Config, reference string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(time.Duration(cfg.Timeout)))
	defer cancel()
	digest, err := artifact.Resolve(ctx, reference, cfg.Artifact)
	if err != nil {
		return "", redacted{err}
	}
	return digest, nil
}

// CheckReference returns an error that names what is wrong if reference is not an
// image reference. Nothing is read. The error holds no secrets.
func CheckReference(reference string) error {
	if err := artifact.Check(reference); err != nil {
		return redacted{err}
	}
	return nil
}

// Calendar reads the calendar that cfg names, to be shown. within gives the range
// for the site's zone. The error holds no secrets.
func Calendar(ctx context.Context, cfg Config, within calendar.Range) (*calendar.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(time.Duration(cfg.Timeout)))
	defer cancel()
	c := calendar.Collector{File: cfg.file("calendar", cfg.Calendar), Clock: cfg.Clock}
	read, err := c.Read(ctx, within)
	if err != nil {
		return nil, redacted{err}
	}
	return read, nil
}

// Scan looks for vulnerabilities in the image that reference names, one scan for
// each platform. The error holds no secrets.
func Scan(ctx context.Context, reference string, options scanner.Options) ([]scanner.Scan, error) {
	options.Redact = redact
	scans, err := scanner.Image(ctx, reference, options)
	if err != nil {
		return nil, redacted{err}
	}
	for i := range scans {
		for j, w := range scans[i].Warnings {
			scans[i].Warnings[j] = redact(w)
		}
	}
	return scans, nil
}

// ScanSBOM looks for vulnerabilities in what an SBOM lists, one scan
// for each SBOM in content; name is what errors call it.
func ScanSBOM(ctx context.Context, name string, content []byte, options scanner.Options) ([]scanner.Scan, error) {
	sboms, err := sbom.Read(name, content)
	if err != nil {
		return nil, redacted{err}
	}
	scans, err := scanner.SBOM(ctx, sboms, options)
	if err != nil {
		return nil, redacted{err}
	}
	return scans, nil
}

// ShowReport reads what another scanner's report says, as
// report.ShowReport does. The error holds no secrets.
func ShowReport(name string, content, database []byte) ([]facts.Scan, error) {
	scans, err := report.ShowReport(name, content, database)
	if err != nil {
		return nil, redacted{err}
	}
	return scans, nil
}

// Limit gives c a deadline of its own instead of DefaultTimeout.
func Limit(c Collector, timeout time.Duration) Collector {
	return limited{Collector: c, timeout: timeout}
}

// limited is a Collector with a deadline of its own.
type limited struct {
	Collector
	timeout time.Duration
}

// Kind is the kind of the Collector inside.
func (l limited) Kind() string { return kindOf(l.Collector) }

// within limits each of list to timeout; 0: DefaultTimeout, and for a scan of
// prodgate's own scanTimeout.
func within(timeout time.Duration, list ...Collector) []Collector {
	for i, c := range list {
		limit := orDefault(timeout)
		if _, ok := c.(scan.Collector); ok && timeout <= 0 {
			limit = scanTimeout
		}
		list[i] = Limit(c, limit)
	}
	return list
}

// orDefault is timeout, or DefaultTimeout where it is not positive.
func orDefault(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return DefaultTimeout
	}
	return timeout
}

// timeoutOf is how long c may take.
func timeoutOf(c Collector) time.Duration {
	if l, ok := c.(limited); ok {
		return orDefault(l.timeout)
	}
	return DefaultTimeout
}

// kindOf is the kind of source c reads.
func kindOf(c Collector) string {
	if k, ok := c.(Kinder); ok {
		return k.Kind()
	}
	return "custom"
}
