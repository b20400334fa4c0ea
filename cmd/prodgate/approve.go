package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

// emergencyWindow is the window that an approval of an emergency names.
const emergencyWindow = "emergency"

func newApprove(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "approve IMAGE",
		Short: "Approve an image for one deployment, with a signature",
		Long: `Approve signs that a person approves IMAGE, and attaches the approval to the image as
a referrer. It is what "prodgate attest approval" signs, so "prodgate attest verify" and
"cosign verify-attestation" verify it.

The approval is about the digest of IMAGE, the service, the environment and the kind of
request; with --kind configuration also about the configuration, and with --request-id
about that request only. It is given now: a request that is made later needs another
approval. --window names a window that the approval opens. --emergency approves an
emergency deployment for the incident in --ticket.

Whether it counts is decided by the gate: the settings list the keys that sign approvals
(sources.signers.approvals), and the directory knows the roles of the person.
It exits with 0 if the approval is attached and listed, or written to --output;
otherwise with 2.`,
		Example: `  prodgate approve registry.example.com/payments-api:7a3f9c2 --environment production --kind promotion --by jane@example.com --key lead.key
  prodgate approve registry.example.com/payments-api:7a3f9c2 --emergency --ticket INC-7 --by vp@example.com --key vp.key`,
		Args: one("image", "prodgate approve IMAGE --by PERSON --key FILE"),
	}
	addGrant(cmd)
	addSettings(cmd, "kind")
	complete(cmd, "kind", kinds())
	addConfiguration(cmd)
	flags := cmd.Flags()
	flags.Bool("emergency", false, "approve an emergency deployment; needs --ticket (flag only)")
	flags.String("window", "", "the named window that the approval opens, such as after-hours; default: none")
	flags.String("role", "", "the role in which the person approves; only the role in the directory counts")
	flags.String("request-id", "", "the id of the only request that is approved; default: any that was made before")
	flags.String("lifts", "", "rejections that the approval lifts, separated by commas: who rejected, or the id of the entry")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a, err := newApproval(cmd, std)
		if err != nil {
			return err
		}
		return withRegistry(cmd, std, args[0], func(ctx context.Context, ref registry.Reference) error {
			return a.give(ctx, ref, args[0])
		})
	}
	return cmd
}

// approval is an approval that is given now.
type approval struct {
	*grant
	emergency bool
	predicate struct {
		facts.Approval
		VerifiedBy *string `json:"verified_by,omitempty"` // never set: the gate says it
	}
}

// newApproval reads the flags.
func newApproval(cmd *cobra.Command, std stdio) (*approval, error) {
	g, err := newGrant(cmd, std, "approval", "approvals", false)
	if err != nil {
		return nil, err
	}
	a := &approval{grant: g}
	s := said{cmd: cmd, std: std}
	p := &a.predicate.Approval
	p.Approver, p.Decision, p.ApprovedAt = g.by, "approved", g.now
	p.Comment, p.Ticket = given(g.reason), given(g.ticket)
	p.Role, p.Request, p.DeploymentWindow = given(s.text("role", false)), given(s.text("request-id", false)), given(s.text("window", false))
	if s.err != nil {
		return nil, s.err
	}
	kind, err := kind(g.cfg.Get("kind"))
	if err != nil {
		return nil, err
	}
	p.Kind = &kind
	if p.Configuration, err = configuration(cmd, std); err != nil {
		return nil, err
	}
	if kind == facts.KindConfiguration && p.Configuration == nil {
		return nil, usage("name the files that change, or their digest, with --"+configurationFlag, "an approval of the kind configuration must name the configuration")
	}
	if p.Lifts, err = lifted(s.text("lifts", false)); err == nil {
		err = s.err
	}
	if err != nil {
		return nil, err
	}
	if err := a.readEmergency(); err != nil {
		return nil, err
	}
	g.key, err = signingKey(cmd.Context(), cmd, std)
	return a, err
}

// lifted reads the rejections in --lifts.
func lifted(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	list, err := step.Lifted.Read(text)
	if err != nil {
		return nil, usage("", "--lifts %w", err)
	}
	var names []string
	for _, name := range list.([]any) {
		names = append(names, name.(string))
	}
	return names, nil
}

