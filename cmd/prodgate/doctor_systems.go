package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/rollback"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// named tests the systems under "systems" that can be tested without a run.
func (d *diagnosis) named(ctx context.Context) {
	sources := sourcesFor(d.cfg, d.std)
	sources.Service, sources.Environment = d.cfg.Get("service").Text, d.cfg.Get("environment").Text
	tested := sources.Test(ctx)
	if len(tested) == 0 {
		return
	}
	d.heading("Systems")
	for _, t := range tested {
		var missing source.NoSecret
		switch {
		case t.Missing != "":
			d.row("not tried", t.Name, t.Kind+": "+t.Missing)
		case t.Err == nil:
			d.ok(t.Name, "%s: it can be read with the permissions that it needs", t.Kind)
		case errors.As(t.Err, &missing):
			d.row("not tried", t.Name, t.Kind+": "+string(missing))
		default:
			for _, line := range strings.Split(t.Err.Error(), "\n") {
				d.fail(t.Name, "give the token the permission, or correct the setting, that the line above names", "%s: %s", t.Kind, line)
			}
		}
	}
}

// missing says what a section cannot be tried without; empty: it can be tried.
func (d *diagnosis) missing(section string) string {
	need := sourcesFor(d.cfg, d.std).Need(section)
	switch {
	case need&source.Trail != 0 && d.cfg.Get("trail").Text == placeholderTrail:
		return "the location of the trail is a placeholder"
	case need&source.Trail != 0 && d.begins:
		return "the first decision creates the trail"
	case d.image == "" && (need&source.Image != 0 || section == "rollback"): // a plan in a file has a target, too
		return "prodgate doctor IMAGE reads its registry"
	case need&source.Run != 0 && !d.cfg.Get("deployment").Given():
		return "it is read in a run of the CI system"
	}
	return ""
}

// trailBegins reports whether the trail does not exist yet.
func (d *diagnosis) trailBegins(ctx context.Context) bool {
	location := d.cfg.Get("trail").Text
	if location == "" || location == placeholderTrail {
		return false
	}
	log, err := trail.Open(ctx, location, trailOptions(d.std, d.cfg, true))
	if err == nil {
		_ = log.Close()
	}
	return errors.Is(err, fs.ErrNotExist)
}

// count shows how many sections have a system that knows their facts, and which are
// written by hand.
func (d *diagnosis) count() {
	sources := sourcesFor(d.cfg, d.std)
	known := 0
	var byHand, none []string
	for _, section := range facts.Sections {
		switch {
		case sources.ByHand(section) && len(sources.Sources[section]) > 0:
			byHand = append(byHand, section)
		case len(sources.Sources[section]) == 0 && sources.ByHand(section):
			none = append(none, section)
		default:
			known++
		}
	}
	text := fmt.Sprintf("%d of %d sections are read from systems", known, len(facts.Sections))
	if len(byHand) > 0 {
		text += "; from files: " + strings.Join(byHand, ", ")
	}
	if len(none) > 0 {
		text += "; from nowhere: " + strings.Join(none, ", ")
	}
	d.row("", "in all", text)
}

// placeholders warns of what init wrote and nobody has replaced.
func (d *diagnosis) placeholders() {
	shown := false
	warn := func(subject, cure, format string, args ...any) {
		if !shown {
			d.heading("Placeholders")
			shown = true
		}
		d.warn(subject, cure, format, args...)
	}
	if d.cfg.Get("trail").Text == placeholderTrail {
		warn("trail", "run a server (docs/server.md), and write its address into "+d.file(), "%s is a placeholder: without a trail nothing is decided", placeholderTrail)
	}
	if strings.Contains(string(d.inForceNow), `"registry.example.com/`) {
		warn("repositories", "name the service's image repositories in pack/data.yaml", "registry.example.com is a placeholder: no image of the service is in its repositories")
	}
	for _, skeleton := range collectors.Skeletons() {
		path := filepath.Join(d.cfg.Dir(), evidenceFolder, skeleton.Filename)
		content, err := os.ReadFile(path)
		if err == nil && bytes.Equal(bytes.TrimSpace(content), bytes.TrimSpace([]byte(d.asWritten(skeleton.Content)))) {
			warn(skeleton.Section, "write what is true, or let a system that knows it write the file", "%s is as prodgate init wrote it: its facts are invented", d.std.short(path))
		}
	}
	d.unfinishedPlan(warn)
	for _, ci := range []string{githubCI, gitlabCI} {
		workflow := home{root: d.cfg.Dir(), CI: ci, Environment: d.cfg.Get("environment").Text}.workflow().path
		if content, err := os.ReadFile(workflow); err == nil {
			if line := zeros(content); line > 0 {
				warn("workflow", "replace the pins by the real ones", "%s:%d is a placeholder of zeros", d.std.short(workflow), line)
			}
		}
	}
}

// bareRevision matches the word that init writes instead of a revision, but not a variable
// with that name: $REVISION, ${REVISION}.
var bareRevision = regexp.MustCompile(`(?:^|[^$\w{]|(?:^|[^$])\{)REVISION\b`)

// unfinishedPlan warns of a rollback procedure as init wrote it: it names no revision, or
// nobody has checked that it works.
func (d *diagnosis) unfinishedPlan(warn func(subject, cure, format string, args ...any)) {
	sources := sourcesFor(d.cfg, d.std)
	for _, use := range sources.Sources["rollback"] {
		system, key := sources.Systems[use.System], "systems."+use.System
		if use.Inline != nil {
			system, key = *use.Inline, "sources.rollback"
		}
		plan, ok := system.Settings.(*rollback.Procedure)
		if !ok {
			continue
		}
		where := d.file() + ": " + key
		if bareRevision.MatchString(plan.Procedure) {
			warn("rollback", "write the command or the runbook that an engineer follows", "%s.procedure is a placeholder: REVISION names no revision", where)
		}
		if plan.ReviewedAt == nil {
			warn("rollback", "try the procedure, then write the time into reviewed_at", "%s.reviewed_at is null: nobody has checked that the procedure works", where)
		}
	}
}

// asWritten is a skeleton as init writes it for the service and environment.
func (d *diagnosis) asWritten(skeleton string) string {
	return home{Service: d.cfg.Get("service").Text, Environment: d.cfg.Get("environment").Text}.named(skeleton)
}

// zeros is the first line with a hash of zeros; 0: there is none.
func zeros(content []byte) int {
	for i, line := range strings.Split(string(content), "\n") {
		if strings.Contains(line, strings.Repeat("0", 40)) {
			return i + 1
		}
	}
	return 0
}
