package github

import (
	"context"
	"errors"
)

// test tests, without a run for an environment, that both tokens are valid, that the environment has
// reviewers, that every team is visible, and that two-factor authentication can be
// looked up. Everything that is wrong is in the error.
func (c Collector) test(ctx context.Context, environment string) error {
	owner, name, err := c.Settings.split()
	if err != nil {
		return err
	}
	r := &reading{Collector: c, ctx: ctx, owner: owner, name: name}
	if r.api, err = c.api(c.repositoryToken()); err != nil {
		return err
	}
	var problems []error
	if environment = orElse(c.Settings.Environment, environment); environment != "" {
		problems = append(problems, r.reviewable(environment))
	}
	d := &directory{reading: r, organization: c.Settings.organization(owner)}
	if d.api, err = c.organizationAPI(ctx, d.organization); err != nil {
		return errors.Join(append(problems, err)...)
	}
	for _, team := range c.Settings.teams() {
		problems = append(problems, d.visible(ctx, team))
	}
	_, err = d.withoutTwoFactor(ctx)
	return errors.Join(append(problems, err)...)
}
