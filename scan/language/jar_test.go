package language

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entry is one file of an archive that a test writes.
type entry struct {
	name, content string
	stored        bool
}

func archiveOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		method := zip.Deflate
		if e.stored {
			method = zip.Store
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pom is the pom.properties of an artifact, where Maven puts it.
func pom(group, artifact, version string) entry {
	return entry{name: "META-INF/maven/" + group + "/" + artifact + "/pom.properties",
		content: "#Created by Apache Maven 3.9\r\nversion=" + version + "\r\ngroupId=" + group + "\r\nartifactId=" + artifact + "\r\n"}
}

func manifestOf(lines ...string) entry {
	return entry{name: "META-INF/MANIFEST.MF", content: "Manifest-Version: 1.0\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\nName: a/\r\nImplementation-Version: 99\r\n"}
}

func class(name string) entry { return entry{name: name, content: "\xca\xfe\xba\xbe"} }

func nest(t testing.TB, name string, stored bool, entries ...entry) entry {
	return entry{name, string(archiveOf(t, entries...)), stored}
}

func TestJars(t *testing.T) {
	ours := class("com/example/App.class")
	for _, tt := range []struct {
		name, path string
		entries    []entry
		want       []string // type, name, version, and where in the file
		unread     string
	}{
		{"one that Maven built", "lib/log4j-core-2.14.1.jar", []entry{pom("org.apache.logging.log4j", "log4j-core", "2.14.1"), ours}, []string{"org.apache.logging.log4j:log4j-core 2.14.1"}, ""},
		{"one that was renamed", "app.jar", []entry{pom("com.example", "shop", "1.0"), manifestOf("Created-By: Maven JAR Plugin 3.4"), ours}, []string{"com.example:shop 1.0"}, ""},
		{"one of another version than its name says", "lib/a-1.0-repackaged.jar", []entry{pom("g", "a", "1.0"), ours}, []string{"g:a 1.0"}, ""},
		{"one with others shaded into it", "lib/a-1.0.jar", []entry{pom("g", "a", "1.0"), pom("h", "b", "2"), ours}, []string{"g:a 1.0", "h:b 2"}, ""},
		{"one with others shaded into it that does not name itself", "lib/a-1.0.jar", []entry{pom("h", "b", "2"), ours}, []string{"h:b 2"}, "it is a,"},
		{"a renamed one that names only what is shaded into it", "lib/guice.jar", []entry{pom("cglib", "cglib", "3.2"), manifestOf("Bundle-Version: 4.2.3"), ours}, []string{"cglib:cglib 3.2"}, "which artifact"},
		{"a renamed one whose manifest has its version", "lib/maven3-core.jar", []entry{pom("org.apache.maven", "maven-core", "3.8.7"), pom("h", "b", "2"), manifestOf("Implementation-Version: 3.8.7"), ours}, []string{"org.apache.maven:maven-core 3.8.7", "h:b 2"}, ""},
		{"the same version written in two ways", "lib/a-1.0.jar", []entry{pom("g", "a", "1.0"), {name: "META-INF/maven/x/pom.properties", content: "groupId=g\nartifactId=a\nversion=1.0.0\n"}, ours}, []string{"g:a 1.0"}, ""},
		{"a pom.properties that is incomplete", "lib/a-1.0.jar", []entry{{name: "META-INF/maven/pom.properties", content: "groupId=g\nartifactId=a\n"}, ours}, nil, "it is a,"},
		{"one that only its manifest names", "lib/guice-jmx.jar", []entry{manifestOf("Bundle-SymbolicName: com.google.inject.guice-jmx", "Bundle-Name: guice-j", " mx", "Bundle-Version: 4.2.3"), ours}, []string{"com.google.inject:guice-jmx 4.2.3"}, "looks like com.google.inject:guice-jmx"},
		{"a manifest with words for names", "lib/tomcat.jar", []entry{manifestOf("Implementation-Vendor: Apache Software Foundation", "Implementation-Title: Apache Tomcat", "Implementation-Version: 9.0.1"), ours}, nil, "which artifact"},
		{"a vendor's name that is one word", "lib/kotlin-stdlib-1.9.jar", []entry{manifestOf("Implementation-Vendor: JetBrains", "Implementation-Title: kotlin-stdlib", "Implementation-Version: 1.9"), ours}, nil, "it is kotlin-stdlib,"},
		{"a vendor's name that is a domain", "lib/a.jar", []entry{manifestOf("Specification-Vendor: org.a", "Specification-Title: a", "Specification-Version: 1.9"), ours}, []string{"org.a:a 1.9"}, "looks like org.a:a"},
		{"a manifest to be translated", "lib/x.jar", []entry{manifestOf("Bundle-Name: %name", "Bundle-SymbolicName: a.b", "Bundle-Version: 1"), ours}, nil, "which artifact"},
		{"one that Gradle built", "BOOT-INF/lib/spring-core-5.3.4.jar", []entry{manifestOf("Implementation-Title: spring-core", "Implementation-Version: 5.3.4"), ours}, nil, "it is spring-core,"},
		{"one that says nothing", "lib/x.jar", []entry{ours}, nil, "which artifact"},
		{"one that holds nothing", "lib/x.jar", []entry{manifestOf(), {name: "META-INF/x.SF", content: "x"}, {name: "x/"}}, nil, ""},
		{"an empty one", "lib/x.jar", nil, nil, ""},
		{"a part of the Java runtime", "jdk/lib/jrt-fs.jar", []entry{manifestOf("Specification-Title: Java Platform API Specification", "Implementation-Version: 17.0.2"), ours}, nil, ""},
		{"an application with its libraries, stored", "shop-1.0.jar", []entry{manifestOf("Implementation-Title: shop"), class("BOOT-INF/classes/App.class"), nest(t, "BOOT-INF/lib/a-1.jar", true, pom("g", "a", "1"))},
			[]string{"g:a 1 /BOOT-INF/lib/a-1.jar"}, ""},
		{"an application with its libraries, compressed", "shop.war", []entry{ours, nest(t, "WEB-INF/lib/a-1.jar", false, pom("g", "a", "1"))}, []string{"g:a 1 /WEB-INF/lib/a-1.jar"}, ""},
		{"an application without libraries", "shop.war", []entry{ours}, nil, ""},
		{"a jar in a war in an ear", "shop.EAR", []entry{nest(t, "web.war", true, nest(t, "WEB-INF/lib/a-1.jar", false, pom("g", "a", "1")))}, []string{"g:a 1 /web.war/WEB-INF/lib/a-1.jar"}, ""},
		{"a library that does not name itself, nested", "shop.par", []entry{nest(t, "lib/b-2.jar", false, ours)}, nil, "it is b,"},
		{"a nested one in capitals", "shop.war", []entry{nest(t, "WEB-INF/lib/A.JAR", true, pom("g", "a", "1"))}, []string{"g:a 1 /WEB-INF/lib/A.JAR"}, ""},
		{"a nested one that is none", "shop.war", []entry{{name: "WEB-INF/lib/b-2.jar", content: "nothing"}}, nil, "not a readable archive"},
		{"a nested one whose name climbs", "shop.war", []entry{nest(t, "../../etc/a-1.jar", true, pom("g", "a", "1"))}, []string{"g:a 1 /etc/a-1.jar"}, ""},
		{"a manifest of a library in its classes", "shop.war", []entry{{name: "WEB-INF/classes/META-INF/MANIFEST.MF", content: "Bundle-Name: b\nBundle-SymbolicName: c.b\nBundle-Version: 1\n"}, manifestOf()}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := archiveOf(t, tt.entries...)
			for _, front := range []string{"", "#!/bin/sh\nexec java -jar $0\n"} { // Spring makes them executable
				res, err := Analyze(t.Context(), tt.path, int64(len(front)+len(raw)), bytes.NewReader(append([]byte(front), raw...)))
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, p := range res.Packages {
					if p.Type != "jar" || p.Target != tt.path {
						t.Errorf("%+v", p)
					}
					got = append(got, strings.TrimSuffix(p.Name+" "+p.Version+" "+strings.TrimPrefix(p.FilePath, tt.path), " "))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("packages (-want +got):\n%s", diff)
				}
				checkUnread(t, tt.path, res.Unread, tt.unread)
			}
		})
	}
}

