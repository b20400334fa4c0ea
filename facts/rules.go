package facts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

// customPrefix begins the sources key of an embedder's own section.
const customPrefix = "custom."

// rules checks what one value says about another. Each rule is in the
// description of its keys in the schema, which cannot express it.
func (r *reader) rules(root *node, d *Document) {
	if c := d.Calendar; c != nil {
		if !inOrder(c.From, c.Horizon) {
			r.disorder(root, "/calendar", "from", "horizon")
		}
		r.intervals(root, "/calendar/freezes", c.Freezes)
		r.intervals(root, "/calendar/holidays", c.Holidays)
	}
	if sources := root.Member("sources"); sources != nil && sources.Kind == kindObject {
		r.sections(root, d)
		r.sources(root, d)
	}
}

func (r *reader) intervals(root *node, path string, list []Interval) {
	for i, v := range list {
		if !inOrder(v.Start, v.End) {
			r.disorder(root, fmt.Sprintf("%s/%d", path, i), "start", "end")
		}
	}
}

// inOrder reports whether start is before end. What could not be read is another
// problem.
func inOrder(start, end time.Time) bool {
	return start.IsZero() || end.IsZero() || start.Before(end)
}

func (r *reader) disorder(root *node, path, first, last string) {
	if !r.faults.Full() {
		start, end := find(root, path+"/"+first), find(root, path+"/"+last)
		r.faults.Add(end.At, path+"/"+last, fmt.Sprintf("is %q; want a time after %q, which is %q", end.Text, first, start.Text), "")
	}
}

// sections wants a source that was read for each section.
func (r *reader) sections(root *node, d *Document) {
	for _, name := range Sections {
		if n := root.Member(name); n != nil {
			r.section(n, "/"+name, name, d)
		}
	}
	if custom := root.Member("custom"); custom != nil && custom.Kind == kindObject {
		for i := range custom.Kids {
			n := &custom.Kids[i]
			r.section(n, strict.Place(nil).Pointer("custom", n.Name), customPrefix+n.Name, d)
		}
	}
}

func (r *reader) section(n *node, path, key string, d *Document) {
	source, ok := d.Sources[key]
	saw := "has no source"
	switch {
	case ok && !unread(source.Status), r.faults.Full():
		return
	case ok:
		saw = fmt.Sprintf("has a source with status %q", source.Status)
	}
	r.faults.Add(n.NameAt, path, fmt.Sprintf(`%s; want %s with status "ok"`, saw, strict.Place(nil).Pointer("sources", key)),
		"leave the section out if it could not be read")
}

// sources wants a section for each source that was read, and a reason for each
// that was not.
func (r *reader) sources(root *node, d *Document) {
	list := root.Member("sources")
	for i := range list.Kids {
		n := &list.Kids[i]
		source := d.Sources[n.Name]
		switch {
		case source.Status == StatusOK && source.Error != nil:
			r.source(n, "error", `is given though status is "ok"; want null`)
		case source.Status == StatusOK && !d.has(root, n.Name):
			r.source(n, "status", fmt.Sprintf(`is "ok" but the document has no section %s; want the section, or status "error" or "unconfigured"`, quote(n.Name)))
		case unread(source.Status) && (source.Error == nil || *source.Error == ""):
			r.source(n, "error", fmt.Sprintf("is missing; want what went wrong, since status is %q", source.Status))
		}
	}
}

// source notes what is wrong with a key of a source.
func (r *reader) source(n *node, key, message string) {
	if r.faults.Full() {
		return
	}
	at := n.NameAt
	if m := n.Member(key); m != nil {
		at = m.NameAt
	}
	r.faults.Add(at, strict.Place(nil).Pointer("sources", n.Name, key), message, "")
}

// unread reports whether a source gave no section. A status that is none at all
// is another problem.
func unread(s Status) bool { return s == StatusError || s == StatusUnconfigured }

// has reports whether the section of a sources key is there. A key that is no
// section's is another problem.
func (d *Document) has(root *node, key string) bool {
	if name, ok := strings.CutPrefix(key, customPrefix); ok {
		_, there := d.Custom[name]
		return there
	}
	return root.Member(key) != nil || !slices.Contains(Sections, key)
}

// find returns the node at a pointer without escapes; it has to be there.
func find(n *node, pointer string) *node {
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		n = child(n, part)
	}
	return n
}
