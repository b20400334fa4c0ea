package github_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/collectors/github"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/githubtest"
)

// begin is when the run of the tests starts. Each call of the clock is a minute later.
var begin = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

const token = "ghs_7Wm2Rk9TqLx4"

// site is a GitHub with one run that was reviewed, and how it is read.
type site struct {
	*githubtest.Server
	settings github.Settings
	now      time.Time
	skew     time.Duration // of the server's clock
	env      map[string]string
}

// tick moves the clock.
func (s *site) tick(minutes int) {
	s.Lock()
	defer s.Unlock()
	s.now = s.now.Add(time.Duration(minutes) * time.Minute)
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{now: begin, env: map[string]string{"GITHUB_TOKEN": token}}
	s.Server = githubtest.New(s.clock)
	t.Cleanup(s.Close)
	s.populate()
	return s
}

// clock is the time of the server, which holds its lock.
func (s *site) clock() time.Time { return s.now.Add(s.skew) }

// populate adds the people, teams and the run.
func (s *site) populate() {
	s.Tokens[token] = githubtest.All
	s.Reviewers["production"] = []string{"production-approvers"}
	s.Add(githubtest.Account{ID: 1, Login: "Jane"}, githubtest.Account{ID: 2, Login: "lead"},
		githubtest.Account{ID: 3, Login: "release[bot]", Type: "Bot"}, githubtest.Account{ID: 4, Login: "former"})
	s.Join("production-approvers", "lead", "active")
	s.Join("production-approvers", "former", "pending")
	s.Join("platform-leads", "lead", "active")
	s.Start(githubtest.Run{ID: 77, Event: "workflow_dispatch", SHA: strings.Repeat("7a", 20), Attempt: 1, Actor: "Jane", TriggeringActor: "Jane"})
	s.settings = github.Settings{Repository: "acme/payments-api", URL: s.URL, Roles: map[string][]string{"platform-lead": {"platform-leads"}}}
}

// reviewed has the run wait and be approved, two minutes later each.
func (s *site) reviewed(login, state, comment string) {
	s.tick(2)
	s.Wait(77, "production")
	s.tick(2)
	s.Review(77, login, state, comment, "production")
	s.tick(2)
}

func ask() facts.Request {
	deployment, attempt := "acme/payments-api/runs/77", 1
	return facts.Request{
		ID: deployment + "/attempts/1", Deployment: &deployment, Attempt: &attempt, Service: "payments-api", Environment: "production",
		Trigger: "workflow_dispatch", RequestedBy: "github:1", TriggeredBy: "github:1",
	}
}

