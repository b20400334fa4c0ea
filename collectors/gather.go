package collectors

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/zone"
)

// Gather asks every collector of from about req, in parallel, and returns the
// document of what they saw. The order of from changes nothing.
//
// The collectors do not depend on each other, with one exception: those that look up the
// author of the commit can wait for the section build (facts.Request.Built).
//
// ctx bounds the whole; within it each source has its own deadline, so a slow
// one costs its own section and no other. A collector that panics, returns
// nothing or answers too late counts as one that could not look. Every section
// of a document has an entry in Sources: those that from does not cover are
// unconfigured. Errors in Sources are one line each and hold no secrets.
//
// Now and CollectedAt are clock's time after the last collector has finished,
// in whole seconds and at the site's offset, if the calendar has a zone.
// clock is called from this goroutine only. The document is marked as collected
// by this process.
func Gather(ctx context.Context, clock func() time.Time, req facts.Request, from []Collector) *facts.Document {
	doc := &facts.Document{Version: facts.Version, Request: req, Sources: map[string]facts.Source{}}
	answers := make(chan answer, len(from))
	build := commitOf(from)
	req.Built = build.wait
	for _, c := range from {
		go func() { answers <- ask(ctx, req, c) }()
	}
	for range from {
		a := <-answers
		a.at = clock()
		if _, twice := doc.Sources[a.name]; twice || count(from, a.name) > 1 {
			a = answer{name: a.name, kind: a.kind, at: a.at, err: fmt.Errorf("two collectors are called %q: one of them has to go", a.name)}
		}
		if s, ok := plain(a.section).(*facts.Staging); ok && a.err == nil && !s.HasStays() {
			a.err = facts.ErrNoStays
		}
		if a.name == "build" {
			build.publish(a)
		}
		a.addTo(doc)
	}
	for _, name := range facts.Sections {
		if _, covered := doc.Sources[name]; !covered {
			err := fmt.Errorf("no collector for %q was asked: %w", name, ErrUnconfigured)
			answer{name: name, kind: "none", at: clock(), err: err}.addTo(doc)
		}
	}
	doc.CollectedAt = clock().Truncate(time.Second).In(siteZone(doc.Calendar))
	doc.Now = doc.CollectedAt
	doc.MarkCollected()
	return doc
}

// answer is what one collector said, or why it could not.
type answer struct {
	name, kind string
	section    facts.Section
	at         time.Time
	err        error
}

// ask runs c within its deadline. A collector that does not honour its context
// is left behind: its answer goes nowhere.
func ask(ctx context.Context, req facts.Request, c Collector) answer {
	limit := timeoutOf(c)
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a := answer{name: c.Name(), kind: kindOf(c)}
	done := make(chan answer, 1)
	go func(a answer) { done <- contain(inner, req, c, a) }(a) // its own copy: it may outlive this call
	select {
	case a = <-done:
		if a.err == nil || inner.Err() == nil {
			return a
		}
	case <-inner.Done():
	}
	if ctx.Err() != nil {
		a.err = fmt.Errorf("stopped before there was an answer: %w", context.Cause(ctx))
	} else {
		a.err = fmt.Errorf("no answer within %s; sources.timeout in prodgate.yaml gives it longer", limit)
	}
	return a
}

// contain runs c and turns whatever becomes of it into an answer: a panic and
// an answer that is none are errors.
func contain(ctx context.Context, req facts.Request, c Collector, a answer) (out answer) {
	out = a
	out.err = errors.New("the collector ended without an answer")
	defer func() {
		if p := recover(); p != nil {
			out.section, out.err = nil, fmt.Errorf("the collector panicked: %v", p)
		}
	}()
	section, err := c.Collect(ctx, req)
	if err == nil {
		err = misplaced(section, a.name)
	}
	if err == nil {
		err = malformed(section, a.name)
	}
	out.section, out.err = section, err
	return out
}

// misplaced explains why section is not allowed in a document under name.
func misplaced(section facts.Section, name string) error {
	if o, ok := section.(facts.Observed); ok {
		section = o.Section
	}
	if section == nil || reflect.ValueOf(section).Kind() == reflect.Pointer && reflect.ValueOf(section).IsNil() {
		return errors.New("the collector returned no section and no error")
	}
	if got := facts.SectionName(section); got != name {
		return fmt.Errorf("the collector %q returned the section %q", name, got)
	}
	if _, custom := section.(facts.Custom); custom && slices.Contains(facts.Sections, name) {
		return fmt.Errorf("the collector returned a custom section under the reserved name %q", name)
	}
	return nil
}

// malformed says why no document can hold section, so that one bad section
// costs its own source and not the whole document.
func malformed(section facts.Section, name string) error {
	then := time.Unix(0, 0).UTC()
	around := &facts.Document{
		Version: facts.Version, Now: then, CollectedAt: then,
		Request: facts.Request{
			ID: "probe", Service: "probe", Environment: "probe", Kind: facts.KindPromotion,
			Trigger: "probe", RequestedBy: "probe:1", TriggeredBy: "probe:1", RequestedAt: then,
		},
		Sources: map[string]facts.Source{},
	}
	if s, ok := plain(section).(*facts.Staging); ok && !s.HasStays() {
		whole := *s // it is merged with another one
		whole.Digest, whole.DeployedAt = "sha256:"+strings.Repeat("0", 64), then
		if o, ok := section.(facts.Observed); ok {
			o.Section = &whole
			section = o
		} else {
			section = &whole
		}
	}
	answer{name: name, kind: "probe", section: section, at: then}.addTo(around)
	_, err := facts.FromDocument(around)
	var invalid *facts.InvalidError
	if errors.As(err, &invalid) && len(invalid.Problems) > 0 {
		p := invalid.Problems[0]
		return fmt.Errorf("what the source says has no place in a document: %s %s", p.Path, p.Message)
	}
	return err
}

// addTo puts the answer into doc: its section, if there is one, and its source.
func (a answer) addTo(doc *facts.Document) {
	if a.err == nil {
		doc.Add(a.section)
	}
	doc.Sources[a.name] = a.source()
}

// source says how reading went.
func (a answer) source() facts.Source {
	at := a.at.Truncate(time.Second).UTC()
	source := facts.Source{Status: facts.StatusOK, Kind: a.kind, ObservedAt: &at}
	if a.err != nil {
		source.Status = facts.StatusError
		if errors.Is(a.err, ErrUnconfigured) {
			source.Status, source.ObservedAt = facts.StatusUnconfigured, nil
		}
		text := redact(a.err.Error())
		source.Error = &text
		return source
	}
	if o, ok := a.section.(facts.Observed); ok {
		source.Evidence, source.Systems, source.Contradictions, source.Unverified = o.Evidence, o.Systems, o.Contradictions, o.Unverified
		if o.Kind != "" {
			source.Kind = o.Kind
		}
		if !o.At.IsZero() {
			at = o.At.UTC()
		}
	}
	return source
}

// count is how many of list are called name.
func count(list []Collector, name string) int {
	n := 0
	for _, c := range list {
		if c.Name() == name {
			n++
		}
	}
	return n
}

// siteZone is the site's zone, or UTC if the calendar has none.
func siteZone(calendar *facts.Calendar) *time.Location {
	if calendar == nil {
		return time.UTC
	}
	location, err := zone.Load(calendar.Timezone)
	if err != nil {
		return time.UTC
	}
	return location
}
