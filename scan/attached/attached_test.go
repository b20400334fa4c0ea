package attached

import (
	"context"
	"encoding/base64"
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
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	archive "github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/scan/inventory"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// registries are the registries that every test runs against.
var registries = map[string]func(t *testing.T) string{
	"with the referrers API":    func(t *testing.T) string { return inProcess(t, true) },
	"without the referrers API": func(t *testing.T) string { return inProcess(t, false) },
	"debian's docker-registry": func(t *testing.T) string {
		host := os.Getenv("PRODGATE_TEST_REGISTRY")
		if host == "" {
			t.Skip("PRODGATE_TEST_REGISTRY is not set: apt-get install docker-registry, start it on loopback, and set the variable to its host:port")
		}
		return host
	},
}

func inProcess(t *testing.T, referrers bool) string {
	t.Helper()
	s := httptest.NewServer(server.New(server.Logger(log.New(io.Discard, "", 0)), server.WithReferrersSupport(referrers)))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// everywhere runs the test against each registry, in a repository of its own.
func everywhere(t *testing.T, test func(t *testing.T, at place)) {
	t.Helper()
	for called, start := range registries {
		t.Run(called, func(t *testing.T) {
			test(t, put(t, start(t)+"/team/app-"+strings.ToLower(time.Now().Format("150405.000000000"))))
		})
	}
}

// place is a repository with an image in it.
type place struct {
	repository string
	image      v1.Image
	descriptor v1.Descriptor
}

func (p place) digest() string { return p.descriptor.Digest.String() }

// put pushes an image.
func put(t *testing.T, repository string) place {
	t.Helper()
	image, err := random.Image(64, 1)
	must(t, err)
	image = mutate.MediaType(image, types.OCIManifestSchema1)
	p := place{repository: repository, image: image}
	p.push(t, ":image", image)
	p.descriptor = descriptor(t, image)
	return p
}

func descriptor(t *testing.T, image v1.Image) v1.Descriptor {
	t.Helper()
	raw, err := image.RawManifest()
	must(t, err)
	digest, err := image.Digest()
	must(t, err)
	mediaType, err := image.MediaType()
	must(t, err)
	return v1.Descriptor{MediaType: mediaType, Size: int64(len(raw)), Digest: digest}
}

// push writes image under a tag (:TAG), or under its own digest.
func (p place) push(t *testing.T, tag string, image v1.Image) {
	t.Helper()
	if tag == "" {
		tag = "@" + descriptor(t, image).Digest.String()
	}
	ref, err := name.ParseReference(p.repository + tag)
	must(t, err)
	must(t, remote.Write(ref, image))
}

// holding is a manifest with those contents, about nothing yet.
func holding(t *testing.T, artifactType string, contents ...mutate.Addendum) v1.Image {
	t.Helper()
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.MediaType(artifactType))
	image, err := mutate.Append(image, contents...)
	must(t, err)
	return image
}

// content is one content of a manifest.
func content(mediaType, text string, annotations map[string]string) mutate.Addendum {
	return mutate.Addendum{Layer: static.NewLayer([]byte(text), types.MediaType(mediaType)), MediaType: types.MediaType(mediaType), Annotations: annotations}
}

// refer pushes what is held as a referrer of p's image.
func (p place) refer(t *testing.T, held v1.Image) {
	t.Helper()
	image, ok := mutate.Subject(held, p.descriptor).(v1.Image)
	if !ok {
		t.Fatal("a manifest with a subject is no image")
	}
	p.push(t, "", image)
}

// cosign pushes what is held under the tag that cosign would use.
func (p place) cosign(t *testing.T, suffix string, held v1.Image) {
	t.Helper()
	p.push(t, ":"+strings.Replace(p.digest(), ":", "-", 1)+suffix, held)
}

func (p place) find(t *testing.T, indexes ...string) ([]SBOM, error) {
	t.Helper()
	return findAt(t, p.repository, p.digest(), indexes...)
}

func findAt(t *testing.T, repository, digest string, indexes ...string) ([]SBOM, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	named := repository + "@" + digest
	if digest == "" { // an archive has no place for one
		named, digest = repository, other
	}
	ref, err := registry.Parse(named, registry.Options{})
	must(t, err)
	found := Find(ctx, ref, nil, digest, indexes...)
	return found.SBOMs, found.Err()
}

// SBOM is a CycloneDX document that lists one package.
func sbomOf(pkg string) string {
	return fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":%q,"purl":"pkg:npm/%s@1"}]}`, pkg, pkg)
}

// about is SBOM, of a container with that digest.
func about(pkg, digest string) string {
	return strings.Replace(sbomOf(pkg), `"components"`, fmt.Sprintf(`"metadata":{"component":{"type":"container","name":"app","version":%q}},"components"`, digest), 1)
}

const (
	cycloneDX = "application/vnd.cyclonedx+json"
	bundle    = "application/vnd.dev.sigstore.bundle.v0.3+json"
	dsse      = "application/vnd.dsse.envelope.v1+json"
)

func statement(predicateType, predicate, digest string) string {
	return fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":%q}}],"predicateType":%q,"predicate":%s}`,
		strings.TrimPrefix(digest, "sha256:"), predicateType, predicate)
}

