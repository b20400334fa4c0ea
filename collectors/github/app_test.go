package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/collectors/github"
	"github.com/prodgate/prodgate/internal/githubtest"
)

// withApp lets an App read the organization, and the job's token the repository alone.
func withApp(t *testing.T) *site {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.Tokens[token] = []string{githubtest.Actions, githubtest.Contents, githubtest.Deployments}
	s.App = &githubtest.App{ID: "813", Key: &key.PublicKey, Permissions: []string{githubtest.Members, githubtest.Administration}, Installed: true}
	s.settings.App = &github.App{IDEnv: "APP_ID", KeyEnv: "APP_KEY"}
	s.env["APP_ID"] = "813"
	s.env["APP_KEY"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return s
}

func TestAnAppReadsTheTeams(t *testing.T) {
	s := withApp(t)
	s.reviewed("lead", "approved", "")
	for _, form := range []string{"PKCS #1", "on one line", "PKCS #8"} {
		switch form {
		case "on one line":
			s.env["APP_KEY"] = strings.ReplaceAll(s.env["APP_KEY"], "\n", `\n`)
		case "PKCS #8":
			block, _ := pem.Decode([]byte(strings.ReplaceAll(s.env["APP_KEY"], `\n`, "\n")))
			key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			bytes, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			s.env["APP_KEY"] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bytes}))
		}
		people := s.people(t)
		if len(people) != 2 || len(people[1].Teams) != 2 || people[1].MFA == nil || !*people[1].MFA {
			t.Errorf("%s: the people are %+v", form, people)
		}
	}
	delete(s.env, "APP_ID")
	if got := s.approvals(t); len(got) != 1 {
		t.Errorf("reviews do not need the App, and %d were read", len(got))
	}
}

func TestAnAppThatCannotReadSaysWhy(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*site)
		want   string
	}{
		{"no id", func(s *site) { delete(s.env, "APP_ID") }, "the variable APP_ID is not set"},
		{"no key", func(s *site) { delete(s.env, "APP_KEY") }, "the variable APP_KEY is not set"},
		{"no PEM", func(s *site) { s.env["APP_KEY"] = "secret-text" }, "the variable APP_KEY does not have the private key"},
		{"a damaged key", func(s *site) { s.env["APP_KEY"] = strings.Replace(s.env["APP_KEY"], "M", "N", 5) }, "the variable APP_KEY does not have the private key"},
		{"another App's key", func(s *site) { s.App.Key = &other.PublicKey }, "APP_ID and APP_KEY must be the id and the key of one GitHub App"},
		{"another App's id", func(s *site) { s.env["APP_ID"] = "814" }, "APP_ID and APP_KEY must be the id and the key of one GitHub App"},
		{"not installed", func(s *site) { s.App.Installed = false }, "install the GitHub App in the organization acme"},
		{"no permission", func(s *site) { s.App.Permissions = []string{githubtest.Members} }, `the GitHub App needs the permissions "Members: read`},
		{"two ways", func(s *site) { s.settings.OrganizationTokenEnv = "OTHER" }, "organization_token_env and app exclude each other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := withApp(t)
			tt.change(s)
			_, err := s.collect("people", ask())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("the error is %v, want %q", err, tt.want)
			}
			for _, secret := range []string{"secret-text", "ghs_", "BEGIN", "eyJ"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows %s: %v", secret, err)
				}
			}
		})
	}
}
