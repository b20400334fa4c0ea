package contracts

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/entra"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/graphtest"
)

// graphTypes are what an answer has, by the end of its path. testdata/graph.json is made
// of the npm package @microsoft/microsoft-graph-types 2.43.1 (MIT,
// testdata/graph.LICENSE) by ts-json-schema-generator, without descriptions. Of User,
// Group, ServicePrincipal and RoleDefinition it has the properties that prodgate asks
// for. In the published types every property is optional: the check requires those of
// $select, or of needed.
var graphTypes = []struct {
	path *regexp.Regexp
	of   string
	list bool
}{
	{regexp.MustCompile(`^/users$`), "User", true},
	{regexp.MustCompile(`^/groups/[^/]+$`), "Group", false},
	{regexp.MustCompile(`^/groups/[^/]+/(transitiveM|m)embers$`), "DirectoryObject", true},
	{regexp.MustCompile(`^/servicePrincipals$`), "ServicePrincipal", true},
	{regexp.MustCompile(`^/servicePrincipals/[^/]+$`), "ServicePrincipal", false},
	{regexp.MustCompile(`^/servicePrincipals/[^/]+/appRoleAssignedTo$`), "AppRoleAssignment", true},
	{regexp.MustCompile(`^/roleManagement/directory/roleDefinitions/[^/]+$`), "RoleDefinition", false},
	{regexp.MustCompile(`^/roleManagement/directory/roleAssignments$`), "UnifiedRoleAssignment", true},
	{regexp.MustCompile(`^/reports/authenticationMethods/userRegistrationDetails/[^/]+$`), "UserRegistrationDetails", false},
}

// needed are the properties of answers to requests without $select.
var needed = map[string][]string{
	"AppRoleAssignment":       {"appRoleId", "principalId", "principalType", "resourceId"},
	"UnifiedRoleAssignment":   {"directoryScopeId", "principalId", "roleDefinitionId", "principal"},
	"UserRegistrationDetails": {"id", "isMfaCapable", "lastUpdatedDateTime"},
}

// graph holds requests and answers against the types.
type graph struct {
	types map[string]*jsonschema.Schema

	mu     sync.Mutex
	used   map[string]bool // types
	faults []string
}

