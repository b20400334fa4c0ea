package entra_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/collectors/entra"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/graphtest"
)

var begin = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

const secret = "s8Q~client-secret-7Wm2"

// Objects of the directory.
const (
	lead     = "11111111-0000-4000-8000-000000000001"
	engineer = "11111111-0000-4000-8000-000000000002"
	guest    = "11111111-0000-4000-8000-000000000003"
	agent    = "11111111-0000-4000-8000-000000000004"
	bot      = "11111111-0000-4000-8000-000000000005"
	deleted  = "11111111-0000-4000-8000-000000000006"

	approvers = "22222222-0000-4000-8000-000000000001"
	leads     = "22222222-0000-4000-8000-000000000002"
	nested    = "22222222-0000-4000-8000-000000000003"

	admins   = "33333333-0000-4000-8000-000000000001" // directory role
	deploys  = "44444444-0000-4000-8000-000000000001" // service principal
	releaser = "44444444-0000-4000-8000-000000000002" // its app role
)

const mapping = `
- {entra: ` + lead + `, ids: ["github:2", "gitlab:22"]}
- {entra: ` + engineer + `, ids: ["github:1"]}
- {entra: ` + guest + `, ids: ["github:3"]}
- {entra: ` + agent + `, ids: ["github:4"]}
- {entra: ` + bot + `, ids: ["github:5"]}
- {entra: ` + deleted + `, ids: ["github:6"]}
`

// tenant is an Entra ID with a few people, and how it is read.
type tenant struct {
	*graphtest.Server
	settings entra.Settings
	dir      string
	env      map[string]string
}

func newTenant(t testing.TB) *tenant {
	t.Helper()
	s := &tenant{Server: graphtest.New(func() time.Time { return begin }), dir: t.TempDir(), env: map[string]string{"AZURE_CLIENT_SECRET": secret}}
	t.Cleanup(s.Close)
	s.Secret = secret
	s.Add(graphtest.User{ID: lead, Name: "Lead@Example.com"}, graphtest.User{ID: engineer, Name: "engineer@example.com"},
		graphtest.User{ID: guest, Name: "guest_gmail.com#EXT#@example.com", Type: "Guest"},
		graphtest.User{ID: agent, Name: "agent@example.com", Object: "#microsoft.graph.agentUser"})
	s.Principals[bot], s.Principals[deploys] = nil, []string{releaser}
	s.Directory = []string{admins}
	s.Group(approvers, lead, guest, agent, bot)
	s.Group(leads, nested)
	s.Group(nested, lead)
	s.settings = entra.Settings{
		Tenant: s.Tenant, ClientID: s.ClientID, Mapping: "people-map.yaml", URL: s.URL, Authority: s.URL,
		Teams: map[string][]string{"production-approvers": {approvers}}, Roles: map[string][]string{"platform-lead": {leads}},
	}
	s.write(t, mapping)
	return s
}

// write replaces the mapping file.
func (s *tenant) write(t testing.TB, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "people-map.yaml"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *tenant) collect() (facts.Observed, error) {
	c := entra.Kind.Open(source.Env{
		Section: "people", Key: "systems.entra", Dir: s.dir, Now: func() time.Time { return begin },
		Getenv: func(name string) string { return s.env[name] },
	}, &s.settings)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	got, err := c.Collect(ctx, facts.Request{})
	if err != nil {
		return facts.Observed{}, err
	}
	return got.(facts.Observed), nil
}

// person is the one with an id.
func (s *tenant) person(t *testing.T, id string) facts.Person {
	t.Helper()
	got, err := s.collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got.Section.(facts.People) {
		if slices.Contains(p.IDs, id) {
			return p
		}
	}
	t.Fatalf("no person has the id %s", id)
	return facts.Person{}
}

// fails checks that nothing is known, and why.
func (s *tenant) fails(t *testing.T, want string) {
	t.Helper()
	got, err := s.collect()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%+v, %v; want an error with %q", got.Section, err, want)
	}
	if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "access-token")) {
		t.Errorf("the error shows a secret: %v", err)
	}
}

func ptr[T any](v T) *T { return &v }

func TestPeopleOfTheMappingFile(t *testing.T) {
	s := newTenant(t)
	got, err := s.collect()
	if err != nil {
		t.Fatal(err)
	}
	none := []string{}
	want := facts.People{
		{IDs: []string{"entra:" + lead, "github:2", "gitlab:22", "mailto:lead@example.com"}, Roles: []string{"platform-lead"}, Teams: []string{"production-approvers"}, MFA: ptr(true), Human: ptr(true), Active: ptr(true), AsOf: begin},
		{IDs: []string{"entra:" + engineer, "github:1", "mailto:engineer@example.com"}, Roles: none, Teams: none, Human: ptr(true), Active: ptr(true), AsOf: begin},
		{IDs: []string{"entra:" + guest, "github:3"}, Roles: none, Teams: none, Human: ptr(true), Active: ptr(true), AsOf: begin},
		{IDs: []string{"entra:" + agent, "github:4", "mailto:agent@example.com"}, Roles: none, Teams: []string{"production-approvers"}, MFA: ptr(true), Human: ptr(false), Active: ptr(true), AsOf: begin},
		{IDs: []string{"entra:" + bot, "github:5"}, Roles: none, Teams: none, Human: ptr(false), Active: ptr(false), AsOf: begin},
		{IDs: []string{"entra:" + deleted, "github:6"}, Roles: none, Teams: none, Active: ptr(false), AsOf: begin},
	}
	if diff := cmp.Diff(want, got.Section); diff != "" {
		t.Error(diff)
	}
	again, err := s.collect()
	if err != nil || *again.Evidence != *got.Evidence || len(got.Evidence.SHA256) != 64 {
		t.Errorf("the evidence is %v, then %v: %v", got.Evidence, again.Evidence, err)
	}
}

