package keyless

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/signing"
)

// beacon is who signed Sigstore's conformance cases.
var beacon = Identity{
	Name:    "beacon",
	Subject: Pattern{Exact: "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"},
	Issuer:  Pattern{Exact: "https://token.actions.githubusercontent.com"},
}

// conformanceCase is a folder of sigstore-conformance: what its bundle signs, and
// what it is verified with.
type conformanceCase struct {
	name             string
	bundle, artifact []byte
	root             []byte
	key              []byte // PEM; nil if it is signed keyless
}

func conformanceCases(t testing.TB, folder string) []conformanceCase {
	t.Helper()
	bundles, err := filepath.Glob(filepath.Join(folder, "*", "bundle.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []conformanceCase
	for _, file := range bundles {
		dir := filepath.Dir(file)
		optional := func(name, otherwise string) []byte {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if errors.Is(err, os.ErrNotExist) && otherwise != "" {
				content, err = os.ReadFile(otherwise)
			}
			if err != nil && otherwise != "" {
				t.Fatal(err)
			}
			return content
		}
		all = append(all, conformanceCase{
			name:     filepath.Base(dir),
			bundle:   optional("bundle.sigstore.json", file),
			artifact: optional("artifact", filepath.Join(folder, "a.txt")),
			root:     optional("trusted_root.json", publicRoot),
			key:      optional("key.pub", ""),
		})
	}
	return all
}

// publicRoot is the trusted root of Sigstore's public instance.
const publicRoot = "testdata/trusted_root.json"

// library is the folder of sigstore-go.
func library(t testing.TB) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.TrimSpace(string(dir))
}

func TestSigstoresCases(t *testing.T) {
	all := conformanceCases(t, "testdata/conformance")
	if len(all) != 16 {
		t.Errorf("%d cases, want 16", len(all))
	}
	for _, c := range all {
		t.Run(c.name, c.agrees)
	}
}

func TestAllOfSigstoresCases(t *testing.T) {
	all := conformanceCases(t, "../../../shared/recipes/signatures/conformance/bundle-verify")
	if len(all) == 0 {
		t.Skip("the whole of sigstore-conformance is not there; testdata has the cases with statements")
	}
	if len(all) != 70 {
		t.Errorf("%d cases, want 70", len(all))
	}
	for _, c := range all {
		t.Run(c.name, c.agrees)
	}
}

// agrees compares our answer with the one in the name of the case.
func (c conformanceCase) agrees(t *testing.T) {
	err := c.verify(t)
	if valid := !strings.HasSuffix(c.name, "_fail"); valid != (err == nil) {
		t.Errorf("valid: %v; got %v", valid, err)
	}
}

func (c conformanceCase) verify(t *testing.T) error {
	t.Helper()
	r, err := ParseRoot("root.json", c.root)
	if err != nil {
		return err
	}
	v := &Verifier{root: r}
	if c.key == nil {
		v = trusting(t, c.root, beacon)
	}
	if bytes.Contains(c.bundle, []byte(`"dsseEnvelope"`)) {
		return c.statement(v)
	}
	// Signatures of files are refused. The library with our requirements must agree
	// about them all the same.
	if by, err := v.Verify(&attestation.Envelope{Bundle: c.bundle}); err == nil {
		t.Errorf("a signature without a statement is accepted, by %+v", by)
	}
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(c.bundle); err != nil {
		return err
	}
	library, policy := v.library, verify.WithKey()
	if c.key != nil {
		library, err = c.withKey(t, r)
	} else {
		policy, err = v.identities[0].option()
	}
	if err != nil {
		return err
	}
	_, err = library.Verify(b, verify.NewPolicy(verify.WithArtifact(bytes.NewReader(c.artifact)), policy))
	return err
}

// statement verifies a case with a statement as callers do.
func (c conformanceCase) statement(v *Verifier) error {
	a, err := attestation.ReadOne(c.name, c.bundle)
	if err != nil {
		return err
	}
	verifier, err := signing.NewVerifier(nil, v)
	if err != nil {
		return err
	}
	if _, err := verifier.Verify(a, time.Now()); err != nil {
		return err
	}
	sum := sha256.Sum256(c.artifact)
	if !slices.Contains(a.Statement.Digests(), "sha256:"+hex.EncodeToString(sum[:])) {
		return errors.New("about another artifact")
	}
	return nil
}

// withKey is the library with our requirements, but for those of certificates.
func (c conformanceCase) withKey(t *testing.T, r *Root) (*verify.Verifier, error) {
	t.Helper()
	block, _ := pem.Decode(c.key)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, err := signature.LoadVerifier(public, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	material := root.TrustedMaterialCollection{r.material, root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(key, time.Time{}, time.Time{}), nil
	})}
	return verify.NewVerifier(material, verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
}

// real is a bundle that somebody published, with the answer that others give.
type real struct {
	file, root string
	identity   Identity
	digest     string
	at         string
}

func (r real) verify(t *testing.T) (signing.SignedBy, error) {
	t.Helper()
	content, err := os.ReadFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := os.ReadFile(r.root)
	if err != nil {
		t.Fatal(err)
	}
	a, err := attestation.ReadOne(r.file, content)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(a.Envelope.Payload, []byte(r.digest)) {
		t.Errorf("it is not about %s", r.digest)
	}
	return check(t, trusting(t, trusted, r.identity), content)
}

func (r real) is(t *testing.T) {
	by, err := r.verify(t)
	if err != nil || by.Name != r.identity.Name || by.Issuer != r.identity.Issuer.Exact || by.At.Format(time.RFC3339) != r.at {
		t.Errorf("signed by %+v, %v", by, err)
	}
	r.identity.Issuer.Exact += "/"
	var issuer *IssuerError
	if by, err := r.verify(t); !errors.As(err, &issuer) {
		t.Errorf("with another issuer it is signed by %+v, %v", by, err)
	}
}

func TestTheProvenanceOfAPackageOnNPM(t *testing.T) {
	real{
		file: filepath.Join(library(t), "pkg/testing/data/bundles/sigstore.js@2.0.0-provenance.sigstore.json"),
		root: publicRoot,
		identity: Identity{
			Name:    "npm",
			Subject: Pattern{Expression: `https://github\.com/sigstore/sigstore-js/\.github/workflows/release\.yml@refs/heads/.*`},
			Issuer:  beacon.Issuer,
		},
		digest: "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c",
		at:     "2023-08-18T16:05:35Z",
	}.is(t)
}

// cosign is not a dependency, so its bundle is read where its module is there.
func TestAnAttestationOfCosign(t *testing.T) {
	modules, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(strings.TrimSpace(string(modules)), "github.com/sigstore/cosign/v3@v3.1.3/pkg/cosign/testdata")
	if _, err := os.Stat(data); err != nil {
		t.Skip("cosign v3.1.3 is not in the module cache: go mod download github.com/sigstore/cosign/v3@v3.1.3")
	}
	content, err := os.ReadFile(filepath.Join(data, "oci-attestation.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	real{
		file:     filepath.Join(data, "oci-attestation.sigstore.json"),
		root:     filepath.Join(data, "trusted_root_pgi.json"),
		identity: Identity{Name: "author", Subject: Pattern{Exact: certified(t, content)}, Issuer: Pattern{Exact: "https://github.com/login/oauth"}},
		digest:   "7321",
		at:       "2025-02-28T19:18:11Z",
	}.is(t)
}

// certified is the subject of the certificate in a bundle.
func certified(t *testing.T, content []byte) string {
	t.Helper()
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(content); err != nil {
		t.Fatal(err)
	}
	verification, err := b.VerificationContent()
	if err != nil {
		t.Fatal(err)
	}
	return subject(verification.Certificate())
}
