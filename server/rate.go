package server

import (
	"math"
	"sync"
	"time"
)

// rates bounds the requests of each caller: a bucket of a minute's requests that fills
// evenly. Only listed callers have one, so there are few.
type rates struct {
	perMinute int
	clock     func() time.Time

	mutex   sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newRates(perMinute int, clock func() time.Time) *rates {
	return &rates{perMinute: perMinute, clock: clock, buckets: map[string]*bucket{}}
}

// take takes a request out of a caller's bucket; if it is empty, it returns how long
// until there is one, in whole seconds.
func (r *rates) take(name string) (wait int, ok bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now, full := r.clock(), float64(r.perMinute)
	b := r.buckets[name]
	if b == nil {
		b = &bucket{left: full, at: now}
		r.buckets[name] = b
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.left, b.at = math.Min(full, b.left+passed.Minutes()*full), now
	}
	if b.left < 1 {
		return int(math.Ceil((1 - b.left) / full * 60)), false
	}
	b.left--
	return 0, true
}
