package collectors

import (
	"context"
	"sync"

	"github.com/prodgate/prodgate/facts"
)

// built is the commit that the section build names, for collectors that look up its author.
// They are asked at the same time as the collector of that section.
type built struct {
	once   sync.Once
	known  chan struct{}
	commit string
}

// commitOf is what waits for the section build. If no collector of from reads it, there is
// nothing to wait for.
func commitOf(from []Collector) *built {
	b := &built{known: make(chan struct{})}
	if count(from, "build") == 0 {
		b.publish(answer{})
	}
	return b
}

// publish ends the waiting with the answer about the section build.
func (b *built) publish(a answer) {
	b.once.Do(func() {
		if section, ok := plain(a.section).(*facts.Build); ok && a.err == nil {
			b.commit = section.Commit
		}
		close(b.known)
	})
}

// wait returns the commit; empty if it is not known.
func (b *built) wait(ctx context.Context) string {
	select {
	case <-b.known:
		return b.commit
	case <-ctx.Done():
		return ""
	}
}