// collect reads one section.
func (s *site) collect(section string, req facts.Request) (facts.Observed, error) {
	c := github.Kind.Open(source.Env{
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

func TestAReviewNamesTheRunAndAnInterval(t *testing.T) {
	s := newSite(t)
	s.reviewed("lead", "approved", "looks good\nwindow After-Hours\n")
	got, err := s.collect("approvals", ask())
	if err != nil {
		t.Fatal(err)
	}
	want := `[
 {
  "artifact": null,
  "approver": "github:2",
  "role": null,
  "digest": null,
  "environment": "production",
  "service": null,
  "kind": null,
  "decision": "approved",
  "approved_at": "2026-11-24T15:02:00Z",
  "deployment_window": "after-hours",
  "approval_duration_seconds": null,
  "comment": "looks good",
  "verified_by": null,
  "run": "acme/payments-api/runs/77",
  "latest": "2026-11-24T15:04:00Z"
 }
]`
	if diff := cmp.Diff(want, asJSON(t, got.Section)); diff != "" {
		t.Error(diff)
	}
	if got.Evidence.URI != s.URL+"/acme/payments-api/actions/runs/77" || len(got.Evidence.SHA256) != 64 || len(got.Contradictions) != 0 {
		t.Errorf("evidence %+v, contradictions %+v", got.Evidence, got.Contradictions)
	}
}

func TestTheIntervalCoversEveryAttempt(t *testing.T) {
	s := newSite(t)
	s.reviewed("lead", "approved", "")
	s.again(2, "Jane")
	s.tick(10)
	s.Wait(77, "production")
	s.tick(1)
	a := s.approvals(t)[0]
	if a.ApprovedAt.Minute() != 2 || a.Latest.Minute() != 17 {
		t.Errorf("between %v and %v", a.ApprovedAt, a.Latest)
	}
}

// again starts an attempt of run 77.
func (s *site) again(attempt int, by string) {
	s.Start(githubtest.Run{ID: 77, Event: "workflow_dispatch", SHA: strings.Repeat("7a", 20), Attempt: attempt, Actor: "Jane", TriggeringActor: by})
}

// Everyone with write access to deployments can delete the one that dates a review.
func TestAReviewIsNotMadeYoungerByDeletingItsDeployment(t *testing.T) {
	s := newSite(t)
	s.reviewed("lead", "approved", "")
	s.tick(300)
	for attempt := 2; attempt <= 3; attempt++ {
		s.again(attempt, "Jane")
		s.Wait(77, "production")
		s.tick(10)
	}
	if a := s.approvals(t)[0]; a.ApprovedAt.Minute() != 2 {
		t.Errorf("between %v and %v", a.ApprovedAt, a.Latest)
	}
	s.Delete("production")
	if a := s.approvals(t)[0]; !a.ApprovedAt.Equal(begin) {
		t.Errorf("between %v and %v, want the start of the run", a.ApprovedAt, a.Latest)
	}
}

// Whoever started an attempt is a requester, also if others started the ones before and
// after.
func TestPeopleHaveEveryoneWhoStartedAnAttempt(t *testing.T) {
	s := newSite(t)
	s.Add(githubtest.Account{ID: 9, Login: "bob"})
	s.again(2, "bob")
	s.again(3, "Jane")
	if !strings.Contains(asJSON(t, s.people(t)), `"github:9"`) {
		t.Error("bob is not there")
	}
}

func TestAReviewWithoutADeploymentMayBeAsOldAsTheRun(t *testing.T) {
	s := newSite(t)
	s.tick(4)
	s.Review(77, "lead", "approved", "", "production")
	s.Start(githubtest.Run{ID: 78, Event: "push", SHA: strings.Repeat("7a", 20), Attempt: 1, Actor: "Jane", TriggeringActor: "Jane"})
	s.Wait(78, "production") // another run of the same commit
	if a := s.approvals(t)[0]; !a.ApprovedAt.Equal(begin) || !a.Latest.Equal(begin.Add(4*time.Minute)) {
		t.Errorf("between %v and %v", a.ApprovedAt, a.Latest)
	}
}

func TestARejectionEndsTheRequest(t *testing.T) {
	s := newSite(t)
	s.reviewed("lead", "rejected", "")
	a := s.approvals(t)[0]
	if a.Decision != "rejected" || a.Request == nil || *a.Request != ask().ID || a.Comment != nil {
		t.Errorf("%+v", a)
	}
}

func TestReviewsOfOtherEnvironmentsNameThem(t *testing.T) {
	s := newSite(t)
	s.Wait(77, "production")
	s.Review(77, "lead", "approved", "", "staging", "Other Place")
	s.Review(77, "lead", "rejected", "", "staging")
	s.Review(77, "lead", "in doubt", "", "PRODUCTION")
	var got []string
	for _, a := range s.approvals(t) {
		environment := "-"
		if a.Environment != nil {
			environment = *a.Environment
		}
		got = append(got, fmt.Sprint(a.Decision, " ", environment, " ", a.Request != nil))
	}
	if diff := cmp.Diff([]string{"approved staging false", "approved - false", "rejected staging false", "in doubt production true"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAllPagesAreRead(t *testing.T) {
	s := newSite(t)
	s.PageSize = 2
	for range 7 {
		s.Review(77, "lead", "approved", "", "production")
	}
	if got := s.approvals(t); len(got) != 7 {
		t.Errorf("%d reviews", len(got))
	}
}

func TestPeopleHaveOnlyActiveTeams(t *testing.T) {
	s := newSite(t)
	s.reviewed("lead", "approved", "")
	s.Review(77, "former", "approved", "", "production")
	s.Review(77, "release[bot]", "approved", "", "production")
	want := `[
 {
  "ids": [
   "github:1",
   "github-login:jane"
  ],
  "roles": [],
  "teams": [],
  "mfa": null,
  "human": true,
  "as_of": "2026-11-24T15:06:00Z",
  "wrote": [
   "7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a"
  ]
 },
 {
  "ids": [
   "github:2",
   "github-login:lead"
  ],
  "roles": [
   "platform-lead"
  ],
  "teams": [
   "platform-leads",
   "production-approvers"
  ],
  "mfa": true,
  "human": true,
  "as_of": "2026-11-24T15:06:00Z"
 },
 {
  "ids": [
   "github:3",
   "github-login:release[bot]"
  ],
  "roles": [],
  "teams": [],
  "mfa": null,
  "human": false,
  "as_of": "2026-11-24T15:06:00Z"
 },
 {
  "ids": [
   "github:4",
   "github-login:former"
  ],
  "roles": [],
  "teams": [],
  "mfa": null,
  "human": true,
  "as_of": "2026-11-24T15:06:00Z"
 }
]`
	if diff := cmp.Diff(want, asJSON(t, s.people(t))); diff != "" {
		t.Error(diff)
	}
}

// The author of the commit of the run, of the one that was built, and of the one that the
// image is tagged with, are among the people.
func TestAuthorsOfTheCommits(t *testing.T) {
	s := newSite(t)
	built := "6b2e8d1" + strings.Repeat("0", 33)
	s.Commit(built, "former")
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
	const ofRun, ofBoth = "github:1 7a7a7a7", "github:1 7a7a7a7, github:4 6b2e8d1"
	for _, tt := range []struct{ reference, build, want string }{
		{"", "", ofRun}, {"registry.example.com:5000/payments-api:7a7a7a7", "", ofRun},
		{"registry.example.com:5000/payments-api:6b2e8d1@sha256:00", "", ofBoth},
		{"payments-api:1234567", "", ofRun}, {"payments-api:v7", "", ofRun}, {"registry.example.com:5000/payments-api", "", ofRun},
		{"payments-api@sha256:00", built, ofBoth}, {"payments-api:v7", built, ofBoth}, {"payments-api:6b2e8d1", built, ofBoth},
		{"payments-api:v7", strings.Repeat("7a", 20), ofRun}, {"payments-api:v7", strings.Repeat("0", 40), ofRun},
	} {
		if got := wrote(tt.reference, tt.build); got != tt.want {
			t.Errorf("%s of %s: %s, want %s", tt.reference, tt.build, got, tt.want)
		}
	}
	s.Commit(built, "")
	if got := wrote("payments-api:6b2e8d1", built); got != ofRun {
		t.Error(got)
	}
	s.Tokens[token] = []string{githubtest.Actions, githubtest.Members, githubtest.Administration}
	if got := wrote("", built); !strings.Contains(got, `needs the permission "Contents: read"`) {
		t.Error(got)
	}
}

func TestTwoFactorAuthentication(t *testing.T) {
	s := newSite(t)
	s.reviewed("lead", "approved", "")
	mfa := func() string {
		t.Helper()
		return asJSON(t, s.people(t)[1].MFA)
	}
	s.TwoFactor = false
	if got := mfa(); got != "true" {
		t.Errorf("a member who is not listed has MFA %s", got)
	}
	s.Weak = []string{"lead"}
	if got := mfa(); got != "false" {
		t.Errorf("a member who is listed has MFA %s", got)
	}
	s.settings.TwoFactor = "elsewhere"
	if got := mfa(); got != "null" {
		t.Errorf("MFA that was not looked up is %s", got)
	}
}

// What the variables of a run say is compared with the run.
func TestARequestThatTheRunDoesNotBearOut(t *testing.T) {
	s := newSite(t)
	s.again(2, "Jane")
	s.Start(githubtest.Run{ID: 77, Event: "push", SHA: strings.Repeat("7a", 20), Attempt: 3, Actor: "lead", TriggeringActor: "former"})
	got, err := s.collect("approvals", ask())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range got.Contradictions {
		list = append(list, fmt.Sprintf("%s: %s, %s by %s", c.Path, *c.Values[0].Value, *c.Values[1].Value, c.Values[1].System))
	}
	want := []string{
		"/request/trigger: workflow_dispatch, push by github", "/request/requested_by: github:1, github:2 by github",
		"/request/triggered_by: github:1, github:4 by github", "/request/attempt: 1, 3 by github",
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	req := ask()
	req.RequestedBy, req.TriggeredBy, req.Trigger, req.Attempt = "github-login:lead", "github-login:former", "push", nil
	if got, err := s.collect("approvals", req); err != nil || len(got.Contradictions) != 0 {
		t.Errorf("%+v, %v", got.Contradictions, err)
	}
}

// Each case could be read as "none", and is an error that names what is missing.
func TestCouldNotLook(t *testing.T) {
	for _, tt := range []struct {
		name, section string
		change        func(*site)
		want          string
	}{
		{"no token", "approvals", func(s *site) { s.env = nil }, "the variable GITHUB_TOKEN is not set"},
		{"another variable", "approvals", func(s *site) { s.settings.TokenEnv = "APP_TOKEN" }, "the variable APP_TOKEN is not set"},
		{"a wrong token", "approvals", func(s *site) { s.env["GITHUB_TOKEN"] = "ghs_other" }, "the token in GITHUB_TOKEN is not valid"},
		{"no permission for runs", "approvals", func(s *site) { s.Tokens[token] = []string{githubtest.Deployments} }, `needs the permission "Actions: read"`},
		{"no permission for deployments", "approvals", func(s *site) { s.Tokens[token] = []string{githubtest.Actions} }, `needs the permission "Deployments: read"`},
		{"a run that does not exist", "approvals", func(s *site) { s.Tokens[token] = githubtest.All; s.Organization = "other" }, `it does not exist, or the token in GITHUB_TOKEN lacks the permission "Actions: read"`},
		{"an invisible team", "people", func(s *site) {
			s.Tokens[token] = []string{githubtest.Actions, githubtest.Contents, githubtest.Administration}
		}, `cannot be seen, so nothing is known of its members: GET /orgs/acme/teams/`},
		{"a team that does not exist", "people", func(s *site) { s.settings.Teams = []string{"nobody"} }, `lacks the permission "Members: read (organization)"`},
		{"an organization that hides its requirement", "people", func(s *site) { s.Tokens[token] = []string{githubtest.Actions, githubtest.Contents, githubtest.Members} }, `needs the permission "Administration: read (organization), of an owner"; if another system knows MFA, set two_factor: elsewhere`},
		{"no token for the organization", "people", func(s *site) { s.settings.OrganizationTokenEnv = "ORG_TOKEN" }, "the variable ORG_TOKEN is not set"},
		{"a secondary rate limit", "approvals", func(s *site) { s.Limited = true }, "it asks to wait 1m0s; this is the rate limit of the token in GITHUB_TOKEN"},
		{"no requests left", "people", func(s *site) { s.Spent = true }, "it asks to wait 40m0s; this is the rate limit"},
		{"a CA file that does not exist", "approvals", func(s *site) { s.settings.CAFile = "none.pem" }, "read the CA file: open /etc/prodgate/none.pem"},
		{"an invalid repository", "approvals", func(s *site) { s.settings.Repository = "acme/../x" }, `invalid repository "acme/../x"`},
		{"an invalid value", "people", func(s *site) { s.settings.TwoFactor = "no" }, `invalid two_factor "no"`},
		{"an invalid role", "people", func(s *site) { s.settings.Roles = map[string][]string{"Lead": nil} }, `invalid role "Lead"`},
		{"a clock that is far behind", "approvals", func(s *site) { s.skew = -20 * time.Minute }, "the answer is 20m0s old"},
		{"plain HTTP to another machine", "approvals", func(s *site) { s.settings.URL = "http://github.example.com/api/v3" }, "http is read from this machine only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.reviewed("lead", "approved", "")
			tt.change(s)
			got, err := s.collect(tt.section, ask())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "ghs_") {
				t.Errorf("%+v, %v; want %q", got.Section, err, tt.want)
			}
		})
	}
}

func TestRequestsWithoutARunOfTheRepository(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct{ deployment, want string }{
		{"", "the request names no run"}, {"run-1", "the request names no run"}, {"acme/payments-api/runs/x", "the request names no run"},
		{"acme/payments-api/runs/0", "the request names no run"}, {"acme/other/runs/77", "a run of acme/other, and the reviews are read from acme/payments-api"},
		{"acme/payments-api/runs/78", "answered 404"},
	} {
		req := ask()
		if req.Deployment = &tt.deployment; tt.deployment == "" {
			req.Deployment = nil
		}
		if _, err := s.collect("approvals", req); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v; want %q", tt.deployment, err, tt.want)
		}
	}
}

func TestAnEnvironmentThatNobodyCanReview(t *testing.T) {
	s := newSite(t)
	if got := s.approvals(t); got == nil || len(got) != 0 {
		t.Errorf("%v; want an empty list", got)
	}
	s.Reviewers["production"] = nil
	if _, err := s.collect("approvals", ask()); err == nil || !strings.Contains(err.Error(), "has no required reviewers") {
		t.Error(err)
	}
	s.settings.Environment = "Production EU"
	if _, err := s.collect("approvals", ask()); err == nil || !strings.Contains(err.Error(), `GET /repos/acme/payments-api/environments/Production%20EU`) {
		t.Error(err)
	}
	s.Reviewers["production eu"] = []string{"production-approvers"}
	if got := s.approvals(t); len(got) != 0 {
		t.Error(got)
	}
}
