package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/prodgate/prodgate/trail"
)

var noon = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

// newGate is a gate with the organisation of the stories, no source and a trail.
func newGate(t *testing.T) *gate.Gate {
	t.Helper()
	policies, err := evaluator.New(t.Context(), evaluator.Options{Packs: []string{"../fixtures/organisation"}})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return noon }
	log, err := trail.Open(t.Context(), filepath.Join(t.TempDir(), "trail.db"), trail.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return &gate.Gate{
		Policies: policies, Clock: clock,
		Trail: &gate.Trail{Log: log, Writer: trail.Writer{Subject: "user:test", Assurance: trail.AssuranceUser}, Program: "test"},
	}
}

func saved(t *testing.T, name string) *evaluator.Input {
	t.Helper()
	story, err := fixture.Load(filepath.Join("../fixtures/cases", name))
	if err != nil {
		t.Fatal(err)
	}
	input, err := evaluator.Read(name, story.Document)
	if err != nil {
		t.Fatal(err)
	}
	return input
}

// request is what somebody asks for.
func request() facts.Request {
	return facts.Request{
		ID: "acme/payments-api/runs/7", Kind: facts.KindPromotion, Service: "payments-api", Environment: "production",
		Trigger: "workflow_dispatch", RequestedBy: "github:1", TriggeredBy: "github:1", RequestedAt: noon,
		Reference: "registry.example.com/payments-api:7a3f9c2",
	}
}

// types are the entries of a gate's trail.
func types(t *testing.T, g *gate.Gate) (list []string) {
	t.Helper()
	for e, err := range g.Trail.Log.Entries(t.Context(), trail.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e.Type)
	}
	return list
}

func TestRunDecidesOnASavedDocumentAndRecordsIt(t *testing.T) {
	g := newGate(t)
	result, err := g.Run(t.Context(), gate.Request{Saved: saved(t, "allow")})
	if err != nil || result.Decision.Outcome != evaluator.Allow || result.Decision.Mode != evaluator.ModeDocument {
		t.Fatalf("%+v, %v", result, err)
	}
	if got := types(t, g); !slices.Equal(got, []string{"gate.document"}) || result.Recorded == nil || result.Decision.Trail == nil || result.Decision.Trail.Seq != result.Recorded.Receipt.Seq {
		t.Errorf("recorded %q, receipt %+v", got, result.Recorded)
	}
}

// A request whose sources are not configured is denied, and the denial is
// recorded as one that counts.
func TestRunDeniesWhatNoSourceVouchesFor(t *testing.T) {
	g := newGate(t)
	g.Weakened = func(context.Context, *evaluator.Input) ([]string, error) { return []string{"a switch"}, nil }
	seen := 0
	g.Collected = func(doc *facts.Document) error { seen++; return nil }
	result, err := g.Run(t.Context(), gate.Request{Request: request()})
	if err != nil || result.Decision.Outcome != evaluator.Deny || result.Decision.Mode != evaluator.ModeEnforce {
		t.Fatalf("%+v, %v", result, err)
	}
	if got := types(t, g); !slices.Equal(got, []string{"policy.changed", "gate.requested", "gate.evaluated"}) {
		t.Errorf("recorded %q", got)
	}
	if seen != 1 || !slices.Contains(result.Decision.Weakened, "a switch") {
		t.Errorf("seen %d times, weakened %q", seen, result.Decision.Weakened)
	}
	for entry, err := range g.Trail.Log.Entries(t.Context(), trail.Filter{Types: []string{trail.TypeGateEvaluated}}) {
		var data trail.GateData
		if err := errors.Join(err, json.Unmarshal(entry.Data, &data)); err != nil {
			t.Fatal(err)
		}
		if data.Prodgate != "test" || !slices.Contains(data.Weakened, "a switch") || entry.Deployment != "acme/payments-api/runs/7" {
			t.Errorf("%+v", data)
		}
	}
}

// Each step can fail, and then there is no decision.
func TestRunThatFailsHasNoResult(t *testing.T) {
	boom := errors.New("boom")
	for name, change := range map[string]func(*gate.Gate){
		"the document is refused": func(g *gate.Gate) { g.Collected = func(*facts.Document) error { return boom } },
		"what was weakened is unknown": func(g *gate.Gate) {
			g.Weakened = func(context.Context, *evaluator.Input) ([]string, error) { return nil, boom }
		},
		"time is up":          func(g *gate.Gate) { g.Timeout = 1 },
		"the trail is closed": func(g *gate.Gate) { g.Trail.Log.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t)
			change(g)
			result, err := g.Run(t.Context(), gate.Request{Request: request()})
			if err == nil || result != nil {
				t.Fatalf("%+v, %v", result, err)
			}
			var late *gate.TimeoutError
			var unrecorded *gate.UnrecordedError
			if errors.As(err, &late) != (g.Timeout > 0) || errors.As(err, &unrecorded) != (name == "the trail is closed") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestRunAsOfAnotherTimeIsASimulation(t *testing.T) {
	g := newGate(t)
	at := noon.Add(time.Hour)
	result, err := g.Run(t.Context(), gate.Request{Request: request(), At: &at})
	if err != nil || result.Decision.Mode != evaluator.ModeSimulate || !result.Decision.Now.Equal(at) {
		t.Fatalf("%+v, %v", result, err)
	}
	if got := types(t, g); !slices.Equal(got, []string{"gate.simulated"}) {
		t.Errorf("recorded %q", got)
	}
}
