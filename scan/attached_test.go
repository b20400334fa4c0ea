package scan

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	ociTypes "github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/prodgate/prodgate/scan/attached"
	"github.com/prodgate/prodgate/scan/finding"
)

const (
	cycloneDX = "application/vnd.cyclonedx+json"
	dsse      = "application/vnd.dsse.envelope.v1+json"
	bundle    = "application/vnd.dev.sigstore.bundle.v0.3+json"
	other     = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// holding is a manifest that holds contents of a media type.
func holding(t *testing.T, mediaType string, contents ...string) v1.Image {
	t.Helper()
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, ociTypes.OCIManifestSchema1), ociTypes.MediaType(mediaType))
	for _, content := range contents {
		var err error
		image, err = mutate.Append(image, mutate.Addendum{Layer: static.NewLayer([]byte(content), ociTypes.MediaType(mediaType)), MediaType: ociTypes.MediaType(mediaType)})
		if err != nil {
			t.Fatal(err)
		}
	}
	return image
}

// push writes a manifest under tag, or under its digest, which it returns.
func (s shop) push(t *testing.T, tag string, image v1.Image) string {
	t.Helper()
	shop, err := name.ParseReference(s.reference)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	var ref name.Reference = shop.Context().Digest(digest.String())
	if tag != "" {
		ref = shop.Context().Tag(tag)
	}
	if err := remote.Write(ref, image); err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// refer attaches contents to what has that digest, as a referrer, and returns the
// referrer's own digest.
func (s shop) refer(t *testing.T, about, mediaType string, contents ...string) string {
	t.Helper()
	shop, err := name.ParseReference(s.reference)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := remote.Get(shop.Context().Digest(about))
	if err != nil {
		t.Fatal(err)
	}
	referrer, ok := mutate.Subject(holding(t, mediaType, contents...), subject.Descriptor).(v1.Image)
	if !ok {
		t.Fatal("no image")
	}
	return s.push(t, "", referrer)
}

// tag attaches contents to what has that digest, under a tag as cosign does.
func (s shop) tag(t *testing.T, about, suffix, mediaType string, contents ...string) string {
	t.Helper()
	return s.push(t, strings.Replace(about, ":", "-", 1)+suffix, holding(t, mediaType, contents...))
}

// stated is an SBOM in an in-toto statement about images with those digests, in a
// DSSE envelope.
func stated(one string, digests ...string) string {
	var subjects []string
	for _, digest := range digests {
		subjects = append(subjects, fmt.Sprintf(`{"name": "app", "digest": {"sha256": %q}}`, strings.TrimPrefix(digest, "sha256:")))
	}
	statement := `{"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://cyclonedx.org/bom", "subject": [` + strings.Join(subjects, ", ") + `], "predicate": ` + one + `}`
	return `{"payloadType": "application/vnd.in-toto+json", "payload": "` + base64.StdEncoding.EncodeToString([]byte(statement)) + `", "signatures": []}`
}

// refusing answers requests whose path contains part.
func refusing(part string, answer func(w http.ResponseWriter, r *http.Request)) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, part) {
			return false
		}
		answer(w, r)
		return true
	}
}

