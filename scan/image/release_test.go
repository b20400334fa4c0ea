package image

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/rpmdb/rpmdbtest"
)

func TestTheDistributionIsRecognised(t *testing.T) {
	osRelease := func(id, version string) entry {
		return file("etc/os-release", "NAME=x\nID="+id+"\n# VERSION_ID=0\nVERSION_ID=\""+version+"\"\n")
	}
	os := func(family, name string) *inventory.OS { return &inventory.OS{Family: family, Name: name} }
	tests := []struct {
		name   string
		layers [][]entry
		want   *inventory.OS
	}{
		{"Debian", [][]entry{{osRelease("debian", "12"), file("etc/debian_version", "12.8\n")}}, os("debian", "12.8")},
		{"Debian in the making", [][]entry{{file("etc/debian_version", "trixie/sid\n")}}, os("debian", "trixie/sid")},
		{"Ubuntu", [][]entry{{osRelease("ubuntu", "22.04"), file("etc/debian_version", "bookworm/sid\n"), file("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n")}}, os("ubuntu", "22.04")},
		{"Ubuntu whose maintenance was extended", [][]entry{{file("etc/debian_version", "x\n"), file("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=18.04\n"), file("var/lib/ubuntu-advantage/status.json", `{"services":[{"name":"esm-infra","status":"enabled"}]}`)}}, &inventory.OS{Family: "ubuntu", Name: "18.04", Extended: true}},
		{"Ubuntu whose maintenance was not", [][]entry{{file("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=18.04\n"), file("var/lib/ubuntu-advantage/status.json", `{"services":[{"name":"esm-infra","status":"n/a"}]}`)}}, os("ubuntu", "18.04")},
		{"a relative of Ubuntu", [][]entry{{osRelease("linuxmint", "21"), file("etc/debian_version", "bookworm/sid\n"), file("etc/lsb-release", "DISTRIB_ID=LinuxMint\nDISTRIB_RELEASE=21\n")}}, os("debian", "bookworm/sid")},
		{"Alpine", [][]entry{{osRelease("alpine", "3.20.1"), file("etc/alpine-release", "3.20.1\n")}}, os("alpine", "3.20.1")},
		{"Alpine with newer repositories", [][]entry{{file("etc/alpine-release", "3.20.1\n"), file("etc/apk/repositories", "https://dl-cdn.alpinelinux.org/alpine/v3.9/main\nhttp://x.example/alpine/v3.21/community\n#comment\n/local\n")}}, &inventory.OS{Family: "alpine", Name: "3.20.1", Repository: "3.21"}},
		{"Alpine with edge", [][]entry{{file("etc/alpine-release", "3.20.1\n"), file("etc/apk/repositories", "https://dl-cdn.alpinelinux.org/alpine/v3.9/main\nhttps://x.example/alpine/edge/main\nhttps://x.example/alpine/v3.22/main\n")}}, &inventory.OS{Family: "alpine", Name: "3.20.1", Repository: "edge"}},
		{"Alpine by its repositories alone", [][]entry{{file("etc/apk/repositories", "https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n")}}, &inventory.OS{Family: "alpine", Name: "3.20", Repository: "3.20"}},
		{"Wolfi", [][]entry{{osRelease("wolfi", "20230201"), file("etc/apk/repositories", "https://packages.wolfi.dev/os\n")}}, os("wolfi", "20230201")},
		{"Chainguard", [][]entry{{osRelease("chainguard", "20230214")}}, os("chainguard", "20230214")},
		{"MinimOS", [][]entry{{osRelease("minimos", "20241031")}}, os("minimos", "20241031")},
		{"Red Hat", [][]entry{{osRelease("rhel", "9.4"), file("etc/redhat-release", "Red Hat Enterprise Linux release 9.4 (Plow)\n")}}, os("redhat", "9.4")},
		{"Red Hat by its own file", [][]entry{{file("etc/redhat-release", "Red Hat Enterprise Linux release 9.4 (Plow)\n")}}, os("redhat", "9.4")},
		{"CentOS", [][]entry{{file("etc/redhat-release", "CentOS Linux release 7.9.2009 (Core)\n")}}, os("centos", "7.9.2009")},
		{"CentOS Stream", [][]entry{{file("etc/os-release", "NAME=\"CentOS Stream\"\nID=centos\nVERSION_ID=9\n"), file("etc/redhat-release", "CentOS Stream release 9\n"), file("etc/centos-release", "CentOS Stream release 9\n")}}, os("centos-stream", "9")},
		{"Oracle, which calls itself Red Hat, too", [][]entry{{file("etc/oracle-release", "Oracle Linux Server release 8.9\n"), file("etc/redhat-release", "Red Hat Enterprise Linux release 8.9 (Ootpa)\n")}}, os("oracle", "8.9")},
		{"Alma", [][]entry{{file("etc/almalinux-release", "AlmaLinux release 9.3 (Shamrock)\n")}}, os("alma", "9.3")},
		{"Rocky", [][]entry{{file("etc/rocky-release", "Rocky Linux release 9.3 (Blue Onyx)\n")}}, os("rocky", "9.3")},
		{"Fedora", [][]entry{{file("usr/lib/fedora-release", "Fedora release 39 (Thirty Nine)\n")}}, os("fedora", "39")},
		{"Amazon Linux 2", [][]entry{{osRelease("amzn", "2"), file("etc/system-release", "Amazon Linux release 2 (Karoo)\n")}}, os("amazon", "2 (Karoo)")},
		{"Amazon Linux 1", [][]entry{{file("etc/system-release", "Amazon Linux AMI release 2018.03\n")}}, os("amazon", "AMI release 2018.03")},
		{"Amazon Linux 2023", [][]entry{{file("usr/lib/system-release", "Amazon Linux release 2023.6.20241010 (Amazon Linux)\n")}}, os("amazon", "2023.6.20241010 (Amazon Linux)")},
		{"SUSE", [][]entry{{osRelease("sles", "15.5")}}, os("sles", "15.5")},
		{"SUSE Micro", [][]entry{{osRelease("sl-micro", "6.0")}}, os("slem", "6.0")},
		{"openSUSE", [][]entry{{osRelease("opensuse-leap", "15.5")}}, os("opensuse-leap", "15.5")},
		{"Photon", [][]entry{{osRelease("photon", "4.0"), file("etc/lsb-release", "DISTRIB_ID=\"VMware Photon OS\"\n")}}, os("photon", "4.0")},
		{"Azure Linux", [][]entry{{osRelease("azurelinux", "3.0")}}, os("azurelinux", "3.0")},
		{"Mariner", [][]entry{{osRelease("mariner", "2.0")}}, os("cbl-mariner", "2.0")},
		{"Bottlerocket", [][]entry{{file("x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release", "ID=bottlerocket\nVERSION_ID=1.34.0\n")}}, os("bottlerocket", "1.34.0")},
		{"an upgrade in a newer layer", [][]entry{{file("etc/alpine-release", "3.18.4\n")}, {file("etc/alpine-release", "3.19.1\n")}}, os("alpine", "3.19.1")},
		{"a name that was deleted is still that of the packages", [][]entry{{file("etc/alpine-release", "3.18.4\n")}, {file("etc/.wh.alpine-release", "")}}, os("alpine", "3.18.4")},
		{"the newer of two that were deleted", [][]entry{{file("etc/alpine-release", "3.18.4\n")}, {file("etc/alpine-release", "3.19.1\n")}, {file(".wh.etc", "")}}, os("alpine", "3.19.1")},
		{"another distribution", [][]entry{{osRelease("gentoo", "2.15")}}, nil},
		{"one without a version", [][]entry{{file("etc/os-release", "ID=rhel\n")}}, nil},
		{"none", [][]entry{{file("srv/x", "x")}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := inventoryOf(t, tt.layers...)
			if diff := cmp.Diff(tt.want, inv.OS); diff != "" {
				t.Errorf("the distribution differs (-want +got):\n%s", diff)
			}
			if len(inv.Unread) == 0 {
				t.Error("no package was there, and nothing is said of it")
			}
		})
	}
}

