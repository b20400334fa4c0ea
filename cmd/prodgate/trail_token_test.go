package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAJobsTokenIsForTheServerAloneAndIsRequestedOnce(t *testing.T) {
	var asked []string
	actions := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer request-secret" || r.URL.Path != "/x/token" || r.URL.Query().Get("api-version") != "2.0" {
			http.Error(w, `{"message":"request-secret is wrong"}`, http.StatusForbidden)
			return
		}
		asked = append(asked, r.URL.Query().Get("audience"))
		_, _ = w.Write([]byte(`{"value":"the-token"}`))
	}))
	defer actions.Close()
	std := stdio{tokens: &jobTokens{}, env: []string{"ACTIONS_ID_TOKEN_REQUEST_URL=" + actions.URL + "/x/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-secret"}}
	const location = "https://trail.example.com/below"
	for range 3 {
		token, err := trailToken(std, location)(t.Context())
		if err != nil || token != "the-token" {
			t.Fatal(token, err)
		}
	}
	again := trailToken(std, location)
	for range 2 { // the second time, the server did not accept the first
		if _, err := again(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(asked) != 2 || asked[0] != "https://trail.example.com" {
		t.Errorf("asked for %q; want two tokens for the server", asked)
	}
	std.env[1] = "ACTIONS_ID_TOKEN_REQUEST_TOKEN=other"
	std.tokens = nil
	if _, err := trailToken(std, location)(t.Context()); err == nil || strings.Contains(err.Error(), "api-version") {
		t.Errorf("%v; want an error without the query", err)
	}
	std.env[0] = "ACTIONS_ID_TOKEN_REQUEST_URL=http://example.com/token"
	if _, err := trailToken(std, location)(t.Context()); err == nil || !strings.Contains(err.Error(), "ACTIONS_ID_TOKEN_REQUEST_URL: url: http is read from this machine only") {
		t.Error(err)
	}
}

func TestATokenComesFromAVariableOrAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, env := range map[string][]string{
		"from-variable": {"PRODGATE_TRAIL_TOKEN=from-variable", "PRODGATE_TRAIL_TOKEN_FILE=" + file},
		"from-file":     {"PRODGATE_TRAIL_TOKEN_FILE=" + file},
	} {
		if token, err := trailToken(stdio{env: env}, "https://trail.example.com")(t.Context()); err != nil || token != want {
			t.Errorf("%q, %v; want %q", token, err, want)
		}
	}
	if _, err := trailToken(stdio{env: []string{"PRODGATE_TRAIL_TOKEN_FILE=" + file + "x"}}, "https://trail.example.com")(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if trailToken(stdio{}, "T.db") != nil || trailToken(stdio{}, "postgres://host/db") != nil {
		t.Error("a database needs no token")
	}
}
