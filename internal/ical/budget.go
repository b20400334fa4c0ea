package ical

import (
	"context"
	"errors"
	"fmt"
)

// How many days, shorter periods and candidates the rules of one expansion, and
// of all the VTIMEZONEs of a file, may visit. Ten million take about a second.
const (
	maxSteps     = 20_000_000
	maxZoneSteps = 1_000_000
)

var errTooMany = errors.New("the calendar has more occurrences in the range than are listed; " +
	"ask for a shorter range or raise the limit")

// budget bounds the work of following rules. Once spent it stays spent, and err
// says why.
type budget struct {
	ctx   context.Context
	steps int
	found int // occurrences of one event that may be held at once
	err   error
}

// room reports whether one more occurrence may be kept in addition to n others.
func (b *budget) room(n int) bool {
	if b.err == nil && n >= b.found {
		b.err = errTooMany
	}
	return b.err == nil
}

// spend pays for steps and reports whether they may be taken.
func (b *budget) spend(steps int) bool {
	if b.err != nil {
		return false
	}
	before := b.steps
	b.steps -= steps
	if b.steps < 0 {
		b.err = errors.New("its rules take too many steps to follow; ask for a shorter range or simplify them")
		return false
	}
	const now = 4096 // how many steps may pass between two looks at the clock
	if before/now != b.steps/now {
		if err := b.ctx.Err(); err != nil {
			b.err = fmt.Errorf("follow its rules: %w", err)
			return false
		}
	}
	return true
}