func TestRedHatSaysFromWhatAnImageWasBuilt(t *testing.T) {
	const recipe = "FROM scratch\nARG RELEASE=8\nENV \\\n  COMPONENT=ubi${RELEASE}-container\nLABEL com.redhat.component=\"$COMPONENT\" \\\n      # a remark\n      architecture=\"x86_64\"\n"
	release := file("etc/redhat-release", "Red Hat Enterprise Linux release 8.4 (Ootpa)\n")
	inv := inventoryOf(t,
		[]entry{release, file("root/buildinfo/content_manifests/ubi8.json", `{"content_sets":["rhel-8-b","rhel-8-a"]}`), file("root/buildinfo/Dockerfile-ubi8-8.4-206", recipe)},
		[]entry{file("root/buildinfo/content_manifests/app.json", `{"content_sets":["rhel-8-a","rhel-8-c"]}`), file("root/buildinfo/Dockerfile-other", "FROM x\n")},
	)
	want := &inventory.OS{Family: "redhat", Name: "8.4", ContentSets: []string{"rhel-8-a", "rhel-8-b", "rhel-8-c"}, NVR: "ubi8-container-8.4-206-x86_64"}
	if diff := cmp.Diff(want, inv.OS); diff != "" {
		t.Errorf("the distribution differs (-want +got):\n%s", diff)
	}
}

