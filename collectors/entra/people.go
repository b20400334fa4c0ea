package entra

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// chunk is how many ids a filter "in" can have.
const chunk = 15

// user is a user account. Type is its type in the directory; empty: user.
type user struct {
	Type    string `json:"@odata.type"`
	ID      string `json:"id"`
	Enabled *bool  `json:"accountEnabled"`
	Kind    string `json:"userType"`
	Name    string `json:"userPrincipalName"`
}

// people are the people of the mapping file with what the grants give them.
func (d *directory) people(ctx context.Context, all []grant, teams, roles map[string][]grant) (facts.People, error) {
	var users map[string]user
	var bots map[string]bool
	holders := map[grant]map[string]bool{}
	var mutex sync.Mutex
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(rest.Parallel)
	group.Go(func() (err error) {
		users, bots, err = d.accounts(within)
		return err
	})
	for _, g := range all {
		group.Go(func() error {
			found, err := d.holders(within, g)
			mutex.Lock()
			defer mutex.Unlock()
			holders[g] = found
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	list := make(facts.People, len(d.mapped))
	group, within = errgroup.WithContext(ctx)
	group.SetLimit(rest.Parallel)
	for i, m := range d.mapped {
		account, found := users[m.Entra]
		list[i] = d.person(m, account, found && *account.Enabled)
		human := !bots[m.Entra]
		if found || !human {
			human = human && account.person()
			list[i].Human = &human
		}
		if !*list[i].Active || account.Kind != member && !d.Settings.Guests {
			continue
		}
		list[i].Teams, list[i].Roles = given(teams, holders, m.Entra), given(roles, holders, m.Entra)
		if d.Settings.MFA != elsewhere && len(list[i].Teams)+len(list[i].Roles) > 0 {
			group.Go(func() error { return d.registration(within, m.Entra, &list[i]) })
		}
	}
	return list, group.Wait()
}

// member is the type of a user that is not a guest.
const member = "Member"

// person reports whether an account is a user, and not one of an agent.
func (u user) person() bool { return u.Type == "" || u.Type == "#microsoft.graph.user" }

// person is an entry of the mapping file without teams and roles.
func (d *directory) person(m mapped, account user, active bool) facts.Person {
	ids := append([]string{"entra:" + m.Entra}, m.IDs...)
	mail := "mailto:" + strings.ToLower(account.Name)
	_, ok := facts.IsPerson(mail)
	if ok && active && strings.Contains(mail, "@") && !strings.Contains(mail, "#") && !slices.Contains(ids, mail) {
		ids = append(ids, mail)
	}
	return facts.Person{IDs: ids, Roles: []string{}, Teams: []string{}, Active: &active, AsOf: d.now()}
}

// given are the names whose grants the object holds, sorted.
func given(names map[string][]grant, holders map[grant]map[string]bool, id string) []string {
	of := []string{}
	for name, grants := range names {
		if slices.ContainsFunc(grants, func(g grant) bool { return holders[g][id] }) {
			of = append(of, name)
		}
	}
	slices.Sort(of)
	return of
}

// accounts are the users of the mapping file by id, and which of its other ids are
// service principals. Whatever is neither was deleted, or is no account.
func (d *directory) accounts(ctx context.Context) (users map[string]user, bots map[string]bool, err error) {
	users, bots = map[string]user{}, map[string]bool{}
	found, err := lookup(ctx, d, "users", "id,accountEnabled,userType,userPrincipalName", readUsers, d.ids(func(string) bool { return true }))
	if err != nil {
		return nil, nil, err
	}
	for _, u := range found {
		u.ID = strings.ToLower(u.ID)
		if u.Enabled == nil {
			return nil, nil, fmt.Errorf("the user %s does not show whether the account is enabled: the application %s needs the application permission %s", u.ID, d.Settings.ClientID, readUsers)
		}
		users[u.ID] = u
	}
	others := d.ids(func(id string) bool { _, known := users[id]; return !known })
	found, err = lookup(ctx, d, "servicePrincipals", "id", readApps, others)
	if err != nil && !refused(err) { // without that permission, such an entry is still not an active user
		return nil, nil, err
	}
	for _, bot := range found {
		bots[strings.ToLower(bot.ID)] = true
	}
	return users, bots, nil
}

// ids are the object ids of the mapping file that are asked for.
func (d *directory) ids(asked func(string) bool) (list []string) {
	for _, m := range d.mapped {
		if asked(m.Entra) {
			list = append(list, m.Entra)
		}
	}
	return list
}

// lookup reads those objects of a collection that have one of these ids.
func lookup(ctx context.Context, d *directory, collection, properties, permission string, ids []string) ([]user, error) {
	chunks := slices.Collect(slices.Chunk(ids, chunk))
	pages := make([][]user, len(chunks))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(rest.Parallel)
	for i, some := range chunks {
		group.Go(func() (err error) {
			call := web.Call{Path: web.Path(collection), Query: url.Values{
				"$filter": {"id in ('" + strings.Join(some, "','") + "')"}, "$select": {properties},
			}}
			pages[i], err = list[user](ctx, d, call, permission)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(pages...), nil
}

// registration is what the report says about the authentication methods of a user.
type registration struct {
	ID      string    `json:"id"`
	Capable *bool     `json:"isMfaCapable"`
	Updated time.Time `json:"lastUpdatedDateTime"`
}

// clockTolerance is how far the clocks of Microsoft and of this machine may differ.
const clockTolerance = 5 * time.Minute

// registration adds to a person whether the report shows MFA, and its age. A person who
// is not in the report has unknown MFA.
func (d *directory) registration(ctx context.Context, id string, p *facts.Person) error {
	path := web.Path("reports", "authenticationMethods", "userRegistrationDetails", id)
	var answer struct {
		registration
		Value *registration `json:"value"` // an answer of one object can have it
	}
	if err := d.get(ctx, web.Call{Path: path}, readAuditLog, &answer); err != nil {
		if web.NotFound(err) {
			return nil
		}
		return fmt.Errorf("%w; if another system knows MFA, set mfa: %s", err, elsewhere)
	}
	r := answer.registration
	if answer.Value != nil {
		r = *answer.Value
	}
	now, updated := d.now(), r.Updated.UTC().Truncate(time.Second)
	switch {
	case !strings.EqualFold(r.ID, id):
		return fmt.Errorf("GET %s: the answer is about %q", path, r.ID)
	case r.Capable == nil:
		return fmt.Errorf("GET %s: %w", path, errNoMFA)
	case updated.After(now.Add(clockTolerance)):
		return fmt.Errorf("GET %s: the report is of %s, and it is %s: correct the clock", path, updated.Format(time.RFC3339), now.Format(time.RFC3339))
	case *r.Capable && updated.Year() < 2000: // of unknown age
		return nil
	}
	p.MFA = r.Capable
	if updated.Year() >= 2000 && updated.Before(p.AsOf) {
		p.AsOf = updated
	}
	return nil
}

var errNoMFA = errors.New("the answer does not show isMfaCapable")
