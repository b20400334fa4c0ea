package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// Kind is a repository on GitHub or GitHub Enterprise.
var Kind = source.Kind{
	Name:     "github",
	Summary:  "the reviews of a GitHub Actions run, the people in its repository's organization, and deployments ([github.md](github.md))",
	Sections: []string{"approvals", "people", "staging", "production"},
	Settings: func() any { return new(Settings) },
	Needs: func(section string) source.Need {
		if section == "staging" || section == "production" {
			return 0
		}
		return source.Run
	},
	Test: func(ctx context.Context, env source.Env, settings any) error {
		return open(env, settings).test(ctx, env.Environment)
	},
	Open: func(env source.Env, settings any) source.Collector { return open(env, settings) },
}

func open(env source.Env, settings any) Collector {
	s := source.SettingsOf[Settings](settings)
	s.CAFile = env.Path(s.CAFile)
	return Collector{Section: env.Section, Settings: s, Getenv: env.Getenv, Now: env.Now, Carrier: env.Carrier}
}

// Settings of a repository on GitHub.
type Settings struct {
	Repository string `json:"repository" schema:"nonempty"` // OWNER/NAME

	// URL is the address of the API, as in https://github.example.com/api/v3.
	// Empty: https://api.github.com.
	URL    string `json:"url,omitempty"`
	CAFile string `json:"ca_file,omitempty"` // PEM file of the certificates to trust instead of the system's

	// TokenEnv is the variable with the token that reads the repository. Empty:
	// GITHUB_TOKEN. OrganizationTokenEnv is the one of the token that reads teams and
	// members. Empty: TokenEnv.
	TokenEnv             string `json:"token_env,omitempty"`
	OrganizationTokenEnv string `json:"organization_token_env,omitempty"`

	// App is a GitHub App whose token reads teams and members, instead of the token in
	// OrganizationTokenEnv.
	App *App `json:"app,omitempty"`

	// Environment is the name of the environment on GitHub. Empty: the name in the
	// request.
	Environment string `json:"environment,omitempty"`

	// Staging are the names of the staging environments on GitHub. Empty: staging.
	Staging []string `json:"staging,omitempty" schema:"nonempty"`

	// Organization has the teams. Empty: the owner of the repository. Teams are the
	// teams, by slug, whose members are looked up; nil: production-approvers; empty: none
	// but those of Roles. Roles are the teams whose active members have a role, by role.
	Organization string              `json:"organization,omitempty"`
	Teams        []string            `json:"teams,omitempty" schema:"identifier"`
	Roles        map[string][]string `json:"roles,omitempty" schema:"identifier"`

	// TwoFactor says where MFA is looked up: organization, or elsewhere (in another
	// system of the section people). Empty: organization.
	TwoFactor string `json:"two_factor,omitempty"`
}

// defaultURL is the API of github.com.
const defaultURL = "https://api.github.com"

// defaultTeam is the team that the specification names
// (production-readiness.md, "Who Can Approve").
const defaultTeam = "production-approvers"

// Where MFA is looked up.
const (
	inOrganization = "organization"
	elsewhere      = "elsewhere"
)

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$`)

// split returns owner and name of the repository. The error says which setting is
// invalid.
func (s Settings) split() (owner, name string, err error) {
	if !repositoryName.MatchString(s.Repository) {
		return "", "", fmt.Errorf("invalid repository %q: write OWNER/NAME", s.Repository)
	}
	if s.TwoFactor != "" && !slices.Contains([]string{inOrganization, elsewhere}, s.TwoFactor) {
		return "", "", fmt.Errorf("invalid two_factor %q: write %s or %s", s.TwoFactor, inOrganization, elsewhere)
	}
	if s.App != nil && s.OrganizationTokenEnv != "" {
		return "", "", errors.New("invalid settings: organization_token_env and app exclude each other")
	}
	for _, name := range s.Staging {
		if wanted, ok := facts.Accepts("identifier", strings.ToLower(name)); !ok {
			return "", "", fmt.Errorf("invalid environment %q in staging: in lower case, it must be %s", name, wanted)
		}
	}
	for role := range s.Roles {
		if wanted, ok := facts.Accepts("identifier", role); !ok {
			return "", "", fmt.Errorf("invalid role %q in roles: it must be %s", role, wanted)
		}
	}
	owner, name, _ = strings.Cut(s.Repository, "/")
	return owner, name, nil
}

// staging are the names of the staging environments, each once.
func (s Settings) staging() []string {
	if len(s.Staging) == 0 {
		return []string{"staging"}
	}
	names := slices.Clone(s.Staging)
	slices.Sort(names)
	return slices.Compact(names)
}

// organization is the one that has the teams.
func (s Settings) organization(owner string) string { return cmp.Or(s.Organization, owner) }

// teams are the slugs of all teams whose members are looked up, each once, sorted.
func (s Settings) teams() []string {
	all := slices.Clone(s.Teams)
	if all == nil {
		all = []string{defaultTeam}
	}
	for _, of := range s.Roles {
		all = append(all, of...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// page is the address of the web pages that belong to the API.
func (s Settings) page() string {
	api := strings.TrimSuffix(cmp.Or(s.URL, defaultURL), "/")
	if host, ok := strings.CutPrefix(api, "https://api."); ok && !strings.Contains(host, "/") {
		return "https://" + host // github.com, NAME.ghe.com
	}
	return strings.TrimSuffix(api, "/api/v3")
}

// api prepares to call the API with the token in a variable.
func (c Collector) api(variable string) (*web.Server, error) {
	token := strings.TrimSpace(c.Getenv(variable))
	if token == "" {
		return nil, source.NoSecret(fmt.Sprintf("the variable %s is not set: it must have a token of GitHub", variable))
	}
	return c.server(token)
}

// server prepares to call the API with a token.
func (c Collector) server(token string) (*web.Server, error) {
	s := c.Settings
	server, err := web.New(web.Options{
		Base: cmp.Or(s.URL, defaultURL), Auth: web.Bearer(token), CAFile: s.CAFile, Clock: c.Now, Carrier: c.Carrier,
		Header: map[string]string{"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
	})
	if err != nil {
		return nil, fmt.Errorf("use the API of GitHub: %w", err)
	}
	return server, nil
}

var errNoRun = errors.New("the request names no run of GitHub Actions: set --deployment to OWNER/NAME/runs/ID")
