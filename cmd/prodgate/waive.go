package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/registry"
	"github.com/spf13/cobra"
)

func newWaive(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waive CODE IMAGE",
		Short: "Waive a finding about an image until a date, with a signature",
		Long: `Waive signs that a person waives the finding CODE about IMAGE, and attaches the waiver to
the image as a referrer. It is what "prodgate attest waiver" signs, so "prodgate attest
verify" and "cosign verify-attestation" verify it.

The waiver is about the digest of IMAGE, the service, the environment and, with --item,
one item: the id of a vulnerability, the name of a freeze or a team. If the finding has an
item, --item is required for it. It ends at --until and then waives nothing.

"prodgate policy list" shows the codes that can be waived. Codes of approval, audit,
immutability and waiver can never be. The setting waivers.allowed lists who may waive a
code and for how long; if a policy pack is configured, what it does not allow is an error.
It exits with 0 if the waiver is attached and listed, or written to --output; otherwise
with 2.`,
		Example: `  prodgate waive vulnerabilities.denied registry.example.com/payments-api:7a3f9c2 --item CVE-2026-1 --until 14d --ticket SEC-77 --reason "not reachable" --by vp@example.com --key vp.key
  prodgate waive soak.too_short registry.example.com/payments-api:7a3f9c2 --until 2026-12-31 --ticket OPS-12 --reason "the fix is needed today" --by vp@example.com --key vp.key`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || args[0] == "" || args[1] == "" {
				return usage("prodgate waive CODE IMAGE --until DATE --ticket TICKET --reason TEXT --key FILE", "%s needs exactly one code and one image", cmd.CommandPath())
			}
			return nil
		},
	}
	addGrant(cmd)
	flags := cmd.Flags()
	flags.String("item", "", "the item of the finding that is waived, such as CVE-2026-1")
	flags.String("until", "", "when the waiver ends: a length of time such as 14d, a date (00:00 UTC) or a time (RFC 3339)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		w, err := newWaiver(cmd, std, args[0])
		if err != nil {
			return err
		}
		return withRegistry(cmd, std, args[1], func(ctx context.Context, ref registry.Reference) error {
			return w.give(ctx, ref, args[1])
		})
	}
	return cmd
}

// waiver is a waiver that is given now.
type waiver struct {
	*grant
	predicate struct {
		facts.Waiver
		VerifiedBy *string `json:"verified_by,omitempty"` // never set: the gate says it
	}
}

// newWaiver reads the flags.
func newWaiver(cmd *cobra.Command, std stdio, code string) (*waiver, error) {
	if must, ok := facts.Accepts("code", code); !ok {
		return nil, usage("prodgate policy list shows the codes", "%q must be %s", code, must)
	}
	g, err := newGrant(cmd, std, "waiver", "waivers", true)
	if err != nil {
		return nil, err
	}
	s := said{cmd: cmd, std: std}
	w := &waiver{grant: g}
	p := &w.predicate.Waiver
	p.Code, p.Item, p.Reason, p.Approver, p.Ticket, p.IssuedAt = code, given(s.text("item", false)), g.reason, g.by, g.ticket, g.now
	until := s.text("until", true)
	if s.err != nil {
		return nil, s.err
	}
	if p.ExpiresAt, err = w.readEnd(until); err != nil {
		return nil, err
	}
	if g.ticket == "" {
		return nil, usage("name the ticket that tracks the finding", "missing --ticket")
	}
	g.key, err = signingKey(cmd.Context(), cmd, std)
	return w, err
}

// readEnd reads the end of the waiver: a length of time, a date or a time.
func (w *waiver) readEnd(text string) (time.Time, error) {
	const help = "write it as 14d, 36h, 2026-12-31 or 2026-12-31T18:00:00Z"
	var end time.Time
	if length, err := lengthOf(text); err == nil {
		if length <= 0 {
			return end, usage(help, "--until: %q must be longer than nothing", text)
		}
		end = w.now.Add(length)
	} else if end, err = moment(text, "--until", time.UTC); err != nil {
		return end, usage(help, "--until: invalid length of time, date or time %q", text)
	}
	end = end.UTC().Truncate(time.Second)
	if !end.After(w.now) {
		return end, usage("name a later time; a date means its start, 00:00 UTC", "--until: %s is in the past (now: %s)", rfc3339(end), rfc3339(w.now))
	}
	return end, nil
}

