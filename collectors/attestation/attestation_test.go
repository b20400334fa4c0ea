package attestation

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	ocireg "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/signing"
)

const (
	provenance = "https://slsa.dev/provenance/v1"
	commit     = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	foreign    = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

var now = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

// image is an image in a registry of the test, the key that the settings trust, and
// one that they do not.
type image struct {
	t                  *testing.T
	ref                registry.Reference
	digest             string
	child              string // a platform, if the image is an index
	trusted, untrusted *signing.PrivateKey
}

func newImage(t *testing.T) *image {
	t.Helper()
	s := httptest.NewServer(ocireg.New(ocireg.Logger(log.New(io.Discard, "", 0)), ocireg.WithReferrersSupport(true)))
	t.Cleanup(s.Close)
	tag, err := name.NewTag(strings.TrimPrefix(s.URL, "http://") + "/app:1")
	must(t, err)
	pushed, err := random.Image(64, 1)
	must(t, err)
	must(t, remote.Write(tag, pushed))
	digest, err := pushed.Digest()
	must(t, err)
	return imageAt(t, tag, digest)
}

func newIndex(t *testing.T) *image {
	t.Helper()
	one := newImage(t)
	tag, err := name.NewTag(one.ref.Repository + ":index")
	must(t, err)
	child, err := remote.Image(tag.Context().Digest(one.digest))
	must(t, err)
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: child})
	must(t, remote.WriteIndex(tag, index))
	digest, err := index.Digest()
	must(t, err)
	i := imageAt(t, tag, digest)
	i.child = one.digest
	return i
}

func imageAt(t *testing.T, tag name.Tag, digest v1.Hash) *image {
	t.Helper()
	ref, err := registry.Parse(tag.String()+"@"+digest.String(), registry.Options{})
	must(t, err)
	i := &image{t: t, ref: ref, digest: digest.String()}
	i.trusted, err = signing.NewPrivateKey()
	must(t, err)
	i.untrusted, err = signing.NewPrivateKey()
	must(t, err)
	return i
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// statement is a statement about a digest.
func (i *image) statement(of, digest, predicate string) []byte {
	i.t.Helper()
	text, err := attestation.NewStatement(of, []attestation.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.TrimPrefix(digest, "sha256:")}}}, json.RawMessage(predicate))
	must(i.t, err)
	return text
}

// attach attaches a statement about the image, signed by key (nil: in an envelope
// without a signature).
func (i *image) attach(key *signing.PrivateKey, of, predicate string) {
	i.t.Helper()
	i.attachAbout(key, of, i.digest, predicate)
}

func (i *image) attachAbout(key *signing.PrivateKey, of, digest, predicate string) {
	i.t.Helper()
	i.attachTo(i.digest, key, of, digest, predicate)
}

// attachTo attaches a statement about digest to the manifest to.
func (i *image) attachTo(to string, key *signing.PrivateKey, of, digest, predicate string) {
	i.t.Helper()
	bundle := i.statement(of, digest, predicate)
	var err error
	if key != nil {
		bundle, err = signing.Sign(key, bundle)
	} else {
		bundle = []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"}},"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"` +
			base64.StdEncoding.EncodeToString(bundle) + `","signatures":[]}}`)
	}
	must(i.t, err)
	_, err = i.ref.Attach(i.t.Context(), to, registry.NewAttachment{PredicateType: of, Bundle: bundle, Created: now})
	must(i.t, err)
}

func (i *image) collect(section string, files ...strict.Path) (facts.Observed, error) {
	i.t.Helper()
	verifier, err := signing.NewVerifier([]signing.Trusted{{Name: "release-2026", Public: i.trusted.Public()}})
	must(i.t, err)
	c := Collector{
		Section: section, Files: files, Now: func() time.Time { return now },
		Verifier: func(context.Context, string) (source.Verifier, error) { return named{verifier}, nil },
	}
	got, err := c.Collect(i.t.Context(), facts.Request{Reference: i.ref.Repository + "@" + i.digest, Digest: i.digest})
	if err != nil {
		return facts.Observed{}, err
	}
	return got.(facts.Observed), nil
}

// named returns the name of the signer.
type named struct{ *signing.Verifier }

func (v named) Verify(a attestation.Attestation, at time.Time) (string, error) {
	signed, err := v.Verifier.Verify(a, at)
	return signed.Name, err
}

