package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

func newAuditRecord(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "record TYPE",
		Short: "Record a step, such as an approval, a deployment or a review",
		Long: `Record adds one step to the trail and prints its receipt. Types are
` + recordableTypes() + `
Prodgate itself records decisions (gate.*), policy changes and erasures.

Without --service, the service is the one whose settings list the repository of
--image (services.NAME.repositories).

Use custom.NAME for your own types of steps, where NAME is an identifier. A custom
step is about an image and can have any data (--field, --data); your own policies can
require it.

The writer is the repository in GitHub Actions (repo:OWNER/NAME, assurance ci), and
elsewhere the account that runs prodgate (assurance user). --writer names another
writer; it is recorded as claimed and cannot settle or approve anything. The setting
audit.writers defines which writers are trusted for which types.

In GitHub Actions all steps of one run belong to one deployment (--deployment) and
name their attempt (--attempt).

Recording a step again with the same --id and the same content is safe: it returns
the same receipt. Without --occurred-at, the time of the step is the time of the id.
A step that is rejected leaves nothing behind. Record exits with 0 when the step is
stored durably, otherwise with 2.`,
		Example: `  prodgate audit record staging.verified --image registry.example.com/payments-api:7a3f9c2 --result PASSED
  prodgate audit record approval.granted --digest sha256:… --approver platform-lead@example.com --window business-hours
  prodgate audit record emergency.reviewed --settles 01940b5e-2f6a-7c61-9f3e-6a0c5d1be0aa
  prodgate audit record custom.load-test --digest sha256:… --result PASSED --field peak=1200`,
		ValidArgs: recordable,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("one of "+strings.Join(recordable, ", ")+" or custom.NAME", "expected exactly one type")
			}
			return nil
		},
	}
	addTrail(cmd)
	addFormat(cmd)
	addInsecure(cmd)
	addSettings(cmd, "service", "environment", "request-id", "deployment", "attempt")
	flags := cmd.Flags()
	flags.String("image", "", "the image of the step, as a reference; a tag is resolved to its digest now")
	flags.String("digest", "", "the digest of the image of the step, sha256:…")
	flags.String("occurred-at", "", "when the step happened (RFC 3339); default: now")
	flags.String("id", "", "the id of the step, a UUIDv7; reuse it for a retry; default: a new id")
	flags.String("writer", "", "who records, as scheme:value; recorded as claimed, not proven")
	for _, f := range stepFlags {
		flags.String(f.flag, "", f.doc)
	}
	addConfiguration(cmd)
	flags.StringArray("field", nil, "additional data of the step, as NAME=VALUE, repeatable")
	flags.String(dataFlag, "", "only for custom.NAME: a file with the data of the step, a JSON object; - is standard input")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return auditRecord(cmd, std, args[0]) }
	return cmd
}

// recordableTypes lists them, one family per line.
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
	return b.String() + ",\n  custom.NAME."
}

// dataFlag names the data of a custom step.
const dataFlag = "data"

// longestData is more than an entry of the trail can have.
const longestData = 1 << 20 // bytes

func auditRecord(cmd *cobra.Command, std stdio, name string) error {
	typ, err := recordableType(name)
	if err != nil {
		return err
	}
	asJSON, err := format(cmd)
	if err != nil {
		return err
	}
	return withLocation(cmd, std, func(ctx context.Context, at located) error {
		s := stepMaker{cmd: cmd, std: std, cfg: at.cfg, typ: typ, at: at}
		event, err := s.event(ctx)
		if err != nil {
			return err
		}
		if location := at.cfg.Get("trail"); vanishes(std, location.Text) {
			warnVanishing(std, location)
		}
		return appendStep(ctx, at, event, asJSON)
	})
}

// appendStep records one step and prints its receipt. A step that is invalid whatever
// the trail contains is rejected before anything is opened.
func appendStep(ctx context.Context, at located, event trail.Event, asJSON bool) error {
	r, err := recordStep(ctx, at, event)
	if err != nil {
		return err
	}
	return showStep(at, event, r, asJSON)
}

// showStep shows an entry that was recorded.
func showStep(at located, event trail.Event, r trail.Receipt, asJSON bool) error {
	if asJSON {
		return writeJSON(at.std.out, r)
	}
	return writeText(at.std, fmt.Sprintf("recorded %s as entry %d\n  id      %s\n  leaf    %s\n  writer  %s\n",
		event.Type, r.Seq, r.ID, r.LeafHash, at.writerLine(event.Writer)))
}

// writerLine shows the writer of an entry that was recorded. A server records whom the
// token proves, unless the writer is only claimed.
func (at located) writerLine(w trail.Writer) string {
	if behindHTTP(at.cfg.Get("trail").Text) && w.Assurance != trail.AssuranceClaimed {
		return "the job of the token (" + string(trail.AssuranceOIDC) + ")"
	}
	return writerLine(w)
}

// writerLine shows a writer and how it was established.
func writerLine(w trail.Writer) string {
	return print.Line(fmt.Sprintf("%s (%s)", w.Subject, w.Assurance))
}

