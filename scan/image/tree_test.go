package image

import (
	"archive/tar"
	"strings"
	"testing"
)

func TestNewerLayersHideWhatOlderOnesHave(t *testing.T) {
	const bashNow, zlibNow, old = "bash 5.2.15-2+b7", "zlib1g 1:1.2.13.dfsg-1", "lodash 4.17.20"
	under := append(base(), lodash("srv/app/node_modules/lodash", "4.17.20"))
	tests := []struct {
		name  string
		above [][]entry
		want  []string
	}{
		{"nothing above", nil, []string{bashNow, old, zlibNow}},
		{"a newer file", [][]entry{{lodash("srv/app/node_modules/lodash", "4.17.21")}}, []string{bashNow, "lodash 4.17.21", zlibNow}},
		{"a newer file of which nothing is known", [][]entry{{file("srv/app/node_modules/lodash/package.json", "{}")}}, []string{bashNow, zlibNow}},
		{"a deleted file", [][]entry{{file("srv/app/node_modules/lodash/.wh.package.json", "")}}, []string{bashNow, zlibNow}},
		{"a deleted folder", [][]entry{{file("srv/.wh.app", "")}}, []string{bashNow, zlibNow}},
		{"a folder of which nothing older is left", [][]entry{{file("srv/.wh..wh..opq", "")}}, []string{bashNow, zlibNow}},
		{"a root of which nothing older is left", [][]entry{{file(".wh..wh..opq", ""), lodash("a", "1.0.0")}}, []string{"lodash 1.0.0"}},
		{"a new file in a folder of which nothing older is left", [][]entry{{file("srv/app/.wh..wh..opq", ""), lodash("srv/app/x", "1.0.0")}}, []string{bashNow, "lodash 1.0.0", zlibNow}},
		{"a deleted folder that is there again", [][]entry{{file("srv/.wh.app", "")}, {lodash("srv/app/node_modules/lodash", "3.0.0")}}, []string{bashNow, "lodash 3.0.0", zlibNow}},
		{"a file in place of a folder", [][]entry{{file("srv/app", "x")}}, []string{bashNow, zlibNow}},
		{"a link in place of a folder", [][]entry{{symlink("srv/app", "/opt")}}, []string{bashNow, zlibNow}},
		{"a folder in place of a file", [][]entry{{folder("srv/app/node_modules/lodash/package.json")}}, []string{bashNow, zlibNow}},
		{"a folder that was there", [][]entry{{folder("srv/app")}}, []string{bashNow, old, zlibNow}},
		{"a name that only begins alike", [][]entry{{file("srv/.wh.ap", ""), file("srv/app/.wh.node", "")}}, []string{bashNow, old, zlibNow}},
		{"a deletion in the layer that has the file", [][]entry{{file("a/.wh.lodash", ""), lodash("a/lodash", "1.0.0")}}, []string{bashNow, "lodash 1.0.0", old, zlibNow}},
		{"of two entries the later one", [][]entry{{lodash("a", "1.0.0"), lodash("a", "2.0.0")}}, []string{bashNow, "lodash 2.0.0", old, zlibNow}},
		{"of a file and a link the later one", [][]entry{{lodash("a", "1.0.0"), symlink("a/package.json", "b")}}, []string{bashNow, old, zlibNow}},
		{"a newer database", [][]entry{{file("var/lib/dpkg/status", bash)}}, []string{bashNow, old}},
		{"however a path is written", [][]entry{{file("./srv//app/../app/.wh.node_modules", "")}}, []string{bashNow, zlibNow}},
		{"a path from the root", [][]entry{{file("/srv/app/node_modules/lodash/package.json", "{}")}}, []string{bashNow, zlibNow}},
		{"a path that leaves the image stays in it", [][]entry{{file("../../srv/app/node_modules/lodash/package.json", "{}")}}, []string{bashNow, zlibNow}},
		{"the same layer twice", [][]entry{{file("srv/.wh.app", "")}, under}, []string{bashNow, old, zlibNow}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			equal(t, inventoryOf(t, append([][]entry{under}, tt.above...)...), tt.want...)
		})
	}
}

