// Package contracts holds the requests that prodgate sends, and the answers of the servers
// that its tests use, against the published descriptions of the real systems. It is a
// module of its own: prodgate does not depend on what it needs.
//
// testdata/github.json is cut out of generated/api.github.com.json of the npm package
// @octokit/openapi 23.0.2 (MIT, testdata/github.LICENSE): the operations that prodgate
// calls, with what they refer to, without examples, summaries and descriptions.
//
// testdata/github_webhooks.json is cut out of schema.json of the npm package
// @octokit/webhooks-schemas 7.6.1 (MIT, by GitHub's octokit): the event deployment_review.
//
// testdata/gitlab.json is made after doc/api/openapi/openapi_v3.yaml of gitlabhq/gitlabhq
// (GitLab 19.5, CC BY-SA 4.0, testdata/gitlab.LICENSE): the operations that prodgate calls,
// with the names and types of their parameters and answers. That description does not say
// which keys an answer always has and which can be null, and it has some wrong types. Both
// are set by hand after the pages of GitLab's API documentation; "info" of the file and
// x-changed say what and why. So it is weaker evidence than GitHub's.
package contracts

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/github"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/githubtest"
)

// contract is a description, and where requests and answers departed from it.
type contract struct {
	router routers.Router
	paths  []string // of the description

	mu     sync.Mutex
	used   map[string]bool // paths
	faults []string
}

func read(t *testing.T, file string) *contract {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil
	c := &contract{used: map[string]bool{}}
	for path := range doc.Paths.Map() {
		c.paths = append(c.paths, path)
	}
	if c.router, err = gorillamux.NewRouter(doc); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *contract) fault(r *http.Request, err error) {
	lines := strings.SplitN(err.Error(), "\n", 3)
	c.faults = append(c.faults, r.Method+" "+r.URL.RequestURI()+": "+strings.Join(lines[:min(2, len(lines))], " "))
}

// between is next, with each request and answer held against the description. Statuses
// of errors need not be described: the description leaves most of them out.
func (c *contract) between(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		c.check(r, answer)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func (c *contract) check(r *http.Request, answer *httptest.ResponseRecorder) {
	c.mu.Lock()
	defer c.mu.Unlock()
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		c.fault(r, err)
		return
	}
	c.used[route.Path] = true
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
		MultiError:         true,
		AuthenticationFunc: func(context.Context, *openapi3filter.AuthenticationInput) error { return nil },
	}}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		c.fault(r, err)
	}
	for name := range r.URL.Query() {
		paging := name == "page" || name == "per_page" // a list that has no pages ignores them
		if !paging && route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			c.fault(r, fmt.Errorf("the parameter %s is not described", name))
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: answer.Code, Header: answer.Header(), Options: in.Options}
	out.SetBodyBytes(bytes.Clone(answer.Body.Bytes()))
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		c.fault(r, err)
	}
}

const token = "ghs_contract"

// served is a GitHub whose requests and answers are held against c.
func served(t *testing.T, c *contract) *githubtest.Server {
	t.Helper()
	s := githubtest.New(time.Now)
	t.Cleanup(s.Close)
	s.Config.Handler = c.between(s.Config.Handler)
	s.Tokens[token] = githubtest.All
	s.Reviewers["production"] = []string{"production-approvers"}
	s.Reviewers["canary"] = []string{"production-approvers"}
	s.Add(githubtest.Account{ID: 1, Login: "jane"}, githubtest.Account{ID: 2, Login: "lead"})
	s.Join("production-approvers", "lead", "active")
	s.Join("production-approvers", "jane", "pending")
	s.Start(githubtest.Run{ID: 77, Event: "workflow_dispatch", SHA: strings.Repeat("7a", 20), Attempt: 1, Actor: "jane", TriggeringActor: "jane"})
	s.Wait(77, "production")
	s.Review(77, "lead", "approved", "window after-hours", "production")
	s.Review(77, "jane", "rejected", "", "canary")
	s.PageSize, s.TwoFactor, s.Weak = 1, false, []string{"jane"}
	return s
}

// sections are those that GitHub reports on its own. Its deployments to staging are merged
// with the stays of another system.
var sections = []string{"approvals", "people", "production"}

// collect reads them as a configuration has it.
func collect(t *testing.T, s *githubtest.Server, environment string) *facts.Document {
	t.Helper()
	deployment := "acme/payments-api/runs/77"
	cfg := collectors.Config{
		Getenv:  func(string) string { return token },
		Systems: map[string]collectors.System{"github": {Kind: "github", Settings: &github.Settings{Repository: s.FullName(), URL: s.URL}}},
		Sources: map[string][]collectors.Use{},
	}
	for _, section := range sections {
		cfg.Sources[section] = []collectors.Use{{System: "github"}}
	}
	all := slices.DeleteFunc(collectors.All(cfg), func(c collectors.Collector) bool { return !slices.Contains(sections, c.Name()) })
	return collectors.Gather(t.Context(), time.Now, facts.Request{
		ID: deployment, Deployment: &deployment, Service: "payments-api", Environment: environment, Kind: facts.KindPromotion,
		Trigger: "workflow_dispatch", RequestedBy: "github:1", TriggeredBy: "github:1", RequestedAt: time.Now(),
	}, all)
}

