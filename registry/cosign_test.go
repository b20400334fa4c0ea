package registry

import (
	"slices"
	"strings"
	"testing"
)

// The layout is what cosign 3.1.3 and prodgate attached to one image in Debian's
// docker-registry: ".ci/interop --record" writes it.
func TestWhatCosignAttachedIsRead(t *testing.T) {
	ref := parsed(t, "oci:testdata/cosign-3.1.3:v1")
	m, err := ref.Resolve(limited(t))
	must(t, err)
	for _, tt := range []struct {
		predicateType string
		want          int
		bundles       bool
	}{
		{"https://in-toto.io/attestation/test-result/v0.1", 2, true},
		{"https://slsa.dev/verification_summary/v1", 1, true},
		{"https://cosign.sigstore.dev/attestation/vuln/v1", 1, true}, // by cosign, as a referrer
		{"https://spdx.dev/Document", 1, false},                      // by cosign, under the tag .att
		{"https://cyclonedx.org/bom", 0, false},
	} {
		var others []string
		documents, failed := ref.AttachedStatements(limited(t), m.Digest, func(uri string) bool {
			if uri != tt.predicateType {
				others = append(others, uri)
			}
			return uri == tt.predicateType
		})
		if len(failed) > 0 || len(documents) != tt.want || len(documents)+len(others) != 5 {
			t.Errorf("%s: %d documents, want %d; others: %q; failed: %v", tt.predicateType, len(documents), tt.want, others, failed)
		}
		for _, d := range documents {
			if strings.HasPrefix(d.Where, "referrer sha256:") != tt.bundles || strings.Contains(string(d.Content), "verificationMaterial") != tt.bundles {
				t.Errorf("%s: %s is %s", tt.predicateType, d.Where, d.Content)
			}
		}
	}
	all, failed := ref.AttachedStatements(limited(t), m.Digest, nil)
	if len(all) != 5 || failed != nil || slices.ContainsFunc(all, func(d Document) bool { return len(d.Content) == 0 }) {
		t.Errorf("%d documents, want 5; failed: %v", len(all), failed)
	}
}
