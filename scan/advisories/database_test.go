package advisories_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
)

var updated = time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)

type (
	packages = map[string]map[string]any
	list     = map[string]any
)

// content is one database with something of everything.
func content() advisoriestest.Content {
	published := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	return advisoriestest.Content{
		Advisories: map[string]packages{
			"debian 12": {"openssl": list{
				"CVE-2026-2": &types.Advisory{FixedVersion: "3.0.15-1", Severity: types.SeverityLow},
				"CVE-2026-1": &types.Advisory{Status: types.StatusWillNotFix, VendorIDs: []string{"DSA-1"}},
			}, "zlib": list{}},
			"npm::GitHub":  {"lodash": list{"CVE-2026-3": &types.Advisory{VulnerableVersions: []string{"<4.17.21"}, PatchedVersions: []string{"4.17.21"}}}},
			"npm::OSV":     {"express": list{"CVE-2026-4": &types.Advisory{UnaffectedVersions: []string{"1.0.0"}}}},
			"npm-like one": {"lodash": list{}},
			"rocky 9": {"curl": list{"CVE-2026-5": types.Advisories{Entries: []types.Advisory{
				{FixedVersion: "7.1", Arches: []string{"x86_64"}}, {FixedVersion: "7.2", Arches: []string{"aarch64"}},
			}}}},
		},
		Sources: map[string]types.DataSource{"debian 12": {ID: "debian", Name: "Debian"}, "npm::GitHub": {ID: "ghsa", BaseID: "base"}},
		Vulnerabilities: map[string]types.Vulnerability{
			"CVE-2026-1": {Title: "a title", Description: "long", Severity: "HIGH", PublishedDate: &published,
				VendorSeverity: types.VendorSeverity{"nvd": types.SeverityCritical, "debian": types.SeverityUnknown}},
		},
		ContentSets: map[string][]int{"rhel-9-baseos": {1, 5}},
		Builds:      map[string][]int{"ubi9-container-9.4-1-x86_64": {7}},
	}
}

func open(t *testing.T, c advisoriestest.Content) *advisories.Database {
	t.Helper()
	dir := t.TempDir()
	if err := advisoriestest.Write(dir, updated, c); err != nil {
		t.Fatal(err)
	}
	db, err := advisories.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestAdvisoriesAreRead(t *testing.T) {
	db := open(t, content())
	if got := db.Metadata().UpdatedAt; !got.Equal(updated) {
		t.Errorf("updated at %v", got)
	}
	debian, ok, err := db.Platform("debian 12")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	source := types.DataSource{ID: "debian", Name: "Debian"}
	want := []advisories.Advisory{
		{ID: "CVE-2026-1", Status: int(types.StatusWillNotFix), VendorIDs: []string{"DSA-1"}, Source: source},
		{ID: "CVE-2026-2", FixedVersion: "3.0.15-1", Severity: types.SeverityLow, Source: source},
	}
	got, err := debian.Advisories("openssl")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	rocky, _, err := db.Platform("rocky 9")
	if err != nil {
		t.Fatal(err)
	}
	want = []advisories.Advisory{{ID: "CVE-2026-5", Entries: []advisories.Entry{
		{FixedVersion: "7.1", Arches: []string{"x86_64"}}, {FixedVersion: "7.2", Arches: []string{"aarch64"}},
	}}}
	got, err = rocky.Advisories("curl")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if err := db.Unchanged(); err != nil {
		t.Error(err)
	}
}

func TestNoPlatformIsNotOneWithoutAdvisories(t *testing.T) {
	db := open(t, content())
	if _, ok, err := db.Platform("debian 13"); ok || err != nil {
		t.Error("there is no debian 13", ok, err)
	}
	debian, _, err := db.Platform("debian 12")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bash", "", "zlib"} {
		if list, err := debian.Advisories(name); len(list) != 0 || err != nil {
			t.Errorf("%q: %v, %v", name, list, err)
		}
	}
}

