package entra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/collectors/entra"
	"github.com/prodgate/prodgate/facts"
)

func TestMappingFile(t *testing.T) {
	entry := func(id, ids string) string { return fmt.Sprintf("- {entra: %s, ids: [%s]}\n", id, ids) }
	for _, tt := range []struct{ name, content, want string }{
		{"an account of two people", entry(lead, `"github:2"`) + entry(engineer, `"github:1", "github:2"`), "people-map.yaml:2: github:2 is in line 1 already"},
		{"a person twice", entry(lead, `"github:2"`) + "\n" + entry(lead, `"github:1"`), "people-map.yaml:3: entra:" + lead + " is in line 1 already"},
		{"a person twice, in capitals", entry(lead, `"github:2"`) + entry(strings.ToUpper(lead), `"github:1"`), "is in line 1 already"},
		{"an account twice", entry(lead, `"github:2", "github:2"`), "people-map.yaml:1: github:2 is in line 1 already"},
		{"an object that is none", entry("lead@example.com", `"github:2"`), `people-map.yaml:1: entra: invalid object id "lead@example.com"`},
		{"a login", entry(lead, `"github-login:lead"`), "people-map.yaml:1: ids: github-login:lead can become the name of another account"},
		{"an object among the ids", entry(lead, `"entra:x"`), "people-map.yaml:1: ids: write entra:x under entra"},
		{"no ids", entry(lead, ``), "people-map.yaml:1"},
		{"an id that is none", entry(lead, `lead`), "people-map.yaml:1"},
		{"bidirectional characters", entry(lead, "\"github:\u202e2\""), "people-map.yaml:1"},
		{"an unknown key", "- {entra: " + lead + ", ids: [\"github:2\"], role: vp}\n", "role"},
		{"a key twice", "- {entra: " + lead + ", entra: " + engineer + ", ids: [\"github:2\"]}\n", "people-map.yaml:1"},
		{"no list", "people: []\n", "people-map.yaml"},
		{"too many", strings.Repeat(entry(lead, `"github:2"`), 501), "it has 501 people, and 500 is the limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTenant(t)
			s.write(t, tt.content)
			s.fails(t, tt.want)
			if n := len(s.Requests()); n != 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
	s := newTenant(t)
	s.settings.Mapping = "elsewhere.yaml"
	s.fails(t, `read "elsewhere.yaml": there is no such file; write it, or correct systems.entra.mapping`)
}

func TestSettings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*entra.Settings)
		want   string
	}{
		{"tenant", func(s *entra.Settings) { s.Tenant = "../x" }, `invalid tenant "../x"`},
		{"client_id", func(s *entra.Settings) { s.ClientID = "prodgate" }, `invalid client_id "prodgate"`},
		{"mfa", func(s *entra.Settings) { s.MFA = "no" }, `invalid mfa "no": write report or elsewhere`},
		{"credential", func(s *entra.Settings) { s.Credential = "password" }, `invalid credential "password": write token-file, github-actions, id-token, client-secret`},
		{"name", func(s *entra.Settings) { s.Teams = map[string][]string{"Team": {approvers}} }, `invalid name "Team" in teams`},
		{"group", func(s *entra.Settings) { s.Roles = map[string][]string{"lead": {"Platform Leads"}} }, `lead: invalid group or role "Platform Leads"`},
		{"directory role", func(s *entra.Settings) { s.Roles = map[string][]string{"lead": {"directory-role:Global Reader"}} }, "invalid group or role"},
		{"app role", func(s *entra.Settings) { s.Roles = map[string][]string{"lead": {"app-role:" + releaser}} }, "invalid group or role"},
		{"default access", func(s *entra.Settings) {
			s.Roles = map[string][]string{"lead": {"app-role:" + deploys + "/00000000-0000-0000-0000-000000000000"}}
		}, "invalid group or role"},
		{"url", func(s *entra.Settings) { s.URL = "http://graph.example.com" }, "http is read from this machine only"},
		{"authority", func(s *entra.Settings) { s.Authority = "http://login.example.com" }, "http is read from this machine only"},
		{"ca_file", func(s *entra.Settings) { s.CAFile = "ca.pem" }, "read the CA file: open "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTenant(t)
			tt.change(&s.settings)
			s.fails(t, tt.want)
			if n := len(s.Requests()); n != 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
	c := entra.Collector{Section: "approvals"}
	if _, err := c.Collect(t.Context(), facts.Request{}); err == nil || !strings.Contains(err.Error(), "does not report approvals") {
		t.Error(err)
	}
}

// Whatever the file has, it is an error, or each person has one object and ids of nobody
// else.
func FuzzMapping(f *testing.F) {
	for _, seed := range []string{mapping, "[]", "", "- {}", `[{"entra":"` + lead + `","ids":["github:2","GitHub:2"]}]`, "- {entra: *x, ids: [&x a:b]}"} {
		f.Add(seed)
	}
	s := newTenant(f)
	s.settings.Teams, s.settings.Roles = nil, nil
	f.Fuzz(func(t *testing.T, content string) {
		s.write(t, content)
		got, err := s.collect()
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, p := range got.Section.(facts.People) {
			for _, id := range p.IDs {
				if _, ok := facts.IsPerson(id); !ok || seen[id] && !strings.HasPrefix(id, "mailto:") {
					t.Errorf("%q in %q", id, p.IDs)
				}
				seen[id] = true
			}
			if !strings.HasPrefix(p.IDs[0], "entra:") || len(p.Roles)+len(p.Teams) > 0 || slices.ContainsFunc(p.IDs[1:], func(id string) bool { return strings.HasPrefix(id, "entra:") }) {
				t.Errorf("%+v", p)
			}
		}
	})
}