func slsa(commit string) string {
	return `{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1","externalParameters":{"workflow":{"repository":"https://github.com/acme/app","ref":"refs/heads/main"}},` +
		`"resolvedDependencies":[{"uri":"git+https://github.com/acme/app@refs/heads/main","digest":{"gitCommit":"` + commit + `"}}]},"runDetails":{"builder":{"id":"https://github.com/actions/runner"}}}`
}

func TestABuildIsTheSignersAlone(t *testing.T) {
	i := newImage(t)
	if _, err := i.collect("build"); err == nil || !strings.Contains(err.Error(), "no statement of the build of "+i.digest+" was found") {
		t.Error(err)
	}
	i.attach(nil, provenance, slsa(strings.Repeat("b", 40)))
	i.attach(i.untrusted, provenance, slsa(strings.Repeat("c", 40)))
	if _, err := i.collect("build"); err == nil || !strings.Contains(err.Error(), "not signed by a trusted key") || !strings.Contains(err.Error(), "referrer sha256:") {
		t.Error(err)
	}
	i.attach(i.trusted, provenance, slsa(commit))
	got, err := i.collect("build")
	must(t, err)
	build := got.Section.(*facts.Build)
	if build.Commit != commit || build.Digest != i.digest || build.VerifiedBy == nil || *build.VerifiedBy != "release-2026" || len(got.Contradictions) > 0 {
		t.Errorf("%+v, %v", build, got.Contradictions)
	}
	if len(got.Unverified) != 2 {
		t.Errorf("unverified: %+v", got.Unverified)
	}
	i.attach(i.trusted, provenance, slsa(strings.Repeat("d", 40)))
	if got, err = i.collect("build"); err != nil || len(got.Contradictions) != 1 || got.Contradictions[0].Path != "/build/commit" {
		t.Errorf("%+v, %v", got.Contradictions, err)
	}
}

// A signature on a statement about another digest proves nothing about this one.
func TestAStatementAboutAnotherDigestDoesNotCount(t *testing.T) {
	i := newImage(t)
	i.attachAbout(i.trusted, provenance, foreign, slsa(commit))
	i.attachAbout(i.trusted, TypeApproval, foreign, `{"approver":"mailto:lead@example.com","decision":"approved","approved_at":"2026-11-24T10:00:00Z"}`)
	if _, err := i.collect("build"); err == nil || !strings.Contains(err.Error(), "statements about other digests: "+foreign) {
		t.Error(err)
	}
	if got, err := i.collect("approvals"); err != nil || len(got.Section.(facts.Approvals)) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	i.attach(i.trusted, TypeApproval, `{"approver":"mailto:lead@example.com","decision":"approved","approved_at":"2026-11-24T10:00:00Z","digest":"`+foreign+`"}`)
	if _, err := i.collect("approvals"); err == nil || !strings.Contains(err.Error(), "the approval is of "+foreign) {
		t.Error(err)
	}
}

