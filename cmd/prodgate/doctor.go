package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/spf13/cobra"
)

func newDoctor(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [IMAGE]",
		Short: "Show the origin of each setting and test each source",
		Long: `Doctor shows each setting and where it comes from, loads the policies, tests each
source, and warns about evidence that the author of a change could have edited. With
IMAGE it also reads the registry. It makes no decision: it exits with 0 if everything
works (warnings are allowed) and with 2 if something is broken.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("prodgate doctor [IMAGE]", "one image at a time, got %q and %q", args[0], args[1])
			}
			return nil
		},
	}
	addRequestSettings(cmd)
	addInsecure(cmd)
	addSettings(cmd, "policies", "config", "timeout", "trail", "trail-key")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return doctor(cmd, std, args) }
	return cmd
}

// doctor examines everything it can, whatever is broken before it.
func doctor(cmd *cobra.Command, std stdio, args []string) error {
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	timeout, err := cfg.Timeout()
	if err != nil {
		return usage("", "%w", err)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	image := ""
	if len(args) == 1 {
		image = args[0]
	}
	applyInsecure(cmd, cfg)
	if image != "" {
		_ = inferService(ctx, std, cfg, nil, image) // problems of the policies are shown below
	}
	d := diagnosis{std: std, cfg: cfg, image: image, out: newSheet(std)}
	d.begins = d.trailBegins(ctx)
	d.settings()
	d.policies(ctx)
	d.placeholders()
	d.named(ctx)
	doc := d.sources(ctx)
	d.trail(ctx)
	d.calendar(ctx)
	d.surroundings(doc)
	d.credentials()
	d.trust()
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	return d.conclude()
}

// diagnosis is the result so far.
type diagnosis struct {
	std   stdio
	cfg   *config.Config
	image string // "" if none was given

	begins     bool            // the trail does not exist yet: the first decision creates it
	inForceNow json.RawMessage // the policies' settings; nil: not known
	feeds      []string        // files that the calendar refers to

	out              *print.Sheet
	broken, warnings int
}

func (d *diagnosis) heading(text string) {
	if len(d.out.Bytes()) > 0 {
		d.out.Blank()
	}
	d.out.Line(text)
}

func (d *diagnosis) row(word, subject, detail string) {
	d.out.Hang(fmt.Sprintf("  %-12s  %-15s  ", word, subject), print.Text(strings.TrimSpace(detail)))
}

func (d *diagnosis) ok(subject, format string, args ...any) {
	d.row("ok", subject, fmt.Sprintf(format, args...))
}

// warn records something that works but should be changed; cure is what to do.
func (d *diagnosis) warn(subject, cure, format string, args ...any) {
	d.warnings++
	d.row("warning", subject, fmt.Sprintf(format, args...))
	d.row("", "", "cure: "+cure)
}

// fail records something that is broken; cure is what to do.
func (d *diagnosis) fail(subject, cure, format string, args ...any) {
	d.broken++
	d.row("broken", subject, fmt.Sprintf(format, args...))
	d.row("", "", "cure: "+cure)
}

// conclude writes the diagnosis and a count.
func (d *diagnosis) conclude() error {
	d.out.Blank()
	d.out.Linef("%d broken, %d warnings", d.broken, d.warnings)
	if err := writeSheet(d.std, d.out); err != nil {
		return err
	}
	if d.broken > 0 {
		return verdict(exitNoDecision)
	}
	return nil
}

// file is the name of the configuration file in use, or of the one to write.
func (d *diagnosis) file() string {
	return cmp.Or(d.cfg.File.Sources.File, config.Filename)
}

// settings shows every setting with its origin.
func (d *diagnosis) settings() {
	d.heading("Settings of this run")
	if d.cfg.Path == "" {
		d.warn("config", "prodgate init creates one", "there is no %s from here up to the repository's root", config.Filename)
	} else {
		d.ok("config", "%s", d.cfg.Path)
	}
	for _, v := range d.cfg.All() {
		if v.Name == "config" {
			continue
		}
		d.row("", v.Name, cmp.Or(v.Shown(), "—")+"  ("+v.Origin.String()+")")
	}
	for _, name := range []string{"service", "environment"} {
		if !d.cfg.Get(name).Given() {
			d.fail(name, fmt.Sprintf("set it in %s: %s: NAME", d.file(), name), "missing")
		}
	}
	if _, err := kind(d.cfg.Get("kind")); err != nil {
		d.fail("kind", "one of initial, promotion, configuration, rollback", "%v", err)
	}
	if at := d.cfg.Get("requested-at"); at.Given() {
		if _, err := instant(at.Text, at.Origin.String()); err != nil {
			d.fail("requested-at", "write it as 2026-11-24T11:20:00-05:00", "%v", err)
		}
	}
}

// policies loads the rules and shows the service's settings in force.
func (d *diagnosis) policies(ctx context.Context) {
	d.heading("Policies")
	packs := d.cfg.Get("policies").List
	gate, err := d.std.policies(ctx, packs)
	if err != nil {
		d.fail("policies", "fix the pack or remove it; until then there is no decision", "%v", err)
		return
	}
	id := gate.Policy()
	d.ok("rules", "%s %s", id.Version, id.Revision)
	d.ok("digest", "%s", id.Digest)
	for _, pack := range packs {
		d.ok("pack", "%s", pack)
	}
	d.inForce(ctx, gate)
}

// inForce shows the policies' settings for the service in the environment.
func (d *diagnosis) inForce(ctx context.Context, gate *evaluator.Evaluator) {
	environment, service := d.cfg.Get("environment").Text, d.cfg.Get("service").Text
	if environment == "" || service == "" {
		return
	}
	settings, err := gate.Settings(ctx, environment, service)
	if err != nil {
		d.fail("settings", "list it under data.prodgate.organisation in a policy pack; prodgate init creates one", "%v", err)
		return
	}
	d.inForceNow = settings
	d.ok("settings", "for %s in %s:", service, environment)
	table, err := settingsTable(settings)
	if err != nil {
		d.fail("settings", "please report it", "%v", err)
		return
	}
	for _, line := range table {
		d.out.Line(print.Text("      " + line))
	}
	d.keys(settings)
}

// sources tries each source and returns what was gathered.
func (d *diagnosis) sources(ctx context.Context) *facts.Document {
	d.heading("Sources")
	req := facts.Request{
		ID: "doctor", Kind: facts.KindPromotion, RequestedAt: d.std.clock(), Reference: d.image,
		Service: d.cfg.Get("service").Text, Environment: d.cfg.Get("environment").Text,
	}
	doc := gather(ctx, d.cfg, d.std, req)
	for _, name := range sourcesOf(doc) {
		d.source(name, doc.Sources[name])
		d.statements(name, doc)
	}
	d.count()
	return doc
}

func (d *diagnosis) source(name string, s facts.Source) {
	origin := d.cfg.File.Source(name)
	where := s.Kind
	if origin != config.Nobody {
		where += "  (" + origin.String() + ")"
	}
	why := ""
	if s.Error != nil {
		why = *s.Error
	}
	switch {
	case s.Status == facts.StatusOK:
		d.ok(name, "%s", where)
		d.systems(name, s)
	case d.missing(name) != "":
		d.row("not tried", name, where+": "+d.missing(name))
	case s.Status == facts.StatusUnconfigured:
		d.warn(name, fmt.Sprintf("name a system (%s) under sources.%s in %s; until then every check that needs it denies", strings.Join(collectors.KindsFor(name), ", "), name, d.file()), "unconfigured")
	default:
		d.fail(name, "make the source readable; until then every check that needs it denies", "%s: %s", where, why)
	}
}

// systems lists the systems of a section that several systems report, and where
// they contradict each other.
func (d *diagnosis) systems(name string, s facts.Source) {
	for _, system := range s.Systems {
		if system.Status == facts.StatusOK {
			d.row("", "", fmt.Sprintf("%s (%s)", system.Name, system.Kind))
			continue
		}
		d.warn(name, "make the optional system readable", "%s (%s): %s", system.Name, system.Kind, *system.Error)
	}
	for _, c := range s.Contradictions {
		var reports []string
		for _, r := range c.Values {
			value := "nothing"
			if r.Value != nil {
				value = *r.Value
			}
			reports = append(reports, fmt.Sprintf("%s by %s", value, r.System))
		}
		d.fail(name, "correct the system that is wrong, or take it out of sources", "systems disagree: %s is %s", c.Path, strings.Join(reports, ", "))
	}
}
