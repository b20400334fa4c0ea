// Package entra reads Microsoft Entra ID by Microsoft Graph: the people of a mapping
// file, with their roles, teams and MFA (section people).
//
// The mapping file says which object of the directory is which account on GitHub or
// GitLab. It is reviewed: nothing else joins the two. docs/entra.md describes settings
// and permissions.
//
// An answer that may be incomplete is an error that names the missing permission: a
// group that cannot be seen is not an empty group. Only the configured hosts are
// called. The package does not judge: which role may approve is for the policies.
package entra

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/internal/web"
)

// Collector reads the people.
type Collector struct {
	Section  string // people
	Settings Settings
	Mapping  strict.Path
	Getenv   func(string) string // reads the variables with credentials
	Now      func() time.Time    // dates what was seen

	// Carrier wraps what sends the requests; nil: nothing does.
	Carrier func(http.RoundTripper) http.RoundTripper
}

// Name is the section's key.
func (c Collector) Name() string { return c.Section }

// Kind is the kind of source.
func (Collector) Kind() string { return Kind.Name }

// Collect reads the people of the mapping file. An error says what could not be read
// and which permission is missing.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	if c.Section != "people" {
		return nil, fmt.Errorf("Entra ID does not report %s", c.Section) //nolint:staticcheck // a name
	}
	if err := c.Settings.check(); err != nil {
		return nil, err
	}
	all, teams, roles, err := c.Settings.grants()
	if err != nil {
		return nil, err
	}
	list, sum, err := readMapping(ctx, c.Mapping)
	if err != nil {
		return nil, err
	}
	token, err := c.token(ctx)
	if err != nil {
		return nil, err
	}
	d := &directory{Collector: c, mapped: list}
	d.seen.Add("mapping file", []byte(sum))
	if d.api, err = c.graph(token); err != nil {
		return nil, err
	}
	people, err := d.people(ctx, all, teams, roles)
	if err != nil {
		return nil, err
	}
	decides := facts.Grants{Roles: slices.Sorted(maps.Keys(roles)), Teams: slices.Sorted(maps.Keys(teams))}
	return facts.Observed{Section: people, Evidence: d.seen.Evidence(d.api.Host() + "/v1.0/users"), Decides: decides}, nil
}

// directory is a tenant that is being read.
type directory struct {
	Collector
	api    *web.Server
	mapped []mapped

	seen rest.Seen // the mapping file and the answers
}

// now is the time in UTC without its fraction: documents are collected at whole
// seconds.
func (d *directory) now() time.Time { return d.Now().UTC().Truncate(time.Second) }

// get reads one object. permission is what the application needs for it.
func (d *directory) get(ctx context.Context, call web.Call, permission string, into any) error {
	answer, err := d.api.Do(ctx, call)
	if err != nil {
		return d.denied(err, permission)
	}
	d.seen.Add(call.Path, answer.Body)
	return rest.Decode(call.Path, answer, into)
}

// list reads all pages of a list. permission is what the application needs for it.
func list[T any](ctx context.Context, d *directory, call web.Call, permission string) ([]T, error) {
	var all []T
	number := 0
	next := func(page *web.Answer) (string, error) {
		var link struct {
			Next string `json:"@odata.nextLink"`
		}
		err := page.JSON(&link)
		return link.Next, err
	}
	for answer, err := range d.api.Pages(ctx, call, next) {
		if err != nil {
			return nil, d.denied(err, permission)
		}
		number++
		d.seen.AddPage(call, number, answer.Body)
		var page struct {
			Value *[]T `json:"value"`
		}
		if err := rest.Decode(call.Path, answer, &page); err != nil {
			return nil, err
		}
		if page.Value == nil {
			return nil, fmt.Errorf("GET %s: the answer has no list", call.Path)
		}
		all = append(all, *page.Value...)
	}
	return all, nil
}