func envelope(statement string) string {
	return fmt.Sprintf(`{"payloadType":"application/vnd.in-toto+json","payload":%q,"signatures":[{"sig":"AA=="}]}`, base64.StdEncoding.EncodeToString([]byte(statement)))
}

const other = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

func TestSBOMsAreFoundWhereverToolsPutThem(t *testing.T) {
	const cdxPredicate = "https://cyclonedx.org/bom"
	everywhere(t, func(t *testing.T, at place) {
		at.refer(t, holding(t, cycloneDX, content(cycloneDX, sbomOf("referrer"), nil)))
		at.refer(t, holding(t, "sbom/example", content(cycloneDX+"; version=1.6", about("own-name", at.digest()), nil)))
		at.refer(t, holding(t, "application/spdx+json", content("application/json", `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-1","name":"spdx","externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/spdx@1"}]}]}`, nil)))
		at.refer(t, holding(t, bundle, content(bundle, `{"mediaType":"`+bundle+`","verificationMaterial":{},"dsseEnvelope":`+envelope(statement(cdxPredicate, sbomOf("bundle"), at.digest()))+`}`, nil)))
		at.refer(t, holding(t, bundle, content(bundle, `{"mediaType":"`+bundle+`","messageSignature":{}}`, nil)))
		at.refer(t, holding(t, "application/vnd.dev.cosign.artifact.sig.v1+json", content("application/vnd.dev.cosign.simplesigning.v1+json", "{}", nil)))
		at.refer(t, holding(t, "application/vnd.example.logo", content("image/png", "png", nil)))
		at.cosign(t, ".att", holding(t, "application/vnd.oci.image.config.v1+json",
			content(dsse, envelope(statement(cdxPredicate, sbomOf("att"), at.digest())), map[string]string{"predicateType": cdxPredicate}),
			content(dsse, envelope(statement("https://slsa.dev/provenance/v1", "{}", at.digest())), map[string]string{"predicateType": "https://slsa.dev/provenance/v1"}),
			content(dsse, envelope(statement("https://example.com/other", "{}", at.digest())), nil)))
		at.cosign(t, ".sbom", holding(t, "application/vnd.oci.image.config.v1+json", content(cycloneDX, sbomOf("sbom"), nil)))

		sboms, err := at.find(t)
		must(t, err)
		var got []string
		for _, b := range sboms {
			if b.Digest != at.digest() || b.Kind != inventory.KindAttached || len(b.Packages) != 1 || len(b.Unread) != 0 {
				t.Errorf("%s: %+v", b.Where, b.Inventory)
				continue
			}
			where, _, _ := strings.Cut(b.Where, " ")
			got = append(got, where+" "+b.Packages[0].Name)
		}
		slices.Sort(got)
		want := []string{"referrer bundle", "referrer own-name", "referrer referrer", "referrer spdx", "tag att", "tag sbom"}
		if !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	})
}

func TestNothingAttachedIsNoneAndNoError(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		sboms, err := at.find(t)
		if !errors.Is(err, ErrNone) || sboms != nil {
			t.Errorf("found %v, %v; want none", sboms, err)
		}
		at.refer(t, holding(t, "application/vnd.example.logo", content("image/png", "png", nil)))
		at.cosign(t, ".att", holding(t, "application/vnd.oci.image.config.v1+json", content(dsse, envelope(statement("https://slsa.dev/provenance/v1", "{}", at.digest())), nil)))
		if _, err := at.find(t); !errors.Is(err, ErrNone) {
			t.Errorf("beside a logo and provenance: %v; want none", err)
		}
	})
}

