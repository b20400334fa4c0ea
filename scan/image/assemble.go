package image

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/purl"
)

// pythons are files of Python's own packages in Debian's distroless images, which
// have no list of a package's files.
var pythons = []string{
	"usr/lib/python2.7/argparse.egg-info",
	"usr/lib/python2.7/lib-dynload/Python-2.7.egg-info",
	"usr/lib/python2.7/wsgiref.egg-info",
}

// byPython stands for the database that would list them.
const byPython = "-"

// own writes down which files of languages belong to packages of the
// distribution that the same layer lists: what is wrong with those is for the
// distribution's advisories to say. The lists of files are then dropped.
func (l *layer) own() {
	l.sums()
	var files []*found
	for _, f := range l.found {
		if len(f.language.Packages)+len(f.language.Unread) > 0 {
			files = append(files, f)
		}
	}
	for name, f := range l.found {
		if f.database == nil || len(f.database.owned) == 0 {
			continue
		}
		slices.Sort(f.database.owned)
		for _, file := range files {
			file.claim(name, f.database.owned)
		}
		f.database.owned = nil
	}
	for _, file := range files {
		for _, name := range pythons {
			if file.path == name {
				file.claim(byPython, []uint64{hashOf(name)})
			}
		}
	}
}

// sums gives the packages of dpkg the files that their lists name.
func (l *layer) sums() {
	lists := map[string][]uint64{}
	for name, f := range l.found {
		if f.sums == nil {
			continue
		}
		base := strings.TrimSuffix(path.Base(f.path), sumsSuffix)
		lists[base] = append(lists[base], f.sums...)
		if f.sums = nil; len(f.unread) == 0 {
			delete(l.found, name)
		}
	}
	if len(lists) == 0 {
		return
	}
	for _, f := range l.found {
		if f.database == nil || group(f.path) != groupDpkg {
			continue
		}
		for _, p := range f.database.packages {
			list, ok := lists[p.Name]
			if !ok {
				list = lists[p.Name+":"+p.Arch]
			}
			if p.Repository == "" {
				f.database.owned = append(f.database.owned, list...)
			}
		}
	}
}

// claim writes down which of a file's paths the database at name owns.
func (f *found) claim(name string, owned []uint64) {
	mark := func(p string) {
		if p != "" && has(owned, hashOf(p)) {
			if f.owners == nil {
				f.owners = map[string]string{}
			}
			f.owners[p] = name
		}
	}
	mark(f.path)
	for _, p := range f.language.Packages {
		mark(p.FilePath)
	}
}

// inventory assembles the packages that are not hidden.
func (t *tree) inventory(reference string) *inventory.Inventory {
	inv := &inventory.Inventory{Kind: inventory.KindImage, Unread: t.unread}
	inv.OS = t.distribution()
	family := "none" // the name that Trivy uses
	target := reference
	if inv.OS != nil {
		family, target = inv.OS.Family, fmt.Sprintf("%s (%s %s)", reference, inv.OS.Family, inv.OS.Name)
	}
	databases := map[string]bool{}
	t.visible(func(_ int, name string, f *found) {
		inv.Unread = append(inv.Unread, f.unread...)
		if f.database != nil && !f.damaged {
			databases[name] = true
		}
	})
	listed, managers := map[string]bool{}, map[string]int{}
	t.visible(func(i int, _ string, f *found) {
		if f.database != nil {
			manager := group(f.path)
			for _, p := range f.database.packages {
				if id := identity(manager, p); !listed[id] {
					listed[id] = true
					managers[manager]++
					p.Type, p.Target = family, target
					inv.Packages = append(inv.Packages, p)
				}
			}
		}
		f.languages(inv, databases)
	})
	t.noteImplausible(inv, len(listed))
	noteForeign(inv, managers)
	t.noteUnsupported(inv)
	inv.Sort()
	return inv
}

// identity is what makes a package of one manager the same as another.
func identity(manager string, p inventory.Package) string {
	if manager == groupDpkg || manager == groupApk {
		return p.Name + "@" + p.FullVersion()
	}
	return p.Name + "@" + p.FullVersion() + "." + p.Arch
}

// languages adds the packages of a file of a language, without those that belong
// to a package of the distribution that is still listed.
func (f *found) languages(inv *inventory.Inventory, databases map[string]bool) {
	family := ""
	if inv.OS != nil {
		family = inv.OS.Family
	}
	owned := func(p string) bool {
		owner, ok := f.owners[p]
		return ok && (owner == byPython || databases[owner] && f.distributed(family))
	}
	if len(f.language.Packages)+len(f.language.Unread) == 0 || owned(f.path) {
		return
	}
	inv.Unread = append(inv.Unread, f.language.Unread...)
	for _, p := range f.language.Packages {
		if !owned(p.FilePath) {
			inv.Packages = append(inv.Packages, p)
		}
	}
}