func TestUnsignedRejectionsCountAndApprovalsDoNot(t *testing.T) {
	i := newImage(t)
	entry := func(decision string) string {
		return `{"approver":"mailto:lead@example.com","service":"app","environment":"production","kind":"promotion","decision":"` + decision + `","approved_at":"2026-11-24T10:00:00Z"}`
	}
	i.attach(i.trusted, TypeApproval, entry("approved"))
	i.attach(nil, TypeApproval, entry("approved"))
	i.attach(i.untrusted, TypeApproval, entry("approved"))
	i.attach(nil, TypeApproval, entry("rejected"))
	got, err := i.collect("approvals")
	must(t, err)
	var found []string
	for _, a := range got.Section.(facts.Approvals) {
		signer := "-"
		if a.VerifiedBy != nil {
			signer = *a.VerifiedBy
		}
		found = append(found, a.Decision+" "+signer)
		if a.Digest == nil || *a.Digest != i.digest {
			t.Errorf("%+v", a)
		}
	}
	if diff := cmp.Diff([]string{"approved release-2026", "rejected -"}, found); diff != "" {
		t.Error(diff)
	}
	if len(got.Unverified) != 3 {
		t.Errorf("%+v", got.Unverified)
	}
	i.attach(nil, TypeWaiver, `{"code":"soak.too_short","service":"app","environment":"production","reason":"x","ticket":"T-1","issued_at":"2026-11-24T10:00:00Z","expires_at":"2026-11-25T10:00:00Z","approver":"mailto:lead@example.com"}`)
	if got, err = i.collect("waivers"); err != nil || len(got.Section.(facts.Waivers)) != 0 || len(got.Unverified) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Anyone can make a rejection without a signature, so one must not hold for ever.
func TestUnsignedRejectionsEndNoRequestAndHaveHappened(t *testing.T) {
	i := newImage(t)
	entry := `{"approver":"mailto:lead@example.com","service":"app","environment":"production","kind":"promotion","decision":"rejected","approved_at":"2099-11-24T10:00:00Z","request":"run-7"}`
	i.attach(nil, TypeApproval, entry)
	i.attach(i.trusted, TypeApproval, strings.Replace(entry, "2099", "2025", 1))
	got, err := i.collect("approvals")
	must(t, err)
	for _, a := range got.Section.(facts.Approvals) {
		if a.VerifiedBy == nil && (a.Request != nil || !a.ApprovedAt.Equal(now)) || a.VerifiedBy != nil && (*a.Request != "run-7" || a.ApprovedAt.Year() != 2025) {
			t.Errorf("%+v", a)
		}
	}
}

// The same build recorded twice is one build, of the earlier time.
func TestABuildThatWasMadeAgainIsNoContradiction(t *testing.T) {
	i := newImage(t)
	at := func(finished string) string {
		return strings.TrimSuffix(slsa(commit), "}}") + `,"metadata":{"invocationId":"x","startedOn":"2026-11-24T08:00:00Z","finishedOn":"` + finished + `"}}}`
	}
	i.attach(i.trusted, provenance, at("2026-11-24T08:30:00Z"))
	i.attach(i.trusted, provenance, at("2026-11-24T08:10:00Z"))
	got, err := i.collect("build")
	must(t, err)
	if b := got.Section.(*facts.Build); len(got.Contradictions) > 0 || b.BuiltAt == nil || b.BuiltAt.Minute() != 10 {
		t.Errorf("%+v, %v", b, got.Contradictions)
	}
	i.attach(i.trusted, provenance, slsa(strings.Repeat("d", 40)))
	if got, err = i.collect("build"); err != nil || len(got.Contradictions) == 0 || !strings.HasPrefix(got.Contradictions[0].Values[0].System, "referrer sha256:") {
		t.Errorf("%+v, %v", got.Contradictions, err)
	}
}

func TestStatementsInFilesAreRead(t *testing.T) {
	i := newImage(t)
	signed, err := signing.Sign(i.trusted, i.statement(provenance, i.digest, slsa(commit)))
	must(t, err)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a.jsonl"), append(signed, '\n'), 0o600))
	got, err := i.collect("build", strict.Path{Dir: dir, Name: "a.jsonl"})
	if err != nil || *got.Section.(*facts.Build).VerifiedBy != "release-2026" {
		t.Errorf("%+v, %v", got, err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "a.jsonl"), signed[:len(signed)/2], 0o600))
	if _, err := i.collect("build", strict.Path{Dir: dir, Name: "a.jsonl"}); err == nil || !strings.Contains(err.Error(), "a.jsonl:1") {
		t.Error(err)
	}
}

// A rejection of one platform is bad news about the index; an approval of it is no
// approval of the index.
func TestStatementsAboutAPlatformAreOnlyBadNews(t *testing.T) {
	i := newIndex(t)
	entry := func(decision string) string {
		return `{"approver":"mailto:lead@example.com","service":"app","environment":"production","kind":"promotion","decision":"` + decision + `","approved_at":"2026-11-24T10:00:00Z"}`
	}
	i.attachTo(i.child, i.trusted, TypeApproval, i.child, entry("approved"))
	i.attachTo(i.child, nil, TypeApproval, i.child, entry("rejected"))
	i.attach(i.trusted, TypeApproval, entry("approved"))
	got, err := i.collect("approvals")
	must(t, err)
	var found []string
	for _, a := range got.Section.(facts.Approvals) {
		found = append(found, fmt.Sprint(a.Decision, " ", *a.Digest == i.digest, " ", *a.Digest == i.child))
	}
	if diff := cmp.Diff([]string{"approved true false", "rejected false true"}, found); diff != "" {
		t.Error(diff)
	}
	if len(got.Unverified) != 2 || !strings.Contains(fmt.Sprint(got.Unverified), "about one platform only, "+i.child) {
		t.Errorf("%+v", got.Unverified)
	}

	i.attach(i.trusted, TypeStaging, strings.ReplaceAll(stayed("09:00", ""), "DIGEST", i.digest))
	i.attach(i.trusted, TypeTestResult, tested("PASSED", "11:00"))
	if got, err = i.collect("staging"); err != nil || shown(got) != "09:00-11:00 release-2026 PASSED 11:00 release-2026" {
		t.Errorf("%s, %v", shown(got), err)
	}
	i.attachTo(i.child, i.trusted, TypeTestResult, i.child, tested("FAILED", "12:00"))
	if got, err = i.collect("staging"); err != nil || shown(got) != "09:00-09:00 release-2026 FAILED 12:00 -" {
		t.Errorf("%s, %v", shown(got), err)
	}
	i.attachTo(i.child, i.trusted, TypeTestResult, i.child, tested("PASSED", "13:00"))
	if got, err = i.collect("staging"); err != nil || shown(got) != "09:00-09:00 release-2026 FAILED 12:00 -" {
		t.Errorf("%s, %v", shown(got), err)
	}
	i.attachTo(i.child, i.trusted, provenance, i.child, slsa(commit))
	if _, err := i.collect("build"); err == nil || !strings.Contains(err.Error(), "no statement of the build") {
		t.Error(err)
	}
}

