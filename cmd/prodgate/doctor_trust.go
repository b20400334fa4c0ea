package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/zone"
)

// surroundings checks the machine's clock and the site's zone.
func (d *diagnosis) surroundings(doc *facts.Document) {
	d.heading("Surroundings")
	now := d.std.clock()
	if built, ok := builtAt(); ok && now.Before(built) {
		d.fail("clock", "set the machine's clock", "the clock shows %s, before this prodgate was built (%s)", now.Format(time.RFC3339), built.Format(time.RFC3339))
	} else {
		d.ok("clock", "%s", now.UTC().Format(time.RFC3339))
	}
	switch {
	case doc.Calendar == nil:
		d.warn("zone", "configure sources.calendar", "no calendar defines the time zone; windows cannot be evaluated")
	default:
		site, err := zone.Load(doc.Calendar.Timezone)
		if err != nil {
			d.fail("zone", "write an IANA name, as in America/New_York", "unknown time zone %q", doc.Calendar.Timezone)
			return
		}
		d.ok("zone", "%s, where it is %s", site, now.In(site).Format("Monday 15:04 -07:00"))
	}
}

// builtAt returns the time of the commit that this binary was built from.
func builtAt() (time.Time, bool) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}, false
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			at, err := time.Parse(time.RFC3339, s.Value)
			return at, err == nil
		}
	}
	return time.Time{}, false
}

// dockerConfig is the part of docker's configuration with registry credentials.
type dockerConfig struct {
	Auths       map[string]json.RawMessage `json:"auths"`
	CredsStore  string                     `json:"credsStore"`
	CredHelpers map[string]string          `json:"credHelpers"`
}

// credentials checks whether docker's credentials can be read. It shows none of them.
func (d *diagnosis) credentials() {
	dir := d.std.getenv("DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(d.std.getenv("HOME"), ".docker")
	}
	path := filepath.Join(dir, "config.json")
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.ok("registry login", "none (no %s): only public images can be read", path)
		return
	case err != nil:
		d.fail("registry login", "make the file readable", "%v", err)
		return
	}
	var c dockerConfig
	if err := json.Unmarshal(content, &c); err != nil {
		d.fail("registry login", "log in again with docker login", "%s is not JSON that docker wrote", path)
		return
	}
	var names []string
	for name := range c.Auths {
		names = append(names, name)
	}
	helpers := []string{c.CredsStore}
	for name, helper := range c.CredHelpers {
		names, helpers = append(names, name), append(helpers, helper)
	}
	slices.Sort(names)
	d.ok("registry login", "%s: %s", path, cmp.Or(strings.Join(slices.Compact(names), ", "), "no registry"))
	slices.Sort(helpers)
	for _, helper := range slices.Compact(helpers) {
		if helper == "" {
			continue
		}
		if _, err := exec.LookPath("docker-credential-" + helper); err != nil {
			d.fail("registry login", "install it, or remove it from "+path, "the helper docker-credential-%s cannot be run", helper)
		}
	}
}

// trust warns of everything that the gate depends on and the author of a change can
// edit: files in the checkout that prodgate runs in.
func (d *diagnosis) trust() {
	d.heading("Who can change what the gate depends on")
	cure := "keep it outside the deployed checkout, at a pinned commit, as the workflow of prodgate init for GitHub does; in GitLab, at least let its owners approve changes (CODEOWNERS)"
	warned := d.warnings
	if d.inCheckout(d.cfg.Path) {
		d.warn("config", cure, "%s is in the checkout %s: whoever changes the code can change it", d.std.short(d.cfg.Path), d.cfg.Root)
	}
	for _, pack := range d.cfg.Get("policies").List {
		if d.inCheckout(pack) {
			d.warn("policies", cure, "%s is in the checkout %s: whoever changes the code can weaken the policies", d.std.short(pack), d.cfg.Root)
		}
	}
	var inside []string
	for _, file := range slices.Concat(d.cfg.File.SourceFiles(), d.feeds) {
		if d.inCheckout(file) {
			inside = append(inside, d.std.short(file))
		}
	}
	if location := d.cfg.Get("trail").Text; !strings.Contains(location, "://") && d.inCheckout(location) {
		d.warn("trail", cure, "%s is in the checkout %s: whoever changes the code can replace it", d.std.short(location), d.cfg.Root)
	}
	if len(inside) > 0 {
		d.warn("evidence", cure, "these are in the checkout %s: %s", d.cfg.Root, strings.Join(inside, ", "))
	}
	if len(d.cfg.Get("policies").List) > 0 {
		d.row("", "pin", "compare policy.digest of the decision with the digest above, as the workflow of prodgate init does")
	}
	if d.warnings == warned {
		d.ok("checkout", "none of them is in the checkout that prodgate runs in")
	}
}

// inCheckout reports whether path is in the git checkout of the working folder, and
// not in another checkout inside it. Symbolic links are followed.
func (d *diagnosis) inCheckout(path string) bool {
	if path == "" || d.cfg.Root == "" {
		return false
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	root := d.cfg.Root
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	for dir := path; ; dir = filepath.Dir(dir) {
		if dir == root {
			return true
		}
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || dir == filepath.Dir(dir) {
			return false
		}
	}
}
