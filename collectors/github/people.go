package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// directory reads an organization.
type directory struct {
	*reading
	api          *web.Server
	organization string
}

// people are the accounts that started the run, reviewed it or wrote what it deploys, with
// the teams in which their membership is active.
func (r *reading) people(id int64, req facts.Request) (facts.People, error) {
	d := &directory{reading: r, organization: r.Settings.organization(r.owner)}
	var wrote map[int64][]string
	var authors []account
	var reviews []decision
	err := rest.All(
		func() error {
			if err := r.readRun(id); err != nil {
				return err
			}
			return rest.All(
				func() (err error) { wrote, authors, err = r.authors(req); return err },
				func() (err error) { reviews, err = r.reviews(); return err },
			)
		},
		func() (err error) { d.api, err = r.organizationAPI(r.ctx, d.organization); return err },
	)
	if err != nil {
		return nil, err
	}
	accounts := d.accounts(authors, reviews)
	teams, weak, err := d.look(accounts)
	if err != nil {
		return nil, err
	}
	list := facts.People{}
	for i, a := range accounts {
		person, err := d.person(a, teams[i], weak)
		if err != nil {
			return nil, err
		}
		person.Wrote = wrote[a.ID]
		list = append(list, person)
	}
	return list, nil
}

// look reads the teams in which the membership of each account is active, and the members
// without two-factor authentication (nil: not looked up).
func (d *directory) look(accounts []account) (of [][]string, weak map[int64]bool, err error) {
	teams := d.Settings.teams()
	active := make([]bool, len(accounts)*len(teams))
	group, ctx := errgroup.WithContext(d.ctx)
	group.SetLimit(rest.Parallel)
	for j, team := range teams {
		group.Go(func() error { return d.visible(ctx, team) })
		for i, a := range accounts {
			group.Go(func() (err error) {
				active[i*len(teams)+j], err = d.active(ctx, team, a.Login)
				return err
			})
		}
	}
	group.Go(func() (err error) {
		weak, err = d.withoutTwoFactor(ctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	of = make([][]string, len(accounts))
	for i := range accounts {
		of[i] = []string{}
		for j, team := range teams {
			if active[i*len(teams)+j] {
				of[i] = append(of[i], team)
			}
		}
	}
	return of, weak, nil
}

// organizationAPI prepares to read an organization.
func (c Collector) organizationAPI(ctx context.Context, organization string) (*web.Server, error) {
	if c.Settings.App == nil {
		return c.api(c.organizationToken())
	}
	token, err := c.Settings.App.token(ctx, c, organization)
	if err != nil {
		return nil, err
	}
	return c.server(token)
}

// person is an account that is an active member of these teams. weak are the members
// without two-factor authentication; nil: not looked up.
func (r *reading) person(a account, teams []string, weak map[int64]bool) (facts.Person, error) {
	ids, err := a.ids()
	if err != nil {
		return facts.Person{}, err
	}
	human := a.Type == "User" && !strings.HasSuffix(a.Login, "[bot]")
	p := facts.Person{IDs: ids, Roles: []string{}, Teams: teams, Human: &human, AsOf: r.now()}
	for role, of := range r.Settings.Roles {
		if slices.ContainsFunc(of, func(team string) bool { return slices.Contains(teams, team) }) {
			p.Roles = append(p.Roles, role)
		}
	}
	slices.Sort(p.Roles)
	if weak != nil && (len(teams) > 0 || weak[a.ID]) { // nothing is known of the MFA of other accounts
		mfa := !weak[a.ID]
		p.MFA = &mfa
	}
	return p, nil
}

// accounts are the authors, whoever started an attempt of the run, and its reviewers, each
// once, by id.
func (r *reading) accounts(authors []account, reviews []decision) []account {
	list := append([]account{*r.run.Actor, *r.run.TriggeringActor}, authors...)
	for _, v := range reviews {
		list = append(list, *v.User)
	}
	for _, attempt := range r.earlier {
		list = append(list, *attempt.TriggeringActor)
	}
	slices.SortStableFunc(list, func(a, b account) int { return int(a.ID - b.ID) })
	return slices.CompactFunc(list, func(a, b account) bool { return a.ID == b.ID })
}

// active reports whether an account is an active member of a team, or of one of its
// child teams. It is only known of a team that is visible.
func (d *directory) active(ctx context.Context, team, login string) (bool, error) {
	path := web.Path("orgs", d.organization, "teams", team, "memberships", login)
	var membership struct {
		State string `json:"state"`
	}
	err := d.get(ctx, path, readMembers, &membership)
	if web.NotFound(err) {
		return false, nil
	}
	return err == nil && membership.State == "active", err
}

// visible returns an error if the token does not see a team.
func (d *directory) visible(ctx context.Context, team string) error {
	var found struct {
		Slug string `json:"slug"`
	}
	path := web.Path("orgs", d.organization, "teams", team)
	if err := d.get(ctx, path, readMembers, &found); err != nil {
		return fmt.Errorf("the team %s cannot be seen, so nothing is known of its members: %w", team, err)
	}
	if !strings.EqualFold(found.Slug, team) {
		return fmt.Errorf("GET %s: the answer is about the team %q", path, found.Slug)
	}
	return nil
}

// errNoTwoFactor is the error of an organization that does not show its requirement.
var errNoTwoFactor = errors.New("the organization does not show whether it requires two-factor authentication")

// withoutTwoFactor are the members without two-factor authentication; nil if they are
// looked up elsewhere. If the organization requires it, no member is without.
func (d *directory) withoutTwoFactor(ctx context.Context) (map[int64]bool, error) {
	if d.Settings.TwoFactor == elsewhere {
		return nil, nil
	}
	var of struct {
		Required *bool `json:"two_factor_requirement_enabled"`
	}
	path := web.Path("orgs", d.organization)
	if err := d.get(ctx, path, administrate, &of); err != nil {
		return nil, err
	}
	if of.Required == nil {
		return nil, fmt.Errorf("GET %s: %w: the token in %s needs the permission %q; if another system knows MFA, set two_factor: %s",
			path, errNoTwoFactor, d.organizationToken(), administrate, elsewhere)
	}
	weak := map[int64]bool{}
	if *of.Required {
		return weak, nil
	}
	members := web.Call{Path: path + "/members", Query: url.Values{"filter": {"2fa_disabled"}, "per_page": {"100"}}}
	for answer, err := range d.api.Pages(ctx, members, nil) {
		if err != nil {
			return nil, denied(err, d.organizationToken(), administrate)
		}
		var page []account
		if err := rest.Decode(members.Path, answer, &page); err != nil {
			return nil, err
		}
		for _, a := range page {
			if _, err := a.ids(); err != nil {
				return nil, fmt.Errorf("GET %s: %w", members.Path, err)
			}
			weak[a.ID] = true
		}
	}
	return weak, nil
}

// get reads one answer about the organization.
func (d *directory) get(ctx context.Context, path, permission string, into any) error {
	answer, err := d.api.Do(ctx, web.Call{Path: path})
	if err != nil {
		return denied(err, d.organizationToken(), permission)
	}
	return rest.Decode(path, answer, into)
}
