package github

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// maxDeployments is how many deployments to one environment are read, newest first: each
// has its own list of statuses.
const maxDeployments = 100

// history is the deployments to one environment.
type history struct {
	list  []facts.ReportedDeployment // newest first
	since *time.Time                 // since when it has all of them; nil: from the first one
}

// staging are the deployments to the staging environments. GitHub knows no digest, so
// there are no stays.
func (r *reading) staging() (*facts.Staging, error) {
	found := &facts.Staging{Reported: []facts.ReportedDeployment{}}
	names := r.Settings.staging()
	histories := make([]history, len(names))
	err := rest.Each(len(names), func(i int) (err error) {
		histories[i], err = r.history(names[i], strings.ToLower(names[i]))
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, h := range histories {
		found.Reported = append(found.Reported, h.list...)
		if h.since != nil && (found.ReportedSince == nil || h.since.After(*found.ReportedSince)) {
			found.ReportedSince = h.since
		}
	}
	complete := true
	found.Complete = &complete
	return found, nil
}

// production are the deployments to the environment of the request. What ran before or
// without GitHub is unknown.
func (r *reading) production(req facts.Request) (*facts.Production, error) {
	h, err := r.history(cmp.Or(r.Settings.Environment, req.Environment), req.Environment)
	if err != nil {
		return nil, err
	}
	now, complete := r.now(), true
	return &facts.Production{History: []facts.Deployment{}, Since: &now, Complete: &complete, Reported: h.list, ReportedSince: h.since}, nil
}

// history reads the newest deployments to an environment, which the document calls as.
func (r *reading) history(environment, as string) (history, error) {
	all, err := r.deployments(url.Values{"environment": {environment}}, func(d deployment) bool {
		return strings.EqualFold(d.Environment, environment)
	})
	if err != nil {
		return history{}, err
	}
	slices.SortStableFunc(all, func(a, b deployment) int { return b.CreatedAt.Compare(a.CreatedAt) })
	h := history{list: []facts.ReportedDeployment{}}
	if len(all) > maxDeployments {
		since := r.known(all[maxDeployments].CreatedAt)
		all, h.since = all[:maxDeployments], &since
	}
	statuses := make([][]status, len(all))
	err = rest.Each(len(all), func(i int) (err error) {
		statuses[i], err = r.statuses(all[i].ID)
		return err
	})
	if err != nil {
		return history{}, err
	}
	for i, d := range all {
		reported := facts.ReportedDeployment{
			ID: fmt.Sprintf("%s/deployments/%d", strings.ToLower(r.Settings.Repository), d.ID), Environment: as, CreatedAt: r.known(d.CreatedAt),
			Digest: claimedDigest(d.Payload),
		}
		if _, ok := facts.Accepts("commit", d.SHA); ok {
			reported.Commit = &d.SHA
		}
		r.outcome(&reported, statuses[i])
		h.list = append(h.list, reported)
	}
	return h, nil
}

// known is a time of GitHub in UTC, without its fraction and not after this collection:
// the clocks may differ.
func (r *reading) known(at time.Time) time.Time {
	if now := r.now(); at.After(now) {
		return now
	}
	return at.UTC().Truncate(time.Second)
}

// outcome sets what the statuses of a deployment say. Everyone who can write deployments
// can add a status with the address of another run: then the run is unknown.
func (r *reading) outcome(d *facts.ReportedDeployment, statuses []status) {
	var runs []string
	var latest status
	for _, s := range statuses {
		for _, address := range []string{s.LogURL, s.TargetURL} {
			if run := r.runOf(address); run != "" && !slices.Contains(runs, run) {
				runs = append(runs, run)
			}
		}
		if s.State == "success" {
			if at := r.known(s.CreatedAt); d.SucceededAt == nil || at.Before(*d.SucceededAt) {
				d.SucceededAt = &at
			}
		}
		if s.CreatedAt.After(latest.CreatedAt) || s.CreatedAt.Equal(latest.CreatedAt) && s.ID > latest.ID {
			latest = s
		}
	}
	if strings.TrimSpace(latest.State) != "" {
		d.State = &latest.State
	}
	if len(runs) == 1 {
		d.Run = &runs[0]
	}
}

var runPath = regexp.MustCompile(`^/([^/]+/[^/]+)/actions/runs/([1-9][0-9]{0,18})(/|$)`)

// runOf is the run of the repository that an address belongs to, as requests name their
// deployment; empty for another address. It is never called.
func (r *reading) runOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	page, err := url.Parse(r.Settings.page())
	if err != nil {
		return ""
	}
	match := runPath.FindStringSubmatch(strings.TrimPrefix(u.Path, strings.TrimSuffix(page.Path, "/")))
	if match == nil || !strings.EqualFold(match[1], r.Settings.Repository) {
		return ""
	}
	return strings.ToLower(r.Settings.Repository) + "/runs/" + match[2]
}

// statuses are all statuses of a deployment.
func (r *reading) statuses(deployment int64) (list []status, err error) {
	path := r.repository("deployments", strconv.FormatInt(deployment, 10), "statuses")
	err = r.pages(path, nil, readDeployments, func(answer *web.Answer) error {
		var page []status
		if err := rest.Decode(path, answer, &page); err != nil {
			return err
		}
		for _, s := range page {
			if s.CreatedAt.IsZero() {
				return fmt.Errorf("GET %s: a status has no time", path)
			}
		}
		list = append(list, page...)
		return nil
	})
	return list, err
}

// claimedDigest is the digest that the payload of a deployment names, as an object or as
// text; nil if there is none.
func claimedDigest(payload json.RawMessage) *string {
	var text string
	if json.Unmarshal(payload, &text) == nil {
		payload = json.RawMessage(text)
	}
	var named struct {
		Digest string `json:"digest"`
	}
	if json.Unmarshal(payload, &named) != nil {
		return nil
	}
	if _, ok := facts.Accepts("digest", named.Digest); !ok {
		return nil
	}
	return &named.Digest
}
