package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/graphtest"
	"github.com/prodgate/prodgate/internal/oidctest"
	"github.com/rogpeppe/go-internal/testscript"
)

// startEntra starts an Entra ID whose application trusts the tokens of this job of GitHub
// Actions, and gives the script its address and the variables for the tokens.
func startEntra(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: entra")
	}
	s := graphtest.New(time.Now)
	ts.Defer(s.Close)
	issuer, err := oidctest.New()
	ts.Check(err)
	ts.Defer(func() { _ = issuer.Close() })
	issuer.ServeTokens(func(audience string) string {
		token, _ := issuer.Sign(issuer.GitHub(audience, time.Now(), nil)) // a request without a token is refused
		return token
	})
	s.Federated = []graphtest.Federated{{Issuer: issuer.URL, Subject: "repo:acme/payments-api:ref:refs/heads/main", Audience: "api://AzureADTokenExchange"}}
	ts.Value(tenants{}).(*tenantOf).server = s
	for name, value := range map[string]string{
		"ENTRA": s.URL, "ACTIONS_ID_TOKEN_REQUEST_URL": issuer.URL + "/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-secret",
	} {
		ts.Setenv(name, value)
	}
}

// tenants holds the Entra ID of a script.
type tenants struct{}

type tenantOf struct{ server *graphtest.Server }

// objectID is the id of an object that scripts call by a number.
func objectID(number string) string {
	return fmt.Sprintf("%08s-0000-4000-8000-000000000000", number)
}

// changeEntra changes the directory: its objects are numbers.
func changeEntra(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(tenants{}).(*tenantOf).server
	if s == nil || neg || len(args) < 2 {
		ts.Fatalf("usage, after entra: directory user|disable|enable|no-mfa|mfa ID, directory group ID MEMBER…, directory role ID PRINCIPAL [SCOPE], directory permissions NAME…")
	}
	ids := make([]string, 0, len(args))
	for _, number := range args[1:] {
		ids = append(ids, objectID(number))
	}
	switch args[0] {
	case "user":
		s.Add(graphtest.User{ID: ids[0], Name: "person-" + args[1] + "@example.com"})
	case "disable", "enable":
		s.Change(ids[0], func(u *graphtest.User) { u.Disabled = args[0] == "disable" })
	case "group":
		s.Group(ids[0], ids[1:]...)
	}
	s.Lock()
	defer s.Unlock()
	switch args[0] {
	case "no-mfa", "mfa":
		s.Registrations[ids[0]] = graphtest.Registration{Registered: true, Capable: args[0] == "mfa"}
	case "role":
		s.Directory = ids[:1]
		s.Assigned = []graphtest.Assignment{{Role: ids[0], Principal: ids[1], Scope: strings.Join(args[3:], "")}}
	case "permissions":
		s.Permissions = args[1:]
	}
}