// readEmergency reads --emergency: the approval then names the window "emergency" and
// the ticket of the incident.
func (a *approval) readEmergency() (err error) {
	if a.emergency, err = a.cmd.Flags().GetBool("emergency"); err != nil {
		return err
	}
	window := a.predicate.DeploymentWindow
	switch {
	case !a.emergency && textOf(window) == emergencyWindow:
		return usage("use --emergency --ticket TICKET", "--window emergency: an emergency is no window")
	case !a.emergency:
		return nil
	case window != nil:
		return usage("omit --window: an emergency needs no window", "--emergency and --window exclude each other")
	case a.ticket == "":
		return usage("name the open incident with --ticket", "--emergency needs a ticket")
	}
	a.predicate.DeploymentWindow = given(emergencyWindow)
	return nil
}

// give signs the approval and prints it.
func (a *approval) give(ctx context.Context, ref registry.Reference, image string) error {
	if err := a.locate(ctx, image, false); err != nil {
		return err
	}
	if err := a.checkWindow(); err != nil {
		return err
	}
	if err := a.resolve(ctx, ref); err != nil {
		return err
	}
	p := &a.predicate.Approval
	p.Artifact, p.Digest, p.Service, p.Environment = given(ref.Tag), &a.digest, &a.service, &a.environment
	referrer, err := a.sign(ctx, a.predicate)
	if err != nil {
		return err
	}
	rows := []row{
		{"service", a.service}, {"environment", a.environment}, {"kind", string(*p.Kind)},
		{"configuration", textOf(p.Configuration)}, {"request", textOf(p.Request)},
		{"window", textOf(p.DeploymentWindow)}, {"ticket", a.ticket}, {"lifts", strings.Join(p.Lifts, ", ")},
		{"by", a.by}, {"role", textOf(p.Role)}, {"reason", a.reason}, {"given", rfc3339(a.now)},
	}
	return a.report("approved", referrer, rows, []row{
		{"covers", a.covers()}, {"until", a.until()}, {"opens", a.opens()},
		{"not", "other digests, services, environments or kinds of request, and requests made after " + rfc3339(a.now)},
	})
}

// checkWindow returns an error if the settings do not have the window.
func (a *approval) checkWindow() error {
	window := textOf(a.predicate.DeploymentWindow)
	if a.emergency || window == "" {
		return nil
	}
	if must, ok := facts.Accepts("identifier", window); !ok {
		return usage("", "--window must be %s, not %q", must, window)
	}
	if a.settings == nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(a.settings.Window.Named))
	if slices.Contains(names, window) {
		return nil
	}
	help := "one of " + strings.Join(names, ", ")
	if hint := spelling.Hint(window, names); hint != "" {
		help = hint
	}
	return usage(help, "unknown window %q: the setting window.named does not have it", window)
}

// covers says which deployment is approved.
func (a *approval) covers() string {
	what := fmt.Sprintf("one deployment of this digest: %s of %s to %s", *a.predicate.Kind, a.service, a.environment)
	if request := a.predicate.Request; request != nil {
		what += ", request " + *request + " only"
	}
	return what
}

// until says when the approval ends.
func (a *approval) until() string {
	const used = "when that deployment is live, failed or was rolled back"
	if a.settings == nil {
		return used + ", or when the setting approval.max_age of the gate ends it"
	}
	age := a.settings.Approval.MaxAge
	return a.after(age) + " (approval.max_age), or earlier " + used
}

// opens says which windows the approval opens.
func (a *approval) opens() string {
	switch window := textOf(a.predicate.DeploymentWindow); {
	case a.emergency:
		return "any time for the incident " + a.ticket + ", if the conditions of an emergency hold"
	case a.settings == nil && window == "":
		return "no window: outside the preferred one, name it with --window"
	case window == "":
		return fmt.Sprintf("no window: outside %s, name the window with --window", a.settings.Window.Preferred)
	case a.settings == nil:
		return "the window " + window + ", if the settings let this person open it"
	case window == a.settings.Window.Preferred:
		return "no other window than " + window
	default:
		return fmt.Sprintf("the window %s until %s (window.acknowledgement_valid), if the person has one of the roles %s",
			window, a.after(a.settings.Window.AcknowledgedValid), who(a.settings.Window.AcknowledgedBy))
	}
}

// after returns the time of the approval plus a duration of the settings.
func (a *approval) after(length string) string {
	d, err := time.ParseDuration(length)
	if err != nil {
		return "unknown"
	}
	return rfc3339(a.now.Add(d))
}
