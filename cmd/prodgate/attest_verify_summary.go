package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/summary"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

// summaryFlags are the flags of attest verify that only apply to summaries.
var summaryFlags = []string{"service", "environment", "policies", "kind", "policy-digest", "resource", "max-age"}

// addSummary declares them.
func addSummary(cmd *cobra.Command) {
	addSettings(cmd, "service", "environment", "policies")
	flags := cmd.Flags()
	flags.String("kind", "", "for vsa: the kind of request that was allowed; default: any")
	flags.StringArray("policy-digest", nil, "for vsa: the digest of accepted policies, sha256:…, repeatable; default: that of --policies")
	flags.String("resource", "", "for vsa: the resource that was decided on, a package URL; default: that of IMAGE")
	flags.String("max-age", "", "for vsa: accept an allow of at most this age, such as 12h or 30d, although it is no longer valid")
	complete(cmd, "kind", kinds())
}

// summaryCheck checks what summaries say.
type summaryCheck struct {
	cfg  *config.Config
	std  stdio
	want summary.Want

	trusted []readSummary
}

// readSummary is a summary about the image that is signed by a trusted key.
type readSummary struct {
	summary.Summary
	position int // in the report
}

// newSummaryCheck reads the flags; nil if other statements are verified.
func newSummaryCheck(cmd *cobra.Command, std stdio, typ predicateType, at time.Time) (*summaryCheck, error) {
	if typ.uri != summary.PredicateType {
		for _, name := range summaryFlags {
			if cmd.Flags().Changed(name) {
				return nil, usage("omit the flag: the predicate of other types is not interpreted", "--%s applies to --type vsa only", name)
			}
		}
		return nil, nil
	}
	s := said{cmd: cmd, std: std}
	c := &summaryCheck{std: std, want: summary.Want{Kind: s.text("kind", false), Resource: s.text("resource", false), Now: at, MaxAge: s.length("max-age")}}
	if s.err == nil && c.want.Kind != "" {
		if _, err := step.Kind.Read(c.want.Kind); err != nil {
			s.err = usage("", "--kind %w", err)
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	var err error
	if c.want.Policies, err = cmd.Flags().GetStringArray("policy-digest"); err != nil {
		return nil, err
	}
	for _, digest := range c.want.Policies {
		if _, err := step.Digest.Read(digest); err != nil {
			return nil, usage("the decision names it under policy.digest", "--policy-digest %w", err)
		}
	}
	c.cfg, err = loadConfig(cmd, std)
	return c, err
}

// length reads a length of time, which can have days; 0 if the flag is not given.
func (s *said) length(flag string) time.Duration {
	text := s.text(flag, false)
	if text == "" || s.err != nil {
		return 0
	}
	length, err := lengthOf(text)
	if err != nil || length <= 0 {
		s.err = usage("write a length of time such as 12h or 30d", "--%s: %q is not a length of time", flag, text)
	}
	return length
}

// prepare finds out what summaries about an image must say.
func (c *summaryCheck) prepare(ctx context.Context, ref registry.Reference, digest string) error {
	if c == nil {
		return nil
	}
	packs := c.cfg.Get("policies").List
	if len(c.want.Policies) == 0 {
		policies, err := load(ctx, c.std, packs)
		if err != nil {
			return err
		}
		c.want.Policies = []string{policies.Policy().Digest}
	}
	if err := inferService(ctx, c.std, c.cfg, nil, ref.Repository+"@"+digest); err != nil {
		return err
	}
	c.want.Service, c.want.Environment = c.cfg.Get("service").Text, c.cfg.Get("environment").Text
	if c.want.Service == "" || c.want.Environment == "" {
		return usage("a summary is for one service and one environment: set them with a flag, a variable or "+config.Filename, "missing --service or --environment")
	}
	if c.want.Resource == "" {
		c.want.Resource = summary.ResourceURI(ref.Repository, digest)
	}
	return nil
}

// examine checks one statement that the report has under position.
func (c *summaryCheck) examine(a attestation.Attestation, r *statementResult, position int) {
	if c == nil {
		return
	}
	s, err := summary.Read(a.Statement.Predicate)
	if err != nil {
		r.Reasons, r.Counts = append(r.Reasons, err.Error()), false
		return
	}
	if r.Counts {
		c.trusted = append(c.trusted, readSummary{s, position})
	}
	r.Summary = shownSummary(s)
	reasons := s.Reasons(c.want)
	r.Reasons, r.Counts = append(r.Reasons, reasons...), r.Counts && len(reasons) == 0
}

// revoke takes away what counts and is not newer than a failure that is as trusted.
func (c *summaryCheck) revoke(report *statementReport) {
	if c == nil {
		return
	}
	for _, s := range c.trusted {
		r := &report.Statements[s.position]
		at := slices.IndexFunc(c.trusted, func(other readSummary) bool { return other.Revokes(s.Summary, c.want) })
		if r.Counts && at >= 0 {
			failed := c.trusted[at]
			r.Reasons, r.Counts = append(r.Reasons, fmt.Sprintf("the result of %s is %q, at %s", report.Statements[failed.position].Where, failed.Result, failed.TimeVerified.UTC().Format(time.RFC3339))), false
		}
	}
	report.Verified = slices.ContainsFunc(report.Statements, func(r statementResult) bool { return r.Counts })
}

// summaryResult is what a summary says, as JSON.
type summaryResult struct {
	Result       string            `json:"result"`
	Verifier     string            `json:"verifier"`
	VerifiedAt   time.Time         `json:"verified_at"`
	ValidUntil   *time.Time        `json:"valid_until"`
	PolicyDigest string            `json:"policy_digest"`
	Service      string            `json:"service"`
	Environment  string            `json:"environment"`
	Kind         string            `json:"kind"`
	Resource     string            `json:"resource"`
	Findings     []summary.Finding `json:"findings"`
}

func shownSummary(s summary.Summary) *summaryResult {
	return &summaryResult{
		Result: s.Result, Verifier: s.Verifier.ID, VerifiedAt: s.TimeVerified.UTC(), ValidUntil: s.Decision.ValidUntil,
		PolicyDigest: s.PolicyDigest(), Service: s.Decision.Service, Environment: s.Decision.Environment, Kind: s.Decision.Kind,
		Resource: s.ResourceURI, Findings: append([]summary.Finding{}, s.Decision.Findings...),
	}
}

// print shows what the summary says.
func (r *summaryResult) print(sheet *print.Sheet) {
	if r == nil {
		return
	}
	words := []string{r.Result, "at " + r.VerifiedAt.Format(time.RFC3339)}
	if r.ValidUntil != nil {
		words = append(words, "valid until "+r.ValidUntil.UTC().Format(time.RFC3339))
	}
	sheet.Hang("  result     ", print.Line(strings.Join(words, ", ")))
	sheet.Hang("  for        ", print.Line(fmt.Sprintf("%s to %s (%s)", r.Service, r.Environment, r.Kind)))
	sheet.Hang("  policies   ", print.Line(r.PolicyDigest))
	for _, f := range r.Findings {
		text := f.Code
		if f.Item != nil {
			text += " " + *f.Item
		}
		if f.Effect == "waived" {
			sheet.Hang("  waived     ", print.Line(text))
		}
	}
}
