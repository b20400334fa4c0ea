package production

import (
	"context"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/deployments"
	"github.com/prodgate/prodgate/collectors/internal/recorded"
	"github.com/prodgate/prodgate/facts"
)

// collectRecorded reads the history of deployments from the trail. What the trail
// does not know of went before it: Since says from when on it knows.
func (c Collector) collectRecorded(ctx context.Context, req facts.Request) (section facts.Section, err error) {
	reading, err := c.Log.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := reading.Close(); err == nil && closed != nil {
			section, err = nil, closed
		}
	}()
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
	return facts.Observed{Section: found, Kind: recorded.Kind, Evidence: reading.Evidence()}, nil
}
