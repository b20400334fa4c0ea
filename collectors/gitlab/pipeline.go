package gitlab

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// pipeline is a pipeline of the project.
type pipeline struct {
	ID        int64     `json:"id"`
	SHA       string    `json:"sha"`
	Source    string    `json:"source"` // web, push, schedule …
	User      *account  `json:"user"`   // who started it
	CreatedAt time.Time `json:"created_at"`
	WebURL    string    `json:"web_url"`
}

// job is a job of a pipeline. User started it: the starter of the pipeline, or whoever
// ran the manual job or retried it.
type job struct {
	ID       int64    `json:"id"`
	User     *account `json:"user"`
	Pipeline struct {
		ID int64 `json:"id"`
	} `json:"pipeline"`
}

// account is a user of GitLab. The id does not change when the user name does.
type account struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	State    string `json:"state"` // active, blocked, deactivated …
}

// pipelineID is the number of the pipeline that the request belongs to.
func (c Collector) pipelineID(req facts.Request) (int64, error) {
	if req.Deployment == nil {
		return 0, errNoPipeline
	}
	project, text, found := cutLast(*req.Deployment, "/pipelines/")
	id, err := strconv.ParseInt(text, 10, 64)
	switch {
	case !found || err != nil || id <= 0:
		return 0, fmt.Errorf("the deployment is %q: %w", *req.Deployment, errNoPipeline)
	case !strings.EqualFold(project, c.Settings.Project):
		return 0, fmt.Errorf("the request belongs to a pipeline of %s, and the approvals are read from %s", project, c.Settings.Project)
	}
	return id, nil
}

// cutLast cuts text around the last separator: a group can be called pipelines.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// readPipeline reads the pipeline. An answer about another pipeline is an error.
func (r *reading) readPipeline(id int64) error {
	path := r.project("pipelines", strconv.FormatInt(id, 10))
	if err := r.get(path, nil, readProject, &r.pipeline); err != nil {
		return err
	}
	p := r.pipeline
	switch {
	case p.ID != id, !r.ofProject(p.WebURL):
		return fmt.Errorf("GET %s: the answer is about pipeline %d, %q", path, p.ID, p.WebURL)
	case p.Source == "", p.SHA == "", p.CreatedAt.IsZero():
		return fmt.Errorf("GET %s: the answer has no source, commit or time", path)
	}
	if _, err := p.User.ids(); err != nil {
		return fmt.Errorf("GET %s: user: %w", path, err)
	}
	return nil
}

// ofProject reports whether an address that GitLab names is that of a pipeline of this
// project. It is never called.
func (r *reading) ofProject(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	path, of, found := strings.Cut(strings.ToLower(u.Path), "/-/pipelines/")
	return found && of == strconv.FormatInt(r.pipeline.ID, 10) && strings.HasSuffix(path, "/"+strings.ToLower(r.Settings.Project))
}

// readJobs reads the jobs of the pipeline, with those that were retried. Bridges, which
// start other pipelines, are not among them.
func (r *reading) readJobs() error {
	path := r.project("pipelines", strconv.FormatInt(r.pipeline.ID, 10), "jobs")
	query := url.Values{"include_retried": {"true"}}
	return r.pages(path, query, readProject, func(answer *web.Answer) error {
		var page []job
		if err := rest.Decode(path, answer, &page); err != nil {
			return err
		}
		for _, j := range page {
			if j.ID <= 0 || j.Pipeline.ID != r.pipeline.ID {
				return fmt.Errorf("GET %s: the answer has job %d of pipeline %d", path, j.ID, j.Pipeline.ID)
			}
			if _, err := j.User.ids(); j.User != nil && err != nil {
				return fmt.Errorf("GET %s: user of job %d: %w", path, j.ID, err)
			}
		}
		r.jobs = append(r.jobs, page...)
		return nil
	})
}

// starters are the accounts that started the pipeline or one of its jobs, each once, by
// id.
func (r *reading) starters() []account {
	list := []account{*r.pipeline.User}
	for _, j := range r.jobs {
		if j.User != nil {
			list = append(list, *j.User)
		}
	}
	return once(list)
}

// once is a list of accounts with each once, by id.
func once(list []account) []account {
	slices.SortStableFunc(list, func(a, b account) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(list, func(a, b account) bool { return a.ID == b.ID })
}

var errNoAccount = errors.New("the answer names no account with an id and a user name")

// ids are the ids of an account in the document, the immutable one first. An account
// that no document could hold is an error.
func (a *account) ids() ([]string, error) {
	if a == nil || a.ID <= 0 || a.Username == "" {
		return nil, errNoAccount
	}
	ids := []string{fmt.Sprintf("gitlab:%d", a.ID), "gitlab-login:" + strings.ToLower(a.Username)}
	for _, id := range ids {
		if wanted, ok := facts.IsPerson(id); !ok {
			return nil, fmt.Errorf("the user name %q is not allowed: an id must be %s", a.Username, wanted)
		}
	}
	return ids, nil
}

// is reports whether id names the account.
func (a *account) is(id string) bool {
	ids, err := a.ids()
	return err == nil && slices.Contains(ids, id)
}
