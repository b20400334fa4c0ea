package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

func newReject(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reject IMAGE",
		Short: "Reject an image, so that the gate denies its deployment",
		Long: `Reject records in the audit trail that a person rejects IMAGE. From its next decision
on, each gate that reads the trail denies the image, whatever approvals there are. The
approvals stay as they are.

The rejection is about the digest of IMAGE, the service, the environment and, if
--kind is given, that kind of request. If no setting names the environment, or with
--all-environments, it is about all environments. A rejection of an index is also one
of each image that the index lists. A rollback is only blocked by a rejection that is
made after the rollback was requested.

A later approval by the same person lifts the rejection, or a later approval that
names it and is given by a role in the setting approval.rejection_lifted_by. A
rejection of one request (--request-id) ends that request and cannot be lifted.
Reject exits with 0 when the rejection is recorded, otherwise with 2.`,
		Example: `  prodgate reject registry.example.com/payments-api:7a3f9c2 --reason "it leaks memory, see OPS-12" --by jane@example.com
  prodgate reject registry.example.com/payments-api@sha256:… --all-environments --reason "it contains a backdoor"`,
		Args: one("image", "prodgate reject IMAGE --reason TEXT"),
	}
	addObjection(cmd, std, trail.TypeApprovalRejected)
	return cmd
}

func newWithdraw(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "withdraw IMAGE",
		Short: "Withdraw an approval of an image",
		Long: `Withdraw records in the audit trail that a person withdraws the approval of IMAGE. From
its next decision on, each gate that reads the trail no longer counts the approval, and
denies the image until the withdrawal is lifted, as it does after "prodgate reject".

It does not lift a rejection: a later approval by the same person does. Withdraw warns if
the last entry of this person about IMAGE in the trail is a rejection.

The withdrawal is about the digest of IMAGE, the service, the environment and, if
--kind is given, that kind of request. If no setting names the environment, or with
--all-environments, it is about all environments.
It exits with 0 when the withdrawal is recorded, otherwise with 2.`,
		Example: `  prodgate withdraw registry.example.com/payments-api:7a3f9c2 --reason "the review missed a migration" --by jane@example.com`,
		Args:    one("image", "prodgate withdraw IMAGE --reason TEXT"),
	}
	addObjection(cmd, std, trail.TypeApprovalWithdrawn)
	return cmd
}

// addObjection declares the flags of a command that records an objection of a type, and
// what the command does.
func addObjection(cmd *cobra.Command, std stdio, typ string) {
	addTrail(cmd)
	addFormat(cmd)
	addBy(cmd)
	addPlainHTTP(cmd)
	addSettings(cmd, "service", "environment")
	addConfiguration(cmd)
	flags := cmd.Flags()
	flags.String("reason", "", "the reason, in one sentence")
	flags.String("kind", "", "the kind of request: initial, promotion, configuration or rollback; default: all kinds")
	flags.String("request-id", "", "the id of the only request that it is about")
	flags.Bool(everywhereFlag, false, "for all environments")
	complete(cmd, "kind", kinds())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		o, err := newObjection(cmd, std, typ)
		if err != nil {
			return err
		}
		if err := checkImage(args[0]); err != nil {
			return err
		}
		return withLocation(cmd, std, func(ctx context.Context, at located) error {
			if err := o.locate(ctx, cmd, at, args[0]); err != nil {
				return err
			}
			if err := o.record(ctx, at); err != nil {
				return err
			}
			return o.print(at, asJSON)
		})
	}
}

// everywhereFlag makes an objection one for all environments.
const everywhereFlag = "all-environments"

// objection is a rejection, or the withdrawal of an approval, and its record.
type objection struct {
	Type        string   `json:"type"`
	Image       string   `json:"image"` // repository@digest
	Digest      string   `json:"digest"`
	Platforms   []string `json:"platforms"` // the digests that the index lists; none: it is a single image
	Service     string   `json:"service"`
	Environment *string  `json:"environment"` // null: all
	Kind        *string  `json:"kind"`        // null: all
	Request     *string  `json:"request"`     // null: not about one request
	By          string   `json:"by"`
	Reason      string   `json:"reason"`

	Receipt trail.Receipt `json:"receipt"`

	event trail.Event
	ref   registry.Reference
	data  trail.RejectionData
}

// newObjection reads the flags that need no configuration.
func newObjection(cmd *cobra.Command, std stdio, typ string) (*objection, error) {
	s := said{cmd: cmd, std: std}
	o := &objection{Type: typ, Platforms: []string{}, Reason: s.text("reason", true), By: s.by(writer(std))}
	o.Kind, o.Request = given(s.text("kind", false)), given(s.text("request-id", false))
	if s.err != nil {
		return nil, s.err
	}
	if o.Kind != nil {
		if _, err := step.Kind.Read(*o.Kind); err != nil {
			return nil, usage("", "--kind %w", err)
		}
	}
	everywhere, err := cmd.Flags().GetBool(everywhereFlag)
	if err != nil {
		return nil, err
	}
	if everywhere && cmd.Flags().Changed("environment") {
		return nil, usage("omit one of them", "--environment and --%s exclude each other", everywhereFlag)
	}
	o.data.Configuration, err = configuration(cmd, std)
	return o, err
}

