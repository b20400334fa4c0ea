package match

import (
	"errors"
	"maps"
	"slices"
	"testing"
)

// reads reports whether an installed version can be compared, by each way of
// writing versions.
func reads(version string) map[string]error {
	all := map[string]error{}
	for way, r := range allRanges {
		_, all[way] = r.installed(version)
	}
	for way, o := range allOrders {
		_, all[way] = o.installed(version)
	}
	return all
}

func TestAVersionThatNoPackageCanHaveIsNotCompared(t *testing.T) {
	for _, version := range []string{
		"${jackson.version}", "${jackson2.version}", "1.0.0-${revision}", "#{v2}", "{{v2}}", "@jackson2@", "$v2", "%24%7Bv2%7D",
		"[2.9,3.0)", "[2.7.0,2.12.3]", "(,1.0]", "2.9.0, 3.0", "2.9 3.0", "2.9 - 3.0", "2.9 || 3", "2,9", "2.9|3", "2.9;3",
		">=2.9", ">= 2.9", "=2.9", "<3", "^2.9", "~2.9", "~>2.9", "==2.9", "!=2.9",
		"unspecified", "NOASSERTION", "latest.release", "RELEASE", "LATEST", "UNKNOWN", "(devel)", "master-SNAPSHOT", "HEAD", "null", "none", "(none)", "n/a",
		"*", "+", "-", "x", "X", "2.x", "2.X", "2.9.x", "2.9.x-SNAPSHOT", "2.*", "2.9.*", "2.+", "2.9.+",
		"1.0 (build 5)", "2.9\n3", "2.9\"", "'2.9'", "2.9?", "2.9&3", "2/9", "file:../a1", "git+https://example.com/a#1", "workspace:*", "npm:foo@1.2",
		"٢.٩", "2.9é", "2.9\xff",
	} {
		for way, err := range reads(version) {
			if !errors.Is(err, errVersion) {
				t.Errorf("%s: %q can be compared: %v", way, version, err)
			}
		}
	}
	for way, versions := range map[string][]string{
		"maven": {"2.9+", "1:2.9", "1!2.9", "~2.9", "+2.9"},
		"rpm":   {"UNKNOWN-1.el8", "1:latest-2.el9", "x:2.9-1", "1:1:2.9", "1!2.9", "-1.el8", "~2.9-1", "2.9/1-1"},
		"apk":   {"v2.9", "-1", "r05", "x2"},
		"deb":   {"v2.9-1", "a:2.9-1"},
	} {
		for _, version := range versions {
			if err := reads(version)[way]; !errors.Is(err, errVersion) {
				t.Errorf("%s: %q can be compared: %v", way, version, err)
			}
		}
	}
}

func TestUnusualVersionsOfPackagesAreCompared(t *testing.T) {
	for way, versions := range map[string][]string{
		"maven":         {"2.9.8", "r05", "r09", "Finchley.SR2", "2.0.0.RELEASE", "v1-rev20200101-1.30.9", "1.0-SNAPSHOT", "20040616", "2.9.0_1", "1.0.0+sp1", "1.0~beta1", "3.0.0-M5", "4.1.68.Final-redhat-00001", "0.0.0-UNKNOWN", "max2.0"},
		"npm":           {"1.2.3", "1.2.3-beta.1", "1.2.3-x.7", "1.2.3+build.5"},
		"semver":        {"v1.2.3", "v0.0.0-20200101000000-abcdef123456", "1.2.3+incompatible", "2021-01-01", "1.2.3-0.x.1"},
		"gem":           {"6.0.0.rc1", "1.2.3-java"},
		"python":        {"1!2.0", "1.0.dev1", "1.0+local.7", "2.0rc1.post2", "v2.9"},
		"sealed python": {"4.2.8+sp1"},
		"bitnami":       {"1.0.0-2", "1.2.3+1"},
		"deb":           {"1:2.0-1", "2.2.40-1.1+deb12u1", "9.2.0~rc1-0ubuntu0.22.04.1", "3.6.0+dfsg+~3.5.13-1", "1.18.0-6ubuntu14.4", "2:1.02.175-2.1", "1.1.1k_2-1", "0.9.7+"},
		"apk":           {"1.0_p1-r2", "3.1.4-r5", "1.2.3a-r0", "2023c-r0", "1.0_git20200101-r0"},
		"rpm":           {"1:1.12.8-18.el8", "2023c-1.el9", "5.1.8", "1.1.1k-7.el8_6", "3.0.7-27.el9~bootstrap", "1.0^20200101git-1.fc39", "1.2.11-lp152.5.6", "2:2.17-326.0.9.ksplice1.el7_9.3", "2021.2.60_v7.0.306-90.1.el9", "r5-1"},
	} {
		for _, version := range versions {
			if err := reads(version)[way]; err != nil {
				t.Errorf("%s: %v", way, err)
			}
		}
	}
}

func TestVersionsInsideAdvisoriesAreReadAsTheComparersDo(t *testing.T) {
	for _, way := range slices.Sorted(maps.Keys(allRanges)) {
		within, err := allRanges[way].installed("2.9.0")
		if err != nil {
			t.Fatal(way, err)
		}
		if in, err := within("<3.0.0"); !in || err != nil {
			t.Errorf("%s: %v, %v", way, in, err)
		}
	}
	compare, err := rpmOrder.installed("1.0-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"", "UNKNOWN", "(none)"} {
		if _, err := compare(other); err != nil {
			t.Errorf("%q: %v", other, err)
		}
	}
}
