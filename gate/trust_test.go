package gate

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/sigstoretest"
	"github.com/prodgate/prodgate/signing"
)

const subject, issuer = "https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main", "https://token.actions.githubusercontent.com"

// signer makes attestations, by keys and by an identity.
type signer struct {
	t         *testing.T
	statement []byte
	keys      map[string]*signing.PrivateKey
	instance  *sigstoretest.Instance
	root      string
}

func newSigner(t *testing.T, keys ...string) *signer {
	t.Helper()
	s := &signer{t: t, keys: map[string]*signing.PrivateKey{}}
	var err error
	s.statement, err = attestation.NewStatement("https://example.com/p", []attestation.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat("ab", 32)}}}, json.RawMessage(`{"a":1}`))
	must(t, err)
	for _, name := range keys {
		s.keys[name], err = signing.NewPrivateKey()
		must(t, err)
	}
	s.instance, err = sigstoretest.New()
	must(t, err)
	root, err := s.instance.Root(sigstoretest.Parts{Log: true})
	must(t, err)
	s.root = string(root)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *signer) byKey(name string) attestation.Attestation {
	s.t.Helper()
	bundle, err := signing.Sign(s.keys[name], s.statement)
	must(s.t, err)
	return s.read(bundle)
}

func (s *signer) keyless(subject, issuer string) attestation.Attestation {
	s.t.Helper()
	bundle, err := s.instance.Sign(sigstoretest.Signing{Identity: subject, Issuer: issuer, Statement: s.statement})
	must(s.t, err)
	return s.read(bundle)
}

func (s *signer) read(bundle []byte) attestation.Attestation {
	s.t.Helper()
	a, err := attestation.ReadOne("bundle", bundle)
	must(s.t, err)
	return a
}

// settings are settings as the evaluator resolves them.
func (s *signer) settings(identity map[string]any, signers map[string][]string) json.RawMessage {
	s.t.Helper()
	keys := map[string]any{}
	for name, key := range s.keys {
		keys[name] = map[string]any{"public": string(key.Public().PEM())}
	}
	signatures := map[string]any{"keys": keys, "roots": map[string]any{"own": s.root}}
	if identity != nil {
		signatures["identities"] = map[string]any{"ci": identity}
	}
	text, err := json.Marshal(map[string]any{"signatures": signatures, "sources": map[string]any{"signers": signers, "clock_tolerance": "2m"}})
	must(s.t, err)
	return text
}

func TestOnlyTheSignersOfASectionCount(t *testing.T) {
	s := newSigner(t, "release", "lead")
	identity := map[string]any{"root": "own", "subject": subject, "issuer": issuer}
	trusted, err := Trust(s.settings(identity, map[string][]string{"build": {"release", "ci", "gone"}, "approvals": {"lead"}}))
	must(t, err)
	now := time.Now()
	for _, tt := range []struct {
		section string
		made    attestation.Attestation
		want    string // the signer, or a part of the error
	}{
		{"build", s.byKey("release"), "release"},
		{"build", s.keyless(subject, issuer), "ci"},
		{"build", s.byKey("lead"), "it is signed by lead, which the setting sources.signers.build does not list"},
		{"approvals", s.byKey("lead"), "lead"},
		{"approvals", s.byKey("release"), "it is signed by release, which the setting sources.signers.approvals does not list"},
		{"approvals", s.keyless(subject, issuer), "it is signed by ci, which the setting sources.signers.approvals does not list"},
		{"waivers", s.byKey("lead"), "it is signed by lead, which the setting sources.signers.waivers does not list"},
		{"build", s.keyless(subject+"x", issuer), "identity"},
		{"build", s.keyless(subject, issuer+".example.com"), "issuer"},
		{"build", newSigner(t, "release").byKey("release"), "not signed by a trusted key"},
		{"build", newSigner(t).keyless(subject, issuer), "root"},
		{"build", s.read(s.statement), "not signed"},
	} {
		verifier, err := trusted.verifier(tt.section)
		must(t, err)
		name, err := verifier.Verify(tt.made, now)
		if err == nil && name != tt.want || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: signed by %q, %v; want %q", tt.section, name, err, tt.want)
		}
	}
}

// The time of a keyless signature is proven, so the identity's period is about it.
func TestAnIdentityCountsWithinItsPeriod(t *testing.T) {
	s := newSigner(t)
	made := s.keyless(subject, issuer)
	now := time.Now()
	for _, tt := range []struct {
		from, until string
		at          time.Time
		want        string
	}{
		{"", "", now.Add(time.Hour), ""},
		{now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339), now.Add(240 * time.Hour), ""},
		{now.Add(time.Hour).Format(time.RFC3339), "", now.Add(2 * time.Hour), "and the identity is trusted from"},
		{"", now.Add(-time.Hour).Format(time.RFC3339), now, "and the identity is trusted until"},
		{"", "", now.Add(-time.Hour), "which is in the future"},
	} {
		identity := map[string]any{"root": "own", "subject_pattern": `https://github\.com/acme/app/\.github/workflows/build\.yml@refs/heads/.+`, "issuer": issuer}
		if tt.from != "" {
			identity["from"] = tt.from
		}
		if tt.until != "" {
			identity["until"] = tt.until
		}
		trusted, err := Trust(s.settings(identity, map[string][]string{"build": {"ci"}}))
		must(t, err)
		verifier, err := trusted.verifier("build")
		must(t, err)
		if _, err := verifier.Verify(made, tt.at); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("from %q until %q at %s: %v; want %q", tt.from, tt.until, tt.at, err, tt.want)
		}
	}
}

func TestTrustThatCannotBeUsedIsAnError(t *testing.T) {
	s := newSigner(t, "ci", "a")
	s.keys["b"] = s.keys["a"]
	for _, tt := range []struct {
		keys     []string
		identity map[string]any
		want     string
	}{
		{[]string{"ci"}, map[string]any{"root": "own", "subject": subject, "issuer": issuer}, "both have the name ci"},
		{nil, map[string]any{"root": "other", "subject": subject, "issuer": issuer}, `signatures.roots has no "other"`},
		{nil, map[string]any{"root": "own", "subject_pattern": ".*", "issuer": issuer}, "setting signatures.identities.ci"},
		{nil, map[string]any{"root": "own", "subject": subject}, "setting signatures.identities.ci"},
		{nil, map[string]any{"root": "own", "subject": subject, "issuer": 1}, "settings signatures and sources.signers"},
		{[]string{"a", "b"}, nil, "are the same key"},
	} {
		keys := map[string]*signing.PrivateKey{}
		for _, name := range tt.keys {
			keys[name] = s.keys[name]
		}
		other := *s
		other.keys = keys
		if _, err := Trust(other.settings(tt.identity, nil)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v %v: %v; want %q", tt.keys, tt.identity, err, tt.want)
		}
	}
	if _, err := Trust(json.RawMessage(`{"signatures": {"roots": {"own": "{}"}}}`)); err == nil || !strings.Contains(err.Error(), "setting signatures.roots.own") {
		t.Error(err)
	}
}
