package entra_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
)

const (
	usersPath   = "/v1.0/users"
	groupPath   = "/v1.0/groups/" + approvers
	membersPath = groupPath + "/transitiveMembers"
	reportPath  = "/v1.0/reports/authenticationMethods/userRegistrationDetails/" + lead
	rolePath    = "/v1.0/roleManagement/directory/roleDefinitions/" + admins
	holdersPath = "/v1.0/roleManagement/directory/roleAssignments"
	appPath     = "/v1.0/servicePrincipals/" + deploys
)

// answering answers for one path.
func (s *tenant) answering(path string, answer func(http.ResponseWriter)) {
	s.Lock()
	defer s.Unlock()
	s.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		answer(w)
		return true
	}
}

// everything has a role of each kind.
func everything(s *tenant) {
	s.settings.Roles = map[string][]string{"platform-lead": {leads, "directory-role:" + admins, "app-role:" + deploys + "/" + releaser}}
}

// What a broken or hostile server sends is refused.
func TestHostileAnswers(t *testing.T) {
	text := func(body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { _, _ = io.WriteString(w, body) }
	}
	for _, tt := range []struct {
		name, path string
		answer     func(http.ResponseWriter)
		want       string
	}{
		{"a page on another host", membersPath, text(`{"value":[],"@odata.nextLink":"https://evil.example.com/v1.0/groups"}`), "the next page is on another host, https://evil.example.com"},
		{"a page that is no address", membersPath, text(`{"value":[],"@odata.nextLink":7}`), "decode the answer"},
		{"a redirect to another host", usersPath, func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://169.254.169.254/latest")
			w.WriteHeader(http.StatusFound)
		}, "redirects to another host"},
		{"too large", membersPath, func(w http.ResponseWriter) {
			block := strings.Repeat(" ", 1<<20)
			for range 3000 {
				if _, err := io.WriteString(w, block); err != nil {
					return
				}
			}
		}, "answered with more than 8388608 bytes"},
		{"half an answer", membersPath, text(`{"value":[{"id":`), "decode the answer"},
		{"a web page", usersPath, text(`<html>sign in</html>`), "web page"},
		{"nothing", usersPath, text(``), "without a body"},
		{"no list", membersPath, text(`{}`), "the answer has no list"},
		{"null instead of a list", membersPath, text(`{"value":null}`), "the answer has no list"},
		{"an old copy", usersPath, func(w http.ResponseWriter) { w.Header().Set("Age", "4000"); _, _ = io.WriteString(w, `{"value":[]}`) }, "max_age"},
		{"a user who may be enabled", usersPath, text(`{"value":[{"id":"` + lead + `","userType":"Member"}]}`), "does not show whether the account is enabled"},
		{"another group", groupPath, text(`{"id":"` + leads + `"}`), "the answer is about"},
		{"another role", rolePath, text(`{"id":"` + leads + `","isEnabled":true}`), "the answer is about"},
		{"a disabled role", rolePath, text(`{"id":"` + admins + `","isEnabled":false}`), "the role is not enabled"},
		{"assignments of another role", holdersPath, text(`{"value":[{"roleDefinitionId":"` + leads + `","principalId":"` + lead + `","directoryScopeId":"/"}]}`), "has an assignment of the role"},
		{"a holder of an unknown type", holdersPath, text(`{"value":[{"roleDefinitionId":"` + admins + `","principalId":"` + nested + `","directoryScopeId":"/"}]}`), "it is not shown what"},
		{"another application", appPath, text(`{"id":"` + leads + `"}`), "the answer is about"},
		{"a report of another person", reportPath, text(`{"id":"` + engineer + `","isMfaCapable":true}`), "the answer is about"},
		{"a report that does not say", reportPath, text(`{"value":{"id":"` + lead + `","isMfaRegistered":true}}`), "does not show isMfaCapable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTenant(t)
			everything(s)
			s.answering(tt.path, tt.answer)
			s.fails(t, tt.want)
		})
	}
}

// A name that no id can hold is left out.
func TestNamesThatAreNoMailAddress(t *testing.T) {
	for _, name := range []string{`le\u202ead@example.com`, `le ad@example.com`, ``, `lead`, `x_y.com#EXT#@example.com`} {
		s := newTenant(t)
		s.answering(usersPath, func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"value":[{"id":"`+lead+`","accountEnabled":true,"userType":"Member","userPrincipalName":"`+name+`"}]}`)
		})
		if p := s.person(t, "github:2"); !slices.Equal(p.IDs, []string{"entra:" + lead, "github:2", "gitlab:22"}) {
			t.Errorf("%q: %q", name, p.IDs)
		}
	}
}

// Whatever an endpoint answers, the section is an error or one that a document can hold,
// and nobody outside the mapping file is in it.
func FuzzAnswers(f *testing.F) {
	paths := []string{usersPath, groupPath, membersPath, reportPath, rolePath, holdersPath, appPath, appPath + "/appRoleAssignedTo", "/v1.0/servicePrincipals"}
	for i := range paths {
		for _, seed := range []string{
			`{}`, `null`, `[]`, `{"value":[]}`, `{"value":{}}`, `{"value":[null]}`, `{"id":"` + lead + `","isMfaCapable":true,"lastUpdatedDateTime":"9999-12-31T23:59:59Z"}`,
			`{"value":[{"id":"` + strings.ToUpper(lead) + `","accountEnabled":true,"userType":"Member","userPrincipalName":"a@b"}]}`,
			`{"value":[{"roleDefinitionId":"` + admins + `","principalId":"` + lead + `","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.group"}}]}`,
			`{"value":[{"appRoleId":"` + releaser + `","principalId":"` + lead + `","principalType":"Group"}]}`, `{"value":[],"@odata.nextLink":"?"}`,
		} {
			f.Add(i, seed)
		}
	}
	s := newTenant(f)
	everything(s)
	f.Fuzz(func(t *testing.T, at int, body string) {
		if at < 0 || at >= len(paths) {
			return
		}
		s.answering(paths[at], func(w http.ResponseWriter) { _, _ = io.WriteString(w, body) })
		got, err := s.collect()
		if err != nil {
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "access-token") {
				t.Errorf("the error shows a secret: %v", err)
			}
			return
		}
		people := got.Section.(facts.People)
		if len(people) != 6 {
			t.Errorf("%d people", len(people))
		}
		for _, p := range people {
			ill := slices.ContainsFunc(p.IDs, func(id string) bool { _, ok := facts.IsPerson(id); return !ok })
			if ill || p.AsOf.After(begin) || p.AsOf.Year() < 2000 || p.Active == nil || !*p.Active && len(p.Roles)+len(p.Teams) > 0 {
				t.Errorf("%+v", p)
			}
		}
	})
}
