// Package monitoring reads what watches the service, from one file:
//
//	as_of: 2026-11-24T11:00:00-05:00    # when the monitoring system was looked at
//	service: payments-api               # optional, as is environment: production
//	dashboards:
//	  - name: Payments API
//	    url: https://grafana.example.com/d/payments
//	alerts:
//	  - name: PaymentsErrorRate
//	    enabled: true
//
// [] says that there are none.
package monitoring

import (
	"context"
	_ "embed" // the skeleton

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// Skeleton is an annotated file to begin with.
//
//go:embed skeleton.yaml
var Skeleton string

// Collector reads the monitoring from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "monitoring" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.Monitoring
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: &section, Evidence: evidence}, nil
}
