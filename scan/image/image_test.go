package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	archive "github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/prodgate/prodgate/scan/inventory"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// entry is one entry of a layer: a file, unless header says otherwise.
type entry struct {
	name string
	body string
	head func(*tar.Header)
}

func file(name, body string) entry { return entry{name: name, body: body} }

func folder(name string) entry {
	return entry{name: name, head: func(h *tar.Header) { h.Typeflag, h.Mode = tar.TypeDir, 0o755 }}
}

func symlink(name, target string) entry {
	return entry{name: name, head: func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeSymlink, target }}
}

func hardlink(name, target string) entry {
	return entry{name: name, head: func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeLink, target }}
}

// pack is a layer as tar.
func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		if e.head != nil {
			e.head(h)
		}
		must(t, w.WriteHeader(h))
		_, err := io.WriteString(w, e.body)
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

// made is a layer that the tests made: what is in the registry, and what it
// claims to be.
type made struct {
	packed, plain []byte
	mediaType     types.MediaType
	claimed       v1.Hash // as diff_id; empty: what it is
}

func (m made) Digest() (v1.Hash, error) {
	h, _, err := v1.SHA256(bytes.NewReader(m.packed))
	return h, err
}

func (m made) DiffID() (v1.Hash, error) {
	if m.claimed.Hex != "" {
		return m.claimed, nil
	}
	h, _, err := v1.SHA256(bytes.NewReader(m.plain))
	return h, err
}
func (m made) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m.packed)), nil
}
func (m made) Uncompressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m.plain)), nil
}
func (m made) Size() (int64, error)                { return int64(len(m.packed)), nil }
func (m made) MediaType() (types.MediaType, error) { return m.mediaType, nil }

// zipped is a layer packed with gzip.
func zipped(t testing.TB, plain []byte) made {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(plain)
	must(t, err)
	must(t, w.Close())
	return made{packed: out.Bytes(), plain: plain, mediaType: types.OCILayer}
}

// layers are layers packed with gzip, the oldest first.
func layers(t testing.TB, list ...[]entry) []v1.Layer {
	t.Helper()
	var made []v1.Layer
	for _, entries := range list {
		made = append(made, zipped(t, pack(t, entries...)))
	}
	return made
}

// imageFor is an image of those layers for a platform.
func imageFor(t testing.TB, os, arch, variant string, layers ...v1.Layer) v1.Image {
	t.Helper()
	config := &v1.ConfigFile{OS: os, Architecture: arch, Variant: variant, RootFS: v1.RootFS{Type: "layers"}}
	image, err := mutate.ConfigFile(mutate.MediaType(empty.Image, types.OCIManifestSchema1), config)
	must(t, err)
	var adds []mutate.Addendum
	for _, l := range layers {
		adds = append(adds, mutate.Addendum{Layer: l})
	}
	image, err = mutate.Append(image, adds...)
	must(t, err)
	return image
}

// host is a registry in this process.
func host(t testing.TB) string {
	t.Helper()
	s := httptest.NewServer(server.New(server.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func tagOf(t testing.TB, reference string) name.Tag {
	t.Helper()
	tag, err := name.NewTag(reference)
	must(t, err)
	return tag
}

// stored lays an image out in a folder and says how to refer to it.
func stored(t testing.TB, image v1.Image) string {
	t.Helper()
	dir := t.TempDir()
	path, err := layout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendImage(image))
	return "oci:" + dir
}

// readOne reads the image of one platform.
func readOne(t testing.TB, reference string) (*inventory.Inventory, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	artifact, err := Read(ctx, reference, Options{})
	if err != nil {
		return nil, err
	}
	if len(artifact.Inventories) != 1 {
		t.Fatalf("read %d inventories", len(artifact.Inventories))
	}
	return artifact.Inventories[0], nil
}

// inventoryOf reads an image made of those layers.
func inventoryOf(t testing.TB, list ...[]entry) *inventory.Inventory {
	t.Helper()
	inv, err := readOne(t, stored(t, imageFor(t, "linux", "amd64", "", layers(t, list...)...)))
	must(t, err)
	return inv
}

// names are the packages, name and version.
func names(inv *inventory.Inventory) []string {
	list := []string{}
	for _, p := range inv.Packages {
		list = append(list, p.Name+" "+p.FullVersion())
	}
	slices.Sort(list)
	return list
}

// reasons are what could not be read, and why.
func reasons(inv *inventory.Inventory) string {
	var list []string
	for _, u := range inv.Unread {
		list = append(list, fmt.Sprintf("%s %s: %s", u.Package, u.Version, u.Reason))
	}
	return strings.Join(list, "\n")
}

// equal compares names.
func equal(t *testing.T, inv *inventory.Inventory, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), names(inv)); diff != "" {
		t.Errorf("the packages differ (-want +got):\n%s\nunread: %s", diff, reasons(inv))
	}
}

