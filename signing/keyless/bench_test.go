package keyless

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/bundle"
)

// BenchmarkVerify reads and verifies one keyless bundle: the provenance of a package
// on npm, of 10 KB. "sigstore-go" is the library alone, with the same requirements.
func BenchmarkVerify(b *testing.B) {
	content, err := os.ReadFile(filepath.Join(library(b), "pkg/testing/data/bundles/sigstore.js@2.0.0-provenance.sigstore.json"))
	if err != nil {
		b.Fatal(err)
	}
	root, err := os.ReadFile(publicRoot)
	if err != nil {
		b.Fatal(err)
	}
	v := trusting(b, root, Identity{Name: "npm", Subject: Pattern{Expression: `https://github\.com/sigstore/.*`}, Issuer: beacon.Issuer})
	b.Run("prodgate", func(b *testing.B) {
		for b.Loop() {
			if _, err := check(b, v, content); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sigstore-go", func(b *testing.B) {
		for b.Loop() {
			var read bundle.Bundle
			if err := read.UnmarshalJSON(content); err != nil {
				b.Fatal(err)
			}
			if _, err := v.library.Verify(&read, v.policy); err != nil {
				b.Fatal(err)
			}
		}
	})
}
