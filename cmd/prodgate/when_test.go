package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/fixture"
)

const (
	storiesFolder = "../../fixtures/cases"
	organisation  = "../../fixtures/organisation" // the policy pack that the stories need
)

// printed is the output of "prodgate when -o json", with the fields that tests read.
type printed struct {
	Now       time.Time  `json:"now"`
	OpensAt   *time.Time `json:"opens_at"`
	Horizon   time.Time  `json:"horizon"`
	ExitCode  int        `json:"exit_code"`
	Intervals []struct {
		From          time.Time `json:"from"`
		To            time.Time `json:"to"`
		OpensBecause  []reason  `json:"opens_because"`
		ClosesBecause []reason  `json:"closes_because"`
	} `json:"intervals"`
	Needs []struct {
		Code   string   `json:"code"`
		Cure   string   `json:"cure"`
		Remedy string   `json:"remedy"`
		Who    []string `json:"who"`
	} `json:"needs"`
	Never *string `json:"never"`
}

type reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func whenPrints(t *testing.T, args ...string) (printed, int) {
	t.Helper()
	std, out, errs := alone(t)
	code := run(t.Context(), append([]string{"when", "-o", "json", "--policies", packOfStories(t)}, args...), std)
	var p printed
	if err := json.Unmarshal(out.Bytes(), &p); err != nil {
		t.Fatalf("when %v ended with %d and printed no JSON: %v\n%s\n%s", args, code, err, out, errs)
	}
	return p, code
}

// packOfStories returns the absolute path of the stories' policy pack.
func packOfStories(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(organisation)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// storyInput returns the absolute path of a story's document, written for this test.
func storyInput(t *testing.T, name string) string {
	t.Helper()
	s, err := fixture.Load(filepath.Join(storiesFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), fixture.InputFilename)
	if err := os.WriteFile(path, s.Document, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var everyStory = flag.Bool("proof", false, "print the schedule of every story")

func TestWhenPrintsEveryStoryAndExitsAsEval(t *testing.T) {
	folders, err := os.ReadDir(storiesFolder)
	if err != nil {
		t.Fatal(err)
	}
	for i, folder := range folders {
		if i%24 > 0 && !*everyStory {
			continue // each compiles the policies: "make proof" tries all
		}
		t.Run(folder.Name(), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(storiesFolder, folder.Name(), "decision.json"))
			if err != nil {
				t.Fatal(err)
			}
			var decision printed
			if err := json.Unmarshal(text, &decision); err != nil {
				t.Fatal(err)
			}
			p, code := whenPrints(t, "--input", storyInput(t, folder.Name()))
			if code != decision.ExitCode || p.ExitCode != code {
				t.Errorf("ends with %d and says %d, eval ends with %d", code, p.ExitCode, decision.ExitCode)
			}
			if (p.OpensAt == nil) != (decision.OpensAt == nil) || p.OpensAt != nil && !p.OpensAt.Equal(*decision.OpensAt) {
				t.Errorf("opens at %v, eval says %v", p.OpensAt, decision.OpensAt)
			}
			if code == exitDeny && (p.Never == nil || len(p.Needs) == 0 || len(p.Needs[0].Who) == 0 || p.Needs[0].Remedy == "") {
				t.Errorf("a denial: never %v, needs %v", p.Never, p.Needs)
			}
		})
	}
}

func TestWhenOpensOnTheSecondThatEvalAllows(t *testing.T) {
	input := storyInput(t, "wait-freeze")
	p, code := whenPrints(t, "--input", input)
	if code != exitWait || p.OpensAt == nil || len(p.Intervals) == 0 || !p.Intervals[0].From.Equal(*p.OpensAt) {
		t.Fatalf("ends with %d, opens at %v, intervals %v", code, p.OpensAt, p.Intervals)
	}
	first := p.Intervals[0]
	for _, tt := range []struct {
		at   time.Time
		want int
	}{
		{first.From.Add(-time.Second), exitWait},
		{first.From, exitAllow},
		{first.To.Add(-time.Second), exitAllow},
		{first.To, exitWait},
	} {
		std, _, _ := alone(t)
		if code := run(t.Context(), []string{"eval", "-q", "--input", input, "--policies", packOfStories(t), "--at", tt.at.Format(time.RFC3339)}, std); code != tt.want {
			t.Errorf("eval as of %s ends with %d, want %d", tt.at, code, tt.want)
		}
	}
}