const (
	debianBookworm = "12.8\n"

	bash = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\nSource: bash (5.2.15-2)\nMaintainer: Matthias Klose <doko@debian.org>\n"
	zlib = "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13.dfsg-1\nSource: zlib\n"
)

// base is a small Debian.
func base() []entry {
	return []entry{
		folder("etc"), file("etc/debian_version", debianBookworm), symlink("etc/os-release", "../usr/lib/os-release"),
		file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n"), file("var/lib/dpkg/status", bash+"\n"+zlib),
	}
}

// lodash is a package of npm.
func lodash(dir, version string) entry {
	return file(dir+"/package.json", `{"name":"lodash","version":"`+version+`"}`)
}

func TestAnImageIsReadFromEveryKindOfPlace(t *testing.T) {
	image := imageFor(t, "linux", "arm64", "v8", layers(t, base(), []entry{lodash("srv/node_modules/lodash", "4.17.20")})...)
	digest, err := image.Digest()
	must(t, err)
	repository := host(t) + "/team/app"
	must(t, remote.Write(tagOf(t, repository+":one"), image))
	crane := filepath.Join(t.TempDir(), "crane.tar")
	must(t, archive.WriteToFile(crane, tagOf(t, "app:one"), image))

	for _, reference := range []string{repository + ":one", repository + "@" + digest.String(), stored(t, image), "tarball:" + crane} {
		inv, err := readOne(t, reference)
		must(t, err)
		equal(t, inv, "bash 5.2.15-2+b7", "lodash 4.17.20", "zlib1g 1:1.2.13.dfsg-1")
		if inv.Platform != "linux/arm64/v8" || inv.Kind != inventory.KindImage || inv.OS == nil || inv.OS.Family != "debian" || inv.OS.Name != "12.8" {
			t.Errorf("%s: platform %q, kind %q, distribution %+v", reference, inv.Platform, inv.Kind, inv.OS)
		}
		if want := digest.String(); !strings.HasPrefix(reference, "tarball:") && inv.Digest != want {
			t.Errorf("%s: the digest is %s, want %s", reference, inv.Digest, want)
		}
		if len(inv.Unread) > 0 {
			t.Errorf("%s: unread: %s", reference, reasons(inv))
		}
		p := inv.Packages[0]
		want := inventory.Package{
			Class: inventory.ClassOS, Type: "debian", Name: "bash", Version: "5.2.15", Release: "2+b7", Arch: "amd64",
			SrcName: "bash", SrcVersion: "5.2.15", SrcRelease: "2", Vendor: "Matthias Klose <doko@debian.org>", Target: reference + " (debian 12.8)",
		}
		if diff := cmp.Diff(want, p); diff != "" {
			t.Errorf("the package differs (-want +got):\n%s", diff)
		}
	}

	artifact, err := Read(context.Background(), "tarball:"+crane, Options{Undigested: true})
	must(t, err)
	if artifact.Digest != "" || len(artifact.Inventories) != 1 || artifact.Inventories[0].Digest != "" {
		t.Errorf("an archive has the digest %q without packing it", artifact.Digest)
	}
	equal(t, artifact.Inventories[0], "bash 5.2.15-2+b7", "lodash 4.17.20", "zlib1g 1:1.2.13.dfsg-1")
}

