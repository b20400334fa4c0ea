package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prodgate/prodgate/internal/strict"
)

// Parsed is a document that passed every check. It does not change and may be
// used by several goroutines.
type Parsed struct {
	document  *Document
	canonical []byte
	digest    string
	root      node
	src       string
	lines     bool // src is what a user wrote
}

// Parse reads a document from bytes that may come from anywhere. Name is what
// the user calls them, for messages. The error is an *InvalidError that lists
// what is wrong: the first thing if data is no JSON at all, everything (up to
// 20 problems) if it is not the JSON of a document. Keys are case-sensitive,
// none may be unknown or given twice.
func Parse(name string, data []byte) (*Parsed, error) {
	return parse(name, data, true)
}

// FromDocument passes a document that was put together in Go through the same
// checks. The result holds a copy; its problems have no lines. What is not
// UTF-8 in a string becomes U+FFFD, which no identifier may contain.
func FromDocument(d *Document) (*Parsed, error) {
	const name = "collected facts"
	data, err := json.Marshal(d)
	if err != nil {
		return nil, whole(name, 0, fmt.Sprintf("cannot be written as JSON: %v", err))
	}
	p, err := parse(name, data, false)
	if err == nil {
		p.document.origin = d.origin
	}
	return p, err
}

func parse(name string, data []byte, lines bool) (*Parsed, error) {
	if len(data) > MaxBytes {
		return nil, whole(name, 0, fmt.Sprintf("is %d bytes long; want at most %d", len(data), MaxBytes))
	}
	p := &Parsed{src: string(data), lines: lines}
	if at := invalidUTF8(p.src); at >= 0 {
		return nil, whole(name, strict.LineOf(p.src, at), fmt.Sprintf("has byte 0x%02x in column %d; want UTF-8", p.src[at], strict.Column(p.src, at)))
	}
	root, twice, err := strict.Scan(p.src, form)
	var b *strict.SyntaxError
	if errors.As(err, &b) {
		return nil, whole(name, strict.LineOf(p.src, b.At), b.Message)
	}
	if err := invalid(&twice, name, p.src, lines); err != nil {
		return nil, err
	}
	p.root, p.document = root, &Document{}
	faults := p.fill()
	if err := invalid(&faults, name, p.src, lines); err != nil {
		return nil, err
	}
	p.canonical = appendCanonical(make([]byte, 0, len(p.src)), &p.root)
	sum := sha256.Sum256(p.canonical)
	p.digest = "sha256:" + hex.EncodeToString(sum[:])
	return p, nil
}

// fill reads the document from the nodes. Of another version only that is said:
// nothing else in it need be as this one has it.
func (p *Parsed) fill() strict.Faults {
	var r reader
	s := documentShape()
	version := p.root.Member("version")
	if version != nil && version.Kind == kindString && version.Text != Version {
		r.place.Push("version")
		r.fault(version, s.field("version").shape, "this prodgate reads no other version")
		return r.faults
	}
	r.read(&p.root, s, reflect.ValueOf(p.document).Elem())
	if p.root.Kind == kindObject {
		r.rules(&p.root, p.document)
	}
	return r.faults
}

// whole is the error about a document that could not be looked into.
func whole(name string, line int, message string) error {
	return &InvalidError{Name: name, Problems: []Problem{{Line: line, Message: message}}}
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

// Document returns the document as Go values. Numbers under Custom are
// json.Number. The caller must not change it.
func (p *Parsed) Document() *Document { return p.document }

// Value returns the document as encoding/json would decode Canonical with
// UseNumber: maps, slices, strings, json.Number, bool and nil. It is the
// caller's own.
func (p *Parsed) Value() any { return value(&p.root) }

// Canonical returns the document as JSON of one spelling: two documents that
// differ only in space, in the order of keys or in how a string or number is
// written have the same. Keys are sorted by their bytes, numbers are spelled as
// JavaScript does, but with all their digits; an optional key stays absent or
// null as it was. The caller must not change it.
func (p *Parsed) Canonical() []byte { return p.canonical }

// Digest returns "sha256:" and the hex SHA-256 of Canonical.
func (p *Parsed) Digest() string { return p.digest }

// Line returns the line, from 1, on which the value at a JSON Pointer is
// written, or, if there is none, that of the nearest parent that is there. It
// is 0 for what is no pointer and for a document that was never a file.
func (p *Parsed) Line(pointer string) int {
	if !p.lines || pointer != "" && pointer[0] != '/' {
		return 0
	}
	n, at := &p.root, p.root.At
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if n = child(n, pointerUnescapes.Replace(part)); n == nil {
			break
		}
		at = n.NameAt
	}
	return strict.LineOf(p.src, int(at))
}

var pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")

// child returns the member or item that one part of a pointer names, or nil.
func child(n *node, part string) *node {
	if n.Kind != kindList {
		return n.Member(part)
	}
	i, err := strconv.Atoi(part)
	if err != nil || i < 0 || i >= len(n.Kids) || strconv.Itoa(i) != part {
		return nil
	}
	return &n.Kids[i]
}
