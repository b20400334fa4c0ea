package gitlab

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/collectors/internal/review"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// deployment of an environment. Deployable is the job that deploys; nil if the
// deployment was created by the API.
type deployment struct {
	ID          int64     `json:"id"`
	CreatedAt   time.Time `json:"created_at"`
	Environment struct {
		Name string `json:"name"`
	} `json:"environment"`
	Deployable *struct {
		Pipeline struct {
			ID int64 `json:"id"`
		} `json:"pipeline"`
	} `json:"deployable"`
}

// approved is a deployment with what people decided about it. Decisions are listed by
// rule where the environment has approval rules, and without a rule otherwise.
type approved struct {
	deployment
	Approvals []decision `json:"approvals"`
	Summary   *struct {
		Rules []struct {
			Approvals []decision `json:"deployment_approvals"`
		} `json:"rules"`
	} `json:"approval_summary"`
}

// decision is one person's approval or rejection of a deployment.
type decision struct {
	User      *account  `json:"user"`
	Status    string    `json:"status"` // approved, rejected
	CreatedAt time.Time `json:"created_at"`
	Comment   *string   `json:"comment"`
}

// same reports whether two entries of an answer are one decision.
func (d decision) same(other decision) bool {
	return d.User.ID == other.User.ID && d.Status == other.Status && d.CreatedAt.Equal(other.CreatedAt)
}

// approvals are the decisions about the pipeline's deployments to the environment.
func (r *reading) approvals(req facts.Request) (facts.Approvals, error) {
	environment := cmp.Or(r.Settings.Environment, req.Environment)
	decisions, err := r.decisions(environment)
	if err != nil {
		return nil, err
	}
	list := facts.Approvals{}
	if len(decisions) == 0 {
		return list, r.reviewable(environment)
	}
	for _, d := range decisions {
		a := r.approval(d)
		a.Environment = &req.Environment
		if a.Decision != "approved" && a.Decision != "pending" {
			a.Request = &req.ID // it ended this pipeline
		}
		list = append(list, a)
	}
	return list, nil
}

// approval is a decision in the document, without its environment.
func (r *reading) approval(d decision) facts.Approval {
	said := review.Comment{}
	if d.Comment != nil {
		said = review.ReadComment(*d.Comment)
	}
	run := r.run()
	return facts.Approval{
		Approver: fmt.Sprintf("gitlab:%d", d.User.ID), Decision: d.Status, Run: &run,
		ApprovedAt:       d.CreatedAt.UTC().Truncate(time.Second),
		DeploymentWindow: orNil(said.Window), Ticket: orNil(said.Ticket), Comment: orNil(said.Reason),
	}
}

// decisions are all decisions about the pipeline's deployments to the environment, each
// once.
func (r *reading) decisions(environment string) (all []decision, err error) {
	deployments, err := r.deployments(environment)
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		path := r.project("deployments", strconv.FormatInt(d.ID, 10))
		var found approved
		if err := r.get(path, nil, readProject, &found); err != nil {
			return nil, err
		}
		if found.ID != d.ID || !r.ours(found.deployment, environment) {
			return nil, fmt.Errorf("GET %s: the answer is about deployment %d, or not of this pipeline", path, found.ID)
		}
		of := found.Approvals
		if found.Summary != nil {
			for _, rule := range found.Summary.Rules {
				of = append(of, rule.Approvals...)
			}
		}
		for i, v := range of {
			if _, err := v.User.ids(); err != nil {
				return nil, fmt.Errorf("GET %s: approval %d: %w", path, i+1, err)
			}
			if v.Status == "" || v.CreatedAt.IsZero() {
				return nil, fmt.Errorf("GET %s: approval %d has no status or no time", path, i+1)
			}
			if !slices.ContainsFunc(of[:i], v.same) {
				all = append(all, v)
			}
		}
	}
	return all, nil
}

// deployments are those of the pipeline to the environment. A deployment is created
// with its job, so it is not older than the pipeline.
func (r *reading) deployments(environment string) (list []deployment, err error) {
	path := r.project("deployments")
	query := url.Values{
		"environment": {environment}, "order_by": {"updated_at"}, "sort": {"asc"},
		"updated_after": {r.pipeline.CreatedAt.UTC().Add(-time.Minute).Format(time.RFC3339)},
	}
	err = r.pages(path, query, readProject, func(answer *web.Answer) error {
		var page []deployment
		if err := rest.Decode(path, answer, &page); err != nil {
			return err
		}
		for _, d := range page {
			switch {
			case d.ID <= 0 || d.CreatedAt.IsZero():
				return fmt.Errorf("GET %s: a deployment has no id or no time", path)
			case r.ours(d, environment):
				list = append(list, d)
			}
		}
		return nil
	})
	return list, err
}

// ours reports whether a job of this pipeline deploys to the environment.
func (r *reading) ours(d deployment, environment string) bool {
	return d.Deployable != nil && d.Deployable.Pipeline.ID == r.pipeline.ID && d.Environment.Name == environment
}

// orNil is text; nil if it is empty.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