func TestPlatformsOfALanguageAreThoseWithItsPrefix(t *testing.T) {
	platforms, err := open(t, content()).Platforms("npm::")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range platforms {
		names = append(names, p.Name+"="+string(p.Source.BaseID))
	}
	if diff := cmp.Diff([]string{"npm::GitHub=base", "npm::OSV="}, names); diff != "" {
		t.Error(diff)
	}
}

func TestVulnerabilitiesAreDescribed(t *testing.T) {
	db := open(t, content())
	published := time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC)
	want := advisories.Detail{Title: "a title", Severity: "HIGH", PublishedDate: &published,
		VendorSeverity: map[types.SourceID]types.Severity{"nvd": types.SeverityCritical, "debian": types.SeverityUnknown}}
	got, ok, err := db.Detail("CVE-2026-1")
	if diff := cmp.Diff(want, got); !ok || err != nil || diff != "" {
		t.Error(ok, err, diff)
	}
	if _, ok, err := db.Detail("CVE-2026-9"); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestProductsOfRedHatAreThoseOfAContentSetOrABuild(t *testing.T) {
	db := open(t, content())
	for _, tt := range []struct {
		kind, key string
		want      []int
	}{
		{advisories.ContentSet, "rhel-9-baseos", []int{1, 5}},
		{advisories.Build, "ubi9-container-9.4-1-x86_64", []int{7}},
		{advisories.ContentSet, "ubi9-container-9.4-1-x86_64", nil},
		{"cpe", "1", nil},
	} {
		got, err := db.Products(tt.kind, tt.key)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Error(tt, err, diff)
		}
	}
}

func TestAnUntrustedDatabaseIsRejectedWithARemedy(t *testing.T) {
	good := t.TempDir()
	if err := advisoriestest.Write(good, updated, content()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(good, advisories.FileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, dir string) error
		want  string
	}{
		{"nothing is there", func(_ *testing.T, dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "trivy.db")), os.Remove(filepath.Join(dir, "metadata.json")))
		}, "no such file"},
		{"no advisories are there", func(_ *testing.T, dir string) error { return os.Remove(filepath.Join(dir, "trivy.db")) }, "no such file"},
		{"nobody knows how old it is", func(_ *testing.T, dir string) error { return os.Remove(filepath.Join(dir, "metadata.json")) }, "no such file"},
		{"it is of another schema", func(_ *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, "metadata.json"), []byte(`{"Version": 3, "UpdatedAt": "2026-11-26T06:00:00Z"}`), 0o600)
		}, "Version is 3"},
		{"it is cut off", func(_ *testing.T, dir string) error {
			return os.Truncate(filepath.Join(dir, "trivy.db"), int64(len(raw)/4))
		}, "cut off"},
		{"it is empty", func(_ *testing.T, dir string) error { return os.Truncate(filepath.Join(dir, "trivy.db"), 0) }, "too few"},
		{"it is no database", func(_ *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, "trivy.db"), bytes.Repeat([]byte("no bolt file\n"), 1000), 0o600)
		}, "not a bbolt file"},
		{"it is a folder", func(_ *testing.T, dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "trivy.db")), os.Mkdir(filepath.Join(dir, "trivy.db"), 0o700))
		}, "not a regular file"},
		{"it holds nothing", func(_ *testing.T, dir string) error { return other(dir, "") }, "empty or of another kind"},
		{"it holds something else", func(_ *testing.T, dir string) error { return other(dir, "members") }, "empty or of another kind"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			if err := tt.spoil(t, dir); err != nil {
				t.Fatal(err)
			}
			_, err := advisories.Open(dir)
			if !errors.Is(err, advisories.ErrUnusable) {
				t.Fatalf("opened: %v", err)
			}
			for _, want := range []string{tt.want, dir, "prodgate db update"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Count(err.Error(), dir) > 1 {
				t.Errorf("%q names the file twice", err)
			}
		})
	}
}

// other makes a bbolt file that is no advisory database.
func other(dir, bucket string) error {
	path := filepath.Join(dir, advisories.FileName)
	if err := os.Remove(path); err != nil {
		return err
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	if bucket == "" {
		return nil
	}
	return db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte(bucket)); return err })
}