func TestRPMsAreReadFromEveryPathOfTheDatabase(t *testing.T) {
	headers := [][]byte{
		rpmdbtest.Named("python3-six", 0),
		rpmdbtest.Header(tag(rpmdbtest.TagName, "nodejs"), tag(rpmdbtest.TagVersion, "18.0"), tag(rpmdbtest.TagRelease, "2.module"), tag(rpmdbtest.TagEpoch, []int32{1}), tag(rpmdbtest.TagArch, "x86_64"),
			tag(rpmdbtest.TagVendor, "Red Hat, Inc."), tag(rpmdbtest.TagModularityLabel, "nodejs:18:820:rhel8"), tag(rpmdbtest.TagSourceRPM, "nodejs-src-18.0-2.module.src.rpm"),
			tag(rpmdbtest.TagDirNames, []string{"/usr/lib/node_modules/npm/"}), tag(rpmdbtest.TagBaseNames, []string{"package.json"}), tag(rpmdbtest.TagDirIndexes, []int32{0})),
		rpmdbtest.Header(tag(rpmdbtest.TagName, "gpg-pubkey"), tag(rpmdbtest.TagVersion, "8483c65d"), tag(rpmdbtest.TagRelease, "5ccc5b19")),
		rpmdbtest.Header(tag(rpmdbtest.TagName, "mongodb"), tag(rpmdbtest.TagVersion, "6"), tag(rpmdbtest.TagRelease, "1"), tag(rpmdbtest.TagArch, "x86_64"), tag(rpmdbtest.TagVendor, "MongoDB"),
			tag(rpmdbtest.TagDirNames, []string{"/opt/mongodb/"}), tag(rpmdbtest.TagBaseNames, []string{"package.json"}), tag(rpmdbtest.TagDirIndexes, []int32{0})),
	}
	release := file("etc/os-release", "ID=rhel\nVERSION_ID=8.4\n")
	npm := file("usr/lib/node_modules/npm/package.json", `{"name":"npm","version":"8.0.0"}`)
	agent := file("opt/mongodb/package.json", `{"name":"agent","version":"6.0.0"}`)
	want := []string{"agent 6.0.0", "gpg-pubkey 8483c65d-5ccc5b19", "mongodb 6-1", "nodejs 1:18.0-2.module", "python3-six 1.0-2.el9"}
	for at, raw := range map[string][]byte{
		"var/lib/rpm/Packages":              rpmdbtest.Berkeley(binary.LittleEndian, 4096, headers...),
		"usr/lib/sysimage/rpm/Packages.db":  rpmdbtest.NDB(headers...),
		"usr/lib/sysimage/rpm/rpmdb.sqlite": rpmdbtest.SQLite(headers...),
		"usr/share/rpm/rpmdb.sqlite":        rpmdbtest.SQLite(headers...),
	} {
		t.Run(at, func(t *testing.T) {
			inv := inventoryOf(t, []entry{release, npm, agent, symlink("var/lib/rpm-link", "x"), file(at, string(raw))})
			equal(t, inv, want...)
			for _, p := range inv.Packages {
				if p.Name == "nodejs" {
					want := inventory.Package{
						Class: inventory.ClassOS, Type: "redhat", Name: "nodejs", Version: "18.0", Release: "2.module", Epoch: 1, Arch: "x86_64",
						SrcName: "nodejs-src", SrcVersion: "18.0", SrcRelease: "2.module", SrcEpoch: 1,
						ModularityLabel: "nodejs:18:820:rhel8", Vendor: "Red Hat, Inc.", Target: p.Target,
					}
					if diff := cmp.Diff(want, p); diff != "" || !strings.HasSuffix(p.Target, " (redhat 8.4)") {
						t.Errorf("target %q; the package differs (-want +got):\n%s", p.Target, diff)
					}
				}
				if third := p.Repository == inventory.ThirdParty; p.Class == inventory.ClassOS && third != (p.Name == "mongodb" || p.Name == "gpg-pubkey") {
					t.Errorf("%s is of the repository %q", p.Name, p.Repository)
				}
			}
			if len(inv.Unread) > 0 {
				t.Errorf("unread: %s", reasons(inv))
			}
		})
	}
}

func tag(number uint32, value any) rpmdbtest.Tag {
	return rpmdbtest.Tag{Number: number, Value: value}
}

