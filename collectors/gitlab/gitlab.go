// Package gitlab reads a project on GitLab: who approved the deployment of the pipeline
// that asks for it (section approvals), and the people of that pipeline with their
// groups and MFA (section people).
//
// An approval of a deployment names neither digest nor kind. This package reports the
// pipeline that was approved and when; what was requested in that pipeline is in the
// audit trail, and the policies compare both. docs/gitlab.md describes the tokens.
//
// An answer that may be incomplete is an error that names what the token lacks: a group
// that is not visible is not an empty group. Only the configured host is called.
package gitlab

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// Collector reads one section.
type Collector struct {
	Section  string // approvals or people
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

// Collect reads the section for the pipeline that the request names. An error says what
// could not be read and what the token lacks.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	r, err := c.open(ctx, req)
	if err != nil {
		return nil, err
	}
	observed := facts.Observed{}
	if observed.Contradictions, err = r.contradictions(req); err != nil {
		return nil, err
	}
	switch c.Section {
	case "approvals":
		observed.Section, err = r.approvals(req)
	case "people":
		observed.Section, err = r.people(req)
	default:
		err = fmt.Errorf("a project on GitLab does not report %s", c.Section)
	}
	if err != nil {
		return nil, err
	}
	observed.Evidence = r.seen.Evidence(r.link())
	return observed, nil
}

// reading is one section that is being read.
type reading struct {
	Collector
	ctx      context.Context
	api      *web.Server
	pipeline pipeline
	jobs     []job     // of the pipeline, with those that were retried
	seen     rest.Seen // the answers about the pipeline
}

// open reads the pipeline that the request names, and its jobs.
func (c Collector) open(ctx context.Context, req facts.Request) (*reading, error) {
	if err := c.Settings.valid(); err != nil {
		return nil, err
	}
	id, err := c.pipelineID(req)
	if err != nil {
		return nil, err
	}
	r := &reading{Collector: c, ctx: ctx}
	if r.api, err = c.api(c.tokenVariable()); err != nil {
		return nil, err
	}
	if err := r.readPipeline(id); err != nil {
		return nil, err
	}
	return r, r.readJobs()
}

func (c Collector) tokenVariable() string { return cmp.Or(c.Settings.TokenEnv, "GITLAB_TOKEN") }

func (c Collector) groupTokenVariable() string {
	return cmp.Or(c.Settings.GroupTokenEnv, c.tokenVariable())
}

// now is the time in UTC without its fraction: documents are collected at whole
// seconds.
func (r *reading) now() time.Time { return r.Now().UTC().Truncate(time.Second) }

// project is the path of the project in the API, with what is below it.
func (r *reading) project(names ...string) string {
	return web.Path(append([]string{"projects", r.Settings.Project}, names...)...)
}

// get reads one answer about the project. needs is what a token must have for it.
func (r *reading) get(path string, query url.Values, needs string, into any) error {
	answer, err := r.api.Do(r.ctx, web.Call{Path: path, Query: query})
	if err != nil {
		return rest.TokenIn(r.tokenVariable()).Denied(err, needs)
	}
	r.seen.Add(path+"?"+query.Encode(), answer.Body)
	return rest.Decode(path, answer, into)
}

// pages calls read for each page of a list about the project.
func (r *reading) pages(path string, query url.Values, needs string, read func(*web.Answer) error) error {
	if query == nil {
		query = url.Values{}
	}
	query.Set("per_page", "100")
	call, page := web.Call{Path: path, Query: query}, 0
	for answer, err := range r.api.Pages(r.ctx, call, nil) {
		if err != nil {
			return rest.TokenIn(r.tokenVariable()).Denied(err, needs)
		}
		page++
		r.seen.AddPage(call, page, answer.Body)
		if err := read(answer); err != nil {
			return err
		}
	}
	return nil
}

// link is the page of the pipeline, where its deployment is approved.
func (r *reading) link() string {
	return fmt.Sprintf("%s/%s/-/pipelines/%d", r.Settings.page(), r.Settings.Project, r.pipeline.ID)
}

// run is the pipeline, as requests name their deployment.
func (r *reading) run() string {
	return fmt.Sprintf("%s/pipelines/%d", strings.ToLower(r.Settings.Project), r.pipeline.ID)
}
