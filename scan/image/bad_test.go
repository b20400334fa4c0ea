package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/prodgate/prodgate/internal/race"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/scan/language"
)

// zeros is so many zero bytes, packed with gzip.
func zeros(t testing.TB, mebibytes int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	must(t, err)
	block := make([]byte, 1<<20)
	for range mebibytes {
		_, err := w.Write(block)
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

func TestALayerThatCannotBeReadIsAnErrorThatNamesIt(t *testing.T) {
	plain := pack(t, base()...)
	good := zipped(t, plain)
	damaged := func(change func([]byte) []byte) made {
		return made{packed: change(bytes.Clone(good.packed)), plain: plain, mediaType: types.OCILayer}
	}
	type bad struct {
		name string
		bad  made
		want string
	}
	tests := []bad{
		{"cut short", damaged(func(b []byte) []byte { return b[:len(b)/2] }), "unexpected EOF"},
		{"no gzip behind its first bytes", damaged(func(b []byte) []byte { copy(b[2:], "xxxxxxxx"); return b }), "gzip"},
		{"a flipped bit", damaged(func(b []byte) []byte { b[len(b)-6] ^= 1; return b }), "checksum"},
		{"bytes that follow", damaged(func(b []byte) []byte { return append(b, "more than there should be"...) }), "gzip"},
		{"no tar", zipped(t, bytes.Repeat([]byte("no tar "), 1000)), "tar"},
		{"a tar cut short", zipped(t, plain[:len(plain)-2048-700]), "unexpected EOF"},
		{"another diff_id", made{packed: good.packed, plain: plain, mediaType: types.OCILayer, claimed: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("a", 64)}}, "the image's configuration says sha256:aaaa"},
		{"a negative size", zipped(t, negative(pack(t, file("a", "b")))), "tar"},
		{"a path without end", zipped(t, pack(t, file(strings.Repeat("a/", 3000)+"b", "x"))), "a path has 6001 bytes"},
		{"a whiteout of the folder itself", zipped(t, pack(t, file("etc/.wh..", ""))), "deletes nothing that can be named"},
		{"a whiteout of nothing", zipped(t, pack(t, file("etc/.wh.", ""))), "deletes nothing that can be named"},
		{"an encrypted layer", made{packed: good.packed, plain: plain, mediaType: types.OCILayer + "+encrypted"}, "it is encrypted"},
		{"something that is no layer", made{packed: good.packed, plain: plain, mediaType: "application/vnd.in-toto+json"}, "not a file system layer"},
	}
	if !race.Enabled || !testing.Short() { // these unpack many megabytes
		encoder, err := zstd.NewWriter(nil, zstd.WithWindowSize(64<<20))
		must(t, err)
		wide := pack(t, file("srv/x", strings.Repeat("abc", 30<<20)))
		tests = append(tests, []bad{
			{"a gzip bomb", made{packed: zeros(t, 700), plain: plain, mediaType: types.OCILayer}, "it unpacks to more than 200 times its size"},
			{"a zstd window that fills memory", made{packed: encoder.EncodeAll(wide, nil), plain: wide, mediaType: types.OCILayerZStd}, "window size exceeded"},
		}...)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			digest, err := tt.bad.Digest()
			must(t, err)
			image := imageFor(t, "linux", "amd64", "", good, tt.bad)
			inv, err := readOne(t, stored(t, image))
			if err == nil {
				t.Fatalf("read %q", names(inv))
			}
			for _, want := range []string{tt.want, "layer 2 of 2", digest.String()} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error is %v, want %q in it", err, want)
				}
			}
			if errors.Is(err, registry.ErrAbsent) {
				t.Errorf("it reads as absent: %v", err)
			}
		})
	}
}

// negative gives the first entry of a tar a size below nothing.
func negative(plain []byte) []byte {
	changed := bytes.Clone(plain)
	copy(changed[124:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0})
	copy(changed[148:156], "        ")
	sum := 0
	for _, b := range changed[:512] {
		sum += int(b)
	}
	copy(changed[148:], fmt.Sprintf("%06o\x00 ", sum))
	return changed
}