func TestJarsThatAreBroken(t *testing.T) {
	whole := archiveOf(t, pom("g", "a", "1"), entry{name: "x", content: strings.Repeat("x", 100), stored: true})
	damaged := bytes.Replace(archiveOf(t, entry{"META-INF/maven/pom.properties", "groupId=g\nartifactId=a\nversion=1\n", true}), []byte("version=1"), []byte("version=2"), 1)
	long := make([]entry, 0, 300)
	for i := range cap(long) {
		long = append(long, entry{name: fmt.Sprintf("%0*d", 60_000, i)})
	}
	for _, tt := range []struct {
		name   string
		file   []byte
		unread string
	}{
		{"empty", nil, "not a readable archive"},
		{"cut off", whole[:len(whole)-30], "not a readable archive"},
		{"text", []byte("<html>404</html>"), "not a readable archive"},
		{"with another content than its checksum", damaged, "pom.properties in the archive cannot be read"},
		{"with a directory that is too long", archiveOf(t, long...), "directory"},
		{"with a directory just short enough", archiveOf(t, long[:279]...), "which artifact"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			packages, unread := analyze(t, "lib/a.jar", tt.file)
			if packages != nil {
				t.Errorf("packages: %v", packages)
			}
			checkUnread(t, "lib/a.jar", unread, tt.unread)
		})
	}
}

