package token

import "testing"

// The address of a run begins with that of the system's web pages.
func TestTheAddressOfWebPagesFollowsFromTheIssuer(t *testing.T) {
	for url, want := range map[string]string{
		"https://token.actions.githubusercontent.com":           "https://github.com",
		"https://token.actions.githubusercontent.com/acme":      "https://github.com",
		"https://token.actions.acme.ghe.com":                    "https://acme.ghe.com",
		"https://token.actions.acme.ghe.com/acme":               "https://acme.ghe.com",
		"https://token.actions.acme.ghe.com.example.com":        "https://github.com",
		"https://github.example.com/_services/token":            "https://github.example.com",
		"https://other.example.com/token.actions.acme.ghe.com/": "https://github.com",
	} {
		i := &issuer{Issuer: Issuer{Name: "github", Kind: GitHub, URL: url}}
		id, err := i.identity(claims{Repository: "Acme/web", RepositoryID: "1", RunID: "77", RunAttempt: "2", Ref: "refs/heads/main"})
		if run := want + "/Acme/web/actions/runs/77/attempts/2"; err != nil || id.Run != run {
			t.Errorf("%s: %q, %v; want %q", url, id.Run, err, run)
		}
		i.Address = "https://git.example.com/"
		if id, err := i.identity(claims{Repository: "Acme/web", RepositoryID: "1", RunID: "77", RunAttempt: "2", Ref: "refs/heads/main"}); err != nil || id.Run != "https://git.example.com/Acme/web/actions/runs/77/attempts/2" {
			t.Errorf("%s with an address: %q, %v", url, id.Run, err)
		}
	}
}
