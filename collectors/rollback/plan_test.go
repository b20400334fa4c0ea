package rollback_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors/log"
	"github.com/prodgate/prodgate/collectors/rollback"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// deployed is a trail with one entry for each word, TYPE DIGEST [CONFIGURATION], an hour
// apart.
func deployed(t *testing.T, steps ...string) string {
	t.Helper()
	location := filepath.Join(t.TempDir(), "trail.db")
	l, err := trail.Open(t.Context(), location, trail.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	began := time.Now().Add(-time.Duration(len(steps)+1) * time.Hour)
	for i, text := range steps {
		words := strings.Fields(text)
		e := trail.Event{
			ID: trail.NewID(), Type: words[0], Digest: words[1], Service: "payments-api", Environment: "production",
			Deployment: "acme/payments-api/runs/" + words[1][7:9], OccurredAt: began.Add(time.Duration(i) * time.Hour),
			Data:   json.RawMessage(`{"version":"v` + words[1][7:9] + `"}`),
			Writer: trail.Writer{Subject: "repo:acme/payments-api", Assurance: trail.AssuranceCI},
		}
		if _, err := l.Append(context.Background(), e); err != nil {
			t.Fatal(err)
		}
	}
	return location
}

func TestThePlansTargetIsWhatWorkedBefore(t *testing.T) {
	repository, there := pushed(t)
	reviewed := time.Date(2026, 11, 2, 15, 0, 0, 0, time.UTC)
	asked := "sha256:" + strings.Repeat("7a", 32)
	gone := "sha256:" + strings.Repeat("6b", 32)
	other := "sha256:" + strings.Repeat("5c", 32)
	for _, tt := range []struct {
		name      string
		steps     []string
		kind      facts.Kind
		digest    string // empty: asked
		want      string // digest of the target; empty: none
		available bool
	}{
		{name: "nothing ran"},
		{name: "what runs", steps: []string{"deploy.live " + there}, want: there, available: true},
		{name: "what runs, and the registry has lost it", steps: []string{"deploy.live " + there, "deploy.live " + gone}, want: there, available: true},
		{name: "the registry has lost all", steps: []string{"deploy.live " + other, "deploy.live " + gone}, want: gone},
		{name: "what runs was not verified", steps: []string{"deploy.live " + there, "deploy.live " + gone, "verification.failed " + gone}, want: there, available: true},
		{name: "the same image again", steps: []string{"deploy.live " + there, "deploy.live " + asked}, want: there, available: true},
		{name: "an attempt that failed", steps: []string{"deploy.live " + there, "deploy.started " + gone, "deploy.failed " + gone}, want: there, available: true},
		{name: "a first release", steps: []string{"deploy.live " + there}, kind: facts.KindInitial},
		{name: "a rollback", steps: []string{"deploy.live " + there, "deploy.live " + asked}, kind: facts.KindRollback, digest: there, want: there, available: true},
		{name: "a rollback of what failed", steps: []string{"deploy.live " + there, "deploy.started " + asked, "deploy.failed " + asked}, kind: facts.KindRollback, digest: there, want: there, available: true},
		{name: "a rollback to something older", steps: []string{"deploy.live " + gone, "deploy.live " + there, "deploy.live " + asked}, kind: facts.KindRollback, digest: gone, want: there, available: true},
		{name: "a rollback of the first release", steps: []string{"deploy.live " + there}, kind: facts.KindRollback},
		{name: "a rollback where nothing ran", kind: facts.KindRollback},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := facts.Request{
				Kind: facts.KindPromotion, Service: "payments-api", Environment: "production", Reference: repository + ":42", Digest: asked,
			}
			if tt.kind != "" {
				req.Kind = tt.kind
			}
			if tt.digest != "" {
				req.Digest = tt.digest
			}
			plan := rollback.Plan{
				Procedure: rollback.Procedure{Procedure: "helm rollback payments-api", ReviewedAt: &reviewed},
				Log:       log.Location{Location: deployed(t, tt.steps...)},
			}
			section, err := plan.Collect(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			got := section.(facts.Observed).Section.(*facts.Rollback)
			if *got.Procedure != "helm rollback payments-api" || !got.ReviewedAt.Equal(reviewed) || *got.Service != "payments-api" {
				t.Errorf("the plan is %+v", got)
			}
			switch {
			case tt.want == "" && got.Target != nil:
				t.Errorf("the target is %+v, want none", got.Target)
			case tt.want != "" && (got.Target == nil || got.Target.Digest != tt.want || got.Target.Available != tt.available || got.Target.Version != "v"+tt.want[7:9]):
				t.Errorf("the target is %+v, want %s, available: %t", got.Target, tt.want, tt.available)
			}
		})
	}
}

func TestAPlanNeedsATrailAndARegistry(t *testing.T) {
	repository, there := pushed(t)
	req := facts.Request{Kind: facts.KindPromotion, Service: "payments-api", Environment: "production", Reference: repository + ":42"}
	if _, err := (rollback.Plan{}).Collect(t.Context(), req); err == nil || !strings.Contains(err.Error(), "set trail in prodgate.yaml") {
		t.Errorf("without a trail: %v", err)
	}
	plan := rollback.Plan{Log: log.Location{Location: deployed(t, "deploy.live "+there)}}
	req.Reference = "tarball:image.tar"
	if _, err := plan.Collect(t.Context(), req); err == nil || !strings.Contains(err.Error(), "an archive holds the artifact alone") {
		t.Errorf("beside an archive: %v", err)
	}
	req.Reference = "localhost:1/app:42"
	if _, err := plan.Collect(t.Context(), req); err == nil || !strings.Contains(err.Error(), "rollback target") {
		t.Errorf("without a registry: %v", err)
	}
}