func TestWantedFilesAreFoundThroughLinks(t *testing.T) {
	tests := []struct {
		name   string
		layers [][]entry
		want   []string
		unread string
	}{
		{"a release elsewhere", [][]entry{{symlink("etc/os-release", "../opt/release"), file("opt/release", "ID=alpine\nVERSION_ID=3.20.1\n"), file("lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n")}},
			[]string{"musl 1.2.5-r0"}, ""},
		{"a folder of dpkg elsewhere", [][]entry{{file("etc/debian_version", debianBookworm), symlink("var/lib/dpkg", "/usr/lib/dpkg-db"), file("usr/lib/dpkg-db/status", bash)}},
			[]string{"bash 5.2.15-2+b7"}, ""},
		{"a folder of parts elsewhere", [][]entry{{file("etc/debian_version", debianBookworm), symlink("var/lib", "../state"), file("state/dpkg/status.d/bash", bash)}},
			[]string{"bash 5.2.15-2+b7"}, ""},
		{"a link of a newer layer to a file of an older one", [][]entry{{file("etc/debian_version", debianBookworm), file("backup/status", bash)}, {symlink("var/lib/dpkg/status", "../../../backup/status")}},
			[]string{"bash 5.2.15-2+b7"}, ""},
		{"merged folders, where it is read by its own name", [][]entry{{file("etc/alpine-release", "3.22.0\n"), symlink("lib", "usr/lib"), file("usr/lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n")}},
			[]string{"musl 1.2.5-r0"}, ""},
		{"a circle", [][]entry{append(base(), symlink("lib", "lib2"), symlink("lib2", "lib"), symlink("usr/share/rpm", "../share/rpm"))},
			[]string{"bash 5.2.15-2+b7", "zlib1g 1:1.2.13.dfsg-1"}, "usr/share/rpm/rpmdb.sqlite : its symbolic links lead in a circle"},
		{"a link that leads nowhere", [][]entry{append(base(), symlink("lib/apk/db/installed", "/nowhere"), symlink("usr/share/buildinfo", "../../../../x"))},
			[]string{"bash 5.2.15-2+b7", "zlib1g 1:1.2.13.dfsg-1"}, ""},
		{"a link to a link that nobody wrote down", [][]entry{{file("etc/debian_version", debianBookworm), symlink("var/lib/dpkg/status", "/a"), symlink("a", "b"), file("b", bash)}},
			nil, "var/lib/dpkg/status : it links to a, which is not a regular file"},
		{"a database that is a hard link", [][]entry{{file("etc/debian_version", debianBookworm), file("var/lib/dpkg/status-old", bash), hardlink("var/lib/dpkg/status", "var/lib/dpkg/status-old")}},
			[]string{"bash 5.2.15-2+b7"}, ""},
		{"a hard link to a hard link", [][]entry{{file("etc/debian_version", debianBookworm), file("x", bash), hardlink("var/lib/dpkg/status", "etc/debian_version"), hardlink("var/lib/dpkg/status", "x")}},
			[]string{"bash 5.2.15-2+b7"}, ""},
		{"a hard link into an older layer", [][]entry{{file("etc/debian_version", debianBookworm), file("x", bash)}, {hardlink("var/lib/dpkg/status", "/x")}},
			[]string{"bash 5.2.15-2+b7"}, ""},
		{"a hard link to nothing", [][]entry{append(base(), hardlink("a/package.json", "../outside"))},
			[]string{"bash 5.2.15-2+b7", "zlib1g 1:1.2.13.dfsg-1"}, "a/package.json : it is a hard link to outside, which is not there"},
		{"two names for one file", [][]entry{append(base(), lodash("a", "1.0.0"), hardlink("b/package.json", "a/package.json"))},
			[]string{"bash 5.2.15-2+b7", "lodash 1.0.0", "zlib1g 1:1.2.13.dfsg-1"}, ""},
		{"two names for one file, the first deleted later", [][]entry{append(base(), lodash("a", "1.0.0"), hardlink("b/package.json", "a/package.json")), {file("a/.wh.package.json", "")}},
			[]string{"bash 5.2.15-2+b7", "lodash 1.0.0", "zlib1g 1:1.2.13.dfsg-1"}, ""},
		{"two names for one file, both deleted later", [][]entry{append(base(), lodash("a", "1.0.0"), hardlink("b/package.json", "a/package.json")), {file(".wh.a", ""), file(".wh.b", "")}},
			[]string{"bash 5.2.15-2+b7", "zlib1g 1:1.2.13.dfsg-1"}, ""},
		{"a file of a store that has many names", [][]entry{append(base(), file("store/77", `{"name":"lodash","version":"1.0.0"}`), hardlink("b/package.json", "store/77"), hardlink("c/package.json", "store/77"))},
			[]string{"bash 5.2.15-2+b7", "lodash 1.0.0", "zlib1g 1:1.2.13.dfsg-1"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := inventoryOf(t, tt.layers...)
			equal(t, inv, tt.want...)
			if got := reasons(inv); tt.unread == "" && got != "" || !strings.Contains(got, tt.unread) {
				t.Errorf("unread is %q, want %q in it", got, tt.unread)
			}
		})
	}
}