func status(code int) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// A second attachment that cannot be read is undetermined, and hides nothing.
func TestWhatCannotBeReadHidesNoOtherAttachment(t *testing.T) {
	const spdx3 = `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}`
	tests := []struct {
		name   string
		damage func(t *testing.T, s shop, image string) (named string) // returns what the entry names
		entry  string
		want   string // in its reason
	}{
		{"SPDX 3", func(t *testing.T, s shop, image string) string {
			return s.refer(t, image, "application/spdx+json", spdx3)
		}, attached.UnreadSBOM, "it is SPDX 3"},
		{"CycloneDX that ends early", func(t *testing.T, s shop, image string) string {
			return s.refer(t, image, cycloneDX, lodash[:60])
		}, attached.UnreadSBOM, "ends too early"},
		{"a version that is not known", func(t *testing.T, s shop, image string) string {
			return s.refer(t, image, cycloneDX, strings.Replace(lodash, `"1.5"`, `"2.0"`, 1))
		}, attached.UnreadSBOM, "2.0"},
		{"a statement about another image", func(t *testing.T, s shop, image string) string {
			return s.tag(t, image, ".att", dsse, stated(lodash, other))
		}, attached.UnreadSBOM, "it is about " + other},
		{"a damaged statement beside a good one", func(t *testing.T, s shop, image string) string {
			return s.tag(t, image, ".att", dsse, `{"payloadType": "application/vnd.in-toto+json", "payload": "#"}`, stated(lodash, image))
		}, attached.UnreadSBOM, "payload is not base64"},
		{"an SBOM whose type only its artifact type tells", func(t *testing.T, s shop, image string) string {
			return s.refer(t, image, "application/vnd.example.sbom.v1+json", "{}")
		}, attached.UnreadSBOM, "not an SBOM"},
		{"an index where a manifest is expected", func(t *testing.T, s shop, image string) string {
			shop, err := name.ParseReference(s.reference)
			if err != nil {
				t.Fatal(err)
			}
			if err := remote.WriteIndex(shop.Context().Tag(strings.Replace(image, ":", "-", 1)+".att"), mutate.IndexMediaType(empty.Index, ociTypes.OCIImageIndex)); err != nil {
				t.Fatal(err)
			}
			return image
		}, attached.UnreadLookup, "it is an index"},
		{"contents that are gone", func(t *testing.T, s shop, image string) string {
			const gone = `{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 7}`
			digest := s.refer(t, image, cycloneDX, gone)
			layer, err := static.NewLayer([]byte(gone), cycloneDX).Digest()
			if err != nil {
				t.Fatal(err)
			}
			*s.refuse = refusing("/blobs/"+layer.String(), status(http.StatusNotFound))
			return digest
		}, attached.UnreadSBOM, "no such image"},
		{"a manifest that is gone", func(t *testing.T, s shop, image string) string {
			digest := s.refer(t, image, cycloneDX, `{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 8}`)
			*s.refuse = refusing("/manifests/"+digest, status(http.StatusNotFound))
			return digest
		}, attached.UnreadSBOM, "referrers of"},
		{"a referrers API that refuses", func(_ *testing.T, s shop, image string) string {
			*s.refuse = refusing("/referrers/", status(http.StatusForbidden))
			return image
		}, attached.UnreadLookup, "the referrers API"},
		{"a referrers API that fails", func(_ *testing.T, s shop, image string) string {
			*s.refuse = refusing("/referrers/", status(http.StatusInternalServerError))
			return image
		}, attached.UnreadLookup, "the referrers API"},
		{"a referrers API that answers HTML", func(_ *testing.T, s shop, image string) string {
			*s.refuse = refusing("/referrers/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
			return image
		}, attached.UnreadLookup, "is not JSON"},
		{"a referrers API that does not answer", func(_ *testing.T, s shop, image string) string {
			*s.refuse = refusing("/referrers/", hang)
			return image
		}, attached.UnreadLookup, "the referrers API"},
		{"a tag that is refused", func(_ *testing.T, s shop, image string) string {
			*s.refuse = refusing(".att", status(http.StatusForbidden))
			return image
		}, attached.UnreadLookup, ".att"},
		{"a tag that does not answer", func(_ *testing.T, s shop, image string) string {
			*s.refuse = refusing(".att", hang)
			return image
		}, attached.UnreadLookup, ".att"},
		{"more than are read", func(t *testing.T, s shop, image string) string {
			for n := range 32 {
				s.refer(t, image, cycloneDX, strings.Replace(lodash, `"components"`, fmt.Sprintf(`"version":%d,"components"`, n+2), 1))
			}
			return image
		}, attached.UnreadLookup, "more than 32"},
	}
	dir := database(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, "linux/amd64")
			image := s.digest["linux/amd64"]
			s.tag(t, image, ".sbom", cycloneDX, lodash)
			named := tt.damage(t, s, image)
			ctx := context.Background()
			if strings.Contains(tt.name, "does not answer") { // an answer may take a quarter of the time that is left
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 24*time.Second)
				defer cancel()
			}
			scans, err := Image(ctx, s.reference, Options{Database: dir, Redact: func(text string) string { return "redacted: " + text }})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"linux/amd64 image CVE-2026-1 CVE-2026-2"}, found(scans)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			u := scans[0].Undetermined
			if len(u) != 1 || u[0].Package != tt.entry || u[0].Version != named || !strings.Contains(u[0].Reason, tt.want) || !strings.HasPrefix(u[0].Reason, "redacted: ") {
				t.Errorf("undetermined %+v; want one of %s, %q with %q", u, tt.entry, named, tt.want)
			}
		})
	}
}

