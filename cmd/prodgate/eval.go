package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/spf13/cobra"
)

// evaluation is one run of "prodgate eval", or of another command that decides, with
// its flags.
type evaluation struct {
	std       stdio
	cmd       *cobra.Command
	cfg       *config.Config
	outputs   []print.Output
	input     string     // file, - for standard input, "" for an image
	saveInput string     // file, "" for none
	at        *time.Time // nil: now

	receipt   string     // file, "" for none
	publisher *publisher // of a summary; nil: none is asked for

	insecure bool       // whether plain HTTP to the registry is allowed
	trail    *trailName // of the trail that decisions are recorded in; nil: none
}

func newEval(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "eval [IMAGE]",
		Short: "Decide whether an image may be deployed",
		Long: `Eval collects the facts about IMAGE and decides; with --input it decides on a saved
document. It exits with 0 (allow), 1 (deny), 3 (deny for now: it clears by itself) or
2 (no decision: treat it as blocked).

IMAGE is a registry reference, oci:DIR[:TAG] or tarball:FILE.

In GitHub Actions the fields of the request have defaults: the trigger is
GITHUB_EVENT_NAME, the requester is github:GITHUB_ACTOR_ID, and the run was started
by the same account, or by github-login:GITHUB_TRIGGERING_ACTOR if another account
re-ran it. In GitLab the trigger is CI_PIPELINE_SOURCE, and both persons are
gitlab:GITLAB_USER_ID, who started the job. In other systems they are required.

With --attest, an allow is followed by a signed summary that others can ask for:
"prodgate attest verify --type vsa". It is attached to the image after the decision
is recorded and written. A denial has no summary, and neither has an allow that
something weakened. If an allow has no summary in the end, eval exits with 2: the
decision stands, but it is not complete.`,
		Example: `  prodgate eval registry.example.com/payments-api:7a3f9c2
  prodgate eval registry.example.com/payments-api:7a3f9c2 --attest --key gate.key
  prodgate eval --input document.json -o text -o json=decision.json`,
		Args: func(cmd *cobra.Command, args []string) error { return imageOrInput(cmd, args) },
	}
	addQuestion(cmd)
	flags := cmd.Flags()
	flags.StringArrayP("output", "o", nil, "FORMAT[=PATH], repeatable: text, json, yaml, markdown, github, sarif, junit, template=FILE[=PATH]; default: text")
	complete(cmd, "output", report.Formats.Names)
	addWait(cmd)
	flags.String("receipt", "", "write the trail's receipt to this file, as later proof that the decision was recorded")
	writes(cmd, "receipt")
	addAttest(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		e, err := prepare(cmd, std, report.Formats)
		if err != nil {
			return err
		}
		if err := e.receiptFile(); err != nil {
			return err
		}
		if e.publisher, err = e.publishing(cmd.Context(), args); err != nil {
			return err
		}
		return e.run(cmd.Context(), args)
	}
	return cmd
}

// addQuestion declares the flags for what to decide on, with which rules and as of
// when.
func addQuestion(cmd *cobra.Command) {
	addRequest(cmd)
	addInsecure(cmd)
	addExchanges(cmd)
	addSettings(cmd, "policies", "config", "timeout", "trail", "trail-key")
	addTerminal(cmd)
	flags := cmd.Flags()
	flags.String("input", "", "decide on the document in this file instead of collecting; - is standard input")
	flags.String("save-input", "", "write the collected document to this file")
	flags.String("at", "", "decide as of this time (RFC 3339); the decision is a simulation and never counts (flag only)")
	reads(cmd, "input")
	writes(cmd, "save-input")
}

