package evaluator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const oneDay = 24 * time.Hour

func when(t testing.TB, e *Evaluator, in *Input, length time.Duration) Schedule {
	t.Helper()
	schedule, err := e.When(context.Background(), in, Search{Until: in.now.Add(length)})
	if err != nil {
		t.Fatal(err)
	}
	return schedule
}

// schedules hold a function for each story, by name, that makes its schedule once
// for all tests.
var schedules sync.Map

// schedule is what the gate does in the fourteen days from the story's own instant.
func (s story) schedule(t testing.TB) Schedule {
	t.Helper()
	once, _ := schedules.LoadOrStore(s.name, sync.OnceValues(func() (Schedule, error) {
		e, err := shipped()
		if err != nil {
			return Schedule{}, err
		}
		in, err := Read(s.name, s.document)
		if err != nil {
			return Schedule{}, err
		}
		return e.When(context.Background(), in, Search{Until: in.now.Add(14 * oneDay)})
	}))
	schedule, err := once.(func() (Schedule, error))()
	if err != nil {
		t.Fatal(err)
	}
	return schedule
}

// alone evaluates the whole decision as of instant, with nothing remembered,
// and reports whether the gate is open and whether only needs stand in the way.
func alone(t testing.TB, e *Evaluator, in *Input, instant time.Time, needed []Finding) state {
	t.Helper()
	run, err := e.start(context.Background(), in.At(instant))
	if err != nil {
		t.Fatal(err)
	}
	result, err := run.whole(instant, run.begin())
	if err != nil {
		t.Fatal(err)
	}
	known, left := identities(needed), 0
	for identity := range result.denials() {
		if !known[identity] {
			left++
		}
	}
	return state{open: result.outcome == Allow, meetable: result.outcome != Allow && left == 0}
}

func within(list []Interval, at time.Time) bool {
	return slices.ContainsFunc(list, func(i Interval) bool { return !at.Before(i.From) && at.Before(i.To) })
}

// edges asserts that intervals are in order and that each begins and ends
// where it says, to the second.
func edges(t testing.TB, s Schedule, list []Interval, holds func(time.Time) bool) {
	t.Helper()
	last := s.Now.Add(-time.Second)
	for _, i := range list {
		if !i.From.After(last) || !i.To.After(i.From) || i.To.After(s.Until) {
			t.Errorf("[%s, %s) is empty, out of order or after the search's end %s", i.From, i.To, s.Until)
		}
		last = i.To
		if len(i.OpensBecause) == 0 || len(i.ClosesBecause) == 0 {
			t.Errorf("[%s, %s) does not say why", i.From, i.To)
		}
		starts, ends := i.OpensBecause[0].Code == SearchStarts, i.ClosesBecause[0].Code == SearchEnds
		if starts != i.From.Equal(s.Now) || ends && !i.To.Equal(s.Until) {
			t.Errorf("[%s, %s): %v, %v", i.From, i.To, i.OpensBecause, i.ClosesBecause)
		}
		if !holds(i.From) || !holds(i.To.Add(-time.Second)) {
			t.Errorf("[%s, %s) does not hold at its edges", i.From, i.To)
		}
		if !starts && holds(i.From.Add(-time.Second)) {
			t.Errorf("[%s, %s) held before", i.From, i.To)
		}
		if !ends && holds(i.To) {
			t.Errorf("[%s, %s) holds after", i.From, i.To)
		}
	}
}

