package gitlab_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/collectors/gitlab"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/gitlabtest"
)

// begin is when the pipeline of the tests starts.
var begin = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

const token = "glpat-7Wm2Rk9TqLx4AbCdEfGh"

var built = strings.Repeat("7a", 20)

// site is a GitLab with one pipeline whose deployment is approved, and how it is read.
type site struct {
	*gitlabtest.Server
	settings gitlab.Settings
	now      time.Time
	skew     time.Duration // of the server's clock
	env      map[string]string
	job      int64 // that deploys to production
}

// tick moves the clock.
func (s *site) tick(minutes int) {
	s.Lock()
	defer s.Unlock()
	s.now = s.now.Add(time.Duration(minutes) * time.Minute)
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{now: begin, env: map[string]string{"GITLAB_TOKEN": token}}
	s.Server = gitlabtest.New(s.clock)
	t.Cleanup(s.Close)
	s.populate()
	return s
}

// clock is the time of the server, which holds its lock.
func (s *site) clock() time.Time { return s.now.Add(s.skew) }

// populate adds the people, groups and the pipeline.
func (s *site) populate() {
	s.Add(gitlabtest.Account{ID: 1, Username: "Jane"}, gitlabtest.Account{ID: 2, Username: "lead"},
		gitlabtest.Account{ID: 3, Username: "project_4711_bot_1a2b", Bot: true}, gitlabtest.Account{ID: 4, Username: "former"})
	const team, leads = "acme/production-approvers", "acme/platform-leads"
	for _, group := range []string{team, leads} {
		s.Join(group, "lead", gitlabtest.Member{Level: gitlabtest.Developer})
	}
	s.Join(team, "former", gitlabtest.Member{Level: gitlabtest.Developer, Expires: "2026-11-24"})
	s.Join("acme", "Jane", gitlabtest.Member{Level: gitlabtest.Owner})
	s.Groups[team].Requires = true
	s.Start(gitlabtest.Pipeline{ID: 77, Source: "web", SHA: built, User: "Jane"})
	s.Run(77, "request", "Jane", "")
	s.Tokens[token] = s.All()
	s.settings = gitlab.Settings{Project: "acme/payments-api", URL: s.API(), Roles: map[string][]string{"platform-lead": {leads}}}
}

// decided has the deployment wait and be decided about, two minutes later each.
func (s *site) decided(username, status, comment string) {
	s.tick(2)
	s.job = s.Run(77, "gate", "Jane", "production")
	s.tick(2)
	s.Decide(s.job, username, status, comment)
	s.tick(2)
}

func ask() facts.Request {
	deployment := "acme/payments-api/pipelines/77"
	return facts.Request{
		ID: deployment + "/jobs/9001", Deployment: &deployment, Service: "payments-api", Environment: "production",
		Trigger: "web", RequestedBy: "gitlab:1", TriggeredBy: "gitlab:1",
	}
}

// collect reads one section.
func (s *site) collect(section string, req facts.Request) (facts.Observed, error) {
	c := gitlab.Kind.Open(source.Env{
		Section: section, Dir: "/etc/prodgate", Now: func() time.Time { s.Lock(); defer s.Unlock(); return s.now },
		Getenv: func(name string) string { return s.env[name] },
	}, &s.settings)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	got, err := c.Collect(ctx, req)
	if err != nil {
		return facts.Observed{}, err
	}
	return got.(facts.Observed), nil
}

func (s *site) approvals(t *testing.T) facts.Approvals {
	t.Helper()
	got, err := s.collect("approvals", ask())
	if err != nil {
		t.Fatal(err)
	}
	return got.Section.(facts.Approvals)
}

func (s *site) people(t *testing.T) facts.People {
	t.Helper()
	got, err := s.collect("people", ask())
	if err != nil {
		t.Fatal(err)
	}
	return got.Section.(facts.People)
}

// asJSON is a value as the document has it.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnApprovalNamesThePipelineAndItsTime(t *testing.T) {
	for _, rules := range []bool{false, true} {
		s := newSite(t)
		s.Rules = rules
		s.decided("lead", "approved", "looks good\nwindow After-Hours\n")
		got, err := s.collect("approvals", ask())
		if err != nil {
			t.Fatal(err)
		}
		want := `[
 {
  "artifact": null,
  "approver": "gitlab:2",
  "role": null,
  "digest": null,
  "environment": "production",
  "service": null,
  "kind": null,
  "decision": "approved",
  "approved_at": "2026-11-24T15:04:00Z",
  "deployment_window": "after-hours",
  "approval_duration_seconds": null,
  "comment": "looks good",
  "verified_by": null,
  "run": "acme/payments-api/pipelines/77"
 }
]`
		if diff := cmp.Diff(want, asJSON(t, got.Section)); diff != "" {
			t.Error(diff)
		}
		if got.Evidence.URI != s.URL+"/acme/payments-api/-/pipelines/77" || len(got.Evidence.SHA256) != 64 || len(got.Contradictions) != 0 {
			t.Errorf("evidence %+v, contradictions %+v", got.Evidence, got.Contradictions)
		}
	}
}