func TestTheErrorForTrivysCacheNamesTheDatabaseFolder(t *testing.T) {
	cache := t.TempDir()
	inner := filepath.Join(cache, "db")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := advisoriestest.Write(inner, updated, content()); err != nil {
		t.Fatal(err)
	}
	if _, err := advisories.Open(cache); err == nil || !strings.Contains(err.Error(), "there is one in "+inner+": name that") {
		t.Errorf("the error is %v", err)
	}
}

func TestADamagedValueIsAnErrorThatNamesIt(t *testing.T) {
	for _, tt := range []struct {
		name     string
		advisory any
		want     string
	}{
		{"no JSON of an advisory", []int{1}, "CVE-1"},
		{"a severity without a name", map[string]any{"Severity": 9}, "severity 9"},
		{"a status without a name", map[string]any{"Status": -1}, "status -1"},
		{"an entry's severity without a name", map[string]any{"Entries": []any{map[string]any{"Cves": []any{map[string]any{"Severity": 5}}}}}, "severity 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := content()
			c.Advisories["debian 12"]["bash"] = list{"CVE-1": tt.advisory}
			debian, _, err := open(t, c).Platform("debian 12")
			if err != nil {
				t.Fatal(err)
			}
			_, err = debian.Advisories("bash")
			if !errors.Is(err, advisories.ErrUnusable) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), `"bash"`) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestADatabaseIsOnlyRead(t *testing.T) {
	dir := t.TempDir()
	if err := advisoriestest.Write(dir, updated, content()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, advisories.FileName)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	db, err := advisories.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Platforms(""); err != nil {
		t.Fatal(err)
	}
	db.Close()
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the file was written to", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Error("files were added:", entries, err)
	}
}

// Any bytes may stand where a vulnerability is described or an advisory; reading
// ends in an answer or in an error that says the database cannot be used.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{`{}`, `{"FixedVersion":"1"}`, `{"Severity":1.5}`, `{"Entries":[{"Cves":[{"Severity":7}]}]}`, `{"VendorSeverity":{"nvd":9}}`, `{"PublishedDate":"x"}`, `[`, ``, `null`} {
		f.Add([]byte(seed))
	}
	const length = 500
	place := strings.Repeat("x", length)
	c := content()
	c.Advisories["debian 12"]["bash"] = list{"CVE-2026-1": place}
	c.Vulnerabilities["CVE-2026-5"] = types.Vulnerability{Title: strings.Repeat("y", length)}
	dir := f.TempDir()
	if err := advisoriestest.Write(dir, updated, c); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, advisories.FileName)
	file, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	advisory, detail := bytes.Index(file, []byte(`"`+place)), bytes.Index(file, []byte(`{"Title":"yyy`))
	if advisory < 0 || detail < 0 {
		f.Fatal("the values are not in the file as they were written")
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		padded := append(bytes.Clone(raw), bytes.Repeat([]byte(" "), length)...)[:length]
		copy(file[advisory:], append(bytes.Clone(padded), "  "...)) // the quotes
		copy(file[detail:], append(bytes.Clone(padded), strings.Repeat(" ", len(`{"Title":""}`))...))
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := advisories.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		debian, _, err := db.Platform("debian 12")
		if err != nil {
			t.Fatal(err)
		}
		list, err := debian.Advisories("bash")
		if (err != nil && !errors.Is(err, advisories.ErrUnusable)) || (err == nil && len(list) != 1) {
			t.Error(list, err)
		}
		if _, ok, err := db.Detail("CVE-2026-5"); (err != nil && !errors.Is(err, advisories.ErrUnusable)) || (err == nil && !ok) {
			t.Error(ok, err)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{`{"Version":2,"UpdatedAt":"2026-11-26T06:00:00Z"}`, `{"Version":3}`, `{`, `{"Version":2,"UpdatedAt":"0001-01-01T00:00:00Z"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := advisories.ParseMetadata(raw); err == nil && (m.Version != 2 || m.UpdatedAt.Year() < 1970) {
			t.Errorf("%+v was taken", m)
		}
	})
}