func readGraph(t *testing.T) *graph {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	g := &graph{types: map[string]*jsonschema.Schema{}, used: map[string]bool{}}
	file, err := filepath.Abs("testdata/graph.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range graphTypes {
		if g.types[known.of], err = compiler.Compile(file + "#/definitions/" + known.of); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func (g *graph) fault(r *http.Request, format string, args ...any) {
	g.faults = append(g.faults, r.Method+" "+r.URL.RequestURI()+": "+fmt.Sprintf(format, args...))
}

// between is next, with each request to Graph and its answer held against the types.
func (g *graph) between(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		if path, is := strings.CutPrefix(r.URL.Path, "/v1.0"); is {
			g.check(path, r, answer)
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func (g *graph) check(path string, r *http.Request, answer *httptest.ResponseRecorder) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, known := range graphTypes {
		if !known.path.MatchString(path) {
			continue
		}
		g.used[known.of] = true
		required := g.request(r, known.of)
		if answer.Code != http.StatusOK {
			return
		}
		body, err := jsonschema.UnmarshalJSON(strings.NewReader(answer.Body.String()))
		object, is := body.(map[string]any)
		if err != nil || !is {
			g.fault(r, "the answer is no object: %v", err)
			return
		}
		objects := []any{object}
		if known.list {
			objects, is = object["value"].([]any)
		} else if value, wrapped := object["value"]; wrapped {
			objects = []any{value}
		}
		if !is {
			g.fault(r, "the answer has no list")
		}
		for _, object := range objects {
			g.object(r, known.of, required, object)
		}
		return
	}
	g.fault(r, "unknown path")
}

var filtered = regexp.MustCompile(`^(\w+) (in|eq) `)

// request checks the properties that a request names, and returns those that its answer
// must have.
func (g *graph) request(r *http.Request, of string) []string {
	query := r.URL.Query()
	properties := g.types[of].Properties
	if g.types[of].Ref != nil {
		properties = g.types[of].Ref.Properties
	}
	required := strings.FieldsFunc(query.Get("$select"), func(r rune) bool { return r == ',' })
	names := slices.Clone(required)
	if filter := query.Get("$filter"); filter != "" {
		match := filtered.FindStringSubmatch(filter)
		if match == nil {
			g.fault(r, "unknown form of $filter")
			return nil
		}
		names = append(names, match[1])
	}
	if expand := query.Get("$expand"); expand != "" {
		names = append(names, expand)
	}
	for _, name := range names {
		if properties[name] == nil {
			g.fault(r, "%s has no property %s", of, name)
		}
	}
	if len(required) == 0 {
		return needed[of]
	}
	return required
}

func (g *graph) object(r *http.Request, of string, required []string, object any) {
	if err := g.types[of].Validate(object); err != nil {
		g.fault(r, "%v", err)
	}
	properties, _ := object.(map[string]any)
	for _, name := range required {
		if _, has := properties[name]; !has {
			g.fault(r, "the answer has no %s", name)
		}
	}
}

const (
	graphLead  = "11111111-0000-4000-8000-000000000001"
	graphBot   = "11111111-0000-4000-8000-000000000002"
	graphGroup = "22222222-0000-4000-8000-000000000001"
	graphRole  = "33333333-0000-4000-8000-000000000001"
	graphApp   = "44444444-0000-4000-8000-000000000001"
	appRole    = "44444444-0000-4000-8000-000000000002"
)

// servedGraph is an Entra ID whose requests and answers are held against g, with a role
// of each kind.
func servedGraph(t *testing.T, g *graph) *graphtest.Server {
	t.Helper()
	s := graphtest.New(time.Now)
	t.Cleanup(s.Close)
	s.Config.Handler = g.between(s.Config.Handler)
	s.Secret, s.PageSize = token, 1
	s.Add(graphtest.User{ID: graphLead, Name: "lead@example.com"})
	s.Principals[graphBot], s.Principals[graphApp] = nil, []string{appRole}
	s.Directory = []string{graphRole}
	s.Group(graphGroup, graphLead, graphBot)
	s.Assigned = []graphtest.Assignment{{Role: graphRole, Principal: graphGroup}, {Role: graphRole, Principal: graphLead}}
	s.AppAssigned = []graphtest.AppAssignment{{Resource: graphApp, Role: appRole, Principal: graphGroup}, {Resource: graphApp, Role: appRole, Principal: graphLead}}
	return s
}

func TestGraph(t *testing.T) {
	g := readGraph(t)
	s := servedGraph(t, g)
	dir := t.TempDir()
	mapping := "- {entra: " + graphLead + ", ids: [\"github:1\"]}\n- {entra: " + graphBot + ", ids: [\"github:2\"]}\n"
	if err := os.WriteFile(filepath.Join(dir, "people-map.yaml"), []byte(mapping), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := collectors.Config{
		Dir: dir, Getenv: func(name string) string { return map[string]string{"AZURE_CLIENT_SECRET": token}[name] },
		Systems: map[string]collectors.System{"entra": {Kind: "entra", Settings: &entra.Settings{
			Tenant: s.Tenant, ClientID: s.ClientID, Mapping: "people-map.yaml", URL: s.URL, Authority: s.URL,
			Teams: map[string][]string{"production-approvers": {graphGroup}},
			Roles: map[string][]string{"platform-lead": {"directory-role:" + graphRole}, "vp-engineering": {"app-role:" + graphApp + "/" + appRole}},
		}}},
		Sources: map[string][]collectors.Use{"people": {{System: "entra"}}},
	}
	people := slices.DeleteFunc(collectors.All(cfg), func(c collectors.Collector) bool { return c.Name() != "people" })
	for _, wrapped := range []bool{false, true} {
		s.Lock()
		s.Wrapped = wrapped
		s.Unlock()
		document := collectors.Gather(t.Context(), time.Now, facts.Request{Service: "payments-api", Environment: "production"}, people)
		if source := document.Sources["people"]; source.Status != facts.StatusOK {
			t.Fatal(*source.Error)
		}
		if lead := document.People[0]; len(lead.Roles) != 2 || len(lead.Teams) != 1 || lead.MFA == nil {
			t.Errorf("%+v", lead)
		}
	}
	for _, fault := range g.faults {
		t.Error(fault)
	}
	for name := range g.types {
		if !g.used[name] {
			t.Errorf("%s was not read: remove it", name)
		}
	}
}

// The check itself refuses what departs from the types.
func TestDeparturesFromGraphAreFound(t *testing.T) {
	for name, tt := range map[string]struct{ path, answer string }{
		"another type":                 {"/users?$select=id,accountEnabled", `{"value":[{"id":"1","accountEnabled":"yes"}]}`},
		"a property that is missing":   {"/users?$select=id,accountEnabled", `{"value":[{"id":"1"}]}`},
		"an unknown property":          {"/groups/1?$select=id", `{"id":"1","hidden":true}`},
		"an unknown property in query": {"/groups/1?$select=id,hidden", `{"id":"1"}`},
		"a filter of another property": {"/roleManagement/directory/roleAssignments?$filter=role+eq+'1'", `{"value":[]}`},
		"no list":                      {"/groups/1/members?$select=id", `{"id":"1"}`},
		"a report without MFA":         {"/reports/authenticationMethods/userRegistrationDetails/1", `{"value":{"id":"1","lastUpdatedDateTime":"x"}}`},
		"an unknown path":              {"/users/1/memberOf", `{"value":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := readGraph(t)
			h := g.between(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(tt.answer)) }))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1.0"+tt.path, nil))
			if len(g.faults) == 0 {
				t.Error("it passes")
			}
		})
	}
}
