package replay

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/prodgate/prodgate/internal/invented"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/race"
	"github.com/prodgate/prodgate/trail"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestMain collects garbage less often: compiled policies are large and live long.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// gates holds what gate compiled, by settings.
var gates sync.Map

// gate compiles the shipped policies with settings of an organisation, which
// lists payments-api, once for all tests.
func gate(t testing.TB, settings string) *evaluator.Evaluator {
	t.Helper()
	if known, ok := gates.Load(settings); ok {
		return known.(*evaluator.Evaluator)
	}
	own := map[string]any{}
	if settings != "" {
		if err := json.Unmarshal([]byte(settings), &own); err != nil {
			t.Fatal(err)
		}
	}
	services, _ := own["services"].(map[string]any)
	if services == nil {
		services = map[string]any{}
		own["services"] = services
	}
	services["payments-api"] = map[string]any{"repositories": []string{"registry.example.com/payments/payments-api"}}
	text, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	pack := t.TempDir()
	if err := os.MkdirAll(filepath.Join(pack, "prodgate", "organisation"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pack, "prodgate", "organisation", "data.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := evaluator.New(t.Context(), evaluator.Options{Packs: []string{pack}})
	if err != nil {
		t.Fatal(err)
	}
	gates.Store(settings, e)
	return e
}

const highDenies = `{"vulnerabilities": {"deny": ["CRITICAL", "HIGH"]}}`

// memory is a trail in memory: what is recorded and the blobs beside it.
type memory struct {
	entries []trail.Entry
	blobs   map[string][]byte
	bundles map[*evaluator.Evaluator][]byte
}

func (m *memory) past() Past {
	return Past{
		Entries: func(yield func(trail.Entry, error) bool) {
			for _, e := range m.entries {
				if !yield(e, nil) {
					return
				}
			}
		},
		Blob: func(_ context.Context, ref trail.BlobRef) ([]byte, error) {
			content, ok := m.blobs[ref.Digest]
			if !ok {
				return nil, fmt.Errorf("blob %s: %w", ref.Digest, trail.ErrErased)
			}
			return content, nil
		},
	}
}

// record decides on a story by e and keeps the decision, as changed.
func (m *memory) record(t testing.TB, e *evaluator.Evaluator, story string, change ...func(*trail.GateData, map[string][]byte, *trail.Entry)) {
	t.Helper()
	s, err := fixture.Load(filepath.Join("../../fixtures/cases", story))
	if err != nil {
		t.Fatal(err)
	}
	m.recordDocument(t, e, s.Document, change...)
}

func (m *memory) recordDocument(t testing.TB, e *evaluator.Evaluator, document []byte, change ...func(*trail.GateData, map[string][]byte, *trail.Entry)) {
	t.Helper()
	parsed, err := facts.Parse("document", document)
	if err != nil {
		t.Fatal(err)
	}
	decision, err := e.Replay(t.Context(), document)
	if err != nil {
		t.Fatal(err)
	}
	if m.blobs == nil {
		m.blobs, m.bundles = map[string][]byte{}, map[*evaluator.Evaluator][]byte{}
	}
	if m.bundles[e] == nil {
		if m.bundles[e], err = e.Bundle(); err != nil {
			t.Fatal(err)
		}
	}
	seq := int64(len(m.entries))
	data := invented.GateData(&decision)
	blobs := map[string][]byte{trail.BlobInput: parsed.Canonical(), trail.BlobPolicy: m.bundles[e]}
	entry := trail.Entry{Seq: seq, RecordedAt: decision.Now, Refs: map[string]trail.BlobRef{}, Event: trail.Event{
		ID: fmt.Sprint("id-", seq), Type: trail.TypeGateEvaluated, Mode: "enforce", Now: decision.Now, OccurredAt: decision.Now,
		Service: decision.Request.Service, Environment: decision.Request.Environment, Request: decision.Request.ID,
		Digest: parsed.Document().Artifact.Digest,
	}}
	for _, c := range change {
		c(&data, blobs, &entry)
	}
	if entry.Data, err = json.Marshal(data); err != nil {
		t.Fatal(err)
	}
	for role, content := range blobs {
		ref := trail.BlobRef{Digest: fmt.Sprintf("%s-%x", role, content[:min(len(content), 1<<20)]), Size: int64(len(content))}
		entry.Refs[role] = ref
		m.blobs[ref.Digest] = content
	}
	m.entries = append(m.entries, entry)
}

func all() Options {
	return Options{Since: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (m *memory) replay(t testing.TB, e *evaluator.Evaluator) *Report {
	t.Helper()
	r, err := Run(t.Context(), m.past(), e, all())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stories are all of the fixtures with an artifact.
func stories(t testing.TB) []string {
	t.Helper()
	folders, err := os.ReadDir("../../fixtures/cases")
	if err != nil || len(folders) < 40 {
		t.Fatalf("%d stories, %v", len(folders), err)
	}
	var names []string
	for _, folder := range folders {
		names = append(names, folder.Name())
	}
	return names
}

func TestRecordedDecisionsDoNotChangeWithTheSameRules(t *testing.T) {
	race.SkipSweep(t)
	e := gate(t, "")
	var m memory
	for i, story := range stories(t) {
		if i%3 == 1 { // a third, for time
			m.record(t, e, story)
		}
	}
	r := m.replay(t, e)
	if r.Same != len(m.entries) || r.NotReproduced.Count != 0 || r.Verdict(false) != NoneFlips {
		t.Errorf("%+v", r)
	}
}

// Rules with another digest that decide the same: each is decided twice.
func TestRecordedDecisionsDoNotChangeWithEquivalentRules(t *testing.T) {
	race.SkipSweep(t)
	e, alike := gate(t, ""), gate(t, `{"notification": {"teams": ["on-call", "support"]}}`)
	var m memory
	for i, story := range stories(t) {
		if i%3 == 0 { // a third, for time
			m.record(t, e, story)
		}
	}
	if r := m.replay(t, alike); r.Same != len(m.entries) || r.Verdict(false) != NoneFlips || r.Policy == e.Policy() {
		t.Errorf("%+v", r)
	}
}

func TestStricterAndLaxerRulesChangeDecisions(t *testing.T) {
	race.SkipSweep(t)
	shipped, strict := gate(t, ""), gate(t, highDenies)
	var byShipped, byStrict memory
	flips := 0
	outcome := "" // as Decide gives it, and no replay
	note := func(d *trail.GateData, _ map[string][]byte, _ *trail.Entry) { outcome = d.Outcome }
	for _, story := range stories(t) {
		if strings.HasPrefix(story, "deny-") && !strings.Contains(story, "cve") || len(story)%2 > 0 { // about half, for time
			continue
		}
		byShipped.record(t, shipped, story, note)
		by := outcome
		if byStrict.record(t, strict, story, note); by != outcome {
			flips++
		}
	}

	if flips == 0 {
		t.Fatal("no story tells the two apart")
	}
	harder, easier := byShipped.replay(t, strict), byStrict.replay(t, shipped)
	if harder.ToDeny != flips || harder.ToAllow != 0 || harder.Verdict(false) != SomeFlip {
		t.Errorf("to stricter rules: %d to deny, %d to allow; want %d and 0", harder.ToDeny, harder.ToAllow, flips)
	}
	if easier.ToAllow != flips || easier.ToDeny != 0 || easier.Verdict(false) != SomeFlip {
		t.Errorf("to laxer rules: %d to allow, %d to deny; want %d and 0", easier.ToAllow, easier.ToDeny, flips)
	}
	for name, r := range map[string]*Report{"harder": harder, "easier": easier} {
		if r.NotReproduced.Count != 0 || r.Replayed != r.Decisions {
			t.Errorf("%s: %d do not reproduce, %d of %d replayed", name, r.NotReproduced.Count, r.Replayed, r.Decisions)
		}
		if len(r.ByCheck) != 1 || r.ByCheck[0].Code != "vulnerabilities.denied" || r.ByCheck[0].ToDeny+r.ByCheck[0].ToAllow != flips {
			t.Errorf("%s: flipped by %+v", name, r.ByCheck)
		}
		for _, d := range r.Flips {
			if len(d.Because) == 0 || d.Because[0].Item == nil || d.Because[0].Message == "" {
				t.Errorf("%s: entry %d flips because of %+v", name, d.Seq, d.Because)
			}
		}
	}
}

func TestFindingsThatChangeWithoutAChangedDecisionAreCounted(t *testing.T) {
	shipped, patient := gate(t, ""), gate(t, `{"soak": {"minimum": "2000h"}}`)
	want := Difference{Check: "soak", Code: "soak.too_short", Effect: "deny", Appeared: 1}
	var m, back memory
	m.record(t, shipped, "deny-critical-cve")
	r := m.replay(t, patient)
	if r.Changed != 1 || len(r.Findings) != 1 || r.Findings[0] != want || r.Verdict(false) != NoneFlips {
		t.Errorf("%d changed, %+v", r.Changed, r.Findings)
	}
	back.record(t, patient, "deny-critical-cve")
	want.Appeared, want.Gone = 0, 1
	if r := back.replay(t, shipped); r.Changed != 1 || len(r.Findings) != 1 || r.Findings[0] != want {
		t.Errorf("%d changed, %+v", r.Changed, r.Findings)
	}
}

func TestWhatDoesNotReproduceIsSaid(t *testing.T) {
	race.SkipSweep(t)
	e := gate(t, "")
	for name, tt := range map[string]struct {
		change func(*trail.GateData, map[string][]byte, *trail.Entry)
		want   string
	}{
		"another outcome": {func(d *trail.GateData, _ map[string][]byte, _ *trail.Entry) { d.Outcome = "deny" }, "the outcome was deny and is allow"},
		"a check less":    {func(d *trail.GateData, _ map[string][]byte, _ *trail.Entry) { d.Passed = d.Passed[1:] }, "what passed was"},
		"a finding more": {func(d *trail.GateData, _ map[string][]byte, _ *trail.Entry) {
			item := "CVE-1"
			d.Findings = append(d.Findings, trail.GateFinding{Code: "soak.too_short", Check: "soak", Effect: "deny", Item: &item})
		}, "recorded and not found: soak.too_short (CVE-1), deny"},
		"a finding less": {func(d *trail.GateData, _ map[string][]byte, _ *trail.Entry) { d.Findings = d.Findings[1:] }, "found and not recorded: vulnerabilities.high"},
		"another policy": {func(d *trail.GateData, _ map[string][]byte, _ *trail.Entry) { d.Policy.Digest = "sha256:00" }, "the policy was"},
		"another input": {func(_ *trail.GateData, b map[string][]byte, _ *trail.Entry) {
			b[trail.BlobInput] = []byte(strings.Replace(string(b[trail.BlobInput]), "12345678901-1", "12345678901-2", 1))
		}, "the digest of the input differs"},
		"another instant": {func(_ *trail.GateData, _ map[string][]byte, e *trail.Entry) { e.Now = e.Now.Add(12 * time.Hour) }, "the outcome was allow and is deny"},
	} {
		t.Run(name, func(t *testing.T) {
			var m memory
			m.record(t, e, "allow-high-cve", tt.change)
			m.record(t, e, "allow")
			r := m.replay(t, e)
			if r.NotReproduced.Count != 1 || r.NotReproduced.First[0].Seq != 0 || r.Verdict(true) != Cannot {
				t.Fatalf("verdict %d, %+v", r.Verdict(true), r.NotReproduced)
			}
			if what := strings.Join(r.NotReproduced.First[0].What, "; "); !strings.Contains(what, tt.want) {
				t.Errorf("it says %q; want %q", what, tt.want)
			}
		})
	}
}

func TestWhatCannotBeReplayedIsCountedByReason(t *testing.T) {
	race.SkipSweep(t)
	shipped := gate(t, "")
	billing := gate(t, `{"services": {"billing": {}}}`)
	story, err := fixture.Load("../../fixtures/cases/allow")
	if err != nil {
		t.Fatal(err)
	}
	allow := story.Document
	forBilling := []byte(strings.Replace(string(allow), `"service": "payments-api"`, `"service": "billing"`, 1))
	for name, tt := range map[string]struct {
		document []byte
		by       *evaluator.Evaluator
		change   func(*trail.GateData, map[string][]byte, *trail.Entry)
		reason   Reason
		passable bool
	}{
		"input erased": {allow, shipped, func(_ *trail.GateData, b map[string][]byte, e *trail.Entry) {
			delete(b, trail.BlobInput)
			e.Refs[trail.BlobInput] = trail.BlobRef{Digest: "gone"}
		}, Erased, true},
		"policy erased": {allow, shipped, func(_ *trail.GateData, b map[string][]byte, e *trail.Entry) {
			delete(b, trail.BlobPolicy)
			e.Refs[trail.BlobPolicy] = trail.BlobRef{Digest: "gone"}
		}, Erased, true},
		"input never recorded":  {allow, shipped, func(_ *trail.GateData, b map[string][]byte, _ *trail.Entry) { delete(b, trail.BlobInput) }, NotRecorded, true},
		"policy never recorded": {allow, shipped, func(_ *trail.GateData, b map[string][]byte, _ *trail.Entry) { delete(b, trail.BlobPolicy) }, NotRecorded, true},
		"a policy that is none": {allow, shipped, func(_ *trail.GateData, b map[string][]byte, _ *trail.Entry) {
			b[trail.BlobPolicy] = []byte("package x")
		}, Unusable, false},
		"an input of another version": {allow, shipped, func(_ *trail.GateData, b map[string][]byte, _ *trail.Entry) {
			b[trail.BlobInput] = []byte(`{"version": "v0"}`)
		}, Unusable, false},
		"a service that the new policies do not list": {forBilling, billing, func(*trail.GateData, map[string][]byte, *trail.Entry) {}, NoDecision, false},
	} {
		t.Run(name, func(t *testing.T) {
			var m memory
			m.recordDocument(t, tt.by, tt.document, tt.change)
			m.record(t, shipped, "allow")
			r := m.replay(t, shipped)
			if len(r.NotReplayed) != 1 || r.NotReplayed[0].Reason != tt.reason || r.NotReplayed[0].Count != 1 || r.Replayed != 1 || r.Decisions != 2 {
				t.Fatalf("%d of %d replayed, %+v", r.Replayed, r.Decisions, r.NotReplayed)
			}
			if r.Verdict(false) != Cannot || (r.Verdict(true) == NoneFlips) != tt.passable {
				t.Errorf("verdict %d, with missing ones allowed %d", r.Verdict(false), r.Verdict(true))
			}
		})
	}
}

func TestADamagedBlobIsNotPassedOver(t *testing.T) {
	e := gate(t, "")
	var m memory
	m.record(t, e, "allow")
	past := m.past()
	past.Blob = func(context.Context, trail.BlobRef) ([]byte, error) { return nil, errors.New("blob was altered") }
	r, err := Run(t.Context(), past, e, all())
	if err != nil || len(r.NotReplayed) != 1 || r.NotReplayed[0].Reason != Unreadable || r.Verdict(true) != Cannot {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestNothingRecordedIsNoProof(t *testing.T) {
	r := (&memory{}).replay(t, gate(t, ""))
	if r.Verdict(false) != Cannot || r.Verdict(true) != NoneFlips || !strings.Contains(string(r.text(print.Options{})), "none is recorded") {
		t.Errorf("verdict %d, with missing ones allowed %d:\n%s", r.Verdict(false), r.Verdict(true), r.text(print.Options{}))
	}
}

func TestOnlyDecisionsInEarnestOfThePeriodAreReplayed(t *testing.T) {
	e := gate(t, "")
	now := time.Date(2026, 11, 24, 16, 20, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		change  func(*trail.Entry)
		options func(*Options)
		want    int
	}{
		"in earnest":                   {nil, nil, 1},
		"on a document":                {func(e *trail.Entry) { e.Type, e.Mode = trail.TypeGateDocument, "document" }, nil, 0},
		"a document told as a gate":    {func(e *trail.Entry) { e.Mode = "document" }, nil, 0},
		"another type":                 {func(e *trail.Entry) { e.Type = trail.TypeDeployLive }, nil, 0},
		"at the period's first moment": {nil, func(o *Options) { o.Since = now }, 1},
		"at its end":                   {nil, func(o *Options) { o.Until = now }, 0},
		"of the service":               {nil, func(o *Options) { o.Service = "payments-api" }, 1},
		"of another service":           {nil, func(o *Options) { o.Service = "other" }, 0},
		"of another environment":       {nil, func(o *Options) { o.Environment = "other" }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var m memory
			m.record(t, e, "allow", func(_ *trail.GateData, _ map[string][]byte, e *trail.Entry) {
				if tt.change != nil {
					tt.change(e)
				}
			})
			options := all()
			if tt.options != nil {
				tt.options(&options)
			}
			r, err := Run(t.Context(), m.past(), e, options)
			if err != nil || r.Decisions != tt.want {
				t.Errorf("%d decisions, %v; want %d", r.Decisions, err, tt.want)
			}
		})
	}
}

func TestATrailThatEndsInAnErrorShowsNothing(t *testing.T) {
	e := gate(t, "")
	var m memory
	for range 5 {
		m.record(t, e, "allow")
	}
	altered := errors.New("the trail was altered")
	past := m.past()
	entries := past.Entries
	past.Entries = func(yield func(trail.Entry, error) bool) {
		for entry, err := range entries {
			if !yield(entry, err) {
				return
			}
		}
		yield(trail.Entry{}, altered)
	}
	if r, err := Run(t.Context(), past, e, all()); r != nil || !errors.Is(err, altered) {
		t.Errorf("%v, %v", r, err)
	}
}

func TestAnInterruptedReplayShowsNothing(t *testing.T) {
	e := gate(t, "")
	var m memory
	m.record(t, e, "allow")
	ctx, cancel := context.WithCancel(t.Context())
	past := m.past()
	past.Entries = func(yield func(trail.Entry, error) bool) {
		for i := 0; ; i++ {
			if i == 20 {
				cancel()
			}
			if !yield(m.entries[0], nil) {
				return
			}
		}
	}
	if r, err := Run(ctx, past, e, all()); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", r, err)
	}
}

// One decision that takes long must not let the others pile up behind it.
func TestNoMoreIsReadThanThereIsRoomFor(t *testing.T) {
	race.SkipSweep(t)
	e := gate(t, "")
	var m memory
	m.record(t, e, "allow")
	var read atomic.Int64
	release := make(chan struct{})
	var first atomic.Bool
	past := m.past()
	past.Entries = func(yield func(trail.Entry, error) bool) {
		for range 500 {
			if read.Add(1); !yield(m.entries[0], nil) {
				return
			}
		}
	}
	blob := past.Blob
	past.Blob = func(ctx context.Context, ref trail.BlobRef) ([]byte, error) {
		if first.CompareAndSwap(false, true) {
			<-release
		}
		return blob(ctx, ref)
	}
	options := all()
	options.Workers = 2
	done := make(chan *Report)
	go func() {
		r, err := Run(t.Context(), past, e, options)
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	for last := int64(-1); last != read.Load(); time.Sleep(300 * time.Millisecond) {
		last = read.Load()
	}
	// The one that waits may be the second, if the other worker was first.
	if n := read.Load(); n > ahead*2+2 {
		t.Errorf("%d entries are read while the first is not counted", n)
	}
	close(release)
	if r := <-done; r.Decisions != 500 || r.Same != 500 {
		t.Errorf("%d of %d the same", r.Same, r.Decisions)
	}
}

func printed(t *testing.T, r *Report, format string) string {
	t.Helper()
	out, err := r.Print(format, print.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The whole way: a trail on disk, read and proved.
func TestARecordedYearIsReplayedAlikeByAnyNumberOfWorkers(t *testing.T) {
	shipped, strict := gate(t, ""), gate(t, `{"soak": {"minimum": "160h"}}`) // hardly any stay is as long
	judge := &invented.Judge{Gate: shipped}
	if err := judge.Stories("../../fixtures/cases"); err != nil {
		t.Fatal(err)
	}
	location := filepath.Join(t.TempDir(), "trail.db")
	if _, err := (invented.Past{
		Seed: 3, From: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Weeks: 12, Deployments: 48,
		Service: "payments-api", Environment: "production", Judge: judge,
	}).Record(t.Context(), location); err != nil {
		t.Fatal(err)
	}
	var want string
	for _, workers := range []int{1, 3, 8} {
		log, err := trail.Open(t.Context(), location, trail.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		reading, err := log.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		options := all()
		options.Workers = workers
		r, err := Run(t.Context(), Past{Entries: reading.Entries(t.Context()), Blob: log.Blob}, strict, options)
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if r.NotReproduced.Count != 0 || r.Replayed != r.Decisions || r.Decisions < 48 || r.ToDeny == 0 {
			t.Fatalf("%d workers: %+v", workers, r)
		}
		got := printed(t, r, "json")
		if want == "" {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers (-1 +n):\n%s", workers, diff)
		}
	}
}

// troubled is a report with something of each kind, and hostile text.
func troubled(t *testing.T) *Report {
	t.Helper()
	shipped, strict := gate(t, ""), gate(t, highDenies)
	const evil = "<script>`|x](http://x.example)\x1b[2J\u202e\n::error::@all #1"
	named := func(_ *trail.GateData, _ map[string][]byte, e *trail.Entry) { e.Service, e.Request = evil, evil }
	var m memory
	m.record(t, shipped, "allow-high-cve", named)
	m.record(t, strict, "allow-high-cve")
	m.record(t, shipped, "deny-critical-cve")
	m.record(t, shipped, "allow-high-cve", func(d *trail.GateData, _ map[string][]byte, _ *trail.Entry) {
		item := evil
		d.Findings = append(d.Findings, trail.GateFinding{Code: evil, Check: evil, Effect: evil, Item: &item})
	})
	m.record(t, shipped, "allow", func(_ *trail.GateData, b map[string][]byte, e *trail.Entry) {
		delete(b, trail.BlobInput)
		e.Refs[trail.BlobInput] = trail.BlobRef{Digest: evil}
	})
	r := m.replay(t, strict)
	r.Trail = Checkpoint{Size: 5, Head: "head"}
	r.Period.Service = evil
	for i := range r.Policies {
		r.Policies[i].Policy.Digest, r.Policies[i].Policy.Revision = fmt.Sprint("sha256:`recorded-", i), evil
	}
	r.Policy.Digest = "sha256:new"
	for i := range r.Flips {
		r.Flips[i].Because[0].Message = evil
	}
	return r
}

func TestReportsAreAsTheyWere(t *testing.T) {
	r := troubled(t)
	for _, format := range Formats.Names {
		got := printed(t, r, format)
		file := filepath.Join("testdata", "troubled."+map[string]string{"text": "txt", "json": "json", "markdown": "md"}[format])
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; write it with -update", err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		for _, bad := range []string{"\x1b", "\u202e", "\n::error"} {
			if strings.Contains(got, bad) {
				t.Errorf("%s holds %q", format, bad)
			}
		}
	}
	if got := printed(t, r, "markdown"); strings.Contains(got, "<script>") || strings.Contains(got, "x](http") || strings.Contains(got, "@all") {
		t.Error("the Markdown holds what somebody else wrote as Markdown")
	}
	if _, err := r.Print("xml", print.Options{}); err == nil || !strings.Contains(err.Error(), "markdown") {
		t.Errorf("the error is %v", err)
	}
}

func TestMarkdownFitsIntoAComment(t *testing.T) {
	r := troubled(t)
	flip := r.Flips[0]
	for range 5000 {
		r.Flips = append(r.Flips, flip)
	}
	r.ToDeny += 5000
	for i := range 3000 {
		r.ByCheck = append(r.ByCheck, CheckFlips{Check: "acme_x", Code: fmt.Sprintf("acme_x.%d", i), ToDeny: 1})
	}
	got := printed(t, r, "markdown")
	if len(got) > 60_200 || !strings.Contains(got, "and 2971 more") || !strings.Contains(got, " more; see the json report\n\n</details>") || !strings.Contains(got, "<summary>Allowed then") {
		t.Errorf("%d bytes", len(got))
	}
	if strings.Count(got, "<details>") != strings.Count(got, "</details>") {
		t.Error("a part that unfolds has no end")
	}
}

func TestManyChangedDecisionsAreCountedAndTheFirstListed(t *testing.T) {
	r := newReport(evaluator.PolicyID{}, all())
	for i := range mostFlips + 7 {
		r.add(&finding{flipped: true, decision: Decision{Seq: int64(i), From: "allow", To: "deny"}})
	}
	if r.ToDeny != mostFlips+7 || len(r.Flips) != mostFlips || r.Unlisted != 7 {
		t.Errorf("%d flips, %d listed, %d not", r.ToDeny, len(r.Flips), r.Unlisted)
	}
	if _, more := r.flips(ways[0], 50); more != mostFlips+7-50 {
		t.Errorf("%d more", more)
	}
}

func TestDifferenceCountsWhatIsThereTwice(t *testing.T) {
	c := func(codes ...string) (list []Cause) {
		for _, code := range codes {
			list = append(list, Cause{Code: code})
		}
		return list
	}
	for _, tt := range []struct{ a, b, gone, appeared []Cause }{
		{nil, nil, nil, nil},
		{c("a", "b"), c("a", "b"), nil, nil},
		{c("a", "a"), c("a"), c("a"), nil},
		{c("a"), c("a", "a", "b"), nil, c("a", "b")},
		{c("a", "c"), c("b", "d"), c("a", "c"), c("b", "d")},
	} {
		gone, appeared := difference(tt.a, tt.b)
		if diff := cmp.Diff([][]Cause{tt.gone, tt.appeared}, [][]Cause{gone, appeared}); diff != "" {
			t.Errorf("%v and %v (-want +got):\n%s", tt.a, tt.b, diff)
		}
	}
}

// The log of many years has many rule sets; not all of them are kept compiled.
func TestOnlyTheLastRuleSetsAreKept(t *testing.T) {
	r := &runner{recorded: map[string]*recorded{}}
	first := r.kept("0")
	for i := range mostRules {
		r.kept(fmt.Sprint(i))
	}
	if r.kept("0") != first || len(r.recorded) != mostRules {
		t.Errorf("%d kept", len(r.recorded))
	}
	r.kept("more")
	if _, ok := r.recorded["1"]; ok || r.kept("0") != first || len(r.recorded) != mostRules {
		t.Errorf("the least used one is kept, or another is not: %d", len(r.recorded))
	}
}

func TestARuleThatNeverEndsIsNoDecision(t *testing.T) {
	pack := t.TempDir()
	rule := `# METADATA
# title: Slow
# description: Never ends.
package prodgate.v1.checks.acme_slow

default pass := false

needs := set()

pass if {
	some a in numbers.range(1, 20000)
	some b in numbers.range(1, 20000)
	a * b == 0
}
`
	if err := os.WriteFile(filepath.Join(pack, "slow.rego"), []byte(rule), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(pack, "prodgate", "organisation"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pack, "prodgate", "organisation", "data.json"), []byte(`{"additional_checks": ["acme_slow"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	slow, err := evaluator.New(t.Context(), evaluator.Options{Packs: []string{pack}})
	if err != nil {
		t.Fatal(err)
	}
	var m memory
	m.record(t, gate(t, ""), "allow")
	options := all()
	options.Deadline = 2 * time.Second
	began := time.Now()
	r, err := Run(t.Context(), m.past(), slow, options)
	if err != nil || len(r.NotReplayed) != 1 || r.NotReplayed[0].Reason != NoDecision || r.Verdict(true) != Cannot {
		t.Errorf("%v, %+v", err, r)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}
