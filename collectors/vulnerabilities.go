package collectors

import (
	"context"
	"errors"

	"github.com/prodgate/prodgate/collectors/internal/vulnerabilities"
	"github.com/prodgate/prodgate/collectors/report"
	"github.com/prodgate/prodgate/facts"
)

// vulnerabilities returns the collector of the section: prodgate's own scan, or the
// reports of other scanners.
func (c Config) vulnerabilities() Collector {
	documents := vulnerabilities.Documents{VEX: c.vex(), Ignore: c.ignore()}
	reports := report.Collector{Reports: c.reports(), Database: c.database(), Documents: documents}
	own := c.own()
	switch {
	case own == nil:
		return reports
	case len(reports.Reports) > 0:
		return scanAndReports{}
	}
	own.Documents = documents
	return *own
}

// scanAndReports is the collector of a configuration that names both: which of them
// counts is not known.
type scanAndReports struct{}

func (scanAndReports) Name() string { return vulnerabilities.Section }

func (scanAndReports) Kind() string { return "scan" }

func (scanAndReports) Collect(context.Context, facts.Request) (facts.Section, error) {
	return nil, errors.New("sources.vulnerabilities names both scan and reports in prodgate.yaml: keep the one that counts")
}
