package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	archive "github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	testResult = "https://in-toto.io/attestation/test-result/v0.1"
	provenance = "https://slsa.dev/provenance/v1"
)

// bundleOf is a bundle v0.3 in its outline, which differs by its hint.
func bundleOf(hint string) []byte {
	return fmt.Appendf(nil, `{"mediaType":%q,"verificationMaterial":{"publicKey":{"hint":%q}},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}]}}`, BundleType, hint)
}

// envelopeOf is a DSSE envelope in its outline.
func envelopeOf(sig string) []byte {
	return fmt.Appendf(nil, `{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"","sig":%q}]}`, sig)
}

// attachable are registries in process, with the referrers API and without it, and
// Debian's docker-registry, which does not have it.
func attachable(t *testing.T) map[string]func(t *testing.T) string {
	t.Helper()
	all := registries(t)
	delete(all, "in process")
	all["without the referrers API"] = inProcess
	all["with the referrers API"] = func(t *testing.T) string { return fronted(t, true, nil) }
	return all
}

// fronted is a registry in process, with the referrers API or without it. answer comes
// before it, and returns whether it answered.
func fronted(t *testing.T, referrers bool, answer func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	inner := server.New(server.Logger(log.New(io.Discard, "", 0)), server.WithReferrersSupport(referrers))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer == nil || !answer(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// pushed is an image in a repository of its own at host.
func pushed(t *testing.T, host string) (Reference, v1.Image) {
	t.Helper()
	repository := host + "/team/app-" + strings.ToLower(time.Now().Format("150405.000000000"))
	one := mutate.MediaType(image(t, "linux", "amd64"), types.OCIManifestSchema1)
	must(t, remote.Write(tag(t, repository+":one"), one))
	return parsed(t, repository+"@"+digest(t, one)), one
}

func parsed(t *testing.T, text string) Reference {
	t.Helper()
	ref, err := Parse(text, Options{})
	must(t, err)
	return ref
}

// limited is a context for one test.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// artifact is an image whose manifest states an artifactType.
type artifact struct {
	v1.Image
	artifactType string
}

func (a artifact) ArtifactType() (string, error) { return a.artifactType, nil }

func (a artifact) RawManifest() ([]byte, error) {
	raw, err := a.Image.RawManifest()
	if err != nil {
		return nil, err
	}
	return bytes.Replace(raw, []byte(`{`), fmt.Appendf(nil, `{"artifactType":%q,`, a.artifactType), 1), nil
}

func (a artifact) Digest() (v1.Hash, error) {
	raw, err := a.RawManifest()
	if err != nil {
		return v1.Hash{}, err
	}
	hash, _, err := v1.SHA256(bytes.NewReader(raw))
	return hash, err
}

func (a artifact) Size() (int64, error) {
	raw, err := a.RawManifest()
	return int64(len(raw)), err
}

// cosign3 is what cosign 3 attaches to an image: a bundle as the one layer of a
// referrer.
func cosign3(t *testing.T, to digester, bundle []byte, predicateType string) v1.Image {
	t.Helper()
	made := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), emptyType)
	made, err := mutate.Append(made, mutate.Addendum{Layer: static.NewLayer(bundle, BundleType), MediaType: BundleType})
	must(t, err)
	if predicateType != "" {
		made, _ = mutate.Annotations(made, map[string]string{"dev.sigstore.bundle.content": "dsse-envelope", predicateNote: predicateType}).(v1.Image)
	}
	hash, err := v1.NewHash(digest(t, to))
	must(t, err)
	made, _ = mutate.Subject(made, v1.Descriptor{MediaType: types.OCIManifestSchema1, Size: 1, Digest: hash}).(v1.Image)
	return artifact{made, BundleType}
}

// cosign2 is what cosign 2 writes under the tag sha256-….att: an image with one
// envelope in each layer.
func cosign2(t *testing.T, envelopes map[string][]byte) v1.Image {
	t.Helper()
	made := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	var names []string
	for predicateType := range envelopes {
		names = append(names, predicateType)
	}
	slices.Sort(names)
	var layers []mutate.Addendum
	for _, predicateType := range names {
		layers = append(layers, mutate.Addendum{
			Layer: static.NewLayer(envelopes[predicateType], envelopeType), MediaType: envelopeType,
			Annotations: map[string]string{"dev.cosignproject.cosign/signature": "", "predicateType": predicateType},
		})
	}
	made, err := mutate.Append(made, layers...)
	must(t, err)
	return made
}

