package signing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/attestation"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// sealed is an envelope of a payload with signatures, each in base64.
func sealed(payload []byte, sigs ...string) []byte {
	list := []map[string]string{}
	for _, sig := range sigs {
		list = append(list, map[string]string{"sig": sig})
	}
	content, _ := json.Marshal(map[string]any{"payloadType": attestation.PayloadType, "payload": payload, "signatures": list})
	return content
}

func read(t testing.TB, content []byte) attestation.Attestation {
	t.Helper()
	a, err := attestation.ReadOne("f", content)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// nameOf takes the name from what Verify returns.
func nameOf(by SignedBy, err error) (string, error) { return by.Name, err }

func trust(t testing.TB, keys ...Trusted) *Verifier {
	t.Helper()
	v, err := NewVerifier(keys)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func named(t testing.TB, name string) Trusted {
	t.Helper()
	return Trusted{Name: name, Public: public(t, name+".pub")}
}

type vector struct {
	Key, Algorithm, Sig string
	Accepted            bool
}

func vectors(t testing.TB) []vector {
	t.Helper()
	var all []vector
	if err := json.Unmarshal(recorded(t, "signatures.json"), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// sigOf is the first recorded signature by a key.
func sigOf(t testing.TB, key string) string {
	t.Helper()
	for _, v := range vectors(t) {
		if v.Key == key {
			return v.Sig
		}
	}
	t.Fatalf("no signature by %s", key)
	return ""
}

func TestSignaturesOfOtherToolsAreVerified(t *testing.T) {
	statement := recorded(t, "statement.json")
	all := []Trusted{named(t, "rsa"), named(t, "ed25519"), named(t, "p384"), named(t, "p256")}
	for _, v := range vectors(t) {
		t.Run(v.Algorithm, func(t *testing.T) {
			name, err := nameOf(trust(t, all...).Verify(read(t, sealed(statement, v.Sig)), now))
			if v.Accepted != (err == nil) || v.Accepted && name != v.Key {
				t.Errorf("signed by %q, %v", name, err)
			}
		})
	}
}

// The signature is that of a real bundle, which also holds the certificate.
func TestTheEnvelopeOfARealBundleIsVerifiedByItsKey(t *testing.T) {
	content := recorded(t, "keyless.sigstore.json")
	v := trust(t, named(t, "keyless"))
	if name, err := nameOf(v.Verify(read(t, content), now)); !errors.Is(err, ErrKeyless) {
		t.Errorf("the bundle is signed by %q, %v", name, err)
	}
	var bundle struct{ DsseEnvelope json.RawMessage }
	if err := json.Unmarshal(content, &bundle); err != nil {
		t.Fatal(err)
	}
	if name, err := nameOf(v.Verify(read(t, bundle.DsseEnvelope), now)); name != "keyless" || err != nil {
		t.Errorf("the envelope is signed by %q, %v", name, err)
	}
}

func TestWhatIsSignedIsVerified(t *testing.T) {
	statement := recorded(t, "statement.json")
	for _, name := range []string{"p256", "p384", "ed25519", "rsa"} {
		t.Run(name, func(t *testing.T) {
			content, err := Sign(private(t, name+".pkcs8.pem"), statement)
			if err != nil {
				t.Fatal(err)
			}
			a := read(t, content)
			if got, err := nameOf(trust(t, named(t, name)).Verify(a, now)); got != name || err != nil {
				t.Errorf("signed by %q, %v", got, err)
			}
			if !bytes.Equal(a.Envelope.Payload, statement) {
				t.Errorf("the payload is %s", a.Envelope.Payload)
			}
		})
	}
}

func TestBundlesHaveTheFormOfCosign(t *testing.T) {
	statement := recorded(t, "statement.json")
	content, err := Sign(private(t, "ed25519.pkcs8.pem"), statement)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"` + public(t, "ed25519.pub").hint() +
		`"}},"dsseEnvelope":{"payload":"` + base64.StdEncoding.EncodeToString(statement) +
		`","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"` + sigOf(t, "ed25519") + `"}]}}`
	if string(content) != want { // Ed25519 gives one signature for one message
		t.Errorf("wrote %s, want %s", content, want)
	}
}

func TestOnlyStatementsAreSigned(t *testing.T) {
	key := private(t, "p256.pkcs8.pem")
	signed, err := Sign(key, recorded(t, "statement.json"))
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{
		"":             "sign statement: not a JSON object",
		"{}":           "sign statement: not an in-toto statement",
		string(signed): "sign statement: it is signed already",
	} {
		if got, err := Sign(key, []byte(content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: signed %s, %v", content, got, err)
		}
	}
	if got, err := Sign(stranger{key, public(t, "p384.pub")}, recorded(t, "statement.json")); err == nil {
		t.Errorf("a signer with the wrong public key signed %s", got)
	}
}

// stranger signs with one key and names another.
type stranger struct {
	*PrivateKey
	public *PublicKey
}

func (s stranger) Public() *PublicKey { return s.public }

func TestRefusalsSayWhy(t *testing.T) {
	statement := recorded(t, "statement.json")
	other := bytes.Replace(statement, []byte("PASSED"), []byte("FAILED"), 1)
	p256 := sigOf(t, "p256")
	mine, err := Sign(private(t, "p256.pkcs8.pem"), statement)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := Sign(private(t, "p384.pkcs8.pem"), statement)
	if err != nil {
		t.Fatal(err)
	}
	id, foreign := public(t, "p256.pub").ID(), public(t, "p384.pub").ID()
	swap := func(content []byte, old, new string) []byte {
		if !bytes.Contains(content, []byte(old)) {
			t.Fatalf("%s does not contain %s", content, old)
		}
		return bytes.Replace(content, []byte(old), []byte(new), 1)
	}
	encoded := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	der, _ := base64.StdEncoding.DecodeString(p256)
	bare, _ := private(t, "p256.pkcs8.pem").Sign(statement) // without DSSE's encoding
	untrusted := &NotTrustedError{Hints: []string{}, Trusted: []string{"p256", "ed25519"}}
	tests := []struct {
		name    string
		content []byte
		want    any // an error with its value, or a text
	}{
		{"no envelope", statement, ErrUnsigned},
		{"no signature", sealed(statement), ErrUnsigned},
		{"no signature in a bundle", swap(mine, `"signatures":[{`, `"signatures":[],"x":[{`), ErrUnsigned},
		{"another key", theirs, &NotTrustedError{Hints: []string{foreign}, Trusted: []string{"p256", "ed25519"}}},
		{"another key, without a hint", sealed(statement, sigOf(t, "p384")), untrusted},
		{"another key with our hint", swap(theirs, public(t, "p384.pub").hint(), public(t, "p256.pub").hint()), &WrongSignatureError{Key: "p256", ID: id}},
		{"another key with our id", swap(sealed(statement, sigOf(t, "p384")), `"sig"`, `"keyid":"`+id+`","sig"`), &WrongSignatureError{Key: "p256", ID: id}},
		{"a strange id", swap(sealed(statement, sigOf(t, "p384")), `"sig"`, `"keyid":"\u001b[2J","sig"`), &NotTrustedError{Hints: []string{`"\x1b[2J"`}, Trusted: []string{"p256", "ed25519"}}},
		{"a signature of another payload", swap(mine, encoded(statement), encoded(other)), &WrongSignatureError{Key: "p256", ID: id}},
		{"a space more", swap(mine, encoded(statement), encoded(append([]byte(" "), statement...))), &WrongSignatureError{Key: "p256", ID: id}},
		{"a signature of the payload alone", sealed(statement, encoded(bare)), untrusted},
		{"a short signature", sealed(statement, p256[:40]), untrusted},
		{"a signature and more", sealed(statement, encoded(append(der, 0))), untrusted},
		{"an empty signature", sealed(statement, ""), untrusted},
		{"too many signatures", sealed(statement, strings.Split(strings.Repeat("AAAA ", 16)+p256, " ")...), "17 signatures; must have at most 16"},
		{"a certificate", swap(mine, `"publicKey":{`, `"certificate":{`), ErrKeyless},
		{"a key and a certificate", swap(mine, `"publicKey":{`, `"certificate":{},"publicKey":{`), "names both a key and a certificate"},
		{"neither", swap(mine, `"publicKey":{`, `"x":{`), "names neither a key nor a certificate"},
		{"a later bundle", swap(mine, "v0.3", "v0.9"), "mediaType is"},
		{"two hints", swap(mine, `"hint":`, `"hint":"","hint":`), `the key "hint" is given twice`},
	}
	v := trust(t, named(t, "p256"), named(t, "ed25519"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, err := nameOf(v.Verify(read(t, tt.content), now))
			if name != "" || err == nil {
				t.Fatalf("signed by %q, %v", name, err)
			}
			if text, ok := tt.want.(string); ok {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("got %v, want %q", err, text)
				}
			} else if !reflect.DeepEqual(err, tt.want) {
				t.Errorf("got %#v, want %#v", err, tt.want)
			}
		})
	}
}

// The reader refuses these before a signature is verified.
func TestDamagedAttestationsAreNotRead(t *testing.T) {
	mine, err := Sign(private(t, "p256.pkcs8.pem"), recorded(t, "statement.json"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range mine {
		if a, err := attestation.ReadOne("f", mine[:n]); err == nil {
			t.Fatalf("%d of %d bytes read as %+v", n, len(mine), a)
		}
	}
	for old, new := range map[string]string{
		attestation.PayloadType: "application/json",
		`"payload":`:            `"payload":"e30=","payload":`,
		`"payloadType":`:        `"PayloadType":"x","payloadType":`,
		`"sig":`:                `"sig":"AAAA","sig":`,
		`"dsseEnvelope":`:       `"dsseEnvelope":{},"dsseEnvelope":`,
	} {
		if a, err := attestation.ReadOne("f", bytes.Replace(mine, []byte(old), []byte(new), 1)); err == nil {
			t.Errorf("with %s it reads as %+v", new, a)
		}
	}
}

func TestAnAttestationPutTogetherByHandIsNotVerified(t *testing.T) {
	v := trust(t, named(t, "p256"))
	signed := read(t, sealed(recorded(t, "statement.json"), sigOf(t, "p256")))
	other := signed
	other.Statement.PredicateType = "https://example.com/other"
	if name, err := nameOf(v.Verify(other, now)); err == nil || !strings.Contains(err.Error(), "not the one in the payload") {
		t.Errorf("another statement is signed by %q, %v", name, err)
	}
	typed := signed
	envelope := *signed.Envelope
	envelope.PayloadType = "text/plain"
	typed.Envelope = &envelope
	if name, err := nameOf(v.Verify(typed, now)); err == nil || !strings.Contains(err.Error(), `the payload's type is "text/plain"`) {
		t.Errorf("another type is signed by %q, %v", name, err)
	}
	if name, err := nameOf(v.Verify(signed, time.Time{})); err == nil {
		t.Errorf("at no time it is signed by %q", name)
	}
}

func TestOneGoodSignatureIsEnough(t *testing.T) {
	statement := recorded(t, "statement.json")
	good, foreign, former := sigOf(t, "p256"), sigOf(t, "p384"), sigOf(t, "rsa")
	ended := named(t, "rsa")
	ended.Until = &now
	for _, sigs := range [][]string{{good, foreign}, {foreign, good}, {"AAAA", "", good}, {former, good}} {
		if name, err := nameOf(trust(t, ended, named(t, "p256")).Verify(read(t, sealed(statement, sigs...)), now)); name != "p256" || err != nil {
			t.Errorf("signed by %q, %v", name, err)
		}
	}
}

func TestASignatureByKeyNamesTheKeyAndNoTime(t *testing.T) {
	by, err := trust(t, named(t, "rsa"), named(t, "p256")).Verify(read(t, sealed(recorded(t, "statement.json"), sigOf(t, "p256"))), now)
	if want := (SignedBy{Name: "p256", KeyID: public(t, "p256.pub").ID()}); err != nil || by != want {
		t.Errorf("signed by %+v, %v; want %+v", by, err, want)
	}
}

// identities accepts or refuses every keyless bundle.
type identities struct {
	by  SignedBy
	err error
}

func (i identities) Verify(*attestation.Envelope) (SignedBy, error) { return i.by, i.err }

// The order does not matter, and a root that knows the bundle explains it.
func TestIdentitiesAreTriedInOrder(t *testing.T) {
	a := read(t, recorded(t, "keyless.sigstore.json"))
	accepts := identities{by: SignedBy{Name: "build", Identity: "https://example.com", Issuer: "https://issuer.example", At: now}}
	foreign, refuses := identities{err: fmt.Errorf("unknown: %w", ErrForeign)}, identities{err: errors.New("another identity")}
	tests := []struct {
		keyless []Keyless
		want    error
	}{
		{nil, ErrKeyless},
		{[]Keyless{accepts}, nil},
		{[]Keyless{refuses, foreign, accepts}, nil},
		{[]Keyless{foreign}, foreign.err},
		{[]Keyless{foreign, refuses}, refuses.err},
		{[]Keyless{refuses, foreign}, refuses.err},
		{[]Keyless{refuses, identities{err: errors.New("another")}}, refuses.err},
	}
	for _, tt := range tests {
		v, err := NewVerifier([]Trusted{named(t, "keyless")}, tt.keyless...)
		if err != nil {
			t.Fatal(err)
		}
		by, err := v.Verify(a, now)
		if !errors.Is(err, tt.want) || (err == nil) != (by == accepts.by) {
			t.Errorf("%+v: signed by %+v, %v; want %v", tt.keyless, by, err, tt.want)
		}
		// No identity signs for a key, and the other way round.
		if name, err := nameOf(v.Verify(read(t, sealed(recorded(t, "statement.json"), sigOf(t, "p256"))), now)); err == nil {
			t.Errorf("by key it is signed by %q", name)
		}
	}
}

// A hint that names nothing, or another trusted key, changes nothing.
func TestHintsAreOnlyHints(t *testing.T) {
	statement := recorded(t, "statement.json")
	v := trust(t, named(t, "rsa"), named(t, "p256"))
	for _, hint := range []string{"", "x", public(t, "p256.pub").ID(), public(t, "rsa.pub").ID(), public(t, "rsa.pub").hint(), public(t, "p384.pub").ID()} {
		content := bytes.Replace(sealed(statement, sigOf(t, "p256")), []byte(`"sig"`), fmt.Appendf(nil, `"keyid":%q,"sig"`, hint), 1)
		if name, err := nameOf(v.Verify(read(t, content), now)); name != "p256" || err != nil {
			t.Errorf("with the hint %q it is signed by %q, %v", hint, name, err)
		}
	}
}

func TestKeysCountInTheirPeriod(t *testing.T) {
	a := read(t, sealed(recorded(t, "statement.json"), sigOf(t, "p256")))
	at := func(d time.Duration) *time.Time { instant := now.Add(d); return &instant }
	tests := []struct {
		name        string
		from, until *time.Time
		want        string
	}{
		{"no period", nil, nil, ""},
		{"begins now", at(0), nil, ""},
		{"begins later", at(1), nil, "which is in force only from 2026-11-30T12:00:00Z"},
		{"ends later", nil, at(1), ""},
		{"ends now", nil, at(0), "which was in force only until 2026-11-30T12:00:00Z; now is 2026-11-30T12:00:00Z: sign again with its successor"},
		{"ended", at(-2 * time.Hour), at(-time.Hour), "until 2026-11-30T11:00:00Z"},
		{"within", at(-1), at(1), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := named(t, "p256")
			key.From, key.Until = tt.from, tt.until
			name, err := nameOf(trust(t, key, named(t, "rsa")).Verify(a, now))
			if tt.want == "" {
				if name != "p256" || err != nil {
					t.Errorf("signed by %q, %v", name, err)
				}
				return
			}
			var refusal *NotInForceError
			if name != "" || !errors.As(err, &refusal) || refusal.Key != "p256" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("signed by %q, %v; want %q", name, err, tt.want)
			}
		})
	}
}

func TestTrustedKeysAreChecked(t *testing.T) {
	later := now.Add(time.Hour)
	p256 := public(t, "p256.pub")
	tests := []struct {
		name string
		keys []Trusted
		want string
	}{
		{"no name", []Trusted{{Public: p256}}, "a key has no name"},
		{"no key", []Trusted{{Name: "a"}}, "a has no public key"},
		{"an empty key", []Trusted{{Name: "a", Public: &PublicKey{}}}, "a has no public key"},
		{"a name twice", []Trusted{named(t, "p256"), {Name: "p256", Public: public(t, "rsa.pub")}}, `the name "p256" is given twice`},
		{"a key twice", []Trusted{named(t, "p256"), {Name: "b", Public: p256}}, "p256 and b are the same key sha256:"},
		{"an empty period", []Trusted{{Name: "a", Public: p256, From: &now, Until: &now}}, "before it begins"},
		{"a period backwards", []Trusted{{Name: "a", Public: p256, From: &later, Until: &now}}, "a ends at 2026-11-30T12:00:00Z, before it begins at 2026-11-30T13:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if v, err := NewVerifier(tt.keys); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want %q", v, err, tt.want)
			}
		})
	}
	_, err := trust(t).Verify(read(t, sealed(recorded(t, "statement.json"), sigOf(t, "p256"))), now)
	if err == nil || !strings.Contains(err.Error(), "no key is trusted") {
		t.Errorf("without keys: %v", err)
	}
}

