package keyless

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/sigstoretest"
	"github.com/prodgate/prodgate/signing"
)

const (
	workflow  = "https://github.com/acme/payments-api/.github/workflows/build.yml@refs/heads/main"
	issuer    = "https://token.actions.githubusercontent.com"
	statement = `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1","subject":[{"name":"payments-api","digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}],"predicate":{"buildDefinition":{}}}`
)

var build = Identity{Name: "build", Subject: Pattern{Exact: workflow}, Issuer: Pattern{Exact: issuer}}

// instance is a Sigstore instance whose errors fail the test.
type instance struct{ *sigstoretest.Instance }

func instanceOf(t testing.TB) instance {
	t.Helper()
	i, err := sigstoretest.New()
	if err != nil {
		t.Fatal(err)
	}
	return instance{i}
}

// Root is the trusted root with log and timestamps.
func (i instance) Root(t testing.TB) []byte {
	t.Helper()
	return i.RootOf(t, sigstoretest.Parts{Log: true, Timestamps: true})
}

func (i instance) RootOf(t testing.TB, parts sigstoretest.Parts) []byte {
	t.Helper()
	content, err := i.Instance.Root(parts)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (i instance) Sign(t testing.TB, s sigstoretest.Signing) []byte {
	t.Helper()
	content, err := i.Instance.Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func rooted(t testing.TB, content []byte) *Root {
	t.Helper()
	root, err := ParseRoot("root.json", content)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func trusting(t testing.TB, root []byte, identities ...Identity) *Verifier {
	t.Helper()
	v, err := New(rooted(t, root), identities)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func signed(identity, issuer string) sigstoretest.Signing {
	return sigstoretest.Signing{Identity: identity, Issuer: issuer, Statement: []byte(statement)}
}

// check verifies a bundle in the way of package signing.
func check(t testing.TB, v signing.Keyless, content []byte) (signing.SignedBy, error) {
	t.Helper()
	verifier, err := signing.NewVerifier(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	a, err := attestation.ReadOne("bundle.json", content)
	if err != nil {
		return signing.SignedBy{}, err
	}
	return verifier.Verify(a, time.Now())
}

func TestABundleNamesItsSignerAndTheTime(t *testing.T) {
	sigstore := instanceOf(t)
	v := trusting(t, sigstore.Root(t), build)
	at := time.Now().Add(time.Minute).Truncate(time.Second).UTC()
	s := signed(workflow, issuer)
	s.At = at
	by, err := check(t, v, sigstore.Sign(t, s))
	if want := (signing.SignedBy{Name: "build", Identity: workflow, Issuer: issuer, At: at}); err != nil || by != want {
		t.Errorf("signed by %+v, %v; want %+v", by, err, want)
	}
	s.Timestamp = true // which is earlier
	if by, err := check(t, v, sigstore.Sign(t, s)); err != nil || !by.At.Before(at) {
		t.Errorf("signed by %+v, %v; want a time before %v", by, err, at)
	}
}

// An instance without a transparency log, as GitHub runs one for private
// repositories, has timestamps.
func TestATrustedRootSaysWhatIsRequired(t *testing.T) {
	sigstore := instanceOf(t)
	logged, stamped, both, neither := signed(workflow, issuer), signed(workflow, issuer), signed(workflow, issuer), signed(workflow, issuer)
	stamped.NoLog, stamped.Timestamp, both.Timestamp, neither.NoLog = true, true, true, true
	log, stamps := sigstoretest.Parts{Log: true}, sigstoretest.Parts{Timestamps: true}
	all := sigstoretest.Parts{Log: true, Timestamps: true}
	tests := []struct {
		name  string
		parts sigstoretest.Parts
		sign  sigstoretest.Signing
		want  any
	}{
		{"log, logged", log, logged, nil},
		{"log, both", log, both, nil},
		{"log, stamped", log, stamped, ErrNoLogEntry},
		{"log, neither", log, neither, ErrNoLogEntry},
		{"timestamps, stamped", stamps, stamped, nil},
		{"timestamps, both", stamps, both, nil},
		{"timestamps, logged", stamps, logged, ErrNoTime},
		{"timestamps, neither", stamps, neither, ErrNoTime},
		{"both, logged", all, logged, nil},
		{"both, stamped", all, stamped, ErrNoLogEntry},
		{"a certificate log", sigstoretest.Parts{Log: true, CertificateLog: true}, logged, &UnknownRootError{Root: "root.json", What: "record of the certificate"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			by, err := check(t, trusting(t, sigstore.RootOf(t, tt.parts), build), sigstore.Sign(t, tt.sign))
			if tt.want == nil && err == nil && by.Name == "build" {
				return
			}
			if !reflect.DeepEqual(any(err), tt.want) {
				t.Errorf("signed by %+v, %v; want %v", by, err, tt.want)
			}
		})
	}
}

// changed is a bundle with the values at some paths replaced.
func changed(t testing.TB, bundle []byte, change func(b map[string]any)) []byte {
	t.Helper()
	var b map[string]any
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	change(b)
	content, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func object(b map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		b = b[key].(map[string]any)
	}
	return b
}

func entry(b map[string]any) map[string]any {
	return object(b, "verificationMaterial")["tlogEntries"].([]any)[0].(map[string]any)
}

func TestRefusalsSayWhy(t *testing.T) {
	sigstore, foreign := instanceOf(t), instanceOf(t)
	good := sigstore.Sign(t, signed(workflow, issuer))
	other := sigstore.Sign(t, signed(workflow, issuer)) // of the same content
	theirs := foreign.Sign(t, signed(workflow, issuer))
	late, early := signed(workflow, issuer), signed(workflow, issuer)
	late.At, early.At = time.Now().Add(11*time.Minute), time.Now().Add(-time.Minute)
	payload := base64.StdEncoding.EncodeToString([]byte(strings.Replace(statement, "e3b0", "e3b1", 1)))
	graft := func(key string) []byte { // takes one part of the verification material from another bundle
		return changed(t, good, func(b map[string]any) {
			changed(t, theirs, func(from map[string]any) {
				object(b, "verificationMaterial")[key] = object(from, "verificationMaterial")[key]
			})
		})
	}
	tests := []struct {
		name   string
		bundle []byte
		want   error // of that type
		text   string
	}{
		{"another identity", sigstore.Sign(t, signed("https://github.com/mallory/x/.github/workflows/build.yml@refs/heads/main", issuer)), &IdentityError{},
			"signed by another identity: https://github.com/mallory/x/.github/workflows/build.yml@refs/heads/main, for which " + issuer + " vouches; trusted: " + workflow},
		{"an identity that begins with ours", sigstore.Sign(t, signed(workflow+"-2", issuer)), &IdentityError{}, "another identity"},
		{"an identity that contains ours", sigstore.Sign(t, signed("x"+workflow, issuer)), &IdentityError{}, "another identity"},
		{"another issuer", sigstore.Sign(t, signed(workflow, "https://issuer.example")), &IssuerError{},
			"signed by " + workflow + ", but another issuer vouches for it: https://issuer.example; trusted: " + issuer},
		{"no issuer", sigstore.Sign(t, signed(workflow, "")), &IssuerError{}, "another issuer vouches for it: no one"},
		{"another instance", theirs, &UnknownRootError{}, "unknown root: its log entry is not by an authority of the trusted root root.json"},
		{"the certificate of another instance", graft("certificate"), &WrongSignatureError{}, "wrong signature"},
		{"the log entry of another instance", graft("tlogEntries"), &UnknownRootError{}, "its log entry"},
		{"the log entry of another signature", changed(t, good, func(b map[string]any) {
			changed(t, other, func(from map[string]any) {
				object(b, "verificationMaterial")["tlogEntries"] = object(from, "verificationMaterial")["tlogEntries"]
			})
		}), &LogError{}, "invalid entry of a transparency log: "},
		{"signed after the certificate ended", sigstore.Sign(t, late), &ValidityError{}, "when its certificate was not valid: it was valid from"},
		{"signed before the certificate began", sigstore.Sign(t, early), &ValidityError{}, "when its certificate was not valid"},
		{"another digest", changed(t, good, func(b map[string]any) { object(b, "dsseEnvelope")["payload"] = payload }), &WrongSignatureError{},
			"wrong signature: the key of its certificate (which names " + workflow + ") did not sign this content"},
		{"another signature", changed(t, good, func(b map[string]any) {
			object(b, "dsseEnvelope")["signatures"] = []any{map[string]any{"sig": "AAAA"}}
		}), &WrongSignatureError{}, "wrong signature"},
		{"two signatures", changed(t, good, func(b map[string]any) {
			e := object(b, "dsseEnvelope")
			e["signatures"] = append(e["signatures"].([]any), e["signatures"].([]any)...)
		}), &InvalidError{}, "2 signatures; a keyless bundle has one"},
		{"no log entry", changed(t, good, func(b map[string]any) { delete(object(b, "verificationMaterial"), "tlogEntries") }), ErrNoLogEntry, "no entry of a transparency log"},
		{"the entry twice", changed(t, good, func(b map[string]any) {
			m := object(b, "verificationMaterial")
			m["tlogEntries"] = append(m["tlogEntries"].([]any), m["tlogEntries"].([]any)...)
		}), &LogError{}, "duplicate"},
		{"a log entry at another time", changed(t, good, func(b map[string]any) { entry(b)["integratedTime"] = "1999999999" }), &LogError{}, "invalid entry of a transparency log"},
		{"no promise, so no time", changed(t, good, func(b map[string]any) { delete(entry(b), "inclusionPromise") }), ErrNoTime, "no signed time"},
		{"no proof", changed(t, good, func(b map[string]any) { delete(entry(b), "inclusionProof") }), &InvalidError{}, "inclusion proof missing in bundle"},
		{"a damaged proof", changed(t, good, func(b map[string]any) { object(entry(b), "inclusionProof")["rootHash"] = "AAAA" }), &LogError{}, "invalid entry"},
		{"no certificate", changed(t, good, func(b map[string]any) { object(b, "verificationMaterial")["certificate"] = map[string]any{} }), &InvalidError{}, "invalid keyless bundle"},
		{"a damaged certificate", changed(t, good, func(b map[string]any) { object(b, "verificationMaterial", "certificate")["rawBytes"] = "AAAA" }), &InvalidError{}, "invalid keyless bundle"},
		{"an unknown field", changed(t, good, func(b map[string]any) { b["x"] = true }), &InvalidError{}, `unknown field "x"`},
		{"a later version", changed(t, good, func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.9+json" }), nil, "mediaType is"},
		{"another payload type", changed(t, good, func(b map[string]any) { object(b, "dsseEnvelope")["payloadType"] = "application/json" }), nil, `payloadType is "application/json", and must be "application/vnd.in-toto+json"`},
		{"half of one", good[:len(good)/2], nil, "it ends too early"},
		{"a signature of a file", changed(t, good, func(b map[string]any) {
			delete(b, "dsseEnvelope")
			b["messageSignature"] = map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": "AAAA"}
		}), nil, "a Sigstore bundle of a signature without a statement; attest instead of signing"},
	}
	v := trusting(t, sigstore.Root(t), build)
	if _, err := check(t, v, good); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			by, err := check(t, v, tt.bundle)
			if err == nil || by != (signing.SignedBy{}) {
				t.Fatalf("signed by %+v, %v", by, err)
			}
			if tt.want != nil && reflect.TypeOf(err) != reflect.TypeOf(tt.want) {
				t.Errorf("got the error %T: %v, want %T", err, err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %q", err, tt.text)
			}
			if strings.ContainsAny(err.Error(), "\n\u00a0") || len(err.Error()) > 900 {
				t.Errorf("the error is no short line: %q", err)
			}
		})
	}
}

// Bundles that package attestation would not pass on.
func TestWhatIsNoStatementIsRefusedHereToo(t *testing.T) {
	sigstore := instanceOf(t)
	v := trusting(t, sigstore.Root(t), build)
	good := sigstore.Sign(t, signed(workflow, issuer))
	a, err := attestation.ReadOne("f", good)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(e *attestation.Envelope)) *attestation.Envelope {
		e := *a.Envelope
		change(&e)
		return &e
	}
	bundled := func(change func(b map[string]any)) *attestation.Envelope {
		return with(func(e *attestation.Envelope) { e.Bundle = changed(t, good, change) })
	}
	tests := []struct {
		name     string
		envelope *attestation.Envelope
		want     error
	}{
		{"nothing", nil, &InvalidError{}},
		{"an envelope without a bundle", with(func(e *attestation.Envelope) { e.Bundle = nil }), &InvalidError{}},
		{"another payload", with(func(e *attestation.Envelope) { e.Payload = []byte("{}") }), &InvalidError{}},
		{"another signature", with(func(e *attestation.Envelope) { e.Signatures = []attestation.Signature{{}} }), &InvalidError{}},
		{"no signature", with(func(e *attestation.Envelope) { e.Signatures = nil }), &InvalidError{}},
		{"half a bundle", with(func(e *attestation.Envelope) { e.Bundle = e.Bundle[:len(e.Bundle)/2] }), &InvalidError{}},
		{"another payload type", bundled(func(b map[string]any) { object(b, "dsseEnvelope")["payloadType"] = "text/plain" }), &PayloadTypeError{}},
		{"a key", bundled(func(b map[string]any) {
			m := object(b, "verificationMaterial")
			delete(m, "certificate")
			m["publicKey"] = map[string]any{"hint": "x"}
		}), ErrKey},
		{"a signature of a file", bundled(func(b map[string]any) {
			delete(b, "dsseEnvelope")
			b["messageSignature"] = map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": "AAAA"}
		}), ErrNoStatement},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			by, err := v.Verify(tt.envelope)
			if reflect.TypeOf(err) != reflect.TypeOf(tt.want) || by != (signing.SignedBy{}) {
				t.Errorf("signed by %+v, %T %v; want %T", by, err, err, tt.want)
			}
			if reflect.TypeOf(tt.want) == reflect.TypeOf(ErrKey) && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// The order of roots does not matter, and a bundle is explained by its own root.
func TestSeveralInstancesCanBeTrusted(t *testing.T) {
	one, two, third := instanceOf(t), instanceOf(t), instanceOf(t)
	person := Identity{Name: "alice", Subject: Pattern{Exact: "alice@acme.example"}, Issuer: Pattern{Exact: "https://accounts.acme.example"}}
	for _, pair := range [][2]*Verifier{
		{trusting(t, one.Root(t), build), trusting(t, two.Root(t), person)},
		{trusting(t, two.Root(t), person), trusting(t, one.Root(t), build)},
	} {
		v, err := signing.NewVerifier(nil, pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		verify := func(content []byte) (signing.SignedBy, error) {
			a, err := attestation.ReadOne("f", content)
			if err != nil {
				t.Fatal(err)
			}
			return v.Verify(a, time.Now())
		}
		if by, err := verify(one.Sign(t, signed(workflow, issuer))); by.Name != "build" || err != nil {
			t.Errorf("signed by %+v, %v", by, err)
		}
		if by, err := verify(two.Sign(t, signed(person.Subject.Exact, person.Issuer.Exact))); by.Name != "alice" || err != nil {
			t.Errorf("signed by %+v, %v", by, err)
		}
		// Each instance vouches for its own identities only.
		var identity *IdentityError
		if by, err := verify(two.Sign(t, signed(workflow, issuer))); !errors.As(err, &identity) {
			t.Errorf("signed by %+v, %v", by, err)
		}
		if by, err := verify(third.Sign(t, signed(workflow, issuer))); !errors.Is(err, signing.ErrForeign) {
			t.Errorf("signed by %+v, %v", by, err)
		}
	}
}

func TestTheFirstIdentityThatMatchesIsNamed(t *testing.T) {
	sigstore := instanceOf(t)
	any := Identity{Name: "acme", Subject: Pattern{Expression: `https://github\.com/acme/.*`}, Issuer: Pattern{Expression: `https://token\.actions\.githubusercontent\.com(/[a-z]+)?`}}
	v := trusting(t, sigstore.Root(t), build, any)
	for subject, want := range map[string]string{workflow: "build", "https://github.com/acme/other": "acme", "https://github.com/acme": ""} {
		if by, err := check(t, v, sigstore.Sign(t, signed(subject, issuer))); by.Name != want || (err == nil) != (want != "") {
			t.Errorf("%s is signed by %+v, %v", subject, by, err)
		}
	}
	if by, err := check(t, v, sigstore.Sign(t, signed(workflow, issuer+"/acme"))); by.Name != "acme" || err != nil {
		t.Errorf("signed by %+v, %v", by, err)
	}
}

// Every byte that is cut off or changed in a bundle leads to an error or to the same
// answer.
func TestNoPartOfABundleCanBeChanged(t *testing.T) {
	sigstore := instanceOf(t)
	v := trusting(t, sigstore.Root(t), build)
	good := sigstore.Sign(t, signed(workflow, issuer))
	for n := 0; n < len(good); n += 97 {
		if by, err := check(t, v, good[:n]); err == nil {
			t.Fatalf("%d of %d bytes are signed by %+v", n, len(good), by)
		}
		flipped := bytes.Clone(good)
		flipped[n] ^= 1
		a, err := attestation.ReadOne("f", flipped)
		if err != nil {
			continue
		}
		if by, err := v.Verify(a.Envelope); err == nil && (by.Identity != workflow || string(a.Envelope.Payload) != statement) {
			t.Errorf("with byte %d changed it is signed by %+v, and says %s", n, by, a.Envelope.Payload)
		}
	}
}