// A registry that has no such tag and no referrers API has nothing attached.
func TestNothingAttachedIsNotUndetermined(t *testing.T) {
	dir := database(t)
	for _, code := range []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest} {
		s := open(t, "linux/amd64", "linux/arm64")
		s.refer(t, s.digest[""], "application/vnd.example.logo", "png")
		*s.refuse = refusing("/referrers/", status(code))
		scans, err := Image(context.Background(), s.reference, Options{Database: dir})
		if err != nil || len(scans) != 2 || len(scans[0].Undetermined)+len(scans[1].Undetermined) > 0 {
			t.Errorf("%d: %+v, %v", code, scans, err)
		}
	}
}

func TestWhatIsAttachedToTheIndexIsRead(t *testing.T) {
	const both = "linux/amd64 image CVE-2026-1 CVE-2026-2, linux/arm64 image CVE-2026-1 CVE-2026-2"
	const arm = "linux/amd64 image CVE-2026-1, linux/arm64 image CVE-2026-1 CVE-2026-2"
	const none = "linux/amd64 image CVE-2026-1, linux/arm64 image CVE-2026-1"
	container := func(digest string) string {
		return strings.Replace(lodash, `"components"`, fmt.Sprintf(`"metadata":{"component":{"type":"container","name":"app","version":%q}},"components"`, digest), 1)
	}
	tests := []struct {
		name    string
		attach  func(s shop, index, arm string)
		want    string
		unread  string
		options Options
	}{
		{"a referrer", func(s shop, index, _ string) { s.refer(t, index, cycloneDX, lodash) }, both, "", Options{}},
		{"a referrer that names the index", func(s shop, index, _ string) { s.refer(t, index, cycloneDX, container(index)) }, both, "", Options{}},
		{"a referrer that names one image", func(s shop, index, arm string) { s.refer(t, index, cycloneDX, container(arm)) }, arm, "", Options{}},
		{"a referrer that names another image", func(s shop, index, _ string) { s.refer(t, index, cycloneDX, container(other)) }, none, other, Options{}},
		{"a bundle about the index", func(s shop, index, _ string) {
			s.refer(t, index, bundle, `{"mediaType": "`+bundle+`", "dsseEnvelope": `+stated(lodash, index)+`}`)
		}, both, "", Options{}},
		{"a statement about the index", func(s shop, index, _ string) { s.tag(t, index, ".att", dsse, stated(lodash, index)) }, both, "", Options{}},
		{"a statement about one image", func(s shop, index, arm string) { s.tag(t, index, ".att", dsse, stated(lodash, arm)) }, arm, "", Options{}},
		{"a statement about both", func(s shop, index, arm string) { s.tag(t, index, ".att", dsse, stated(lodash, arm, index)) }, both, "", Options{}},
		{"a statement about another image", func(s shop, index, _ string) { s.tag(t, index, ".att", dsse, stated(lodash, other)) }, none, other, Options{}},
		{"cosign's tag for SBOMs", func(s shop, index, _ string) { s.tag(t, index, ".sbom", cycloneDX, lodash) }, both, "", Options{}},
		{"one that is damaged", func(s shop, index, _ string) { s.refer(t, index, cycloneDX, "{") }, none, "ends too early", Options{}},
		{"the images alone", func(s shop, index, _ string) { s.refer(t, index, cycloneDX, lodash) }, none, "", Options{From: FromImage}},
		{"one platform", func(s shop, index, arm string) { s.refer(t, index, cycloneDX, container(arm)) }, "linux/amd64 image CVE-2026-1", "", Options{Platforms: []string{"linux/amd64"}}},
	}
	dir := database(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, "linux/amd64", "linux/arm64")
			tt.attach(s, s.digest[""], s.digest["linux/arm64"])
			tt.options.Database = dir
			scans, err := Image(context.Background(), s.reference, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(found(scans), ", "); got != tt.want {
				t.Errorf("found %s, want %s", got, tt.want)
			}
			var undetermined []finding.Undetermined
			for _, scan := range scans {
				undetermined = append(undetermined, scan.Undetermined...)
				if scan.Artifact != s.digest[""] {
					t.Errorf("the artifact is %q", scan.Artifact)
				}
			}
			if (len(undetermined) == 1) != (tt.unread != "") || len(undetermined) == 1 && !strings.Contains(undetermined[0].Reason, tt.unread) {
				t.Errorf("undetermined %+v, want %q", undetermined, tt.unread)
			}
		})
	}
}