// imageOrInput accepts an image or --input. With --input it rejects the flags whose
// values are in the document.
func imageOrInput(cmd *cobra.Command, args []string) error {
	help := fmt.Sprintf("%s IMAGE, or %s --input FILE", cmd.CommandPath(), cmd.CommandPath())
	fromFile := cmd.Flags().Changed("input")
	switch {
	case len(args) > 1:
		return usage(help, "one image at a time, got %q and %q", args[0], args[1])
	case fromFile && len(args) == 1:
		return usage(help, "an image and --input exclude each other")
	case !fromFile && len(args) == 0, len(args) == 1 && args[0] == "":
		return usage(help, "nothing to decide about: give an image or --input")
	}
	for _, flag := range append([]string{"emergency", config.InsecureFlag, "save-input", configurationFlag}, requestSettings...) {
		if fromFile && cmd.Flags().Changed(flag) {
			return usage("change the document, or omit the flag", "--%s and --input exclude each other: the document contains the request", flag)
		}
	}
	return nil
}

// prepare reads flags and configuration; -o accepts formats.
func prepare(cmd *cobra.Command, std stdio, formats print.Formats) (*evaluation, error) {
	e := &evaluation{std: std, cmd: cmd}
	flags := cmd.Flags()
	words, err := flags.GetStringArray("output")
	if err != nil {
		return nil, err
	}
	if quiet, _ := flags.GetBool("quiet"); !quiet || len(words) > 0 {
		if e.outputs, err = formats.ParseAll(words); err != nil {
			return nil, usage("", "%w", err)
		}
	}
	if e.input, err = flags.GetString("input"); err != nil {
		return nil, err
	}
	if flags.Changed("input") && e.input == "" {
		return nil, usage("--input FILE, or --input - for standard input", "--input needs a value")
	}
	if e.saveInput, err = flags.GetString("save-input"); err != nil {
		return nil, err
	}
	if flags.Changed("at") {
		text, _ := flags.GetString("at")
		at, err := instant(text, "--at")
		if err != nil {
			return nil, err
		}
		e.at = &at
	}
	if e.cfg, err = loadConfig(cmd, std); err != nil {
		return nil, err
	}
	if e.std, err = openExchanges(cmd, std, e.cfg, cmd.Flags().Arg(0)); err != nil {
		return nil, err
	}
	if e.at == nil {
		e.at = e.std.exchanges.at()
	}
	return e, nil
}

// receiptFile reads --receipt.
func (e *evaluation) receiptFile() (err error) {
	if e.receipt, err = e.cmd.Flags().GetString("receipt"); err != nil || e.receipt == "" {
		return err
	}
	if !e.cfg.Get("trail").Given() {
		return usage("set one with --trail, PRODGATE_TRAIL or trail in "+config.Filename, "--receipt needs a trail to be recorded in")
	}
	e.receipt = e.std.path(e.receipt)
	return nil
}

// run decides and writes every output. It returns nil only for an allow whose every
// output is written.
func (e *evaluation) run(ctx context.Context, args []string) error {
	options, err := e.options()
	if err != nil {
		return err
	}
	wait, err := waiting(e.cmd)
	if err != nil {
		return err
	}
	record, err := e.openTrail(ctx)
	if err != nil {
		return err
	}
	if record != nil {
		defer record.Log.Close() // the record is durable before that
	}
	g, req, err := e.ask(ctx, args, &options)
	if err != nil {
		return noDecision(ctx, err)
	}
	if g.Trail = record; wait > 0 {
		g.Wait = e.waitFor(wait)
	}
	defer saveMemoryFor(e.cfg)()
	result, err := g.Run(ctx, req)
	if err != nil {
		return noDecision(ctx, err)
	}
	if err := e.std.exchanges.close(); err != nil {
		return noDecision(ctx, err)
	}
	options.Rule = rules(g.Policies)
	return e.conclude(ctx, result, options)
}