func TestWhatCannotBeReliedOnIsAnErrorAndNotNone(t *testing.T) {
	const predicate = "https://cyclonedx.org/bom"
	tests := []struct {
		name   string
		attach func(t *testing.T, at place)
		want   []string
	}{
		{"a statement about another image", func(t *testing.T, at place) {
			at.cosign(t, ".att", holding(t, "x", content(dsse, envelope(statement(predicate, sbomOf("a"), other)), nil)))
		}, []string{other, "SELF"}},
		{"a statement about nothing", func(t *testing.T, at place) {
			at.cosign(t, ".att", holding(t, "x", content(dsse, envelope(strings.Replace(statement(predicate, sbomOf("a"), other), `"sha256"`, `"sha1"`, 1)), nil)))
		}, []string{"names no sha256 digest", "SELF"}},
		{"an SBOM that says it is of another image", func(t *testing.T, at place) {
			at.refer(t, holding(t, cycloneDX, content(cycloneDX, about("a", other), nil)))
		}, []string{other, "SELF"}},
		{"a tag whose manifest is about another", func(t *testing.T, at place) {
			held := holding(t, "x", content(cycloneDX, sbomOf("a"), nil))
			hash, err := v1.NewHash(other)
			must(t, err)
			image, _ := mutate.Subject(held, v1.Descriptor{MediaType: types.OCIManifestSchema1, Size: 1, Digest: hash}).(v1.Image)
			at.cosign(t, ".sbom", image)
		}, []string{other, "SELF"}},
		{"an SBOM that is none", func(t *testing.T, at place) {
			at.refer(t, holding(t, cycloneDX, content(cycloneDX, "{}", nil)))
		}, []string{"not an SBOM"}},
		{"Syft's own format alone", func(t *testing.T, at place) {
			at.cosign(t, ".sbom", holding(t, "x", content("application/vnd.syft+json", "{}", nil)))
		}, []string{"application/vnd.syft+json", "CycloneDX and SPDX are read"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, at place) {
				tt.attach(t, at)
				sboms, err := at.find(t)
				if err == nil || errors.Is(err, ErrNone) {
					t.Fatalf("found %v, %v", sboms, err)
				}
				for _, want := range tt.want {
					if want = strings.ReplaceAll(want, "SELF", at.digest()); !strings.Contains(err.Error(), want) {
						t.Errorf("the error is %v, want %q in it", err, want)
					}
				}
			})
		})
	}
}

func TestAnAttachedSBOMCanDescribeTheIndex(t *testing.T) {
	at := put(t, inProcess(t, true)+"/app")
	at.refer(t, holding(t, cycloneDX, content(cycloneDX, about("a", other), nil)))
	if _, err := at.find(t); err == nil {
		t.Error("an SBOM of an index that nobody named passes")
	}
	f := finder{digest: at.digest(), accepted: []string{at.digest(), other}}
	if err := f.bind([]*inventory.Inventory{{Digest: other}}, bare, "here", ""); err != nil || len(f.sboms) != 1 || f.sboms[0].Digest != at.digest() {
		t.Errorf("an SBOM of the index that lists the image: %v, %+v", err, f.sboms)
	}
	if err := (&finder{digest: at.digest(), accepted: []string{at.digest(), other}}).bind([]*inventory.Inventory{{Digest: other}}, stated, "here", ""); err == nil {
		t.Error("a statement about the index passes for one about the image")
	}
}

func TestBuildKitsStatementsAreReadFromTheIndex(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		spdx := `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-1","name":"built","externalRefs":[{"referenceCategory":"PACKAGE_MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/built@1"}]}]}`
		attestation := func(subject string) mutate.IndexAddendum {
			held := holding(t, "application/vnd.oci.image.config.v1+json",
				content("application/vnd.in-toto+json", statement("https://spdx.dev/Document", spdx, subject), map[string]string{"in-toto.io/predicate-type": "https://spdx.dev/Document"}),
				content("application/vnd.in-toto+json", statement("https://slsa.dev/provenance/v0.2", "{}", subject), map[string]string{"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}))
			return mutate.IndexAddendum{Add: held, Descriptor: v1.Descriptor{
				Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
				Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": at.digest()},
			}}
		}
		image := mutate.IndexAddendum{Add: at.image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}}
		index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), image, attestation(at.digest()))
		ref, err := name.ParseReference(at.repository + ":index")
		must(t, err)
		must(t, remote.WriteIndex(ref, index))
		digest, err := index.Digest()
		must(t, err)

		sboms, err := at.find(t, digest.String())
		if err != nil || len(sboms) != 1 || sboms[0].Digest != at.digest() || sboms[0].Packages[0].Name != "built" || !strings.Contains(sboms[0].Where, "in the index") {
			t.Errorf("found %+v, %v", sboms, err)
		}
		if _, err := at.find(t); !errors.Is(err, ErrNone) {
			t.Errorf("without the index: %v", err)
		}

		index = mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), image, attestation(other))
		must(t, remote.WriteIndex(ref, index))
		digest, err = index.Digest()
		must(t, err)
		if _, err := at.find(t, digest.String()); err == nil || !strings.Contains(err.Error(), other) {
			t.Errorf("a statement about another image: %v", err)
		}
	})
}

