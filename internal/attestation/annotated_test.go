package attestation

import (
	"encoding/json"
	"strings"
	"testing"
)

const someEnvelope = `{"payloadType":"application/vnd.in-toto+json","payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ==","signatures":[{"sig":"AAAA"}]}`

const somePEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

// The bundles are verified in signing/keyless.
func TestAnnotationsBecomeABundle(t *testing.T) {
	for _, annotations := range []map[string]string{nil, {"predicateType": "x", logNote: "damaged"}} {
		if got, err := Bundled([]byte(someEnvelope), annotations); err != nil || string(got) != someEnvelope {
			t.Errorf("%v: got %s, %v", annotations, got, err)
		}
	}
	got, err := Bundled([]byte(someEnvelope), map[string]string{certificateNote: somePEM})
	if err != nil {
		t.Fatal(err)
	}
	a, err := ReadOne("f", got)
	if err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if m, err := a.Envelope.Material(); err != nil || !m.Certificate {
		t.Errorf("its material is %+v, %v", m, err)
	}
}

func TestDamagedAnnotationsAreErrors(t *testing.T) {
	tests := []struct{ name, envelope, certificate, log, timestamp, want string }{
		{"no JSON", "{", somePEM, "", "", "the envelope is not JSON"},
		{"no certificate", someEnvelope, "x", "", "", "is not a certificate in PEM"},
		{"a key", someEnvelope, strings.ReplaceAll(somePEM, "CERTIFICATE", "PUBLIC KEY"), "", "", "is not a certificate in PEM"},
		{"no log entry", someEnvelope, somePEM, "x", "", "not a log entry as JSON"},
		{"no body", someEnvelope, somePEM, "{}", "", "the body of the log entry is not JSON"},
		{"no id", someEnvelope, somePEM, `{"Payload":{"body":"e30=","logID":"x"}}`, "", "the id of the log is not hexadecimal"},
		{"no timestamp", someEnvelope, somePEM, "", "x", "is not a timestamp as JSON"},
		{"too much", someEnvelope, somePEM + strings.Repeat("\n", maxNote), "", "", "has more than 1048576 bytes"},
	}
	for _, tt := range tests {
		got, err := Bundled([]byte(tt.envelope), map[string]string{certificateNote: tt.certificate, logNote: tt.log, timestampNote: tt.timestamp})
		if err == nil || !strings.HasPrefix(err.Error(), "annotations of a keyless signature: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %s, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func FuzzBundled(f *testing.F) {
	f.Add([]byte(someEnvelope), somePEM, `{"SignedEntryTimestamp":"AAAA","Payload":{"body":"e30=","integratedTime":1,"logIndex":2,"logID":"00"}}`, `{"SignedRFC3161Timestamp":"AAAA"}`)
	f.Fuzz(func(t *testing.T, envelope []byte, certificate, log, timestamp string) {
		got, err := Bundled(envelope, map[string]string{certificateNote: certificate, logNote: log, timestampNote: timestamp})
		if err != nil || certificate == "" {
			return
		}
		var b struct{ DsseEnvelope json.RawMessage }
		if err := json.Unmarshal(got, &b); err != nil || !json.Valid(b.DsseEnvelope) {
			t.Errorf("the bundle %s does not hold the envelope: %v", got, err)
		}
	})
}
