package evaluator

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/prodgate/prodgate/internal/race"
	"github.com/prodgate/prodgate/policies"
)

// go test ./evaluator -run Stories -update rewrites every decision.json.
var update = flag.Bool("update", false, "rewrite the decisions of the stories")

// TestMain collects garbage less often: compiled policies are large and live long.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

const storiesFolder = "../fixtures/cases"

// story is one story of fixtures.
type story struct {
	name     string
	document []byte
	folder   string
}

func (s story) file(name string) string { return filepath.Join(s.folder, name) }

// input is the story's document, made ready.
func (s story) input(t testing.TB) *Input {
	t.Helper()
	input, err := Read("input.json", s.document)
	if err != nil {
		t.Fatal(err)
	}
	return input
}

// loaded holds all stories, read once for all tests.
var loaded = sync.OnceValues(func() ([]fixture.Story, error) { return fixture.All(storiesFolder) })

// stories are all of them, sorted by name.
func stories(t testing.TB) []story {
	t.Helper()
	read, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	var all []story
	for _, s := range read {
		all = append(all, story{s.Name, s.Document, s.Folder})
	}
	if len(all) < 45 {
		t.Fatalf("%s has %d stories, it had at least 45", storiesFolder, len(all))
	}
	return all
}

// someStories are one story in twelve, for a test that does the same with each of
// them; "make proof" takes all, or a quarter with -proof-seed, the race detector fewer.
func someStories(t testing.TB) []story {
	all := stories(t)
	step := 12
	if *everyStory {
		step = 1
		all = slices.DeleteFunc(all, func(s story) bool { return leftOut(s.name) })
	}
	step = max(step, len(all)/race.Sample(len(all)))
	var some []story
	for i := 0; i < len(all); i += step {
		some = append(some, all[i])
	}
	return some
}

