// Package githubtest is a GitHub for tests: a real server in the process that answers
// what prodgate reads, and that refuses what GitHub refuses. It checks tokens, the
// permissions of each endpoint, the version of the API, pages, ETags and rate limits. Its
// answers are held against GitHub's published description by the module internal/contracts.
package githubtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Permissions of tokens, as GitHub Apps name them.
const (
	Actions        = "actions"
	Deployments    = "deployments"
	Members        = "members"
	Administration = "organization_administration"
	Contents       = "contents"
)

// All are the permissions of a token that may read everything.
var All = []string{Actions, Contents, Deployments, Members, Administration}

// Account is a user, or a bot if Type is "Bot".
type Account struct {
	ID    int64
	Login string
	Type  string // empty: User
}

// Run is a run of the repository.
type Run struct {
	ID              int64
	Event           string
	SHA             string
	Attempt         int
	Actor           string // login
	TriggeringActor string // login
	Created         time.Time
	Started         time.Time // of this attempt; zero: now, or when the run was created

	earlier []Run // attempts
	reviews []review
}

type review struct {
	state, comment, login string
	environments          []string
}

type deployment struct {
	id          int64
	run         int64
	sha         string
	environment string
	created     time.Time
	payload     any      // nil: {}
	statuses    []status // oldest first
}

type status struct {
	state string
	at    time.Time
	page  string // log_url, if it is not that of the run
}

// Server is one organization with one repository. Change its fields before the first
// request, or under Lock.
type Server struct {
	*httptest.Server
	sync.Mutex

	Organization, Repository string // acme, payments-api
	Clock                    func() time.Time
	PageSize                 int                          // most entries of a page, whatever is asked for; 0: 100
	Tokens                   map[string][]string          // permissions by token
	App                      *App                         // nil: there is none
	Teams                    map[string]map[string]string // state of membership by login, by team
	Reviewers                map[string][]string          // required reviewers (teams) by environment
	TwoFactor                bool                         // the organization requires it
	Weak                     []string                     // members without two-factor authentication
	Limited                  bool                         // every request exceeds the secondary rate limit
	Spent                    bool                         // the hour's requests are spent

	// Fault, if set, answers instead of the server when it returns true.
	Fault func(http.ResponseWriter, *http.Request) bool

	commits     map[string]string  // login of the author by hash; empty: no account
	accounts    map[string]Account // by login
	runs        map[int64]*Run
	deployments []*deployment
	requests    []string
}

// New starts a server for acme/payments-api. Close it after use.
func New(clock func() time.Time) *Server {
	s := &Server{
		Organization: "acme", Repository: "payments-api", Clock: clock, TwoFactor: true,
		Tokens: map[string][]string{}, Teams: map[string]map[string]string{}, Reviewers: map[string][]string{},
		commits: map[string]string{}, accounts: map[string]Account{}, runs: map[int64]*Run{},
	}
	s.Server = httptest.NewServer(s.handler())
	return s
}

// FullName is OWNER/NAME of the repository.
func (s *Server) FullName() string { return s.Organization + "/" + s.Repository }

// Add adds accounts.
func (s *Server) Add(accounts ...Account) {
	s.Lock()
	defer s.Unlock()
	for _, a := range accounts {
		if a.Type == "" {
			a.Type = "User"
		}
		s.accounts[a.Login] = a
	}
}

// Join makes an account a member of a team, with a state: active or pending.
func (s *Server) Join(team, login, state string) {
	s.Lock()
	defer s.Unlock()
	if s.Teams[team] == nil {
		s.Teams[team] = map[string]string{}
	}
	s.Teams[team][login] = state
}

// Leave ends a membership.
func (s *Server) Leave(team, login string) {
	s.Lock()
	defer s.Unlock()
	delete(s.Teams[team], login)
}

// Start starts a run, or the next attempt of one.
func (s *Server) Start(r Run) {
	s.Lock()
	defer s.Unlock()
	if known := s.runs[r.ID]; known != nil {
		r.reviews, r.Created, r.earlier = known.reviews, known.Created, append(known.earlier, *known)
	}
	if r.Started.IsZero() {
		r.Started = s.Clock()
	}
	if r.Created.IsZero() {
		r.Created = r.Started
	}
	s.runs[r.ID] = &r
	if _, known := s.commits[r.SHA]; !known {
		s.commits[r.SHA] = r.Actor
	}
}

