package gitlab

import (
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
	if environment = orElse(c.Settings.Environment, environment); environment != "" {
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
	if err == nil && orElse(c.Settings.TwoFactor, ofGroup) == ofGroup {
		err = d.shown(nil, requires)
	}
	return err
}
