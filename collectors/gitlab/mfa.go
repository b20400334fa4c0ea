package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/prodgate/prodgate/internal/web"
)

// requirements says of each group whether its members cannot sign in without two-factor
// authentication: the group or one above it requires it, without a delay. It is nil if
// MFA is not looked up in groups.
func (d *directory) requirements(ctx context.Context, groups []string) (map[string]bool, error) {
	if cmp.Or(d.Settings.TwoFactor, ofGroup) != ofGroup {
		return nil, nil
	}
	requires, known := map[string]bool{}, map[string]bool{}
	for _, path := range groups {
		for _, above := range ancestors(path) {
			strict, read := known[above]
			if !read {
				found, err := d.group(ctx, above)
				if web.NotFound(err) && above != path {
					continue // a group above that the token does not see requires nothing that is known
				}
				if err != nil {
					return nil, err
				}
				strict = found.Requires != nil && *found.Requires && found.Grace != nil && *found.Grace == 0
				known[above] = strict
			}
			requires[path] = requires[path] || strict
		}
	}
	return requires, nil
}

var errNoTwoFactor = errors.New("nothing shows who has two-factor authentication")

// shown returns an error if the answers cannot show the MFA of anybody.
func (d *directory) shown(users []user, requires map[string]bool) error {
	switch cmp.Or(d.Settings.TwoFactor, ofGroup) {
	case ofGroup:
		for _, strict := range requires {
			if strict {
				return nil
			}
		}
		return fmt.Errorf("%w: none of the groups %v requires it with a two_factor_grace_period of 0; if the token in %s is one of an administrator, set two_factor: %s, and if another system knows MFA, two_factor: %s",
			errNoTwoFactor, d.Settings.groups(), d.groupTokenVariable(), ofUser, elsewhere)
	case ofUser:
		if slices.ContainsFunc(users, func(u user) bool { return u.TwoFactor == nil }) {
			return fmt.Errorf("%w: the token in %s needs %s; set two_factor: %s if groups require it, or %s if another system knows MFA",
				errNoTwoFactor, d.groupTokenVariable(), readAsAdminUser, ofGroup, elsewhere)
		}
	}
	return nil
}

// mfa is whether an account has two-factor authentication; nil: nothing is known.
func (r *reading) mfa(u user, groups []string, requires map[string]bool) *bool {
	yes := true
	switch cmp.Or(r.Settings.TwoFactor, ofGroup) {
	case ofUser:
		return u.TwoFactor
	case ofGroup:
		if u.TwoFactor != nil && !*u.TwoFactor {
			return u.TwoFactor
		}
		if slices.ContainsFunc(groups, func(group string) bool { return requires[group] }) {
			return &yes
		}
	}
	return nil
}
