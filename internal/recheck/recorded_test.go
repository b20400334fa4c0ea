package recheck

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
)

// Earlier versions escaped <, > and & in the decisions that they recorded.
func TestADecisionIsTheRecordedOneHoweverItIsEscaped(t *testing.T) {
	for name, tt := range map[string]struct {
		write func([]byte) []byte
		found bool
	}{
		"as it is written now": {func(text []byte) []byte { return text }, true},
		"escaped":              {escapedAsBefore, true},
		"another text":         {func(text []byte) []byte { return bytes.Replace(text, []byte("a < b"), []byte("a > b"), 1) }, false},
		"another text, escaped": {func(text []byte) []byte {
			return bytes.Replace(escapedAsBefore(text), []byte(`a \u003c b`), []byte(`a \u003e b`), 1)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := allow()
			d.Findings = []evaluator.Finding{{Code: "x.y", Effect: evaluator.EffectWarn, Message: "a < b && c"}}
			text, err := print.JSON(d)
			if err != nil {
				t.Fatal(err)
			}
			log := recordAllow(t, d, tt.write(text))
			a, err := Check(t.Context(), d, Question{Now: noon, Log: log})
			if err != nil {
				t.Fatal(err)
			}
			if found := len(a.Reasons) == 0; found != tt.found {
				t.Errorf("reasons %v, want it found: %v", a.Reasons, tt.found)
			}
		})
	}
}

func escapedAsBefore(text []byte) []byte {
	var escaped bytes.Buffer
	json.HTMLEscape(&escaped, text)
	return escaped.Bytes()
}

// recordAllow records a decision whose text is given, and notes its receipt in d.
func recordAllow(t *testing.T, d *evaluator.Decision, text []byte) *trail.Log {
	t.Helper()
	log, err := trail.Open(t.Context(), filepath.Join(t.TempDir(), "trail.db"), trail.Options{Clock: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	sum := "sha256:" + strings.Repeat("c", 64)
	data, err := json.Marshal(trail.GateData{
		Kind: d.Request.Kind, Outcome: string(d.Outcome), Policy: trail.GatePolicy{Digest: sum}, InputDigest: sum,
	})
	if err != nil {
		t.Fatal(err)
	}
	receipts, err := log.Append(t.Context(), trail.Event{
		ID: trail.NewID(), Type: trail.TypeGateEvaluated, OccurredAt: d.Now, Service: d.Request.Service, Environment: d.Request.Environment,
		Request: d.Request.ID, Digest: digest, Mode: string(d.Mode), Now: d.Now, Data: data,
		Writer: trail.Writer{Subject: "user:gate", Assurance: trail.AssuranceUser},
		Blobs:  map[string]trail.Blob{trail.BlobDecision: {MediaType: "application/json", Content: text}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Trail = &evaluator.Recorded{Seq: receipts[0].Seq, LeafHash: receipts[0].LeafHash, Checkpoint: receipts[0].Checkpoint}
	return log
}
