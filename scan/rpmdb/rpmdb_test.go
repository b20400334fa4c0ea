package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/rpmdb/rpmdbtest"
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
		"Berkeley DB":                     rpmdbtest.Berkeley(binary.LittleEndian, 4096, headers...),
		"Berkeley DB of the other endian": rpmdbtest.Berkeley(binary.BigEndian, 4096, headers...),
		"Berkeley DB with large pages":    rpmdbtest.Berkeley(binary.LittleEndian, 32768, headers...),
		"NDB":                             rpmdbtest.NDB(headers...),
		"SQLite":                          sqliteDB(t, "4096", headers...),
		"SQLite with small pages":         sqliteDB(t, "512", headers...),
		"SQLite with large pages":         sqliteDB(t, "65536", headers...),
	}
}

func TestEachFormatIsReadWhole(t *testing.T) {
	headers := [][]byte{rpmdbtest.Named("bash", 3), rpmdbtest.Named("glibc", 20_000), rpmdbtest.Named("basesystem", 0), rpmdbtest.Named("vim", 300)}
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

func TestDatabasesThatOtherTestsMakeAreWhatTheySeem(t *testing.T) {
	got, err := list(rpmdbtest.SQLite(rpmdbtest.Named("bash", 3), rpmdbtest.Named("glibc", 3000)))
	if want := []string{"bash 0:1.0-2.el9.x86_64 3", "glibc 0:1.0-2.el9.x86_64 3000"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("read %q, %v; want %q", got, err, want)
	}
}

func TestManyPackagesAreReadFromEachFormatThatHoldsThem(t *testing.T) {
	var headers [][]byte
	for i := range 1500 {
		headers = append(headers, rpmdbtest.Named(fmt.Sprintf("package-%04d", i), i%50))
	}
	for name, raw := range map[string][]byte{"NDB": rpmdbtest.NDB(headers...), "SQLite": sqliteDB(t, "4096", headers...), "SQLite with small pages": sqliteDB(t, "512", headers...)} {
		got, err := list(raw)
		if err != nil || len(got) != len(headers) {
			t.Errorf("%s: read %d of %d packages, %v", name, len(got), len(headers), err)
		}
	}
}

// tag is one tag of a header.
func tag(number uint32, value any) rpmdbtest.Tag {
	return rpmdbtest.Tag{Number: number, Value: value}
}

func TestAHeaderHasAllFields(t *testing.T) {
	raw := rpmdbtest.NDB(rpmdbtest.Header(tag(63, "region"), tag(rpmdbtest.TagName, "nodejs"), tag(rpmdbtest.TagVersion, "18.0"), tag(rpmdbtest.TagRelease, "1"), tag(rpmdbtest.TagEpoch, []int32{1}), tag(rpmdbtest.TagVendor, "(none)"),
		tag(rpmdbtest.TagModularityLabel, "nodejs:18:820:rhel8"), tag(rpmdbtest.TagSourceRPM, "(none)"), tag(rpmdbtest.TagRelease, "2.module"),
		tag(rpmdbtest.TagDirIndexes, []int32{1, 0}), tag(rpmdbtest.TagBaseNames, []string{"node", "doc"}), tag(rpmdbtest.TagDirNames, []string{"/usr/share/", "/usr/bin"})))
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
	headers := [][]byte{rpmdbtest.Named("bash", 200), rpmdbtest.Named("glibc", 20_000), rpmdbtest.Named("zlib", 1)}
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
		{"nothing", nil, "a file of 0 bytes is not an rpm database"},
		{"something else", bytes.Repeat([]byte("x"), 4096), "neither SQLite nor NDB nor Berkeley DB"},
		{"a header without a name", rpmdbtest.NDB(rpmdbtest.Header(tag(rpmdbtest.TagVersion, "1"), tag(rpmdbtest.TagRelease, "1"))), "has no tag 1000"},
		{"a header with an empty name", rpmdbtest.NDB(rpmdbtest.Header(tag(rpmdbtest.TagName, ""), tag(rpmdbtest.TagVersion, "1"), tag(rpmdbtest.TagRelease, "1"))), "an empty name or version"},
		{"a header with a name that is a number", rpmdbtest.NDB(rpmdbtest.Header(tag(rpmdbtest.TagName, []int32{1}), tag(rpmdbtest.TagVersion, "1"), tag(rpmdbtest.TagRelease, "1"))), "tag 1000 of a header: its type is 4"},
		{"files in folders that are not there", rpmdbtest.NDB(rpmdbtest.Header(tag(rpmdbtest.TagName, "a"), tag(rpmdbtest.TagVersion, "1"), tag(rpmdbtest.TagRelease, "1"), tag(rpmdbtest.TagDirIndexes, []int32{7}), tag(rpmdbtest.TagBaseNames, []string{"x"}), tag(rpmdbtest.TagDirNames, []string{"/"}))), "a has a file in folder 7 of 1"},
		{"a header that claims too much", rpmdbtest.NDB([]byte{0, 0, 255, 255, 127, 0, 0, 0}), "claims 65535 tags"},
		{"SQLite without packages", sqliteOther(t, "CREATE TABLE other (a)"), "it has no table Packages"},
		{"SQLite that would compute its packages", sqliteOther(t, "CREATE VIEW Packages AS SELECT 1 AS hnum, zeroblob(1000000000) AS blob"), "it has no table Packages"},
		{"SQLite whose packages are numbers", sqliteOther(t, "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob); INSERT INTO Packages VALUES (1, 2)"), "holds int64 and no header"},
		{"Berkeley DB that is encrypted", changed(rpmdbtest.Berkeley(binary.LittleEndian, 4096, rpmdbtest.Named("a", 1)), 24, 1), "it is encrypted"},
		{"Berkeley DB whose pages lead in a circle", circle(), "a header ends after"},
		{"NDB of another version", changed(rpmdbtest.NDB(rpmdbtest.Named("a", 1)), 4, 9), "it is of version 9"},
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
	raw := rpmdbtest.Berkeley(binary.LittleEndian, 512, rpmdbtest.Named("glibc", 500))
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
	for name, raw := range formats(t, rpmdbtest.Named("a", 1), rpmdbtest.Named("b", 1)) {
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
