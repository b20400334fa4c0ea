package match

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

type (
	packages = map[string]map[string]any
	list     = map[string]any
)

// fixed is an advisory of a distribution with a fix; "" has none.
func fixed(version string) any { return &types.Advisory{FixedVersion: version} }

// ranged is an advisory of a language.
func ranged(vulnerable string, patched ...string) any {
	return &types.Advisory{VulnerableVersions: []string{vulnerable}, PatchedVersions: patched}
}

// erratum is one of Red Hat's for some products.
func erratum(fix, arch string, severity types.Severity, products ...int) any {
	e := advisories.Entry{FixedVersion: fix, Affected: products, CVEs: []advisories.CVE{{ID: "CVE-1", Severity: severity}}}
	if arch != "" {
		e.Arches = []string{arch}
	}
	if fix == "" {
		e.Status = int(types.StatusWillNotFix)
	}
	return advisories.Advisory{Entries: []advisories.Entry{e}}
}

// built is a database that holds these advisories, by platform.
func built(t testing.TB, content map[string]packages) *advisories.Database {
	t.Helper()
	dir := t.TempDir()
	err := advisoriestest.Write(dir, today, advisoriestest.Content{
		Advisories:  content,
		Sources:     map[string]types.DataSource{"debian 12": {ID: "debian"}},
		ContentSets: map[string][]int{"rhel-9-for-x86_64-baseos-rpms": {1}, "mine": {2}, "mine__9_DOT_2": {4}},
		Builds:      map[string][]int{"app-1-1-x86_64": {3}},
		Vulnerabilities: map[string]types.Vulnerability{
			"CVE-1": {Title: "one", Severity: "HIGH", VendorSeverity: types.VendorSeverity{"nvd": types.SeverityCritical, "debian": types.SeverityLow}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return open(t, dir)
}

// systemOf is an inventory of one distribution's packages.
func systemOf(family, name string, packages ...inventory.Package) *inventory.Inventory {
	inv := &inventory.Inventory{Kind: inventory.KindImage, OS: &inventory.OS{Family: family, Name: name}}
	for _, p := range packages {
		p.Class, p.Type = inventory.ClassOS, family
		inv.Packages = append(inv.Packages, p)
	}
	return inv
}

// languageOf is an inventory of packages of one type.
func languageOf(kind string, packages ...inventory.Package) *inventory.Inventory {
	inv := &inventory.Inventory{Kind: inventory.KindImage}
	for _, p := range packages {
		p.Class, p.Type = inventory.ClassLanguage, kind
		inv.Packages = append(inv.Packages, p)
	}
	return inv
}

func find(t testing.TB, db *advisories.Database, inv *inventory.Inventory) *Result {
	t.Helper()
	got, err := Find(context.Background(), db, inv)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// short is each finding as "ID package fix", each undetermined package as
// "package version: reason".
func short(r *Result) (found, open []string) {
	for _, f := range r.Findings {
		found = append(found, strings.TrimSpace(f.ID+" "+f.Package+" "+finding.Value(f.FixedVersion)))
	}
	for _, u := range r.Undetermined {
		open = append(open, u.Package+" "+u.Version+": "+u.Reason)
	}
	return found, open
}

// Packages are compared as their distribution compares them.
func TestDistributionsAreMatched(t *testing.T) {
	db := built(t, map[string]packages{
		"debian 12": {"openssl": list{
			"CVE-1": fixed("3.0.15-1"), "CVE-2": fixed(""), "CVE-3": fixed("3.0.14-1"),
			"CVE-4": &types.Advisory{FixedVersion: "4", Severity: types.SeverityMedium},
		}},
		"ubuntu 16.04":                    {"bash": list{"CVE-1": fixed("9")}},
		"ubuntu 16.04-ESM":                {"bash": list{"CVE-2": fixed("9")}},
		"ubuntu 22.04":                    {"bash": list{"CVE-3": fixed("")}},
		"alpine 3.22":                     {"openssl": list{"CVE-1": fixed("3.1.0-r2")}},
		"alpine edge":                     {"openssl": list{"CVE-2": fixed("9.0.0-r0")}},
		"wolfi":                           {"curl": list{"CVE-1": fixed("8.1-r0"), "CVE-2": fixed("0")}},
		"alma 9":                          {"curl": list{"CVE-1": fixed("0:7.76-2.el9")}, "nodejs:18::npm": list{"CVE-2": fixed("1:9-1.module_el9")}},
		"rocky 9":                         {"curl": list{"CVE-1": types.Advisories{Entries: []types.Advisory{{FixedVersion: "8", Arches: []string{"x86_64"}}, {FixedVersion: "9", Arches: []string{"aarch64"}}}}}},
		"Oracle Linux 9":                  {"kernel": list{"CVE-1": fixed("9.ksplice1.el9"), "CVE-2": fixed("9.el9"), "CVE-3": fixed("9.el9_fips")}},
		"amazon linux 2":                  {"curl": list{"CVE-1": fixed("7.9-1.amzn2")}},
		"Photon OS 5.0":                   {"curl": list{"CVE-1": fixed("8.1-1.ph5")}},
		"Azure Linux 3.0":                 {"curl": list{"CVE-1": fixed("0:8.1-1.azl3"), "CVE-2": fixed("")}},
		"bottlerocket":                    {"curl": list{"CVE-1": fixed("8.1")}},
		"SUSE Linux Enterprise Micro 6.0": {"curl": list{"CVE-1": fixed("8.1")}},
		"openSUSE Tumbleweed":             {"curl": list{"CVE-1": fixed("8.1")}},
	})
	openssl := inventory.Package{Name: "libssl3", Version: "3.0.14", Release: "1", SrcName: "openssl", SrcVersion: "3.0.14", SrcRelease: "1"}
	esm := systemOf("ubuntu", "16.04", inventory.Package{Name: "bash", Version: "5"})
	esm.OS.Extended = true
	newer := systemOf("ubuntu", "22.04", inventory.Package{Name: "bash", Version: "5"})
	newer.OS.Extended = true
	edge := systemOf("alpine", "3.22.1", inventory.Package{Name: "libssl3", Version: "3.1.0-r1", SrcName: "openssl"})
	edge.OS.Repository = "edge"
	for _, tt := range []struct {
		name string
		inv  *inventory.Inventory
		want []string
	}{
		{"debian by source, without a fix too", systemOf("debian", "12.8", openssl), []string{"CVE-1 libssl3 3.0.15-1", "CVE-2 libssl3", "CVE-4 libssl3 4"}},
		{"ubuntu's maintenance beyond the end has its own", esm, []string{"CVE-2 bash 9"}},
		{"which begins at the release's end", newer, []string{"CVE-3 bash"}},
		{"alpine by source", systemOf("alpine", "3.22.1", inventory.Package{Name: "libssl3", Version: "3.1.0-r1", SrcName: "openssl"}), []string{"CVE-1 libssl3 3.1.0-r2"}},
		{"alpine whose repositories are edge's", edge, []string{"CVE-2 libssl3 9.0.0-r0"}},
		{"wolfi has no releases", systemOf("wolfi", "20230201", inventory.Package{Name: "curl", Version: "8.0-r0"}), []string{"CVE-1 curl 8.1-r0"}},
		{"alma shows no epoch of 0", systemOf("alma", "9.4", inventory.Package{Name: "curl", Version: "7.76", Release: "1.el9"}), []string{"CVE-1 curl 7.76-2.el9"}},
		{"a module's package goes by its stream", systemOf("alma", "9.4", inventory.Package{Name: "npm", Version: "8", Release: "1.module_el9", ModularityLabel: "nodejs:18:9040:x"}), []string{"CVE-2 npm 1:9-1.module_el9"}},
		{"rocky by architecture", systemOf("rocky", "9.4", inventory.Package{Name: "curl", Version: "8", Arch: "aarch64"}), []string{"CVE-1 curl 9"}},
		{"oracle by flavour", systemOf("oracle", "9.1", inventory.Package{Name: "kernel", Version: "5", Release: "1.ksplice1.el9"}), []string{"CVE-1 kernel 9.ksplice1.el9"}},
		{"amazon compares as debian does", systemOf("amazon", "2 (Karoo)", inventory.Package{Name: "curl", Version: "7.9~rc", Release: "1.amzn2"}), []string{"CVE-1 curl 7.9-1.amzn2"}},
		{"photon by source", systemOf("photon", "5.0", inventory.Package{Name: "curl-libs", Version: "8.1", Release: "0.ph5", SrcName: "curl"}), []string{"CVE-1 curl-libs 8.1-1.ph5"}},
		{"azure linux by minor release", systemOf("azurelinux", "3.0.20240101", inventory.Package{Name: "curl", Version: "8.1", Release: "0.azl3"}), []string{"CVE-1 curl 8.1-1.azl3", "CVE-2 curl"}},
		{"bottlerocket", systemOf("bottlerocket", "1.20", inventory.Package{Name: "curl", Version: "8.0"}), []string{"CVE-1 curl 8.1"}},
		{"suse under its older name", systemOf("suse linux enterprise micro", "6.0", inventory.Package{Name: "curl", Version: "8.0"}), []string{"CVE-1 curl 8.1"}},
		{"tumbleweed", systemOf("opensuse-tumbleweed", "20260101", inventory.Package{Name: "curl", Version: "8.0"}), []string{"CVE-1 curl 8.1"}},
		{"a signing key is no software", systemOf("alma", "9.4", inventory.Package{Name: "gpg-pubkey", Version: "1"}), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, _ := short(find(t, db, tt.inv))
			if diff := gocmp.Diff(tt.want, found); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRedHatIsMatchedByProducts(t *testing.T) {
	db := built(t, map[string]packages{"Red Hat": {"curl": list{
		"RHSA-1": erratum("0:7-1.el9", "x86_64", types.SeverityLow, 1),
		"RHSA-2": erratum("0:7-2.el9", "", types.SeverityHigh, 1),
		"RHSA-3": erratum("0:9-1.el9", "", types.SeverityHigh, 2),
		"RHSA-4": erratum("0:9-2.el9", "", types.SeverityHigh, 3),
		"RHSA-5": erratum("0:9-3.el9", "", types.SeverityHigh, 4),
		"CVE-2":  erratum("", "aarch64", types.SeverityMedium, 1),
	}}})
	curl := inventory.Package{Name: "curl", Version: "7", Release: "0.el9", Arch: "x86_64"}
	arm := curl
	arm.Arch = "aarch64"
	with := func(sets []string, nvr string) *inventory.Inventory {
		inv := systemOf("redhat", "9.4", curl)
		inv.OS.ContentSets, inv.OS.NVR = sets, nvr
		return inv
	}
	for _, tt := range []struct {
		name string
		inv  *inventory.Inventory
		want []string
	}{
		{"the release's content sets, and the newest fix", systemOf("redhat", "9.4", curl), []string{"CVE-1 curl 7-2.el9 HIGH fixed"}},
		{"only for its architecture", systemOf("redhat", "9.4", arm), []string{"CVE-1 curl 7-2.el9 HIGH fixed", "CVE-2 curl  MEDIUM will_not_fix"}},
		{"the image's own content sets", with([]string{"mine__9"}, ""), []string{"CVE-1 curl 9-1.el9 HIGH fixed"}},
		{"of which a long end is part of the name", with([]string{"mine__9_DOT_2"}, ""), []string{"CVE-1 curl 9-3.el9 HIGH fixed"}},
		{"the image's build", with(nil, "app-1-1-x86_64"), []string{"CVE-1 curl 9-2.el9 HIGH fixed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var found []string
			got := find(t, db, tt.inv)
			for _, f := range got.Findings {
				found = append(found, fmt.Sprint(f.ID, " ", f.Package, " ", finding.Value(f.FixedVersion), " ", f.Severity, " ", f.Status))
			}
			if diff := gocmp.Diff(tt.want, found); diff != "" || len(got.Undetermined) > 0 {
				t.Error(diff, got.Undetermined)
			}
		})
	}
}

func TestLanguagesAreMatched(t *testing.T) {
	for _, tt := range []struct {
		kind, platform, name, version string
		advisory                      any
		want                          string
	}{
		{"node-pkg", "npm::GHSA", "Lodash", "4.17.20", ranged("<4.17.21", "4.17.21"), "CVE-1 Lodash 4.17.21"},
		{"npm", "npm::GHSA", "lodash", "4.17.21-beta", ranged("<4.17.21"), "CVE-1 lodash 4.17.21"},
		{"python-pkg", "pip::OSV", "Py_Yaml", "5.1rc1", ranged(">=5.0,<5.1"), "CVE-1 Py_Yaml 5.1"},
		{"gemspec", "rubygems::RubySec", "rails", "6.0.0.rc1", &types.Advisory{PatchedVersions: []string{"~> 5.2.4, >= 5.2.4.3", ">= 6.0.3.1"}, UnaffectedVersions: []string{"< 5.0.0"}}, "CVE-1 rails ~> 5.2.4, >= 5.2.4.3, >= 6.0.3.1"},
		{"jar", "maven::GHSA", "org.a:b", "1.0.RELEASE", ranged("[1.0,1.1)"), "CVE-1 org.a:b"},
		{"gobinary", "go::GHSA", "github.com/A/b", "v1.2.3", ranged(">=1.0.0, <1.2.4"), "CVE-1 github.com/A/b 1.2.4"},
		{"rustbinary", "cargo::OSV", "time", "0.1.44", ranged("< 0.2.23"), "CVE-1 time 0.2.23"},
		{"composer-vendor", "composer::GHSA", "symfony/http", "v5.0.1", ranged(">=5.0.0,<5.0.2"), "CVE-1 symfony/http 5.0.2"},
		{"dotnet-core", "nuget::GHSA", "Newtonsoft.Json", "12.0.3", ranged("<13.0.1"), "CVE-1 Newtonsoft.Json 13.0.1"},
		{"hex", "erlang::GHSA", "phoenix", "1.6.13", ranged("<1.6.14"), "CVE-1 phoenix 1.6.14"},
		{"swift", "swift::GHSA", "https://github.com/Apple/swift-nio.git", "2.41.0", ranged("<2.41.2"), "CVE-1 https://github.com/Apple/swift-nio.git 2.41.2"},
		{"cocoapods", "cocoapods::GHSA", "_NIODataStructures", "2.41.0", ranged("< 2.41.2"), "CVE-1 _NIODataStructures 2.41.2"},
		{"bitnami", "bitnami::Bitnami", "apache", "2.4.56-1", ranged("<2.4.57"), "CVE-1 apache 2.4.57"},
		{"kubernetes", "k8s::Official", "k8s.io/kubelet", "1.24.0", ranged(">=1.24.0, <1.24.14"), "CVE-1 k8s.io/kubelet 1.24.14"},
		{"pub", "pub::GHSA", "http", "0.13.2", ranged("<0.13.3"), "CVE-1 http 0.13.3"},
		{"conan", "conan::GLAD", "pcre", "8.43", ranged("<8.45", "8.45"), "CVE-1 pcre 8.45"},
		{"julia", "julia::Julia", "HTTP", "1.0.0", ranged("", "1.1.0"), "CVE-1 HTTP 1.1.0"},
		{"node-pkg", "npm::GHSA", "lodash", "4.17.21", ranged("<4.17.21", "4.17.21"), ""},
		{"node-pkg", "npm::GHSA", "lodash", "not a version", ranged(""), "CVE-1 lodash"},
	} {
		t.Run(tt.kind+" "+tt.version, func(t *testing.T) {
			name := languages[tt.kind].name(tt.name)
			db := built(t, map[string]packages{tt.platform: {name: list{"CVE-1": tt.advisory}, "other": list{"CVE-2": ranged("")}}})
			got := find(t, db, languageOf(tt.kind, inventory.Package{Name: tt.name, Version: tt.version}))
			found, _ := short(got)
			if strings.Join(found, "; ") != tt.want || len(got.Undetermined) > 0 {
				t.Errorf("%q, %v; want %q", found, got.Undetermined, tt.want)
			}
		})
	}
}

func TestOfTwoSourcesTheLaterCounts(t *testing.T) {
	db := built(t, map[string]packages{
		"npm::A": {"a": list{"CVE-1": ranged("<1"), "CVE-2": ranged("<9", "9")}},
		"npm::B": {"a": list{"CVE-1": ranged("<9", "8")}},
	})
	found, _ := short(find(t, db, languageOf("npm", inventory.Package{Name: "a", Version: "7.0.0"})))
	if diff := gocmp.Diff([]string{"CVE-1 a 8", "CVE-2 a 9"}, found); diff != "" {
		t.Error(diff)
	}
}

// What Trivy passes over in silence is named, with a reason.
func TestWhatCannotBeJudgedIsNamed(t *testing.T) {
	db := built(t, map[string]packages{
		"debian 8":   {"bash": list{"CVE-1": fixed("9")}},
		"debian 12":  {"bash": list{"CVE-1": fixed("9 garbage"), "CVE-2": fixed("")}},
		"wolfi":      {"bash": list{"CVE-1": fixed("")}},
		"alma 9":     {"npm": list{"CVE-1": fixed("9")}},
		"rocky 9":    {"bash": list{"CVE-1": fixed("9")}},
		"npm::A":     {"a": list{"CVE-1": ranged("<1", "1"), "CVE-2": ranged(">>nonsense")}},
		"debian 10":  {"bash": list{"CVE-1": fixed("9")}},
		"seal pip::": {"x": list{}},
	})
	foreigner := inventory.Package{Name: "docker-ce", Version: "1", Vendor: "Docker <support@docker.com>", Repository: inventory.ThirdParty}
	for _, tt := range []struct {
		name string
		inv  *inventory.Inventory
		want []string
	}{
		{"a release past its end, once and not for each package",
			systemOf("debian", "8.11", inventory.Package{Name: "bash", Version: "5"}, inventory.Package{Name: "zsh", Version: "5"}),
			[]string{"debian 8.11: the release reached its end of life on 2020-06-30 and gets no advisories any more"}},
		{"a release that the database does not know",
			systemOf("debian", "99", inventory.Package{Name: "bash", Version: "5"}, inventory.Package{Name: "zsh", Version: "5"}),
			[]string{`debian 99: the database has no advisories for this release: there is no "debian 99" in it`}},
		{"a distribution without advisories", systemOf("fedora", "40", inventory.Package{Name: "bash"}, inventory.Package{Name: "zsh"}),
			[]string{`fedora 40: there are no advisories for the distribution "fedora"`}},
		{"a distribution without packages", systemOf("debian", "12.8"),
			[]string{"debian 12.8: no package of the distribution was found, so what is installed is unknown"}},
		{"no distribution", &inventory.Inventory{Packages: systemOf("debian", "12", inventory.Package{Name: "zsh"}, inventory.Package{Name: "bash"}).Packages},
			[]string{"image : no distribution was recognised, so its packages cannot be looked up: 2 (bash, …)"}},
		{"nothing at all", &inventory.Inventory{}, []string{"image : no package was recognised, so its content is unknown"}},
		{"an installed version that cannot be read", systemOf("debian", "12", inventory.Package{Name: "bash", Version: "five"}),
			[]string{`bash five: the installed version cannot be compared: "five": upstream_version must start with digit, so 2 advisories could not be checked`}},
		{"a fixed version that cannot be read", systemOf("debian", "12", inventory.Package{Name: "bash", Version: "5"}),
			[]string{`bash 5: the versions in CVE-1 cannot be parsed: upstream_version includes invalid character`}},
		{"an advisory without a fix where all have one", systemOf("wolfi", "1", inventory.Package{Name: "bash", Version: "5-r0"}),
			[]string{"bash 5-r0: the versions in CVE-1 cannot be parsed: it names no fixed version"}},
		{"a modular package without its module", systemOf("alma", "9", inventory.Package{Name: "npm", Version: "8", Release: "1.module_el9"}),
			[]string{"npm 8-1.module_el9: it is a modular package of AlmaLinux that does not say of which module"}},
		{"a package of another repository", systemOf("debian", "12", foreigner),
			[]string{"docker-ce 1: it is from another repository (Docker <support@docker.com>), which the distribution's advisories do not cover"}},
		{"which need not say which", systemOf("rocky", "9.4", inventory.Package{Name: "bash", Version: "5", Repository: inventory.ThirdParty}),
			[]string{"bash 5: it is from another repository, which the distribution's advisories do not cover"}},
		{"a type without advisories", languageOf("conda-pkg", inventory.Package{Name: "b", Version: "1"}, inventory.Package{Name: "a", Version: "1"}),
			[]string{`conda-pkg : there are no advisories for packages of type "conda-pkg"; the image has 2 (a, …)`}},
		{"a language that the database does not know", languageOf("gobinary", inventory.Package{Name: "b", Version: "1"}),
			[]string{"go : the database has no advisories for go at all; the image has one (b)"}},
		{"a package without version", languageOf("npm", inventory.Package{Name: "a"}),
			[]string{"a : its version is not known, and there are 2 advisories for it"}},
		{"which does not matter where there is no advisory", languageOf("npm", inventory.Package{Name: "ours"}), nil},
		{"a version that is none, once for all advisories", languageOf("npm", inventory.Package{Name: "a", Version: "latest"}),
			[]string{`a latest: the installed version cannot be compared: "latest": invalid semantic version, so 2 advisories could not be checked`}},
		{"a range that cannot be read", languageOf("npm", inventory.Package{Name: "a", Version: "2.0.0"}),
			[]string{"a 2.0.0: the versions in CVE-2 cannot be parsed: improper constraint: >>nonsense"}},
		{"content sets that the database does not know", systemOf("redhat", "10.1", inventory.Package{Name: "bash", Version: "5"}),
			[]string{"redhat 10.1: the database does not know the content sets of this image or release, so it is unknown which of Red Hat's advisories apply"}},
		{"a package of Seal Security's without its advisories", languageOf("npm", inventory.Package{Name: "@seal-security/a", Version: "1.0.0"}),
			[]string{"@seal-security/a 1.0.0: it is a package of Seal Security, and the database has no Seal advisories for npm"}},
		{"Root.io's packages without its advisories", systemOf("debian", "10.1", inventory.Package{Name: "zsh", Version: "5", Release: "1.root.io.1"}),
			[]string{`debian 10.1: the packages are Root.io's, of which the database has no advisories for this release: there is no "root.io debian 10" in it`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, open := short(find(t, db, tt.inv))
			if diff := gocmp.Diff(tt.want, open); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatWasNotReadStaysUndetermined(t *testing.T) {
	db := built(t, map[string]packages{"debian 12": {"zsh": list{"CVE-1": fixed("9")}}})
	inv := systemOf("debian", "12", inventory.Package{Name: "bash", Version: "5"})
	inv.Unread = []finding.Undetermined{{Package: "z"}, {Package: "a", Reason: "damaged"}, {Package: "a", Reason: "damaged"}}
	got := find(t, db, inv)
	if diff := gocmp.Diff([]finding.Undetermined{{Package: "a", Reason: "damaged"}, {Package: "z"}}, got.Undetermined); diff != "" {
		t.Error(diff)
	}
	if got.Packages != 1 {
		t.Error(got.Packages)
	}
	if inv.Unread[0].Package != "z" {
		t.Error("the inventory was changed")
	}
}

func TestASeverityIsTheWritersThenGitHubsThenNVDsThenAnyones(t *testing.T) {
	all := map[types.SourceID]types.Severity{"debian": types.SeverityLow, "ghsa": types.SeverityMedium, "nvd": types.SeverityHigh}
	without := func(sources ...types.SourceID) map[types.SourceID]types.Severity {
		rest := map[types.SourceID]types.Severity{}
		for source, s := range all {
			if !slices.Contains(sources, source) {
				rest[source] = s
			}
		}
		return rest
	}
	for _, tt := range []struct {
		name, id, writer string
		by               map[types.SourceID]types.Severity
		want, source     string
	}{
		{"the writer's", "CVE-1", "debian", all, "LOW", "debian"},
		{"the writer's UNKNOWN too", "CVE-1", "debian", map[types.SourceID]types.Severity{"debian": 0, "nvd": 3}, "UNKNOWN", "debian"},
		{"NVD's", "CVE-1", "alpine", all, "HIGH", "nvd"},
		{"GitHub's for its own", "GHSA-1", "alpine", all, "MEDIUM", "ghsa"},
		{"NVD's where GitHub has none", "GHSA-1", "alpine", without("ghsa"), "HIGH", "nvd"},
		{"anyone's", "CVE-1", "alpine", without("nvd"), "CRITICAL", ""},
		{"anyone's where NVD's is UNKNOWN", "CVE-1", "", map[types.SourceID]types.Severity{"nvd": 0}, "CRITICAL", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, source := severity(tt.id, tt.writer, &advisories.Detail{Severity: "CRITICAL", VendorSeverity: tt.by})
			if got != tt.want || source != tt.source {
				t.Errorf("%s of %q; want %s of %q", got, source, tt.want, tt.source)
			}
		})
	}
}

func TestAPackagesOwnSeverityAndStatusCount(t *testing.T) {
	db := built(t, map[string]packages{"debian 12": {"bash": list{
		"CVE-1": &types.Advisory{Severity: types.SeverityMedium, Status: types.StatusEndOfLife},
		"CVE-2": &types.Advisory{FixedVersion: "9", Status: types.StatusWillNotFix},
		"CVE-3": &types.Advisory{},
	}}})
	var got []string
	for _, f := range find(t, db, systemOf("debian", "12", inventory.Package{Name: "bash", Version: "5"})).Findings {
		got = append(got, strings.Join([]string{f.ID, f.Severity, f.SeveritySource, f.Status, f.Title}, " "))
	}
	want := []string{"CVE-1 MEDIUM debian end_of_life one", "CVE-2 UNKNOWN  fixed ", "CVE-3 UNKNOWN  affected "}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAReleaseEndsWithItsLastDay(t *testing.T) {
	for at, want := range map[string]bool{"2020-06-30T23:59:58Z": false, "2020-06-30T23:59:59Z": true, "2020-07-01T01:59:58+02:00": false} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if _, over := ended(debianEnds, "8", moment); over != want {
			t.Errorf("%s: %v", at, over)
		}
	}
	for _, ends := range []map[string]string{debianEnds, ubuntuEnds, alpineEnds, almaEnds, rockyEnds, oracleEnds, amazonEnds, photonEnds, redhatEnds, centosEnds, slesEnds, slemEnds, leapEnds} {
		for release, day := range ends {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				t.Errorf("%s: %v", release, err)
			}
		}
	}
}

func TestTheResultIsTheSameEachTime(t *testing.T) {
	content := packages{}
	inv := systemOf("debian", "12")
	for i := range 200 {
		name := fmt.Sprintf("p%03d", i*7%200)
		content[name] = list{"CVE-1": fixed("9"), "CVE-2": fixed("x x"), "CVE-3": fixed("")}
		inv.Packages = append(inv.Packages, inventory.Package{Class: inventory.ClassOS, Type: "debian", Name: name, Version: "1", SrcName: name})
	}
	db := built(t, map[string]packages{"debian 12": content})
	first := find(t, db, inv)
	if len(first.Findings) != 400 || len(first.Undetermined) != 200 {
		t.Fatal(len(first.Findings), len(first.Undetermined))
	}
	for range 20 {
		slices.Reverse(inv.Packages)
		if diff := gocmp.Diff(first, find(t, db, inv)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestADatabaseThatCannotBeReadCompletelyIsAnError(t *testing.T) {
	db := built(t, map[string]packages{"debian 12": {"bash": list{"CVE-1": []int{1}}}})
	_, err := Find(context.Background(), db, systemOf("debian", "12", inventory.Package{Name: "bash", Version: "5"}))
	if !errors.Is(err, advisories.ErrUnusable) {
		t.Error(err)
	}
}

func TestADatabaseThatChangesDuringAScanIsAnError(t *testing.T) {
	dir := t.TempDir()
	content := advisoriestest.Content{Advisories: map[string]packages{"debian 12": {"bash": list{"CVE-1": fixed("9")}}}, Sources: map[string]types.DataSource{"debian 12": {ID: "debian"}}}
	if err := advisoriestest.Write(dir, today, content); err != nil {
		t.Fatal(err)
	}
	db := open(t, dir)
	if err := advisoriestest.Write(dir, today, content); err != nil {
		t.Fatal(err)
	}
	_, err := Find(context.Background(), db, systemOf("debian", "12", inventory.Package{Name: "bash", Version: "5"}))
	if !errors.Is(err, advisories.ErrUnusable) || !strings.Contains(err.Error(), "changed while it was read") {
		t.Error(err)
	}
	// A database that is put in its place is none of the open one's business.
	other := t.TempDir()
	if err := advisoriestest.Write(other, today, content); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	if err := os.Rename(filepath.Join(other, advisories.FileName), filepath.Join(dir, advisories.FileName)); err != nil {
		t.Fatal(err)
	}
	if _, err = Find(context.Background(), db, systemOf("debian", "12", inventory.Package{Name: "bash", Version: "5"})); err != nil {
		t.Error(err)
	}
}

func TestACancelledMatchIsAnError(t *testing.T) {
	db := built(t, map[string]packages{"debian 12": {"bash": list{"CVE-1": fixed("9")}}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Find(ctx, db, systemOf("debian", "12", inventory.Package{Name: "bash", Version: "5"})); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A database with changed bytes gives an answer or an error that says that it
// cannot be used, and soon.
func FuzzDamagedDatabase(f *testing.F) {
	dir := f.TempDir()
	content := map[string]packages{"debian 12": {}, "npm::A": {}}
	inv := systemOf("debian", "12")
	for i := range 50 {
		name := fmt.Sprintf("p%02d", i)
		content["debian 12"][name] = list{"CVE-1": fixed("9"), "CVE-2": fixed("")}
		content["npm::A"][name] = list{"CVE-1": ranged("<2.0.0", "2.0.0")}
		inv.Packages = append(inv.Packages,
			inventory.Package{Class: inventory.ClassOS, Type: "debian", Name: name, Version: "1"},
			inventory.Package{Class: inventory.ClassLanguage, Type: "npm", Name: name, Version: "1.0.0"})
	}
	err := advisoriestest.Write(dir, today, advisoriestest.Content{Advisories: content, Sources: map[string]types.DataSource{"debian 12": {ID: "debian"}},
		Vulnerabilities: map[string]types.Vulnerability{"CVE-1": {Title: "one"}}})
	if err != nil {
		f.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, advisories.FileName))
	if err != nil {
		f.Fatal(err)
	}
	for _, change := range []string{"", "\x10\x20\x00\xff", "\x00\x30\x00\x01\x0a\x31\x00\x07", "\x08\x50\x00\x02"} {
		f.Add([]byte(change))
	}
	f.Fuzz(func(t *testing.T, changes []byte) {
		broken := slices.Clone(raw)
		for ; len(changes) >= 4; changes = changes[4:] {
			broken[(int(changes[0])|int(changes[1])<<8|int(changes[2])<<16)%len(broken)] = changes[3]
		}
		if err := os.WriteFile(filepath.Join(dir, advisories.FileName), broken, 0o600); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		db, err := advisories.Open(dir)
		if err == nil {
			defer db.Close()
			_, err = Find(context.Background(), db, inv)
		}
		if err != nil && !errors.Is(err, advisories.ErrUnusable) {
			t.Errorf("no error of an unusable database: %v", err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAHomemadePackageIsLookedUpAndNotedAllTheSame(t *testing.T) {
	db := built(t, map[string]packages{"debian 12": {"bash": list{"CVE-1": fixed("9")}}})
	inv := systemOf("debian", "12", inventory.Package{Name: "bash", Version: "5", Vendor: "<root@build>", Repository: inventory.Homemade})
	result := find(t, db, inv)
	if len(result.Findings) != 1 || len(result.Undetermined) != 1 || !strings.Contains(result.Undetermined[0].Reason, "it is from another repository (<root@build>)") {
		t.Errorf("found %+v, undetermined %+v", result.Findings, result.Undetermined)
	}
}

func TestAListWithoutSourcesIsUndeterminedOnceWhereAdvisoriesSpeakOfThem(t *testing.T) {
	content := map[string]packages{}
	for _, platform := range []string{
		"debian 12", "ubuntu 22.04", "alpine 3.22", "wolfi", "chainguard", "minimos", "echo", "Azure Linux 3.0", "CBL-Mariner 2.0", "Photon OS 5.0",
		"alma 9", "rocky 9", "Oracle Linux 9", "amazon linux 2023", "SUSE Linux Enterprise 15.5",
	} {
		content[platform] = packages{"other": list{"CVE-1": fixed("9")}}
	}
	db := built(t, content)
	once := map[string]int{ // by family and release
		"debian 12.8": 1, "ubuntu 22.04": 1, "alpine 3.22.1": 1, "wolfi 1": 1, "chainguard 1": 1, "minimos 1": 1, "echo 1": 1, "azurelinux 3.0.1": 1,
		"cbl-mariner 2.0.1": 1, "photon 5.0": 1, "alma 9.4": 0, "rocky 9.4": 0, "oracle 9.1": 0, "amazon 2023": 0, "sles 15.5": 0,
	}
	for of, want := range once {
		name, release, _ := strings.Cut(of, " ")
		inv := systemOf(name, release, inventory.Package{Name: "gnupg", Version: "2.2.40-1"}, inventory.Package{Name: "bash", Version: "5.2-1"})
		for _, unsourced := range []bool{true, false} {
			inv.Unsourced = unsourced
			noted := 0
			_, open := short(find(t, db, inv))
			for _, reason := range open {
				if strings.Contains(reason, "name source packages") {
					noted++
				}
			}
			if unsourced && noted != want || !unsourced && noted != 0 {
				t.Errorf("%s, without sources %v: noted %d times in %v", of, unsourced, noted, open)
			}
		}
	}
}
