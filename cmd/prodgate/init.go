package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/signing"
	"github.com/spf13/cobra"
)

// identifier matches valid names of services and environments.
var identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

func newInit(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Create a configuration, a policy pack and a workflow",
		Long: `Init writes prodgate.yaml, pack/ with settings that list the service, a key that
signs the provenance of builds, evidence/ with a template for each section that no
system reports, a .gitignore, and the workflow of the CI system. It finds the CI
system by the remote "origin" of the repository. For GitHub it also writes the
manifest of a GitHub App that can read teams.

The result works immediately: "prodgate eval" denies and explains why, and "prodgate
doctor" shows what is still missing. Existing files are only overwritten with --force;
a key is never overwritten.`,
		Args: none,
	}
	flags := cmd.Flags()
	dir := flags.String("dir", ".", "the folder to write to")
	service := flags.String("service", "", "the name of the service; default: the name of the folder")
	environment := flags.String("environment", "production", "the name of the environment")
	repository := flags.String("repository", "", "the repository of the service's images; default: the one of the remote at its host's registry")
	location := flags.String("trail", "", "the location of the audit trail; default: a server for CI systems, otherwise trail.db")
	timezone := flags.String("timezone", "America/New_York", "the time zone of the site, an IANA name")
	deny := flags.String("vulnerabilities", "", "which vulnerabilities deny: "+strings.Join(severityChoices, " or ")+" (which includes critical); default: ask on a terminal, otherwise critical")
	system := flags.String("ci", "", "the CI system: "+strings.Join(ciSystems, ", ")+"; default: that of the remote")
	force := flags.Bool("force", false, "overwrite existing files")
	complete(cmd, "vulnerabilities", severityChoices)
	complete(cmd, "ci", ciSystems)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		h := home{
			root: std.path(*dir), Service: *service, Environment: *environment, Repository: *repository,
			Trail: *location, Timezone: *timezone, Deny: *deny,
		}
		if err := h.detect(std, *system); err != nil {
			return err
		}
		if err := h.ask(std); err != nil {
			return err
		}
		return initialise(cmd.Context(), std, h, *force)
	}
	return cmd
}

// evidenceFolder is the folder of the skeletons, next to prodgate.yaml.
const evidenceFolder = "evidence"

// severityChoices are the values of --vulnerabilities.
var severityChoices = []string{"critical", "high"}

// home is the data of the templates of init.
type home struct {
	root         string
	Service      string
	Environment  string
	CI           string // of ciSystems
	Project      string // OWNER/NAME on the CI system
	API          string // of the CI system; empty: that of its public host
	Repository   string // of the images
	Trail        string
	Timezone     string
	Country      string // ISO 3166, whose public holidays close production; empty: none
	Context      string // of kubectl; empty: none
	Deny         string // critical or high
	PublicKey    string // PEM of the key that signs provenance, indented
	PolicyDigest string // of the shipped policies with the written pack
}

// Severities are those that deny.
func (h home) Severities() string {
	if h.Deny == "high" {
		return "CRITICAL, HIGH"
	}
	return "CRITICAL"
}

// ask asks on a terminal for what was not given, once.
func (h *home) ask(std stdio) error {
	in, isFile := std.in.(*os.File)
	if h.Deny == "" && isFile && print.IsTerminal(in) && print.IsTerminal(std.err) {
		fmt.Fprint(std.err, "Which vulnerabilities deny: critical, or high (which includes critical)? [critical] ")
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && err != io.EOF { //nolint:errorlint // ReadString returns it as it is
			return fmt.Errorf("read the answer: %w", err)
		}
		h.Deny = strings.ToLower(strings.TrimSpace(line))
	}
	if h.Deny == "" {
		h.Deny = severityChoices[0]
	}
	if !slices.Contains(severityChoices, h.Deny) {
		return usage("write "+strings.Join(severityChoices, " or "), "unknown --vulnerabilities %q", h.Deny)
	}
	return nil
}

// byHand are the sections that are read from files.
func (h home) byHand() []string {
	sections := []string{"incidents", "on_call", "notifications", "monitoring"}
	if h.CI == noCI {
		sections = append(sections, "approvals", "people")
	}
	return sections
}

func initialise(ctx context.Context, std stdio, h home, force bool) error {
	at := func(names ...string) string { return filepath.Join(append([]string{h.root}, names...)...) }
	s := scaffold{{path: at(config.Filename), template: "init/prodgate.yaml.tmpl"}}
	for _, skeleton := range collectors.Skeletons() {
		if slices.Contains(h.byHand(), skeleton.Section) {
			s = append(s, blueprint{path: at(evidenceFolder, skeleton.Filename), content: []byte(h.named(skeleton.Content))})
		}
	}
	if h.CI == githubCI {
		s = append(s, blueprint{path: at(".github", "prodgate-app.json"), template: "init/github-app.json.tmpl"})
	}
	s = append(s, blueprint{path: at("pack", "data.yaml"), template: "init/pack.yaml.tmpl"})
	workflow := h.workflow()
	s = append(s, workflow)
	if main := at(".gitlab-ci.yml"); h.CI == gitlabCI && !exists(main) {
		s = append(s, blueprint{path: main, template: "init/gitlab-ci.yml.tmpl"})
	}
	key, err := h.key()
	if err != nil {
		return err
	}
	if err := s.write(h, force); err != nil {
		return err
	}
	keys, err := key.write()
	if err != nil {
		return err
	}
	if err := h.pin(ctx, std, at("pack"), workflow); err != nil {
		return err
	}
	ignored, err := gitIgnore(at(".gitignore"), "/trail.db*", "*.key")
	if err != nil {
		return err
	}
	var text strings.Builder
	var written []string
	for _, b := range s {
		written = append(written, b.path)
	}
	for _, path := range slices.Concat(written, keys, ignored) {
		text.WriteString("wrote " + std.short(path) + "\n")
	}
	text.WriteString(h.next())
	return writeText(std, text.String())
}

