package build

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/facts"
)

// statementPayload is the payload type of an in-toto statement in an envelope.
const statementPayload = "application/vnd.in-toto+json"

// maxNames bounds how many subjects one file may name.
const maxNames = 10000

// record is one provenance statement.
type record struct {
	digests   []string // sha256:…, of its subjects
	predicate predicate
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
	PredicateType string    `json:"predicateType"`
	Predicate     predicate `json:"predicate"`
}

// predicate holds what is read of SLSA provenance v0.2 and v1. Their keys do not
// overlap.
type predicate struct {
	// v0.2
	Builder    named    `json:"builder"`
	Materials  []source `json:"materials"`
	Invocation struct {
		ConfigSource source `json:"configSource"`
	} `json:"invocation"`

	// v1
	BuildDefinition struct {
		ResolvedDependencies []source `json:"resolvedDependencies"`
		ExternalParameters   struct {
			ConfigSource source `json:"configSource"`
		} `json:"externalParameters"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder named `json:"builder"`
	} `json:"runDetails"`
}

// named is something with an id.
type named struct {
	ID string `json:"id"`
}

// source is something that went into a build.
type source struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
}

// parse reads every provenance statement of t. Statements of other types (bills
// of materials, test results) are passed over; an unknown version of provenance
// is an error.
func parse(t file.Text) ([]record, error) {
	foreign := file.Rules{Foreign: true}
	values, err := file.DecodeStream[value](t, foreign)
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
	inside, err := file.DecodeStream[statement](file.Text{Name: name + " (payload)", Data: raw}, file.Rules{Foreign: true})
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
		digest, err := file.Normalise("sha256:"+sum, "digest")
		if err != nil {
			return record{}, false, fmt.Errorf("subject %q: %w", "sha256:"+sum, err)
		}
		r.digests = append(r.digests, digest)
	}
	return r, true, nil
}

// build is what r says about digest, which is one of its own.
func (r record) build(digest string) (*facts.Build, error) {
	builder, sources, config := r.predicate.Builder.ID, r.predicate.Materials, r.predicate.Invocation.ConfigSource
	if r.version == "v1" {
		builder = r.predicate.RunDetails.Builder.ID
		sources = r.predicate.BuildDefinition.ResolvedDependencies
		config = r.predicate.BuildDefinition.ExternalParameters.ConfigSource
	}
	if strings.TrimSpace(builder) == "" {
		return nil, fmt.Errorf("the record of %s names no builder", digest)
	}
	commit, err := commitOf(sources, config)
	if err != nil {
		return nil, fmt.Errorf("the record of %s: %w", digest, err)
	}
	return &facts.Build{Digest: digest, Commit: commit, Builder: builder}, nil
}

// commitOf is the one commit that was built. Where several repositories went
// into a build, it is the one that also holds the build's own configuration;
// nothing is guessed.
func commitOf(sources []source, config source) (string, error) {
	var commits []string
	for _, s := range sources {
		if c := s.commit(); c != "" && !slices.Contains(commits, c) {
			commits = append(commits, c)
		}
	}
	own := config.commit()
	switch {
	case len(commits) == 1:
		return checked(commits[0])
	case len(commits) == 0 && own == "":
		return "", errors.New("it names no commit (a dependency or material with a gitCommit or sha1 digest)")
	case len(commits) == 0 || slices.Contains(commits, own):
		return checked(own)
	}
	return "", fmt.Errorf("it names several commits (%s), and does not say which was built", some(commits))
}

// commit is the git commit of s, or "".
func (s source) commit() string {
	if c := s.Digest["gitCommit"]; c != "" {
		return strings.ToLower(c)
	}
	return strings.ToLower(s.Digest["sha1"])
}

// checked is commit, if it is one.
func checked(commit string) (string, error) {
	if len(commit) != 40 && len(commit) != 64 {
		return "", fmt.Errorf("%q is no full commit hash", commit)
	}
	return file.Normalise(commit, "commit")
}
