package keyless

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/sigstoretest"
	"github.com/prodgate/prodgate/signing"
)

// takenApart is a bundle as cosign 2 stores it: the envelope, and annotations.
func takenApart(t *testing.T, content []byte) (envelope []byte, annotations map[string]string) {
	t.Helper()
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(content); err != nil {
		t.Fatal(err)
	}
	encode := func(value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	m := b.GetVerificationMaterial()
	annotations = map[string]string{
		"dev.sigstore.cosign/certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.GetCertificate().GetRawBytes()})),
	}
	for _, e := range m.GetTlogEntries() {
		annotations["dev.sigstore.cosign/bundle"] = encode(map[string]any{
			"SignedEntryTimestamp": e.GetInclusionPromise().GetSignedEntryTimestamp(),
			"Payload": map[string]any{
				"body":           base64.StdEncoding.EncodeToString(e.GetCanonicalizedBody()),
				"integratedTime": e.GetIntegratedTime(),
				"logIndex":       e.GetLogIndex(),
				"logID":          hex.EncodeToString(e.GetLogId().GetKeyId()),
			},
		})
	}
	for _, stamp := range m.GetTimestampVerificationData().GetRfc3161Timestamps() {
		annotations["dev.sigstore.cosign/rfc3161timestamp"] = encode(map[string]any{"SignedRFC3161Timestamp": stamp.GetSignedTimestamp()})
	}
	e := b.GetDsseEnvelope()
	return []byte(encode(map[string]any{
		"payloadType": e.GetPayloadType(), "payload": e.GetPayload(),
		"signatures": []any{map[string]any{"keyid": "", "sig": e.GetSignatures()[0].GetSig()}},
	})), annotations
}

func TestKeylessEnvelopesOfCosign2AreVerified(t *testing.T) {
	sigstore := instanceOf(t)
	logged, stamped := signed(workflow, issuer), signed(workflow, issuer)
	stamped.NoLog, stamped.Timestamp = true, true
	for name, s := range map[string]struct {
		parts sigstoretest.Parts
		sign  sigstoretest.Signing
	}{
		"log":       {sigstoretest.Parts{Log: true}, logged},
		"timestamp": {sigstoretest.Parts{Timestamps: true}, stamped},
	} {
		t.Run(name, func(t *testing.T) {
			v := trusting(t, sigstore.RootOf(t, s.parts), build)
			envelope, annotations := takenApart(t, sigstore.Sign(t, s.sign))
			content, err := attestation.Bundled(envelope, annotations)
			if err != nil {
				t.Fatal(err)
			}
			if by, err := check(t, v, content); err != nil || by.Name != "build" || by.At.After(time.Now()) {
				t.Errorf("signed by %+v, %v", by, err)
			}
			// The annotations of another signature.
			_, theirs := takenApart(t, sigstore.Sign(t, s.sign))
			content, err = attestation.Bundled(envelope, theirs)
			if err != nil {
				t.Fatal(err)
			}
			if by, err := check(t, v, content); err == nil {
				t.Errorf("with foreign annotations it is signed by %+v", by)
			}
			// No annotations, so no certificate.
			var unknown *signing.NotTrustedError
			if by, err := check(t, v, envelope); !errors.As(err, &unknown) {
				t.Errorf("without annotations it is signed by %+v, %v", by, err)
			}
		})
	}
}
