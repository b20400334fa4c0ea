package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/summary"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/signing"
	"github.com/spf13/cobra"
)

// attestFlag makes eval publish a summary of an allow.
const attestFlag = "attest"

// addAttest declares the flags for publishing a summary.
func addAttest(cmd *cobra.Command) {
	cmd.Flags().Bool(attestFlag, false, "after an allow, sign a verification summary (SLSA VSA) and attach it to the image")
	addSigningKey(cmd)
}

// publisher publishes the summary of a decision.
type publisher struct {
	ref     registry.Reference
	key     *signing.PrivateKey
	timeout time.Duration
}

// publishing reads --attest; nil if it is not given. What would prevent a summary in any
// case is an error before anything is collected.
func (e *evaluation) publishing(ctx context.Context, args []string) (*publisher, error) {
	flags := e.cmd.Flags()
	asked, err := flags.GetBool(attestFlag)
	if err != nil {
		return nil, err
	}
	const help = "a summary says that a gate decided now, on facts that it collected itself: omit --attest"
	switch {
	case !asked && flags.Changed("key"):
		return nil, usage("add --attest, or omit --key", "--key signs nothing without --attest")
	case !asked:
		return nil, nil
	case flags.Changed("input"):
		return nil, usage(help, "--attest and --input exclude each other: a decision on a saved document never counts")
	case flags.Changed("at"):
		return nil, usage(help, "--attest and --at exclude each other: a simulation never counts")
	}
	p := &publisher{}
	if err := checkImage(args[0]); err != nil {
		return nil, err
	}
	if p.timeout, err = e.cfg.Timeout(); err != nil {
		return nil, usage("", "%w", err)
	}
	if p.key, err = signingKey(ctx, e.cmd, e.std); err != nil {
		return nil, err
	}
	applyInsecure(e.cmd, e.cfg)
	if p.ref, err = registry.Parse(args[0], e.cfg.File.Sources.Registry); err != nil {
		return nil, err
	}
	if p.ref.Kind == "tarball" {
		return nil, usage("push the image to a registry, or omit --attest", "--attest: nothing can be attached to %s", p.ref.Repository)
	}
	return p, nil
}

// attest publishes the summary of an allow that is already recorded and written. A denial
// has none. After an error the allow stands, but the run is not complete.
func (e *evaluation) attest(ctx context.Context, d *evaluator.Decision) error {
	if e.publisher == nil {
		return nil
	}
	if d.Outcome != evaluator.Allow {
		e.say("not attested: the decision is not an allow")
		return nil
	}
	referrer, err := e.publisher.publish(ctx, d, e.std.clock())
	if err != nil {
		hint := "whoever asks for the summary will refuse the image: fix this and run prodgate eval again"
		if errors.Is(err, registry.ErrUnlisted) {
			hint = "others do not find the summary: run prodgate eval again"
		}
		return usage(hint, "the decision is allow, but its attestation is missing: %w", err)
	}
	e.say("attested: %s is a referrer of %s", referrer, print.Line(*d.Deploy))
	return nil
}

// publish signs the summary and attaches it. It returns the digest of the referrer.
func (p *publisher) publish(ctx context.Context, d *evaluator.Decision, now time.Time) (string, error) {
	s, digest, err := summary.Of(d, programVersion())
	if err != nil {
		return "", err
	}
	if want := p.ref.Repository + "@" + digest; want != *d.Deploy {
		return "", fmt.Errorf("the decision is about %s, and the image is %s", *d.Deploy, want)
	}
	predicate, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	bundle, err := signAbout(p.key, p.ref.Repository, digest, summary.PredicateType, predicate)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout, fmt.Errorf("not attached within %s; use --timeout for more time", p.timeout))
	defer cancel()
	referrer, err := p.ref.Attach(ctx, digest, registry.NewAttachment{PredicateType: summary.PredicateType, Bundle: bundle, Created: now.Truncate(time.Second)})
	if err != nil {
		return "", caused(ctx, err)
	}
	return referrer, nil
}