func TestEachWantedPlatformIsRead(t *testing.T) {
	var adds []mutate.IndexAddendum
	for _, p := range []v1.Platform{{OS: "linux", Architecture: "arm64", Variant: "v8"}, {OS: "linux", Architecture: "amd64"}} {
		image := imageFor(t, p.OS, p.Architecture, p.Variant, layers(t, base(), []entry{lodash("srv/node_modules/lodash", "1.0."+fmt.Sprint(len(p.Architecture+p.Variant)))})...)
		adds = append(adds, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &p}})
	}
	index := mutate.AppendManifests(empty.Index, adds...)
	repository := host(t) + "/team/app"
	must(t, remote.WriteIndex(tagOf(t, repository+":many"), index))
	digest, err := index.Digest()
	must(t, err)

	tests := []struct {
		name   string
		wanted []string
		want   []string
		err    string
	}{
		{"all, in the order of their names", nil, []string{"linux/amd64", "linux/arm64/v8"}, ""},
		{"one", []string{"linux/amd64"}, []string{"linux/amd64"}, ""},
		{"one whose variant does not matter", []string{"linux/arm64"}, []string{"linux/arm64/v8"}, ""},
		{"one twice", []string{"linux/arm64/v8", "linux/arm64"}, []string{"linux/arm64/v8"}, ""},
		{"one that is not there", []string{"linux/amd64", "linux/s390x"}, nil, "it has no image for linux/s390x, only for linux/arm64/v8, linux/amd64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			artifact, err := Read(context.Background(), repository+":many", Options{Platforms: tt.wanted})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("the error is %v, want %q in it", err, tt.err)
				}
				return
			}
			must(t, err)
			var got []string
			for _, inv := range artifact.Inventories {
				got = append(got, inv.Platform)
				if inv.Digest == artifact.Digest || !strings.HasPrefix(inv.Digest, "sha256:") {
					t.Errorf("%s has the digest %s", inv.Platform, inv.Digest)
				}
			}
			if !slices.Equal(got, tt.want) || artifact.Digest != digest.String() {
				t.Errorf("read %q of %s, want %q of %s", got, artifact.Digest, tt.want, digest)
			}
		})
	}
}

func TestLayersAreReadHoweverTheyArePacked(t *testing.T) {
	plain := pack(t, base()...)
	encoder, err := zstd.NewWriter(nil)
	must(t, err)
	for name, l := range map[string]made{
		"gzip":                           zipped(t, plain),
		"zstd":                           {packed: encoder.EncodeAll(plain, nil), plain: plain, mediaType: types.OCILayerZStd},
		"zstd after a skippable frame":   {packed: append([]byte("\x5e\x2a\x4d\x18\x02\x00\x00\x00ab"), encoder.EncodeAll(plain, nil)...), plain: plain, mediaType: types.OCILayerZStd},
		"not at all":                     {packed: plain, plain: plain, mediaType: types.OCIUncompressedLayer},
		"gzip in two parts":              {packed: append(zipped(t, plain[:1024]).packed, zipped(t, plain[1024:]).packed...), plain: plain, mediaType: types.DockerLayer},
		"otherwise than the media type":  {packed: encoder.EncodeAll(plain, nil), plain: plain, mediaType: types.DockerLayer},
		"with bytes after the last file": zipped(t, append(slices.Clone(plain), make([]byte, 20<<10)...)),
	} {
		t.Run(name, func(t *testing.T) {
			inv, err := readOne(t, stored(t, imageFor(t, "linux", "amd64", "", l)))
			must(t, err)
			equal(t, inv, "bash 5.2.15-2+b7", "zlib1g 1:1.2.13.dfsg-1")
		})
	}
}

func TestProgressIsReported(t *testing.T) {
	big := file("srv/data", strings.Repeat("0123456789abcdef", 1<<20))
	image := imageFor(t, "linux", "amd64", "", made{packed: pack(t, append(base(), big)...), plain: pack(t, append(base(), big)...), mediaType: types.OCIUncompressedLayer})
	var last, total int64
	calls := 0
	_, err := Read(context.Background(), stored(t, image), Options{Progress: func(read, all int64) {
		if read <= last {
			t.Errorf("after %d bytes came %d", last, read)
		}
		calls, last, total = calls+1, read, all
	}})
	must(t, err)
	if last != total || total < 16<<20 || calls < 3 {
		t.Errorf("told %d times, at last %d of %d bytes", calls, last, total)
	}
}