// given returns nil for an empty text.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// locate finds what the objection is about: the digests of the image, the service and
// the environment.
func (o *objection) locate(ctx context.Context, cmd *cobra.Command, at located, image string) (err error) {
	applyInsecure(cmd, at.cfg)
	if o.ref, err = registry.Parse(image, at.cfg.File.Sources.Registry); err != nil {
		return err
	}
	if err := inferService(ctx, at.std, at.cfg, nil, image); err != nil {
		return err
	}
	if o.Service = at.cfg.Get("service").Text; o.Service == "" {
		return usage("set it with --service, PRODGATE_SERVICE or service in prodgate.yaml", "missing --service: no service of the settings has the repository %s", o.ref.Repository)
	}
	everywhere, err := cmd.Flags().GetBool(everywhereFlag)
	if err != nil {
		return err
	}
	if !everywhere {
		o.Environment = given(at.cfg.Get("environment").Text)
	}
	for name, value := range map[string]*string{"service": &o.Service, "environment": o.Environment} {
		if value == nil {
			continue
		}
		if must, ok := facts.Accepts("identifier", *value); !ok {
			return usage("", "--%s must be %s, not %q", name, must, *value)
		}
	}
	if err := o.resolve(ctx, at.std); err != nil {
		return err
	}
	o.Image = o.ref.Repository + "@" + o.Digest
	return nil
}

// resolve finds the digests. If the image is named by its digest and cannot be read, the
// objection is about that digest only: bad news must not be lost.
func (o *objection) resolve(ctx context.Context, std stdio) error {
	m, err := o.ref.Resolve(ctx)
	if err != nil && o.ref.Digest == "" {
		return usage("name the digest: "+o.ref.Repository+"@sha256:…", "%w", err)
	}
	if o.Digest = o.ref.Digest; err == nil {
		o.Digest = m.Digest
		o.Platforms, err = images(ctx, o.ref, m)
	}
	if err != nil {
		fmt.Fprintf(std.err, "warning: if %s is an index, this is not about the images that it lists: they could not be read: %s\n", o.Digest, print.Text(err.Error()))
	}
	return nil
}

// images lists the digests of the images and indexes below m, sorted; none if m is an
// image.
func images(ctx context.Context, ref registry.Reference, m *registry.Manifest) ([]string, error) {
	digests := []string{}
	platforms, err := ref.Platforms(ctx, m)
	if err != nil {
		return digests, err
	}
	indexes, err := ref.Indexes(ctx, m)
	if err != nil {
		return digests, err
	}
	for _, p := range platforms {
		digests = append(digests, p.Digest)
	}
	for _, i := range indexes {
		digests = append(digests, i.Digest)
	}
	digests = slices.DeleteFunc(digests, func(digest string) bool { return digest == m.Digest })
	slices.Sort(digests)
	return slices.Compact(digests), nil
}

// record appends the objection to the trail.
func (o *objection) record(ctx context.Context, at located) (err error) {
	o.data.Approver, o.data.Reason, o.data.Kind, o.data.Platforms = o.By, &o.Reason, o.Kind, o.Platforms
	o.data.Artifact = o.ref.Tag
	o.data.ApprovedAt = at.std.clock().UTC()
	if o.event, err = stepOf(at.std, o.Type, o.data); err != nil {
		return err
	}
	o.event.OccurredAt = o.data.ApprovedAt
	o.event.Service, o.event.Artifact, o.event.Digest = o.Service, o.ref.Repository, o.Digest
	if o.Environment != nil {
		o.event.Environment = *o.Environment
	}
	if o.Request != nil {
		o.event.Request, o.event.Deployment = *o.Request, trail.WithoutAttempt(*o.Request)
	}
	if o.Type == trail.TypeApprovalWithdrawn {
		if err := o.warnRejected(ctx, at); err != nil {
			return err
		}
	}
	if location := at.cfg.Get("trail"); vanishes(at.std, location.Text) {
		warnVanishing(at.std, location)
	}
	o.Receipt, err = recordStep(ctx, at, o.event)
	return err
}

// warnRejected warns if the last entry of the person about the image is a rejection,
// because a withdrawal does not lift it. The approvals may be elsewhere, so this is no
// error.
func (o *objection) warnRejected(ctx context.Context, at located) error {
	var last *trail.Entry
	err := at.open(ctx, true, func(log *trail.Log) error {
		entries, err := recordedOf(ctx, log, trail.ByServiceType(o.Service, trail.TypeApprovalGranted),
			trail.ByServiceType(o.Service, trail.TypeApprovalRejected), trail.ByServiceType(o.Service, trail.TypeApprovalWithdrawn))
		for _, e := range entries {
			if o.repeats(e) && (last == nil || !e.OccurredAt.Before(last.OccurredAt)) {
				last = &e
			}
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) { // a trail that does not exist yet has no records
		return nil
	}
	if err == nil && last != nil && last.Type == trail.TypeApprovalRejected {
		fmt.Fprintf(at.std.err, "warning: the last entry of %s about this image is a rejection (entry %d), which a withdrawal does not lift: a later approval of the same person does\n", print.Text(o.By), last.Seq)
	}
	return err
}

// repeats reports whether an entry is by the same person about the same image in the
// same environment.
func (o *objection) repeats(e trail.Entry) bool {
	var data trail.ApprovalData
	return json.Unmarshal(e.Data, &data) == nil && data.Approver == o.By && e.Digest == o.Digest &&
		(o.Environment == nil || e.Environment == "" || e.Environment == *o.Environment)
}
