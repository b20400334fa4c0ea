package keyless

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/attestation"
)

// Only what the identity signed is accepted, in whatever it is wrapped.
func FuzzVerify(f *testing.F) {
	var verifiers []*Verifier
	accepted := map[string]bool{} // payloads
	for _, c := range conformanceCases(f, "testdata/conformance") {
		f.Add(c.bundle)
		f.Add(c.bundle[:len(c.bundle)/2])
		if strings.HasSuffix(c.name, "_fail") {
			continue
		}
		verifiers = append(verifiers, trusting(f, c.root, beacon))
		if a, err := attestation.ReadOne("f", c.bundle); err == nil {
			accepted[string(a.Envelope.Payload)] = true
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		envelopes := []*attestation.Envelope{{Bundle: content}}
		all, _ := attestation.Read("f", content)
		for _, a := range all {
			envelopes = append(envelopes, a.Envelope)
		}
		for _, e := range envelopes {
			for _, v := range verifiers {
				by, err := v.Verify(e)
				if (by.Name == "") != (err != nil) {
					t.Errorf("signed by %+v, %v", by, err)
				}
				if err == nil && (!accepted[string(e.Payload)] || by.Identity != beacon.Subject.Exact || by.At.IsZero()) {
					t.Errorf("%s is accepted, by %+v", e.Payload, by)
				}
			}
		}
	})
}

// Nothing is downloaded, whatever a bundle contains.
func TestVerificationUsesNoNetwork(t *testing.T) {
	transport := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = transport })
	http.DefaultTransport = forbidden{t}
	for _, c := range conformanceCases(t, "testdata/conformance") {
		_ = c.verify(t)
	}
}

// forbidden is a transport that fails the test.
type forbidden struct{ t *testing.T }

func (f forbidden) RoundTrip(r *http.Request) (*http.Response, error) {
	f.t.Errorf("it requests %s", r.URL)
	return nil, http.ErrUseLastResponse
}