func TestWhenAgreesWithTheDecisionOfEveryStory(t *testing.T) {
	for _, story := range someStories(t) {
		t.Run(story.name, func(t *testing.T) {
			s, d := story.schedule(t), story.decision(t)
			if s.Outcome != d.Outcome || s.ExitCode != d.ExitCode || s.Input != d.Input || s.Policy != d.Policy {
				t.Errorf("when: %q, %d; decision: %q, %d", s.Outcome, s.ExitCode, d.Outcome, d.ExitCode)
			}
			if (s.OpensAt == nil) != (d.OpensAt == nil) || s.OpensAt != nil && !s.OpensAt.Equal(*d.OpensAt) {
				t.Errorf("opens at %v, the decision says %v", s.OpensAt, d.OpensAt)
			}
			first := s.Now
			if s.OpensAt != nil {
				first = *s.OpensAt
			}
			switch {
			case s.ExitCode == 1:
				if len(s.Intervals) > 0 || s.Never == nil || len(s.Needs) == 0 {
					t.Errorf("a denial: intervals %v, never %v, needs %v", s.Intervals, s.Never, s.Needs)
				}
			case s.Never != nil, len(s.Needs) > 0, len(s.WindowsOnceMet) > 0:
				t.Errorf("never %v, needs %v, windows once they are met %v", s.Never, s.Needs, s.WindowsOnceMet)
			case len(s.Intervals) == 0:
				if s.OpensAt == nil || s.OpensAt.Before(s.Until) {
					t.Errorf("no interval, and it opens at %v", s.OpensAt)
				}
			case !s.Intervals[0].From.Equal(first):
				t.Errorf("the first interval starts at %s, not at %s", s.Intervals[0].From, first)
			}
		})
	}
}

func TestWhenHoldsAtItsEdgesToTheSecond(t *testing.T) {
	e := shippedRules(t)
	for _, story := range someStories(t) {
		t.Run(story.name, func(t *testing.T) {
			s, in := story.schedule(t), story.input(t)
			edges(t, s, s.Intervals, func(at time.Time) bool { return alone(t, e, in, at, s.Needs).open })
			edges(t, s, s.WindowsOnceMet, func(at time.Time) bool { return alone(t, e, in, at, s.Needs).meetable })
		})
	}
}

func TestWhenAgreesWithEvaluatingAtAnyInstant(t *testing.T) {
	e := shippedRules(t)
	some := someStories(t)
	checkSome(t, func(rt *rapid.T) {
		story := rapid.SampledFrom(some).Draw(rt, "story")
		s, in := story.schedule(t), story.input(t)
		for range 4 {
			after := rapid.Int64Range(0, max(0, int64(s.Until.Sub(s.Now)/time.Second)-1)).Draw(rt, "seconds from now")
			at := s.Now.Add(time.Duration(after) * time.Second)
			got := alone(t, e, in, at, s.Needs)
			if got.open != within(s.Intervals, at) {
				rt.Fatalf("%s at %s: open is %v, the intervals are %v", story.name, at, got.open, s.Intervals)
			}
			if s.WindowsUnknown == nil && got.meetable != within(s.WindowsOnceMet, at) {
				rt.Fatalf("%s at %s: only needs stand is %v, the windows are %v", story.name, at, got.meetable, s.WindowsOnceMet)
			}
		}
	})
}

func TestWhenListsTheReasonsOfOpeningAndClosing(t *testing.T) {
	s := storyNamed(t, "wait-freeze").schedule(t)
	if len(s.Intervals) == 0 {
		t.Fatal("no interval")
	}
	i := s.Intervals[0]
	if got := i.OpensBecause; len(got) != 1 || got[0].Code != "freeze.active" || text(got[0].Item) != "Quarterly settlement" || got[0].Message == "" {
		t.Errorf("opens because %v", got)
	}
	if got := i.ClosesBecause; len(got) != 1 || got[0].Code != "window.closed" || got[0].Message == "" {
		t.Errorf("closes because %v", got)
	}
}

