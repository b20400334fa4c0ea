package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/signing"
	"github.com/spf13/cobra"
)

// grant is an approval or a waiver of an image that a person gives and signs.
type grant struct {
	cmd     *cobra.Command
	std     stdio
	typ     predicateType
	section string // that reports it: approvals or waivers
	now     time.Time

	cfg    *config.Config
	key    *signing.PrivateKey
	output string // the file to write instead of attaching; empty: attach

	by, reason, ticket   string
	service, environment string

	policies *evaluator.Evaluator // nil: not loaded
	settings *grantSettings       // nil: no policy pack is configured

	ref    registry.Reference
	digest string
}

// grantSettings are the settings that limit approvals and waivers.
type grantSettings struct {
	Approval struct {
		MaxAge string `json:"max_age"`
	} `json:"approval"`
	Window struct {
		Named             map[string]json.RawMessage `json:"named"`
		Preferred         string                     `json:"preferred"`
		AcknowledgedBy    []string                   `json:"acknowledged_by"`
		AcknowledgedValid string                     `json:"acknowledgement_valid"`
	} `json:"window"`
	Waivers struct {
		Allowed map[string]struct {
			Roles []string `json:"roles"`
			Max   string   `json:"max"`
		} `json:"allowed"`
	} `json:"waivers"`

	accepted error // why the gate does not accept the key; nil if it does
}

// addGrant declares the flags that approvals and waivers share.
func addGrant(cmd *cobra.Command) {
	addBy(cmd)
	addSigningKey(cmd)
	addPlainHTTP(cmd)
	addSettings(cmd, "service", "environment", "ticket", "policies", "config", "timeout")
	flags := cmd.Flags()
	flags.String("reason", "", "the reason, in one sentence")
	flags.String("output", "", "write the bundle to this file instead of attaching it; - is standard output")
	writes(cmd, "output")
}

// newGrant reads the flags that need neither policies nor the image.
func newGrant(cmd *cobra.Command, std stdio, name, section string, needsReason bool) (*grant, error) {
	typ, err := findPredicateType(name)
	if err != nil {
		return nil, err
	}
	s := said{cmd: cmd, std: std}
	g := &grant{cmd: cmd, std: std, typ: typ, section: section, now: std.clock().UTC().Truncate(time.Second)}
	g.output, g.reason, g.by = s.text("output", false), s.text("reason", needsReason), s.by(writer(std))
	if s.err != nil {
		return nil, s.err
	}
	if g.cfg, err = loadConfig(cmd, std); err != nil {
		return nil, err
	}
	g.ticket = strings.TrimSpace(g.cfg.Get("ticket").Text)
	return g, nil
}

// locate finds the service and the environment, and with a policy pack the settings for
// them. The policies are loaded without a pack too if the command needs them.
func (g *grant) locate(ctx context.Context, image string, needsPolicies bool) (err error) {
	packs := g.cfg.Get("policies").List
	if needsPolicies || len(packs) > 0 {
		if g.policies, err = load(ctx, g.std, packs); err != nil {
			return err
		}
	}
	if err := inferService(ctx, g.std, g.cfg, g.policies, image); err != nil {
		return err
	}
	for _, name := range []string{"service", "environment"} {
		value := g.cfg.Get(name)
		if value.Text == "" {
			return usage(fmt.Sprintf("set it with --%s, PRODGATE_%s or %s in %s", name, strings.ToUpper(name), name, config.Filename), "missing --%s", name)
		}
		if must, ok := facts.Accepts("identifier", value.Text); !ok {
			return usage("", "%s (%s) must be %s, not %q", name, value.Origin, must, value.Text)
		}
	}
	g.service, g.environment = g.cfg.Get("service").Text, g.cfg.Get("environment").Text
	if len(packs) == 0 {
		return nil
	}
	return g.readSettings(ctx)
}

// readSettings reads the settings in force, and whether they accept the key.
func (g *grant) readSettings(ctx context.Context) error {
	text, err := g.policies.Settings(ctx, g.environment, g.service)
	if err != nil {
		return usage("a name that the settings do not list would never count", "%w", err)
	}
	g.settings = &grantSettings{}
	if err := json.Unmarshal(text, g.settings); err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	g.settings.accepted = g.accepts(text)
	return nil
}

// accepts returns an error if the settings do not accept the key for the section now.
func (g *grant) accepts(settings json.RawMessage) error {
	trusted, err := gate.Trust(settings)
	if err != nil {
		return err
	}
	id := g.key.Public().ID()
	at := slices.IndexFunc(trusted.Keys, func(k signing.Trusted) bool { return k.Public.ID() == id })
	if at < 0 {
		return errors.New("signatures.keys does not have it")
	}
	key := trusted.Keys[at]
	switch {
	case !slices.Contains(trusted.Signers[g.section], key.Name):
		return fmt.Errorf("sources.signers.%s does not list %s", g.section, key.Name)
	case key.From != nil && g.now.Before(*key.From):
		return fmt.Errorf("it is in force from %s", key.From.UTC().Format(time.RFC3339))
	case key.Until != nil && !g.now.Before(*key.Until):
		return fmt.Errorf("it ended %s", key.Until.UTC().Format(time.RFC3339))
	}
	return nil
}

// resolve finds the digest of the image.
func (g *grant) resolve(ctx context.Context, ref registry.Reference) error {
	if ref.Kind == "tarball" && g.output == "" {
		return usage("push the image to a registry, or write the bundle with --output", "nothing can be attached to %s", ref.Repository)
	}
	m, err := ref.Resolve(ctx)
	if err != nil {
		return err
	}
	g.ref, g.digest = ref, m.Digest
	return nil
}

// sign signs the predicate and attaches the bundle, or writes it. It returns the digest
// of the referrer; empty: it is not attached.
func (g *grant) sign(ctx context.Context, predicate any) (string, error) {
	text, err := json.Marshal(predicate)
	if err != nil {
		return "", fmt.Errorf("write the predicate as JSON: %w", err)
	}
	if err := g.typ.examine(text); err != nil {
		return "", err
	}
	bundle, err := signAbout(g.key, g.ref.Repository, g.digest, g.typ.uri, text)
	if err != nil {
		return "", err
	}
	if g.output != "" {
		return "", writeBundle(g.std, g.output, bundle)
	}
	return attachBundle(ctx, g.std, g.ref, g.digest, g.typ, bundle)
}

// row is a label and its text; a row without text is not printed.
type row struct{ label, text string }

// report prints what was granted: to standard error if the bundle is on standard output.
func (g *grant) report(what, referrer string, about, limits []row) error {
	s := newSheet(g.std)
	s.Line(print.Line(what + " " + g.ref.Repository + "@" + g.digest))
	about = append(about, row{"key", g.key.Public().ID()}, row{"attached", referrer})
	if g.output != "-" {
		about = append(about, row{"written", g.output})
	}
	for _, r := range about {
		if r.text != "" {
			s.Hang(fmt.Sprintf("  %-13s  ", r.label), print.Line(r.text))
		}
	}
	s.Blank()
	for _, r := range limits {
		if r.text != "" {
			s.Hang(fmt.Sprintf("%-10s  ", r.label), print.Line(r.text))
		}
	}
	if g.settings != nil && g.settings.accepted != nil {
		fmt.Fprintf(g.std.err, "prodgate: warning: the gate does not count this signature: the settings do not accept the key %s for %s: %s\n",
			g.key.Public().ID(), g.section, print.Text(g.settings.accepted.Error()))
	}
	if g.output == "-" {
		_, err := g.std.err.Write(s.Bytes())
		return err
	}
	return writeSheet(g.std, s)
}
