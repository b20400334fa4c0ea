// Package gitlabtest is a GitLab for tests: a real server in the process that answers what
// prodgate reads, and that refuses what GitLab refuses. It checks tokens, their scopes, the
// role of their users, pages, ETags and rate limits. Its answers are held against GitLab's
// published description by the module internal/contracts.
package gitlabtest

import (
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"sync"
	"time"
)

// Access levels of members and of the users of tokens.
const (
	Minimal    = 5
	Guest      = 10
	Reporter   = 20
	Developer  = 30
	Maintainer = 40
	Owner      = 50
)

// Account is a user. The zero values are an active human.
type Account struct {
	ID        int64
	Username  string
	State     string // empty: active
	Bot       bool
	TwoFactor bool
	Email     string // public
}

// Token is an access token and its user. Groups have its level by group; a group that is
// missing is invisible.
type Token struct {
	Scopes  []string
	Project int // level in the project; 0: it is invisible
	Groups  map[string]int
	Admin   bool
}

// Member is a direct member of a group.
type Member struct {
	Level   int
	Expires string // the day; empty: never
	State   string // of the membership; empty: active
}

// Group is a group. Protected has the approvals that its protected environments require,
// by tier.
type Group struct {
	Requires  bool // two-factor authentication
	Grace     int  // hours
	Members   map[string]Member
	Protected map[string]int
}

// Pipeline is a pipeline of the project. User is the user name of who started it.
type Pipeline struct {
	ID      int64
	Source  string
	SHA     string
	User    string
	Created time.Time // zero: now
}

// Commit is a commit of the project. MergeRequests are the user names of the authors of its
// merge requests.
type Commit struct {
	Email         string
	MergeRequests []string
}

// job of a pipeline.
type job struct {
	id, pipeline int64
	name, user   string
	environment  string // that it deploys to; empty: none
	status       string
	retried      bool
	created      time.Time
}

type deployment struct {
	id, job     int64
	status      string // blocked, running …
	created     time.Time
	updated     time.Time
	approvals   []approval
	environment string
}

type approval struct {
	user, status, comment string
	at                    time.Time
}

// Server is one GitLab with one project. Change its fields before the first request, or
// under Lock.
type Server struct {
	*httptest.Server
	sync.Mutex

	Project   string // acme/payments-api
	Clock     func() time.Time
	PageSize  int               // most entries of a page, whatever is asked for; 0: 100
	Tokens    map[string]Token  // access tokens
	JobTokens map[string]int64  // the id of the running job by job token
	Groups    map[string]*Group // by path
	Protected map[string]int    // the approvals that the project's protected environments require, by name
	Tiers     map[string]string // the tiers of the project's environments, by name
	Rules     bool              // approvals are listed by rule
	Limited   bool              // every request exceeds the rate limit

	// Fault, if set, answers instead of the server when it returns true.
	Fault func(http.ResponseWriter, *http.Request) bool

	accounts    map[string]Account // by user name
	pipelines   map[int64]*Pipeline
	commits     map[string]Commit
	jobs        []*job
	deployments []*deployment
	requests    []string
}

// New starts a server for acme/payments-api with the environment production, which one
// person must approve. Close it after use.
func New(clock func() time.Time) *Server {
	s := &Server{
		Project: "acme/payments-api", Clock: clock, Tokens: map[string]Token{}, JobTokens: map[string]int64{},
		Groups: map[string]*Group{"acme": {}}, Protected: map[string]int{"production": 1}, Tiers: map[string]string{"production": "production"},
		accounts: map[string]Account{}, pipelines: map[int64]*Pipeline{}, commits: map[string]Commit{},
	}
	s.Server = httptest.NewServer(s.handler())
	return s
}

// API is the address of the API.
func (s *Server) API() string { return s.URL + "/api/v4" }