// ask prepares the gate and its input.
func (e *evaluation) ask(ctx context.Context, args []string, options *report.Options) (*gate.Gate, gate.Request, error) {
	timeout, err := e.cfg.Timeout()
	if err != nil {
		return nil, gate.Request{}, err
	}
	e.insecure = applyInsecure(e.cmd, e.cfg)
	g := &gate.Gate{Sources: sourcesFor(e.cfg, e.std), Clock: e.std.clock, Timeout: timeout, Collected: e.collected}
	g.Weakened = func(ctx context.Context, input *evaluator.Input) ([]string, error) {
		return e.weakened(ctx, g.Policies, input)
	}
	var req gate.Request
	err = g.Within(ctx, func(ctx context.Context) error {
		if g.Policies, err = e.std.policies(ctx, e.cfg.Get("policies").List); err != nil {
			return err
		}
		req, err = e.question(ctx, g.Policies, args, options)
		return err
	})
	return g, req, err
}

// noDecision returns the error of a run without a decision that counts.
func noDecision(ctx context.Context, err error) error {
	var unrecorded *gate.UnrecordedError
	var moved *gate.MovedError
	var late *gate.TimeoutError
	hint := "no decision was made: treat it as blocked"
	switch {
	case errors.As(err, &unrecorded):
		return notRecorded(err)
	case errors.As(err, &moved):
		hint += "; wait for a digest instead"
	case errors.As(err, &late):
		hint += "; use --timeout for more time"
	default:
		err = caused(ctx, err)
	}
	return usage(hint, "%w", err)
}

// caused adds to err why ctx ended, if it did.
func caused(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return err
}

// conclude writes the outputs, publishes what is asked for and converts the decision into
// an exit code.
func (e *evaluation) conclude(ctx context.Context, result *gate.Result, options report.Options) error {
	d := &result.Decision
	end, err := ending(d.Outcome, d.ExitCode)
	if err != nil {
		return err
	}
	if err := e.acknowledge(result.Recorded); err != nil {
		return err
	}
	err = e.write(func(o print.Output) ([]byte, error) { return report.Render(o, d, e.placed(o, options)) })
	if err != nil {
		return err
	}
	if err := e.attest(ctx, d); err != nil {
		return err
	}
	return end
}

// write writes every output.
func (e *evaluation) write(printed func(print.Output) ([]byte, error)) error {
	if err := print.WriteAll(e.std.out, e.outputs, printed); err != nil {
		return usage("a decision counts only if it is written: treat it as blocked", "%w", err)
	}
	return nil
}

// placed adapts options to the format of an output: formats with links into the
// repository name the input by its path from the root (an input elsewhere gets no
// link).
func (e *evaluation) placed(o print.Output, options report.Options) report.Options {
	options.Options = options.For(o)
	if options.InputName == "" || e.cfg.Root == "" || o.Format != "github" && o.Format != "sarif" {
		return options
	}
	options.InputName = ""
	if relative, err := filepath.Rel(e.cfg.Root, e.std.path(e.input)); err == nil && filepath.IsLocal(relative) {
		options.InputName = filepath.ToSlash(relative)
	}
	return options
}

// ending returns nil for an allow and the exit code for a deny. A decision whose
// outcome and exit code contradict each other does not count.
func ending(outcome evaluator.Outcome, code int) (end, err error) {
	switch {
	case outcome == evaluator.Allow && code == exitAllow:
		return nil, nil
	case outcome == evaluator.Deny && (code == exitDeny || code == exitWait):
		return verdict(code), nil
	}
	return nil, fmt.Errorf("the evaluator returned %q with exit code %d, which is not a decision", outcome, code)
}

// rules finds the file and line of the rule behind a code. Most runs do not need it.
func rules(policies *evaluator.Evaluator) func(code string) (string, int) {
	checks := sync.OnceValue(func() []evaluator.Check {
		checks, err := policies.Checks()
		if err != nil {
			return nil // only the link to the rule is lost
		}
		return checks
	})
	return func(code string) (string, int) {
		for _, check := range checks() {
			for _, c := range check.Codes {
				if c.Code == code {
					return c.File, c.Line
				}
			}
		}
		return "", 0
	}
}

// options returns the options for printing.
func (e *evaluation) options() (report.Options, error) {
	options, err := printing(e.cmd, e.std)
	return report.Options{Options: options}, err
}