func TestJarsInJarsAreBounded(t *testing.T) {
	inner := archiveOf(t, pom("g", "a", "1"))
	deep := func(n int) []byte {
		b := inner
		for range n {
			b = archiveOf(t, entry{"a.jar", string(b), true})
		}
		return b
	}
	many := func(n int) []byte {
		return archiveOf(t, slices.Repeat([]entry{{"a.jar", string(archiveOf(t)), true}}, n)...)
	}
	bomb := func(size uint64) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, err := w.CreateRaw(&zip.FileHeader{Name: "a.jar", Method: zip.Deflate, UncompressedSize64: size, CompressedSize64: 2})
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte{3, 0})
		w.Close()
		return b.Bytes()
	}
	for _, tt := range []struct {
		name     string
		file     []byte
		packages int
		unread   string
	}{
		{"as deep as is opened", deep(maxNesting), 1, ""},
		{"one deeper", deep(maxNesting + 1), 0, "nested more than"},
		{"as many as are opened", many(maxArchives), 0, ""},
		{"one more", many(maxArchives + 1), 0, "more than the 20000 archives"},
		{"one that claims more than is unpacked", bomb(maxSpooled), 0, "unpacked"},
		{"one that claims all there is", bomb(1<<64 - 1), 0, "unpacked"},
		{"one that claims more than it has", bomb(maxHeld), 0, "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			packages, unread := analyze(t, "shop.ear", tt.file)
			if len(packages) != tt.packages {
				t.Errorf("%d packages", len(packages))
			}
			checkUnread(t, "shop.ear", unread, tt.unread)
		})
	}
}

func TestWhatNamesJarsIsBoundedAltogether(t *testing.T) {
	properties := "groupId=g\nartifactId=a\nversion=1\n"
	raw := archiveOf(t, slices.Repeat([]entry{{name: "pom.properties", content: properties}}, 100)...)
	for _, tt := range []struct {
		name string
		left int
		want error
	}{
		{"as much as is unpacked", 100 * len(properties), nil},
		{"one byte more", 100*len(properties) - 1, errTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &file{ctx: t.Context(), path: "a.jar", kind: &kind{name: "jar"}}
			j := &jars{file: f, left: int64(tt.left), seen: map[[3]string]bool{}}
			if err := j.archive("a.jar", buffered{bytes.NewReader(raw), int64(len(raw)), nil}, 0); !errors.Is(err, tt.want) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestALargeArchiveWaitsOnDisk(t *testing.T) {
	sized := func(n int) []byte {
		p := pom("g", "a", "1")
		raw := archiveOf(t, p, entry{"x", strings.Repeat("x", n-1000), true})
		return archiveOf(t, p, entry{"x", strings.Repeat("x", n-1000+n-len(raw)), true})
	}
	for _, tt := range []struct {
		name   string
		size   int
		onDisk bool
	}{
		{"what is held in memory", maxHeld, false},
		{"one byte larger", maxHeld + 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := sized(tt.size)
			if len(raw) != tt.size {
				t.Fatalf("%d bytes", len(raw))
			}
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			t.Setenv("TMP", dir)
			for _, size := range []int{tt.size, 0} { // whatever the layer claims
				res, err := Analyze(t.Context(), "a.jar", int64(size), bytes.NewReader(raw))
				if err != nil || len(res.Packages) != 1 {
					t.Errorf("%+v, %v", res, err)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			missing := filepath.Join(dir, "missing")
			t.Setenv("TMPDIR", missing)
			t.Setenv("TMP", missing)
			_, err := Analyze(t.Context(), "a.jar", int64(tt.size), bytes.NewReader(raw))
			if onDisk := err != nil && strings.Contains(err.Error(), "waits on disk"); onDisk != tt.onDisk {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestEggs(t *testing.T) {
	for _, tt := range []struct {
		name   string
		file   []byte
		want   []string
		unread string
	}{
		{"with metadata", archiveOf(t, entry{name: "a/b.py"}, entry{name: "EGG-INFO/PKG-INFO", content: "Name: kitchen\nVersion: 1.2.6\n"}), []string{"python-pkg kitchen 1.2.6"}, ""},
		{"without metadata", archiveOf(t, entry{name: "a/b.py"}), nil, ""},
		{"without a name", archiveOf(t, entry{name: "EGG-INFO/PKG-INFO", content: "Version: 1.2.6\n"}), nil, "names no package"},
		{"that is no archive", []byte("x"), nil, "not a readable archive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, unread := analyze(t, "p/kitchen.egg", tt.file)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			checkUnread(t, "p/kitchen.egg", unread, tt.unread)
		})
	}
}
