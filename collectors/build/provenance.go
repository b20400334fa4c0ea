package build

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// statementPayload is the payload type of an in-toto statement in an envelope.
const statementPayload = "application/vnd.in-toto+json"

// maxNames bounds how many subjects one file may name.
const maxNames = 10000

// record is one provenance statement.
type record struct {
	digests   []string // sha256:…, of its subjects
	predicate strict.Value
	version   string // of the predicate: v0.2 or v1
}

// value is one JSON value of the file: a statement, an envelope around one, or
// a bundle around that.
type value struct {
	statement
	envelope
	Bundled *envelope `json:"dsseEnvelope"`
}

// envelope is a DSSE envelope.
type envelope struct {
	PayloadType string `json:"payloadType"`
	Payload     string `json:"payload"`
}

// statement is an in-toto statement.
type statement struct {
	Type    string `json:"_type"`
	Subject []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	PredicateType string       `json:"predicateType"`
	Predicate     strict.Value `json:"predicate"`
}

// parse reads every provenance statement of t. Statements of other types (bills
// of materials, test results) are passed over; an unknown version of provenance
// is an error.
func parse(t strict.Text) ([]record, error) {
	foreign := strict.Rules{Foreign: true}
	values, err := strict.DecodeStream[value](t, foreign)
	if err != nil {
		return nil, err
	}
	var records []record
	for i, v := range values {
		said, err := v.open(t.Name)
		if err != nil {
			return nil, fmt.Errorf("%s: record %d: %w", t.Name, i+1, err)
		}
		r, ok, err := said.record()
		if err != nil {
			return nil, fmt.Errorf("%s: record %d: %w", t.Name, i+1, err)
		}
		if ok {
			records = append(records, r)
		}
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%s: holds no SLSA provenance", t.Name)
	}
	return records, nil
}

// open takes the statement out of what is around it.
func (v value) open(name string) (statement, error) {
	e := v.envelope
	if v.Bundled != nil {
		e = *v.Bundled
	}
	if e.Payload == "" && e.PayloadType == "" {
		return v.statement, nil
	}
	if v.Type != "" {
		return statement{}, errors.New("is both a statement and an envelope; nobody can say which counts")
	}
	if e.PayloadType != statementPayload {
		return statement{}, fmt.Errorf("the envelope holds %q and no in-toto statement (%s)", e.PayloadType, statementPayload)
	}
	raw, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		raw, err = base64.URLEncoding.DecodeString(e.Payload)
	}
	if err != nil {
		return statement{}, fmt.Errorf("the envelope's payload: %w", err)
	}
	inside, err := strict.DecodeStream[statement](strict.Text{Name: name + " (payload)", Data: raw}, strict.Rules{Foreign: true})
	if err != nil {
		return statement{}, err
	}
	if len(inside) != 1 {
		return statement{}, fmt.Errorf("the envelope's payload holds %d values, and one is wanted", len(inside))
	}
	return inside[0], nil
}

// record is s as provenance; false if it is a statement of another type.
func (s statement) record() (record, bool, error) {
	if !strings.HasPrefix(s.Type, "https://in-toto.io/Statement/") {
		return record{}, false, fmt.Errorf("_type is %q, and an in-toto statement (https://in-toto.io/Statement/v1) is wanted", s.Type)
	}
	version, ok := strings.CutPrefix(s.PredicateType, "https://slsa.dev/provenance/")
	if !ok {
		return record{}, false, nil
	}
	if version != "v0.2" && version != "v1" {
		return record{}, false, fmt.Errorf("predicateType is %q; v0.2 and v1 are read", s.PredicateType)
	}
	r := record{predicate: s.Predicate, version: version}
	if len(s.Subject) > maxNames {
		return record{}, false, fmt.Errorf("names %d subjects, more than %d", len(s.Subject), maxNames)
	}
	for _, subject := range s.Subject {
		sum, ok := subject.Digest["sha256"]
		if !ok {
			continue
		}
		digest, err := strict.Normalise("sha256:"+sum, "digest")
		if err != nil {
			return record{}, false, fmt.Errorf("subject %q: %w", "sha256:"+sum, err)
		}
		r.digests = append(r.digests, digest)
	}
	return r, true, nil
}

// build is what r says about digest, which is one of its own.
func (r record) build(digest string) (*facts.Build, error) {
	builder, kind, finished := r.predicate.Get("builder").Get("id"), r.predicate.Get("buildType"), r.predicate.Get("metadata").Get("buildFinishedOn")
	if r.version == "v1" {
		run := r.predicate.Get("runDetails")
		builder, kind, finished = run.Get("builder").Get("id"), r.predicate.Get("buildDefinition").Get("buildType"), run.Get("metadata").Get("finishedOn")
	}
	if strings.TrimSpace(builder.Text()) == "" {
		return nil, fmt.Errorf("the record of %s names no builder", digest)
	}
	built, err := sourceOf(kind.Text(), r.version, r.predicate)
	if err != nil {
		return nil, fmt.Errorf("the record of %s: %w", digest, err)
	}
	section := &facts.Build{Digest: digest, Commit: built.commit, Builder: builder.Text()}
	if built.repository != "" {
		section.Repository = &built.repository
	}
	if section.BuiltAt, err = instant(finished.Text()); err != nil {
		return nil, fmt.Errorf("the record of %s: %w", digest, err)
	}
	return section, nil
}

// instant is an RFC 3339 time in UTC; nil where there is none, for which Go
// programs also write the year 1.
func instant(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("the build finished at %q, which is not an RFC 3339 time", text)
	}
	if at.Year() < 1970 {
		return nil, nil
	}
	at = at.UTC()
	return &at, nil
}
