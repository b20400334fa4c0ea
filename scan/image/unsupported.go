package image

import (
	"slices"
	"strings"

	"github.com/prodgate/prodgate/scan/inventory"
)

// unsupportedDirs are the folders in which package managers keep what they installed
// that no advisories are known for. Each has two parts at least.
var unsupportedDirs = map[string]string{
	"gnu/store":                 "Guix",
	"nix/store":                 "Nix",
	"usr/lib/opkg":              "opkg",
	"usr/share/clear/bundles":   "swupd",
	"var/db/pkg":                "Portage or FreeBSD's pkg",
	"var/db/xbps":               "XBPS",
	"var/lib/eopkg/package":     "eopkg",
	"var/lib/opkg":              "opkg",
	"var/lib/pacman/local":      "pacman",
	"var/lib/pkgtools":          "Slackware",
	"var/log/packages":          "Slackware",
	"var/lib/swupd":             "swupd",
	"opt/homebrew/Cellar":       "Homebrew",
	"home/linuxbrew/.linuxbrew": "Homebrew",
}

// recordUnsupported writes down that a file is in the folder of an unsupported package manager.
func (l *layer) recordUnsupported(name string) {
	top, _, _ := strings.Cut(name, "/")
	switch top {
	case "gnu", "home", "nix", "opt", "usr", "var":
	default:
		return
	}
	for end, parts := 0, 1; parts <= 4; parts++ {
		next := strings.IndexByte(name[end:], '/')
		if next < 0 {
			return
		}
		if dir := name[:end+next]; parts > 1 && unsupportedDirs[dir] != "" {
			l.unsupported[dir] = true
			return
		}
		end += next + 1
	}
}

// noteUnsupported notes packages of package managers for which there are no
// advisories, and a system without any advisories.
func (t *tree) noteUnsupported(inv *inventory.Inventory) {
	var seen []string
	for i, l := range t.layers {
		for dir := range l.unsupported {
			chain := ancestors(dir)
			if !slices.Contains(seen, dir) && !slices.ContainsFunc(t.layers[i+1:], func(newer *layer) bool { return newer.covers(chain) }) {
				seen = append(seen, dir)
			}
		}
	}
	for _, dir := range seen {
		inv.Note("image", "", "packages of %s are in it, below %s, and no advisories are known for them", unsupportedDirs[dir], dir)
	}
	if inv.OS != nil {
		return
	}
	osID := ""
	t.visible(func(_ int, _ string, f *found) {
		if osID == "" {
			osID = f.osID
		}
	})
	if osID != "" {
		inv.Note("image", "", "it calls itself %q, a distribution or a release that no advisories are known for", osID)
	}
}

// noteNotLinux notes an image of another system than Linux: what is wrong with that
// system itself is unknown.
func noteNotLinux(inv *inventory.Inventory, platform string) {
	if !strings.HasPrefix(platform, "linux/") {
		inv.Note("image", "", "it is for %s, and advisories are known for Linux and for packages of languages, not for that system itself", platform)
		inv.Sort()
	}
}