// distributed reports whether a package of the distribution may have installed
// the file. Debian, Ubuntu and Alpine let their packages put nothing in opt, srv,
// home or usr/local, and nothing but the name of who made a package tells one of
// theirs from one that a team built for itself: what that brings has to be judged
// by itself. Wolfi's relatives use such folders, and rpm's packages name their
// vendor.
func (f *found) distributed(family string) bool {
	switch family {
	case "debian", "ubuntu", "alpine":
	default:
		return true
	}
	top, rest, _ := strings.Cut(f.path, "/")
	switch top {
	case "usr":
		return !strings.HasPrefix(rest, "local/")
	case "bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "var":
		return true
	}
	return false
}

// precedence is the order in which files are searched for the distribution.
var precedence = []string{
	"etc/os-release", "usr/lib/os-release",
	"aarch64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release", "x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release",
	"etc/alpine-release", "etc/almalinux-release", "etc/centos-release", "etc/rocky-release", "etc/oracle-release",
	"etc/fedora-release", "usr/lib/fedora-release", "etc/system-release", "usr/lib/system-release",
	"etc/lsb-release", "etc/redhat-release", "etc/debian_version",
}

// distribution is what the files that are not hidden say, or, if they say
// nothing, what the newest said that are: a name that was deleted is still that
// of the packages.
func (t *tree) distribution() *inventory.OS {
	seen, last := map[string]*found{}, map[string]*found{}
	for _, l := range t.layers {
		for _, f := range l.found {
			if f.release != nil || f.repository != "" || f.extended {
				last[f.path] = f
			}
		}
	}
	t.visible(func(_ int, _ string, f *found) { seen[f.path] = f })
	os := &inventory.OS{}
	for _, files := range []map[string]*found{seen, last} {
		var r release
		for _, name := range precedence {
			if f := files[name]; f != nil {
				r.merge(f.release)
			}
		}
		if f := files["etc/apk/repositories"]; f != nil && os.Repository == "" {
			os.Repository = f.repository
		}
		if r.family != "" {
			os.Family, os.Name = r.family, r.name
			break
		}
	}
	if f := seen["var/lib/ubuntu-advantage/status.json"]; f != nil && f.extended {
		os.Extended = true
		if os.Family == "" || os.Family == "debian" {
			os.Family = "ubuntu"
		}
	}
	if os.Family == "" && os.Repository != "" {
		os.Family, os.Name = "alpine", os.Repository
	}
	if os.Family == "" {
		return nil
	}
	t.built(os)
	return os
}

// built adds Red Hat's description of the build. Of several layers that say
// something, packages belong to that which is nearest below; together their
// content sets leave nothing out.
func (t *tree) built(os *inventory.OS) {
	for _, l := range t.layers {
		names := make([]string, 0, len(l.found))
		for name, f := range l.found {
			if f.build != nil {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			b := l.found[name].build
			os.NVR = cmp.Or(b.nvr, os.NVR)
			for _, set := range b.contents {
				if !slices.Contains(os.ContentSets, set) {
					os.ContentSets = append(os.ContentSets, set)
				}
			}
		}
	}
	slices.Sort(os.ContentSets)
}

// managerOf returns the package manager of a distribution; that of an unknown one is
// rpm.
func managerOf(family string) string {
	switch purl.Distribution(family) {
	case packageurl.TypeDebian:
		return groupDpkg
	case packageurl.TypeApk:
		return groupApk
	}
	return groupRPM
}

// noteForeign notes packages of a package manager that the distribution does not
// use: its advisories do not cover them, and its versions compare differently. The
// distribution is what os-release says, which proves nothing.
func noteForeign(inv *inventory.Inventory, managers map[string]int) {
	if inv.OS == nil {
		return
	}
	for _, manager := range []string{groupDpkg, groupApk, groupRPM} {
		if n := managers[manager]; n > 0 && manager != managerOf(inv.OS.Family) {
			noun := "packages"
			if n == 1 {
				noun = "package"
			}
			inv.Note("image", "", "it has %d %s of %s, and the distribution is %s %s, which does not use %s: which advisories apply is unknown", n, noun, manager, inv.OS.Family, inv.OS.Name, manager)
		}
	}
}

// noteImplausible notes what can't be: an image in which nothing is recognised, packages
// of no known distribution, a distribution without packages.
func (t *tree) noteImplausible(inv *inventory.Inventory, installed int) {
	note := func(reason string) {
		inv.Unread = append(inv.Unread, finding.Undetermined{Package: "image", Reason: reason})
	}
	switch {
	case inv.OS == nil && installed > 0:
		note("it has packages of a distribution, and no file names the distribution")
	case inv.OS == nil && len(inv.Packages) == 0:
		note("neither a distribution nor any package was recognised in it")
	case inv.OS != nil && installed == 0 && inv.OS.Family != "activestate":
		note(fmt.Sprintf("it is %s %s, and no package of it is listed: were the files below /var/lib/dpkg, /lib/apk/db or /var/lib/rpm deleted?", inv.OS.Family, inv.OS.Name))
	}
}
