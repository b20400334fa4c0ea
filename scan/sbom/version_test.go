package sbom

import (
	"fmt"
	"strings"
	"testing"
)

// installed is "version arch" of the one package that a component becomes.
func installed(t *testing.T, name, version, purl string, properties ...string) string {
	t.Helper()
	var list []string
	for _, p := range properties {
		key, value, _ := strings.Cut(p, "=")
		list = append(list, fmt.Sprintf(`{"name":%q,"value":%q}`, key, value))
	}
	inv := only(t, cdx(fmt.Sprintf(`{"type":"library","name":%q,"version":%q,"purl":%q,"properties":[%s]}`, name, version, purl, strings.Join(list, ","))))
	if len(inv.Packages) != 1 || len(inv.Unread) != 0 {
		t.Fatalf("%s %s: lists %+v, notes %+v", version, purl, inv.Packages, inv.Unread)
	}
	return strings.TrimSpace(inv.Packages[0].FullVersion() + " " + inv.Packages[0].Arch)
}

func TestAnEpochIsReadFromEveryPlace(t *testing.T) {
	const rpm, deb = "pkg:rpm/rocky/dbus@", "pkg:deb/debian/dbus@"
	for _, tt := range []struct{ version, purl, want string }{
		{"1.12.8-18.el8", rpm + "1.12.8-18.el8?epoch=1", "1:1.12.8-18.el8"},
		{"1:1.12.8-18.el8", rpm + "1.12.8-18.el8", "1:1.12.8-18.el8"},
		{"1:1.12.8", rpm + "1.12.8-18.el8", "1:1.12.8-18.el8"},
		{"1:1.12.8-18.el8", rpm + "1.12.8", "1:1.12.8"},
		{"1:1.12.8-18.el8.x86_64", rpm + "1.12.8-18.el8", "1:1.12.8-18.el8 x86_64"},
		{"1:1.12.8-18.el8", rpm + "1.12.8-18.el8.x86_64", "1:1.12.8-18.el8 x86_64"},
		{"1:1.12.8-18.el8", rpm + "1.12.8-18.el8?epoch=1", "1:1.12.8-18.el8"},
		{"1:1.12.8-18.el8", rpm + "1%3A1.12.8-18.el8", "1:1.12.8-18.el8"},
		{"1.12.8-18.el8", rpm + "1%3A1.12.8-18.el8", "1:1.12.8-18.el8"},
		{"1.12.8-18.el8", rpm + "1%3A1.12.8-18.el8?epoch=1", "1:1.12.8-18.el8"},
		{"1:1.12.8-18.el8", rpm + "1.12.8-18.el8?epoch=(none)", "1:1.12.8-18.el8"},
		{"(none):1.12.8-18.el8", rpm + "(none)%3A1.12.8-18.el8", "1.12.8-18.el8"},
		{"x:1.12.8-18.el8", rpm + "x%3A1.12.8-18.el8", "x:1.12.8-18.el8"},

		// The lower epoch finds more: one that is said of another version is not
		// believed, nor one against the package URL's.
		{"2:1.12.8-18.el8", rpm + "1.12.8-18.el8?epoch=0", "1.12.8-18.el8"},
		{"2:1.12.8-18.el8", rpm + "1%3A1.12.8-18.el8", "1:1.12.8-18.el8"},
		{"2:1.14", rpm + "1.12.8-18.el8", "1.12.8-18.el8"},
		{"-2:1.12.8-18.el8", rpm + "1.12.8-18.el8", "1.12.8-18.el8"},

		{"1:2.0-1", deb + "2.0-1", "1:2.0-1"},
		{"2.0-1", deb + "2.0-1?epoch=1", "1:2.0-1"},
		{"1:2.0-1", deb + "1%3A2.0-1?epoch=1", "1:2.0-1"},
		{"1:2.0-1", deb + "1%3A2.0-1", "1:2.0-1"},
	} {
		if got := installed(t, "dbus", tt.version, tt.purl); got != tt.want {
			t.Errorf("%s beside %s: %q, want %q", tt.version, tt.purl, got, tt.want)
		}
	}
}

