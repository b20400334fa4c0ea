package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	archive "github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/klauspost/compress/zstd"
)

// pack writes the file called name once more, packed, and returns the new name.
func pack(t *testing.T, name, suffix string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	must(t, err)
	var out bytes.Buffer
	var z io.WriteCloser = gzip.NewWriter(&out)
	if suffix == ".zst" {
		z, err = zstd.NewWriter(&out)
		must(t, err)
	}
	_, err = z.Write(content)
	must(t, err)
	must(t, z.Close())
	must(t, os.WriteFile(name+suffix, out.Bytes(), 0o644))
	return name + suffix
}

func TestPackedArchivesAreRead(t *testing.T) {
	one := image(t, "linux", "s390x")
	saved := filepath.Join(t.TempDir(), "image.tar")
	must(t, archive.WriteToFile(saved, tag(t, "registry.example.com/app:one"), one))
	dir := t.TempDir()
	path, err := ocilayout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendImage(one))
	layout := filepath.Join(t.TempDir(), "layout.tar")
	tarred(t, layout, dir)

	for _, name := range []string{saved, layout} {
		for _, suffix := range []string{".gz", ".zst"} {
			reference := "tarball:" + pack(t, name, suffix)
			expect(t, reference, digest(t, one), []string{"linux/s390x"}, nil)
			ref, err := Parse(reference, Options{})
			must(t, err)
			if ref.Saved() != (name == saved) {
				t.Errorf("%s is an archive of docker save: %v", reference, ref.Saved())
			}
			layers, err := ref.Image(context.Background(), digest(t, one))
			must(t, err)
			for _, l := range layers.Layers {
				r, err := ref.Open(context.Background(), l.Digest, 1<<20)
				must(t, err)
				if _, err := io.ReadAll(r); err != nil {
					t.Errorf("%s: %v", reference, err)
				}
				must(t, r.Close())
			}
		}
	}
}

func TestPackedArchivesThatCannotBeReadSaySo(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "image.tar")
	must(t, archive.WriteToFile(file, tag(t, "registry.example.com/app:one"), image(t, "linux", "s390x")))
	whole, err := os.ReadFile(pack(t, file, ".gz"))
	must(t, err)
	cut, xz := filepath.Join(dir, "cut.gz"), filepath.Join(dir, "image.tar.xz")
	must(t, os.WriteFile(cut, whole[:len(whole)/2], 0o644))
	must(t, os.WriteFile(xz, []byte("\xfd7zXZ\x00\x00\x04"), 0o644))
	fails(t, "tarball:"+cut, "unpack it (gzip)")
	fails(t, "tarball:"+xz, "it is packed (xz): unpack it first")

	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	fails(t, "tarball:"+cut, "unpack it (gzip)")
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	t.Setenv("TMPDIR", filepath.Join(tmp, "missing"))
	fails(t, "tarball:"+file+".gz", "it waits on disk while it is read")
}

// endless is zeros without end, and read hardly anything.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAnArchiveThatUnpacksToFarMoreIsStopped(t *testing.T) {
	r := &ratio{inner: endless{}, packed: &counter{read: 1}, read: freeSize - 1<<20}
	if err := (&plain{}).spool(r); err == nil || !strings.Contains(err.Error(), "times its size") {
		t.Errorf("%v, want that it unpacks to too much", err)
	}
}
