package github_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/githubtest"
)

const sha = "7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a"

func (s *site) production(t *testing.T) *facts.Production {
	t.Helper()
	got, err := s.collect("production", ask())
	if err != nil {
		t.Fatal(err)
	}
	return got.Section.(*facts.Production)
}

// reports are deployments as "id state run".
func reports(list []facts.ReportedDeployment) (texts []string) {
	or := func(text *string) string {
		if text == nil {
			return "-"
		}
		return *text
	}
	for _, d := range list {
		text := strings.TrimPrefix(d.ID, "acme/payments-api/deployments/") + " " + or(d.State) + " " + strings.TrimPrefix(or(d.Run), "acme/payments-api/")
		if d.SucceededAt != nil {
			text += " succeeded"
		}
		texts = append(texts, text)
	}
	return texts
}

func TestDeploymentsAreReportedWithTheirRun(t *testing.T) {
	s := newSite(t)
	s.Deploy(77, "production", "queued", "in_progress", "success")
	s.tick(1)
	s.Deploy(77, "Production", "in_progress", "failure")
	s.tick(1)
	s.Deploy(77, "staging", "in_progress", "success")
	s.tick(1)
	s.Create(sha, "production", map[string]any{"digest": "sha256:" + strings.Repeat("a", 64)})
	s.tick(1)
	s.Report(s.Create(sha, "production", `{"digest":"sha256:`+strings.Repeat("b", 64)+`"}`), "success")
	s.tick(1)
	s.Report(s.Deploy(77, "production"), "waiting")
	got := s.production(t)
	want := []string{"9005 waiting runs/77", "9004 success - succeeded", "9003 - -", "9001 failure runs/77", "9000 inactive runs/77 succeeded"}
	if diff := cmp.Diff(want, reports(got.Reported)); diff != "" {
		t.Error(diff)
	}
	if got.Current != nil || len(got.History) != 0 || !*got.Complete || !got.Since.Equal(s.now) || got.ReportedSince != nil {
		t.Errorf("%+v", got)
	}
	oldest, claimed := got.Reported[4], got.Reported[2]
	if *oldest.Commit != sha || oldest.Digest != nil || !oldest.CreatedAt.Equal(begin) || oldest.Environment != "production" || !oldest.SucceededAt.Equal(begin) {
		t.Errorf("%+v", oldest)
	}
	if *claimed.Digest != "sha256:"+strings.Repeat("a", 64) || *got.Reported[1].Digest != "sha256:"+strings.Repeat("b", 64) {
		t.Errorf("%+v", got.Reported)
	}
	seen, err := s.collect("staging", ask())
	if err != nil {
		t.Fatal(err)
	}
	staging := seen.Section.(*facts.Staging)
	if diff := cmp.Diff([]string{"9002 success runs/77 succeeded"}, reports(staging.Reported)); diff != "" || staging.HasStays() || !*staging.Complete {
		t.Errorf("%+v\n%s", staging, diff)
	}
	if !strings.HasSuffix(seen.Evidence.URI, "/acme/payments-api/deployments") {
		t.Error(seen.Evidence.URI)
	}
}

// The newest deployments are read; which are left out is said.
func TestOldDeploymentsAreLeftOut(t *testing.T) {
	s := newSite(t)
	for range 102 {
		s.Deploy(77, "production", "success")
		s.tick(1)
	}
	got := s.production(t)
	if len(got.Reported) != 100 || !got.ReportedSince.Equal(begin.Add(time.Minute)) {
		t.Errorf("%d since %v", len(got.Reported), got.ReportedSince)
	}
}

// Everyone who can write deployments can name another run in a status.
func TestADeploymentOfTwoRunsIsOfNone(t *testing.T) {
	s := newSite(t)
	s.Start(githubtest.Run{ID: 78, Event: "workflow_dispatch", SHA: sha, Attempt: 1, Actor: "octocat", TriggeringActor: "octocat"})
	id := s.Deploy(78, "production", "in_progress")
	s.Name(id, s.URL+"/acme/payments-api/actions/runs/77/job/1")
	if diff := cmp.Diff([]string{"9000 success - succeeded"}, reports(s.production(t).Reported)); diff != "" {
		t.Error(diff)
	}
	for _, address := range []string{"https://elsewhere.example.com/x", "https://h.example.com/acme/other/actions/runs/7", "/acme/payments-api/actions/runs/0", "%zz", "/acme/payments-api/actions/runs/7x"} {
		s := newSite(t)
		s.Name(s.Create(sha, "production", nil), address)
		if diff := cmp.Diff([]string{"9000 success - succeeded"}, reports(s.production(t).Reported)); diff != "" {
			t.Errorf("%s: %s", address, diff)
		}
	}
}

// The clock of GitHub may be ahead.
func TestADeploymentIsNotInTheFuture(t *testing.T) {
	s := newSite(t)
	s.skew = time.Hour
	s.Deploy(77, "production", "success")
	got := s.production(t).Reported[0]
	if got.CreatedAt.After(s.now) || got.SucceededAt.After(s.now) {
		t.Errorf("%+v", got)
	}
}

func TestDeploymentsNeedNoRun(t *testing.T) {
	s := newSite(t)
	req := ask()
	req.Deployment = nil
	for _, section := range []string{"staging", "production"} {
		if _, err := s.collect(section, req); err != nil {
			t.Error(err)
		}
	}
	s.Lock()
	s.Tokens[token] = []string{githubtest.Actions}
	s.Unlock()
	if _, err := s.collect("production", req); err == nil || !strings.Contains(err.Error(), "Deployments: read") {
		t.Error(err)
	}
}
