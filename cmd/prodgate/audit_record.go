package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

func newAuditRecord(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "record TYPE",
		Short: "Record a step that was taken: an approval, a deployment, a review",
		Long: `Record adds one step to the trail and prints its receipt. Types are
` + recordableTypes() + `
Decisions (gate.*), changes of the policies and erasures are recorded by what makes
them, and by nobody else.

Who records is what the surroundings establish: in GitHub Actions the repository
(repo:OWNER/NAME, assurance ci), elsewhere the account that runs prodgate (assurance
user). --writer says it by hand; that is only claimed, and settles and approves
nothing. Which writers count for what is a setting of the policies (audit.writers).

In GitHub Actions the steps of one run belong to one deployment, whatever its
attempt (--deployment), and say which attempt they belong to (--attempt).

A step that is recorded again with the same --id and the same words is the same
step, and gets the same receipt; without --occurred-at it is then dated by the id.
It ends with 0 once the step is recorded for good, else with 2.`,
		Example: `  prodgate audit record staging.verified --image registry.example.com/payments-api:7a3f9c2 --result PASSED
  prodgate audit record approval.granted --digest sha256:… --approver platform-lead@example.com --window business-hours
  prodgate audit record emergency.reviewed --settles 01940b5e-2f6a-7c61-9f3e-6a0c5d1be0aa`,
		ValidArgs: recordable,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("one of "+strings.Join(recordable, ", "), "give exactly one type")
			}
			return nil
		},
	}
	addTrail(cmd)
	addFormat(cmd)
	addInsecure(cmd)
	addSettings(cmd, "service", "environment", "request-id", "deployment", "attempt")
	flags := cmd.Flags()
	flags.String("image", "", "the image that the step is about, as a reference; a tag is resolved to its digest now")
	flags.String("digest", "", "the digest of the image that the step is about, sha256:…")
	flags.String("occurred-at", "", "when the step was taken (RFC 3339); without it, now")
	flags.String("id", "", "the step's id, a UUIDv7, so that a retry is the same step; without it, made up")
	flags.String("writer", "", "who records, as scheme:value; it is only claimed then")
	for _, f := range stepFields {
		flags.String(f.flag, "", f.doc)
	}
	addConfiguration(cmd)
	flags.StringArray("field", nil, "NAME=VALUE, repeatable: more to be kept with the step")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return auditRecord(cmd, std, args[0]) }
	return cmd
}

// recordableTypes lists them, a family on each line.
func recordableTypes() string {
	var b strings.Builder
	family := ""
	for _, name := range recordable {
		first, _, _ := strings.Cut(name, ".")
		switch {
		case family == "":
			b.WriteString("  ")
		case first != family:
			b.WriteString(",\n  ")
		default:
			b.WriteString(", ")
		}
		family = first
		b.WriteString(name)
	}
	return b.String() + "."
}

func auditRecord(cmd *cobra.Command, std stdio, kind string) error {
	if err := recordableType(kind); err != nil {
		return err
	}
	asJSON, err := format(cmd)
	if err != nil {
		return err
	}
	return withTrail(cmd, std, false, func(ctx context.Context, cfg *config.Config, log *trail.Log) error {
		if vanishes(std, cfg.Get("trail").Text) {
			warnVanishing(std, cfg.Get("trail"))
		}
		s := step{cmd: cmd, std: std, cfg: cfg, log: log}
		event, err := s.event(ctx, kind)
		if err != nil {
			return err
		}
		return appendStep(ctx, std, log, event, asJSON)
	})
}

// appendStep records one step and prints its receipt.
func appendStep(ctx context.Context, std stdio, log *trail.Log, event trail.Event, asJSON bool) error {
	receipts, err := log.Append(ctx, event)
	if errors.Is(err, trail.ErrConflict) {
		return usage("a retry needs the same words; another step needs another --id", "record %s: %w", event.Type, err)
	}
	if err != nil {
		return fmt.Errorf("record %s: %w", event.Type, err)
	}
	if len(receipts) != 1 {
		return fmt.Errorf("record %s: the trail gave %d receipts", event.Type, len(receipts))
	}
	if asJSON {
		return writeJSON(std.out, receipts[0])
	}
	r := receipts[0]
	return writeText(std, fmt.Sprintf("recorded %s as entry %d\n  id      %s\n  leaf    %s\n  writer  %s\n",
		event.Type, r.Seq, r.ID, r.LeafHash, print.Line(fmt.Sprintf("%s (%s)", event.Writer.Subject, event.Writer.Assurance))))
}

// step is an event in the making.
type step struct {
	cmd *cobra.Command
	std stdio
	cfg *config.Config
	log *trail.Log

	tag string // of the image that was named; "" if it was named without one
}

