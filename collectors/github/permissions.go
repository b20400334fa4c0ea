package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/prodgate/prodgate/collectors/internal/rest"
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
	if environment = cmp.Or(c.Settings.Environment, environment); environment != "" {
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

// Permissions, as the settings of a GitHub App and a fine-grained token name them.
const (
	readActions     = "Actions: read"
	readDeployments = "Deployments: read"
	readContents    = "Contents: read"
	readMembers     = "Members: read (organization)"
	administrate    = "Administration: read (organization), of an owner"
)

// denied explains an answer that could not be read with the token in a variable.
func denied(err error, variable, permission string) error {
	return rest.TokenIn(variable).Denied(err, fmt.Sprintf("the permission %q", permission))
}
