package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
)

// trailOfSteps returns a trail with the steps of the evidence.
func (r *waitingRoom) trailOfSteps(t *testing.T) (location string) {
	t.Helper()
	location = filepath.Join(r.std.dir, "T.db")
	if err := stepsInto(r.std.dir, location, r.std.clock); err != nil {
		t.Fatal(err)
	}
	return location
}

// recordedIn returns the types of a trail's entries, in their order.
func recordedIn(t *testing.T, location string) (entries []trail.Entry, types []string) {
	t.Helper()
	log, err := trail.Open(t.Context(), location, trail.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for e, err := range log.Entries(t.Context(), trail.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		entries, types = append(entries, e), append(types, e.Type)
	}
	return entries, types
}

func TestAfterWaitingOnlyTheLastDecisionIsRecorded(t *testing.T) {
	r := newWaitingRoom(t, early)
	location := r.trailOfSteps(t)
	code, d := r.eval(t, t.Context(), "--wait", "--trail", location)
	if code != exitAllow || d.Trail == nil {
		t.Fatalf("ends with %d: %s\n%s", code, r.err, r.out)
	}
	entries, types := recordedIn(t, location)
	if want := []string{"staging.deployed", "staging.verified", "approval.granted", "policy.changed", "gate.requested", "gate.evaluated"}; !slices.Equal(types, want) {
		t.Fatalf("recorded %q, want %q", types, want)
	}
	last := entries[5]
	if last.Seq != d.Trail.Seq || last.LeafHash != d.Trail.LeafHash || !last.Now.Equal(d.Now) || last.Mode != "enforce" {
		t.Errorf("the entry is %+v, the decision says %+v", last, d.Trail)
	}
	for _, e := range entries[3:] {
		if e.Service != "payments-api" || e.Environment != "production" || e.Deployment != d.Request.ID {
			t.Errorf("%s is about %s in %s, deployment %q", e.Type, e.Service, e.Environment, e.Deployment)
		}
	}
}

// The recorded document and rules give the recorded decision again: they are stored
// byte for byte.
func TestARecordedDecisionCanBeMadeAgain(t *testing.T) {
	r := newWaitingRoom(t, "2026-11-24T10:20:00-05:00")
	location := r.trailOfSteps(t)
	if code, _ := r.eval(t, t.Context(), "--trail", location); code != exitAllow {
		t.Fatalf("ends with %d: %s", code, r.err)
	}
	entries, _ := recordedIn(t, location)
	e := entries[len(entries)-1]
	log, err := trail.Open(t.Context(), location, trail.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	stored := map[string][]byte{}
	for role, ref := range e.Refs {
		if stored[role], err = log.Blob(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	then, err := evaluator.NewFromBundle(t.Context(), stored[trail.BlobPolicy])
	if err != nil {
		t.Fatal(err)
	}
	var printed evaluator.Decision
	if err := json.Unmarshal(stored[trail.BlobDecision], &printed); err != nil {
		t.Fatal(err)
	}
	again, err := then.Replay(t.Context(), stored[trail.BlobInput])
	if err != nil {
		t.Fatal(err)
	}
	again.Mode = printed.Mode
	first, _ := json.Marshal(printed)
	second, _ := json.Marshal(again)
	if string(first) != string(second) || printed.Trail != nil {
		t.Errorf("decided\n%s\nthen, and again\n%s", first, second)
	}
}

func TestAnAllowRecordsTheRollbackTargetAndTheRequestRecordsTheBuild(t *testing.T) {
	r := newWaitingRoom(t, "2026-11-24T10:20:00-05:00")
	location := r.trailOfSteps(t)
	if code, _ := r.eval(t, t.Context(), "--trail", location, "--request-id", "acme/a/runs/7/attempts/2", "--configuration", "sha256:"+strings.Repeat("c", 64)); code != exitAllow {
		t.Fatalf("ends with %d: %s", code, r.err)
	}
	entries, _ := recordedIn(t, location)
	for _, e := range entries[3:] {
		if e.Deployment != "acme/a/runs/7" || e.Request != "acme/a/runs/7/attempts/2" {
			t.Errorf("%s belongs to request %q, deployment %q", e.Type, e.Request, e.Deployment)
		}
	}
	var request trail.RequestData
	var gate trail.GateData
	if err := errors.Join(json.Unmarshal(entries[4].Data, &request), json.Unmarshal(entries[5].Data, &gate)); err != nil {
		t.Fatal(err)
	}
	if request.Attempt == nil || *request.Attempt != 2 || request.Configuration == nil || len(request.Commit) < 7 {
		t.Errorf("%s", entries[4].Data)
	}
	if gate.Rollback == nil || gate.Rollback.Procedure == nil || !strings.HasPrefix(gate.Rollback.Digest, "sha256:") || gate.Rollback.Version == "" {
		t.Errorf("%s", entries[5].Data)
	}
}

func TestTheWriterComesFromTheEnvironment(t *testing.T) {
	actions := []string{"GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=Acme/Web", "GITHUB_SERVER_URL=https://git.acme.example"}
	for _, tt := range []struct {
		name                       string
		env                        []string
		subject, issuer, assurance string
	}{
		{"a workflow", actions, "repo:acme/web", "https://git.acme.example", "ci"},
		{"an account", nil, "user:", "", "user"},
		{"a repository outside of a workflow", actions[1:], "user:", "", "user"},
		{"a variable that names a user", []string{"USER=root", "LOGNAME=root"}, "user:", "", "user"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := writer(stdio{env: tt.env})
			if !strings.HasPrefix(got.Subject, tt.subject) || string(got.Assurance) != tt.assurance || tt.issuer != "" && got.Issuer != tt.issuer {
				t.Errorf("writer = %+v", got)
			}
			if _, ok := facts.Accepts("person", got.Subject); !ok {
				t.Errorf("no document can hold %q", got.Subject)
			}
		})
	}
}

func TestEveryFieldOfARecordableStepHasAFlag(t *testing.T) {
	filled := map[string]bool{
		"configuration": true, "attempt": true, // settings
		"due_at": true, "requested_by": true, "approved_by": true, // set only by the gate
	}
	for _, name := range recordable {
		typ, err := step.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range typ.Fields {
			if !filled[f.Name] && !strings.HasPrefix(flagOf("data."+f.Name), "--") {
				t.Errorf("%s: no flag for %s", name, f.Name)
			}
		}
	}
	for _, f := range stepFlags {
		used := slices.ContainsFunc(recordable, func(name string) bool {
			typ, _ := step.Find(name)
			_, known := f.field(typ)
			return known
		})
		if !used {
			t.Errorf("--%s applies to no type", f.flag)
		}
	}
}

func TestAgesAreParsed(t *testing.T) {
	for text, want := range map[string]time.Duration{"365d": 365 * 24 * time.Hour, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute} {
		if got, err := days(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "0d", "-1d", "99999d", "-5m", "0s", "90", "2026-11-24"} {
		if got, err := days(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestTheRepositoryOfAnImage(t *testing.T) {
	for image, want := range map[string]string{
		"registry.example.com/team/api:v7":                   "registry.example.com/team/api",
		"registry.example.com:5000/api":                      "registry.example.com:5000/api",
		"registry.example.com:5000/api:v7@sha256:0123456789": "registry.example.com:5000/api",
		"api@sha256:0123456789":                              "api",
	} {
		if got := repositoryOf(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

// FuzzReceipt checks that no file makes the reader of receipts panic.
func FuzzReceipt(f *testing.F) {
	f.Add([]byte(`{"id":"","seq":0,"leaf_hash":"","recorded_at":"2026-11-26T11:59:22Z","checkpoint":"","proof":[]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, content []byte) {
		receipt, err := parseReceipt("receipt.json", content)
		if err == nil && receipt.LeafHash == "" {
			t.Error("a receipt of nothing was read")
		}
		_ = treeSize(receipt.Checkpoint)
	})
}