// text is a flag's value; one that is given and empty is an expansion that failed.
func (s *step) text(flag string) (string, error) {
	value, err := s.cmd.Flags().GetString(flag)
	if err == nil && value == "" && s.cmd.Flags().Changed(flag) {
		err = usage("leave the flag out, or give it a value", "--%s needs a value", flag)
	}
	return value, err
}

// event is what is to be recorded, complete.
func (s *step) event(ctx context.Context, kind string) (e trail.Event, err error) {
	e = trail.Event{Type: kind, Writer: writer(s.std), Run: runAddress(s.std), Request: s.cfg.Get("request-id").Text}
	if subject, err := s.text("writer"); err != nil {
		return e, err
	} else if subject != "" {
		if e.Writer, err = claimed(subject); err != nil {
			return e, err
		}
	}
	if err := s.when(&e); err != nil {
		return e, err
	}
	if err := s.what(ctx, &e); err != nil {
		return e, err
	}
	e.Deployment = deploymentOf(s.cfg, e.Request)
	e.Service, e.Environment = s.cfg.Get("service").Text, s.environment(kind)
	data, err := s.data(&e)
	if err != nil {
		return e, err
	}
	if kind == trail.TypeEmergencyReviewed {
		if err := s.settles(ctx, &e, data); err != nil {
			return e, err
		}
	}
	if err := lacks(&e, data); err != nil {
		return e, err
	}
	e.Data, err = json.Marshal(data)
	return e, err
}

// environment is where the step was taken: steps of staging in staging, whatever
// prodgate.yaml says about deployments; a flag or a variable says otherwise.
func (s *step) environment(kind string) string {
	v := s.cfg.Get("environment")
	if strings.HasPrefix(kind, "staging.") && v.Origin.Kind != config.FromFlag && v.Origin.Kind != config.FromEnvironment {
		return "staging"
	}
	return v.Text
}

// when reads id and time. A retry names the id alone, and is the same event.
func (s *step) when(e *trail.Event) (err error) {
	e.OccurredAt = s.std.clock()
	if e.ID, err = s.text("id"); err != nil {
		return err
	}
	if e.ID == "" {
		e.ID = trail.NewID()
	} else {
		id, err := uuid.Parse(e.ID)
		if err != nil || id.Version() != 7 || id.String() != e.ID {
			return usage("uuidgen --time-v7 makes one; keep it for a retry", "--id %q is no UUIDv7 in lower case", e.ID)
		}
		e.OccurredAt = time.Unix(id.Time().UnixTime())
	}
	at, err := s.text("occurred-at")
	if err == nil && at != "" {
		e.OccurredAt, err = instant(at, "--occurred-at")
	}
	return err
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// what reads which image the step is about. A tag is resolved once, now.
func (s *step) what(ctx context.Context, e *trail.Event) (err error) {
	if e.Digest, err = s.text("digest"); err != nil {
		return err
	}
	image, err := s.text("image")
	if err != nil {
		return err
	}
	if image != "" {
		found := e.Digest
		if _, digest, ok := strings.Cut(image, "@"); ok {
			found = digest
		} else if found == "" {
			applyInsecure(s.cmd, s.cfg)
			if found, err = collectors.Resolve(ctx, s.cfg.File.Sources, image); err != nil {
				return usage("name the digest with --digest", "which image is %q? %w", image, err)
			}
		}
		if e.Digest != "" && e.Digest != found {
			return usage("leave one of them out", "--digest %s and --image %s name two images", e.Digest, image)
		}
		e.Artifact, e.Digest = repositoryOf(image), found
		s.tag, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(image, e.Artifact), ":"), "@")
	}
	if e.Digest != "" && !digestForm.MatchString(e.Digest) {
		return usage("sha256: and 64 lower-case hexadecimal digits", "%q is no digest", e.Digest)
	}
	return nil
}

// repositoryOf is a reference without tag and digest.
func repositoryOf(image string) string {
	repository, _, _ := strings.Cut(image, "@")
	if at := strings.LastIndex(repository, ":"); at > strings.LastIndex(repository, "/") && !strings.HasPrefix(image, "tarball:") {
		repository = repository[:at]
	}
	return repository
}

