// Package graphtest is a Microsoft Entra ID for tests: a real server in the process that
// issues tokens and answers what prodgate reads by Microsoft Graph, and that refuses what
// both refuse. It verifies client assertions and secrets, and checks the audience of
// tokens, the permissions of each endpoint, filters, properties, pages and rate limits.
// Its answers are held against Microsoft's published types by the module
// internal/contracts.
package graphtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Application permissions of Microsoft Graph.
const (
	Users    = "User.Read.All"
	Members  = "GroupMember.Read.All"
	Hidden   = "Member.Read.Hidden"
	Roles    = "RoleManagement.Read.Directory"
	Apps     = "Application.Read.All"
	AuditLog = "AuditLog.Read.All"
)

// All are the permissions of an application that may read everything prodgate reads.
var All = []string{Users, Members, Roles, Apps, AuditLog}

// User is a user account.
type User struct {
	ID       string
	Name     string // userPrincipalName
	Type     string // userType; empty: Member
	Disabled bool
	Object   string // @odata.type, if it is not a plain user: #microsoft.graph.agentUser
}

// Group is a group with the ids of its members: users, service principals and groups.
type Group struct {
	ID      string
	Members []string
	Hidden  bool // its members are hidden
}

// Registration is what the report of authentication methods says about a user.
type Registration struct {
	Capable    bool
	Registered bool
	Updated    time.Time // zero: now
}

// Assignment gives a directory role to a principal.
type Assignment struct {
	Role, Principal string
	Scope           string // empty: /, the whole tenant
}

// AppAssignment gives an app role of a service principal to a user or a group.
type AppAssignment struct {
	Resource, Role, Principal string
}

// Federated is a federated credential of the application: the tokens that prove it.
type Federated struct {
	Issuer, Subject, Audience string
}

// Server is one tenant with one application. Change its fields before the first request,
// or under Lock.
type Server struct {
	*httptest.Server
	sync.Mutex

	Tenant, ClientID string
	Secret           string // of the application; empty: it has none
	Federated        []Federated
	Permissions      []string // of the application
	Clock            func() time.Time
	PageSize         int // most entries of a page, whatever is asked for; 0: 999

	Users         map[string]User  // by id
	Groups        map[string]Group // by id
	Registrations map[string]Registration
	Principals    map[string][]string // app roles of service principals, by their id
	Directory     []string            // directory roles
	Assigned      []Assignment
	AppAssigned   []AppAssignment

	Wrapped bool // an answer about one registration has the key value
	Limited bool // every request to Graph exceeds the rate limit

	// Fault, if set, answers instead of the server when it returns true.
	Fault func(http.ResponseWriter, *http.Request) bool

	tokens   map[string]access
	requests []string
}

// access is what an access token is for.
type access struct {
	audience    string
	permissions []string
	expires     time.Time
}

// New starts a tenant with an application that has all permissions, and neither people
// nor credentials. Close it after use.
func New(clock func() time.Time) *Server {
	s := &Server{
		Tenant: "7d1f0c55-0d7e-4f0e-9a43-0c2f5b1f8e11", ClientID: "b7c5a6f0-3f57-4f43-9d0c-6f2f9d1c2a10",
		Permissions: All, Clock: clock, Users: map[string]User{}, Groups: map[string]Group{},
		Registrations: map[string]Registration{}, Principals: map[string][]string{}, tokens: map[string]access{},
	}
	s.Server = httptest.NewServer(s.handler())
	return s
}

// Add adds users, with MFA that they can use.
func (s *Server) Add(users ...User) {
	s.Lock()
	defer s.Unlock()
	for _, u := range users {
		if u.Type == "" {
			u.Type = "Member"
		}
		s.Users[u.ID] = u
		s.Registrations[u.ID] = Registration{Capable: true, Registered: true}
	}
}

// Change changes a user.
func (s *Server) Change(id string, change func(*User)) {
	s.Lock()
	defer s.Unlock()
	u := s.Users[id]
	change(&u)
	s.Users[id] = u
}

// Group adds a group, or replaces it.
func (s *Server) Group(id string, members ...string) {
	s.Lock()
	defer s.Unlock()
	s.Groups[id] = Group{ID: id, Members: members}
}

// Requests are the requests so far, as "METHOD PATH?QUERY".
func (s *Server) Requests() []string {
	s.Lock()
	defer s.Unlock()
	return slices.Clone(s.requests)
}

// members are the ids of a group's members; transitive: also of the groups in it.
func (s *Server) members(id string, transitive bool) []string {
	seen := map[string]bool{id: true}
	list := []string{}
	for waiting := []string{id}; len(waiting) > 0; waiting = waiting[1:] {
		for _, member := range s.Groups[waiting[0]].Members {
			if seen[member] {
				continue
			}
			seen[member] = true
			list = append(list, member)
			if _, nested := s.Groups[member]; nested && transitive {
				waiting = append(waiting, member)
			}
		}
	}
	return list
}

// kind is the @odata.type of an object.
func (s *Server) kind(id string) string {
	if _, is := s.Groups[id]; is {
		return "#microsoft.graph.group"
	}
	if _, is := s.Principals[id]; is {
		return "#microsoft.graph.servicePrincipal"
	}
	if object := s.Users[id].Object; object != "" {
		return object
	}
	return "#microsoft.graph.user"
}
