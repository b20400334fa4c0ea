package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// list reads a database.
func list(raw []byte) ([]string, error) {
	var names []string
	err := Read(bytes.NewReader(raw), int64(len(raw)), func(p *Package) error {
		files := 0
		p.Files(func(string) { files++ })
		names = append(names, fmt.Sprintf("%s %d:%s-%s.%s %d", p.Name, p.Epoch, p.Version, p.Release, p.Arch, files))
		return nil
	})
	slices.Sort(names)
	return names, err
}

// formats are all databases that hold the headers.
func formats(t testing.TB, headers ...[]byte) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"Berkeley DB":                     berkeleyDB(binary.LittleEndian, 4096, headers...),
		"Berkeley DB of the other endian": berkeleyDB(binary.BigEndian, 4096, headers...),
		"Berkeley DB with large pages":    berkeleyDB(binary.LittleEndian, 32768, headers...),
		"NDB":                             ndb(headers...),
		"SQLite":                          sqliteDB(t, "4096", headers...),
		"SQLite with small pages":         sqliteDB(t, "512", headers...),
		"SQLite with large pages":         sqliteDB(t, "65536", headers...),
	}
}

func TestEachFormatIsReadWhole(t *testing.T) {
	headers := [][]byte{named("bash", 3), named("glibc", 20_000), named("basesystem", 0), named("vim", 300)}
	want := []string{"basesystem 0:1.0-2.el9.x86_64 0", "bash 0:1.0-2.el9.x86_64 3", "glibc 0:1.0-2.el9.x86_64 20000", "vim 0:1.0-2.el9.x86_64 300"}
	for name, raw := range formats(t, headers...) {
		t.Run(name, func(t *testing.T) {
			got, err := list(raw)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v; the packages differ (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestManyPackagesAreReadFromEachFormatThatHoldsThem(t *testing.T) {
	var headers [][]byte
	for i := range 1500 {
		headers = append(headers, named(fmt.Sprintf("package-%04d", i), i%50))
	}
	for name, raw := range map[string][]byte{"NDB": ndb(headers...), "SQLite": sqliteDB(t, "4096", headers...), "SQLite with small pages": sqliteDB(t, "512", headers...)} {
		got, err := list(raw)
		if err != nil || len(got) != len(headers) {
			t.Errorf("%s: read %d of %d packages, %v", name, len(got), len(headers), err)
		}
	}
}

func TestAHeaderSaysAllThatIsWanted(t *testing.T) {
	raw := ndb(header(tag{63, "region"}, tag{tagName, "nodejs"}, tag{tagVersion, "18.0"}, tag{tagRelease, "1"}, tag{tagEpoch, []int32{1}}, tag{tagVendor, "(none)"},
		tag{tagModularityLabel, "nodejs:18:820:rhel8"}, tag{tagSourceRPM, "(none)"}, tag{tagRelease, "2.module"},
		tag{tagDirIndexes, []int32{1, 0}}, tag{tagBaseNames, []string{"node", "doc"}}, tag{tagDirNames, []string{"/usr/share/", "/usr/bin"}}))
	var got *Package
	var files []string
	must(t, Read(bytes.NewReader(raw), int64(len(raw)), func(p *Package) error {
		got = p
		p.Files(func(path string) { files = append(files, path) })
		return nil
	}))
	if got.Epoch != 1 || got.Vendor != "" || got.SourceRPM != "" || got.ModularityLabel != "nodejs:18:820:rhel8" || got.Release != "2.module" || got.Arch != "" {
		t.Errorf("read %+v", got)
	}
	if want := []string{"/usr/bin/node", "/usr/share/doc"}; !slices.Equal(files, want) {
		t.Errorf("the files are %q, want %q", files, want)
	}
}

func TestADamagedDatabaseIsAnErrorAndNeverAShorterList(t *testing.T) {
	headers := [][]byte{named("bash", 200), named("glibc", 20_000), named("zlib", 1)}
	for name, raw := range formats(t, headers...) {
		for cut := 1; cut < len(raw); cut += 1 + len(raw)/97 {
			if got, err := list(raw[:cut]); err == nil && len(got) < len(headers) {
				t.Errorf("%s, cut at %d of %d: %d packages and no error", name, cut, len(raw), len(got))
			}
		}
	}
	tests := []struct {
		name string
		raw  []byte
		want string
	}{
		{"nothing", nil, "a file of 0 bytes is no database of rpm"},
		{"something else", bytes.Repeat([]byte("x"), 4096), "neither SQLite nor NDB nor Berkeley DB"},
		{"a header without a name", ndb(header(tag{tagVersion, "1"}, tag{tagRelease, "1"})), "has no tag 1000"},
		{"a header with an empty name", ndb(header(tag{tagName, ""}, tag{tagVersion, "1"}, tag{tagRelease, "1"})), "an empty name or version"},
		{"a header with a name that is a number", ndb(header(tag{tagName, []int32{1}}, tag{tagVersion, "1"}, tag{tagRelease, "1"})), "tag 1000 of a header: its type is 4"},
		{"files in folders that are not there", ndb(header(tag{tagName, "a"}, tag{tagVersion, "1"}, tag{tagRelease, "1"}, tag{tagDirIndexes, []int32{7}}, tag{tagBaseNames, []string{"x"}}, tag{tagDirNames, []string{"/"}})), "a has a file in folder 7 of 1"},
		{"a header that claims too much", ndb([]byte{0, 0, 255, 255, 127, 0, 0, 0}), "claims 65535 tags"},
		{"SQLite without packages", sqliteOther(t, "CREATE TABLE other (a)"), "it has no table Packages"},
		{"SQLite that would compute its packages", sqliteOther(t, "CREATE VIEW Packages AS SELECT 1 AS hnum, zeroblob(1000000000) AS blob"), "it has no table Packages"},
		{"SQLite whose packages are numbers", sqliteOther(t, "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob); INSERT INTO Packages VALUES (1, 2)"), "holds int64 and no header"},
		{"Berkeley DB that is encrypted", changed(berkeleyDB(binary.LittleEndian, 4096, named("a", 1)), 24, 1), "it is encrypted"},
		{"Berkeley DB whose pages lead in a circle", circle(), "a header ends after"},
		{"NDB of another version", changed(ndb(named("a", 1)), 4, 9), "it is of version 9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := list(tt.raw); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %q, %v; want %q in the error", got, err, tt.want)
			}
		})
	}
}

// changed is raw with another byte at a place.
func changed(raw []byte, at int, to byte) []byte {
	raw = slices.Clone(raw)
	raw[at] = to
	return raw
}

// circle is a database whose header's second page says that the next is 0.
func circle() []byte {
	raw := berkeleyDB(binary.LittleEndian, 512, named("glibc", 500))
	binary.LittleEndian.PutUint32(raw[2*512+16:], 0)
	return raw
}

// sqliteOther is a database of SQLite with another schema.
func sqliteOther(t testing.TB, schema string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "other.sqlite")
	db, err := openSQLite(file)
	must(t, err)
	_, err = db.Exec(schema)
	must(t, err)
	must(t, db.Close())
	raw, err := os.ReadFile(file)
	must(t, err)
	return raw
}

func TestReadingEndsWhenItsReaderHasEnough(t *testing.T) {
	enough := errors.New("enough")
	for name, raw := range formats(t, named("a", 1), named("b", 1)) {
		calls := 0
		err := Read(bytes.NewReader(raw), int64(len(raw)), func(*Package) error { calls++; return enough })
		if !errors.Is(err, enough) || calls != 1 {
			t.Errorf("%s: %v after %d packages", name, err, calls)
		}
	}
}

// spec is the smallest package that rpmbuild builds.
const spec = `Name: %s
Epoch: 3
Version: 1.2
Release: 4.el9
Summary: made for a test
License: none
Vendor: Red Hat, Inc.
ModularityLabel: app:1:2:3
%%description
nothing
%%install
mkdir -p %%{buildroot}/usr/share/%s
for i in $(seq 1 400); do echo $i > %%{buildroot}/usr/share/%s/file-$i; done
%%files
/usr/share/%s
`

func TestWhatRPMItselfInstalledIsRead(t *testing.T) {
	for _, tool := range []string{"rpm", "rpmbuild"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: apt-get install rpm", tool)
		}
	}
	top := t.TempDir()
	for _, name := range []string{"first", "second"} {
		file := filepath.Join(top, name+".spec")
		must(t, os.WriteFile(file, fmt.Appendf(nil, spec, name, name, name, name), 0o644))
		run(t, "rpmbuild", "-bb", "--define", "_topdir "+top, "--target", "noarch", file)
	}
	packages, err := filepath.Glob(filepath.Join(top, "RPMS", "noarch", "*.rpm"))
	must(t, err)
	for _, backend := range []string{"sqlite", "ndb"} {
		t.Run(backend, func(t *testing.T) {
			dir := t.TempDir()
			run(t, "rpm", append([]string{"--define", "_db_backend " + backend, "--dbpath", dir, "--justdb", "--nodeps", "-i"}, packages...)...)
			file := filepath.Join(dir, map[string]string{"sqlite": "rpmdb.sqlite", "ndb": "Packages.db"}[backend])
			raw, err := os.ReadFile(file)
			must(t, err)
			got, err := list(raw)
			want := []string{"first 3:1.2-4.el9.noarch 401", "second 3:1.2-4.el9.noarch 401"}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v; the packages differ (-want +got):\n%s", err, diff)
			}
			must(t, Read(bytes.NewReader(raw), int64(len(raw)), func(p *Package) error {
				if p.ModularityLabel != "app:1:2:3" || p.Vendor != "Red Hat, Inc." || p.SourceRPM != p.Name+"-1.2-4.el9.src.rpm" {
					t.Errorf("read %+v", p)
				}
				return nil
			}))
		})
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	command := exec.Command(name, args...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	if out, err := command.CombinedOutput(); err != nil {
		t.Skipf("%s can't be used here: %v\n%s", name, err, out)
	}
}

func FuzzRead(f *testing.F) {
	headers := [][]byte{named("bash", 20), named("glibc", 400)}
	for _, raw := range formats(f, headers...) {
		if len(raw) < 256<<10 {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		names, err := list(raw)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20+uint64(200*len(raw)) {
			t.Errorf("%d bytes cost %d of memory (%d packages, %v)", len(raw), used, len(names), err)
		}
	})
}
