package evaluator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// seen is the result at an instant.
type seen[T comparable] struct {
	at time.Time
	is T
}

// changesBetween finds, to the second, where the answer of ask changes after a,
// up to b.
func changesBetween[T comparable](a, b seen[T], ask func(time.Time) (T, error)) ([]seen[T], error) {
	var changes []seen[T]
	for a.is != b.is {
		change, err := firstChange(a, b, ask)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
		a = change
	}
	return changes, nil
}

// firstChange halves the time between a and b, which differ, until it has a
// second at which the answer is no longer a's, but was a second before. An edge
// is nearly always at b.
func firstChange[T comparable](a, b seen[T], ask func(time.Time) (T, error)) (seen[T], error) {
	probe := b.at.Add(-time.Second)
	for b.at.Sub(a.at) > time.Second {
		is, err := ask(probe)
		if err != nil {
			return b, err
		}
		if is == a.is {
			a.at = probe
		} else {
			b = seen[T]{probe, is}
		}
		probe = a.at.Add(b.at.Sub(a.at) / 2).Truncate(time.Second)
	}
	return b, nil
}

// ownEdges are the instants in (now, until] at which a check of a pack changes
// its answer. The shipped rules take their times from document and settings
// alone, a pack's may hold some of their own: so its checks are asked at every
// multiple of resolution, next to the known instants.
func (l *timeline) ownEdges(known []time.Time, until time.Time, resolution time.Duration) ([]time.Time, error) {
	var edges []time.Time
	for _, check := range l.required {
		if !packCheck.MatchString(check) || !l.moves(check) {
			continue
		}
		ask := func(at time.Time) (string, error) { return l.answer(check, at) }
		first, err := ask(l.in.now)
		if err != nil {
			return nil, err
		}
		last := seen[string]{l.in.now, first}
		for _, at := range sampled(known, l.in.now, until, resolution) {
			is, err := ask(at)
			if err != nil {
				return nil, err
			}
			next := seen[string]{at, is}
			changes, err := changesBetween(last, next, ask)
			if err != nil {
				return nil, err
			}
			for _, change := range changes {
				edges = append(edges, change.at)
			}
			last = next
		}
	}
	return edges, nil
}

// sampled adds every multiple of resolution in (from, until), and until.
func sampled(known []time.Time, from, until time.Time, resolution time.Duration) []time.Time {
	all := append(slices.Clone(known), until)
	for at := from.Truncate(resolution).Add(resolution); at.Before(until); at = at.Add(resolution) {
		all = append(all, at)
	}
	return inOrder(all)
}

// inOrder sorts the instants and removes duplicates.
func inOrder(instants []time.Time) []time.Time {
	slices.SortFunc(instants, time.Time.Compare)
	return slices.CompactFunc(instants, time.Time.Equal)
}

// answer is whether a check passes as of an instant and what it denies, as
// text to compare.
func (r *run) answer(check string, at time.Time) (string, error) {
	input, cache := r.in.term(at), r.later()
	passes, err := r.passes(check, input, cache)
	if err != nil {
		return "", err
	}
	denials, err := r.denialsOf(check, input, cache)
	if err != nil {
		return "", err
	}
	answer := []string{strconv.FormatBool(passes)}
	for i := range denials {
		identity := denials[i].identity()
		answer = append(answer, fmt.Sprintf("%q", identity[:]))
	}
	slices.Sort(answer)
	return strings.Join(answer, " "), nil
}

// moves reports whether a check's result depends on now. A check of
// which nothing is known depends on it.
func (r *run) moves(check string) bool {
	for _, rule := range []string{".pass", ".deny"} {
		node := r.recording.root().find(ast.MustParseRef(checksPath + quoteName(check) + rule))
		if node == nil || node.moving || node.value == nil && !node.undefined {
			return true
		}
	}
	return false
}
