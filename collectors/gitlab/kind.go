package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// Kind is a project on GitLab.
var Kind = source.Kind{
	Name:     "gitlab",
	Summary:  "the deployment approvals of a GitLab pipeline, and the people of the pipeline in their groups ([gitlab.md](gitlab.md))",
	Sections: []string{"approvals", "people"},
	Settings: func() any { return new(Settings) },
	Needs:    source.Always(source.Run),
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

// Settings of a project on GitLab.
type Settings struct {
	Project string `json:"project" schema:"nonempty"` // path of the project, GROUP/NAME or GROUP/SUBGROUP/NAME

	// URL is the address of the API, as in https://gitlab.example.com/api/v4. Empty:
	// https://gitlab.com/api/v4.
	URL    string `json:"url,omitempty"`
	CAFile string `json:"ca_file,omitempty"` // PEM file of the certificates to trust instead of the system's

	// TokenEnv is the variable with the access token that reads the project. Empty:
	// GITLAB_TOKEN. GroupTokenEnv is the one of the token that reads groups, their
	// members and users. Empty: TokenEnv.
	TokenEnv      string `json:"token_env,omitempty"`
	GroupTokenEnv string `json:"group_token_env,omitempty"`

	// Environment is the name of the environment on GitLab. Empty: the name in the
	// request.
	Environment string `json:"environment,omitempty"`

	// Teams are the paths of the groups whose members are looked up. The last part of a
	// path is the name of the team. Empty: production-approvers in the project's group.
	// Roles are the groups whose active members have a role, by role.
	Teams []string            `json:"teams,omitempty" schema:"nonempty"`
	Roles map[string][]string `json:"roles,omitempty" schema:"nonempty"`

	// TwoFactor says where MFA is looked up: group, user, or elsewhere (in another system
	// of the section people). Empty: group.
	TwoFactor string `json:"two_factor,omitempty"`
}

// defaultURL is the API of gitlab.com.
const defaultURL = "https://gitlab.com/api/v4"

// defaultTeam is the team that the specification names
// (production-readiness.md, "Who Can Approve").
const defaultTeam = "production-approvers"

// Where MFA is looked up.
const (
	ofGroup   = "group"
	ofUser    = "user"
	elsewhere = "elsewhere"
)

var (
	groupPath   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)
	projectPath = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$`)
)

// valid returns an error that says which setting is invalid.
func (s Settings) valid() error {
	if !projectPath.MatchString(s.Project) {
		return fmt.Errorf("invalid project %q: write GROUP/NAME, with all groups", s.Project)
	}
	if s.TwoFactor != "" && !slices.Contains([]string{ofGroup, ofUser, elsewhere}, s.TwoFactor) {
		return fmt.Errorf("invalid two_factor %q: write %s, %s or %s", s.TwoFactor, ofGroup, ofUser, elsewhere)
	}
	for role := range s.Roles {
		if wanted, ok := facts.Accepts("identifier", role); !ok {
			return fmt.Errorf("invalid role %q in roles: it must be %s", role, wanted)
		}
	}
	byTeam := map[string]string{}
	for _, group := range s.groups() {
		if !groupPath.MatchString(group) {
			return fmt.Errorf("invalid group %q: write its path, GROUP/SUBGROUP", group)
		}
		name := team(group)
		if wanted, ok := facts.Accepts("identifier", name); !ok {
			return fmt.Errorf("invalid group %q: the last part of its path is the name of a team, and it must be %s", group, wanted)
		}
		if other, taken := byTeam[name]; taken {
			return fmt.Errorf("the groups %q and %q would both be the team %s", other, group, name)
		}
		byTeam[name] = group
	}
	return nil
}

// groups are the paths of all groups whose members are looked up, each once, sorted, in
// lower case.
func (s Settings) groups() []string {
	all := slices.Clone(s.Teams)
	if len(all) == 0 {
		all = []string{path.Dir(s.Project) + "/" + defaultTeam}
	}
	for _, of := range s.Roles {
		all = append(all, of...)
	}
	for i, group := range all {
		all[i] = strings.ToLower(group)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// team is the name of the team that a group is.
func team(group string) string { return strings.ToLower(path.Base(group)) }

// ancestors are the paths of a group and of the groups above it, the highest first.
func ancestors(group string) (list []string) {
	for i, r := range group {
		if r == '/' {
			list = append(list, group[:i])
		}
	}
	return append(list, group)
}

// page is the address of the web pages that belong to the API.
func (s Settings) page() string {
	return strings.TrimSuffix(strings.TrimSuffix(cmp.Or(s.URL, defaultURL), "/"), "/api/v4")
}

// api prepares to call the API with the access token in a variable.
func (c Collector) api(variable string) (*web.Server, error) {
	token := strings.TrimSpace(c.Getenv(variable))
	if token == "" {
		return nil, source.NoSecret(fmt.Sprintf("the variable %s is not set: it must have an access token of GitLab with the scope %s", variable, readAPI))
	}
	return c.server(web.Key("PRIVATE-TOKEN", token))
}

// server prepares to call the API.
func (c Collector) server(auth web.Auth) (*web.Server, error) {
	server, err := web.New(web.Options{Base: cmp.Or(c.Settings.URL, defaultURL), Auth: auth, CAFile: c.Settings.CAFile, Clock: c.Now, Carrier: c.Carrier})
	if err != nil {
		return nil, fmt.Errorf("use the API of GitLab: %w", err)
	}
	return server, nil
}

var errNoPipeline = errors.New("the request names no pipeline of GitLab: set --deployment to GROUP/PROJECT/pipelines/ID")