// settles finds what a review settles, and says so only of an emergency's use.
// Where nobody says otherwise it is about the same service.
func (s *step) settles(ctx context.Context, e *trail.Event, data map[string]any) error {
	id, _ := data["settles"].(string)
	if id == "" {
		return nil // lacks says so
	}
	used, err := s.log.Entry(ctx, id)
	switch {
	case errors.Is(err, trail.ErrNotFound):
		return usage("prodgate audit log --type emergency.used lists them", "--settles: %w", err)
	case err != nil:
		return err
	case used.Type != trail.TypeEmergencyUsed:
		return usage("prodgate audit log --type emergency.used lists them", "--settles: entry %s is a %s, and only an emergency.used is reviewed", id, used.Type)
	}
	if given := s.cfg.Get("service"); given.Origin.Kind == config.FromFlag && e.Service != used.Service {
		return usage("leave --service out", "--settles: that emergency was %s's, not %s's", used.Service, e.Service)
	}
	e.Service, e.Environment = used.Service, used.Environment
	e.Artifact, e.Digest = cmp.Or(e.Artifact, used.Artifact), cmp.Or(e.Digest, used.Digest)
	e.Deployment = used.Deployment
	var was trail.EmergencyData
	if err := json.Unmarshal(used.Data, &was); err != nil {
		return fmt.Errorf("--settles: entry %d: %w", used.Seq, err)
	}
	if data["ticket"] == nil && was.Ticket != "" {
		data["ticket"] = was.Ticket
	}
	if reviewer, _ := data["reviewer"].(string); reviewer != "" && slices.Contains(slices.Concat(was.RequestedBy, was.ApprovedBy), reviewer) {
		return usage("let somebody else hold the review, and name them with --reviewer", "--reviewer: %s asked for that emergency or approved it", reviewer)
	}
	return nil
}

// lacks returns an error for what a step of e's type must say and does not.
func lacks(e *trail.Event, data map[string]any) error {
	form := recordForms[e.Type]
	var lacking []string
	for flag, value := range map[string]string{"service": e.Service, "environment": e.Environment} {
		if value == "" {
			lacking = append(lacking, "--"+flag)
		}
	}
	if form.image && e.Digest == "" {
		lacking = append(lacking, "--digest or --image")
	}
	if form.deployment && e.Deployment == "" {
		lacking = append(lacking, "--deployment")
	}
	for _, flag := range form.required {
		if data[fieldOf(flag).name] == nil {
			lacking = append(lacking, "--"+flag)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	slices.Sort(lacking)
	return usage("prodgate audit record --help says what the flags mean", "%s needs %s", e.Type, strings.Join(lacking, ", "))
}

// data are the type's own fields.
func (s *step) data(e *trail.Event) (map[string]any, error) {
	form := recordForms[e.Type]
	data := map[string]any{}
	for _, f := range stepFields {
		text, err := s.text(f.flag)
		if err != nil {
			return nil, err
		}
		if text == "" {
			continue
		}
		if !slices.Contains(form.required, f.flag) && !slices.Contains(form.optional, f.flag) {
			return nil, usage("it can have "+flagList(form), "--%s says nothing about %s", f.flag, e.Type)
		}
		if data[f.name], err = f.read(text); err != nil {
			return nil, usage("", "--%s: %w", f.flag, err)
		}
	}
	if err := readApprovers(data, form); err != nil {
		return nil, usage("", "--approver: %w", err)
	}
	if err := s.bound(e, form, data); err != nil {
		return nil, err
	}
	if form.approval && data["approved_at"] == nil {
		data["approved_at"] = e.OccurredAt.UTC().Format(time.RFC3339Nano)
	}
	if name := form.tag; s.tag != "" && name != "" && data[name] == nil {
		data[name] = s.tag
	}
	if err := s.more(data); err != nil {
		return nil, err
	}
	return data, nil
}

// bound reads what binds a step to a request: its configuration and attempt; and
// of a review who held it.
func (s *step) bound(e *trail.Event, form recordForm, data map[string]any) error {
	digest, err := configuration(s.cmd, s.std)
	if err != nil {
		return err
	}
	if digest != nil {
		if !slices.Contains(form.optional, configurationFlag) {
			return usage("it can have "+flagList(form), "--%s says nothing about %s", configurationFlag, e.Type)
		}
		data["configuration"] = *digest
	}
	if form.attempt {
		n, err := attempt(s.cfg)
		if err != nil {
			return err
		}
		if n != nil {
			data["attempt"] = *n
		}
	}
	if e.Type == trail.TypeEmergencyReviewed && data["reviewer"] == nil && isPerson(e.Writer) {
		data["reviewer"] = e.Writer.Subject
	}
	return nil
}

// more reads what else is to be kept with the step.
func (s *step) more(data map[string]any) error {
	list, err := s.cmd.Flags().GetStringArray("field")
	if err != nil {
		return err
	}
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		if !ok || !fieldName.MatchString(name) {
			return usage("write it as --field NAME=VALUE, the name in lower case", "--field %q names nothing", text)
		}
		if i := slices.IndexFunc(stepFields, func(f stepField) bool { return f.name == name }); i >= 0 {
			return usage("write --"+stepFields[i].flag, "--field %s: there is a flag for it", name)
		}
		if _, twice := data[name]; twice || slices.Contains(ownFields, name) {
			return usage("choose another name", "--field %s: the name is taken", name)
		}
		data[name] = value
	}
	return nil
}

func flagList(form recordForm) string {
	var list []string
	for _, flag := range slices.Concat(form.required, form.optional) {
		list = append(list, "--"+flag)
	}
	slices.Sort(list)
	return or(strings.Join(list, ", "), "none of them")
}