func TestAnAlteredLayerIsAnError(t *testing.T) {
	reference := stored(t, imageFor(t, "linux", "amd64", "", layers(t, base())...))
	other := zipped(t, pack(t, append(base(), lodash("a", "1.0.0"))...))
	blobs := filepath.Join(strings.TrimPrefix(reference, "oci:"), "blobs", "sha256")
	list, err := os.ReadDir(blobs)
	must(t, err)
	for _, blob := range list {
		raw, err := os.ReadFile(filepath.Join(blobs, blob.Name()))
		must(t, err)
		if raw[0] == 0x1f {
			must(t, os.WriteFile(filepath.Join(blobs, blob.Name()), other.packed, 0o644))
		}
	}
	if inv, err := readOne(t, reference); err == nil || !strings.Contains(err.Error(), "layer 1 of 1") {
		t.Errorf("read %v, %v", inv, err)
	}
}

func TestAnImageThatClaimsWhatItHasNotIsAnError(t *testing.T) {
	race.SkipSweep(t)
	one := layers(t, base())[0]
	var many []v1.Layer
	for range 1001 {
		many = append(many, one)
	}
	image := imageFor(t, "linux", "amd64", "", many...)
	if _, err := readOne(t, stored(t, image)); err == nil || !strings.Contains(err.Error(), "it claims 1001 layers") {
		t.Errorf("1001 layers: %v", err)
	}
	config, err := imageFor(t, "linux", "amd64", "", one).ConfigFile()
	must(t, err)
	config = config.DeepCopy()
	config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, config.RootFS.DiffIDs[0])
	image, err = mutate.ConfigFile(imageFor(t, "linux", "amd64", "", one), config)
	must(t, err)
	if _, err := readOne(t, stored(t, image)); err == nil || !strings.Contains(err.Error(), "its manifest has 1 layers and its configuration 2") {
		t.Errorf("another number of layers: %v", err)
	}
}

func TestALayerThatIsNotThereIsAnError(t *testing.T) {
	for mediaType, want := range map[types.MediaType]string{
		types.OCILayer: "has no such", types.DockerForeignLayer: "that a registry need not hold",
	} {
		reference := stored(t, imageFor(t, "linux", "amd64", "", made{packed: zipped(t, pack(t, base()...)).packed, plain: pack(t, base()...), mediaType: mediaType}))
		blobs := filepath.Join(strings.TrimPrefix(reference, "oci:"), "blobs", "sha256")
		list, err := os.ReadDir(blobs)
		must(t, err)
		for _, blob := range list {
			raw, err := os.ReadFile(filepath.Join(blobs, blob.Name()))
			must(t, err)
			if raw[0] == 0x1f {
				must(t, os.Remove(filepath.Join(blobs, blob.Name())))
			}
		}
		if _, err := readOne(t, reference); err == nil || !strings.Contains(err.Error(), "layer 1 of 1") {
			t.Errorf("%s: %v, want %q", mediaType, err, want)
		}
	}
}

func TestFilesWithoutEndCostNoMoreThanTheyMay(t *testing.T) {
	race.SkipSweep(t)
	const most = 100_000
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := range most + 2000 {
		must(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: fmt.Sprintf("%07d", i), Linkname: "x"}))
	}
	must(t, w.Close())
	reference := stored(t, imageFor(t, "linux", "amd64", "", zipped(t, out.Bytes())))
	out.Reset()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, err := Read(context.Background(), reference, Options{entries: most})
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "more than 100000 files") {
		t.Errorf("the error is %v", err)
	}
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 24<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
	if inv, err := Read(context.Background(), reference, Options{entries: most + 3000}); err != nil {
		t.Errorf("as many as there may be: %v, %v", inv, err)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	reference := stored(t, imageFor(t, "linux", "amd64", "", layers(t, base(), []entry{file("srv/data", strings.Repeat("x", 8<<20))})...))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, reference, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	before := runtime.NumGoroutine()
	for range 20 {
		_, _ = Read(ctx, reference, Options{})
	}
	time.Sleep(50 * time.Millisecond)
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("%d goroutines became %d", before, after)
	}
}

