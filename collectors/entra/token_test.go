package entra_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/graphtest"
	"github.com/prodgate/prodgate/internal/oidctest"
)

const (
	audience = "api://AzureADTokenExchange"
	subject  = "repo:acme/payments-api:environment:production"
)

// issuer issues tokens of jobs, which the tenant trusts for one subject.
func issuer(t *testing.T, s *tenant) *oidctest.Issuer {
	t.Helper()
	i, err := oidctest.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.Close() })
	s.Secret, s.env = "", map[string]string{}
	s.Federated = []graphtest.Federated{{Issuer: i.URL, Subject: subject, Audience: audience}}
	i.ServeTokens(func(audience string) string { return signed(t, i, audience, nil) })
	return i
}

func signed(t *testing.T, i *oidctest.Issuer, audience string, changes map[string]any) string {
	t.Helper()
	claims := i.GitHub(audience, begin, map[string]any{"sub": subject})
	for name, value := range changes {
		claims[name] = value
	}
	token, err := i.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestCredentials(t *testing.T) {
	s := newTenant(t)
	i := issuer(t, s)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(signed(t, i, audience, nil)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Secret = secret
	actions := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": i.URL + "/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-secret"}
	for _, tt := range []struct {
		name, credential string
		env              map[string]string
		want             string // empty: it is accepted
	}{
		{"a file", "", map[string]string{"AZURE_FEDERATED_TOKEN_FILE": file}, ""},
		{"a file before all others", "", map[string]string{"AZURE_FEDERATED_TOKEN_FILE": file, "ENTRA_ID_TOKEN": "invalid", "AZURE_CLIENT_SECRET": "invalid"}, ""},
		{"GitHub Actions", "", actions, ""},
		{"GitHub Actions before an id token", "", with(actions, "ENTRA_ID_TOKEN", "invalid"), ""},
		{"an id token", "", map[string]string{"ENTRA_ID_TOKEN": signed(t, i, audience, nil), "AZURE_CLIENT_SECRET": "invalid"}, ""},
		{"a secret", "", map[string]string{"AZURE_CLIENT_SECRET": secret}, ""},
		{"as the settings say", "client-secret", with(actions, "AZURE_CLIENT_SECRET", secret), ""},
		{"none", "", nil, "there is no credential for the application: in GitHub Actions give the job permissions: {id-token: write}"},
		{"not in GitHub Actions", "github-actions", map[string]string{"AZURE_CLIENT_SECRET": secret}, "this job cannot request a token of GitHub Actions"},
		{"no file", "token-file", nil, "the variable AZURE_FEDERATED_TOKEN_FILE is not set"},
		{"a file that is not there", "token-file", map[string]string{"AZURE_FEDERATED_TOKEN_FILE": file + ".none"}, "no such file"},
		{"no id token", "id-token", nil, "the variable ENTRA_ID_TOKEN is not set"},
		{"no secret", "client-secret", nil, "the variable AZURE_CLIENT_SECRET is not set"},
		{"another secret", "", map[string]string{"AZURE_CLIENT_SECRET": "s8Q~other"}, "AADSTS7000215: Invalid client secret provided"},
		{"another audience", "", map[string]string{"ENTRA_ID_TOKEN": signed(t, i, "https://trail.example.com", nil)}, "AADSTS700213"},
		{"another subject", "", map[string]string{"ENTRA_ID_TOKEN": signed(t, i, audience, map[string]any{"sub": "repo:acme/other:ref:refs/heads/main"})}, "AADSTS700213"},
		{"expired", "", map[string]string{"ENTRA_ID_TOKEN": signed(t, i, audience, map[string]any{"exp": begin.Add(-time.Minute).Unix()})}, "AADSTS700213"},
		{"another issuer", "", map[string]string{"ENTRA_ID_TOKEN": signed(t, i, audience, map[string]any{"iss": "https://evil.example.com"})}, "AADSTS700213"},
		{"no token at all", "", map[string]string{"ENTRA_ID_TOKEN": "eyJhbGciOiJub25lIn0.e30."}, "check tenant, client_id, and the federated credential or secret of the application"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.settings.Credential, s.env = tt.credential, tt.env
			if tt.want != "" {
				s.fails(t, tt.want)
				return
			}
			if _, err := s.collect(); err != nil {
				t.Error(err)
			}
		})
	}
	if err := i.Rotate(); err != nil {
		t.Fatal(err)
	}
	forged := map[string]string{"AZURE_FEDERATED_TOKEN_FILE": file}
	s.settings.Credential, s.env = "", forged
	s.fails(t, "AADSTS700213") // signed by another key
}

func with(env map[string]string, name, value string) map[string]string {
	all := map[string]string{name: value}
	for name, value := range env {
		all[name] = value
	}
	return all
}

// A job of GitLab has its token in a variable.
func TestATokenOfGitLab(t *testing.T) {
	s := newTenant(t)
	i := issuer(t, s)
	token, err := i.Sign(i.GitLab(audience, begin, nil))
	if err != nil {
		t.Fatal(err)
	}
	s.settings.TokenEnv, s.env = "GRAPH_TOKEN", map[string]string{"GRAPH_TOKEN": token}
	s.fails(t, "AADSTS700213") // the application trusts jobs of GitHub only
	s.Federated = append(s.Federated, graphtest.Federated{Issuer: i.URL, Subject: "project_path:acme/payments-api:ref_type:branch:ref:main", Audience: audience})
	if _, err := s.collect(); err != nil {
		t.Error(err)
	}
}

// Neither the credential nor the access token is shown, whatever the servers repeat.
func TestNoErrorShowsASecret(t *testing.T) {
	s := newTenant(t)
	s.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		_ = r.ParseForm()
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"the secret ` + r.PostForm.Get("client_secret") + ` is wrong"}`))
		return true
	}
	s.fails(t, "the secret [redacted] is wrong")
	s.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"error":{"code":"x","message":"` + r.Header.Get("Authorization") + ` lacks scopes"}}`))
		return true
	}
	s.fails(t, "Bearer [redacted] lacks scopes")
}

func TestTokensOfTheAuthority(t *testing.T) {
	s := newTenant(t)
	body := ""
	s.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			_, _ = w.Write([]byte(body))
		}
		return r.Method == http.MethodPost
	}
	for answer, want := range map[string]string{
		`{}`: "the answer has no bearer token",
		`{"token_type":"pop","access_token":"x"}`:                                             "the answer has no bearer token",
		`{"token_type":"Bearer","access_token":"a\nb"}`:                                       "contains a control character",
		`{"token_type":"Bearer","access_token":"` + s.Issue("https://vault.azure.net") + `"}`: "Invalid audience",
		`{"token_type":"Bearer","access_token":"unknown"}`:                                    "is not valid for http://127.0.0.1",
		`<html>sign in</html>`:                                                                "web page",
		strings.Repeat(" ", 9<<20):                                                            "answered with more than 8388608 bytes",
	} {
		body = answer
		s.fails(t, want)
	}
}
