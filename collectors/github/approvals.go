package github

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/collectors/internal/review"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// decision is one review of the environments of a run.
type decision struct {
	State        string   `json:"state"`
	Comment      *string  `json:"comment"`
	User         *account `json:"user"`
	Environments []struct {
		Name string `json:"name"`
	} `json:"environments"`
}

// reviews are all decisions about the run.
func (r *reading) reviews() (all []decision, err error) {
	path := r.repository("actions", "runs", strconv.FormatInt(r.run.ID, 10), "approvals")
	err = r.pages(path, nil, readActions, func(answer *web.Answer) error {
		var page []decision
		err := rest.Decode(path, answer, &page)
		all = append(all, page...)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, v := range all {
		if _, err := v.User.ids(); err != nil {
			return nil, fmt.Errorf("GET %s: review %d: %w", path, i+1, err)
		}
		if len(v.Environments) == 0 || v.State == "" {
			return nil, fmt.Errorf("GET %s: review %d names no environment or no state", path, i+1)
		}
	}
	return all, nil
}

// pages calls read for each page of a list. permission is what a token needs for it.
func (r *reading) pages(path string, query url.Values, permission string, read func(*web.Answer) error) error {
	if query == nil {
		query = url.Values{}
	}
	query.Set("per_page", "100")
	call, page := web.Call{Path: path, Query: query}, 0
	for answer, err := range r.api.Pages(r.ctx, call, nil) {
		if err != nil {
			return denied(err, r.repositoryToken(), permission)
		}
		page++
		r.seen.AddPage(call, page, answer.Body)
		if err := read(answer); err != nil {
			return err
		}
	}
	return nil
}

// approvals are the reviews of the run, each with the interval in which it was given.
func (r *reading) approvals(id int64, req facts.Request) (facts.Approvals, error) {
	if err := r.readRun(id); err != nil {
		return nil, err
	}
	environment := cmp.Or(r.Settings.Environment, req.Environment)
	var reviews []decision
	var given interval
	var undated error // matters if there are reviews
	err := rest.All(
		func() (err error) { reviews, err = r.reviews(); return err },
		func() error { given, undated = r.given(environment); return nil },
	)
	switch {
	case err != nil:
		return nil, err
	case len(reviews) == 0:
		return facts.Approvals{}, r.reviewable(environment)
	case undated != nil:
		return nil, undated
	}
	list := facts.Approvals{}
	for _, v := range reviews {
		for _, of := range v.Environments {
			a := r.approval(v, given)
			if strings.EqualFold(of.Name, environment) {
				a.Environment = &req.Environment
			} else if name := strings.ToLower(of.Name); isIdentifier(name) && name != req.Environment {
				a.Environment = &name
			}
			if a.Decision != "approved" && a.Decision != "pending" && a.Environment == &req.Environment {
				a.Request = &req.ID // it ended this run
			}
			list = append(list, a)
		}
	}
	return list, nil
}

// approval is a review in the document, without its environment.
func (r *reading) approval(v decision, given interval) facts.Approval {
	said := review.Comment{}
	if v.Comment != nil {
		said = review.ReadComment(*v.Comment)
	}
	run := r.deployment()
	return facts.Approval{
		Approver: fmt.Sprintf("github:%d", v.User.ID), Decision: v.State, Run: &run,
		ApprovedAt: given.earliest, Latest: &given.latest,
		DeploymentWindow: orNil(said.Window), Ticket: orNil(said.Ticket), Comment: orNil(said.Reason),
	}
}

// deployment is the run, as requests name their deployment.
func (r *reading) deployment() string {
	return fmt.Sprintf("%s/runs/%d", strings.ToLower(r.Settings.Repository), r.run.ID)
}

// reviewable returns an error if nobody can review a deployment to the environment,
// because it does not exist or has no required reviewers.
func (r *reading) reviewable(environment string) error {
	var settings struct {
		Rules []struct {
			Type      string                  `json:"type"`
			Reviewers []struct{ Type string } `json:"reviewers"`
		} `json:"protection_rules"`
	}
	if err := r.get(r.repository("environments", environment), readActions, &settings); err != nil {
		return err
	}
	for _, rule := range settings.Rules {
		if rule.Type == "required_reviewers" && len(rule.Reviewers) > 0 {
			return nil
		}
	}
	return fmt.Errorf("the environment %q of %s has no required reviewers, so a run cannot be reviewed: add them in the settings of the repository, under Environments", environment, r.Settings.Repository)
}

func isIdentifier(name string) bool {
	_, ok := facts.Accepts("identifier", name)
	return ok
}

// orNil is text; nil if it is empty.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
