package log

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/signing"
	"github.com/prodgate/prodgate/trail"
)

// byKey verifies with one key, which is that of "lead".
type byKey struct{ *signing.Verifier }

func (v byKey) Verify(a source.Attestation, at time.Time) (string, error) {
	by, err := v.Verifier.Verify(a, at)
	return by.Name, err
}

// delegations collects those that are in the trail, with the keys for approvals.
func delegations(t *testing.T, location string, key *signing.PrivateKey) []facts.Delegation {
	t.Helper()
	verifier, err := signing.NewVerifier([]signing.Trusted{{Name: "lead", Public: key.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return noon }
	signatures := Signatures{Now: clock, Clock: clock, Verifier: func(_ context.Context, section string) (source.Verifier, error) {
		if section != "approvals" {
			return nil, errors.New("another section")
		}
		return byKey{verifier}, nil
	}}
	section, err := Trail{Log: Location{Location: location}, Signatures: signatures}.Collect(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return section.(facts.Observed).Section.(*facts.Trail).Delegations
}

func newKey(t *testing.T) *signing.PrivateKey {
	t.Helper()
	key, err := signing.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signed is the event of a delegation, whose bundle signs what says says.
func signed(t *testing.T, key *signing.PrivateKey, d trail.DelegationData, says trail.DelegationStatement, predicateType string) trail.Event {
	t.Helper()
	predicate, err := json.Marshal(says)
	if err != nil {
		t.Fatal(err)
	}
	subject := attestation.Subject{Name: "delegation", Digest: map[string]string{"sha256": strings.Repeat("a", 64)}}
	statement, err := attestation.NewStatement(predicateType, []attestation.Subject{subject}, predicate)
	if err != nil {
		t.Fatal(err)
	}
	if d.Bundle, err = signing.Sign(key, statement); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return trail.Event{ID: trail.NewID(), Type: trail.TypeDelegationGranted, Data: data}
}

// terms are those of a delegation.
func terms(reason string, from time.Time, length time.Duration) trail.DelegationData {
	return trail.DelegationData{DelegationTerms: trail.DelegationTerms{
		Role: "platform-lead", By: "github:2", To: "github:6", From: from, Until: from.Add(length), Reason: reason,
	}}
}

func TestADelegationIsThatOfItsSignature(t *testing.T) {
	key, other := newKey(t), newKey(t)
	vacation := terms("vacation", noon.Truncate(time.Second), 7*24*time.Hour)
	// The first entry gives the trail its name.
	location := written(t, trail.Event{Type: trail.TypeFreezeDeclared, Data: json.RawMessage(`{"reason":"a test"}`)})
	log, err := trail.Open(t.Context(), location, trail.Options{Clock: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}()
	changed := func(change func(*trail.DelegationStatement)) func(id string) trail.DelegationStatement {
		return func(id string) trail.DelegationStatement {
			s := vacation.Statement(id, log.Origin())
			if change != nil {
				change(&s)
			}
			return s
		}
	}
	for _, tt := range []struct {
		name      string
		key       *signing.PrivateKey
		says      func(id string) trail.DelegationStatement
		predicate string
		refused   string // empty: the signature counts
	}{
		{"as it is signed", key, changed(nil), trail.DelegationPredicate, ""},
		{"another key", other, changed(nil), trail.DelegationPredicate, "not signed by a trusted key"},
		{"another role", key, changed(func(s *trail.DelegationStatement) { s.Role = "release-manager" }), trail.DelegationPredicate, "another delegation"},
		{"another delegate", key, changed(func(s *trail.DelegationStatement) { s.To = "github:7" }), trail.DelegationPredicate, "another delegation"},
		{"another holder", key, changed(func(s *trail.DelegationStatement) { s.By = "github:7" }), trail.DelegationPredicate, "another delegation"},
		{"an earlier begin", key, changed(func(s *trail.DelegationStatement) { s.From = s.From.Add(time.Second) }), trail.DelegationPredicate, "another delegation"},
		{"a later end", key, changed(func(s *trail.DelegationStatement) { s.Until = s.Until.Add(-time.Second) }), trail.DelegationPredicate, "another delegation"},
		{"another reason", key, changed(func(s *trail.DelegationStatement) { s.Reason = "" }), trail.DelegationPredicate, "another delegation"},
		{"another trail", key, changed(func(s *trail.DelegationStatement) { s.Trail = "prodgate.dev/trail/other" }), trail.DelegationPredicate, "another delegation"},
		{"recorded again", key, changed(func(s *trail.DelegationStatement) { s.ID = trail.NewID() }), trail.DelegationPredicate, "another delegation"},
		{"another type", key, changed(nil), "https://prodgate.dev/approval/v1", "a statement of another type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := trail.NewID()
			event := signed(t, tt.key, vacation, tt.says(id), tt.predicate)
			event.ID, event.OccurredAt, event.Writer = id, noon, pipeline
			if _, err := log.Append(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			list := delegations(t, location, key)
			got := list[len(list)-1]
			if tt.refused != "" {
				if got.VerifiedBy != nil || got.Unverified == nil || !strings.Contains(*got.Unverified, tt.refused) {
					t.Errorf("verified by %v, refused %v; want %q", got.VerifiedBy, got.Unverified, tt.refused)
				}
				return
			}
			want := facts.Delegation{
				ID: id, Seq: pointer(1), Role: "platform-lead", By: "github:2", To: "github:6", From: vacation.From, Until: vacation.Until,
				Reason: pointer("vacation"), VerifiedBy: pointer("lead"), Writer: &pipeline.Subject, Assurance: pointer(facts.AssuranceCI), Ended: []facts.Settlement{},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whoever ends a delegation, and for whatever service, ends it.
func TestADelegationIsEndedByAnyone(t *testing.T) {
	key := newKey(t)
	event := signed(t, key, terms("a meeting", noon, time.Hour), trail.DelegationStatement{}, trail.DelegationPredicate)
	location := written(t, event, trail.Event{
		Type: trail.TypeDelegationEnded, Service: "search-api", Writer: trail.Writer{Subject: "user:mallory", Assurance: trail.AssuranceClaimed},
		Data: json.RawMessage(`{"delegation":"` + event.ID + `","reason":"back","by":"github:2"}`),
	}, trail.Event{
		Type: trail.TypeDelegationEnded, Data: json.RawMessage(`{"delegation":"` + trail.NewID() + `","reason":"no such"}`),
	})
	list := delegations(t, location, key)
	want := []facts.Settlement{{At: noon.Truncate(time.Second), By: pointer("github:2"), Writer: "user:mallory", Assurance: facts.AssuranceClaimed}}
	if diff := cmp.Diff(want, list[0].Ended); diff != "" {
		t.Error(diff)
	}
}

// The document does not grow with each delegation that there ever was. One that ended not
// long ago is in it, so that a decision can say that it is over.
func TestADelegationThatEndedLongAgoIsLeftOut(t *testing.T) {
	key, began := newKey(t), noon.Add(-60*24*time.Hour)
	event := func(ago time.Duration) trail.Event {
		return signed(t, key, terms("a test", began, 60*24*time.Hour-ago), trail.DelegationStatement{}, trail.DelegationPredicate)
	}
	long, just := event(30*24*time.Hour+time.Minute), event(30*24*time.Hour-time.Minute)
	list := delegations(t, written(t, long, just), key)
	if len(list) != 1 || list[0].ID != just.ID {
		t.Errorf("%+v", list)
	}
}