// Commit sets the author of a commit; without a login, no account has the mail address.
func (s *Server) Commit(sha, login string) {
	s.Lock()
	defer s.Unlock()
	s.commits[sha] = login
}

// Wait begins a job of a run with an environment: its deployment waits for a review.
func (s *Server) Wait(run int64, environment string) {
	s.Lock()
	defer s.Unlock()
	at := s.Clock()
	d := &deployment{
		id: int64(9000 + len(s.deployments)), run: run, sha: s.runs[run].SHA, environment: environment, created: at,
		statuses: []status{{state: "pending", at: at}},
	}
	s.deployments = append(s.deployments, d)
}

// Deploy begins a job of a run with an environment that needs no review, and reports
// states of its deployment. It returns the deployment's id.
func (s *Server) Deploy(run int64, environment string, states ...string) int64 {
	s.Lock()
	sha := s.runs[run].SHA
	s.Unlock()
	id := s.Create(sha, environment, nil)
	s.Lock()
	s.deployment(id).run = run
	s.Unlock()
	for _, state := range states {
		s.Report(id, state)
	}
	return id
}

// Create creates a deployment by the API, which no run made.
func (s *Server) Create(sha, environment string, payload any) int64 {
	s.Lock()
	defer s.Unlock()
	d := &deployment{id: int64(9000 + len(s.deployments)), sha: sha, environment: environment, created: s.Clock(), payload: payload}
	s.deployments = append(s.deployments, d)
	return d.id
}

// Report adds a status to a deployment. A success makes earlier successful deployments
// to the environment inactive.
func (s *Server) Report(id int64, state string) {
	s.Lock()
	defer s.Unlock()
	this := s.deployment(id)
	for _, d := range s.deployments {
		if last := len(d.statuses) - 1; state == "success" && d != this && d.environment == this.environment && last >= 0 && d.statuses[last].state == "success" {
			d.statuses = append(d.statuses, status{state: "inactive", at: s.Clock()})
		}
	}
	this.statuses = append(this.statuses, status{state: state, at: s.Clock()})
}

// Name reports the success of a deployment, with the address of a log.
func (s *Server) Name(id int64, page string) {
	s.Lock()
	defer s.Unlock()
	d := s.deployment(id)
	d.statuses = append(d.statuses, status{state: "success", at: s.Clock(), page: page})
}

func (s *Server) deployment(id int64) *deployment {
	return s.deployments[slices.IndexFunc(s.deployments, func(d *deployment) bool { return d.id == id })]
}

// Review records a decision about the environments of a run: approved or rejected. An
// approved job starts, a rejected one fails.
func (s *Server) Review(run int64, login, state, comment string, environments ...string) {
	s.Lock()
	defer s.Unlock()
	r := s.runs[run]
	r.reviews = append(r.reviews, review{state, comment, login, environments})
	next := map[string]string{"approved": "in_progress", "rejected": "failure"}[state]
	for _, d := range s.deployments {
		waiting := len(d.statuses) > 0 && d.statuses[len(d.statuses)-1].state == "pending"
		if d.run == run && next != "" && waiting && slices.Contains(environments, d.environment) {
			d.statuses = append(d.statuses, status{state: next, at: s.Clock()})
		}
	}
}

// Delete deletes the deployments of an environment before the last one, as everyone with
// write access to deployments can.
func (s *Server) Delete(environment string) {
	s.Lock()
	defer s.Unlock()
	last := s.deployments[len(s.deployments)-1]
	s.deployments = slices.DeleteFunc(s.deployments, func(d *deployment) bool { return d != last && d.environment == environment })
}

// Requests are the requests so far, as "METHOD PATH?QUERY".
func (s *Server) Requests() []string {
	s.Lock()
	defer s.Unlock()
	return slices.Clone(s.requests)
}

// permitted reports whether a token has a permission.
func (s *Server) permitted(r *http.Request, permission string) bool {
	return slices.Contains(s.Tokens[token(r)], permission)
}

func token(r *http.Request) string {
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return text
}
