package attestation

import (
	"strings"
	"testing"
)

func TestMaterialNamesTheSigner(t *testing.T) {
	const v3 = `"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":`
	tests := []struct {
		name, bundle string
		want         Material
		err          string
	}{
		{"a key", `{` + v3 + `{"publicKey":{"hint":"h"}}}`, Material{KeyHint: "h"}, ""},
		{"a key without a hint", `{` + v3 + `{"publicKey":{}}}`, Material{}, ""},
		{"a certificate", `{` + v3 + `{"certificate":{"rawBytes":""}}}`, Material{Certificate: true}, ""},
		{"a chain, in an earlier version", `{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1","verificationMaterial":{"x509CertificateChain":{}}}`, Material{Certificate: true}, ""},
		{"a key and no certificate", `{` + v3 + `{"certificate":null,"publicKey":{"hint":"h"}}}`, Material{KeyHint: "h"}, ""},
		{"both", `{` + v3 + `{"certificate":{},"publicKey":{}}}`, Material{}, "bundle: verificationMaterial names both"},
		{"neither", `{` + v3 + `{"tlogEntries":[]}}`, Material{}, "bundle: verificationMaterial names neither"},
		{"null", `{` + v3 + `{"publicKey":null}}`, Material{}, "names neither"},
		{"no material", `{"mediaType":"` + BundleType + `"}`, Material{}, "bundle: verificationMaterial: not a JSON object"},
		{"two keys", `{` + v3 + `{"publicKey":{"hint":"a"},"publicKey":{"hint":"b"}}}`, Material{}, `the key "publicKey" is given twice`},
		{"two hints", `{` + v3 + `{"publicKey":{"hint":"a","Hint":"b"}}}`, Material{}, `the key "Hint" is given twice`},
		{"a number for a hint", `{` + v3 + `{"publicKey":{"hint":1}}}`, Material{}, "publicKey.hint must be text"},
		{"a text for a key", `{` + v3 + `{"publicKey":"k"}}`, Material{}, "publicKey: not a JSON object"},
		{"a later version", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.9+json"}`, Material{}, `mediaType is "application/vnd.dev.sigstore.bundle.v0.9+json", and must be`},
		{"no version", `{"verificationMaterial":{"publicKey":{}}}`, Material{}, `mediaType is ""`},
		{"a number for a version", `{"mediaType":1}`, Material{}, "mediaType must be text"},
		{"half of one", `{` + v3 + `{"publicKey"`, Material{}, "bundle: not JSON: it ends too early"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := (&Envelope{Bundle: []byte(tt.bundle)}).Material()
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %+v, %v; want %+v, %q", got, err, tt.want, tt.err)
			}
		})
	}
	if got, err := (&Envelope{}).Material(); got != (Material{}) || err != nil {
		t.Errorf("an envelope without a bundle has the material %+v, %v", got, err)
	}
}
