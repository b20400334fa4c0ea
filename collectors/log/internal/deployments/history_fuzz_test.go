package deployments

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// FuzzHistory shows that whatever others put into the trail, the history is an
// error or has its place in a document.
func FuzzHistory(f *testing.F) {
	f.Add("deploy.live", "repo:acme/web", "production", "", []byte(`{"version":"41","approvers":["mailto:pat@example.com"],"reason":null}`))
	f.Add("rollback.live", "Jane Doe", "", "", []byte(`{"version":" ","approvers":["", "a b"]}`))
	f.Add("verification.failed", "", "\x00", "", []byte(`{"version":7}`))
	f.Add("production.adopted", "user:jane", "", "", []byte(`{"previous_digest":"sha256:","requested_by":"user:jane","approver":"user:joe","live_at":null}`))
	f.Add("deploy.started", "user:jane", "run/attempts/2", "", []byte(`{"kind":"rollback","configuration":"sha256:0","built_at":"2026-11-24T10:00:00Z"}`))
	for _, kind := range types {
		f.Add(kind, "user:jane", "run", "prod", []byte(`{"previous_digest":"","requested_by":"user:jane","approver":"user:joe"}`))
	}
	f.Fuzz(func(t *testing.T, kind, subject, deployment, environment string, data []byte) {
		e := trail.Entry{Event: trail.Event{
			Type: kind, Digest: "sha256:" + strings.Repeat("0", 64), OccurredAt: time.Date(2026, 11, 24, 10, 0, 0, 1, time.UTC),
			ID: "e", Deployment: deployment, Data: json.RawMessage(data), Writer: trail.Writer{Subject: subject, Assurance: trail.AssuranceUser},
		}, RecordedAt: time.Date(2026, 11, 24, 10, 0, 0, 1, time.UTC)}
		asked := e
		asked.Type = trail.TypeGateRequested
		found, err := history(facts.Request{Environment: environment}, []trail.Entry{e, e}, []trail.Entry{asked})
		if err != nil {
			return
		}
		at := time.Unix(0, 0).UTC()
		doc := &facts.Document{
			Version: facts.Version, Now: at, CollectedAt: at, Production: found,
			Request: facts.Request{
				ID: "x", Service: "x", Environment: "x", Kind: facts.KindPromotion, Trigger: "x",
				RequestedBy: "x:1", TriggeredBy: "x:1", RequestedAt: at,
			},
			Sources: map[string]facts.Source{"production": {Status: facts.StatusOK, Kind: "trail"}},
		}
		if _, err := facts.FromDocument(doc); err != nil {
			t.Error(err)
		}
	})
}
