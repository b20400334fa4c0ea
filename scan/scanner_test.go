package scan

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
	"github.com/prodgate/prodgate/scan/attached"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/sbom"
)

// database makes a database in which Alpine's openssl and npm's lodash are
// vulnerable.
func database(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := advisoriestest.Write(dir, time.Now().UTC().Add(-time.Hour), advisoriestest.Content{
		Advisories: map[string]map[string]map[string]any{
			"alpine 3.22":                       {"openssl": {"CVE-2026-1": types.Advisory{FixedVersion: "3.5.1-r0"}}},
			"npm::GitHub Security Advisory npm": {"lodash": {"CVE-2026-2": types.Advisory{VulnerableVersions: []string{"<4.17.21"}}}},
		},
		Sources: map[string]types.DataSource{
			"alpine 3.22":                       {ID: "alpine"},
			"npm::GitHub Security Advisory npm": {ID: "ghsa"},
		},
		Vulnerabilities: map[string]types.Vulnerability{"CVE-2026-1": {Severity: "CRITICAL"}, "CVE-2026-2": {Severity: "HIGH"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// shop is a registry with one image of Alpine in which openssl is installed, for
// each of platforms (os/arch).
type shop struct {
	reference string
	digest    map[string]string // by platform; "" is the index's, or the one image's

	// refuse answers a request instead of the registry, if it returns true. Nil: the
	// registry answers all.
	refuse *func(w http.ResponseWriter, r *http.Request) bool
}

func open(t *testing.T, platforms ...string) shop {
	t.Helper()
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(true))
	s := shop{digest: map[string]string{}, refuse: new(func(http.ResponseWriter, *http.Request) bool)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if *s.refuse == nil || !(*s.refuse)(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.reference = strings.TrimPrefix(server.URL, "http://") + "/shop:1"
	var index v1.ImageIndex = empty.Index
	var one v1.Image
	for _, platform := range platforms {
		image := alpine(t, platform)
		one = image
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		s.digest[platform] = digest.String()
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: p}})
	}
	ref, err := name.ParseReference(s.reference)
	if err != nil {
		t.Fatal(err)
	}
	if len(platforms) == 1 {
		err = remote.Write(ref, one)
	} else {
		err = remote.WriteIndex(ref, index)
	}
	if err != nil {
		t.Fatal(err)
	}
	whole, err := remote.Get(ref)
	if err != nil {
		t.Fatal(err)
	}
	s.digest[""] = whole.Digest.String()
	return s
}

func alpine(t *testing.T, platform string) v1.Image {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, file := range [][2]string{
		{"etc/os-release", "ID=alpine\nVERSION_ID=3.22.1\n"}, {"etc/alpine-release", "3.22.1\n"},
		{"lib/apk/db/installed", "P:openssl\nV:3.5.0-r0\nA:x86_64\no:openssl\n\n"}, {"etc/platform", platform},
	} {
		if err := w.WriteHeader(&tar.Header{Name: file[0], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(file[1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(file[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, _ = strings.Cut(platform, "/")
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}

// attach attaches an SBOM to the image of a platform.
func (s shop) attach(t *testing.T, platform, one string) {
	t.Helper()
	s.refer(t, s.digest[platform], cycloneDX, one)
}

const lodash = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"lodash","version":"4.17.20","purl":"pkg:npm/lodash@4.17.20"}]}`

// found are the IDs of each scan, with its platform before them.
func found(scans []Scan) (list []string) {
	for _, s := range scans {
		words := []string{s.Inventory.Platform, string(s.Inventory.Kind)}
		for _, f := range s.Findings {
			words = append(words, f.ID)
		}
		list = append(list, strings.Join(words, " "))
	}
	return list
}

func TestEachPlatformIsScannedAndAnAttachedSBOMOnlyAdds(t *testing.T) {
	s, dir := open(t, "linux/amd64", "linux/arm64"), database(t)
	s.attach(t, "linux/arm64", lodash)
	for _, tt := range []struct {
		name    string
		options Options
		want    []string
	}{
		{"all of it", Options{}, []string{"linux/amd64 image CVE-2026-1", "linux/arm64 image CVE-2026-1 CVE-2026-2"}},
		{"the images alone", Options{From: FromImage}, []string{"linux/amd64 image CVE-2026-1", "linux/arm64 image CVE-2026-1"}},
		{"one platform", Options{Platforms: []string{"linux/arm64"}}, []string{"linux/arm64 image CVE-2026-1 CVE-2026-2"}},
		{"the attached SBOM alone", Options{From: FromAttached, Platforms: []string{"linux/arm64"}}, []string{"linux/arm64 attached CVE-2026-2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Database = dir
			scans, err := Image(context.Background(), s.reference, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, found(scans)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, scan := range scans {
				if scan.Inventory.Digest != s.digest[scan.Inventory.Platform] || len(scan.Undetermined) != 0 || scan.Database.Version != 2 {
					t.Errorf("%+v", scan)
				}
			}
		})
	}
}

func TestAFindingInAnImageHasThePackageURLThatVEXUses(t *testing.T) {
	scans, err := Image(context.Background(), open(t, "linux/amd64").reference, Options{Database: database(t)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := finding.Value(scans[0].Findings[0].PURL), "pkg:apk/alpine/openssl@3.5.0-r0?arch=x86_64&distro=3.22.1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestABrokenAttachedSBOMIsReportedAndTheImageStillScanned(t *testing.T) {
	s := open(t, "linux/amd64")
	s.attach(t, "linux/amd64", `{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"type":"container","name":"other","purl":"pkg:oci/other@sha256%3A2222222222222222222222222222222222222222222222222222222222222222"}},"components":[]}`)
	dir := database(t)
	scans, err := Image(context.Background(), s.reference, Options{Database: dir})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"linux/amd64 image CVE-2026-1"}, found(scans)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if u := scans[0].Undetermined; len(u) != 1 || u[0].Package != attached.UnreadSBOM || !strings.Contains(u[0].Reason, "2222") {
		t.Errorf("undetermined %+v", u)
	}
	if _, err := Image(context.Background(), s.reference, Options{Database: dir, From: FromAttached}); err == nil {
		t.Error("the SBOM of another image was taken")
	}
}

func TestAScanWithoutReadableInputIsAnError(t *testing.T) {
	s, dir := open(t, "linux/amd64"), database(t)
	for _, tt := range []struct {
		name, reference string
		options         Options
		want            error
		words           string
	}{
		{"no database is named", s.reference, Options{}, nil, "missing advisory database"},
		{"no database is there", s.reference, Options{Database: t.TempDir()}, advisories.ErrUnusable, "prodgate db update"},
		{"no such image", strings.Replace(s.reference, "shop", "nothing", 1), Options{Database: dir}, nil, "no such image"},
		{"no such platform", s.reference, Options{Database: dir, Platforms: []string{"linux/s390x"}}, nil, "linux/s390x"},
		{"nothing is attached", s.reference, Options{Database: dir, From: FromAttached}, attached.ErrNone, "--inventory image"},
		{"a platform that nothing is attached to", s.reference, Options{Database: dir, From: FromAttached, Platforms: []string{"linux/s390x"}}, nil, "linux/s390x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scans, err := Image(context.Background(), tt.reference, tt.options)
			if err == nil || scans != nil || !strings.Contains(err.Error(), tt.words) || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("scans %v, error %v; want %q", scans, err, tt.words)
			}
		})
	}
}

func TestAnSBOMIsScannedAsItIs(t *testing.T) {
	sboms, err := sbom.Read("bom.json", []byte(lodash))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 26, 12, 0, 0, 999, time.FixedZone("", 3600))
	scans, err := SBOM(context.Background(), sboms, Options{Database: database(t), Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{" sbom CVE-2026-2"}, found(scans)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if want := time.Date(2026, 11, 26, 11, 0, 0, 0, time.UTC); !scans[0].ScannedAt.Equal(want) || scans[0].ScannedAt.Location() != time.UTC {
		t.Errorf("scanned at %s", scans[0].ScannedAt)
	}
}

func TestTheSettingInventoryHasThreeValues(t *testing.T) {
	var from From
	if err := from.UnmarshalText([]byte("attached")); err != nil || from != FromAttached {
		t.Errorf("%q, %v", from, err)
	}
	if err := from.UnmarshalText([]byte("sbom")); err == nil || !strings.Contains(err.Error(), "auto image attached") {
		t.Errorf("%q, %v", from, err)
	}
}