func TestSBOMsAreFoundInALayout(t *testing.T) {
	image, err := random.Image(64, 1)
	must(t, err)
	image = mutate.MediaType(image, types.OCIManifestSchema1)
	held, ok := mutate.Subject(holding(t, cycloneDX, content(cycloneDX, sbomOf("layout"), nil)), descriptor(t, image)).(v1.Image)
	if !ok {
		t.Fatal("no image")
	}
	dir := t.TempDir()
	path, err := ocilayout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendImage(image))
	digest := descriptor(t, image).Digest.String()
	if _, err := findAt(t, "oci:"+dir, digest); !errors.Is(err, ErrNone) {
		t.Errorf("before anything is attached: %v", err)
	}
	must(t, path.AppendImage(held))
	sboms, err := findAt(t, "oci:"+dir, digest)
	if err != nil || len(sboms) != 1 || sboms[0].Packages[0].Name != "layout" {
		t.Errorf("found %+v, %v", sboms, err)
	}
}

func TestAnArchiveContainsOnlyItsImage(t *testing.T) {
	image, err := random.Image(64, 1)
	must(t, err)
	file := filepath.Join(t.TempDir(), "image.tar")
	tag, err := name.NewTag("app:1")
	must(t, err)
	must(t, archive.WriteToFile(file, tag, image))
	if _, err := findAt(t, "tarball:"+file, ""); !errors.Is(err, ErrNone) {
		t.Errorf("the error is %v", err)
	}
	if _, err := findAt(t, "tarball:"+file+".gone", ""); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("an archive that is gone: %v", err)
	}
}

func TestARegistryThatCannotAnswerDoesNotMeanNone(t *testing.T) {
	tests := map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"the API fails": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/referrers/") {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		},
		"the API answers with a page of HTML": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/referrers/") {
				fmt.Fprint(w, "<html>")
				return true
			}
			return false
		},
		"the API lists what is about another": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/referrers/") {
				fmt.Fprintf(w, `{"manifests":[{"digest":%q}]}`, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
				return true
			}
			return false
		},
		"the API goes on without end": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/referrers/") {
				w.Header().Set("Link", fmt.Sprintf(`<%s?n=1>; rel="next"`, r.URL.Path))
				fmt.Fprint(w, `{"manifests":[]}`)
				return true
			}
			return false
		},
		"the API goes on elsewhere": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/referrers/") {
				w.Header().Set("Link", `<http://localhost:1/>; rel="next"`)
				fmt.Fprint(w, `{"manifests":[]}`)
				return true
			}
			return false
		},
		"a tag fails": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, ".att") {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		},
	}
	for called, answer := range tests {
		t.Run(called, func(t *testing.T) {
			inner := server.New(server.Logger(log.New(io.Discard, "", 0)), server.WithReferrersSupport(true))
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || !answer(w, r) {
					inner.ServeHTTP(w, r)
				}
			}))
			t.Cleanup(s.Close)
			at := put(t, strings.TrimPrefix(s.URL, "http://")+"/app")
			if sboms, err := at.find(t); err == nil || errors.Is(err, ErrNone) {
				t.Errorf("found %v, %v", sboms, err)
			}
		})
	}
}

func TestAnUnreachableRegistryDoesNotMeanNone(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	if _, err := findAt(t, strings.TrimPrefix(s.URL, "http://")+"/app", other); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("the error is %v", err)
	}
}

func TestPagesOfReferrersAreReadToTheEnd(t *testing.T) {
	inner := server.New(server.Logger(log.New(io.Discard, "", 0)), server.WithReferrersSupport(true))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/referrers/") && r.URL.Query().Get("last") == "" {
			w.Header().Set("Link", fmt.Sprintf(`<%s?n=1&last=x>; rel="next"`, r.URL.Path))
			fmt.Fprint(w, `{"manifests":[]}`)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	at := put(t, strings.TrimPrefix(s.URL, "http://")+"/app")
	at.refer(t, holding(t, cycloneDX, content(cycloneDX, sbomOf("second-page"), nil)))
	sboms, err := at.find(t)
	if err != nil || len(sboms) != 1 {
		t.Errorf("found %v, %v", sboms, err)
	}
}