// attachByHand pushes a referrer under its digest.
func attachByHand(t *testing.T, to Reference, held v1.Image) string {
	t.Helper()
	repository := tag(t, to.Repository+":x").Repository
	must(t, remote.Write(repository.Digest(digest(t, held)), held))
	return digest(t, held)
}

// attTag is the tag that cosign 2 uses for the attestations of r.
func attTag(r Reference) string {
	return r.Repository + ":" + strings.Replace(r.Digest, ":", "-", 1) + ".att"
}

func TestAttestationsOfBothLayoutsAreRead(t *testing.T) {
	for name, start := range attachable(t) {
		t.Run(name, func(t *testing.T) {
			ref, one := pushed(t, start(t))
			documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil)
			if documents != nil || failed != nil {
				t.Fatalf("before anything is attached: %v, %v", documents, failed)
			}
			bundled := attachByHand(t, ref, cosign3(t, one, bundleOf("a"), testResult))
			unnamed := attachByHand(t, ref, cosign3(t, one, bundleOf("b"), ""))
			attachByHand(t, ref, artifact{cosign3(t, one, []byte(`{"bomFormat":"CycloneDX"}`), "").(artifact).Image, "application/vnd.cyclonedx+json"})
			must(t, remote.Write(tag(t, attTag(ref)), cosign2(t, map[string][]byte{testResult: envelopeOf("AA=="), provenance: envelopeOf("AQ==")})))

			documents, failed = ref.AttachedStatements(limited(t), ref.Digest, nil)
			expectDocuments(t, documents, failed, map[string]string{
				"referrer " + bundled: testResult + " " + string(bundleOf("a")),
				"referrer " + unnamed: " " + string(bundleOf("b")),
				"tag " + fallbackTag(ref.Digest) + ".att, layer " + digestOf(envelopeOf("AA==")): testResult + " " + string(envelopeOf("AA==")),
				"tag " + fallbackTag(ref.Digest) + ".att, layer " + digestOf(envelopeOf("AQ==")): provenance + " " + string(envelopeOf("AQ==")),
			})

			documents, failed = ref.AttachedStatements(limited(t), ref.Digest, func(kind string) bool { return kind == provenance })
			expectDocuments(t, documents, failed, map[string]string{
				"referrer " + unnamed: " " + string(bundleOf("b")),
				"tag " + fallbackTag(ref.Digest) + ".att, layer " + digestOf(envelopeOf("AQ==")): provenance + " " + string(envelopeOf("AQ==")),
			})
		})
	}
}

// expectDocuments compares documents with their predicate types and contents by
// where they are.
func expectDocuments(t *testing.T, documents []Document, failed []Failure, want map[string]string) {
	t.Helper()
	for _, f := range failed {
		t.Errorf("%s could not be read: %v", f.Digest, f.Err)
	}
	for _, d := range documents {
		if got := d.PredicateType + " " + string(d.Content); got != want[d.Where] || d.Digest != digestOf(d.Content) {
			t.Errorf("%s (%s) is %q, want %q", d.Where, d.Digest, got, want[d.Where])
		}
		if strings.HasPrefix(d.Where, "tag ") != (d.Annotations["predicateType"] != "") {
			t.Errorf("%s has the annotations %v", d.Where, d.Annotations)
		}
	}
	if len(documents) != len(want) {
		t.Errorf("%d were read, want %d", len(documents), len(want))
	}
}

