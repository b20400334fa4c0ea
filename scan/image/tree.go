package image

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/scan/finding"
)

// tree is the image as it runs: layers, the oldest first, of which newer ones
// hide files of older ones.
type tree struct {
	layers []*layer
	unread []finding.Undetermined
}

// hidden reports whether newer layers hide what layer i has at name: by deleting
// or replacing it, or a folder that contains it.
func (t *tree) hidden(i int, name string) bool { return t.between(i+1, len(t.layers), name) }

// between reports whether one of the layers from first on, before last, hides
// what is below them at name.
func (t *tree) between(first, last int, name string) bool {
	chain := ancestors(name)
	for _, l := range t.layers[min(first, last):last] {
		if has(l.folders, chain[0]) || l.covers(chain) {
			return true
		}
	}
	return false
}

// ancestors are the hashes of a path and of the folders that contain it, the
// root last.
func ancestors(name string) []uint64 {
	var chain []uint64
	for ; name != "." && name != ""; name = path.Dir(name) {
		chain = append(chain, hashOf(name))
	}
	return append(chain, hashOf(""))
}

// covers reports whether l hides what older layers have at the first of chain.
func (l *layer) covers(chain []uint64) bool {
	for n, hash := range chain {
		if has(l.files, hash) || has(l.deleted, hash) || n > 0 && has(l.opaque, hash) {
			return true
		}
	}
	return false
}

// visible calls each with the files that are not hidden, in the order of their paths.
func (t *tree) visible(each func(i int, name string, f *found)) {
	type place struct {
		name  string
		layer int
	}
	var places []place
	for i, l := range t.layers {
		for name := range l.found {
			if !t.hidden(i, name) {
				places = append(places, place{name, i})
			}
		}
	}
	slices.SortFunc(places, func(a, b place) int { return strings.Compare(a.name, b.name) })
	for _, p := range places {
		each(p.layer, p.name, t.layers[p.layer].found[p.name])
	}
}

// maxHops bounds how many symbolic links lead to a file, as Linux does.
const maxHops = 40

// follow returns where a relevant path leads, through the links of the image as it
// runs.
func (t *tree) follow(name string) (string, error) {
	rest, at := strings.Split(name, "/"), ""
	for hops := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = clean(path.Dir("/" + at))
			continue
		}
		next := path.Join(at, part)
		target, kind := t.link(next)
		if kind == unknown && len(rest) > 0 {
			return "", fmt.Errorf("%s leads through %s, where links are not followed", name, next)
		}
		if kind != linked {
			at = next
			continue
		}
		if hops++; hops > maxHops {
			return "", errors.New("its symbolic links lead in a circle")
		}
		if path.IsAbs(target) {
			at = ""
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
}

// What may be at a path.
const (
	plain   = iota // a file or a folder
	linked         // a symbolic link
	unknown        // a file, or a link that was not recorded
	absent
)

// link returns what is at name, and where it leads if it is a symbolic link.
func (t *tree) link(name string) (target string, kind int) {
	chain := ancestors(name)
	for i := len(t.layers) - 1; i >= 0; i-- {
		l := t.layers[i]
		if target, ok := l.links[name]; ok {
			return target, linked
		}
		switch {
		case has(l.files, chain[0]) && relevantPaths[name]:
			return "", plain
		case has(l.files, chain[0]):
			return "", unknown
		case has(l.folders, chain[0]):
			return "", plain
		case l.covers(chain):
			return "", absent
		}
	}
	return "", absent
}