func TestFilesThatTheDistributionInstalledAreItsOwn(t *testing.T) {
	metadata := file("usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n")
	const list = "00000000000000000000000000000000  usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA\nno line of a list\n"
	six := "Package: python3-six\nStatus: install ok installed\nArchitecture: all\nVersion: 1.16.0-4\n"
	const own, pip = "python3-six 1.16.0-4", "six 1.16.0"
	release := file("etc/debian_version", debianBookworm)
	sums := file("var/lib/dpkg/info/python3-six.md5sums", list)
	apk := "P:py3-six\nV:1.16.0-r6\nF:usr/lib/python3/dist-packages/six-1.16.0.dist-info\nR:METADATA\n"

	tests := []struct {
		name   string
		layers [][]entry
		want   []string
	}{
		{"by dpkg", [][]entry{{release, file("var/lib/dpkg/status", six), sums, metadata}}, []string{own}},
		{"by dpkg, with the architecture in the list's name", [][]entry{{release, file("var/lib/dpkg/status", six), file("var/lib/dpkg/info/python3-six:all.md5sums", list), metadata}}, []string{own}},
		{"by dpkg of a distroless image", [][]entry{{release, file("var/lib/dpkg/status.d/six", six), file("var/lib/dpkg/status.d/python3-six.md5sums", list), metadata}}, []string{own}},
		{"by apk", [][]entry{{file("etc/alpine-release", "3.20.1\n"), file("lib/apk/db/installed", apk), metadata}}, []string{"py3-six 1.16.0-r6"}},
		{"without a list", [][]entry{{release, file("var/lib/dpkg/status", six), metadata}}, []string{own, pip}},
		{"by a package from elsewhere", [][]entry{{release, file("var/lib/dpkg/status", six+"Maintainer: GitHub\n"), sums, metadata}}, []string{own, pip}},
		{"and then again by pip", [][]entry{{release, file("var/lib/dpkg/status", six), sums, metadata}, {metadata}}, []string{own, pip}},
		{"in a layer below its package", [][]entry{{metadata}, {release, file("var/lib/dpkg/status", six), sums}}, []string{own, pip}},
		{"and whose list of packages was deleted", [][]entry{{release, file("var/lib/dpkg/status", six), sums, metadata}, {file("var/lib/.wh.dpkg", "")}}, []string{pip}},
		{"and whose list of packages is a newer one", [][]entry{{release, file("var/lib/dpkg/status", six), sums, metadata}, {file("var/lib/dpkg/status", six+"\n"+bash)}}, []string{"bash 5.2.15-2+b7", own}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { equal(t, inventoryOf(t, tt.layers...), tt.want...) })
	}
}

func TestFoldersThatARuntimeMountsOverAreSkipped(t *testing.T) {
	inv := inventoryOf(t, append(base(), folder("proc"), lodash("proc/x", "1.0.0"), folder("srv/.git"), lodash("srv/.git/a/b", "1.0.0"), lodash("srv/.gitx", "2.0.0")))
	equal(t, inv, "bash 5.2.15-2+b7", "lodash 1.0.0", "lodash 2.0.0", "zlib1g 1:1.2.13.dfsg-1")
}

func TestWhatNoRuntimeReadsIsNotLeftOut(t *testing.T) {
	sparse := func(h *tar.Header) {
		h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"PRODGATE.x": "y"}
	}
	inv := inventoryOf(t, append(base(), entry{"a/package.json", "", func(h *tar.Header) { h.Typeflag = tar.TypeCont }}, entry{"b/package.json", `{"name":"b","version":"1.0.0"}`, sparse}))
	equal(t, inv, "b 1.0.0", "bash 5.2.15-2+b7", "zlib1g 1:1.2.13.dfsg-1")
	if !strings.Contains(reasons(inv), "a/package.json : it is stored in a way (tar type '7') that no runtime reads") {
		t.Errorf("unread: %s", reasons(inv))
	}
}
