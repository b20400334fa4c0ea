package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/internal/print"
	page "github.com/prodgate/prodgate/internal/report/request"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

func newRequest(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "request IMAGE",
		Short: "Record what is requested, before people review it",
		Long: `Request resolves IMAGE to its digest and records in the audit trail what this run
requests: digest, service, environment, kind, configuration, emergency and ticket. A
review of the run counts for exactly that. Then it prints what an approver reviews:
version and commit, staging results, recent production stability and timing. It makes
no decision.

In GitHub Actions, run it in a job before the job with the environment. It appends the
page to GITHUB_STEP_SUMMARY, and "digest" and "image" to GITHUB_OUTPUT. In GitLab, run
it in a job before the job with the environment. It prints the page, and --dotenv writes
GATE_DIGEST and GATE_IMAGE for the jobs that follow (artifacts: reports: dotenv). A run
or pipeline can request one thing for an environment: another digest, kind or
configuration needs another one.

It exits with 0 if the request is recorded and everything is written, otherwise with 2.`,
		Example: `  prodgate request registry.example.com/payments-api:7a3f9c2 --environment production`,
		Args:    one("image", "prodgate request IMAGE"),
	}
	addRequest(cmd)
	addInsecure(cmd)
	addSettings(cmd, "policies")
	addTrail(cmd)
	cmd.Flags().String("dotenv", "", "write GATE_DIGEST and GATE_IMAGE to a `FILE`, as variables for later jobs in GitLab")
	writes(cmd, "dotenv")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return requestReview(cmd, std, args[0]) }
	return cmd
}

// asked is a request that is recorded for its reviewers.
type asked struct {
	located
	req    facts.Request
	digest string
	dotenv string // the file for the variables of later jobs; empty: none
}

func requestReview(cmd *cobra.Command, std stdio, image string) error {
	return withLocation(cmd, std, func(ctx context.Context, at located) error {
		applyInsecure(cmd, at.cfg)
		if err := oneTrail(at.cfg); err != nil {
			return err
		}
		policies, err := std.policies(ctx, at.cfg.Get("policies").List)
		if err != nil {
			return err
		}
		a := &asked{located: at}
		if a.dotenv, err = cmd.Flags().GetString("dotenv"); err != nil {
			return err
		}
		if a.req, err = request(cmd, std, at.cfg, policies, image); err != nil {
			return err
		}
		sources := sourcesFor(at.cfg, std)
		if a.digest, err = collectors.Resolve(ctx, sources, image); err != nil {
			return fmt.Errorf("resolve %s: %w", image, err)
		}
		a.req.Reference = pinned(image, a.digest)
		summary, output, err := a.files()
		if err != nil {
			return err
		}
		entry, err := a.record(ctx)
		if err != nil {
			return err
		}
		text, err := a.page(ctx, policies, sources, entry)
		if err != nil {
			return err
		}
		return a.write(entry, text, summary, output)
	})
}

// pinned is an image reference with its digest, so that what is read next is what was
// recorded.
func pinned(image, digest string) string {
	if strings.Contains(image, "@") || strings.HasPrefix(image, "oci:") || strings.HasPrefix(image, "tarball:") {
		return image
	}
	return image + "@" + digest
}

// files are the summary and the output of a step of GitHub Actions; empty: none.
func (a *asked) files() (summary, output string, err error) {
	for name, path := range map[string]*string{"GITHUB_STEP_SUMMARY": &summary, "GITHUB_OUTPUT": &output} {
		if *path = a.std.getenv(name); *path == "" || a.std.getenv("GITHUB_ACTIONS") != "true" {
			*path = ""
			continue
		}
		*path = a.std.path(*path)
		guard := []guarded{{path: a.cfg.Get("trail").Text, what: "the audit trail"}, {path: a.cfg.Path, what: "the configuration"}}
		if err := (written{path: *path, said: name}).allowed(guard); err != nil {
			return "", "", err
		}
	}
	return summary, output, nil
}

