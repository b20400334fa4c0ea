package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/attestation"
	"github.com/prodgate/prodgate/collectors/log"
	"github.com/prodgate/prodgate/facts"
)

// system is one of several systems that a section is read from.
type system struct {
	Collector
	name     string // in prodgate.yaml
	optional bool
}

// merged reads one section from several systems, at the same time, each within
// its own deadline, and merges what they report by the rules of package facts.
type merged struct {
	section string
	systems []system
	clock   func() time.Time // dates each system's answer
}

// Name is the section's key.
func (m merged) Name() string { return m.section }

// Kind is the kind of a source of several systems.
func (merged) Kind() string { return facts.KindMerged }

// Collect asks every system. The section is one that could not be read if a
// system could not, unless that is optional.
func (m merged) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	answers := m.ask(ctx, req)
	observed := facts.Observed{}
	var parts []facts.Part
	var problems []string
	var within []facts.Contradiction
	for i, a := range answers {
		s := m.systems[i]
		seen := a.source()
		observed.Systems = append(observed.Systems, facts.System{
			Name: s.name, Kind: seen.Kind, Status: seen.Status, Optional: trueOrAbsent(s.optional),
			ObservedAt: seen.ObservedAt, Evidence: seen.Evidence, Error: seen.Error, Unverified: seen.Unverified,
		})
		switch {
		case a.err == nil:
			within = append(within, inside(s.name, seen.Contradictions)...)
			parts = append(parts, facts.Part{
				System: s.name, Section: plain(a.section), Decides: decides(a.section),
				Attested: seen.Kind == attestation.Kind.Name, Recorded: seen.Kind == log.Kind,
			})
			if at := *seen.ObservedAt; observed.At.IsZero() || at.Before(observed.At) {
				observed.At = at
			}
		case !s.optional || errors.Is(a.err, ErrUnconfigured):
			problems = append(problems, fmt.Sprintf("%s: %v", s.name, a.err))
		}
	}
	if len(problems) > 0 {
		return nil, errors.New(strings.Join(problems, "; "))
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("none of the systems of %s could be read", m.section)
	}
	var err error
	observed.Section, observed.Contradictions, err = facts.Merge(parts)
	observed.Contradictions = append(observed.Contradictions, within...)
	return observed, err
}

// inside are contradictions that one system found in itself, with its name.
func inside(system string, contradictions []facts.Contradiction) (all []facts.Contradiction) {
	for _, c := range contradictions {
		values := slices.Clone(c.Values)
		for i := range values {
			values[i].System = system + ": " + values[i].System
		}
		all = append(all, facts.Contradiction{Path: c.Path, Values: values})
	}
	return all
}

// ask asks every system; the answers are in the order of m.systems.
func (m merged) ask(ctx context.Context, req facts.Request) []answer {
	type numbered struct {
		answer
		index int
	}
	came := make(chan numbered, len(m.systems))
	for i, s := range m.systems {
		go func() { came <- numbered{ask(ctx, req, s.Collector), i} }()
	}
	answers := make([]answer, len(m.systems))
	for range m.systems {
		a := <-came
		a.at = m.clock()
		answers[a.index] = a.answer
	}
	return answers
}

// plain is a section without what was observed of it.
func plain(s facts.Section) facts.Section {
	if o, ok := s.(facts.Observed); ok {
		return o.Section
	}
	return s
}

// decides are the roles and teams that a directory looks up.
func decides(s facts.Section) facts.Grants {
	o, _ := s.(facts.Observed)
	return o.Decides
}

func trueOrAbsent(b bool) *bool {
	if !b {
		return nil
	}
	return &b
}

// timeout is how long all the systems may take: as long as the slowest, and a
// little, so that each is cut off by its own deadline and named.
func (m merged) timeout() time.Duration {
	longest := time.Duration(0)
	for _, s := range m.systems {
		longest = max(longest, timeoutOf(s.Collector))
	}
	return longest + time.Second
}