func TestARejectionEndsTheRequest(t *testing.T) {
	s := newSite(t)
	s.decided("lead", "rejected", "")
	a := s.approvals(t)[0]
	if a.Decision != "rejected" || a.Request == nil || *a.Request != ask().ID || a.Comment != nil {
		t.Errorf("%+v", a)
	}
}

// A retried job has a deployment of its own. Deployments of other pipelines and to other
// environments are not read.
func TestEveryDeploymentOfThePipelineIsRead(t *testing.T) {
	s := newSite(t)
	s.PageSize = 2
	for range 3 {
		s.decided("lead", "approved", "")
	}
	s.Start(gitlabtest.Pipeline{ID: 78, Source: "web", SHA: built, User: "Jane"})
	s.Decide(s.Run(78, "gate", "Jane", "production"), "former", "approved", "")
	s.Decide(s.Run(77, "canary", "Jane", "staging"), "former", "approved", "")
	got := s.approvals(t)
	if len(got) != 3 {
		t.Fatalf("%d approvals", len(got))
	}
	for _, a := range got {
		if a.Approver != "gitlab:2" {
			t.Errorf("%+v", a)
		}
	}
}

func TestTheNameOfTheEnvironmentOnGitLab(t *testing.T) {
	s := newSite(t)
	s.settings.Environment, s.Protected["production/eu"] = "production/eu", 1
	s.Decide(s.Run(77, "gate", "Jane", "production/eu"), "lead", "approved", "")
	if got := s.approvals(t); len(got) != 1 || *got[0].Environment != "production" {
		t.Errorf("%+v", got)
	}
}

func TestPeopleHaveOnlyActiveTeams(t *testing.T) {
	s := newSite(t)
	s.decided("lead", "approved", "")
	s.Decide(s.job, "former", "approved", "")
	s.Decide(s.job, "project_4711_bot_1a2b", "approved", "")
	want := `[
 {
  "ids": [
   "gitlab:1",
   "gitlab-login:jane"
  ],
  "roles": [],
  "teams": [],
  "mfa": null,
  "human": true,
  "as_of": "2026-11-24T15:06:00Z",
  "wrote": [
   "7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a"
  ],
  "started": [
   "acme/payments-api/pipelines/77"
  ]
 },
 {
  "ids": [
   "gitlab:2",
   "gitlab-login:lead"
  ],
  "roles": [
   "platform-lead"
  ],
  "teams": [
   "platform-leads"
  ],
  "mfa": null,
  "human": true,
  "as_of": "2026-11-24T15:06:00Z"
 },
 {
  "ids": [
   "gitlab:3",
   "gitlab-login:project_4711_bot_1a2b"
  ],
  "roles": [],
  "teams": [],
  "mfa": null,
  "human": false,
  "as_of": "2026-11-24T15:06:00Z"
 },
 {
  "ids": [
   "gitlab:4",
   "gitlab-login:former"
  ],
  "roles": [],
  "teams": [],
  "mfa": null,
  "human": true,
  "as_of": "2026-11-24T15:06:00Z"
 }
]`
	want = strings.Replace(want, `   "platform-leads"
  ],
  "mfa": null`, `   "platform-leads",
   "production-approvers"
  ],
  "mfa": true`, 1)
	if diff := cmp.Diff(want, asJSON(t, s.people(t))); diff != "" {
		t.Error(diff)
	}
}

