package entra

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// Kind is a tenant of Microsoft Entra ID.
var Kind = source.Kind{
	Name:     "entra",
	Summary:  "roles, teams and MFA of people in Microsoft Entra ID ([entra.md](entra.md))",
	Sections: []string{"people"},
	Settings: func() any { return new(Settings) },
	Test: func(ctx context.Context, env source.Env, settings any) error { // it needs no run
		c := open(env, settings)
		c.Section = "people"
		_, err := c.Collect(ctx, facts.Request{})
		return err
	},
	Open: func(env source.Env, settings any) source.Collector { return open(env, settings) },
}

func open(env source.Env, settings any) Collector {
	s := source.SettingsOf[Settings](settings)
	s.CAFile = env.Path(s.CAFile)
	return Collector{Section: env.Section, Settings: s, Mapping: env.File("mapping", s.Mapping), Getenv: env.Getenv, Now: env.Now, Carrier: env.Carrier}
}

// Settings of a tenant of Microsoft Entra ID.
type Settings struct {
	Tenant   string `json:"tenant" schema:"nonempty"`    // id or domain of the tenant
	ClientID string `json:"client_id" schema:"nonempty"` // id of the application that reads the directory
	Mapping  string `json:"mapping" schema:"nonempty"`   // file that maps ids of people to objects of the directory

	// URL is Microsoft Graph, and Authority issues its tokens: another host in a
	// national cloud. Empty: https://graph.microsoft.com and
	// https://login.microsoftonline.com.
	URL       string `json:"url,omitempty"`
	Authority string `json:"authority,omitempty"`
	CAFile    string `json:"ca_file,omitempty"` // PEM file of the certificates to trust instead of the system's

	// Credential is how the application proves what it is: token-file, github-actions,
	// id-token or client-secret. Empty: the first of them whose variables are set.
	Credential string `json:"credential,omitempty"`
	TokenEnv   string `json:"token_env,omitempty"`  // variable with an id token, as of GitLab; empty: ENTRA_ID_TOKEN
	SecretEnv  string `json:"secret_env,omitempty"` // variable with the client secret; empty: AZURE_CLIENT_SECRET
	Audience   string `json:"audience,omitempty"`   // of tokens of GitHub Actions; empty: api://AzureADTokenExchange

	// Teams and Roles are the groups and roles of the directory that give a team or a
	// role, by its name: the id of a group, directory-role:ID or
	// app-role:SERVICE-PRINCIPAL/ID.
	Teams map[string][]string `json:"teams,omitempty"`
	Roles map[string][]string `json:"roles,omitempty"`

	Guests bool   `json:"guests,omitempty"` // guests have teams and roles, too
	MFA    string `json:"mfa,omitempty"`    // where MFA is looked up: report, or elsewhere; empty: report
}

// Where MFA is looked up.
const (
	inReport  = "report"
	elsewhere = "elsewhere"
)

// Hosts of the global service.
const (
	defaultURL       = "https://graph.microsoft.com"
	defaultAuthority = "https://login.microsoftonline.com"
)

var (
	guid       = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	tenantName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)
)

// check returns an error that says which setting is invalid.
func (s Settings) check() error {
	switch {
	case !tenantName.MatchString(s.Tenant):
		return fmt.Errorf("invalid tenant %q: write its id or a domain", s.Tenant)
	case !guid.MatchString(strings.ToLower(s.ClientID)):
		return fmt.Errorf("invalid client_id %q: write the id of the application", s.ClientID)
	case s.MFA != "" && s.MFA != inReport && s.MFA != elsewhere:
		return fmt.Errorf("invalid mfa %q: write %s or %s", s.MFA, inReport, elsewhere)
	case s.Credential != "" && !slices.Contains(credentials, s.Credential):
		return fmt.Errorf("invalid credential %q: write %s", s.Credential, strings.Join(credentials, ", "))
	}
	for setting, names := range map[string]map[string][]string{"roles": s.Roles, "teams": s.Teams} {
		for name := range names {
			if wanted, ok := facts.Accepts("identifier", name); !ok {
				return fmt.Errorf("invalid name %q in %s: it must be %s", name, setting, wanted)
			}
		}
	}
	return nil
}

// A grant is what gives a team or a role: a group, a directory role or an app role.
type grant struct {
	kind     string // group, directory-role or app-role
	id       string
	resource string // service principal that has the app role
}

const (
	group         = "group"
	directoryRole = "directory-role"
	appRole       = "app-role"
)

// defaultAccess is the app role of assignments that name none.
const defaultAccess = "00000000-0000-0000-0000-000000000000"

// parseGrant reads an entry of teams or roles.
func parseGrant(text string) (grant, error) {
	g := grant{kind: group, id: strings.ToLower(text)}
	if kind, id, found := strings.Cut(g.id, ":"); found {
		g.kind, g.id = kind, id
	}
	if g.kind == appRole {
		g.resource, g.id, _ = strings.Cut(g.id, "/")
		if !guid.MatchString(g.resource) || g.id == defaultAccess {
			g.id = ""
		}
	}
	if !slices.Contains([]string{group, directoryRole, appRole}, g.kind) || !guid.MatchString(g.id) {
		return grant{}, fmt.Errorf("invalid group or role %q: write the id of a group, %s:ID or %s:SERVICE-PRINCIPAL-ID/ID", text, directoryRole, appRole)
	}
	return g, nil
}

// String is the grant as messages show it.
func (g grant) String() string {
	switch g.kind {
	case appRole:
		return "app role " + g.id + " of " + g.resource
	case directoryRole:
		return "directory role " + g.id
	}
	return "group " + g.id
}

// grants are all grants of teams and roles, each once, sorted, and the grants of each
// team and role.
func (s Settings) grants() (all []grant, teams, roles map[string][]grant, err error) {
	read := func(names map[string][]string) map[string][]grant {
		of := map[string][]grant{}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			for _, text := range names[name] {
				g, invalid := parseGrant(text)
				if invalid != nil && err == nil {
					err = fmt.Errorf("%s: %w", name, invalid)
				}
				of[name] = append(of[name], g)
				all = append(all, g)
			}
		}
		return of
	}
	teams, roles = read(s.Teams), read(s.Roles)
	slices.SortFunc(all, func(a, b grant) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(all), teams, roles, err
}

// graph prepares to call Microsoft Graph with a token.
func (c Collector) graph(token string) (*web.Server, error) {
	server, err := web.New(web.Options{
		Base: strings.TrimSuffix(cmp.Or(c.Settings.URL, defaultURL), "/") + "/v1.0", Auth: web.Bearer(token),
		CAFile: c.Settings.CAFile, Clock: c.Now, Carrier: c.Carrier,
	})
	if err != nil {
		return nil, fmt.Errorf("use Microsoft Graph: %w", err)
	}
	return server, nil
}