// The number of requests does not grow with the number of people, but for one filter for
// 15 of them, and one report for each who has a role or team.
func TestRequestsOfAHundredPeople(t *testing.T) {
	s := newTenant(t)
	var content strings.Builder
	for i := range 150 {
		id := fmt.Sprintf("55555555-0000-4000-8000-%012d", i)
		s.Add(graphtest.User{ID: id, Name: fmt.Sprintf("p%d@example.com", i)})
		fmt.Fprintf(&content, "- {entra: %s, ids: [\"github:%d\"]}\n", id, 1000+i)
		if i < 3 {
			s.Groups[approvers] = graphtest.Group{ID: approvers, Members: append(s.Groups[approvers].Members, id)}
		}
	}
	s.write(t, content.String())
	if _, err := s.collect(); err != nil {
		t.Fatal(err)
	}
	// 1 token, 10 filters, 2 groups with 2 answers each, 3 reports.
	if n := len(s.Requests()); n != 1+10+4+3 {
		t.Errorf("%d requests: %q", n, s.Requests())
	}
}

func TestDisabledAccountsHaveNothing(t *testing.T) {
	s := newTenant(t)
	s.Change(lead, func(u *graphtest.User) { u.Disabled = true })
	p := s.person(t, "github:2")
	if *p.Active || len(p.Roles)+len(p.Teams) != 0 || p.MFA != nil {
		t.Errorf("%+v", p)
	}
}

func TestGuestsHaveRolesOnlyWhereTheSettingsSaySo(t *testing.T) {
	s := newTenant(t)
	s.settings.Guests = true
	if p := s.person(t, "github:3"); !slices.Equal(p.Teams, []string{"production-approvers"}) || !*p.Human {
		t.Errorf("%+v", p)
	}
	s.settings.Guests = false
	s.Change(lead, func(u *graphtest.User) { u.Type = "none" })
	if p := s.person(t, "github:2"); len(p.Teams) != 0 {
		t.Errorf("of an unknown type: %+v", p)
	}
}

func TestRolesOfTheDirectory(t *testing.T) {
	for _, tt := range []struct {
		name   string
		role   string
		change func(*tenant)
		has    bool
	}{
		{"a group, nested", leads, func(*tenant) {}, true},
		{"left the nested group", leads, func(s *tenant) { s.Group(nested) }, false},
		{"many pages", leads, func(s *tenant) { s.PageSize = 1; s.Group(nested, engineer, guest, lead) }, true},
		{"no directory role", "directory-role:" + admins, func(*tenant) {}, false},
		{"a directory role", "directory-role:" + admins, func(s *tenant) { s.Assigned = []graphtest.Assignment{{Role: admins, Principal: lead}} }, true},
		{"a directory role of a group", "directory-role:" + admins, func(s *tenant) { s.Assigned = []graphtest.Assignment{{Role: admins, Principal: leads}} }, true},
		{"a directory role of a service principal", "directory-role:" + admins, func(s *tenant) { s.Assigned = []graphtest.Assignment{{Role: admins, Principal: deploys}} }, false},
		{"a directory role with a scope", "directory-role:" + admins, func(s *tenant) {
			s.Assigned = []graphtest.Assignment{{Role: admins, Principal: lead, Scope: "/administrativeUnits/" + nested}}
		}, false},
		{"no app role", "app-role:" + deploys + "/" + releaser, func(s *tenant) {
			s.AppAssigned = []graphtest.AppAssignment{{Resource: deploys, Role: "00000000-0000-0000-0000-000000000000", Principal: lead}}
		}, false},
		{"an app role", "app-role:" + deploys + "/" + strings.ToUpper(releaser), func(s *tenant) {
			s.AppAssigned = []graphtest.AppAssignment{{Resource: deploys, Role: releaser, Principal: lead}}
		}, true},
		{"an app role of a group", "app-role:" + deploys + "/" + releaser, func(s *tenant) {
			s.AppAssigned = []graphtest.AppAssignment{{Resource: deploys, Role: releaser, Principal: nested}}
		}, true},
		{"an app role of a group that has the person's group", "app-role:" + deploys + "/" + releaser, func(s *tenant) {
			s.AppAssigned = []graphtest.AppAssignment{{Resource: deploys, Role: releaser, Principal: leads}}
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTenant(t)
			s.settings.Roles = map[string][]string{"platform-lead": {tt.role}}
			tt.change(s)
			if p := s.person(t, "github:2"); slices.Contains(p.Roles, "platform-lead") != tt.has {
				t.Errorf("has the role: %t; want %t", !tt.has, tt.has)
			}
		})
	}
}