// recordStep is appendStep without output.
func recordStep(ctx context.Context, at located, event trail.Event) (trail.Receipt, error) {
	if err := event.Check(); err != nil {
		return trail.Receipt{}, inFlags(err)
	}
	var receipts []trail.Receipt
	err := at.open(ctx, false, func(log *trail.Log) (err error) {
		receipts, err = log.Append(ctx, event)
		return err
	})
	var wrong *step.Error
	switch {
	case errors.Is(err, trail.ErrConflict):
		return trail.Receipt{}, usage("a retry needs the same content; another step needs another --id", "record %s: %w", event.Type, err)
	case errors.As(err, &wrong):
		return trail.Receipt{}, inFlags(err)
	case err != nil:
		return trail.Receipt{}, fmt.Errorf("record %s: %w", event.Type, err)
	case len(receipts) != 1:
		return trail.Receipt{}, fmt.Errorf("record %s: the trail returned %d receipts", event.Type, len(receipts))
	}
	return receipts[0], nil
}

// stepMaker builds an event from the flags.
type stepMaker struct {
	cmd *cobra.Command
	std stdio
	cfg *config.Config
	typ step.Type
	at  located

	tag string // of the given image; empty if it was given without one
}

// text returns a flag's value. A flag that is given but empty is an error: it is
// usually a variable that expanded to nothing.
func (s *stepMaker) text(flag string) (string, error) {
	value, err := s.cmd.Flags().GetString(flag)
	if err == nil && value == "" && s.cmd.Flags().Changed(flag) {
		err = usage("omit the flag, or give it a value", "--%s needs a value", flag)
	}
	return value, err
}

// event returns the complete event.
func (s *stepMaker) event(ctx context.Context) (e trail.Event, err error) {
	e = trail.Event{Type: s.typ.Name, Writer: writer(s.std), Run: runAddress(s.std), Request: s.cfg.Get("request-id").Text}
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
	if e.Service, err = s.service(ctx); err != nil {
		return e, err
	}
	e.Environment = s.environment()
	data, err := s.data(ctx, &e)
	if err != nil {
		return e, err
	}
	if id, _ := data["settles"].(string); e.Type == trail.TypeEmergencyReviewed && id != "" {
		if err := s.complete(ctx, &e, id, data); err != nil {
			return e, err
		}
	}
	e.Data, err = json.Marshal(data)
	return e, err
}

// service returns the service of the step: the one that is given, otherwise the one
// that the image belongs to. A review takes it from the emergency that it settles.
func (s *stepMaker) service(ctx context.Context) (string, error) {
	image, err := s.text("image")
	if err != nil {
		return "", err
	}
	if image != "" && s.typ.Name != trail.TypeEmergencyReviewed {
		if err := inferService(ctx, s.std, s.cfg, nil, image); err != nil {
			return "", err
		}
	}
	return s.cfg.Get("service").Text, nil
}

// environment returns the environment of the step. The environment in prodgate.yaml
// is the target of deployments and does not apply to steps of staging.
func (s *stepMaker) environment() string {
	v := s.cfg.Get("environment")
	if strings.HasPrefix(s.typ.Name, "staging.") && v.Origin.Kind != config.FromFlag && v.Origin.Kind != config.FromEnvironment {
		return "staging"
	}
	return v.Text
}

// when reads id and time. A retry that gives only the id records the same event.
func (s *stepMaker) when(e *trail.Event) (err error) {
	e.OccurredAt = s.std.clock()
	if e.ID, err = s.text("id"); err != nil {
		return err
	}
	if e.ID == "" {
		e.ID = trail.NewID()
	} else {
		if _, err := step.Entry.Read(e.ID); err != nil {
			return usage("create one with uuidgen --time-v7, and reuse it for a retry", "--id %w", err)
		}
		e.OccurredAt = time.Unix(uuid.MustParse(e.ID).Time().UnixTime())
	}
	at, err := s.text("occurred-at")
	if err == nil && at != "" {
		e.OccurredAt, err = instant(at, "--occurred-at")
	}
	return err
}

// what reads which image the step is about. A tag is resolved once, now.
func (s *stepMaker) what(ctx context.Context, e *trail.Event) (err error) {
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
				return usage("name the digest with --digest", "resolve %q: %w", image, err)
			}
		}
		if e.Digest != "" && e.Digest != found {
			return usage("omit one of them", "--digest %s and --image %s name two images", e.Digest, image)
		}
		e.Artifact, e.Digest = repositoryOf(image), found
		s.tag, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(image, e.Artifact), ":"), "@")
	}
	if e.Digest != "" {
		if _, err := step.Digest.Read(e.Digest); err != nil {
			return usage("", "--digest %w", err)
		}
	}
	return nil
}

// repositoryOf returns a reference without tag and digest.
func repositoryOf(image string) string {
	repository, _, _ := strings.Cut(image, "@")
	if at := strings.LastIndex(repository, ":"); at > strings.LastIndex(repository, "/") && !strings.HasPrefix(image, "tarball:") {
		repository = repository[:at]
	}
	return repository
}

