package image

import (
	"archive/tar"
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	archive "github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// BenchmarkRead reads an image of 1 GB uncompressed, in five layers: packages of
// Debian, programs of Go, packages of npm, and text that packs as files do. Read
// runs in a process of its own, whose peak of memory is reported.
// PRODGATE_BENCH_MB makes the image another size.
func BenchmarkRead(b *testing.B) {
	megabytes := 1000
	if text := os.Getenv("PRODGATE_BENCH_MB"); text != "" {
		var err error
		megabytes, err = strconv.Atoi(text)
		must(b, err)
	}
	dir := b.TempDir()
	var list []v1.Layer
	total := int64(0)
	for n := range 5 {
		l, size := largeLayer(b, dir, n, megabytes/5)
		list, total = append(list, l), total+size
	}
	path, err := layout.Write(filepath.Join(dir, "image"), empty.Index)
	must(b, err)
	must(b, path.AppendImage(imageFor(b, "linux", "amd64", "", list...)))
	b.SetBytes(total)
	peak := 0.0
	for b.Loop() {
		peak = max(peak, readApart(b, "oci:"+filepath.Join(dir, "image")))
	}
	b.ReportMetric(peak, "peak-MiB")
}

// largeLayer makes layer n of so many megabytes.
func largeLayer(b *testing.B, dir string, n, megabytes int) (v1.Layer, int64) {
	b.Helper()
	file := filepath.Join(dir, fmt.Sprintf("layer-%d.tar", n))
	f, err := os.Create(file)
	must(b, err)
	out := bufio.NewWriterSize(f, 1<<20)
	w := tar.NewWriter(out)
	put := func(name string, mode int64, body []byte) {
		must(b, w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(body)), Typeflag: tar.TypeReg}))
		_, err := w.Write(body)
		must(b, err)
	}
	if n == 0 {
		put("etc/debian_version", 0o644, []byte(debianBookworm))
		var status strings.Builder
		for i := range 500 {
			fmt.Fprintf(&status, "Package: package-%d\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.%d-1\nSource: source-%d\nDescription: %s\n\n", i, i, i/3, strings.Repeat("text ", 100))
		}
		put("var/lib/dpkg/status", 0o644, []byte(status.String()))
	}
	if n == 1 {
		program, err := os.ReadFile(os.Args[0])
		must(b, err)
		put("usr/local/bin/program", 0o755, program)
	}
	random := rand.New(rand.NewPCG(uint64(n), 1))
	words := make([]string, 5000)
	for i := range words {
		words[i] = strconv.FormatUint(random.Uint64(), 36)[:2+random.IntN(8)]
	}
	for i := 0; ; i++ {
		at, err := f.Seek(0, 1)
		must(b, err)
		if at >= int64(megabytes)<<20 {
			break
		}
		var body strings.Builder
		for size := 1<<10 + random.IntN(256<<10); body.Len() < size; {
			body.WriteString(words[random.IntN(len(words))])
			body.WriteByte(' ')
		}
		put(fmt.Sprintf("srv/data-%d/%d/file-%d", n, i/100, i), 0o644, []byte(body.String()))
		if n == 2 {
			put(fmt.Sprintf("srv/node_modules/p%d/package.json", i), 0o644, fmt.Appendf(nil, `{"name":"p%d","version":"1.0.%d"}`, i, i))
		}
	}
	must(b, w.Close())
	must(b, out.Flush())
	size, err := f.Seek(0, 1)
	must(b, err)
	must(b, f.Close())
	l, err := archive.LayerFromFile(file, archive.WithMediaType(types.OCILayer), archive.WithCompressionLevel(1))
	must(b, err)
	return l, size
}

// readApart reads an image in another process and says how much memory that took
// at most, in MiB.
func readApart(b *testing.B, reference string) float64 {
	b.Helper()
	command := exec.Command(os.Args[0], "-test.run", "^TestReadApart$")
	command.Env = append(os.Environ(), "PRODGATE_BENCH_IMAGE="+reference)
	out, err := command.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if peak, ok := strings.CutPrefix(line, "peak KiB: "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(peak))
			must(b, err)
			return float64(n) / 1024
		}
	}
	return 0 // a system that does not say
}

func TestReadApart(t *testing.T) {
	reference := os.Getenv("PRODGATE_BENCH_IMAGE")
	if reference == "" {
		t.Skip("it is what BenchmarkRead runs: go test -run '^$' -bench Read ./scan/image")
	}
	artifact, err := Read(context.Background(), reference, Options{})
	must(t, err)
	inv := artifact.Inventories[0]
	if len(inv.Packages) < 550 || len(inv.Unread) > 0 {
		t.Fatalf("read %d packages; unread: %s", len(inv.Packages), reasons(inv))
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			fmt.Println("peak KiB:", fields[1])
		}
	}
}