// record appends the request to the trail and returns the position of its entry. A run
// that requested something else for the environment is an error: no review of it would
// count.
func (a *asked) record(ctx context.Context) (int64, error) {
	data := trail.RequestData{
		Kind: string(a.req.Kind), Emergency: a.req.Emergency, Ticket: a.req.Ticket, Trigger: a.req.Trigger,
		RequestedBy: a.req.RequestedBy, TriggeredBy: a.req.TriggeredBy, Attempt: a.req.Attempt, Configuration: a.req.Configuration,
	}
	event, err := stepOf(a.std, trail.TypeGateRequested, data)
	if err != nil {
		return 0, err
	}
	event.Service, event.Environment, event.Digest = a.req.Service, a.req.Environment, a.digest
	event.Artifact, event.Request, event.Deployment = collectors.Repository(a.req.Reference), a.req.ID, gate.DeploymentID(a.req)
	if err := a.onlyOne(ctx, event, data); err != nil {
		return 0, err
	}
	if location := a.cfg.Get("trail"); vanishes(a.std, location.Text) {
		warnVanishing(a.std, location)
	}
	receipt, err := recordStep(ctx, a.located, event)
	return receipt.Seq, err
}

// onlyOne returns an error if the trail has a request of the same run for the same
// environment that differs from event.
func (a *asked) onlyOne(ctx context.Context, event trail.Event, data trail.RequestData) error {
	var before []trail.Entry
	err := a.open(ctx, true, func(log *trail.Log) (err error) {
		before, err = recordedOf(ctx, log, trail.ByDeployment(event.Deployment))
		return err
	})
	if errors.Is(err, fs.ErrNotExist) { // a trail that does not exist yet has no records
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range before {
		if e.Type != trail.TypeGateRequested || e.Environment != event.Environment {
			continue
		}
		var earlier trail.RequestData
		if err := json.Unmarshal(e.Data, &earlier); err != nil {
			return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		if what := difference(e, event, earlier, data); what != "" {
			cure := "start a new run: no review counts for a run with two different requests"
			if what == "service" {
				cure = "give each service of a run its own environment, or its own run: a review names only the run and the environment"
			}
			return usage(cure,
				"this run has requested something else for %s: entry %d has another %s", event.Environment, e.Seq, what)
		}
	}
	return nil
}

// difference names what two requests of one run do not have in common; "" if nothing.
func difference(e trail.Entry, event trail.Event, before, now trail.RequestData) string {
	for _, f := range []struct{ name, before, now string }{
		{"service", e.Service, event.Service}, {"digest", e.Digest, event.Digest}, {"kind", before.Kind, now.Kind},
		{"configuration", textOf(before.Configuration), textOf(now.Configuration)},
		{"ticket", textOf(before.Ticket), textOf(now.Ticket)},
		{"emergency", fmt.Sprint(before.Emergency), fmt.Sprint(now.Emergency)},
	} {
		if f.before != f.now {
			return f.name
		}
	}
	return ""
}

// page is what an approver reviews. The facts are collected and evaluated, but no
// decision is made of them.
func (a *asked) page(ctx context.Context, policies *evaluator.Evaluator, sources collectors.Config, entry int64) ([]byte, error) {
	defer saveMemoryFor(a.cfg)()
	g := &gate.Gate{Sources: sources, Policies: policies, Clock: a.std.clock}
	input, err := g.Input(ctx, gate.Request{Request: a.req})
	if err != nil {
		return nil, err
	}
	decision, err := policies.Decide(ctx, input)
	if err != nil {
		return nil, err
	}
	p := page.Page{Document: input.Document(), Decision: &decision, Digest: a.digest, Entry: entry}
	p.Review, _, _ = strings.Cut(runAddress(a.std), "/attempts/")
	return p.Markdown(), nil
}

// write writes the page and the output of the step.
func (a *asked) write(entry int64, text []byte, summary, output string) error {
	image := print.Line(a.req.Reference)
	lines := fmt.Sprintf("recorded the request as entry %d\n  image   %s\n  digest  %s\n", entry, image, a.digest)
	if summary == "" {
		lines += "\n" + string(text)
	}
	if err := writeText(a.std, lines); err != nil {
		return err
	}
	if a.dotenv != "" {
		variables := fmt.Sprintf("GATE_DIGEST=%s\nGATE_IMAGE=%s\n", a.digest, image)
		if err := os.WriteFile(a.std.path(a.dotenv), []byte(variables), 0o644); err != nil {
			return usage("the request is recorded; run the job again to pass it on", "%w", err)
		}
	}
	for path, content := range map[string]string{
		summary: string(text), output: fmt.Sprintf("digest=%s\nimage=%s\n", a.digest, image),
	} {
		if path == "" {
			continue
		}
		if err := appendTo(path, content); err != nil {
			return usage("the request is recorded; run the job again to show it", "%w", err)
		}
	}
	return nil
}

// appendTo appends text to a file.
func appendTo(path, text string) (err error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, f.Close()) }()
	_, err = f.WriteString(text)
	return err
}
