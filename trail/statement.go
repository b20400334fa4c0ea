package trail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/prodgate/prodgate/internal/canonical"
	"github.com/prodgate/prodgate/trail/step"
)

// What is recorded is bounded, so that reading and verifying are.
const (
	maxLeaf     = 1<<16 - 1 // bytes; what an entry bundle of tlog-tiles can hold
	maxName     = 255       // bytes of what is looked up by: service, environment, request, deployment, role
	maxAddress  = 2048      // bytes of an address, a repository, a person
	maxBlob     = 32 << 20  // bytes of one blob
	maxBlobs    = 16        // of one event
	maxAppend   = 1024      // events of one Append
	maxDepth    = 100       // of data; both databases read that much
	maxContents = 128 << 20 // bytes of all blobs of one Append
)

const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://prodgate.dev/event/v1"

	// recordedLayout has a fixed width, so that its text sorts as time does.
	recordedLayout = "2006-01-02T15:04:05.000000Z"
)

// statement is the leaf of the log: an in-toto statement about the artifact.
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     predicate `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"`
}

type predicate struct {
	ID             string             `json:"id"`
	Type           string             `json:"type"`
	OccurredAt     string             `json:"occurredAt"`
	RecordedAt     string             `json:"recordedAt"`
	ClockRegressed bool               `json:"clockRegressed,omitempty"`
	Service        string             `json:"service,omitempty"`
	Environment    string             `json:"environment,omitempty"`
	Artifact       string             `json:"artifact,omitempty"` // only where the subject has no digest
	Request        string             `json:"request,omitempty"`
	Deployment     string             `json:"deployment,omitempty"`
	Run            string             `json:"run,omitempty"`
	Writer         Writer             `json:"writer"`
	Mode           string             `json:"mode,omitempty"`
	Now            string             `json:"now,omitempty"`
	Data           json.RawMessage    `json:"data,omitempty"`
	Blobs          map[string]BlobRef `json:"blobs,omitempty"`
}

// leaf returns e as the log holds it, canonical JSON (RFC 8785), recorded at an
// instant. It is a function of its arguments alone: a retry gives the same bytes.
func leaf(e Event, recordedAt time.Time, regressed bool, refs map[string]BlobRef) ([]byte, error) {
	s := statement{Type: statementType, Subject: []subject{}, PredicateType: predicateType, Predicate: predicate{
		ID: e.ID, Type: e.Type,
		OccurredAt: e.OccurredAt.UTC().Format(time.RFC3339Nano), RecordedAt: recordedAt.UTC().Format(recordedLayout),
		ClockRegressed: regressed,
		Service:        e.Service, Environment: e.Environment,
		Request: e.Request, Deployment: e.Deployment, Run: e.Run,
		Writer: e.Writer, Mode: e.Mode, Data: e.Data, Blobs: refs,
	}}
	if e.Digest != "" {
		s.Subject = append(s.Subject, subject{Name: e.Artifact, Digest: map[string]string{"sha256": strings.TrimPrefix(e.Digest, "sha256:")}})
	} else {
		s.Predicate.Artifact = e.Artifact
	}
	if !e.Now.IsZero() {
		s.Predicate.Now = e.Now.UTC().Format(time.RFC3339Nano)
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write event %s as JSON: %w", e.ID, err)
	}
	body, err := canonical.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("write event %s as canonical JSON: %w", e.ID, err)
	}
	if len(body) > maxLeaf {
		return nil, fmt.Errorf("event %s takes %d bytes, more than the %d of an entry: put what is long into a blob", e.ID, len(body), maxLeaf)
	}
	return body, nil
}

// parseLeaf reads what leaf wrote. The entry has no sequence number yet.
func parseLeaf(body []byte) (Entry, error) {
	var s statement
	if err := json.Unmarshal(body, &s); err != nil {
		return Entry{}, fmt.Errorf("read the entry: %w", err)
	}
	if s.Type != statementType || s.PredicateType != predicateType {
		return Entry{}, fmt.Errorf("read the entry: it is a %q about %q, not one of prodgate", s.Type, s.PredicateType)
	}
	p := s.Predicate
	e := Entry{Event: Event{
		ID: p.ID, Type: p.Type, Service: p.Service, Environment: p.Environment, Artifact: p.Artifact,
		Request: p.Request, Deployment: p.Deployment, Run: p.Run, Writer: p.Writer, Mode: p.Mode, Data: p.Data,
	}, ClockRegressed: p.ClockRegressed, Refs: p.Blobs, Body: body}
	if len(s.Subject) > 0 {
		e.Artifact = s.Subject[0].Name
		if hex := s.Subject[0].Digest["sha256"]; hex != "" {
			e.Digest = "sha256:" + hex
		}
	}
	for _, at := range []struct {
		name, text string
		to         *time.Time
	}{{"occurredAt", p.OccurredAt, &e.OccurredAt}, {"recordedAt", p.RecordedAt, &e.RecordedAt}, {"now", p.Now, &e.Now}} {
		if at.text == "" && at.name == "now" {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, at.text)
		if err != nil {
			return Entry{}, fmt.Errorf("read the entry: %s: %w", at.name, err)
		}
		*at.to = t.UTC()
	}
	return e, nil
}

