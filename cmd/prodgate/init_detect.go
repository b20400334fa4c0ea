package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/zone"
	"gopkg.in/yaml.v3"
)

// The CI systems that init writes a workflow for.
const (
	githubCI = "github"
	gitlabCI = "gitlab"
	noCI     = "none"
)

var ciSystems = []string{githubCI, gitlabCI, noCI}

// detect completes h with what the folder's repository and the machine show. Values
// that were given are checked and kept.
func (h *home) detect(std stdio, ci string) error {
	if h.Service == "" {
		h.Service = strings.ToLower(filepath.Base(h.root))
	}
	for flag, word := range map[string]string{"service": h.Service, "environment": h.Environment} {
		if !identifier.MatchString(word) {
			return usage(fmt.Sprintf("--%s NAME, as in payments-api", flag), "%q cannot be the name of a %s", word, flag)
		}
	}
	if _, err := zone.Load(h.Timezone); err != nil {
		return usage("write an IANA name, as in America/New_York", "--timezone: %w", err)
	}
	if ci != "" && !slices.Contains(ciSystems, ci) {
		return usage("one of "+strings.Join(ciSystems, ", "), "unknown --ci %q", ci)
	}
	host, project := origin(h.root)
	h.CI, h.Project = cmp.Or(ci, ciOf(host)), project
	if h.CI != noCI && project == "" {
		return usage("add a remote named origin, or use --ci none", "--ci %s: the repository of %s has no remote named origin", h.CI, h.root)
	}
	h.API = apiOf(h.CI, host)
	h.Repository = cmp.Or(h.Repository, registryOf(host, project, h.Service))
	h.Trail = cmp.Or(h.Trail, trailFor(h.CI))
	if strings.HasPrefix(h.Timezone, "America/") {
		h.Country = "US"
	}
	h.Context = kubeContext(std)
	return nil
}

// trailFor is where the trail of a CI system can be: a file on a hosted runner is
// deleted after the job.
func trailFor(ci string) string {
	if ci == noCI {
		return "trail.db"
	}
	return placeholderTrail
}

// placeholderTrail must be replaced by the address of a trail server.
const placeholderTrail = "https://trail.example.com"

// ciOf is the CI system of a host.
func ciOf(host string) string {
	switch {
	case host == "github.com", strings.HasSuffix(host, ".ghe.com"), strings.Contains(host, "github"):
		return githubCI
	case strings.Contains(host, "gitlab"):
		return gitlabCI
	}
	return noCI
}

// apiOf is the address of the API of a host; empty for the public hosts.
func apiOf(ci, host string) string {
	switch {
	case host == "github.com", host == "gitlab.com", ci == noCI:
		return ""
	case strings.HasSuffix(host, ".ghe.com"):
		return "https://api." + host
	case ci == githubCI:
		return "https://" + host + "/api/v3"
	}
	return "https://" + host + "/api/v4"
}

// registryOf is the image repository that a project has at its host.
func registryOf(host, project, service string) string {
	switch host {
	case "github.com":
		return "ghcr.io/" + strings.ToLower(project)
	case "gitlab.com":
		return "registry.gitlab.com/" + strings.ToLower(project)
	}
	return "registry.example.com/" + service
}

// projectName matches OWNER/NAME, and the longer paths of GitLab.
var projectName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)+$`)

// origin is the host and the project of the remote "origin" of the repository that a
// folder is in; empty if there is none, or if it is not at a host.
func origin(dir string) (host, project string) {
	text, err := gitConfig(dir)
	if err != nil {
		return "", ""
	}
	var address string
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && section == `[remote "origin"]` && strings.TrimSpace(key) == "url" && address == "" {
			address = strings.TrimSpace(value)
		}
	}
	if before, path, ok := strings.Cut(address, ":"); ok && !strings.Contains(address, "://") { // git@HOST:PATH
		address = "ssh://" + before + "/" + path
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", ""
	}
	project = strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
	if !projectName.MatchString(project) {
		return "", ""
	}
	return strings.ToLower(u.Hostname()), project
}

// gitConfig is the configuration of the repository that a folder is in.
func gitConfig(dir string) (string, error) {
	for {
		git := filepath.Join(dir, ".git")
		text, err := os.ReadFile(git) // a work tree, or a submodule: a file that names the folder
		if folder, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: "); err == nil && ok {
			if !filepath.IsAbs(folder) {
				folder = filepath.Join(dir, folder)
			}
			git = folder
			if common, err := os.ReadFile(filepath.Join(git, "commondir")); err == nil {
				git = filepath.Join(git, strings.TrimSpace(string(common)))
			}
		}
		if content, err := os.ReadFile(filepath.Join(git, "config")); err == nil {
			return string(content), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir || exists(git) {
			return "", errors.New("no repository")
		}
		dir = parent
	}
}

// kubeContext is the current context of kubectl; empty if there is none that a command
// line can hold as it is.
func kubeContext(std stdio) string {
	path := cmp.Or(std.getenv("KUBECONFIG"), filepath.Join(std.getenv("HOME"), ".kube", "config"))
	content, err := os.ReadFile(path)
	if err != nil || len(content) > 1<<20 {
		return ""
	}
	var c struct {
		Current string `yaml:"current-context"`
	}
	if yaml.Unmarshal(content, &c) != nil || !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@:/-]*$`).MatchString(c.Current) {
		return ""
	}
	return c.Current
}