func TestGitHub(t *testing.T) {
	c := read(t, "testdata/github.json")
	s := served(t, c)
	s.Create(strings.Repeat("7a", 20), "production", map[string]any{"digest": "sha256:" + strings.Repeat("a", 64)})
	s.Report(s.Create(strings.Repeat("7a", 20), "production", `{"digest":1}`), "inactive")
	s.Deploy(77, "production", "queued", "in_progress", "success")
	for _, section := range sections {
		if source := collect(t, s, "production").Sources[section]; source.Status != facts.StatusOK {
			t.Errorf("%s: %s", section, *source.Error)
		}
	}
	s.Start(githubtest.Run{ID: 77, Event: "push", SHA: strings.Repeat("7a", 20), Attempt: 2, Actor: "jane", TriggeringActor: "lead"})
	s.Leave("production-approvers", "jane")
	collect(t, s, "production") // asks whether the team is visible
	s.Lock()
	s.Tokens[token] = []string{githubtest.Actions, githubtest.Deployments}
	s.Unlock()
	collect(t, s, "production")
	for _, fault := range c.faults {
		t.Error(fault)
	}
	for _, path := range c.paths {
		if !c.used[path] && !strings.HasSuffix(path, "/environments/{environment_name}") && !strings.Contains(path, "installation") {
			t.Errorf("%s was not called: remove it from the description", path)
		}
	}
}

// A run that nobody reviewed.
func TestGitHubEnvironment(t *testing.T) {
	c := read(t, "testdata/github.json")
	s := served(t, c)
	s.Start(githubtest.Run{ID: 78, Event: "workflow_dispatch", SHA: strings.Repeat("7a", 20), Attempt: 1, Actor: "jane", TriggeringActor: "jane"})
	deployment := "acme/payments-api/runs/78"
	collector := github.Collector{
		Section: "approvals", Now: time.Now, Getenv: func(string) string { return token },
		Settings: github.Settings{Repository: s.FullName(), URL: s.URL},
	}
	_, err := collector.Collect(t.Context(), facts.Request{Deployment: &deployment, Environment: "production", Trigger: "workflow_dispatch", RequestedBy: "github:1", TriggeredBy: "github:1"})
	if err != nil || len(c.faults) != 0 || !c.used["/repos/{owner}/{repo}/environments/{environment_name}"] {
		t.Error(err, c.faults)
	}
}

// The token of a GitHub App.
func TestGitHubApp(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := read(t, "testdata/github.json")
	s := served(t, c)
	s.App = &githubtest.App{ID: "813", Key: &key.PublicKey, Permissions: []string{githubtest.Members, githubtest.Administration}, Installed: true}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	deployment := "acme/payments-api/runs/77"
	collector := github.Collector{
		Section: "people", Now: time.Now,
		Getenv: func(name string) string {
			return map[string]string{"GITHUB_TOKEN": token, "ID": "813", "KEY": text}[name]
		},
		Settings: github.Settings{Repository: s.FullName(), URL: s.URL, App: &github.App{IDEnv: "ID", KeyEnv: "KEY"}},
	}
	_, err = collector.Collect(t.Context(), facts.Request{Deployment: &deployment, Environment: "production", Trigger: "workflow_dispatch", RequestedBy: "github:1", TriggeredBy: "github:1"})
	if err != nil || len(c.faults) != 0 || !c.used["/orgs/{org}/installation"] || !c.used["/app/installations/{installation_id}/access_tokens"] {
		t.Error(err, c.faults)
	}
}

// The check itself refuses what departs from the description.
func TestDeparturesAreFound(t *testing.T) {
	for name, tt := range map[string]struct{ path, answer string }{
		"another type":      {"/repos/o/r/actions/runs/1/approvals", `[{"state":1}]`},
		"an unknown state":  {"/repos/o/r/actions/runs/1/approvals", `[{"state":"maybe","comment":"","environments":[],"user":{}}]`},
		"a missing field":   {"/repos/o/r/deployments", `[{"id":1}]`},
		"an unknown path":   {"/repos/o/r/approvals", `[]`},
		"an invalid filter": {"/orgs/o/members?filter=unknown", `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			c := read(t, "testdata/github.json")
			h := c.between(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(tt.answer))
			}))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil))
			if len(c.faults) == 0 {
				t.Error("it passes")
			}
		})
	}
}