// complete copies into a review the fields of the emergency that it reviews.
func (s *stepMaker) complete(ctx context.Context, e *trail.Event, id string, data map[string]any) error {
	var used trail.Entry
	err := s.at.open(ctx, true, func(log *trail.Log) (err error) {
		used, err = log.Entry(ctx, id)
		return err
	})
	const help = "prodgate audit log --type emergency.used lists them"
	switch {
	case errors.Is(err, trail.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return usage(help, "--settles: %w", err)
	case err != nil:
		return err
	case used.Type != trail.TypeEmergencyUsed:
		return usage(help, "--settles: entry %s is %s, not emergency.used", id, used.Type)
	}
	if given := s.cfg.Get("service"); given.Origin.Kind == config.FromFlag && e.Service != used.Service {
		return usage("omit --service", "--service: the emergency was one of %s, not of %s", used.Service, e.Service)
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
	return nil
}

// data returns the type's own fields.
func (s *stepMaker) data(ctx context.Context, e *trail.Event) (map[string]any, error) {
	data, err := s.free(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range stepFlags {
		text, err := s.text(f.flag)
		if err != nil {
			return nil, err
		}
		if text == "" {
			continue
		}
		field, known := f.field(s.typ)
		if !known {
			return nil, s.inapplicable(f.flag)
		}
		if _, twice := data[field.Name]; twice {
			return nil, usage("omit one of them", "--%s and --%s: both give %s", dataFlag, f.flag, field.Name)
		}
		if data[field.Name], err = field.Form.Read(text); err != nil {
			return nil, usage("", "--%s %w", f.flag, err)
		}
	}
	if err := s.bound(e, data); err != nil {
		return nil, err
	}
	if _, known := s.typ.Field("approved_at"); known && data["approved_at"] == nil {
		data["approved_at"] = e.OccurredAt.UTC().Format(time.RFC3339Nano)
	}
	if name := s.typ.Tag; s.tag != "" && name != "" && data[name] == nil {
		data[name] = s.tag
	}
	return data, s.more(data)
}

func (s *stepMaker) inapplicable(flag string) error {
	return usage("use "+flagsOf(s.typ), "--%s does not apply to %s", flag, s.typ.Name)
}

// free reads the data of a custom step.
func (s *stepMaker) free(ctx context.Context) (map[string]any, error) {
	file, err := s.text(dataFlag)
	if err != nil || file == "" {
		return map[string]any{}, err
	}
	if !strings.HasPrefix(s.typ.Name, step.CustomPrefix) {
		return nil, s.inapplicable(dataFlag)
	}
	name, content, err := readNamed(ctx, s.std, file, longestData)
	if err != nil {
		return nil, usage("", "--%s: %w", dataFlag, err)
	}
	data, err := step.Object(content)
	if err != nil {
		return nil, usage("", "--%s: %s: %w", dataFlag, name, err)
	}
	return data, nil
}

// bound reads the fields that bind a step to a request, its configuration and its
// attempt, and the reviewer of a review.
func (s *stepMaker) bound(e *trail.Event, data map[string]any) error {
	digest, err := configuration(s.cmd, s.std)
	if err != nil {
		return err
	}
	if digest != nil {
		if _, known := s.typ.Field(configurationFlag); !known {
			return s.inapplicable(configurationFlag)
		}
		data["configuration"] = *digest
	}
	if _, known := s.typ.Field("attempt"); known {
		n, err := attempt(s.cfg)
		if err != nil {
			return err
		}
		if n != nil {
			data["attempt"] = *n
		}
	}
	if _, known := s.typ.Field("reviewer"); known && data["reviewer"] == nil && isPerson(e.Writer) {
		data["reviewer"] = e.Writer.Subject
	}
	return nil
}

var fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// more reads --field.
func (s *stepMaker) more(data map[string]any) error {
	list, err := s.cmd.Flags().GetStringArray("field")
	if err != nil {
		return err
	}
	custom := strings.HasPrefix(s.typ.Name, step.CustomPrefix)
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		if !ok || !fieldName.MatchString(name) {
			return usage("write it as --field NAME=VALUE, the name in lower case", "--field %q: invalid name", text)
		}
		_, known := s.typ.Field(name)
		known = known || !custom && slices.Contains(ownFields(), name)
		if flag := flagOf("data." + name); known && strings.HasPrefix(flag, "--") {
			return usage("write "+flag, "--field %s: use the flag with this name", name)
		}
		if _, twice := data[name]; twice || known {
			return usage("choose another name", "--field %s: the name is taken", name)
		}
		data[name] = value
	}
	return nil
}

// ownFields returns the names of the fields of all recordable types.
func ownFields() (names []string) {
	for _, name := range recordable {
		if typ, err := step.Find(name); err == nil {
			for _, f := range typ.Fields {
				names = append(names, f.Name)
			}
		}
	}
	return names
}