// Only what the key signed is accepted, in whatever it is wrapped.
func FuzzVerify(f *testing.F) {
	statement := recorded(f, "statement.json")
	for _, v := range vectors(f) {
		f.Add(sealed(statement, v.Sig))
	}
	bundle, err := Sign(private(f, "p256.pkcs8.pem"), statement)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bundle)
	f.Add(recorded(f, "keyless.sigstore.json"))
	f.Add(statement)
	v := trust(f, named(f, "p256"), named(f, "p384"), named(f, "ed25519"), named(f, "rsa"))
	want := read(f, statement).Statement
	f.Fuzz(func(t *testing.T, content []byte) {
		all, _ := attestation.Read("f", content)
		for _, a := range all {
			name, err := nameOf(v.Verify(a, now))
			if (name == "") != (err != nil) {
				t.Errorf("signed by %q, %v", name, err)
			}
			if err == nil && (!bytes.Equal(a.Envelope.Payload, statement) || !reflect.DeepEqual(a.Statement, want)) {
				t.Errorf("%s is accepted, which %s did not sign", a.Envelope.Payload, name)
			}
		}
	})
}

// BenchmarkVerify reads and verifies 20 attestations by an ECDSA key, among four
// trusted keys.
func BenchmarkVerify(b *testing.B) {
	v := trust(b, named(b, "rsa"), named(b, "p384"), named(b, "ed25519"), named(b, "p256"))
	content, err := Sign(private(b, "p256.pkcs8.pem"), recorded(b, "statement.json"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for range 20 {
			if _, err := v.Verify(read(b, content), now); err != nil {
				b.Fatal(err)
			}
		}
	}
}
