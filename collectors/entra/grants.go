package entra

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/internal/web"
)

// object is any object of the directory.
type object struct {
	Type string `json:"@odata.type"`
	ID   string `json:"id"`
}

const groupType = "#microsoft.graph.group"

// holders are the ids of those who hold a grant.
func (d *directory) holders(ctx context.Context, g grant) (map[string]bool, error) {
	ids := map[string]bool{}
	var err error
	switch g.kind {
	case directoryRole:
		err = d.directoryRole(ctx, g.id, ids)
	case appRole:
		err = d.appRole(ctx, g, ids)
	default:
		err = d.group(ctx, g.id, "transitiveMembers", ids)
	}
	if err != nil {
		return nil, fmt.Errorf("the %s cannot be seen, so nothing is known of who has it: %w", g, err)
	}
	return ids, nil
}

// group adds the members of a group to ids. relation is members or transitiveMembers. A
// group that hides its members is an error: without a further permission, its list of
// members is empty.
func (d *directory) group(ctx context.Context, id, relation string, ids map[string]bool) error {
	var g struct {
		ID         string  `json:"id"`
		Visibility *string `json:"visibility"`
	}
	path := web.Path("groups", id)
	var members []object
	err := rest.All(
		func() error {
			return d.get(ctx, web.Call{Path: path, Query: url.Values{"$select": {"id,visibility"}}}, readMembers, &g)
		},
		func() (err error) {
			call := web.Call{Path: path + web.Path(relation), Query: url.Values{"$select": {"id"}, "$top": {"999"}}}
			members, err = list[object](ctx, d, call, readMembers)
			return err
		},
	)
	switch {
	case err != nil:
		return err
	case !strings.EqualFold(g.ID, id):
		return fmt.Errorf("GET %s: the answer is about %q", path, g.ID)
	case g.Visibility != nil && strings.EqualFold(*g.Visibility, "HiddenMembership"):
		return fmt.Errorf("GET %s: the group hides its members: use a group with visible members", path)
	}
	for _, m := range members {
		ids[strings.ToLower(m.ID)] = true
	}
	return nil
}

// directoryRole adds to ids who has a directory role in the whole tenant, also as a
// member of a group. Roles within an administrative unit or for one application do not
// count.
func (d *directory) directoryRole(ctx context.Context, id string, ids map[string]bool) error {
	var role struct {
		ID      string `json:"id"`
		Enabled *bool  `json:"isEnabled"`
	}
	path := web.Path("roleManagement", "directory", "roleDefinitions", id)
	if err := d.get(ctx, web.Call{Path: path, Query: url.Values{"$select": {"id,isEnabled"}}}, readRoles, &role); err != nil {
		return err
	}
	switch {
	case !strings.EqualFold(role.ID, id):
		return fmt.Errorf("GET %s: the answer is about %q", path, role.ID)
	case role.Enabled == nil || !*role.Enabled:
		return fmt.Errorf("GET %s: the role is not enabled", path)
	}
	call := web.Call{Path: "/roleManagement/directory/roleAssignments", Query: url.Values{
		"$filter": {"roleDefinitionId eq '" + id + "'"}, "$expand": {"principal"},
	}}
	type assignment struct {
		Role      string  `json:"roleDefinitionId"`
		ID        string  `json:"principalId"`
		Scope     string  `json:"directoryScopeId"`
		Principal *object `json:"principal"`
	}
	assignments, err := list[assignment](ctx, d, call, readRoles)
	if err != nil {
		return err
	}
	for _, a := range assignments {
		switch {
		case !strings.EqualFold(a.Role, id):
			return fmt.Errorf("GET %s: the answer has an assignment of the role %q", call.Path, a.Role)
		case a.Scope != "/":
			continue
		case d.isMapped(a.ID):
			ids[strings.ToLower(a.ID)] = true
		case a.Principal == nil || a.Principal.Type == "":
			return fmt.Errorf("GET %s: it is not shown what %q is, who has the role: the application %s needs the application permission %s; if it was deleted, remove the assignment",
				call.Path, a.ID, d.Settings.ClientID, readMembers)
		case a.Principal.Type == groupType:
			if err := d.group(ctx, strings.ToLower(a.ID), "transitiveMembers", ids); err != nil {
				return err
			}
		}
	}
	return nil
}

// isMapped reports whether the mapping file has the object.
func (d *directory) isMapped(id string) bool {
	for _, m := range d.mapped {
		if strings.EqualFold(m.Entra, id) {
			return true
		}
	}
	return false
}

// appRole adds to ids who has an app role, also as a member of a group. As in Entra ID,
// members of nested groups do not have it.
func (d *directory) appRole(ctx context.Context, g grant, ids map[string]bool) error {
	var application struct {
		ID    string `json:"id"`
		Roles []struct {
			ID      string `json:"id"`
			Enabled bool   `json:"isEnabled"`
		} `json:"appRoles"`
	}
	path := web.Path("servicePrincipals", g.resource)
	if err := d.get(ctx, web.Call{Path: path, Query: url.Values{"$select": {"id,appRoles"}}}, readApps, &application); err != nil {
		return err
	}
	if !strings.EqualFold(application.ID, g.resource) {
		return fmt.Errorf("GET %s: the answer is about %q", path, application.ID)
	}
	enabled := false
	for _, role := range application.Roles {
		enabled = enabled || strings.EqualFold(role.ID, g.id) && role.Enabled
	}
	if !enabled {
		return fmt.Errorf("GET %s: the application has no enabled app role with that id", path)
	}
	type assignment struct {
		Role string `json:"appRoleId"`
		ID   string `json:"principalId"`
		Type string `json:"principalType"`
	}
	call := web.Call{Path: path + "/appRoleAssignedTo", Query: url.Values{"$top": {"999"}}}
	assignments, err := list[assignment](ctx, d, call, readApps)
	if err != nil {
		return err
	}
	for _, a := range assignments {
		switch {
		case !strings.EqualFold(a.Role, g.id):
		case a.Type == "Group":
			if err := d.group(ctx, strings.ToLower(a.ID), "members", ids); err != nil {
				return err
			}
		case guid.MatchString(strings.ToLower(a.ID)):
			ids[strings.ToLower(a.ID)] = true
		}
	}
	return nil
}
