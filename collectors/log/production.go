package log

import (
	"context"
	"time"

	"github.com/prodgate/prodgate/collectors/log/internal/deployments"
	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
)

// Production collects the history of deployments from the audit trail, the section
// "production".
type Production struct{ Log Location }

// Name is the section's key.
func (Production) Name() string { return "production" }

// Kind is the kind of source.
func (Production) Kind() string { return Kind }

// Collect reads the history. The trail knows nothing of what ran before its first
// entry: Since is the time of that entry. An error means that the trail could not
// be read or proved.
func (c Production) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	return c.Log.Collect(ctx, func(reading *recorded.Reading) (facts.Section, error) {
		began, err := reading.Began(ctx)
		if err != nil {
			return nil, err
		}
		since := time.Now()
		if began != nil {
			since = *began
		}
		since = recorded.Second(since)
		found, err := deployments.Read(ctx, reading, req)
		if err != nil {
			return nil, err
		}
		complete := reading.Complete
		found.Since, found.Complete = &since, &complete
		return found, nil
	})
}
