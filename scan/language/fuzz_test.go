package language

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// check reads the file as Analyze does, but lets a panic through: the one that
// is contained there is a bug that a fuzzer is to find.
func check(t *testing.T, path string, raw []byte) {
	t.Helper()
	f := &file{ctx: t.Context(), path: path, size: int64(len(raw)), r: iotest.HalfReader(bytes.NewReader(raw)), kind: kindOf(path)}
	if f.kind == nil {
		f.kind = &kind{read: readProgram}
	}
	if err := f.kind.read(f); f.err != nil {
		t.Fatalf("the reader failed: %v (%v)", f.err, err)
	}
	if f.buffered != 0 {
		t.Errorf("%d bytes are still held", f.buffered)
	}
	for _, p := range f.found.Packages {
		if p.Type == "" || p.Target != path || !strings.HasPrefix(p.FilePath, path) || !utf8.ValidString(p.Name+p.Version) {
			t.Errorf("%+v", p)
		}
	}
	for _, u := range f.found.Unread {
		if u.Package == "" || u.Reason == "" || !utf8.ValidString(u.Reason+u.Version) {
			t.Errorf("%+v", u)
		}
	}
}

func FuzzManifest(f *testing.F) {
	paths := []string{
		"node_modules/a/package.json", "p/a.dist-info/METADATA", "g/specifications/a.gemspec", "v/composer/installed.json",
		"a.deps.json", "packages.lock.json", "packages.config", "Packages.props", "conda-meta/a-b-c.json", "Cargo.lock", "Manifest.toml", "opt/bitnami/a/.spdx-a.spdx",
	}
	for i, seed := range []string{
		`{"name":"a","version":"1"}`, "Name: a\nVersion: 1\n", "Gem::Specification.new do |s|\n s.name = \"a\"\n s.version = '1'",
		`{"packages":[{"name":"a/b","version":"1"}]}`, `{"runtimeTarget":{"name":"x"},"targets":{"x":{"A/1":{"runtime":{}}}},"libraries":{"A/1":{"type":"package"}}}`,
		`{"dependencies":{"net6":{"A":{"type":"Direct","resolved":"1"}}}}`, `<packages><package id="A" version="1"/></packages>`,
		`<Project><ItemGroup><PackageVersion Include="A" Version="1"/></ItemGroup></Project>`, `{"name":"a","version":"1"}`,
		"[[package]]\nname = \"a\"\nversion = \"1\"\n", "manifest_format = \"2.0\"\n[[deps.A]]\nuuid = \"b\"\n",
		`{"packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:bitnami/a@1%2B2"}]}]}`,
	} {
		f.Add(i, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, i int, raw []byte) { check(t, paths[uint(i)%uint(len(paths))], raw) })
}

func FuzzArchive(f *testing.F) {
	f.Add(false, archiveOf(f, pom("g", "a", "1"), manifestOf("Bundle-Name: a", "Bundle-SymbolicName: b.a", "Bundle-Version: 1")))
	f.Add(false, archiveOf(f, nest(f, "lib/a-1.jar", true, pom("g", "a", "1")), nest(f, "lib/b-1.war", false, class("A.class"))))
	f.Add(true, archiveOf(f, entry{name: "EGG-INFO/PKG-INFO", content: "Name: a\nVersion: 1\n"}))
	f.Fuzz(func(t *testing.T, egg bool, raw []byte) {
		path := "lib/a-1.jar"
		if egg {
			path = "a.egg"
		}
		check(t, path, raw)
	})
}

func FuzzProgram(f *testing.F) {
	list := framed("path\tx\nmod\tx\t(devel)\t\ndep\ty\tv1\th1:x=\n=>\tz\tv2\th1:y=\nbuild\t-ldflags=\"-X main.version=1.0\"\n")
	f.Add(goELF(true, nil, goInfo("go1.22", list)))
	f.Add(oldGoELF("go1.16", list, 0x100000+256))
	f.Add([]byte("MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00" + "PE\x00\x00\x64\x86\x01\x00" + strings.Repeat("\x00", 300)))
	f.Add([]byte("\xcf\xfa\xed\xfe" + strings.Repeat("\x00", 12) + "\x01\x00\x00\x00" + strings.Repeat("\x00", 12) + "\x19\x00\x00\x00\x98\x00\x00\x00" + strings.Repeat("\x00", 300)))
	f.Add([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x02" + strings.Repeat("\x00", 200)))
	f.Add([]byte("\x00asm\x01\x00\x00\x00" + strings.Repeat("\x00", 200)))
	f.Fuzz(func(t *testing.T, raw []byte) { check(t, "bin/app", raw) })
}

func FuzzCrates(f *testing.F) {
	f.Add([]byte(crates))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file := &file{ctx: t.Context(), path: "bin/app", kind: &kind{name: "rustbinary"}}
		_ = file.addRust(raw)
	})
}

func FuzzLinkerFlags(f *testing.F) {
	f.Add("-s -w -X 'main.version=1.0.0' -X=main.ver=\"2\"")
	f.Fuzz(func(t *testing.T, line string) {
		words, _ := shellWords(line)
		chooseStamp("example.com/app", linkerVariables(words))
	})
}
