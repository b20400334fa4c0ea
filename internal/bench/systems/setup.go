package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/githubtest"
	"github.com/prodgate/prodgate/internal/graphtest"
)

// setup is a configuration that is measured.
type setup struct {
	name        string
	sections    map[string]string // the systems of each, as in prodgate.yaml
	deployments int               // to production
}

var cases = []setup{
	{name: "none", deployments: 1},
	{"approvals", map[string]string{"approvals": "github"}, 3},
	{"people: GitHub", map[string]string{"people": "github"}, 3},
	{"people: Graph", map[string]string{"people": "entra"}, 3},
	{"production, 3 deployments", map[string]string{"production": "github"}, 3},
	{"production, 100 deployments", map[string]string{"production": "github"}, 100},
	{"all, 3 deployments", all, 3},
	{"all, 100 deployments", all, 100},
}

var all = map[string]string{"approvals": "github", "people": "github, entra", "production": "github"}

const systems = `
systems:
  github:
    url: %s
    repository: acme/payments-api
    teams: [production-approvers]
    roles: {platform-lead: [platform-leads], release-manager: [release-managers]}
    app: {id_env: BENCH_APP_ID, key_env: BENCH_APP_KEY}
  entra:
    url: %[2]s
    authority: %[2]s
    tenant: %s
    client_id: %s
    credential: client-secret
    mapping: people.yaml
    teams: {production-approvers: [%s]}
    roles: {platform-lead: [%s]}
`

// world is the systems, and the environment of the program that reads them.
type world struct {
	setup
	*clock
	folder      string
	hub         *githubtest.Server
	tenant      *graphtest.Server
	environment []string
}

func (w world) close() {
	w.hub.Close()
	w.tenant.Close()
}

// start starts the systems, and writes the configuration into a folder.
func (c setup) start(folder string, latency time.Duration) (world, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return world{}, fmt.Errorf("generate the key of the app: %w", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return world{}, fmt.Errorf("make a folder for the configuration: %w", err)
	}
	w := world{setup: c, folder: folder, clock: &clock{latency: latency}, hub: githubtest.New(time.Now), tenant: graphtest.New(time.Now)}
	c.fill(w.hub, w.tenant)
	w.hub.App = &githubtest.App{ID: "813", Key: &key.PublicKey, Permissions: []string{githubtest.Members, githubtest.Administration}, Installed: true}
	w.hub.Fault, w.tenant.Fault = w.delay, w.delay
	w.environment = []string{
		"HOME=" + folder, "PATH=" + os.Getenv("PATH"), "GITHUB_ACTIONS=true", "GITHUB_TOKEN=ghs_bench", "GITHUB_SERVER_URL=" + w.hub.URL, "GITHUB_REPOSITORY=acme/payments-api",
		"GITHUB_RUN_ID=77", "GITHUB_RUN_ATTEMPT=1", "GITHUB_EVENT_NAME=workflow_dispatch", "GITHUB_ACTOR=octocat", "GITHUB_ACTOR_ID=1", "GITHUB_TRIGGERING_ACTOR=octocat",
		"AZURE_CLIENT_SECRET=" + w.tenant.Secret, "BENCH_APP_ID=813",
		"BENCH_APP_KEY=" + string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	}
	return w, w.write()
}

func object(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", n) }

// fill lets a run be reviewed after some deployments.
func (c setup) fill(hub *githubtest.Server, tenant *graphtest.Server) {
	hub.Tokens["ghs_bench"] = githubtest.All
	hub.Reviewers["production"] = []string{"production-approvers"}
	hub.Add(githubtest.Account{ID: 1, Login: "octocat"}, githubtest.Account{ID: 2, Login: "lead"})
	hub.Join("production-approvers", "lead", "active")
	hub.Join("platform-leads", "lead", "active")
	hub.Join("release-managers", "octocat", "active")
	hub.Start(githubtest.Run{ID: 7, Event: "push", SHA: strings.Repeat("6b", 20), Attempt: 1, Actor: "octocat", TriggeringActor: "octocat"})
	for range c.deployments - 1 {
		hub.Deploy(7, "production", "in_progress", "success")
	}
	hub.Start(githubtest.Run{ID: 77, Event: "workflow_dispatch", SHA: strings.Repeat("7a", 20), Attempt: 1, Actor: "octocat", TriggeringActor: "octocat"})
	hub.Wait(77, "production")
	hub.Review(77, "lead", "approved", "", "production")
	tenant.Secret = "bench-secret"
	tenant.Add(graphtest.User{ID: object(1), Name: "octocat@example.com"}, graphtest.User{ID: object(2), Name: "lead@example.com"})
	tenant.Groups[object(20)] = graphtest.Group{ID: object(20), Members: []string{object(2)}}
	tenant.Groups[object(30)] = graphtest.Group{ID: object(30), Members: []string{object(2)}}
}

func (w world) write() error {
	organisation, err := filepath.Abs("fixtures/organisation")
	if err != nil {
		return fmt.Errorf("find the settings: %w", err)
	}
	text := "version: 1\nservice: payments-api\nenvironment: production\npolicies: [" + organisation + "]\n" + fmt.Sprintf(systems, w.hub.URL, w.tenant.URL, w.tenant.Tenant, w.tenant.ClientID, object(20), object(30))
	if len(w.sections) > 0 {
		text += "sources:\n"
	}
	for section, of := range w.sections {
		text += fmt.Sprintf("  %s: [%s]\n", section, of)
	}
	people := fmt.Sprintf("- {entra: %s, ids: [\"github:1\"]}\n- {entra: %s, ids: [\"github:2\"]}\n", object(1), object(2))
	for name, content := range map[string]string{"prodgate.yaml": text, "people.yaml": people} {
		if err := os.WriteFile(filepath.Join(w.folder, name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	return nil
}

// allRead returns an error if a section could not be read.
func allRead(name string, sections map[string]string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read what was collected: %w", err)
	}
	var found struct {
		Sources map[string]struct{ Status, Error string }
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return fmt.Errorf("read what was collected: %w", err)
	}
	for section := range sections {
		if s := found.Sources[section]; s.Status != "ok" {
			return fmt.Errorf("%s was not read: %s", section, s.Error)
		}
	}
	return nil
}
