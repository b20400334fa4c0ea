// Package collectors gathers facts. Each folder below reads one kind of source
// and reports what it saw; nothing here judges: thresholds, roles and windows
// belong to the policies.
package collectors

import (
	"context"

	"github.com/prodgate/prodgate/facts"
)

// Collector reads one source and reports what it saw.
type Collector interface {
	// Name is the section's JSON key and the word users see ("artifact").
	Name() string

	// Collect returns the section for req. It honours ctx, does not depend on
	// another collector and writes nothing. "Looked and found nothing" is a
	// section that says so; an error means "could not look".
	Collect(ctx context.Context, req facts.Request) (facts.Section, error)
}