// Each membership would count if its state, level, end or group were not looked at.
func TestMembershipsThatDoNotCount(t *testing.T) {
	const team = "acme/production-approvers"
	for _, tt := range []struct {
		name   string
		change func(*site)
		counts bool
	}{
		{"as it is", func(*site) {}, true},
		{"of a guest", func(s *site) { s.Join(team, "lead", gitlabtest.Member{Level: gitlabtest.Guest}) }, true},
		{"until tomorrow", func(s *site) {
			s.Join(team, "lead", gitlabtest.Member{Level: gitlabtest.Guest, Expires: "2026-11-25"})
		}, true},
		{"until today", func(s *site) {
			s.Join(team, "lead", gitlabtest.Member{Level: gitlabtest.Owner, Expires: "2026-11-24"})
		}, false},
		{"with minimal access", func(s *site) { s.Join(team, "lead", gitlabtest.Member{Level: gitlabtest.Minimal}) }, false},
		{"that waits", func(s *site) {
			s.Join(team, "lead", gitlabtest.Member{Level: gitlabtest.Owner, State: "awaiting"})
		}, false},
		{"of a blocked user", func(s *site) { s.Add(gitlabtest.Account{ID: 2, Username: "lead", State: "blocked"}) }, false},
		{"of a group above", func(s *site) {
			s.Leave(team, "lead")
			s.Join("acme", "lead", gitlabtest.Member{Level: gitlabtest.Owner})
		}, false},
		{"none", func(s *site) { s.Leave(team, "lead") }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.decided("lead", "approved", "")
			tt.change(s)
			if got := strings.Contains(fmt.Sprint(s.people(t)[1].Teams), "production-approvers"); got != tt.counts {
				t.Errorf("it counts: %t, want %t", got, tt.counts)
			}
		})
	}
}

// Whoever started a job of the pipeline is a requester, also if the job was retried by
// others later.
func TestEveryStarterOfAJobIsOneOfThePipeline(t *testing.T) {
	s := newSite(t)
	s.Run(77, "build", "former", "")
	s.Run(77, "build", "Jane", "")
	s.decided("lead", "approved", "")
	var started []string
	for _, p := range s.people(t) {
		if len(p.Started) == 1 && p.Started[0] == *ask().Deployment {
			started = append(started, p.IDs[0])
		}
	}
	if diff := cmp.Diff([]string{"gitlab:1", "gitlab:4"}, started); diff != "" {
		t.Error(diff)
	}
}

// The authors of the commit of the pipeline, of the one that was built, and of the one that
// the image is tagged with, are found by mail address and by merge request.
func TestAuthorsOfTheCommits(t *testing.T) {
	s := newSite(t)
	other := "6b2e8d1" + strings.Repeat("0", 33)
	s.Write(other, gitlabtest.Commit{Email: "4-former@users.noreply.gitlab.example.com"})
	wrote := func(reference, build string) string {
		t.Helper()
		req := ask()
		req.Reference, req.Built = reference, func(context.Context) string { return build }
		got, err := s.collect("people", req)
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, p := range got.Section.(facts.People) {
			for _, commit := range p.Wrote {
				list = append(list, p.IDs[0]+" "+commit[:7])
			}
		}
		return strings.Join(list, ", ")
	}
	const ofPipeline, ofBoth = "gitlab:1 7a7a7a7", "gitlab:1 7a7a7a7, gitlab:4 6b2e8d1"
	for _, tt := range []struct{ reference, build, want string }{
		{"", "", ofPipeline}, {"registry.example.com:5000/payments-api:7a7a7a7", "", ofPipeline},
		{"registry.example.com:5000/payments-api:6b2e8d1@sha256:00", "", ofBoth},
		{"payments-api:1234567", "", ofPipeline}, {"payments-api:v7", "", ofPipeline},
		{"payments-api@sha256:00", other, ofBoth}, {"payments-api:6b2e8d1", other, ofBoth},
		{"payments-api:v7", built, ofPipeline}, {"payments-api:v7", strings.Repeat("0", 40), ofPipeline},
	} {
		if got := wrote(tt.reference, tt.build); got != tt.want {
			t.Errorf("%s of %s: %s, want %s", tt.reference, tt.build, got, tt.want)
		}
	}
	s.Add(gitlabtest.Account{ID: 2, Username: "lead", Email: "lead@example.com"})
	s.Write(built, gitlabtest.Commit{Email: "Lead@example.com", MergeRequests: []string{"former", "former"}})
	if got := wrote("", built); got != "gitlab:2 7a7a7a7, gitlab:4 7a7a7a7" {
		t.Error(got)
	}
	s.Write(built, gitlabtest.Commit{Email: "99-gone@users.noreply.gitlab.example.com"})
	if got := wrote("", built); got != "" {
		t.Error(got)
	}
}