// workflow is the file of the CI system that deploys.
func (h home) workflow() blueprint {
	if h.CI == gitlabCI {
		return blueprint{path: filepath.Join(h.root, ".gitlab", h.Environment+".yml"), template: "init/gitlab.yml.tmpl"}
	}
	return blueprint{path: filepath.Join(h.root, ".github", "workflows", h.Environment+".yml"), template: "init/production.yml.tmpl"}
}

// buildKey is the key that signs the provenance of builds: a new one, or the one that
// an earlier init created.
type buildKey struct {
	path    string
	created *signing.PrivateKey // nil: it was there
}

// key reads the public key that is there, or creates a key.
func (h *home) key() (buildKey, error) {
	k := buildKey{path: filepath.Join(h.root, "build.key")}
	var public *signing.PublicKey
	if text, err := os.ReadFile(k.path + ".pub"); err == nil {
		if public, err = signing.ParsePublic(k.path+".pub", text); err != nil {
			return k, err
		}
	} else {
		if exists(k.path) {
			return k, usage("move it away, or write its public key there", "%s is there, but %s.pub cannot be read", k.path, k.path)
		}
		if k.created, err = signing.NewPrivateKey(); err != nil {
			return k, err
		}
		public = k.created.Public()
	}
	h.PublicKey = strings.ReplaceAll(strings.TrimSpace(string(public.PEM())), "\n", "\n            ")
	return k, nil
}

// write writes the two files of a new key.
func (k buildKey) write() ([]string, error) {
	if k.created == nil {
		return nil, nil
	}
	if err := signing.WritePrivate(k.path, k.created, nil); err != nil {
		return nil, err
	}
	return []string{k.path, k.path + ".pub"}, signing.WritePublic(k.path+".pub", k.created.Public())
}

// gitIgnore appends lines to a .gitignore that does not have them, and returns its name if
// it was changed.
func gitIgnore(path string, lines ...string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("read: %w", err)
	}
	have := strings.Split(string(text), "\n")
	missing := slices.DeleteFunc(lines, func(line string) bool { return slices.Contains(have, line) })
	if len(missing) == 0 {
		return nil, nil
	}
	added := strings.Join(missing, "\n") + "\n"
	if len(text) > 0 && !strings.HasSuffix(string(text), "\n") {
		added = "\n" + added
	}
	return []string{path}, appendTo(path, added)
}

// named replaces the names of the service and the environment in a skeleton.
func (h home) named(skeleton string) string {
	return strings.NewReplacer(
		"payments-api", h.Service,
		"environment: production", "environment: "+h.Environment,
		"[production]", "["+h.Environment+"]",
	).Replace(skeleton)
}

// pin writes into the workflow the policy digest with the written pack.
func (h home) pin(ctx context.Context, std stdio, pack string, workflow blueprint) error {
	gate, err := load(ctx, std, []string{pack})
	if err != nil {
		return err
	}
	h.PolicyDigest = gate.Policy().Digest
	if err := workflow.render(h); err != nil {
		return err
	}
	return workflow.write(true)
}

// TrailServer is the address of the trail's server, which a job of GitLab proves itself to;
// the placeholder if the trail is at no server.
func (h home) TrailServer() string {
	if behindHTTP(h.Trail) {
		return h.Trail
	}
	return placeholderTrail
}

// Action is the commit of the GitHub Action that the workflow runs: the one that this
// prodgate was built from. Forty zeros, which doctor finds: it is not known.
func (h home) Action() string {
	if commit := builtFrom(); commit != "" {
		return commit
	}
	return strings.Repeat("0", 40)
}

// next is what to do after init.
func (h home) next() string {
	text := `
Next:
  prodgate doctor      shows the settings in effect and tests each source
  prodgate eval IMAGE --trigger workflow_dispatch --requested-by github:ID --triggered-by github:ID
                       denies and shows what is missing; in GitHub Actions the flags have defaults
  Give build.key to the build alone (a secret PRODGATE_KEY), and delete it here.
  Fill evidence/, or let the systems that have the facts write it.
  Move prodgate.yaml, evidence/ and pack/ into a repository that authors of
  changes cannot write to, and pin it in the workflow.
`
	switch h.CI {
	case githubCI:
		text += `  If that repository is private, store a token that can read it as the secret GATE_TOKEN.
  Create a GitHub App from .github/prodgate-app.json, install it, and store its id and
  private key as the secrets PRODGATE_APP_ID and PRODGATE_APP_KEY (docs/github.md).
`
	case gitlabCI:
		text += fmt.Sprintf(`  Mirror prodgate to your GitLab, and name it and the pins in .gitlab/%[1]s.yml
  (docs/gitlab.md). A .gitlab-ci.yml of your own includes that file: "local: .gitlab/%[1]s.yml".
  Protect the environment %[1]s with an approval rule.
`, h.Environment)
	}
	if h.Trail == placeholderTrail {
		text += `  Run a trail server and write its address into prodgate.yaml (docs/server.md).
`
	}
	return text
}
