// Package collectors gathers facts. Each folder below reads one kind of source
// and reports what it saw; nothing here judges: thresholds, roles and windows
// belong to the policies.
//
// To add a kind of system: a folder with a source.Kind, and a line in Kinds. To add
// custom facts without Go: a file under sources.custom.NAME in prodgate.yaml;
// with Go: a Collector called custom.NAME that returns facts.Custom, given to Gather
// in addition to All.
package collectors

import (
	"context"
	"time"

	"github.com/prodgate/prodgate/collectors/artifact"
	"github.com/prodgate/prodgate/collectors/calendar"
	"github.com/prodgate/prodgate/collectors/report"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan"
	"github.com/prodgate/prodgate/scan/sbom"
)

// Collector reads one source and reports what it saw.
type Collector = source.Collector

// Kinder is a Collector that says what kind of source it reads: file,
// registry, github … Settings accept or refuse sources by that word. The kind
// of a Collector that does not say is "custom".
type Kinder interface {
	Kind() string
}

// ErrUnconfigured is what a Collector returns, wrapped, when it is not configured where
// to look. The text around it names the key that would say so.
var ErrUnconfigured = strict.ErrUnconfigured

// Resolve returns the digest (sha256:…) that reference names, reading its source
// once; the answer belongs into facts.Request.Digest. The error holds no
// secrets.
func Resolve(ctx context.Context, cfg Config, reference string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(cfg.Timeout))
	defer cancel()
	digest, err := artifact.Resolve(ctx, reference, cfg.Registry)
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

// Repository returns the repository of an image reference, without tag and digest,
// as settings of the policies list it; empty if the reference is not one.
func Repository(reference string) string { return artifact.Repository(reference) }

// Calendar reads the calendar that cfg names, to be shown. within gives the range
// for the site's zone. The error holds no secrets.
func Calendar(ctx context.Context, cfg Config, within calendar.Range) (*calendar.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(cfg.Timeout))
	defer cancel()
	c, err := cfg.calendar()
	if err != nil {
		return nil, redacted{err}
	}
	report, err := c.Read(ctx, within)
	if err != nil {
		return nil, redacted{err}
	}
	return report, nil
}

// Scan looks for vulnerabilities in the image that reference names, one scan for
// each platform. The error holds no secrets.
func Scan(ctx context.Context, reference string, options scan.Options) ([]scan.Scan, error) {
	options.Redact = redact
	scans, err := scan.Image(ctx, reference, options)
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
func ScanSBOM(ctx context.Context, name string, content []byte, options scan.Options) ([]scan.Scan, error) {
	sboms, err := sbom.Read(name, content)
	if err != nil {
		return nil, redacted{err}
	}
	scans, err := scan.SBOM(ctx, sboms, options)
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

// timeoutOf is how long c may take.
func timeoutOf(c Collector) time.Duration {
	switch c := c.(type) {
	case limited:
		return orDefault(c.timeout)
	case merged:
		return c.timeout()
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