// cosign sign attaches a bundle without a statement.
func TestASignatureOnTheImageIsNoStatement(t *testing.T) {
	i := newImage(t)
	i.attach(i.trusted, provenance, slsa(commit))
	_, err := i.ref.Attach(t.Context(), i.digest, registry.NewAttachment{Bundle: []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"}},"messageSignature":{"signature":"eA=="}}`), Created: now})
	must(t, err)
	if _, err := i.collect("build"); err != nil {
		t.Error(err)
	}
}

// A statement without a SHA-256 could be about this image.
func TestAStatementWithoutASHA256IsAnError(t *testing.T) {
	i := newImage(t)
	text := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha512":"` + strings.Repeat("ab", 64) + `"}}],"predicateType":"` + TypeTestResult + `","predicate":{"result":"FAILED"}}`)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a.json"), text, 0o600))
	if _, err := i.collect("staging", strict.Path{Dir: dir, Name: "a.json"}); err == nil || !strings.Contains(err.Error(), "a.json: it names no sha256 digest") {
		t.Error(err)
	}
}

// What could not be read could be bad news.
func TestAnAttestationThatCannotBeReadIsAnError(t *testing.T) {
	i := newImage(t)
	i.attach(i.trusted, provenance, slsa(commit))
	_, err := i.ref.Attach(t.Context(), i.digest, registry.NewAttachment{PredicateType: provenance, Bundle: []byte(`{"mediaType":`), Created: now})
	if err == nil {
		_, err = i.collect("build")
	}
	if err == nil {
		t.Error("a truncated bundle is passed over")
	}
}

func TestAnImageThatWasNotResolvedHasNoStatements(t *testing.T) {
	i := newImage(t)
	c := Collector{Section: "build", Now: time.Now}
	if _, err := c.Collect(t.Context(), facts.Request{Reference: i.ref.Repository + ":1"}); err == nil || !strings.Contains(err.Error(), "could not be resolved") {
		t.Error(err)
	}
	i.attach(i.trusted, provenance, slsa(commit))
	if _, err := c.Collect(t.Context(), facts.Request{Reference: i.ref.Repository + ":1", Digest: i.digest}); err == nil || !strings.Contains(err.Error(), "no keys are configured") {
		t.Error(err)
	}
}

// What cosign 3.1.3 signed and attached in both layouts: a stay as a bundle, and a test
// result under the tag .att (".ci/interop --record" of the project writes the layout).
func TestStatementsByCosignCount(t *testing.T) {
	const layout = "../../registry/testdata/cosign-3.1.3"
	for file, want := range map[string]string{
		"cosign.pub":    "09:00-11:00 cosign PASSED 11:00 cosign",
		"other.key.pub": "09:00-09:00 -",
	} {
		content, err := os.ReadFile(filepath.Join(layout, file))
		must(t, err)
		public, err := signing.ParsePublic(file, content)
		must(t, err)
		verifier, err := signing.NewVerifier([]signing.Trusted{{Name: "cosign", Public: public}})
		must(t, err)
		ref, err := registry.Parse("oci:"+layout+":v1", registry.Options{})
		must(t, err)
		m, err := ref.Resolve(t.Context())
		must(t, err)
		c := Collector{
			Section: "staging", Now: func() time.Time { return now },
			Verifier: func(context.Context, string) (source.Verifier, error) { return named{verifier}, nil },
		}
		got, err := c.Collect(t.Context(), facts.Request{Reference: "oci:" + layout + ":v1", Digest: m.Digest})
		if err != nil || shown(got.(facts.Observed)) != want {
			t.Errorf("%s: %v, %v; want %s", file, got, err, want)
		}
	}
}
