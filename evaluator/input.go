package evaluator

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/prodgate/prodgate/facts"
)

// Input is a document that is prepared for decisions. It is not changed
// afterwards.
type Input struct {
	doc    *facts.Document
	bytes  []byte // canonical JSON
	digest string
	mode   Mode
	now    time.Time
	zone   *time.Location
	value  ast.Object // the document
	index  ast.Value  // see index.go
	times  []time.Time

	published []time.Time // days of advisories, which times leaves out
}

// Read prepares the bytes of a saved document. Name is its name in errors.
// The error is a *facts.InvalidError if the bytes are not a valid document.
func Read(name string, document []byte) (*Input, error) {
	parsed, err := facts.Parse(name, document)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	return prepare(parsed, ModeDocument)
}

// FromDocument prepares a document that is in memory. It passes the same
// validation as one that is read.
func FromDocument(doc *facts.Document) (*Input, error) {
	parsed, err := facts.FromDocument(doc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	if doc.Collected() {
		return prepare(parsed, ModeEnforce)
	}
	return prepare(parsed, ModeDocument)
}

func prepare(parsed *facts.Parsed, mode Mode) (*Input, error) {
	value, err := ast.ValueFromReader(bytes.NewReader(parsed.Canonical()))
	if err != nil {
		return nil, fmt.Errorf("%w: read document: %w", ErrNoDecision, err)
	}
	object, ok := value.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("%w: the document is not an object", ErrNoDecision)
	}
	doc := parsed.Document()
	times, published := timesIn(object)
	return &Input{
		doc:       doc,
		bytes:     parsed.Canonical(),
		digest:    parsed.Digest(),
		mode:      mode,
		now:       doc.Now,
		zone:      siteZone(doc),
		value:     object,
		index:     newIndex(doc),
		times:     times,
		published: published,
	}, nil
}

// At is the same document as of another instant. What is decided on it is a
// simulation.
func (in *Input) At(instant time.Time) *Input {
	moved := *in
	moved.now = instant
	moved.mode = ModeSimulate
	return &moved
}

// Now is the instant decided about.
func (in *Input) Now() time.Time { return in.now }

// Document is the document decided on. It must not be changed.
func (in *Input) Document() *facts.Document { return in.doc }

// Canonical is the document as canonical JSON, which Read reads again. It must not
// be changed.
func (in *Input) Canonical() []byte { return in.bytes }

// Mode says what a decision on this input is worth to others.
func (in *Input) Mode() Mode { return in.mode }

// Digest identifies the document: sha256:… over its canonical JSON.
func (in *Input) Digest() string { return in.digest }

var (
	nowKey   = ast.StringTerm("now")
	indexKey = ast.StringTerm("index")
)

// term is the document as of instant, as the rules see it.
func (in *Input) term(instant time.Time) *ast.Term {
	moved := ast.NewObjectWithCapacity(in.value.Len() + 1)
	in.value.Foreach(func(key, value *ast.Term) { moved.Insert(key, value) })
	if !instant.Equal(in.doc.Now) {
		moved.Insert(nowKey, ast.StringTerm(instant.Format(time.RFC3339Nano)))
	}
	if in.index != nil {
		moved.Insert(indexKey, ast.NewTerm(in.index))
	}
	return ast.NewTerm(moved)
}

// at finds the value that a JSON Pointer names; nil if there is none.
func (in *Input) at(pointer string) any {
	var value ast.Value = in.value
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		var next *ast.Term
		switch holder := value.(type) {
		case ast.Object:
			next = holder.Get(ast.StringTerm(part))
		case *ast.Array:
			if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < holder.Len() {
				next = holder.Elem(i)
			}
		}
		if next == nil {
			return nil
		}
		value = next.Value
	}
	plain, err := ast.JSON(value)
	if err != nil {
		return nil
	}
	return plain
}