// An SBOM of the index that does not say of which platform it is tells what is in
// no platform for sure.
func TestAnSBOMOfOnlyTheIndexLeavesThePlatformsUndetermined(t *testing.T) {
	dir := database(t)
	for _, tt := range []struct {
		platforms    []string
		want         []string
		undetermined int
	}{
		{[]string{"linux/amd64", "linux/arm64"}, []string{"linux/amd64 attached CVE-2026-2", "linux/arm64 attached CVE-2026-2"}, 2},
		{[]string{"linux/amd64"}, []string{"linux/amd64 attached CVE-2026-2"}, 0},
	} {
		s := open(t, tt.platforms...)
		s.refer(t, s.digest[""], cycloneDX, lodash)
		scans, err := Image(context.Background(), s.reference, Options{Database: dir, From: FromAttached})
		if err != nil {
			t.Fatal(err)
		}
		undetermined := 0
		for _, scan := range scans {
			undetermined += len(scan.Undetermined)
		}
		if got := found(scans); !slices.Equal(got, tt.want) || undetermined != tt.undetermined {
			t.Errorf("found %q with %d undetermined, want %q with %d", got, undetermined, tt.want, tt.undetermined)
		}
	}
}

// What was found in the field, scanned with the advisories beside it.
func TestAttachmentsFromTheField(t *testing.T) {
	cases := filepath.Join("..", "..", "..", "..", "shared", "cases")
	for dir, want := range map[string]struct{ lodash, unread int }{
		"vuln-01-attached-bill-unreadable-hides-others/72b-clean-good":                   {1, 0},
		"vuln-01-attached-bill-unreadable-hides-others/72c-clean-good-and-spdx3":         {1, 1},
		"vuln-01-attached-bill-unreadable-hides-others/72d-clean-good-and-truncated-cdx": {1, 1},
		"vuln-08-bill-attached-to-the-index/71a-index-att-cdx":                           {2, 0},
		"vuln-08-bill-attached-to-the-index/71d-child-ref-oras":                          {1, 0},
	} {
		if _, err := os.Stat(filepath.Join(cases, dir)); err != nil {
			t.Skipf("%s is not beside the repository: its images are not scanned", cases)
		}
		scans, err := Image(context.Background(), "oci:"+filepath.Join(cases, dir)+":1", Options{Database: filepath.Join(cases, "advisories", "db")})
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		lodash, unread := 0, 0
		for _, scan := range scans {
			for _, f := range scan.Findings {
				if f.ID == "CVE-2019-10744" && f.Severity == "CRITICAL" {
					lodash++
				}
			}
			for _, u := range scan.Undetermined {
				if u.Package == attached.UnreadSBOM {
					unread++
				}
			}
		}
		if lodash != want.lodash || unread != want.unread {
			t.Errorf("%s: found %d times with %d unread, want %+v", dir, lodash, unread, want)
		}
	}
}

// An index may list another: what is attached to that is read as well.
func TestWhatIsAttachedToAnInnerIndexIsRead(t *testing.T) {
	s, dir := open(t, "linux/amd64", "linux/arm64"), database(t)
	shop, err := name.ParseReference(s.reference)
	if err != nil {
		t.Fatal(err)
	}
	inner := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, ociTypes.OCIImageIndex), mutate.IndexAddendum{
		Add: alpine(t, "linux/arm64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	outer := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, ociTypes.OCIImageIndex), mutate.IndexAddendum{
		Add: alpine(t, "linux/amd64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}}, mutate.IndexAddendum{Add: inner})
	if err := remote.WriteIndex(shop.Context().Tag("nested"), outer); err != nil {
		t.Fatal(err)
	}
	digest, err := inner.Digest()
	if err != nil {
		t.Fatal(err)
	}
	s.tag(t, digest.String(), ".att", dsse, stated(lodash, digest.String()))
	scans, err := Image(context.Background(), strings.TrimSuffix(s.reference, ":1")+":nested", Options{Database: dir})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"linux/amd64 image CVE-2026-1", "linux/arm64 image CVE-2026-1 CVE-2026-2"}, found(scans)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