func TestAPanicOverOneFileIsAFileThatCannotBeRead(t *testing.T) {
	image := imageFor(t, "linux", "amd64", "", layers(t, base())...)
	ref, err := registry.Parse(stored(t, image), registry.Options{})
	must(t, err)
	digest, err := image.Digest()
	must(t, err)
	described, err := ref.Image(context.Background(), digest.String())
	must(t, err)
	r := &reader{
		ref: ref, image: described, progress: newProgress(described, nil),
		wanted: func(path string, _ fs.FileMode, _ int64) bool {
			return path == "usr/lib/os-release2" || strings.HasSuffix(path, "x")
		},
		analyze: func(context.Context, string, int64, io.Reader) (language.Result, error) { panic("out of range") },
	}
	l := &layer{name: "x"}
	w := &walk{reader: r, layer: l, files: tar.NewReader(bytes.NewReader(pack(t, file("a/x", "y"))))}
	must(t, w.all(context.Background()))
	if f := l.found["a/x"]; f == nil || len(f.language.Unread) != 1 || !strings.Contains(f.language.Unread[0].Reason, "out of range") {
		t.Errorf("found %+v", f)
	}
}

func TestADamagedDatabaseIsNotReadAsEmpty(t *testing.T) {
	release := file("etc/debian_version", debianBookworm)
	tests := []struct {
		name   string
		file   entry
		want   []string
		unread string
	}{
		{"rpm, cut short", file("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00"), nil, "the database of rpm is damaged: it has 16 bytes: it was cut short"},
		{"rpm, empty", file("var/lib/rpm/Packages", ""), nil, "var/lib/rpm/Packages : it is empty"},
		{"rpm, something else", file("var/lib/rpm/Packages.db", strings.Repeat("x", 4096)), nil, "not an rpm database"},
		{"rpm, with a log beside it", file("var/lib/rpm/rpmdb.sqlite-wal", "7\x7f\x06\x82"+strings.Repeat("s", 60)), nil, "it holds changes that may not be in the database of rpm yet"},
		{"dpkg, with a line that is none", file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1-1\nno field\n\n"+bash), []string{"a 1-1", "bash 5.2.15-2+b7"}, `a 1-1: var/lib/dpkg/status has a line that is no field: "no field"`},
		{"dpkg, a package without its version", file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\n\n"+bash), []string{"bash 5.2.15-2+b7"}, "a : var/lib/dpkg/status lists it without its name or its version"},
		{"dpkg, a version that is none", file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: x\n\n"+bash), []string{"bash 5.2.15-2+b7"}, "a x: its version is not a valid Debian version"},
		{"dpkg, cut short", file("var/lib/dpkg/status", bash+"\nPackage: a\nStat"), []string{"bash 5.2.15-2+b7"}, `var/lib/dpkg/status has a line that is no field: "Stat"`},
		{"dpkg, binary", file("var/lib/dpkg/status", "\x00\x01\x02"), nil, "var/lib/dpkg/status has a line that is no field"},
		{"dpkg, empty", file("var/lib/dpkg/status", ""), nil, "it is debian 12.8, and no package of it is listed"},
		{"apk, without versions", file("lib/apk/db/installed", "P:musl\n\nP:zlib\nV:1.3-r0\n"), []string{"zlib 1.3-r0"}, "musl : lib/apk/db/installed gives it an invalid apk version"},
		{"apk, without names", file("lib/apk/db/installed", "V:1.3-r0\n"), nil, "it lists a package of version 1.3-r0 without its name"},
		{"rpm's manifest", file("var/lib/rpmmanifest/container-manifest-2", "bash\t5\n"), nil, "a line has 2 columns and not 10"},
		{"Bottlerocket's inventory", file("x86_64-bottlerocket-linux-gnu/sys-root/usr/share/bottlerocket/application-inventory.json", "{"), nil, "the list of Bottlerocket's packages"},
		{"Red Hat's content sets", file("root/buildinfo/content_manifests/x.json", "["), nil, "the content sets of Red Hat"},
		{"nothing at all", file("srv/x", "x"), nil, "no package of it is listed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := inventoryOf(t, []entry{release, tt.file})
			equal(t, inv, tt.want...)
			if got := reasons(inv); !strings.Contains(got, tt.unread) {
				t.Errorf("unread is %q, want %q in it", got, tt.unread)
			}
		})
	}
	if got := reasons(inventoryOf(t, []entry{file("srv/x", "x")})); !strings.Contains(got, "neither a distribution nor any package was recognised in it") {
		t.Errorf("an image of nothing known: %q", got)
	}
	if got := reasons(inventoryOf(t, []entry{file("var/lib/dpkg/status", bash)})); !strings.Contains(got, "no file names the distribution") {
		t.Errorf("packages of nobody: %q", got)
	}
}
