package scan

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/scan/attached"
)

// signedBy is a verifier that trusts what an envelope's signature says.
func signedBy(name string) attached.Verify {
	return func(a attestation.Attestation) (string, error) {
		if a.Envelope == nil || len(a.Envelope.Signatures) != 1 || string(a.Envelope.Signatures[0].Bytes) != name {
			return "", errors.New("not signed")
		}
		return name, nil
	}
}

// envelope is an envelope of an SBOM statement about digest, with a signature.
func envelope(signature, digest, sbom string) string {
	statement := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":%q}}],"predicateType":"https://cyclonedx.org/bom","predicate":%s}`,
		strings.TrimPrefix(digest, "sha256:"), sbom)
	return fmt.Sprintf(`{"payloadType":"application/vnd.in-toto+json","payload":%q,"signatures":[{"sig":%q}]}`,
		base64.StdEncoding.EncodeToString([]byte(statement)), base64.StdEncoding.EncodeToString([]byte(signature)))
}

func TestASignedSBOMDescribesTheImageThatItNames(t *testing.T) {
	const safe = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"lodash","version":"4.18.0","purl":"pkg:npm/lodash@4.18.0"}]}`
	dir := database(t)
	for _, tt := range []struct {
		name   string
		attach func(s shop)
		want   []string // platform, kind, signer and findings of each scan
	}{
		{"signed", func(s shop) {
			s.refer(t, s.digest["linux/amd64"], dsse, envelope("lead", s.digest["linux/amd64"], safe))
		},
			[]string{"linux/amd64 attached lead"}},
		{"by another", func(s shop) {
			s.refer(t, s.digest["linux/amd64"], dsse, envelope("other", s.digest["linux/amd64"], safe))
		}, []string{"linux/amd64 attached -"}},
		{"next to one that is not signed", func(s shop) {
			s.refer(t, s.digest["linux/amd64"], dsse, envelope("lead", s.digest["linux/amd64"], safe))
			s.refer(t, s.digest["linux/amd64"], cycloneDX, lodash)
		}, []string{"linux/amd64 attached lead CVE-2026-2"}},
		{"about the index", func(s shop) { s.refer(t, s.digest[""], dsse, envelope("lead", s.digest[""], safe)) },
			[]string{"linux/amd64 attached -"}},
		{"about the index, as if it were a bare SBOM of the image", func(s shop) {
			s.refer(t, s.digest["linux/amd64"], cycloneDX, envelope("lead", s.digest[""], safe))
		}, nil},
		{"with an SBOM next to what is signed", func(s shop) {
			signed := envelope("lead", s.digest["linux/amd64"], lodash)
			more := fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"type":"container","name":"app","version":%q}},"components":[],`, s.digest["linux/amd64"])
			s.refer(t, s.digest["linux/amd64"], dsse, more+strings.TrimPrefix(signed, "{"))
		}, []string{"linux/amd64 attached lead CVE-2026-2"}},
		{"attached to the index, about its image", func(s shop) {
			s.refer(t, s.digest[""], dsse, envelope("lead", s.digest["linux/amd64"], safe))
		}, []string{"linux/amd64 attached lead"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, "linux/amd64", "linux/arm64")
			tt.attach(s)
			scans, err := Image(context.Background(), s.reference, Options{Database: dir, From: FromAttached, Platforms: []string{"linux/amd64"}, Verify: signedBy("lead")})
			if (err != nil) != (tt.want == nil) {
				t.Fatal(err)
			}
			var got []string
			for i, words := range found(scans) {
				platform, rest, _ := strings.Cut(words, " attached")
				got = append(got, platform+" attached "+cmp.Or(scans[i].Signer, "-")+rest)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestASBOMThatNoVerifierSawHasNoSigner(t *testing.T) {
	s := open(t, "linux/amd64")
	s.refer(t, s.digest["linux/amd64"], dsse, envelope("lead", s.digest["linux/amd64"], lodash))
	scans, err := Image(context.Background(), s.reference, Options{Database: database(t), From: FromAttached})
	if err != nil || len(scans) != 1 || scans[0].Signer != "" {
		t.Errorf("%+v, %v", scans, err)
	}
}
