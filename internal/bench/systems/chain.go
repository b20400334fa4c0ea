package main

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// clock delays each answer, and notes when each request was answered.
type clock struct {
	latency time.Duration

	mutex    sync.Mutex
	requests []span
}

// span is the time from a request to its answer.
type span struct{ begin, end time.Time }

// delay is the fault of a server that is slow.
func (c *clock) delay(http.ResponseWriter, *http.Request) bool {
	begin := time.Now()
	time.Sleep(c.latency)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.requests = append(c.requests, span{begin, time.Now()})
	return false
}

func (c *clock) reset() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.requests = nil
}

// chain is how many requests there were, and how many of them at most followed one
// another.
func (c *clock) chain() (requests, longest int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	slices.SortFunc(c.requests, func(a, b span) int { return a.end.Compare(b.end) })
	var last time.Time
	for _, r := range c.requests {
		if !r.begin.Before(last) {
			longest++
			last = r.end
		}
	}
	return len(c.requests), longest
}
