package request_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/report/request"
)

var update = flag.Bool("update", false, "rewrite testdata")

func at(hour, minute int) time.Time { return time.Date(2026, 11, 24, hour, minute, 0, 0, time.UTC) }

func ptr[T any](v T) *T { return &v }

// asked is a page in which every text of others is s.
func asked(s string) request.Page {
	doc := &facts.Document{
		Now: at(16, 20),
		Request: facts.Request{
			Service: "payments-api", Environment: "production", Kind: facts.KindPromotion, Ticket: ptr(s),
			RequestedBy: "github:583231", TriggeredBy: "github:2",
		},
		Artifact: &facts.Artifact{Repository: "registry.example.com/payments-api", Tag: ptr("7a3f9c2")},
		Build:    &facts.Build{Commit: strings.Repeat("7a", 20), Repository: ptr(s), BuiltAt: ptr(at(12, 0)), Author: ptr("github:7")},
		Staging: &facts.Staging{
			Digest: "sha256:" + strings.Repeat("1", 64), DeployedAt: at(13, 0), RestartedAt: ptr(at(14, 0)), EndedAt: ptr(at(15, 0)),
			Verification: &facts.Verification{Result: s, FinishedAt: at(14, 20)},
		},
		Production: &facts.Production{Current: &facts.Deployment{Version: s, LiveAt: at(10, 0)}},
		Incidents:  facts.Incidents{{ID: s, Service: "payments-api", Status: s, OpenedAt: at(15, 0)}, {ID: "INC-2", Status: "resolved"}},
		Calendar:   &facts.Calendar{Timezone: "America/New_York"},
		Sources:    map[string]facts.Source{},
	}
	for range 7 {
		doc.Production.History = append(doc.Production.History, facts.Deployment{Version: s, Status: s, LiveAt: at(10, 0)})
	}
	for _, section := range []string{"build", "staging", "production", "incidents", "calendar"} {
		doc.Sources[section] = facts.Source{Status: facts.StatusOK}
	}
	finding := func(check, code string) evaluator.Finding {
		return evaluator.Finding{Check: check, Code: code, Effect: evaluator.EffectDeny, Title: s, Message: s, Remedy: s}
	}
	return request.Page{
		Document: doc, Digest: "sha256:" + strings.Repeat("0", 64), Entry: 12, Review: "https://github.com/acme/payments-api/actions/runs/77",
		Decision: &evaluator.Decision{OpensAt: ptr(at(20, 0)), Findings: []evaluator.Finding{
			finding("approval", "approval.missing"), finding("audit", "audit.step_missing"),
			finding("window", "window.closed"), finding("soak", "soak.too_short"),
		}},
	}
}

func TestThePageOfAnApprover(t *testing.T) {
	quiet := asked("fine")
	quiet.Document.Incidents, quiet.Decision.Findings, quiet.Decision.Passed = facts.Incidents{}, nil, []string{"window", "freeze", "incident"}
	quiet.Document.Production.Current, quiet.Document.Production.History = nil, nil
	quiet.Document.Staging.Verification, quiet.Document.Request.Emergency = nil, true
	quiet.Document.Request.TriggeredBy, quiet.Decision.OpensAt, quiet.Review = "github:583231", nil, ""
	trouble := "CrashLoopBackOff, pod payments-api-7f"
	quiet.Document.Production.Running = []facts.Running{
		{Digest: "sha256:1111", Workload: "Deployment payments-api", Since: at(14, 20), RestartedAt: ptr(at(16, 15)), Trouble: &trouble},
		{Digest: "sha256:2222", Workload: "Deployment `worker`", Since: at(2, 0)},
	}
	unread := asked("x")
	for section := range unread.Document.Sources {
		unread.Document.Sources[section] = facts.Source{Status: facts.StatusError, Error: ptr("no answer in time")}
	}
	delete(unread.Document.Sources, "staging")
	unread.Document.Artifact = nil
	for name, page := range map[string]request.Page{"full": asked("as they say"), "quiet": quiet, "unread": unread} {
		t.Run(name, func(t *testing.T) {
			file := "testdata/" + name + ".md"
			got := string(page.Markdown())
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A text of others makes no markup, no new line and no hidden direction.
func FuzzTheTextOfOthers(f *testing.F) {
	for _, s := range []string{"a", "<script>", "x\n## y", "| a |", "\u202e", "`x`", "![](http://x)", "@someone", "\x1b[31m"} {
		f.Add(s)
	}
	plain := string(asked("x").Markdown())
	f.Fuzz(func(t *testing.T, s string) {
		got := string(asked("x" + s).Markdown())
		if strings.Count(got, "\n") != strings.Count(plain, "\n") || strings.ContainsAny(got, "\u202e\x1b\r") || strings.Contains(got, "<script") {
			t.Errorf("%q", got)
		}
	})
}
