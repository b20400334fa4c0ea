package gitlab

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// contradictions are what the request says of the pipeline and GitLab does not: how it
// was started and by whom, and which pipeline the job belongs to that reads this.
// Variables of a job can be imitated.
func (r *reading) contradictions(req facts.Request) (list []facts.Contradiction, err error) {
	differ := func(path, requested, known string) {
		list = append(list, facts.Contradiction{Path: path, Values: []facts.Report{
			{System: "request", Value: &requested}, {System: "gitlab", Value: &known},
		}})
	}
	if req.Trigger != r.pipeline.Source {
		differ("/request/trigger", req.Trigger, r.pipeline.Source)
	}
	starters := r.starters()
	known := idsOf(starters)
	started := func(id string) bool {
		return slices.ContainsFunc(starters, func(a account) bool { return a.is(id) })
	}
	if !started(req.RequestedBy) {
		differ("/request/requested_by", req.RequestedBy, known)
	}
	if !started(req.TriggeredBy) {
		differ("/request/triggered_by", req.TriggeredBy, known)
	}
	own, err := r.ownJob()
	if err != nil || own == nil {
		return list, err
	}
	if own.Pipeline.ID != r.pipeline.ID {
		differ("/request/deployment", r.run(), fmt.Sprintf("pipelines/%d", own.Pipeline.ID))
	}
	if started(req.TriggeredBy) && !own.User.is(req.TriggeredBy) {
		differ("/request/triggered_by", req.TriggeredBy, idsOf([]account{*own.User}))
	}
	return list, nil
}

// idsOf are the immutable ids of accounts, as text.
func idsOf(list []account) string {
	ids := make([]string, 0, len(list))
	for _, a := range list {
		ids = append(ids, fmt.Sprintf("gitlab:%d", a.ID))
	}
	return strings.Join(ids, " or ")
}

// ownJob is the job that reads this, by its own token, which no other job has; nil
// outside of a job on this GitLab.
func (r *reading) ownJob() (*job, error) {
	token := strings.TrimSpace(r.Getenv(jobToken))
	address := strings.TrimSuffix(r.Getenv("CI_API_V4_URL"), "/")
	if token == "" || r.Getenv("GITLAB_CI") != "true" || address != strings.TrimSuffix(cmp.Or(r.Settings.URL, defaultURL), "/") {
		return nil, nil
	}
	api, err := r.server(web.Key("JOB-TOKEN", token))
	if err != nil {
		return nil, err
	}
	answer, err := api.Do(r.ctx, web.Call{Path: "/job"})
	if err != nil {
		return nil, rest.TokenIn(jobToken).Denied(err, "a job that is running")
	}
	r.seen.Add("/job", answer.Body)
	var own job
	if err := rest.Decode("/job", answer, &own); err != nil {
		return nil, err
	}
	if _, err := own.User.ids(); err != nil {
		return nil, fmt.Errorf("GET /job: user: %w", err)
	}
	if own.Pipeline.ID <= 0 {
		return nil, errors.New("GET /job: the answer names no pipeline")
	}
	return &own, nil
}

// jobToken is the variable with the token of the job.
const jobToken = "CI_JOB_TOKEN" //nolint:gosec // a name, not a secret
