package gitlab

import (
	"cmp"
	"context"
	"errors"
)

// test tests, without a pipeline for an environment, that both tokens are valid, that a
// deployment to the environment needs an approval, that every group is visible, and that
// the groups can show who has two-factor authentication. Everything that is wrong is in
// the error.
func (c Collector) test(ctx context.Context, environment string) error {
	if err := c.Settings.valid(); err != nil {
		return err
	}
	r := &reading{Collector: c, ctx: ctx}
	var err error
	if r.api, err = c.api(c.tokenVariable()); err != nil {
		return err
	}
	var problems []error
	if environment = cmp.Or(c.Settings.Environment, environment); environment != "" {
		problems = append(problems, r.reviewable(environment))
	}
	d := &directory{reading: r}
	if d.api, err = c.api(c.groupTokenVariable()); err != nil {
		return errors.Join(append(problems, err)...)
	}
	for _, group := range c.Settings.groups() {
		problems = append(problems, d.visible(ctx, group))
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	requires, err := d.requirements(ctx, c.Settings.groups())
	if err == nil && cmp.Or(c.Settings.TwoFactor, ofGroup) == ofGroup {
		err = d.shown(nil, requires)
	}
	return err
}

// What a token needs: its scope, and the role of its user.
const (
	readAPI            = "read_api"
	readProject        = "the scope read_api and the role Reporter in the project"
	readProtected      = "the scope read_api and the role Maintainer in the project"
	readGroup          = "the scope read_api and a role in the group, or in a group above it"
	readUsers          = "the scope read_api"
	readGroupProtected = "the scope read_api and the role Maintainer in the group"
	readAsAdminUser    = "the scope read_api of an administrator"
)