func TestAttestationsAreReadFromLayoutsAndArchives(t *testing.T) {
	one := mutate.MediaType(image(t, "linux", "amd64"), types.OCIManifestSchema1)
	dir := t.TempDir()
	path, err := ocilayout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendImage(one))
	held := cosign3(t, one, bundleOf("a"), testResult)
	must(t, path.AppendImage(held))
	must(t, path.AppendImage(cosign2(t, map[string][]byte{provenance: envelopeOf("AA==")}),
		ocilayout.WithAnnotations(map[string]string{refName: fallbackTag(digest(t, one)) + ".att"})))
	file := filepath.Join(t.TempDir(), "layout.tar")
	tarred(t, file, dir)
	for _, reference := range []string{"oci:" + dir, "tarball:" + file} {
		documents, failed := parsed(t, reference).AttachedStatements(limited(t), digest(t, one), nil)
		expectDocuments(t, documents, failed, map[string]string{
			"referrer " + digest(t, held): testResult + " " + string(bundleOf("a")),
			"tag " + fallbackTag(digest(t, one)) + ".att, layer " + digestOf(envelopeOf("AA==")): provenance + " " + string(envelopeOf("AA==")),
		})
	}

	hash, err := v1.NewHash(digestOf(bundleOf("a")))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "blobs", "sha256", hash.Hex), bundleOf("b"), 0o644))
	documents, failed := parsed(t, "oci:"+dir).AttachedStatements(limited(t), digest(t, one), nil)
	if len(documents) != 1 || len(failed) != 1 || !errors.Is(failed[0].Err, ErrAltered) || failed[0].Digest != digest(t, held) {
		t.Errorf("with an altered bundle: %v, %v", documents, failed)
	}

	saved := filepath.Join(t.TempDir(), "saved.tar")
	must(t, archive.WriteToFile(saved, tag(t, "app:1"), one))
	if documents, failed := parsed(t, "tarball:"+saved).AttachedStatements(limited(t), digest(t, one), nil); documents != nil || failed != nil {
		t.Errorf("an archive of docker save: %v, %v", documents, failed)
	}
	if _, failed := parsed(t, "tarball:"+saved+".gone").AttachedStatements(limited(t), digest(t, one), nil); failed == nil {
		t.Error("an archive that is gone has no attestations, without an error")
	}
}

func TestAttestationsThatCannotBeReadAreFailuresAndHideNoOther(t *testing.T) {
	const declared = 3 << 30
	var bad string // the digest of what the registry falsifies
	var requested atomic.Bool
	huge := func(t *testing.T, one v1.Image) v1.Image {
		held := cosign3(t, one, bundleOf("bad"), testResult)
		raw, err := held.RawManifest()
		must(t, err)
		size := fmt.Sprintf(`"size":%d`, len(bundleOf("bad")))
		raw = bytes.Replace(raw, []byte(size), fmt.Appendf(nil, `"size":%d`, declared), 1)
		return altered{held, raw}
	}
	tests := []struct {
		name   string
		attach func(t *testing.T, one v1.Image) v1.Image // nil: a bundle
		answer func(w http.ResponseWriter, r *http.Request) bool
		want   string
	}{
		{"a referrer of 3 GB", huge, func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/blobs/"+digestOf(bundleOf("bad"))) {
				requested.Store(true)
			}
			return false
		}, "it has 3221225472 bytes, and at most 16777216 are read"},
		{"a referrer that is longer than declared", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/blobs/"+digestOf(bundleOf("bad"))) {
				return false
			}
			for range 17 << 10 {
				if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<10)); err != nil {
					break
				}
			}
			return true
		}, "it has more than 16777216 bytes"},
		{"another blob", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/blobs/"+digestOf(bundleOf("bad"))) {
				return false
			}
			w.Header().Set("Docker-Content-Digest", digestOf(bundleOf("bad")))
			_, _ = w.Write(bundleOf("other"))
			return true
		}, "it was altered"},
		{"a blob that is gone", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/blobs/"+digestOf(bundleOf("bad"))) {
				return false
			}
			w.WriteHeader(http.StatusNotFound)
			return true
		}, "not there"},
		{"another manifest under its digest", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/manifests/"+bad) {
				return false
			}
			w.Header().Set("Docker-Content-Digest", bad)
			show(w, manifest)
			return true
		}, "does not match"},
		{"a truncated manifest", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/manifests/"+bad) {
				return false
			}
			w.Header().Set("Content-Length", "1000")
			show(w, manifest[:50])
			return true
		}, "unexpected EOF"},
		{"a list that names the referrer of another", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/referrers/") || bad == "" {
				return false
			}
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			fmt.Fprintf(w, `{"manifests":[{"digest":%q},{"digest":%q}]}`, bad, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
			return true
		}, `names the subject ""`},
		{"a referrers API that is down", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/referrers/") || bad == "" {
				return false
			}
			w.WriteHeader(http.StatusForbidden)
			return true
		}, "the referrers API"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad = ""
			requested.Store(false)
			ref, one := pushed(t, fronted(t, true, tt.answer))
			held := cosign3(t, one, bundleOf("bad"), testResult)
			if tt.attach != nil {
				held = tt.attach(t, one)
			}
			bad = attachByHand(t, ref, held)
			must(t, remote.Write(tag(t, attTag(ref)), cosign2(t, map[string][]byte{provenance: envelopeOf("AA==")})))

			documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil)
			if len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), tt.want) {
				t.Errorf("the failures are %v, want one with %q", failed, tt.want)
			}
			if !slices.ContainsFunc(documents, func(d Document) bool { return d.PredicateType == provenance }) {
				t.Errorf("the attestation under the tag is not among %v", documents)
			}
			if requested.Load() {
				t.Error("it was requested")
			}
		})
	}
}

