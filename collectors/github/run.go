package github

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
)

// run is a run of GitHub Actions.
type run struct {
	ID              int64     `json:"id"`
	Event           string    `json:"event"`
	HeadSHA         string    `json:"head_sha"`
	Attempt         int       `json:"run_attempt"`
	Actor           *account  `json:"actor"`
	TriggeringActor *account  `json:"triggering_actor"`
	CreatedAt       time.Time `json:"created_at"`     // of the first attempt
	StartedAt       time.Time `json:"run_started_at"` // of this attempt
	Repository      struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
}

// account is a user of GitHub. The id does not change when the login does.
type account struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"` // User, Bot, Organization …
}

// runID is the number of the run that the request belongs to.
func (c Collector) runID(req facts.Request) (int64, error) {
	if req.Deployment == nil {
		return 0, errNoRun
	}
	repository, text, found := strings.Cut(*req.Deployment, "/runs/")
	id, err := strconv.ParseInt(text, 10, 64)
	switch {
	case !found || err != nil || id <= 0:
		return 0, fmt.Errorf("the deployment is %q: %w", *req.Deployment, errNoRun)
	case !strings.EqualFold(repository, c.Settings.Repository):
		return 0, fmt.Errorf("the request belongs to a run of %s, and the reviews are read from %s", repository, c.Settings.Repository)
	}
	return id, nil
}

// readRun reads the run. An answer about another run is an error.
func (r *reading) readRun(id int64) error {
	path := r.repository("actions", "runs", strconv.FormatInt(id, 10))
	if err := r.get(path, readActions, &r.run); err != nil {
		return err
	}
	switch {
	case r.run.ID != id, !strings.EqualFold(r.run.Repository.FullName, r.Settings.Repository):
		return fmt.Errorf("GET %s: the answer is about run %d of %q", path, r.run.ID, r.run.Repository.FullName)
	case r.run.Event == "", r.run.Attempt < 1, r.run.CreatedAt.IsZero():
		return fmt.Errorf("GET %s: the answer has no event, attempt or time", path)
	case r.run.Attempt > maxAttempts:
		return fmt.Errorf("GET %s: the run has %d attempts, and at most %d are read: start another run", path, r.run.Attempt, maxAttempts)
	}
	for _, a := range []*account{r.run.Actor, r.run.TriggeringActor} {
		if _, err := a.ids(); err != nil {
			return fmt.Errorf("GET %s: actor: %w", path, err)
		}
	}
	r.earlier = make([]run, r.run.Attempt-1)
	return rest.Each(len(r.earlier), func(i int) (err error) {
		r.earlier[i], err = r.attempt(i + 1)
		return err
	})
}

// maxAttempts bounds the attempts of a run that are read.
const maxAttempts = 50

// attempt reads an attempt before this one. Who started it is a requester, too.
func (r *reading) attempt(n int) (run, error) {
	path := r.repository("actions", "runs", strconv.FormatInt(r.run.ID, 10), "attempts", strconv.Itoa(n))
	var earlier run
	if err := r.get(path, readActions, &earlier); err != nil {
		return run{}, err
	}
	if earlier.ID != r.run.ID || earlier.Attempt != n || earlier.StartedAt.IsZero() {
		return run{}, fmt.Errorf("GET %s: the answer is about attempt %d of run %d, or has no time", path, earlier.Attempt, earlier.ID)
	}
	if _, err := earlier.TriggeringActor.ids(); err != nil {
		return run{}, fmt.Errorf("GET %s: triggering_actor: %w", path, err)
	}
	return earlier, nil
}

// again is when the second attempt started; the zero time if this is the first.
func (r *reading) again() time.Time {
	switch len(r.earlier) {
	case 0:
		return time.Time{}
	case 1:
		return r.run.StartedAt
	}
	return r.earlier[1].StartedAt
}

var errNoAccount = errors.New("the answer names no account with an id and a login")

// ids are the ids of an account in the document, the immutable one first. An account
// that no document could hold is an error.
func (a *account) ids() ([]string, error) {
	if a == nil || a.ID <= 0 || a.Login == "" {
		return nil, errNoAccount
	}
	ids := []string{fmt.Sprintf("github:%d", a.ID), "github-login:" + strings.ToLower(a.Login)}
	for _, id := range ids {
		if wanted, ok := facts.IsPerson(id); !ok {
			return nil, fmt.Errorf("the login %q is not allowed: an id must be %s", a.Login, wanted)
		}
	}
	return ids, nil
}

// contradictions are what the request says of the run and GitHub does not: who started
// it, by which event, and which attempt it is. Variables of a run can be imitated.
func (r *reading) contradictions(req facts.Request) (list []facts.Contradiction) {
	differ := func(path, requested, known string) {
		list = append(list, facts.Contradiction{Path: path, Values: []facts.Report{
			{System: "request", Value: &requested}, {System: "github", Value: &known},
		}})
	}
	if req.Trigger != r.run.Event {
		differ("/request/trigger", req.Trigger, r.run.Event)
	}
	if !r.run.Actor.is(req.RequestedBy) {
		differ("/request/requested_by", req.RequestedBy, fmt.Sprintf("github:%d", r.run.Actor.ID))
	}
	if !r.run.TriggeringActor.is(req.TriggeredBy) {
		differ("/request/triggered_by", req.TriggeredBy, fmt.Sprintf("github:%d", r.run.TriggeringActor.ID))
	}
	if req.Attempt != nil && *req.Attempt != r.run.Attempt {
		differ("/request/attempt", strconv.Itoa(*req.Attempt), strconv.Itoa(r.run.Attempt))
	}
	return list
}

// is reports whether id names the account.
func (a *account) is(id string) bool {
	ids, err := a.ids()
	return err == nil && (id == ids[0] || id == ids[1])
}