func TestASourceHasTheEpochOfItsPackage(t *testing.T) {
	inv := only(t, cdx(`{"type":"library","name":"dbus","version":"1:1.12.8-18.el8","purl":"pkg:rpm/rocky/dbus@1.12.8-18.el8?upstream=dbus-1.12.8-18.el8.src.rpm"}`))
	if got := inv.Packages[0].FullSrcVersion(); got != "1:1.12.8-18.el8" {
		t.Errorf("the source's version is %q", got)
	}
}

func TestAnArchitectureIsReadFromEveryPlace(t *testing.T) {
	const purl = "pkg:rpm/rocky/dbus@1.12.8-18.el8"
	for _, tt := range []struct {
		version, purl, property, want string
	}{
		{"1.12.8-18.el8", purl + "?arch=x86_64", "", "x86_64"},
		{"1.12.8-18.el8", purl + ".x86_64", "", "x86_64"},
		{"1.12.8-18.el8", purl + ".x86_64.rpm", "", "x86_64"},
		{"1.12.8-18.el8", purl + ".x86_64?arch=x86_64", "", "x86_64"},
		{"1.12.8-18.el8.aarch64", purl, "", "aarch64"},
		{"1.12.8-18.el8", purl, "syft:metadata:architecture=aarch64", "aarch64"},
		{"1.12.8-18.el8", purl + "?arch=(none)", "syft:metadata:architecture=x86_64", "x86_64"},
		{"1.12.8-18.el8", purl + ".noarch", "", "noarch"},
		{"1.12.8-18.el8", purl + ".src?arch=x86_64", "", "x86_64"},
		{"1.12.8-18.el8", purl + ".x86_64?arch=aarch64", "", ""},
		{"1.12.8-18.el8", purl + "?arch=amd64", "", "amd64"},
		{"1.12.8-18.el8", purl, "", ""},
		{"1.12.8-18.el8", purl + ".src", "", ""},
	} {
		want := strings.TrimSpace("1.12.8-18.el8 " + tt.want)
		if got := installed(t, "dbus", tt.version, tt.purl, tt.property); got != want {
			t.Errorf("%s %s %s: %q, want %q", tt.version, tt.purl, tt.property, got, want)
		}
	}
}

func TestAnSBOMWithoutSourcePackagesIsRecognised(t *testing.T) {
	const plain = `{"type":"library","name":"gnupg","purl":"pkg:deb/debian/gnupg@2.2-1?distro=debian-12"}`
	for name, tt := range map[string]struct {
		text string
		want bool // it records none
	}{
		"none":                        {cdx(plain), true},
		"upstream of another package": {cdx(plain, `{"type":"library","name":"b","purl":"pkg:deb/debian/b@1-1?upstream=c&distro=debian-12"}`), false},
		"Trivy's property":            {cdx(plain, `{"type":"library","name":"b","purl":"pkg:deb/debian/b@1-1","properties":[{"name":"aquasecurity:trivy:SrcName","value":"b"}]}`), false},
		"Syft's property":             {cdx(plain, `{"type":"library","name":"b","purl":"pkg:deb/debian/b@1-1","properties":[{"name":"syft:metadata:source","value":"c"}]}`), false},
		"a source package":            {cdx(plain, `{"type":"library","name":"gnupg2","purl":"pkg:deb/debian/gnupg2@2.2-1?arch=source&distro=debian-12"}`), false},
		"no package of it":            {cdx(`{"type":"library","name":"b","purl":"pkg:npm/b@1.0.0"}`), false},
	} {
		if got := only(t, tt.text).Unsourced; got != tt.want {
			t.Errorf("%s: records no sources: %v", name, got)
		}
	}
}
