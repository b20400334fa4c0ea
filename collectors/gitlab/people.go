package gitlab

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// parallel is how many answers about people and groups are read at once.
const parallel = 8

// directory reads groups and users.
type directory struct {
	*reading
	api *web.Server
}

// user is an account with what only its page says. TwoFactor is there for
// administrators only.
type user struct {
	account
	Bot       *bool `json:"bot"`
	TwoFactor *bool `json:"two_factor_enabled"`
}

// people are the accounts that started the pipeline or one of its jobs, decided about its
// deployments or wrote what it deploys, with the groups in which their membership is
// active.
func (r *reading) people(req facts.Request) (facts.People, error) {
	d := &directory{reading: r}
	var err error
	if d.api, err = r.Collector.api(r.groupTokenVariable()); err != nil {
		return nil, err
	}
	wrote, authors, err := d.authors(req)
	if err != nil {
		return nil, err
	}
	decisions, err := r.decisions(cmp.Or(r.Settings.Environment, req.Environment))
	if err != nil {
		return nil, err
	}
	accounts := append(r.starters(), authors...)
	for _, v := range decisions {
		accounts = append(accounts, *v.User)
	}
	accounts = once(accounts)
	users, active, requires, err := d.look(accounts)
	if err != nil {
		return nil, err
	}
	list := facts.People{}
	for i, u := range users {
		groups := active[i]
		if u.State != "active" {
			groups = nil
		}
		p, err := r.person(u, groups, requires)
		if err != nil {
			return nil, err
		}
		p.Wrote = wrote[u.ID]
		if slices.ContainsFunc(r.starters(), func(a account) bool { return a.ID == u.ID }) {
			p.Started = []string{r.run()}
		}
		list = append(list, p)
	}
	return list, nil
}

// look reads each account, the groups in which its membership is active, and which
// groups require two-factor authentication.
func (d *directory) look(accounts []account) (users []user, active [][]string, requires map[string]bool, err error) {
	groups := d.Settings.groups()
	users, active = make([]user, len(accounts)), make([][]string, len(accounts))
	member := make([]bool, len(accounts)*len(groups))
	work, ctx := errgroup.WithContext(d.ctx)
	work.SetLimit(parallel)
	for i, a := range accounts {
		work.Go(func() (err error) {
			users[i], err = d.user(ctx, a)
			return err
		})
		for j, group := range groups {
			work.Go(func() (err error) {
				member[i*len(groups)+j], err = d.active(ctx, group, a)
				return err
			})
		}
	}
	work.Go(func() (err error) {
		requires, err = d.requirements(ctx, groups)
		return err
	})
	if err := work.Wait(); err != nil {
		return nil, nil, nil, err
	}
	for i := range accounts {
		for j, group := range groups {
			if member[i*len(groups)+j] {
				active[i] = append(active[i], group)
			}
		}
	}
	return users, active, requires, d.shown(users, requires)
}

// user reads an account. Whether it is a bot must be known.
func (d *directory) user(ctx context.Context, a account) (user, error) {
	path := web.Path("users", strconv.FormatInt(a.ID, 10))
	var found user
	if err := d.get(ctx, path, readUsers, &found); err != nil {
		return user{}, err
	}
	if _, err := found.ids(); err != nil || found.ID != a.ID {
		return user{}, fmt.Errorf("GET %s: the answer is about the account %d, %q", path, found.ID, found.Username)
	}
	if found.Bot == nil || found.State == "" {
		return user{}, fmt.Errorf("GET %s: the answer does not say whether the account is a bot and active", path)
	}
	return found, nil
}

// machine matches the names that GitLab gives to the accounts of access tokens and to
// service accounts.
var machine = regexp.MustCompile(`^((project|group)_[0-9]+_bot|service_account_)`)

// person is an account that is an active member of these groups.
func (r *reading) person(u user, groups []string, requires map[string]bool) (facts.Person, error) {
	ids, err := u.ids()
	if err != nil {
		return facts.Person{}, err
	}
	human := !*u.Bot && !machine.MatchString(u.Username)
	p := facts.Person{IDs: ids, Roles: []string{}, Teams: []string{}, Human: &human, AsOf: r.now()}
	for _, group := range groups {
		p.Teams = append(p.Teams, team(group))
	}
	slices.Sort(p.Teams)
	for role, of := range r.Settings.Roles {
		if slices.ContainsFunc(of, func(group string) bool { return slices.Contains(p.Teams, team(group)) }) {
			p.Roles = append(p.Roles, role)
		}
	}
	slices.Sort(p.Roles)
	p.MFA = r.mfa(u, groups, requires)
	return p, nil
}

// get reads one answer about groups or users.
func (d *directory) get(ctx context.Context, path, needs string, into any) error {
	answer, err := d.api.Do(ctx, web.Call{Path: path})
	if err != nil {
		return rest.TokenIn(d.groupTokenVariable()).Denied(err, needs)
	}
	return rest.Decode(path, answer, into)
}