func storyNamed(t testing.TB, name string) story {
	t.Helper()
	for _, s := range stories(t) {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no story is named %q", name)
	return story{}
}

// organised are the shipped policies with the settings of the organisation that
// the stories are about, which list its service.
var organised = Options{Packs: []string{"../fixtures/organisation"}}

// shipped is one evaluator of the shipped policies for all tests.
var shipped = sync.OnceValues(func() (*Evaluator, error) {
	return New(context.Background(), organised)
})

func shippedRules(t testing.TB) *Evaluator {
	t.Helper()
	e, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// decided holds the decision on each story, by name, made once for all tests.
var decided = sync.OnceValues(func() (map[string]Decision, error) {
	e, err := shipped()
	if err != nil {
		return nil, err
	}
	read, err := loaded()
	if err != nil {
		return nil, err
	}
	all := map[string]Decision{}
	for _, s := range read {
		if all[s.Name], err = e.Replay(context.Background(), s.Document); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return all, nil
})

// decision is the story's, by the shipped policies.
func (s story) decision(t testing.TB) Decision {
	t.Helper()
	all, err := decided()
	if err != nil {
		t.Fatal(err)
	}
	return all[s.name]
}

func replay(t testing.TB, e *Evaluator, document []byte) Decision {
	t.Helper()
	decision, err := e.Replay(context.Background(), document)
	if err != nil {
		t.Fatal(err)
	}
	return decision
}

// encode writes a decision as indented JSON.
func encode(t testing.TB, decision any) []byte {
	t.Helper()
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(decision); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// told is a decision as a story tells it: without what every decision has alike,
// which TestStoriesNameTheirRulesAndSources compares.
type told struct {
	Decision
	Policy  *struct{} `json:"policy,omitempty"`
	Input   *struct{} `json:"input,omitempty"`
	Sources *struct{} `json:"sources,omitempty"`
}

// golden reads a story's decision as plain JSON.
func golden(t testing.TB, s story) (decision map[string]any) {
	t.Helper()
	text, err := os.ReadFile(s.file("decision.json"))
	if err != nil {
		t.Fatalf("%v; write it with make decisions", err)
	}
	if err := json.Unmarshal(text, &decision); err != nil {
		t.Fatal(err)
	}
	return decision
}

// compareTold compares the decision with the story's own, which -update writes.
func compareTold(t *testing.T, s story, decision Decision) {
	t.Helper()
	got := encode(t, told{Decision: decision})
	if *update {
		if err := os.WriteFile(s.file("decision.json"), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var plain map[string]any
	if err := json.Unmarshal(got, &plain); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(golden(t, s), plain); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

func TestStoriesAreDecidedAsTheySay(t *testing.T) {
	for _, s := range stories(t) {
		t.Run(s.name, func(t *testing.T) { compareTold(t, s, s.decision(t)) })
	}
}

// What a story's decision.json leaves out is the same for all: the rules in
// force, the document's digest and the document's sources.
func TestStoriesNameTheirRulesAndSources(t *testing.T) {
	e := shippedRules(t)
	for _, s := range stories(t) {
		decision := s.decision(t)
		if decision.Policy != e.Policy() {
			t.Errorf("%s: decided by %v, the rules in force are %v", s.name, decision.Policy, e.Policy())
		}
		parsed, err := facts.Parse(s.name, s.document)
		if err != nil {
			t.Fatal(err)
		}
		if decision.Input.Digest != parsed.Digest() {
			t.Errorf("%s: input digest %s, want %s", s.name, decision.Input.Digest, parsed.Digest())
		}
		if diff := cmp.Diff(parsed.Document().Sources, decision.Sources); diff != "" {
			t.Errorf("%s: sources (-want +got):\n%s", s.name, diff)
		}
	}
}

// A story's name says how it ends: allow-* exits 0, deny-* 1, wait-* 3.
func TestStoriesAreNamedAfterTheirOutcome(t *testing.T) {
	for _, s := range stories(t) {
		prefix, _, _ := strings.Cut(s.name, "-")
		want, known := map[string]int{"allow": 0, "deny": 1, "wait": 3}[prefix]
		got := s.decision(t)
		if !known || got.ExitCode != want || (got.Outcome == Allow) != (want == 0) {
			t.Errorf("%s: outcome %q, exit code %d, want %d", s.name, got.Outcome, got.ExitCode, want)
		}
		if (got.OpensAt != nil) != (want == 3) || (got.ValidUntil != nil) != (want == 0) {
			t.Errorf("%s: opens at %v, valid until %v", s.name, got.OpensAt, got.ValidUntil)
		}
	}
}

func TestStoriesSayWhatTheyAreAbout(t *testing.T) {
	for _, s := range stories(t) {
		text, err := os.ReadFile(s.file("about.md"))
		if err != nil {
			t.Error(err)
			continue
		}
		lines := len(strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' }))
		if lines < 3 || lines > 8 || !strings.Contains(string(text), "\nSpecification: \"") {
			t.Errorf("%s: %d lines; want 3 to 8, and the specification's words", s.file("about.md"), lines)
		}
	}
}

func TestStoriesCoverEveryCheckAndKind(t *testing.T) {
	failed, allowed := map[string]bool{}, map[string]bool{}
	for _, s := range stories(t) {
		decision := s.decision(t)
		allowed[decision.Request.Kind] = allowed[decision.Request.Kind] || decision.Outcome == Allow
		for _, f := range decision.Findings {
			if f.Effect == EffectDeny {
				failed[f.Check] = true
			}
		}
		for _, f := range decision.Then {
			failed[f.Check] = true
		}
	}
	for _, name := range storyNamed(t, "allow").decision(t).Required {
		if !failed[name] {
			t.Errorf("no story is denied by %s", name)
		}
	}
	for _, kind := range facts.Kinds {
		if !allowed[string(kind)] {
			t.Errorf("no story allows a %s", kind)
		}
	}
}

func TestSameStoryGivesTheSameBytes(t *testing.T) {
	anew, err := New(context.Background(), organised)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range someStories(t) {
		if !bytes.Equal(encode(t, s.decision(t)), encode(t, replay(t, anew, s.document))) {
			t.Errorf("%s: another evaluator decides otherwise", s.name)
		}
	}
}

// Each story is decided by two of eight goroutines. The evaluator is new, so
// that what it remembers is made by them at once.
func TestStoriesDecidedConcurrentlyAreDecidedAlike(t *testing.T) {
	e, err := New(context.Background(), organised)
	if err != nil {
		t.Fatal(err)
	}
	all := someStories(t)
	inputs := make([]*Input, len(all))
	want := make([][]byte, len(all))
	for i, s := range all {
		inputs[i], want[i] = s.input(t), encode(t, s.decision(t))
	}
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			for i := worker % 4; i < len(all); i += 4 {
				decision, err := e.Decide(context.Background(), inputs[i])
				if err != nil || !bytes.Equal(encode(t, decision), want[i]) {
					t.Errorf("%s: goroutine %d decides otherwise, error %v", all[i].name, worker, err)
				}
			}
		})
	}
	workers.Wait()
}

func TestFreezeOpensOnItsLastSecond(t *testing.T) {
	e := shippedRules(t)
	s := storyNamed(t, "wait-freeze")
	decision := s.decision(t)
	if decision.OpensAt == nil {
		t.Fatal("no opens_at")
	}
	for instant, want := range map[time.Time]Outcome{
		*decision.OpensAt:                  Allow,
		decision.OpensAt.Add(-time.Second): Deny,
	} {
		moved := bytes.Replace(s.document, []byte(`"now": "2026-11-24T11:20:00-05:00"`), []byte(`"now": "`+instant.Format(time.RFC3339)+`"`), 1)
		if bytes.Equal(moved, s.document) {
			t.Fatal("now did not move")
		}
		if got := replay(t, e, moved); got.Outcome != want {
			t.Errorf("at %s: %q, want %q", instant, got.Outcome, want)
		}
	}
}

// The rules alone, as stock OPA runs them, decide every story alike: no schema,
// no strictness, no index, nothing remembered.
func TestStockOPADecidesStoriesAlike(t *testing.T) {
	race.SkipSweep(t)
	stock := newStock(t, policies.FS, organised.Packs[0]+"/data.yaml")
	for _, s := range stories(t) {
		want := golden(t, s)
		if got := stock.outcome(t, s.document); got != want["outcome"] {
			t.Errorf("%s: stock OPA says %v, prodgate %v", s.name, got, want["outcome"])
		}
	}
}
