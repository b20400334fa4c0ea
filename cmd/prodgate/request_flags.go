package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// requestSettings are the settings that describe the request. In addition there is
// --emergency, which is only a flag.
var requestSettings = []string{
	"service", "environment", "kind", "ticket", "trigger", "requested-by", "triggered-by", "requested-at", "request-id",
	"deployment", "attempt",
}

// addRequest declares the flags that describe the request.
func addRequest(cmd *cobra.Command) {
	addRequestSettings(cmd)
	addConfiguration(cmd)
	cmd.Flags().Bool("emergency", false, "request an emergency deployment: it only waives time checks, and requires a review afterwards (flag only)")
}

// addInsecure declares the flag that allows plain HTTP to a registry.
func addInsecure(cmd *cobra.Command) {
	cmd.Flags().Bool(config.InsecureFlag, false, "read the registry over plain HTTP, also outside loopback (flag only; the decision shows it)")
}

// applyInsecure applies the flag of addInsecure to cfg.
func applyInsecure(cmd *cobra.Command, cfg *config.Config) (insecure bool) {
	insecure, err := cmd.Flags().GetBool(config.InsecureFlag)
	if err != nil || !insecure {
		return false
	}
	cfg.File.Sources.Registry.Insecure = true
	return true
}

// addRequestSettings declares the flags of requestSettings, with --env short
// for --environment.
func addRequestSettings(cmd *cobra.Command) {
	addSettings(cmd, requestSettings...)
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "env" {
			name = "environment"
		}
		return pflag.NormalizedName(name)
	})
	complete(cmd, "kind", kinds())
}

// request builds the request about reference, now. It invents only the request's id:
// the error lists what is missing and who can provide it.
//
// policies are those in force. If nil, they are loaded when they are needed to find
// the service of the image.
func request(cmd *cobra.Command, std stdio, cfg *config.Config, policies *evaluator.Evaluator, reference string) (facts.Request, error) {
	if err := checkImage(reference); err != nil {
		return facts.Request{}, err
	}
	if err := inferService(cmd.Context(), std, cfg, policies, reference); err != nil {
		return facts.Request{}, err
	}
	if err := missing(cfg, "service", "environment", "trigger", "requested-by", "triggered-by"); err != nil {
		return facts.Request{}, err
	}
	req := facts.Request{
		ID:          cfg.Get("request-id").Text,
		Service:     cfg.Get("service").Text,
		Environment: cfg.Get("environment").Text,
		Trigger:     cfg.Get("trigger").Text,
		RequestedBy: cfg.Get("requested-by").Text,
		TriggeredBy: cfg.Get("triggered-by").Text,
		RequestedAt: std.clock().UTC().Truncate(time.Second),
		Reference:   reference,
	}
	var err error
	if req.Kind, err = kind(cfg.Get("kind")); err != nil {
		return req, err
	}
	if at := cfg.Get("requested-at"); at.Given() {
		if req.RequestedAt, err = instant(at.Text, at.Origin.String()); err != nil {
			return req, err
		}
	}
	if ticket := cfg.Get("ticket").Text; ticket != "" {
		req.Ticket = &ticket
	}
	if req.ID == "" {
		req.ID = newID()
	}
	deployment := deploymentOf(cfg, req.ID)
	req.Deployment = &deployment
	if req.Attempt, err = attempt(cfg); err != nil {
		return req, err
	}
	if req.Configuration, err = configuration(cmd, std); err != nil {
		return req, err
	}
	req.Emergency, err = cmd.Flags().GetBool("emergency")
	return req, err
}

// inferService finds the service that the image belongs to, where none is given: the
// one service to which settings give the image's repository.
func inferService(ctx context.Context, std stdio, cfg *config.Config, policies *evaluator.Evaluator, reference string) error {
	if cfg.Get("service").Given() {
		return nil
	}
	packs := cfg.Get("policies").List
	if policies == nil && len(packs) > 0 { // the shipped settings list no service
		var err error
		if policies, err = load(ctx, std, packs); err != nil {
			return err
		}
	}
	if policies == nil {
		return nil
	}
	repository := collectors.Repository(reference)
	switch services := policies.ServicesOf(repository); len(services) {
	case 0:
		return nil
	case 1:
		cfg.Infer("service", services[0], "settings: repositories of "+services[0])
		return nil
	default:
		return usage("name the service with --service", "%s belongs to several services: %s", repository, strings.Join(services, ", "))
	}
}

// checkImage returns an error if reference is not an image reference. That is an
// error of usage, not a fact about an image.
func checkImage(reference string) error {
	err := collectors.CheckReference(reference)
	if strings.HasPrefix(reference, "-") { // a flag after "--", not a repository of the default registry
		err = fmt.Errorf("invalid image %q: it begins with a hyphen", reference)
	}
	if err != nil {
		return usage("IMAGE is HOST/REPOSITORY[:TAG][@sha256:DIGEST], oci:DIR[:TAG] or tarball:FILE", "%w", err)
	}
	return nil
}

// deploymentOf returns the id that all attempts of a deployment share: the setting,
// otherwise the request's id without its attempt.
func deploymentOf(cfg *config.Config, requestID string) string {
	return cmp.Or(cfg.Get("deployment").Text, trail.WithoutAttempt(requestID))
}

// attempt returns the number of the deployment's attempt; nil if it is not known.
func attempt(cfg *config.Config) (*int, error) {
	v := cfg.Get("attempt")
	if v.Text == "" {
		if n := trail.Attempt(cfg.Get("request-id").Text); n > 0 {
			return &n, nil
		}
		return nil, nil
	}
	if _, err := step.Attempt.Read(v.Text); err != nil {
		return nil, usage("use a number from 1", "attempt (%s) %w", v.Origin, err)
	}
	n, err := strconv.Atoi(v.Text)
	return &n, err
}

// missing returns an error that lists the settings in names that are not given.
func missing(cfg *config.Config, names ...string) error {
	var lines []string
	for _, s := range config.Settings {
		for _, name := range names {
			if s.Name != name || cfg.Get(name).Text != "" {
				continue
			}
			where := "--" + s.Flag + " or " + s.Env
			if s.Key != "" {
				where = "--" + s.Flag + ", " + s.Env + " or " + s.Key + " in " + config.Filename
			}
			lines = append(lines, fmt.Sprintf("  %s: %s (%s)", s.Name, s.Doc, where))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return usage("set them; prodgate only has defaults for them in CI systems that it supports",
		"the request is incomplete, missing:\n%s", strings.Join(lines, "\n"))
}

// kinds are the valid kinds of a request.
func kinds() []string {
	words := make([]string, 0, len(facts.Kinds))
	for _, k := range facts.Kinds {
		words = append(words, string(k))
	}
	return words
}

func kind(v config.Value) (facts.Kind, error) {
	words := kinds()
	if slices.Contains(words, v.Text) {
		return facts.Kind(v.Text), nil
	}
	help := "one of " + strings.Join(words, ", ")
	if hint := spelling.Hint(v.Text, words); hint != "" {
		help = hint
	}
	return "", usage(help, "unknown kind %q (%s)", v.Text, v.Origin)
}

// instant reads a time with its offset; from is its flag or variable, for errors.
func instant(text, from string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage("write it as 2026-11-24T11:20:00-05:00", "%s: %q is not a time with an offset (RFC 3339)", from, text)
	}
	return at, nil
}

// newID returns an id for a request without one.
func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return "run-" + hex.EncodeToString(b[:])
}
