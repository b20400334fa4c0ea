package ical

import (
	"context"
	"errors"
	"fmt"
)

// How many periods and candidates the rules of one expansion, and of one
// VTIMEZONE, may visit. Ten million take about a second.
const (
	maxPeriods     = 10_000_000
	maxZonePeriods = 100_000
)

var errTooMany = errors.New("the calendar has more occurrences in the range than are listed; " +
	"ask for a shorter range or raise the limit")

// budget bounds the work of following rules. Once spent it stays spent, and err
// says why.
type budget struct {
	ctx     context.Context
	periods int
	found   int // occurrences of one event that may be held at once
	err     error
}

// room reports whether one more occurrence may be held beside n others.
func (b *budget) room(n int) bool {
	if b.err == nil && n >= b.found {
		b.err = errTooMany
	}
	return b.err == nil
}

// spend pays for one step and reports whether it may be taken.
func (b *budget) spend() bool {
	if b.err != nil {
		return false
	}
	b.periods--
	if b.periods < 0 {
		b.err = fmt.Errorf("its rules take too many steps to follow; ask for a shorter range or simplify them")
		return false
	}
	if b.periods%1024 == 0 {
		if err := b.ctx.Err(); err != nil {
			b.err = fmt.Errorf("follow its rules: %w", err)
			return false
		}
	}
	return true
}