func TestPackagesAreReadFromListsInsteadOfADatabase(t *testing.T) {
	manifest := inventoryOf(t, []entry{file("etc/os-release", "ID=mariner\nVERSION_ID=2.0\n"),
		file("var/lib/rpmmanifest/container-manifest-2", "bash\t5.1.8-1.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t(none)\t580\tx86_64\t3\tbash-src-5.1.8-1.cm2.src.rpm\n")})
	equal(t, manifest, "bash 3:5.1.8-1.cm2")
	if p := manifest.Packages[0]; p.SrcName != "bash-src" || p.FullSrcVersion() != "3:5.1.8-1.cm2" || p.Type != "cbl-mariner" {
		t.Errorf("read %+v", p)
	}
	equal(t, inventoryOf(t, []entry{
		file("x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release", "ID=bottlerocket\nVERSION_ID=1.34.0\n"),
		file("x86_64-bottlerocket-linux-gnu/sys-root/usr/share/bottlerocket/application-inventory.json", `{"Content":[{"Name":"glibc","Version":"2.40","Release":"1.br1","Epoch":"1","Architecture":"x86_64"}]}`),
	}), "glibc 1:2.40-1.br1")
}

func TestDpkgIsReadAsDpkgMeansIt(t *testing.T) {
	status := strings.Join([]string{
		"Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nSource: glibc (2.36-9)\nVersion: 2.36-9+deb12u9\nConffiles:\n /etc/x 0123\nDescription: x\n .\n Package: not a field\n",
		"Package: libc6\nStatus: install ok installed\nArchitecture: i386\nSource: glibc\nVersion: 2.36-9+deb12u9\n",
		"package: lower\nSTATUS: hold ok half-configured\nversion: 1\n",
		"Package: gone\nStatus: deinstall ok config-files\nVersion: 1-1\n",
		"Package: purged\nStatus: purge ok not-installed\nVersion: 1-1\n",
		"Package: unknown\nStatus: unknown ok not-installed\nPriority: optional\n",
		"Package: tilde\nStatus: install ok installed\nVersion: 2:1.0~rc1+dfsg-3.1~bpo12+1\nSource: tilde-src ( 1:9-1 )\r\n",
	}, "\n")
	inv := inventoryOf(t, []entry{file("etc/debian_version", debianBookworm), file("var/lib/dpkg/status", status), file("var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all")})
	equal(t, inv, "libc6 2.36-9+deb12u9", "lower 1", "tilde 2:1.0~rc1+dfsg-3.1~bpo12+1", "tzdata 2024a-0+deb12u1")
	if len(inv.Unread) > 0 {
		t.Errorf("unread: %s", reasons(inv))
	}
	for _, p := range inv.Packages {
		if want := map[string]string{"libc6": "glibc 2.36-9+deb12u9", "lower": "lower 1", "tilde": "tilde-src 1:9-1", "tzdata": "tzdata 2024a-0+deb12u1"}[p.Name]; p.SrcName+" "+p.FullSrcVersion() != want {
			t.Errorf("the source of %s is %s %s, want %s", p.Name, p.SrcName, p.FullSrcVersion(), want)
		}
	}
}

func TestApkIsReadWithLongLinesAndOrigins(t *testing.T) {
	installed := "C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nm:Someone <a@b>\no:musl-src\np:" + strings.Repeat("so:x=1 ", 30_000) + "\nF:lib\nR:libc.so\n\nP:zlib\nV:1.3.1-r1\n\nP:musl\nV:9-r9\n\n\n"
	inv := inventoryOf(t, []entry{file("etc/alpine-release", "3.20.1\n"), file("lib/apk/db/installed", installed), file("usr/lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n")})
	equal(t, inv, "musl 1.2.5-r0", "musl 9-r9", "zlib 1.3.1-r1")
	if p := inv.Packages[0]; p.SrcName != "musl-src" || p.SrcVersion != "1.2.5-r0" || p.Arch != "x86_64" || p.Vendor != "Someone <a@b>" {
		t.Errorf("read %+v", p)
	}
}

// The packages of the machine on which the tests run, where it is a Debian.
func TestTheDpkgOfThisMachineIsReadWhole(t *testing.T) {
	raw, err := os.ReadFile(filepath.FromSlash("/var/lib/dpkg/status"))
	if err != nil {
		t.Skip("this machine has no dpkg: run it on a Debian")
	}
	installed := strings.Count("\n"+string(raw), "\nStatus: install ok installed")
	inv := inventoryOf(t, []entry{file("etc/debian_version", debianBookworm), file("var/lib/dpkg/status", string(raw))})
	foreign := strings.Count(string(raw), "Multi-Arch: same") // the same package of two architectures counts once
	if got := len(inv.Packages); got > installed || got < installed-foreign || len(inv.Unread) > 0 {
		t.Errorf("read %d of %d packages; unread: %s", got, installed, reasons(inv))
	}
}