// check says what keeps e from being recorded.
func (e *Event) check() error {
	id, err := uuid.Parse(e.ID)
	switch {
	case err != nil || id.Version() != 7 || id.String() != e.ID:
		return fmt.Errorf("event id %q is not a UUIDv7 in lower case: make it with trail.NewID, once per step, and keep it for a retry", e.ID)
	case e.Type == TypeBlobErased:
		return fmt.Errorf("event %s: %s is recorded by Erase and Prune only", e.ID, e.Type)
	}
	if err := e.checkFields(); err != nil {
		return fmt.Errorf("event %s (%s): %w", e.ID, e.Type, err)
	}
	return nil
}

// Check returns the error with which Append refuses e whatever the log holds; nil
// if there is none. It is a *step.Error for what e's type requires.
func (e Event) Check() error {
	if err := e.check(); err != nil {
		return err
	}
	return e.checkStep()
}

// checkStep returns an error if e does not contain what a step of its type must.
func (e *Event) checkStep() error {
	if err := step.Check(e.step()); err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	return nil
}

func (e *Event) step() step.Step {
	return step.Step{
		Type: e.Type, Service: e.Service, Environment: e.Environment, Digest: e.Digest, Deployment: e.Deployment,
		Mode: e.Mode, Now: e.Now, Data: e.Data,
	}
}

func (e *Event) checkFields() error {
	for _, f := range []struct {
		name, text string
		longest    int
	}{
		{"service", e.Service, maxName}, {"environment", e.Environment, maxName},
		{"request", e.Request, maxName}, {"deployment", e.Deployment, maxName}, {"mode", e.Mode, maxName},
		{"artifact", e.Artifact, maxAddress}, {"run", e.Run, maxAddress},
		{"writer.subject", e.Writer.Subject, maxAddress}, {"writer.issuer", e.Writer.Issuer, maxAddress},
	} {
		switch {
		case len(f.text) > f.longest:
			return fmt.Errorf("%s has %d bytes, more than %d", f.name, len(f.text), f.longest)
		case !utf8.ValidString(f.text) || strings.ContainsRune(f.text, 0):
			return fmt.Errorf("%s is not text: it is not UTF-8, or contains the character NUL", f.name)
		}
	}
	assurances := []Assurance{AssuranceClaimed, AssuranceUser, AssuranceCI, AssuranceWebhook, AssuranceOIDC}
	modes := []string{"", "enforce", "document", "simulate"}
	switch {
	case e.Digest != "" && !isDigest(e.Digest):
		return fmt.Errorf("digest %q is not sha256: and 64 lower-case hexadecimal digits", e.Digest)
	case e.OccurredAt.IsZero():
		return errors.New("occurred_at is missing: when was the step taken?")
	case !writable(e.OccurredAt) || !e.Now.IsZero() && !writable(e.Now):
		return errors.New("occurred_at or now is not within the years 1 to 9999")
	case e.Writer.Subject == "":
		return errors.New("writer.subject is missing: who records this?")
	case !slices.Contains(assurances, e.Writer.Assurance):
		return fmt.Errorf("unknown writer.assurance %q: it must be claimed, user, ci, webhook or oidc", e.Writer.Assurance)
	case !slices.Contains(modes, e.Mode):
		return fmt.Errorf("unknown mode %q: it must be enforce, document or simulate", e.Mode)
	}
	if err := checkData(e.Data); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return e.checkBlobs()
}

func (e *Event) checkBlobs() error {
	if len(e.Blobs) > maxBlobs {
		return fmt.Errorf("%d blobs, more than %d", len(e.Blobs), maxBlobs)
	}
	for role, b := range e.Blobs {
		switch {
		case role == "" || len(role) > maxName || !utf8.ValidString(role) || strings.ContainsRune(role, 0):
			return fmt.Errorf("the blob's role %q is empty, longer than %d bytes or no text", role, maxName)
		case b.MediaType == "" || len(b.MediaType) > maxName || !utf8.ValidString(b.MediaType) || strings.ContainsRune(b.MediaType, 0):
			return fmt.Errorf("the media type %q of blob %s is empty, longer than %d bytes or no text", b.MediaType, role, maxName)
		case len(b.Content) > maxBlob:
			return fmt.Errorf("blob %s has %d bytes, more than %d", role, len(b.Content), maxBlob)
		}
	}
	return nil
}

// checkData says what keeps data from being recorded so that every reader reads
// the same: it is one object, of text without NUL (which PostgreSQL cannot hold)
// and of numbers that IEEE 754 holds.
func checkData(data json.RawMessage) error {
	if len(data) == 0 {
		return nil
	}
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	if !json.Valid(data) {
		return errors.New("not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	depth := 0
	for first := true; ; first = false {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && !first:
			return nil
		case err != nil:
			return fmt.Errorf("not JSON: %w", err)
		case first && token != json.Delim('{'):
			return errors.New("not an object")
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			if depth > maxDepth {
				return fmt.Errorf("nested deeper than %d", maxDepth)
			}
		case string:
			if strings.ContainsRune(t, 0) {
				return errors.New("text with the character NUL")
			}
		case json.Number:
			if f, err := t.Float64(); err != nil || f > 1<<53 || f < -1<<53 {
				return fmt.Errorf("number %s is too large to be kept exactly: write it as text", t)
			}
		}
	}
}

// isDigest reports whether s is sha256: and 64 lower-case hexadecimal digits.
func isDigest(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(digits) == 64 && strings.Trim(digits, "0123456789abcdef") == ""
}

func writable(t time.Time) bool { return t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 }
