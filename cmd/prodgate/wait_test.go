package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
)

// waitingRoom is a folder with good evidence about an image, and a clock that advances
// only during a sleep.
type waitingRoom struct {
	std      stdio
	registry *embeddedRegistry
	image    string
	now      time.Time
	slept    time.Duration
	awake    func() // called after each sleep
	out, err *bytes.Buffer
}

// waitingRegistry is one registry for all, so that their packs are equal. It ends with
// the process.
var waitingRegistry = sync.OnceValues(startRegistry)

// newWaitingRoom opens at now, with the shipped windows of New York.
func newWaitingRoom(t *testing.T, now string) *waitingRoom {
	t.Helper()
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	registry, err := waitingRegistry()
	if err != nil {
		t.Fatal(err)
	}
	r := &waitingRoom{registry: registry, image: registry.host + "/payments-api:7a3f9c2", now: at, awake: func() {}}
	target := r.push(t, "payments-api:6b2e8d1", "old")
	e := goodEvidence(registry.host+"/payments-api", r.push(t, "payments-api:7a3f9c2", "new"), target, at)
	r.std, r.out, r.err = alone(t)
	if err := e.write(r.std.dir); err != nil {
		t.Fatal(err)
	}
	r.std.env = []string{
		"PRODGATE_TRIGGER=workflow_dispatch", "PRODGATE_REQUESTED_BY=github:583231",
		"PRODGATE_TRIGGERED_BY=github:583231", "PRODGATE_REQUESTED_AT=" + e.RequestedAt,
	}
	r.std.clock = func() time.Time { return r.now }
	r.std.sleep = func(ctx context.Context, length time.Duration) error {
		r.now, r.slept = r.now.Add(length), r.slept+length
		r.awake()
		return ctx.Err()
	}
	return r
}

func (r *waitingRoom) push(t *testing.T, name, text string) (digest string) {
	t.Helper()
	digest, err := r.registry.push(t.Context(), r.registry.host+"/"+name, text)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// eval runs "prodgate eval IMAGE -o json" with flags.
func (r *waitingRoom) eval(t *testing.T, ctx context.Context, flags ...string) (int, evaluator.Decision) {
	t.Helper()
	code := run(ctx, append([]string{"eval", r.image, "-o", "json"}, flags...), r.std)
	var d evaluator.Decision
	if code != exitNoDecision {
		if err := json.Unmarshal(r.out.Bytes(), &d); err != nil {
			t.Fatalf("%v in %s", err, r.out)
		}
	}
	return code, d
}

// Twenty minutes before the window opens.
const early = "2026-11-24T09:40:00-05:00"

func TestEvalWaitsUntilTheGateOpensAndDecidesAgain(t *testing.T) {
	r := newWaitingRoom(t, early)
	code, d := r.eval(t, t.Context(), "--wait")
	if code != exitAllow || d.Mode != evaluator.ModeEnforce {
		t.Fatalf("ends with %d in mode %q: %s", code, d.Mode, r.err)
	}
	if opens := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC); !d.Now.Equal(opens) || r.slept != 20*time.Minute {
		t.Errorf("decided as of %s after %s", d.Now, r.slept)
	}
	for _, want := range []string{"waiting until Tue 2026-11-24 10:00:00 -05:00 (20m0s) for window.closed", "collecting again"} {
		if !strings.Contains(r.err.String(), want) {
			t.Errorf("standard error lacks %q:\n%s", want, r.err)
		}
	}
	if strings.Count(r.out.String(), `"outcome"`) != 1 {
		t.Errorf("more than the last decision is printed: %s", r.out)
	}
}

func TestEvalWithoutWaitExitsAtOnce(t *testing.T) {
	r := newWaitingRoom(t, early)
	if code, _ := r.eval(t, t.Context()); code != exitWait || r.slept != 0 {
		t.Errorf("ends with %d after %s", code, r.slept)
	}
}

func TestEvalDoesNotWaitForAnOpeningThatIsTooFarAway(t *testing.T) {
	r := newWaitingRoom(t, early)
	code, _ := r.eval(t, t.Context(), "--wait=19m")
	if code != exitWait || r.slept != 0 || !strings.Contains(r.err.String(), "later than --wait allows") {
		t.Errorf("ends with %d after %s: %s", code, r.slept, r.err)
	}
}

func TestEvalDoesNotWaitForFindingsThatDoNotClearByThemselves(t *testing.T) {
	r := newWaitingRoom(t, early)
	if err := os.Remove(filepath.Join(r.std.dir, "approvals.yaml")); err != nil {
		t.Fatal(err)
	}
	if code, _ := r.eval(t, t.Context(), "--wait"); code != exitDeny || r.slept != 0 {
		t.Errorf("ends with %d after %s", code, r.slept)
	}
}

// The facts that are collected after the wait count, not the earlier ones.
func TestEvalCollectsAgainAfterTheWait(t *testing.T) {
	r := newWaitingRoom(t, early)
	r.awake = func() { os.Remove(filepath.Join(r.std.dir, "approvals.yaml")) }
	code, d := r.eval(t, t.Context(), "--wait")
	if code != exitDeny || r.slept != 20*time.Minute || d.OpensAt != nil {
		t.Errorf("ends with %d after %s: %s", code, r.slept, r.err)
	}
}

// Approvals are for one request: a new request would have none.
func TestEvalKeepsTheRequestAfterTheWait(t *testing.T) {
	r := newWaitingRoom(t, early)
	saved, first := filepath.Join(r.std.dir, "saved.json"), ""
	r.awake = func() {
		text, err := os.ReadFile(saved)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Request evaluator.Subject }
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		first = doc.Request.ID
	}
	code, d := r.eval(t, t.Context(), "--wait", "--save-input", saved)
	if code != exitAllow || first == "" || d.Request.ID != first {
		t.Errorf("ends with %d; asked as %q, then as %q", code, first, d.Request.ID)
	}
}

func TestEvalRejectsAnotherImageAfterTheWait(t *testing.T) {
	r := newWaitingRoom(t, early)
	r.awake = func() { r.push(t, "payments-api:7a3f9c2", "another") }
	code, _ := r.eval(t, t.Context(), "--wait")
	if code != exitNoDecision || !strings.Contains(r.err.String(), "the reference has come to name") || r.out.Len() > 0 {
		t.Errorf("ends with %d: %s%s", code, r.out, r.err)
	}
}

func TestAnInterruptedWaitIsNoDecision(t *testing.T) {
	r := newWaitingRoom(t, early)
	ctx, cancel := context.WithCancel(t.Context())
	r.awake = cancel
	code, _ := r.eval(t, ctx, "--wait")
	if code != exitNoDecision || r.slept > time.Minute || !strings.Contains(r.err.String(), "interrupted") || r.out.Len() > 0 {
		t.Errorf("ends with %d after %s: %s%s", code, r.slept, r.out, r.err)
	}
}

// If the clock was set back during the sleep, the gate waits again instead of deciding
// too early.
func TestEvalWaitsAgainIfTheClockIsSetBack(t *testing.T) {
	r := newWaitingRoom(t, early)
	once := false
	r.awake = func() {
		if !once {
			once, r.now = true, r.now.Add(-10*time.Minute)
		}
	}
	code, d := r.eval(t, t.Context(), "--wait")
	if code != exitAllow || r.slept != 30*time.Minute || d.Now.Hour() != 10 {
		t.Errorf("ends with %d after %s, as of %s: %s", code, r.slept, d.Now, r.err)
	}
}