func TestMFAIsWhatCanBeUsedAndHasTheAgeOfTheReport(t *testing.T) {
	yesterday := begin.Add(-25 * time.Hour)
	for _, tt := range []struct {
		name   string
		change func(*tenant)
		mfa    *bool
		asOf   time.Time
	}{
		{"capable", func(*tenant) {}, ptr(true), begin},
		{"an answer with a value", func(s *tenant) { s.Wrapped = true }, ptr(true), begin},
		{"registered, but not allowed by the policy", func(s *tenant) { s.Registrations[lead] = graphtest.Registration{Registered: true} }, ptr(false), begin},
		{"an old report", func(s *tenant) {
			s.Registrations[lead] = graphtest.Registration{Capable: true, Updated: yesterday}
		}, ptr(true), yesterday},
		{"a report of the near future", func(s *tenant) {
			s.Registrations[lead] = graphtest.Registration{Capable: true, Updated: begin.Add(time.Minute)}
		}, ptr(true), begin},
		{"a report without a date", func(s *tenant) {
			s.Registrations[lead] = graphtest.Registration{Capable: true, Updated: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)}
		}, nil, begin},
		{"not in the report", func(s *tenant) { delete(s.Registrations, lead) }, nil, begin},
		{"looked up elsewhere", func(s *tenant) { s.settings.MFA = "elsewhere"; s.Permissions = graphtest.All[:4] }, nil, begin},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTenant(t)
			tt.change(s)
			p := s.person(t, "github:2")
			if diff := cmp.Diff(tt.mfa, p.MFA); diff != "" || !p.AsOf.Equal(tt.asOf) {
				t.Errorf("%s as of %s", diff, p.AsOf)
			}
		})
	}
	s := newTenant(t)
	s.Registrations[lead] = graphtest.Registration{Capable: true, Updated: begin.Add(time.Hour)}
	s.fails(t, "the report is of 2026-11-24T16:00:00Z, and it is 2026-11-24T15:00:00Z")
}

// Whatever cannot be seen is unknown, and the error names what is missing.
func TestUnknownIsAnError(t *testing.T) {
	without := func(permission string) func(*tenant) {
		return func(s *tenant) {
			s.Permissions = slices.DeleteFunc(slices.Clone(graphtest.All), func(p string) bool { return p == permission })
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*tenant)
		want   string
	}{
		{"users", without(graphtest.Users), "needs the application permission User.Read.All"},
		{"groups", without(graphtest.Members), "needs the application permission GroupMember.Read.All"},
		{"directory roles", func(s *tenant) {
			s.settings.Roles["admin"] = []string{"directory-role:" + admins}
			without(graphtest.Roles)(s)
		}, "needs the application permission RoleManagement.Read.Directory"},
		{"app roles", func(s *tenant) {
			s.settings.Roles["releaser"] = []string{"app-role:" + deploys + "/" + releaser}
			without(graphtest.Apps)(s)
		}, "needs the application permission Application.Read.All"},
		{"the report", without(graphtest.AuditLog), "needs the application permission AuditLog.Read.All, with admin consent; if another system knows MFA, set mfa: elsewhere"},
		{"no such group", func(s *tenant) { delete(s.Groups, approvers) }, "the group " + approvers + " cannot be seen, so nothing is known of who has it"},
		{"a group with hidden members", func(s *tenant) {
			s.Groups[approvers] = graphtest.Group{ID: approvers, Members: []string{lead}, Hidden: true}
		}, "the group hides its members"},
		{"no such directory role", func(s *tenant) { s.settings.Roles["admin"] = []string{"directory-role:" + lead} }, "the directory role " + lead + " cannot be seen"},
		{"no such app role", func(s *tenant) { s.settings.Roles["x"] = []string{"app-role:" + deploys + "/" + lead} }, "no enabled app role with that id"},
		{"no such application", func(s *tenant) { s.settings.Roles["x"] = []string{"app-role:" + lead + "/" + lead} }, "answered 404"},
		{"the rate limit", func(s *tenant) { s.Limited = true }, "it asks to wait 2m30s; this is the rate limit of Microsoft Graph"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTenant(t)
			tt.change(s)
			s.fails(t, tt.want)
		})
	}
}

// Without the permission to see service principals, such an entry is not an active user.
func TestServicePrincipalsNeedNoPermission(t *testing.T) {
	s := newTenant(t)
	s.Permissions = []string{graphtest.Users, graphtest.Members, graphtest.AuditLog}
	if p := s.person(t, "github:5"); *p.Active || p.Human != nil {
		t.Errorf("%+v", p)
	}
}
