package server

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/server/token"
)

func TestTheExampleIsValid(t *testing.T) {
	file := filepath.Join("..", "examples", "server", "server.yaml")
	c, err := ReadConfig(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Writers) != 3 || c.RequestsPerMinute != defaultRate {
		t.Errorf("%+v", c)
	}
	if _, err := ReadConfig(t.Context(), filepath.Join(t.TempDir(), "server.yaml")); err == nil || !strings.Contains(err.Error(), "there is no such file") {
		t.Errorf("a file that is missing: %v", err)
	}
}

func TestAConfigurationThatOpensTooMuchIsRefused(t *testing.T) {
	good := configuration("https://trail.example.com", "https://token.actions.githubusercontent.com")
	for name, c := range map[string]struct{ from, to, want string }{
		"another version":            {"version: 1", "version: 2", "reads version 1"},
		"an unknown key":             {"version: 1", "version: 1\nwriter: []", "is an unknown key"},
		"no port":                    {"127.0.0.1:0", "127.0.0.1", "must be HOST:PORT"},
		"plain HTTP":                 {"127.0.0.1:0", "0.0.0.0:80", "without tls, others can read tokens"},
		"plain HTTP on all":          {"127.0.0.1:0", ":80", "without tls"},
		"half of TLS":                {"audience:", "tls: {certificate: a.pem, key: \"\"}\naudience:", "needs a certificate and a key"},
		"an audience with a path":    {"https://trail.example.com", "https://trail.example.com/x", "without a path"},
		"a plain audience":           {"https://trail.example.com", "http://trail.example.com", "must be the address that clients use"},
		"a trail behind a server":    {"trail: T.db", "trail: https://other.example.com", "must be the path of a SQLite file"},
		"a plain issuer":             {"https://token.actions", "http://token.actions", "issuers[0].url"},
		"an unknown kind":            {"kind: github", "kind: jenkins", "must be one of github, gitlab"},
		"an issuer that is missing":  {"who: {issuer: github", "who: {issuer: gitlab", `issuer "gitlab" is not in issuers`},
		"a repository without owner": {"repository: Acme/payments-api", "repository: payments-api", "must be OWNER/NAME"},
		"a repository without id":    {`repository_id: "4711"`, `repository_id: ""`, "its name can be taken over"},
		"any branch":                 {", refs: [refs/heads/main]", "", "could run a job on any branch"},
		"every branch by a pattern":  {"refs: [refs/heads/main]", `refs: ["*"]`, "set any_ref: true"},
		"every ref":                  {"refs: [refs/heads/main]", `refs: [refs/heads/main, "refs/*"]`, `refs: ["refs/heads/main" "refs/*"] matches every branch`},
		"every head":                 {"refs: [refs/heads/main]", `refs: ["refs/heads/*"]`, "write refs/heads/NAME or refs/tags/*; any_ref: true"},
		"every head by a part":       {"refs: [refs/heads/main]", `refs: ["refs/h*"]`, "matches every branch"},
		"every head, and more":       {"refs: [refs/heads/main]", `refs: ["refs/heads/*"], environments: [production]`, "matches every branch"},
		"a workflow of every ref":    {"refs: [refs/heads/main]", `workflows: ["acme/ci/.github/workflows/deploy.yml@*"]`, "write …/FILE@refs/heads/NAME"},
		"a workflow of every head":   {"refs: [refs/heads/main]", `workflows: ["acme/ci/.github/workflows/deploy.yml@refs/heads/*"]`, "matches a workflow of every branch"},
		"every workflow":             {"refs: [refs/heads/main]", `workflows: ["acme/payments-api/*"]`, "matches a workflow of every branch"},
		"a workflow's odd name":      {"refs: [refs/heads/main]", `workflows: ["acme/ci/.github/workflows/a@b*"]`, "matches a workflow of every branch"},
		"no services":                {"services: [payments-api]", "services: []", "must list services, environments and types"},
		"an unknown type":            {"staging.*", "stagging.deployed", `unknown type "stagging.deployed"`},
		"a secret itself":            {hash(secret), secret, "the SHA-256 of a random secret"},
		"no requests":                {"version: 1", "version: 1\nrequests_per_minute: -1", "must be at least 1"},
	} {
		if !strings.Contains(good, c.from) {
			t.Fatalf("%s: %q is not in the configuration", name, c.from)
		}
		_, err := parseConfig(strict.Of("server.yaml", []byte(strings.Replace(good, c.from, c.to, 1))), ".")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	two := strings.Replace(good, "issuers:\n", "issuers:\n  - {name: gitlab, kind: gitlab, url: \"https://gitlab.example.com\"}\n", 1)
	two = strings.Replace(two, "readers:\n", "  - name: other\n    who: {issuer: gitlab, repository: acme/payments-api, repository_id: \"1\", refs: [refs/heads/main]}\n    may: {services: [x], environments: [x], types: [gate.*]}\nreaders:\n", 1)
	if _, err := parseConfig(strict.Of("server.yaml", []byte(two)), "."); err == nil || !strings.Contains(err.Error(), "could not tell apart") {
		t.Errorf("two repositories with one name: %v", err)
	}
}

func TestAPatternThatLeavesNoBranchOpenIsValid(t *testing.T) {
	good := configuration("https://trail.example.com", "https://token.actions.githubusercontent.com")
	for _, who := range []string{
		`refs: ["refs/heads/release/*", "refs/tags/*"]`,
		`refs: ["refs/heads/*"], any_ref: true`,
		`workflows: ["acme/ci/.github/workflows/deploy.yml@*"], any_ref: true`,
		`workflows: ["acme/ci/.github/workflows/deploy.yml@refs/tags/*"]`,
		`workflows: ["acme/ci/.github/workflows/deploy.yml@*"], refs: [refs/heads/main]`,
		`workflows: ["acme/ci/*"], environments: [production]`,
	} {
		text := strings.Replace(good, "refs: [refs/heads/main]", who, 1)
		if _, err := parseConfig(strict.Of("server.yaml", []byte(text)), "."); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
}

func TestAJobMustMatchEverythingThatIsListed(t *testing.T) {
	job := token.Identity{Issuer: "github", Repository: "acme/web", RepositoryID: "1", Ref: "refs/tags/v1", Environment: "production", Workflow: "acme/ci/.github/workflows/deploy.yml@refs/heads/main", Event: "push"}
	for name, c := range map[string]struct {
		change func(*Who)
		want   bool
	}{
		"nothing more":         {func(*Who) {}, true},
		"a tag":                {func(w *Who) { w.Refs = []string{"refs/heads/main", "refs/tags/v*"} }, true},
		"another ref":          {func(w *Who) { w.Refs = []string{"refs/heads/main"} }, false},
		"a prefix is no match": {func(w *Who) { w.Refs = []string{"refs/tags/v"} }, false},
		"its environment":      {func(w *Who) { w.Environments = []string{"production"} }, true},
		"another environment":  {func(w *Who) { w.Environments = []string{"staging"} }, false},
		"another workflow":     {func(w *Who) { w.Workflows = []string{"acme/web/*"} }, false},
		"another event":        {func(w *Who) { w.Events = []string{"workflow_dispatch"} }, false},
		"another number":       {func(w *Who) { w.RepositoryID = "2" }, false},
	} {
		w := Who{Issuer: "github", Repository: "acme/web", RepositoryID: "1"}
		c.change(&w)
		if got := w.covers(job); got != c.want {
			t.Errorf("%s: %v; want %v", name, got, c.want)
		}
	}
	job.Environment = ""
	if w := (Who{Issuer: "github", Repository: "acme/web", RepositoryID: "1", Environments: []string{"p*"}}); w.covers(job) {
		t.Error("a job without an environment matches one")
	}
}
