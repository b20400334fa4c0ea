package image

import (
	"archive/tar"
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/scan/finding"
)

// A relevant file may be elsewhere: behind a symbolic link that leads to a
// place which means nothing by itself, or under the name of which a hard link
// says that it is the same file. Only when all layers were read is it known which
// files these are; the layers that have them are then read once more.

// secondRead has the files to read from one layer the second time.
type secondRead struct {
	exact   map[string][]*linkTarget
	folders []*linkTarget
}

// linkTarget is one file, or all of a folder, that is read as if it were elsewhere.
type linkTarget struct {
	from, to string
	into     *layer // whose file it then is
	at       string // the path that a newer layer would have to hide; empty: from
	found    bool
}

// linkTargets finds what has to be read once more, by layer.
func (t *tree) linkTargets() map[int]*secondRead {
	more := map[int]*secondRead{}
	names := wantedPaths()
	slices.Sort(names)
	for _, name := range names {
		target, err := t.follow(name)
		if err != nil {
			t.unread = append(t.unread, finding.Undetermined{Package: name, Reason: err.Error()})
			continue
		}
		if target != name {
			t.addSymlink(more, name, target)
		}
	}
	for i, l := range t.layers {
		for _, name := range slices.Sorted(maps.Keys(l.hard)) {
			if !t.hidden(i, name) {
				t.addHardLink(more, i, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(l.aliases)) {
			if !t.hidden(i, name) {
				t.addLanguageLink(more, i, name)
			}
		}
	}
	return more
}

// addSymlink adds what is at target, where a symbolic link at name leads.
func (t *tree) addSymlink(more map[int]*secondRead, name, target string) {
	if here, there := kindOf(name), kindOf(target); here != nil && there != nil && here.group == there.group {
		return // it is read there
	}
	hash := hashOf(target)
	for i, l := range t.layers {
		if kindOf(name) == nil { // a folder, which the layer itself may not have
			d := at(more, i)
			d.folders = append(d.folders, &linkTarget{from: target, to: name, into: l, found: true})
		} else if has(l.files, hash) {
			d := at(more, i)
			d.exact[target] = append(d.exact[target], &linkTarget{from: target, to: name, into: l})
		}
	}
}

// addHardLink adds the file that the hard link at name of layer i is, unless it was
// read already under a name that is still there.
func (t *tree) addHardLink(more map[int]*secondRead, i int, name string) {
	l := t.layers[i]
	source := l.hard[name]
	for hops := 0; hops < maxHops; hops++ {
		next, again := l.hard[source]
		if !again {
			break
		}
		source = next
	}
	if kindOf(name) == nil && has(l.read, hashOf(source)) && !t.hidden(i, source) {
		return
	}
	for k := i; k >= 0; k-- {
		if !has(t.layers[k].files, hashOf(source)) {
			continue
		}
		if k < i && t.between(k+1, i+1, source) {
			break
		}
		d := at(more, k)
		if kindOf(name) == nil && len(d.exact[source]) > 0 {
			return // of many names for one file, one is enough
		}
		d.exact[source] = append(d.exact[source], &linkTarget{from: source, to: name, into: l, at: name})
		return
	}
	t.unread = append(t.unread, finding.Undetermined{Package: name, Reason: fmt.Sprintf("it is a hard link to %s, which is not there", source)})
}

// addLanguageLink adds the file of a language to which the symbolic link at name of layer
// i leads, unless it was read already. A link that leads nowhere, or through
// another, hides nothing: it is not a file, or the other is read.
func (t *tree) addLanguageLink(more map[int]*secondRead, i int, name string) {
	target := t.layers[i].aliases[name]
	hash := hashOf(target)
	for k, l := range t.layers {
		if !has(l.files, hash) || l.found[target] != nil || t.hidden(k, target) || kindOf(target) != nil {
			continue
		}
		if d := at(more, k); len(d.exact[target]) == 0 {
			d.exact[target] = []*linkTarget{{from: target, to: name, into: t.layers[i], at: name, found: true}}
		}
		return
	}
}

// rereadLayers reads the files in more.
func (r *reader) rereadLayers(ctx context.Context, t *tree, more map[int]*secondRead) error {
	for _, i := range slices.Sorted(maps.Keys(more)) {
		d := more[i]
		err := r.layer(ctx, i, &walk{reader: r, layer: t.layers[i], reread: d})
		if err != nil {
			return fmt.Errorf("layer %d of %d (%s): %w", i+1, len(t.layers), t.layers[i].name, err)
		}
		for _, targets := range d.exact {
			for _, m := range targets {
				m.into.own()
				if !m.found {
					t.unread = append(t.unread, finding.Undetermined{Package: m.to, Reason: fmt.Sprintf("it links to %s, which is not a regular file", m.from)})
				}
			}
		}
	}
	return nil
}

// group is that of the kind of file that belongs at name; empty: a language's.
func group(name string) string {
	if k := kindOf(name); k != nil {
		return k.group
	}
	return ""
}

// at is the detour of layer i.
func at(more map[int]*secondRead, i int) *secondRead {
	if more[i] == nil {
		more[i] = &secondRead{exact: map[string][]*linkTarget{}}
	}
	return more[i]
}

// rereadFile reads a file once more, if it is one of the relevant ones.
func (w *walk) rereadFile(ctx context.Context, name string, header *tar.Header) error {
	if header.Typeflag != tar.TypeReg || strings.HasPrefix(path.Base(name), ".wh.") {
		return nil
	}
	own := w.layer
	defer func() { w.layer = own }()
	if targets := w.reread.exact[name]; len(targets) > 0 {
		first := targets[0]
		for _, m := range targets {
			m.found = m.found || group(m.to) == group(first.to) // the bytes can be read once, and say the same
		}
		w.layer = first.into
		return w.file(ctx, cmp.Or(first.at, name), first.to, header)
	}
	for _, m := range w.reread.folders {
		if below, ok := strings.CutPrefix(name, m.from+"/"); ok {
			w.layer = m.into
			return w.file(ctx, name, m.to+"/"+below, header)
		}
	}
	return nil
}
