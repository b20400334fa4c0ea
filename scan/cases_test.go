package scan

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prodgate/prodgate/scan/sbom"
)

// cases is a folder of inputs from the field, which is not part of the
// repository.
func cases(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", "cases")
		if _, err := os.Stat(filepath.Join(found, "advisories", "db")); err == nil {
			return found
		}
	}
	t.Skip("there is no shared/cases beside the repository: inputs from the field are not tried")
	return ""
}

// outcome is what a scan of a case found, and of which packages nobody knows.
type outcome struct {
	findings, open []string
	others         int
}

func outcomeOf(t *testing.T, dir, input string, platforms ...string) outcome {
	t.Helper()
	o := Options{Database: filepath.Join(dir, "advisories", "db"), Platforms: platforms, From: FromImage, Undigested: true}
	var scans []Scan
	var err error
	switch path := filepath.Join(dir, input); filepath.Ext(input) {
	case ".json":
		content, failed := os.ReadFile(path)
		if failed != nil {
			t.Fatal(failed)
		}
		sboms, failed := sbom.Read(input, content)
		if failed != nil {
			t.Fatal(failed)
		}
		scans, err = SBOM(context.Background(), sboms, o)
	case ".tar", ".gz":
		scans, err = Image(context.Background(), "tarball:"+path, o)
	default:
		scans, err = Image(context.Background(), "oci:"+path+":1", o)
	}
	if err != nil {
		t.Fatal(err)
	}
	var got outcome
	for _, s := range scans {
		for _, f := range s.Findings {
			got.findings = append(got.findings, f.ID)
		}
		for _, u := range s.Undetermined {
			if u.Package != "alpine" { // past its end of life by the database's date
				got.open = append(got.open, u.Package)
			}
		}
		got.others += len(s.Others)
	}
	slices.Sort(got.findings)
	return got
}

func TestCasesFromTheField(t *testing.T) {
	dir := cases(t)
	jackson := []string{"com.fasterxml.jackson.core:jackson-databind"}
	dbus, alpine := []string{"CVE-2022-42010"}, []string{"CVE-2026-90021"}
	for input, want := range map[string]outcome{
		"vuln-02-maven-version-not-resolved/95-mvn-00.json":                  {open: jackson},
		"vuln-02-maven-version-not-resolved/95-mvn-02.json":                  {open: jackson},
		"vuln-02-maven-version-not-resolved/95-mvn-03.json":                  {open: jackson},
		"vuln-02-maven-version-not-resolved/98a-2.9.1":                       {findings: []string{"CVE-2020-9548", "CVE-2021-20190"}},
		"vuln-02-maven-version-not-resolved/98b-property":                    {open: jackson},
		"vuln-03-rpm-without-architecture/01f-no-arch.json":                  {findings: dbus},
		"vuln-03-rpm-without-architecture/a3-arch-epoch.json":                {findings: dbus},
		"vuln-05-binary-package-without-its-source/80a-gnupg-no-source.json": {open: []string{"debian"}},
		"vuln-05-binary-package-without-its-source/80b-gnupg-upstream.json":  {findings: []string{"CVE-2025-68972"}},
		"vuln-07-index-entry-that-is-no-image/36b-mixed-helm":                {findings: alpine, others: 1},
		"vuln-07-index-entry-that-is-no-image/36j-sbom-entry-unknown":        {findings: alpine, others: 1},
		"vuln-09-zstd-skippable-frame-first/33e-zstd-skip-first":             {findings: alpine},
		"vuln-10-archive-packed-by-gzip/30a-plain.tar":                       {findings: alpine},
		"vuln-10-archive-packed-by-gzip/30d-gz.tar.gz":                       {findings: alpine},
		"vuln-13-epoch-only-in-the-component/01a-epoch-qualifier.json":       {findings: dbus},
		"vuln-13-epoch-only-in-the-component/01c-epoch-component-only.json":  {findings: dbus},
	} {
		t.Run(input, func(t *testing.T) {
			got := outcomeOf(t, dir, input)
			if !slices.Equal(got.findings, want.findings) || !slices.Equal(got.open, want.open) || got.others != want.others {
				t.Errorf("%+v, want %+v", got, want)
			}
			if want.others > 0 {
				if got := outcomeOf(t, dir, input, "linux/amd64"); !slices.Equal(got.findings, want.findings) {
					t.Errorf("of linux/amd64 alone: %+v, want %+v", got, want)
				}
			}
		})
	}
}
