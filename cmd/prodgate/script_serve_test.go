package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/oidctest"
	"github.com/rogpeppe/go-internal/testscript"
)

// startCI starts an issuer of tokens for a GitHub job, chooses an address for a trail's
// server, and replaces $ISSUER, $SERVED and $GITHUB_SERVER_URL in a file. Claims of the job's tokens can be
// changed by the variable CLAIMS, NAME=VALUE.
func startCI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ci FILE")
	}
	issuer := startIssuer(ts, args[0])
	ts.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", issuer.URL+"/token?api-version=2.0")
	ts.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-secret")
	issuer.ServeTokens(func(audience string) string {
		changes := map[string]any{}
		claims, _ := os.ReadFile(ts.MkAbs("claims")) // none: the listed job
		if name, value, ok := strings.Cut(strings.TrimSpace(string(claims)), "="); ok {
			changes[name] = value
		}
		token, err := issuer.Sign(issuer.GitHub(audience, time.Now(), changes))
		if err != nil {
			return ""
		}
		return token
	})
}

// startIssuer starts an issuer of tokens, chooses an address for a trail's server, and
// replaces both and the addresses of the CI systems in the server's configuration.
func startIssuer(ts *testscript.TestScript, file string) *oidctest.Issuer {
	issuer, err := oidctest.New()
	ts.Check(err)
	ts.Defer(func() { issuer.Close() })
	free, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	ts.Check(err)
	served := free.Addr().String()
	ts.Check(free.Close())
	ts.Setenv("ISSUER", issuer.URL)
	ts.Setenv("SERVED", served)
	text := strings.NewReplacer("$ISSUER", issuer.URL, "$SERVED", served,
		"$GITHUB_SERVER_URL", ts.Getenv("GITHUB_SERVER_URL"), "$CI_SERVER_URL", ts.Getenv("CI_SERVER_URL")).Replace(ts.ReadFile(file))
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
	return issuer
}

// awaitServer waits until the server of a trail answers.
func awaitServer(ts *testscript.TestScript, _ bool, _ []string) {
	for range 500 {
		r, err := http.Get("http://" + ts.Getenv("SERVED") + "/readyz") //nolint:noctx // on this machine
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
			err = fmt.Errorf("answered %d", r.StatusCode)
		}
		if time.Sleep(20 * time.Millisecond); err == nil {
			return
		}
	}
	ts.Fatalf("the server did not answer within 10 s")
}

// A trail that is opened without trailOptions has no token, so that it could not be one
// behind a server.
func TestEachTrailIsOpenedWithAToken(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		own := name == "trail_token.go" || name == "serve.go" // the server's is a database
		if !own && !strings.HasSuffix(name, "_test.go") && strings.Contains(string(text), "trail.Options{") {
			t.Errorf("%s makes trail.Options itself; use trailOptions", name)
		}
	}
}
