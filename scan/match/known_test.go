package match

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/sbom"
)

// shared finds a folder of known answers, which only the project's authors have.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if folder := filepath.Join(dir, "shared", name); isFolder(folder) {
			return folder
		}
		if filepath.Dir(dir) == dir {
			t.Skipf("there is no shared/%s above the working folder: Trivy's own reports, which this test compares with, are not part of the project", name)
		}
		dir = filepath.Dir(dir)
	}
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// report is what these tests read of a report of Trivy's.
type report struct {
	Metadata struct {
		OS *struct{ Family, Name string }
	}
	Results []struct {
		Target, Class, Type string
		Packages            []reported
		Vulnerabilities     []struct {
			VulnerabilityID, PkgName, PkgPath, InstalledVersion, FixedVersion, Status, Severity, SeveritySource, Title string
			PublishedDate                                                                                              *time.Time
			PkgIdentifier                                                                                              struct{ PURL string }
		}
	}
}

type reported struct {
	Name, Version, Release, Arch, FilePath string
	Epoch                                  int
	SrcName, SrcVersion, SrcRelease        string
	SrcEpoch                               int
	Modularitylabel                        string
	Identifier                             struct{ PURL string }
}

// inventory is what the report lists, or else what it found vulnerable: then a
// package's source is only known where sources name it.
func (r report) inventory(sources map[string]string) *inventory.Inventory {
	inv := &inventory.Inventory{Kind: inventory.KindSBOM}
	if r.Metadata.OS != nil {
		inv.OS = &inventory.OS{Family: r.Metadata.OS.Family, Name: r.Metadata.OS.Name}
	}
	for _, res := range r.Results {
		for _, p := range res.Packages {
			inv.Packages = append(inv.Packages, inventory.Package{
				Class: inventory.Class(res.Class), Type: res.Type, Target: res.Target, Name: p.Name, Version: p.Version,
				Release: p.Release, Epoch: p.Epoch, Arch: p.Arch, SrcName: p.SrcName, SrcVersion: p.SrcVersion,
				SrcRelease: p.SrcRelease, SrcEpoch: p.SrcEpoch, ModularityLabel: p.Modularitylabel,
				PURL: p.Identifier.PURL, FilePath: p.FilePath,
			})
		}
		for _, v := range res.Vulnerabilities {
			if len(res.Packages) > 0 {
				break
			}
			p := inventory.Package{
				Class: inventory.Class(res.Class), Type: res.Type, Target: res.Target, Name: v.PkgName,
				Version: v.InstalledVersion, FilePath: v.PkgPath, PURL: v.PkgIdentifier.PURL, SrcName: sources[v.PkgName],
			}
			if _, arch, ok := strings.Cut(p.PURL, "arch="); ok {
				p.Arch, _, _ = strings.Cut(arch, "&")
			}
			inv.Packages = append(inv.Packages, p)
		}
	}
	inv.Sort()
	return inv
}

// answer is what must be the same of a finding.
type answer struct {
	Target, Path, Package, Installed, ID, Fixed, Status, Severity, Source, Title string
	Published                                                                    time.Time
}

func sorted(list []answer) []answer {
	slices.SortFunc(list, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Package, b.Package),
			cmp.Compare(a.Installed, b.Installed), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Fixed, b.Fixed))
	})
	return list
}

func (r report) answers() []answer {
	var list []answer
	for _, res := range r.Results {
		for _, v := range res.Vulnerabilities {
			a := answer{res.Target, v.PkgPath, v.PkgName, v.InstalledVersion, v.VulnerabilityID, v.FixedVersion, v.Status, v.Severity, v.SeveritySource, v.Title, time.Time{}}
			if v.PublishedDate != nil {
				a.Published = v.PublishedDate.UTC()
			}
			list = append(list, a)
		}
	}
	return sorted(list)
}

func answers(found []Finding) []answer {
	var list []answer
	for _, f := range found {
		a := answer{finding.Value(f.Target), f.FilePath, f.Package, f.InstalledVersion, f.ID, finding.Value(f.FixedVersion), f.Status, f.Severity, f.SeveritySource, f.Title, time.Time{}}
		if f.PublishedAt != nil {
			a.Published = *f.PublishedAt
		}
		list = append(list, a)
	}
	return sorted(list)
}

// database is one made of the advisories in dir, as of updated.
func database(t testing.TB, dir string, updated time.Time) *advisories.Database {
	t.Helper()
	yamls, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(yamls) == 0 {
		t.Fatalf("%s holds no advisories: %v", dir, err)
	}
	made := t.TempDir()
	if err := advisoriestest.Load(made, updated, yamls...); err != nil {
		t.Fatal(err)
	}
	return open(t, made)
}

func open(t testing.TB, dir string) *advisories.Database {
	t.Helper()
	db, err := advisories.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

var today = time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)

func TestFindingsAreThoseOfTrivy(t *testing.T) {
	folder := shared(t, "trivy")
	db := database(t, filepath.Join(folder, "db"), today)
	// What the reports leave out of packages of which they list only the vulnerable.
	sources := map[string]string{"libcrypto1.1": "openssl", "libssl1.1": "openssl", "libidn2-0": "libidn2"}
	reports, err := filepath.Glob(filepath.Join(folder, "expected", "*.json"))
	if err != nil || len(reports) < 10 {
		t.Fatalf("%d reports: %v", len(reports), err)
	}
	for _, path := range reports {
		t.Run(filepath.Base(path), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var r report
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatal(err)
			}
			got, err := Find(context.Background(), db, r.inventory(sources))
			if err != nil {
				t.Fatal(err)
			}
			want := r.answers()
			if diff := gocmp.Diff(want, answers(got.Findings)); diff != "" {
				t.Errorf("(-Trivy +prodgate)\n%s", diff)
			}
		})
	}
}

func TestFindingsOfSBOMsAreThoseOfTrivy(t *testing.T) {
	folder := shared(t, "trivy")
	db := database(t, filepath.Join(folder, "db"), today)
	for file, expected := range map[string]string{
		"centos-7-cyclonedx.json":                   "centos-7.json",
		"centos-7-spdx.json":                        "centos-7.json",
		"fluentd-multiple-lockfiles-cyclonedx.json": "fluentd-multiple-lockfiles.json",
	} {
		t.Run(file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(folder, "sbom", file))
			if err != nil {
				t.Fatal(err)
			}
			sboms, err := sbom.Read(file, raw)
			if err != nil || len(sboms) != 1 {
				t.Fatal(len(sboms), err)
			}
			got, err := Find(context.Background(), db, sboms[0])
			if err != nil {
				t.Fatal(err)
			}
			if raw, err = os.ReadFile(filepath.Join(folder, "expected", expected)); err != nil {
				t.Fatal(err)
			}
			var r report
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(anywhere(r.answers()), anywhere(answers(got.Findings))); diff != "" {
				t.Errorf("(-Trivy +prodgate)\n%s", diff)
			}
			if n := len(got.Undetermined); n != 1 || !strings.Contains(got.Undetermined[0].Reason, "end of life") {
				t.Error(got.Undetermined)
			}
		})
	}
}

// anywhere is the list without the headings, which name the file that was read.
func anywhere(list []answer) []answer {
	for i := range list {
		list[i].Target = ""
	}
	return sorted(list)
}
