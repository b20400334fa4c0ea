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
		referrers     int
		tagged        int // under the tag .att
	}{
		{"https://in-toto.io/attestation/test-result/v0.1", 2, 1}, // by prodgate, and by cosign under the tag
		{"https://prodgate.dev/attestation/staging/v1", 1, 0},     // by cosign
		{"https://slsa.dev/verification_summary/v1", 1, 0},
		{"https://cosign.sigstore.dev/attestation/vuln/v1", 1, 0}, // by cosign
		{"https://spdx.dev/Document", 0, 1},                       // by cosign
		{"https://cyclonedx.org/bom", 0, 0},
	} {
		var others []string
		documents, failed := ref.AttachedStatements(limited(t), m.Digest, func(uri string) bool {
			if uri != tt.predicateType {
				others = append(others, uri)
			}
			return uri == tt.predicateType
		})
		referrers, tagged := 0, 0
		for _, d := range documents {
			bundle := strings.Contains(string(d.Content), "verificationMaterial")
			switch {
			case strings.HasPrefix(d.Where, "referrer sha256:") && bundle:
				referrers++
			case strings.HasPrefix(d.Where, "tag sha256-") && !bundle:
				tagged++
			default:
				t.Errorf("%s: %s is %s", tt.predicateType, d.Where, d.Content)
			}
		}
		if len(failed) > 0 || referrers != tt.referrers || tagged != tt.tagged || len(documents)+len(others) != 7 {
			t.Errorf("%s: %d referrers and %d under the tag, want %d and %d; others: %q; failed: %v", tt.predicateType, referrers, tagged, tt.referrers, tt.tagged, others, failed)
		}
	}
	all, failed := ref.AttachedStatements(limited(t), m.Digest, nil)
	if len(all) != 7 || failed != nil || slices.ContainsFunc(all, func(d Document) bool { return len(d.Content) == 0 }) {
		t.Errorf("%d documents, want 7; failed: %v", len(all), failed)
	}
}