func TestWhenSeparatesFindingsThatClearWithTimeFromNeeds(t *testing.T) {
	for _, tt := range []struct {
		story   string
		need    string
		windows bool
		unknown string // part of the reason
		never   string // part of the reason
	}{
		{"deny-critical-cve", "vulnerabilities.denied", true, "", "open findings: vulnerabilities.denied"},
		{"deny-no-mfa", "approval.missing", true, "", "open findings: approval.missing"},
		{"deny-freeze-outlasts-approval", "approval.missing", true, "", "after the wait, these findings remain: approval.missing"},
		{"deny-beyond-horizon", "calendar.beyond_horizon", false, "could not be evaluated", "open findings: calendar.beyond_horizon"},
		{"deny-emergency-without-vp", "emergency.not_approved", false, "not limited to windows", "open findings: emergency.not_approved"},
	} {
		t.Run(tt.story, func(t *testing.T) {
			s := storyNamed(t, tt.story).schedule(t)
			if !slices.ContainsFunc(s.Needs, func(f Finding) bool { return f.Code == tt.need && f.Remedy != "" && len(f.Who) > 0 }) {
				t.Errorf("needs %v", s.Needs)
			}
			if (len(s.WindowsOnceMet) > 0) != tt.windows {
				t.Errorf("windows once the needs are met: %v", s.WindowsOnceMet)
			}
			if got := text(s.WindowsUnknown); !strings.Contains(got, tt.unknown) || (got == "") != (tt.unknown == "") {
				t.Errorf("windows unknown: %q", got)
			}
			if got := text(s.Never); !strings.Contains(got, tt.never) {
				t.Errorf("never: %q", got)
			}
		})
	}
}

func TestWhenSearchesOnlyUntilTheRequestedEnd(t *testing.T) {
	e := shippedRules(t)
	in := storyNamed(t, "allow").input(t)
	horizon := in.doc.Calendar.Horizon
	for _, tt := range []struct {
		name  string
		now   time.Time
		until time.Time
		end   time.Time
	}{
		{"the end asked for", in.now, in.now.Add(time.Hour), in.now.Add(time.Hour)},
		{"the calendar's horizon", horizon.Add(-oneDay), horizon.Add(oneDay), horizon},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := e.When(t.Context(), in.At(tt.now), Search{Until: tt.until})
			if err != nil {
				t.Fatal(err)
			}
			if !s.Until.Equal(tt.end) || !s.Horizon.Equal(horizon) {
				t.Errorf("looked until %s, horizon %s", s.Until, s.Horizon)
			}
		})
	}
	s := when(t, e, in, time.Hour)
	if len(s.Intervals) != 1 || !s.Intervals[0].To.Equal(s.Until) || s.Intervals[0].ClosesBecause[0].Code != SearchEnds {
		t.Errorf("an hour within the window: %v", s.Intervals)
	}
	closed := storyNamed(t, "wait-freeze").input(t)
	s = when(t, e, closed, time.Hour)
	if len(s.Intervals) != 0 || s.OpensAt == nil || s.Never != nil {
		t.Errorf("the opening lies after the search: %v, opens at %v, never %v", s.Intervals, s.OpensAt, s.Never)
	}
	if _, err := e.When(t.Context(), in, Search{Until: in.now}); !errors.Is(err, ErrNoDecision) {
		t.Errorf("a search that ends now: %v", err)
	}
}

func TestWhenEndsWithItsContext(t *testing.T) {
	e := shippedRules(t)
	in := storyNamed(t, "deny-no-mfa").input(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	s, err := e.When(ctx, in, Search{Until: in.now.Add(90 * oneDay)})
	if !errors.Is(err, ErrNoDecision) || !errors.Is(err, context.DeadlineExceeded) || s.Outcome != "" {
		t.Errorf("after the deadline: %q, %v", s.Outcome, err)
	}
	if spent := time.Since(start); spent > 5*time.Second {
		t.Errorf("it took %s to end", spent)
	}
}

// BenchmarkWhen searches 90 days, the budget of which is 250 ms on an idle
// machine, and fourteen.
func BenchmarkWhen(b *testing.B) {
	e := shippedRules(b)
	for _, tt := range []struct {
		name, story string
		length      time.Duration
	}{
		{"open/90days", "allow", 90 * oneDay},
		{"open/14days", "allow", 14 * oneDay},
		{"needs/90days", "deny-no-mfa", 90 * oneDay},
	} {
		b.Run(tt.name, func(b *testing.B) {
			in := storyNamed(b, tt.story).input(b)
			for b.Loop() {
				if _, err := e.When(b.Context(), in, Search{Until: in.now.Add(tt.length)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
