package production

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// requests are what the gate was asked for.
type requests struct {
	kinds          map[string]facts.Kind // by deployment
	configurations map[string]*string    // by deployment
	builtAt        map[string]*time.Time // by digest
}

// requestsOf reads gate.requested entries; of several the last one says it.
func requestsOf(entries []trail.Entry) requests {
	r := requests{kinds: map[string]facts.Kind{}, configurations: map[string]*string{}, builtAt: map[string]*time.Time{}}
	for _, e := range entries {
		var data trail.RequestData
		if json.Unmarshal(e.Data, &data) != nil {
			continue // it says nothing about a deployment
		}
		if id := recorded.Deployment(e); id != "" {
			if kind := facts.Kind(data.Kind); slices.Contains(facts.Kinds, kind) {
				r.kinds[id] = kind
			}
			if data.Configuration != nil {
				r.configurations[id] = recorded.Digest(*data.Configuration)
			}
		}
		if at := recorded.Instant(data.BuiltAt); at != nil && e.Digest != "" {
			r.builtAt[e.Digest] = at
		}
	}
	return r
}

// kindOf is what kind of request a deployment answers; "" where it is not known.
func (r requests) kindOf(deployment string) facts.Kind { return r.kinds[deployment] }