// altered is an image whose manifest is raw.
type altered struct {
	v1.Image
	raw []byte
}

func (a altered) RawManifest() ([]byte, error) { return a.raw, nil }
func (a altered) Size() (int64, error)         { return int64(len(a.raw)), nil }
func (a altered) Digest() (v1.Hash, error) {
	hash, _, err := v1.SHA256(bytes.NewReader(a.raw))
	return hash, err
}

func TestATagWhoseManifestIsAboutAnotherImageIsAFailure(t *testing.T) {
	ref, one := pushed(t, inProcess(t))
	must(t, remote.Write(tag(t, attTag(ref)), cosign3(t, image(t, "linux", "arm64"), bundleOf("a"), "")))
	held := attachByHand(t, ref, cosign3(t, one, bundleOf("b"), ""))
	documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil)
	if len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), "holds something about") || len(documents) != 1 || documents[0].Where != "referrer "+held {
		t.Errorf("read %v, %v", documents, failed)
	}
}

func TestBeyondTheLimitAttestationsAreAFailure(t *testing.T) {
	many := map[string][]byte{}
	for i := range maxStatements + 4 {
		many[fmt.Sprintf("https://example.com/%d", i)] = envelopeOf(fmt.Sprint(i))
	}
	dir := t.TempDir()
	one := mutate.MediaType(image(t, "linux", "amd64"), types.OCIManifestSchema1)
	path, err := ocilayout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendImage(one))
	must(t, path.AppendImage(cosign2(t, many), ocilayout.WithAnnotations(map[string]string{refName: fallbackTag(digest(t, one)) + ".att"})))
	documents, failed := parsed(t, "oci:"+dir).AttachedStatements(limited(t), digest(t, one), nil)
	if len(documents) != maxStatements || len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), "4 were not read") {
		t.Errorf("read %d, %v", len(documents), failed)
	}
	only := func(kind string) bool { return kind == "https://example.com/7" }
	if documents, failed := parsed(t, "oci:"+dir).AttachedStatements(limited(t), digest(t, one), only); len(documents) != 1 || failed != nil {
		t.Errorf("of one predicate type: %d, %v", len(documents), failed)
	}
}

func TestOfAThousandReferrersTheRestIsAFailure(t *testing.T) {
	var list []referred
	held := map[string][]byte{}
	ref, one := pushed(t, fronted(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/referrers/") {
			_ = json.NewEncoder(w).Encode(map[string]any{"manifests": list})
			return true
		}
		raw, ok := held[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]
		if ok {
			show(w, raw)
		}
		return ok
	}))
	raw, err := cosign3(t, one, bundleOf("a"), testResult).RawManifest()
	must(t, err)
	must(t, remote.WriteLayer(tag(t, ref.Repository+":x").Repository, static.NewLayer(bundleOf("a"), BundleType)))
	for i := range 1000 {
		raw := bytes.Replace(raw, []byte(`{`), fmt.Appendf(nil, `{"number":%d,`, i), 1)
		held[digestOf(raw)] = raw
		list = append(list, referred{Digest: digestOf(raw), ArtifactType: BundleType})
	}
	documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil)
	if len(documents) != maxStatements || len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), "there are more than 256") {
		t.Errorf("read %d, %v", len(documents), failed)
	}
}