// All is a token that may read everything but what only administrators see.
func (s *Server) All() Token {
	s.Lock()
	defer s.Unlock()
	t := Token{Scopes: []string{"read_api"}, Project: Maintainer, Groups: map[string]int{}}
	for group := range s.Groups {
		t.Groups[group] = Maintainer
	}
	return t
}

// Add adds accounts.
func (s *Server) Add(accounts ...Account) {
	s.Lock()
	defer s.Unlock()
	for _, a := range accounts {
		if a.State == "" {
			a.State = "active"
		}
		s.accounts[a.Username] = a
	}
}

// Join makes an account a direct member of a group, or changes its membership.
func (s *Server) Join(group, username string, m Member) {
	s.Lock()
	defer s.Unlock()
	if s.Groups[group] == nil {
		s.Groups[group] = &Group{}
	}
	if s.Groups[group].Members == nil {
		s.Groups[group].Members = map[string]Member{}
	}
	s.Groups[group].Members[username] = m
}

// Leave ends a membership.
func (s *Server) Leave(group, username string) {
	s.Lock()
	defer s.Unlock()
	delete(s.Groups[group].Members, username)
}

// Start starts a pipeline.
func (s *Server) Start(p Pipeline) {
	s.Lock()
	defer s.Unlock()
	if p.Created.IsZero() {
		p.Created = s.Clock()
	}
	s.pipelines[p.ID] = &p
	if _, known := s.commits[p.SHA]; !known {
		s.commits[p.SHA] = Commit{MergeRequests: []string{p.User}}
	}
}

// Write sets what is known of a commit.
func (s *Server) Write(sha string, c Commit) {
	s.Lock()
	defer s.Unlock()
	s.commits[sha] = c
}

// Run adds a job to a pipeline, started by a user, and returns its id. A job with an
// environment waits until its deployment is approved, if the environment requires that.
func (s *Server) Run(pipeline int64, name, username, environment string) int64 {
	s.Lock()
	defer s.Unlock()
	j := &job{
		id: int64(9000 + len(s.jobs)), pipeline: pipeline, name: name, user: username, environment: environment,
		status: "running", created: s.Clock(),
	}
	for _, other := range s.jobs {
		other.retried = other.retried || other.pipeline == pipeline && other.name == name
	}
	s.jobs = append(s.jobs, j)
	if environment == "" {
		return j.id
	}
	d := &deployment{
		id: int64(500 + len(s.deployments)), job: j.id, status: "running", created: j.created, updated: j.created, environment: environment,
	}
	if s.required(environment) > 0 {
		d.status, j.status = "blocked", "manual"
	}
	s.deployments = append(s.deployments, d)
	return j.id
}

// required is how many approvals a deployment to an environment needs.
func (s *Server) required(environment string) int {
	n := s.Protected[environment]
	for group := path.Dir(s.Project); group != "."; group = path.Dir(group) {
		if g := s.Groups[group]; g != nil {
			n = max(n, g.Protected[s.Tiers[environment]])
		}
	}
	return n
}

// Decide records a user's decision about the deployment of a job: approved or rejected.
// An approved job starts, a rejected one fails.
func (s *Server) Decide(job int64, username, status, comment string) {
	s.Lock()
	defer s.Unlock()
	for _, d := range s.deployments {
		if d.job != job {
			continue
		}
		d.approvals = append(d.approvals, approval{username, status, comment, s.Clock()})
		d.updated = s.Clock()
		if next := map[string]string{"approved": "running", "rejected": "failed"}[status]; next != "" && d.status == "blocked" {
			d.status, s.job(job).status = next, next
		}
	}
}

// job is the job with an id; nil if there is none.
func (s *Server) job(id int64) *job {
	if i := slices.IndexFunc(s.jobs, func(j *job) bool { return j.id == id }); i >= 0 {
		return s.jobs[i]
	}
	return nil
}

// Requests are the requests so far, as "METHOD PATH?QUERY".
func (s *Server) Requests() []string {
	s.Lock()
	defer s.Unlock()
	return slices.Clone(s.requests)
}
