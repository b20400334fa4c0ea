package scan

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	tags "github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// saved is an archive as docker save writes it, of an image of Alpine that has an
// old musl.
func saved(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range [][2]string{{"etc/alpine-release", "3.22.0\n"}, {"lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n"}} {
		must(t, w.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1]))}))
		_, err := io.WriteString(w, f[1])
		must(t, err)
	}
	must(t, w.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	must(t, err)
	image, err := mutate.AppendLayers(empty.Image, layer)
	must(t, err)
	config, err := image.ConfigFile()
	must(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	image, err = mutate.ConfigFile(image, config)
	must(t, err)
	file := filepath.Join(t.TempDir(), "image.tar")
	tag, err := tags.NewTag("shop:1")
	must(t, err)
	must(t, tarball.WriteToFile(file, tag, image))
	return "tarball:" + file
}

func TestAnArchiveHasADigestIfOneIsWanted(t *testing.T) {
	db := t.TempDir()
	must(t, advisoriestest.Write(db, time.Now().UTC(), advisoriestest.Content{
		Advisories: map[string]map[string]map[string]any{"alpine 3.22": {"musl": {"CVE-2026-1": types.Advisory{FixedVersion: "1.2.6-r0"}}}},
		Sources:    map[string]types.DataSource{"alpine 3.22": {ID: "alpine"}},
	}))
	reference := saved(t)
	for _, undigested := range []bool{true, false} {
		scans, err := Image(context.Background(), reference, Options{Database: db, Undigested: undigested})
		must(t, err)
		if len(scans) != 1 || len(scans[0].Findings) != 1 || scans[0].Findings[0].ID != "CVE-2026-1" || len(scans[0].Warnings) > 0 {
			t.Fatalf("undigested %t: scanned %+v", undigested, scans)
		}
		if got := scans[0].Inventory.Digest; (got == "") != undigested {
			t.Errorf("undigested %t: the digest is %q", undigested, got)
		}
	}
}
