package image

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// What follows are images in which something vulnerable could go unseen.

func TestPackagesOfAnotherManagerAreNoted(t *testing.T) {
	apk := file("lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n")
	as := func(id string) entry { return file("etc/os-release", "ID="+id+"\nVERSION_ID=\"1\"\n") }
	dpkg := file("var/lib/dpkg/status", bash)
	tests := []struct {
		name   string
		layers [][]entry
		want   string
	}{
		{"dpkg's in what calls itself Wolfi", [][]entry{base(), {as("wolfi")}}, "image : it has 2 packages of dpkg, and the distribution is wolfi 1, which does not use dpkg"},
		{"apk's beside dpkg's", [][]entry{base(), {apk}}, "image : it has 1 package of apk, and the distribution is debian 12.8, which does not use apk"},
		{"dpkg's in what calls itself Red Hat", [][]entry{{as("rhel"), dpkg}}, "image : it has 1 package of dpkg, and the distribution is redhat 1, which does not use dpkg"},
		{"apk's in what calls itself Amazon Linux", [][]entry{{file("etc/system-release", "Amazon Linux release 2 (Karoo)\n"), apk}}, "image : it has 1 package of apk, and the distribution is amazon 2 (Karoo), which does not use apk"},
		{"dpkg's in Debian", [][]entry{base()}, ""},
		{"dpkg's in Echo", [][]entry{{as("echo"), dpkg}}, ""},
		{"apk's in Chainguard", [][]entry{{as("chainguard"), apk}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := inventoryOf(t, tt.layers...)
			if got := reasons(inv); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("unread is %q, want %q", got, tt.want)
			}
			if len(inv.Packages) == 0 {
				t.Error("its packages are not listed")
			}
		})
	}
}

