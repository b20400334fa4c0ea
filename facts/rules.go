package facts

import (
	"fmt"
	"strings"
	"time"
)

// customPrefix begins the sources key of an embedder's own section.
const customPrefix = "custom."

// rules checks what one value says about another. Each rule stands in the
// description of its keys in the schema, which cannot express it.
func (r *reader) rules(root *node, d *Document) {
	if c := d.Calendar; c != nil {
		r.before(root, "/calendar", "from", c.From, "horizon", c.Horizon)
		r.intervals(root, "/calendar/freezes", c.Freezes)
		r.intervals(root, "/calendar/holidays", c.Holidays)
	}
	if sources := root.member("sources"); sources != nil && sources.kind == kindObject {
		r.sections(root, d)
		r.sources(root, d)
	}
}

func (r *reader) intervals(root *node, path string, list []Interval) {
	for i, v := range list {
		r.before(root, fmt.Sprintf("%s/%d", path, i), "start", v.Start, "end", v.End)
	}
}

// before wants an instant before another. What could not be read is another
// problem.
func (r *reader) before(root *node, path, first string, start time.Time, last string, end time.Time) {
	if start.IsZero() || end.IsZero() || start.Before(end) || r.faults.full() {
		return
	}
	n := root.find(path + "/" + last)
	r.faults.add(n.nameAt, path+"/"+last, fmt.Sprintf("is %s; want a time after %q, which is %s",
		n.text, first, root.find(path+"/"+first).text), "")
}

// sections wants a source that was read for each section.
func (r *reader) sections(root *node, d *Document) {
	for _, name := range Sections {
		if n := root.member(name); n != nil {
			r.section(n, "/"+name, name, d)
		}
	}
	if custom := root.member("custom"); custom != nil && custom.kind == kindObject {
		for i := range custom.kids {
			n := &custom.kids[i]
			r.section(n, place{{key: "custom"}, {key: n.name}}.pointer(), customPrefix+n.name, d)
		}
	}
}

func (r *reader) section(n *node, path, key string, d *Document) {
	source, ok := d.Sources[key]
	if ok && source.Status == StatusOK || r.faults.full() {
		return
	}
	saw := "has no source"
	if ok {
		saw = fmt.Sprintf("has a source with status %q", shortened(string(source.Status)))
	}
	r.faults.add(n.nameAt, path, fmt.Sprintf(`%s; want %s with status "ok"`, saw, place{{key: "sources"}, {key: key}}.pointer()),
		"leave the section out if it could not be read")
}

// sources wants a section for each source that was read, and a reason for each
// that was not.
func (r *reader) sources(root *node, d *Document) {
	list := root.member("sources")
	for i := range list.kids {
		n := &list.kids[i]
		source := d.Sources[n.name]
		path := place{{key: "sources"}, {key: n.name}}
		switch {
		case source.Status == StatusOK && source.Error != nil:
			r.sourceFault(n, path.pointer("error"), `is given though status is "ok"; want null`)
		case source.Status == StatusOK && !d.has(root, n.name):
			r.sourceFault(n, path.pointer("status"), fmt.Sprintf(`is "ok" but the document has no section %q; want the section, or status "error" or "unconfigured"`, shortened(n.name)))
		case source.Status != StatusOK && source.Status != "" && (source.Error == nil || *source.Error == ""):
			r.sourceFault(n, path.pointer("error"), fmt.Sprintf("is missing; want what went wrong, since status is %q", shortened(string(source.Status))))
		}
	}
}

func (r *reader) sourceFault(n *node, path, message string) {
	if !r.faults.full() {
		r.faults.add(n.nameAt, path, message, "")
	}
}

// has says whether the section of a sources key is there.
func (d *Document) has(root *node, key string) bool {
	if name, ok := strings.CutPrefix(key, customPrefix); ok {
		_, there := d.Custom[name]
		return there
	}
	return root.member(key) != nil
}

// find returns the node at a pointer without escapes; it has to be there.
func (n *node) find(pointer string) *node {
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		n = n.child(part)
	}
	return n
}
