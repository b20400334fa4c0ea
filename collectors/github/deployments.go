package github

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/internal/web"
)

// interval is the time in which a review was given.
type interval struct{ earliest, latest time.Time }

// deployment of the environment, and its statuses.
type deployment struct {
	ID          int64     `json:"id"`
	Environment string    `json:"environment"`
	CreatedAt   time.Time `json:"created_at"`
	SHA         string    `json:"sha"`

	Payload json.RawMessage `json:"payload"` // of whoever created it
}

type status struct {
	ID        int64     `json:"id"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	TargetURL string    `json:"target_url"`
	LogURL    string    `json:"log_url"`
}

// given is when the reviews of the run were given: not before the run's first
// deployment to the environment was created, and not after the last of its jobs
// started. Without such a deployment they may be as old as the run. So may they where the
// deployment of the first attempt is not there any more: others can delete it.
func (r *reading) given(environment string) (interval, error) {
	found := interval{latest: r.now()}
	of, err := r.deployments(url.Values{"environment": {environment}, "sha": {r.run.HeadSHA}}, func(d deployment) bool {
		return !d.CreatedAt.Before(r.run.CreatedAt) && strings.EqualFold(d.Environment, environment)
	})
	if err != nil {
		return found, err
	}
	ours, starts := make([]bool, len(of)), make([]time.Time, len(of))
	err = rest.Each(len(of), func(i int) (err error) {
		ours[i], starts[i], err = r.started(of[i].ID)
		return err
	})
	if err != nil {
		return found, err
	}
	var started []time.Time
	for i, d := range of {
		if !ours[i] {
			continue
		}
		if found.earliest.IsZero() || d.CreatedAt.Before(found.earliest) {
			found.earliest = d.CreatedAt
		}
		started = append(started, starts[i])
	}
	if again := r.again(); found.earliest.IsZero() || len(r.earlier) > 0 && !found.earliest.Before(again) {
		found.earliest = r.run.CreatedAt
	}
	if len(started) > 0 && !slices.ContainsFunc(started, time.Time.IsZero) {
		found.latest = slices.MaxFunc(started, time.Time.Compare)
	}
	found.earliest, found.latest = found.earliest.UTC().Truncate(time.Second), found.latest.UTC().Truncate(time.Second)
	return found, nil
}

// deployments are those that a query finds and that are wanted.
func (r *reading) deployments(query url.Values, wanted func(deployment) bool) (list []deployment, err error) {
	path := r.repository("deployments")
	err = r.pages(path, query, readDeployments, func(answer *web.Answer) error {
		var page []deployment
		if err := rest.Decode(path, answer, &page); err != nil {
			return err
		}
		for _, d := range page {
			switch {
			case d.ID <= 0 || d.CreatedAt.IsZero():
				return fmt.Errorf("GET %s: a deployment has no id or no time", path)
			case wanted(d):
				list = append(list, d)
			}
		}
		return nil
	})
	return list, err
}

// started reports whether a deployment belongs to the run, and when its job started;
// the zero time if it did not start.
func (r *reading) started(deployment int64) (ours bool, at time.Time, err error) {
	statuses, err := r.statuses(deployment)
	for _, s := range statuses {
		ours = ours || r.ofThisRun(s.LogURL) || r.ofThisRun(s.TargetURL)
		if s.State == "in_progress" && (at.IsZero() || s.CreatedAt.Before(at)) {
			at = s.CreatedAt
		}
	}
	return ours, at, err
}

// ofThisRun reports whether an address that GitHub names is that of a job of this run.
// It is never called.
func (r *reading) ofThisRun(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	path := strings.ToLower(u.Path) + "/"
	return strings.Contains(path, fmt.Sprintf("/%s/actions/runs/%d/", strings.ToLower(r.Settings.Repository), r.run.ID))
}