func TestTwoFactorAuthentication(t *testing.T) {
	s := newSite(t)
	s.decided("lead", "approved", "")
	mfa := func() string {
		t.Helper()
		got, err := s.collect("people", ask())
		if err != nil {
			return err.Error()
		}
		return asJSON(t, got.Section.(facts.People)[1].MFA)
	}
	for _, tt := range []struct {
		name   string
		change func()
		want   string
	}{
		{"required by the group", func() {}, "true"},
		{"required with a delay", func() { s.Groups["acme/production-approvers"].Grace = 48 }, "two_factor_grace_period of 0"},
		{"required above", func() { s.Groups["acme"].Requires = true }, "true"},
		{"required by another group", func() { s.Groups["acme"].Requires, s.Groups["acme/platform-leads"].Requires = false, true }, "true"},
		{"an administrator sees that it is off", func() {
			admin := s.All()
			admin.Admin = true
			s.Tokens[token] = admin
		}, "false"},
		{"not required", func() { s.Groups["acme/platform-leads"].Requires = false }, "nothing shows who has two-factor authentication"},
		{"by user", func() { s.settings.TwoFactor = "user" }, "false"},
		{"by user, on", func() { s.Add(gitlabtest.Account{ID: 2, Username: "lead", TwoFactor: true}) }, "true"},
		{"by user, not an administrator", func() { s.Tokens[token] = s.All() }, "needs the scope read_api of an administrator"},
		{"elsewhere", func() { s.settings.TwoFactor = "elsewhere" }, "null"},
	} {
		tt.change()
		if got := mfa(); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// What the variables of a job say is compared with the pipeline, and with the job that the
// job token belongs to.
func TestARequestThatThePipelineDoesNotBearOut(t *testing.T) {
	s := newSite(t)
	s.decided("lead", "approved", "")
	mine := s.Run(77, "check", "former", "")
	s.Start(gitlabtest.Pipeline{ID: 78, Source: "push", SHA: built, User: "Jane"})
	theirs := s.Run(78, "check", "Jane", "")
	s.JobTokens["glcbt-mine"], s.JobTokens["glcbt-theirs"] = mine, theirs
	said := func(change func(*facts.Request)) string {
		t.Helper()
		req := ask()
		change(&req)
		got, err := s.collect("approvals", req)
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, c := range got.Contradictions {
			list = append(list, fmt.Sprintf("%s: %s, %s by %s", c.Path, *c.Values[0].Value, *c.Values[1].Value, c.Values[1].System))
		}
		return strings.Join(list, "; ")
	}
	nothing := func(*facts.Request) {}
	for _, tt := range []struct {
		name   string
		change func(*facts.Request)
		env    map[string]string
		want   string
	}{
		{"the same", nothing, nil, ""},
		{"by user name", func(r *facts.Request) { r.RequestedBy, r.TriggeredBy = "gitlab-login:jane", "gitlab-login:former" }, nil, ""},
		{"another trigger", func(r *facts.Request) { r.Trigger = "push" }, nil, "/request/trigger: push, web by gitlab"},
		{"others", func(r *facts.Request) { r.RequestedBy, r.TriggeredBy = "gitlab:2", "gitlab:3" }, nil,
			"/request/requested_by: gitlab:2, gitlab:1 or gitlab:4 by gitlab; /request/triggered_by: gitlab:3, gitlab:1 or gitlab:4 by gitlab"},
		{"another starter than that of the job", nothing, map[string]string{"CI_JOB_TOKEN": "glcbt-mine"}, "/request/triggered_by: gitlab:1, gitlab:4 by gitlab"},
		{"the starter of the job", func(r *facts.Request) { r.TriggeredBy = "gitlab:4" }, map[string]string{"CI_JOB_TOKEN": "glcbt-mine"}, ""},
		{"another pipeline", nothing, map[string]string{"CI_JOB_TOKEN": "glcbt-theirs"}, "/request/deployment: acme/payments-api/pipelines/77, pipelines/78 by gitlab"},
		{"a job that ended", nothing, map[string]string{"CI_JOB_TOKEN": "glcbt-ended"}, "the token in CI_JOB_TOKEN is not valid"},
		{"a job on another GitLab", nothing, map[string]string{"CI_JOB_TOKEN": "glcbt-ended", "CI_API_V4_URL": "https://gitlab.example.com/api/v4"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.env = map[string]string{"GITLAB_TOKEN": token, "GITLAB_CI": "true", "CI_API_V4_URL": s.API()}
			for name, value := range tt.env {
				s.env[name] = value
			}
			if got := said(tt.change); got != tt.want && (tt.want == "" || !strings.Contains(got, tt.want)) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
