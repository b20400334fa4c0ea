package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/scan/language"
	"github.com/prodgate/prodgate/scan/rpmdb/rpmdbtest"
)

// within fails if read costs more memory than a stranger's bytes may.
func within(t *testing.T, size int, read func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20+uint64(500*size) {
		t.Errorf("%d bytes cost %d of memory", size, used)
	}
}

func FuzzLayer(f *testing.F) {
	f.Add(pack(f, append(base(), lodash("a", "1.0.0"), hardlink("b/package.json", "a/package.json"), file("etc/.wh.x", ""), file("srv/.wh..wh..opq", ""))...))
	f.Add(zipped(f, pack(f, symlink("var/lib/dpkg", "/x"), file("x/status", bash))).packed)
	f.Add(negative(pack(f, file("a", "b"))))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58})
	f.Fuzz(func(t *testing.T, raw []byte) {
		within(t, len(raw), func() {
			r := &reader{wanted: language.Wanted, analyze: language.Analyze}
			s := &stream{packed: &meter{inner: bytes.NewReader(raw), progress: &progress{}}, close: func() {}}
			if err := s.start(); err != nil {
				return
			}
			defer s.close()
			l := &layer{}
			w := &walk{reader: r, layer: l, files: tar.NewReader(s)}
			if w.all(context.Background()) != nil {
				return
			}
			l.sort()
			l.own()
			tr := &tree{layers: []*layer{l, l}}
			tr.linkTargets()
			inv := tr.inventory("x")
			if len(inv.Packages) == 0 && len(inv.Unread) == 0 {
				t.Error("nothing was found, and nothing is said of it")
			}
		})
	})
}

// fuzz runs one of the readers of the distribution's files.
func fuzz(f *testing.F, at string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		within(t, len(raw), func() {
			found := &found{path: at}
			err := kindOf(at).readInto(found, bytes.NewReader(raw), int64(len(raw)))
			if err != nil && strings.Contains(err.Error(), "runtime error") {
				t.Error(err)
			}
		})
	})
}

func FuzzDpkg(f *testing.F) {
	fuzz(f, "var/lib/dpkg/status", bash+"\n"+zlib, "Package: a\nStatus: deinstall ok config-files\n", "Package: a\nVersion: x\n \n:\n", "\n\n\n")
}

func FuzzApk(f *testing.F) {
	fuzz(f, "lib/apk/db/installed", "C:Q1x\nP:musl\nV:1.2.5-r0\nA:x86_64\no:musl\nF:lib\nR:ld-musl-x86_64.so.1\n\nP:a\n", "V:1\n\n")
}

func FuzzOSRelease(f *testing.F) {
	fuzz(f, "etc/os-release", "ID=\"rhel\"\nVERSION_ID='9.4'\nNAME=x\n", "ID=centos\nNAME=\"CentOS Stream\"\nVERSION_ID=9\n", "=\n")
}

func FuzzDockerfile(f *testing.F) {
	fuzz(f, "root/buildinfo/Dockerfile-ubi8-8.4-1", "FROM x\nARG A=b\nENV V ${A}c \\\n # x\nLABEL com.redhat.component=\"$V\" architecture='x86_64'\n", "LABEL \"\n")
}

func FuzzRPM(f *testing.F) {
	headers := [][]byte{rpmdbtest.Named("bash", 20), rpmdbtest.Named("glibc", 400)}
	fuzz(f, "var/lib/rpm/Packages", string(rpmdbtest.NDB(headers...)), string(rpmdbtest.SQLite(headers...)),
		string(rpmdbtest.Berkeley(binary.LittleEndian, 512, headers...)), string(rpmdbtest.Berkeley(binary.BigEndian, 4096, headers...)))
}

func FuzzRepositories(f *testing.F) {
	fuzz(f, "etc/apk/repositories", "https://dl-cdn.alpinelinux.org/alpine/v3.20/main\nhttp://x/alpine/edge/testing\n", "https://a/alpine/v3/\nhttps://b/wolfi/os/\n")
}
