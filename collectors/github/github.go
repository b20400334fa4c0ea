// Package github reads a repository on GitHub or GitHub Enterprise: who reviewed the
// run of GitHub Actions that asks for the deployment (section approvals), the people
// of that run with their teams and MFA (section people), and the deployments to an
// environment (sections staging and production).
//
// A review names neither digest nor kind nor time. This package reports the run that
// was reviewed and the interval in which the review was given; what was requested in
// that run is in the audit trail, and the policies compare both. Nor does a deployment
// name a digest: the policies join it with the trail, too. docs/github.md describes the
// permissions.
//
// An answer that may be incomplete is an error that names the missing permission: a
// team that is not visible is not an empty team. Only the configured host is called.
package github

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// Collector reads one section.
type Collector struct {
	Section  string // approvals, people, staging or production
	Settings Settings
	Getenv   func(string) string // reads the variables with the tokens
	Now      func() time.Time    // dates what was seen

	// Carrier wraps what sends the requests; nil: nothing does.
	Carrier func(http.RoundTripper) http.RoundTripper
}

// Name is the section's key.
func (c Collector) Name() string { return c.Section }

// Kind is the kind of source.
func (Collector) Kind() string { return Kind.Name }

// Collect reads the section for the run that the request names; deployments belong to no
// run. An error says what could not be read and which permission is missing.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	r, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	var observed facts.Observed
	switch c.Section {
	case "staging":
		observed.Section, err = r.staging()
	case "production":
		observed.Section, err = r.production(req)
	default:
		observed, err = r.ofRun(req)
	}
	if err != nil {
		return nil, err
	}
	observed.Evidence = r.seen.Evidence(r.link())
	return observed, nil
}

// ofRun reads a section about the run that the request names.
func (r *reading) ofRun(req facts.Request) (observed facts.Observed, err error) {
	id, err := r.runID(req)
	if err != nil {
		return observed, err
	}
	switch r.Section {
	case "approvals":
		observed.Section, err = r.approvals(id, req)
	case "people":
		observed.Section, err = r.people(id, req)
		observed.Decides = facts.Grants{Roles: slices.Sorted(maps.Keys(r.Settings.Roles)), Teams: r.Settings.teams()}
	default:
		err = fmt.Errorf("a repository on GitHub does not report %s", r.Section)
	}
	if err == nil {
		observed.Contradictions = r.contradictions(req)
	}
	return observed, err
}

// reading is one section that is being read.
type reading struct {
	Collector
	ctx         context.Context
	api         *web.Server
	owner, name string
	run         run
	earlier     []run     // the attempts before this one, in their order
	seen        rest.Seen // the answers about the run
}

// open prepares to read the repository.
func (c Collector) open(ctx context.Context) (*reading, error) {
	owner, name, err := c.Settings.split()
	if err != nil {
		return nil, err
	}
	r := &reading{Collector: c, ctx: ctx, owner: owner, name: name}
	r.api, err = c.api(c.repositoryToken())
	return r, err
}

func (c Collector) repositoryToken() string { return cmp.Or(c.Settings.TokenEnv, "GITHUB_TOKEN") }

// organizationToken is where the token comes from that reads teams and members.
func (c Collector) organizationToken() string {
	if c.Settings.App != nil {
		return "the installation of the GitHub App (" + c.Settings.App.IDEnv + ")"
	}
	return cmp.Or(c.Settings.OrganizationTokenEnv, c.repositoryToken())
}

// now is the time in UTC without its fraction: documents are collected at whole
// seconds.
func (r *reading) now() time.Time { return r.Now().UTC().Truncate(time.Second) }

// repository is the path of the repository in the API, with what is below it.
func (r *reading) repository(names ...string) string {
	return web.Path(append([]string{"repos", r.owner, r.name}, names...)...)
}

// get reads one answer about the repository. permission is what a token needs for it.
func (r *reading) get(path, permission string, into any) error {
	answer, err := r.api.Do(r.ctx, web.Call{Path: path})
	if err != nil {
		return denied(err, r.repositoryToken(), permission)
	}
	r.seen.Add(path, answer.Body)
	return rest.Decode(path, answer, into)
}

// link is the page of the run, where it is reviewed, or of the deployments.
func (r *reading) link() string {
	page := fmt.Sprintf("%s/%s/%s", r.Settings.page(), r.owner, r.name)
	if r.run.ID == 0 {
		return page + "/deployments"
	}
	return fmt.Sprintf("%s/actions/runs/%d", page, r.run.ID)
}