// give signs the waiver and prints it.
func (w *waiver) give(ctx context.Context, ref registry.Reference, image string) error {
	if err := w.locate(ctx, image, true); err != nil {
		return err
	}
	if err := w.checkCode(); err != nil {
		return err
	}
	if err := w.checkAllowed(); err != nil {
		return err
	}
	if err := w.resolve(ctx, ref); err != nil {
		return err
	}
	p := &w.predicate.Waiver
	p.Service, p.Environment, p.Digest = w.service, w.environment, &w.digest
	referrer, err := w.sign(ctx, w.predicate)
	if err != nil {
		return err
	}
	rows := []row{
		{"item", textOf(p.Item)}, {"service", w.service}, {"environment", w.environment},
		{"ticket", w.ticket}, {"by", w.by}, {"reason", w.reason}, {"given", rfc3339(w.now)},
	}
	return w.report("waived "+p.Code+" for", referrer, rows, []row{
		{"covers", w.covers()},
		{"until", rfc3339(p.ExpiresAt) + " (" + print.Span(p.ExpiresAt.Sub(w.now)) + ")"},
		{"not", w.excludes()}, {"counts", w.counts()},
	})
}

// checkCode returns an error if the policies do not have the code, or no settings can
// allow to waive it.
func (w *waiver) checkCode() error {
	checks, err := w.policies.Checks()
	if err != nil {
		return fmt.Errorf("read the policies' annotations: %w", err)
	}
	var all, waivable []string
	for _, check := range checks {
		for _, c := range check.Codes {
			all = append(all, c.Code)
			if c.Waivable {
				waivable = append(waivable, c.Code)
			}
		}
	}
	code := w.predicate.Code
	switch {
	case slices.Contains(waivable, code):
		return nil
	case slices.Contains(all, code):
		return usage("fix the finding itself: prodgate policy explain "+code+" shows how", "%s can never be waived; these can: %s", code, strings.Join(waivable, ", "))
	}
	help := "prodgate policy list shows the codes; --policies names the pack of a check of your own"
	if hint := spelling.Hint(code, all); hint != "" {
		help = hint
	}
	return usage(help, "unknown code %q", code)
}

// checkAllowed returns an error if the settings do not allow the waiver. Without a policy
// pack the settings of the gate are not known.
func (w *waiver) checkAllowed() error {
	if w.settings == nil {
		return nil
	}
	code := w.predicate.Code
	allowed, ok := w.settings.Waivers.Allowed[code]
	if !ok {
		return usage("fix the finding itself, or ask the owner of the policies to add the code to waivers.allowed", "the setting waivers.allowed does not list %s", code)
	}
	longest, err := time.ParseDuration(allowed.Max)
	if err != nil {
		return usage("correct the policy pack", "the setting waivers.allowed of %s: max is not a duration: %q", code, allowed.Max)
	}
	if length := w.predicate.ExpiresAt.Sub(w.now); length > longest {
		return usage("use --until "+allowed.Max+", or an earlier end", "--until: a waiver of %s lasts at most %s, until %s", code, allowed.Max, rfc3339(w.now.Add(longest)))
	}
	return nil
}

// covers says which finding is waived.
func (w *waiver) covers() string {
	what := w.predicate.Code
	if item := w.predicate.Item; item != nil {
		what += " about " + *item
	}
	return fmt.Sprintf("%s, for every request to deploy this digest of %s to %s", what, w.service, w.environment)
}

// excludes says what is not waived.
func (w *waiver) excludes() string {
	if w.predicate.Item == nil {
		return "findings with an item (use --item), other codes, digests, services and environments"
	}
	return "other items, codes, digests, services and environments"
}

// counts says whose waiver counts.
func (w *waiver) counts() string {
	if w.settings == nil {
		return "if the setting waivers.allowed of the gate allows it"
	}
	return fmt.Sprintf("if the directory shows that %s may approve, and has one of the roles %s", w.by, who(w.settings.Waivers.Allowed[w.predicate.Code].Roles))
}