func TestPackagesThatDpkgHasInstalledAreListed(t *testing.T) {
	status := func(text string) string { return strings.Replace(zlib, "install ok installed", text, 1) }
	const both = "zlib1g 1:1.2.13.dfsg-1"
	tests := []struct {
		name, status string
		want         []string
		unread       string
	}{
		{"installed", status("install ok installed"), []string{both}, ""},
		{"held", status("hold ok installed"), []string{both}, ""},
		{"to be removed, and still there", status("deinstall ok installed"), []string{both}, ""},
		{"to be purged, and still there", status("purge ok installed"), []string{both}, ""},
		{"to be removed, and half there", status("deinstall reinstreq half-installed"), []string{both}, ""},
		{"removed but for its configuration", status("deinstall ok config-files"), nil, ""},
		{"purged", status("purge ok not-installed"), nil, ""},
		{"removed, whatever was wanted", status("deinstall"), nil, ""},
		{"two in one paragraph", zlib + " \n" + bash, []string{both}, `zlib1g 1:1.2.13.dfsg-1: var/lib/dpkg/status has a second field "Package: bash" in one paragraph`},
		{"two versions", zlib + "version: 9\n", []string{both}, `has a second field "version: 9"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := inventoryOf(t, []entry{file("etc/debian_version", debianBookworm), file("var/lib/dpkg/status", bash+"\n"+tt.status)})
			equal(t, inv, append([]string{"bash 5.2.15-2+b7"}, tt.want...)...)
			if got := reasons(inv); !strings.Contains(got, tt.unread) || tt.unread == "" && got != "" {
				t.Errorf("unread is %q, want %q in it", got, tt.unread)
			}
		})
	}
}

func TestTwoVersionsOfOneNameInApksListAreBothListed(t *testing.T) {
	inv := inventoryOf(t, []entry{file("etc/alpine-release", "3.20.1\n"), file("lib/apk/db/installed", "P:musl\nV:9.9.9-r0\n\nP:musl\nV:1.2.5-r0\n\nP:musl\nV:1.2.5-r0\n")})
	equal(t, inv, "musl 1.2.5-r0", "musl 9.9.9-r0")
}

func TestPackagesMadeElsewhereAreThirdParty(t *testing.T) {
	const list = "0  usr/share/acme/node_modules/lodash/package.json\n0  opt/acme/package.json\n0  usr/lib/node_modules/lodash/package.json\n"
	tests := []struct {
		name, field string
		third       bool
		want        []string
	}{
		{"Debian's own", "Maintainer: Debian Javascript Maintainers <x@lists.alioth.debian.org>\n", false, []string{"lodash 2.0.0"}},
		{"made by the Kubernetes project", "Maintainer: Kubernetes Authors <kubernetes-dev+release@googlegroups.com>\n", true, []string{"lodash 1.0.0", "lodash 2.0.0", "lodash 3.0.0"}},
		{"made by fpm", "Vendor: acme\nMaintainer: <root@build>\n", true, []string{"lodash 1.0.0", "lodash 2.0.0", "lodash 3.0.0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := inventoryOf(t, append(base(),
				file("var/lib/dpkg/status.d/acme", "Package: acme\nVersion: 1.0\n"+tt.field), file("var/lib/dpkg/info/acme.md5sums", list),
				lodash("usr/share/acme/node_modules/lodash", "1.0.0"), lodash("opt/acme", "2.0.0"), lodash("usr/lib/node_modules/lodash", "3.0.0")))
			equal(t, inv, append([]string{"acme 1.0", "bash 5.2.15-2+b7"}, append(tt.want, "zlib1g 1:1.2.13.dfsg-1")...)...)
			if got := inv.Packages[0].Repository == "homemade"; got != tt.third {
				t.Errorf("%s: third party is %t", inv.Packages[0].Name, got)
			}
		})
	}
}

func TestWolfiPackagesInOpt(t *testing.T) {
	installed := file("lib/apk/db/installed", "P:acme\nV:1.0-r0\nF:opt/acme\nR:package.json\n")
	for release, want := range map[string][]string{"wolfi": {"acme 1.0-r0"}, "alpine": {"acme 1.0-r0", "lodash 1.0.0"}} {
		inv := inventoryOf(t, []entry{file("etc/os-release", "ID="+release+"\nVERSION_ID=3.22\n"), installed, lodash("opt/acme", "1.0.0")})
		equal(t, inv, want...)
	}
}

func TestPackagesBehindSymbolicLinksAreRead(t *testing.T) {
	store := file("store/77", `{"name":"lodash","version":"1.0.0"}`)
	tests := []struct {
		name   string
		layers [][]entry
		want   []string
	}{
		{"a link from the root", [][]entry{{store, symlink("srv/package.json", "/store/77")}}, []string{"lodash 1.0.0"}},
		{"a link from where it lies", [][]entry{{store, symlink("srv/a/package.json", "../../store/77")}}, []string{"lodash 1.0.0"}},
		{"a link into an older layer", [][]entry{{store}, {symlink("srv/package.json", "/store/77")}}, []string{"lodash 1.0.0"}},
		{"two links to one file", [][]entry{{store, symlink("a/package.json", "/store/77"), symlink("b/package.json", "/store/77")}}, []string{"lodash 1.0.0"}},
		{"a link to a file that is read by its own name", [][]entry{{lodash("a", "1.0.0"), symlink("b/package.json", "../a/package.json")}}, []string{"lodash 1.0.0"}},
		{"a link to what is not there", [][]entry{{symlink("b/package.json", "nowhere")}}, nil},
		{"a link that was deleted", [][]entry{{store, symlink("srv/package.json", "/store/77")}, {file("srv/.wh.package.json", "")}}, nil},
		{"a link to a file that was deleted", [][]entry{{store, symlink("srv/package.json", "/store/77")}, {file(".wh.store", "")}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := inventoryOf(t, append([][]entry{base()}, tt.layers...)...)
			equal(t, inv, append([]string{"bash 5.2.15-2+b7"}, append(tt.want, "zlib1g 1:1.2.13.dfsg-1")...)...)
			if got := reasons(inv); got != "" {
				t.Errorf("unread: %s", got)
			}
		})
	}
}

func TestALayerThatARegistryNeedNotHoldIsReadIfItDoes(t *testing.T) {
	for _, kind := range []types.MediaType{types.OCIRestrictedLayer, types.DockerForeignLayer} {
		l := zipped(t, pack(t, base()...))
		l.mediaType = kind
		inv, err := readOne(t, stored(t, imageFor(t, "linux", "amd64", "", v1.Layer(l))))
		must(t, err)
		equal(t, inv, "bash 5.2.15-2+b7", "zlib1g 1:1.2.13.dfsg-1")
	}
}

func TestSystemsWithoutAdvisoriesAreNoted(t *testing.T) {
	app := lodash("srv/app", "1.0.0")
	tests := []struct {
		name   string
		layers [][]entry
		want   string
	}{
		{"a distribution that is not known", [][]entry{{file("etc/os-release", "ID=arch\nNAME=\"Arch Linux\"\n"), app}}, `image : it calls itself "arch", a distribution or a release that no advisories are known for`},
		{"one without a version", [][]entry{{file("usr/lib/os-release", "ID=rhel\n"), app}}, `image : it calls itself "rhel", a distribution or`},
		{"one without a name", [][]entry{{file("etc/os-release", "PRETTY_NAME=x\n"), app}}, `image : it calls itself "linux", a distribution or`},
		{"Debian without its version", [][]entry{{file("etc/os-release", "ID=debian\nVERSION_ID=12\n"), app}}, `image : it calls itself "debian", a distribution or`},
		{"Nix", [][]entry{{folder("nix/store"), file("nix/store/abc-openssl-3.0.1/lib/libssl.so", "x"), app}}, "image : packages of Nix are in it, below nix/store, and no advisories are known for them"},
		{"pacman beside Debian", [][]entry{base(), {file("var/lib/pacman/local/openssl-3.0-1/desc", "x")}, {folder("var/lib/pacman/local")}}, "image : packages of pacman are in it, below var/lib/pacman/local, and no"},
		{"pacman, deleted later", [][]entry{base(), {file("var/lib/pacman/local/openssl-3.0-1/desc", "x")}, {file("var/lib/.wh.pacman", "")}}, ""},
		{"an empty folder of Portage", [][]entry{base(), {folder("var/db/pkg")}}, ""},
		{"no distribution", [][]entry{{app}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := reasons(inventoryOf(t, tt.layers...)); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("unread is %q, want %q", got, tt.want)
			}
		})
	}
	inv, err := readOne(t, stored(t, imageFor(t, "windows", "amd64", "", layers(t, []entry{lodash("Files/app", "1.0.0")})...)))
	must(t, err)
	if got := reasons(inv); !strings.HasPrefix(got, "image : it is for windows/amd64, and advisories are known for Linux") {
		t.Errorf("of Windows, unread is %q", got)
	}
}
