package evaluator

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/policies"
)

// go test ./evaluator -run Stories -update rewrites every decision.json.
var update = flag.Bool("update", false, "rewrite the decisions of the stories")

const storiesFolder = "../fixtures/cases"

// story is one folder of fixtures/cases.
type story struct {
	name     string
	document []byte
}

func (s story) file(name string) string { return filepath.Join(storiesFolder, s.name, name) }

// input is the story's document, made ready.
func (s story) input(t testing.TB) *Input {
	t.Helper()
	input, err := Read(s.file("input.json"), s.document)
	if err != nil {
		t.Fatal(err)
	}
	return input
}

// stories are all of them, sorted by name.
func stories(t testing.TB) []story {
	t.Helper()
	folders, err := os.ReadDir(storiesFolder)
	if err != nil {
		t.Fatal(err)
	}
	var all []story
	for _, folder := range folders {
		s := story{name: folder.Name()}
		if s.document, err = os.ReadFile(s.file("input.json")); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if len(all) < 45 {
		t.Fatalf("%s has %d stories, it had at least 45", storiesFolder, len(all))
	}
	return all
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

// shipped is one evaluator of the shipped policies for all tests.
var shipped = sync.OnceValues(func() (*Evaluator, error) {
	return New(context.Background(), Options{})
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
	inputs, err := filepath.Glob(filepath.Join(storiesFolder, "*", "input.json"))
	if err != nil {
		return nil, err
	}
	all := map[string]Decision{}
	for _, name := range inputs {
		document, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if all[filepath.Base(filepath.Dir(name))], err = e.Replay(context.Background(), document); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
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

// encode writes a decision as its golden file has it.
func encode(t testing.TB, decision Decision) []byte {
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

// golden reads a story's decision as plain JSON and takes the digest of the
// rules out of it.
func golden(t testing.TB, s story) (decision map[string]any, digest string) {
	t.Helper()
	text, err := os.ReadFile(s.file("decision.json"))
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	return withoutDigest(t, text)
}

func withoutDigest(t testing.TB, text []byte) (decision map[string]any, digest string) {
	t.Helper()
	if err := json.Unmarshal(text, &decision); err != nil {
		t.Fatal(err)
	}
	policy, _ := decision["policy"].(map[string]any)
	digest, _ = policy["digest"].(string)
	delete(policy, "digest")
	return decision, digest
}

// The digest of the rules is compared in a test of its own, so that a change
// to a rule shows the stories that it decides otherwise, and not all of them.
func TestStoriesAreDecidedAsTheySay(t *testing.T) {
	for _, s := range stories(t) {
		t.Run(s.name, func(t *testing.T) {
			got := encode(t, s.decision(t))
			if *update {
				if err := os.WriteFile(s.file("decision.json"), got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, _ := golden(t, s)
			plain, _ := withoutDigest(t, got)
			if diff := cmp.Diff(want, plain); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStoriesNameTheRulesInForce(t *testing.T) {
	e := shippedRules(t)
	var stale []string
	for _, s := range stories(t) {
		if _, digest := golden(t, s); digest != e.Policy().Digest {
			stale = append(stale, s.name)
		}
	}
	if len(stale) > 0 {
		t.Errorf("the rules have changed to %s since %d decisions were written, %s first; run go test ./evaluator -run Stories -update",
			e.Policy().Digest, len(stale), stale[0])
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
	anew, err := New(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stories(t) {
		if !bytes.Equal(encode(t, s.decision(t)), encode(t, replay(t, anew, s.document))) {
			t.Errorf("%s: another evaluator decides otherwise", s.name)
		}
	}
}

// Each story is decided by two of eight goroutines. The evaluator is new, so
// that what it remembers is made by them at once.
func TestStoriesDecidedConcurrentlyAreDecidedAlike(t *testing.T) {
	e, err := New(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := stories(t)
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
	stock := newStock(t, policies.FS)
	for _, s := range stories(t) {
		want, _ := golden(t, s)
		if got := stock.outcome(t, s.document); got != want["outcome"] {
			t.Errorf("%s: stock OPA says %v, prodgate %v", s.name, got, want["outcome"])
		}
	}
}
