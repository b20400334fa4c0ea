package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxDepth bounds how deep values may nest.
const maxDepth = 64

// kind is the kind of a node.
type kind int

const (
	null kind = iota
	boolean
	number
	text
	list
	mapping
)

// String is the kind as messages call it.
func (k kind) String() string {
	return [...]string{"null", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// node is a value of a JSON or YAML file, with the line it stands on.
type node struct {
	kind  kind
	value string // of a scalar, as it is written
	line  int
	keys  []*node // of a mapping, beside items
	items []*node // of a list or a mapping
}

// parse reads t as JSON if it is JSON or is called so, else as YAML. One value,
// no duplicate keys, no aliases, bounded depth.
func (t Text) parse() (*node, error) {
	if !utf8.Valid(t.Data) {
		return nil, fmt.Errorf("%s: not UTF-8", t.Name)
	}
	data := bytes.TrimPrefix(t.Data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, t.empty()
	}
	if ext := strings.ToLower(filepath.Ext(t.Name)); ext == ".json" || json.Valid(data) {
		return t.parseJSON(data)
	}
	return t.parseYAML(data)
}

// empty is the error for a file that says nothing at all.
func (t Text) empty() error {
	return fmt.Errorf("%s: the file is empty; for \"none\", write [] or {}", t.Name)
}

// parseJSON reads exactly one JSON value.
func (t Text) parseJSON(data []byte) (*node, error) {
	values, err := t.parseStream(data)
	if err != nil {
		return nil, err
	}
	if len(values) != 1 {
		return nil, fmt.Errorf("%s:%d: a second value begins here; one file holds one", t.Name, values[1].line)
	}
	return values[0], nil
}

// parseStream reads JSON values, one after another.
func (t Text) parseStream(data []byte) ([]*node, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s: not UTF-8", t.Name)
	}
	return t.parseStreamFrom(data, 1)
}

// parseStreamFrom is parseStream for data that begins on the given line.
func (t Text) parseStreamFrom(data []byte, line int) ([]*node, error) {
	r := &jsonReader{name: t.Name, data: data, first: line, line: line, tokens: json.NewDecoder(bytes.NewReader(data))}
	r.tokens.UseNumber()
	var values []*node
	for {
		n, err := r.next(maxDepth)
		if errors.Is(err, io.EOF) && len(values) > 0 {
			return values, nil
		}
		if err != nil {
			return nil, r.explain(err)
		}
		values = append(values, n)
	}
}

// jsonReader turns JSON tokens into nodes.
type jsonReader struct {
	name   string
	data   []byte
	tokens *json.Decoder
	offset int64
	first  int // line that data begins on
	line   int
}

// errPlaced is an error that already names file and line.
type errPlaced struct{ error }

// explain adds file and line to a syntax error.
func (r *jsonReader) explain(err error) error {
	var placed errPlaced
	if errors.As(err, &placed) {
		return placed.error
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s:%d: the JSON ends half-way", r.name, r.first+bytes.Count(r.data, []byte("\n")))
	}
	at := r.tokens.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = syntax.Offset
	}
	at = min(at, int64(len(r.data)))
	return fmt.Errorf("%s:%d: no JSON: %w", r.name, r.first+bytes.Count(r.data[:at], []byte("\n")), err)
}

// token is the next token and the line it ends on.
func (r *jsonReader) token() (json.Token, int, error) {
	tok, err := r.tokens.Token()
	if err != nil {
		return nil, 0, err
	}
	end := r.tokens.InputOffset()
	r.line += bytes.Count(r.data[r.offset:end], []byte("\n"))
	r.offset = end
	return tok, r.line, nil
}

// next reads one value.
func (r *jsonReader) next(depth int) (*node, error) {
	tok, line, err := r.token()
	if err != nil {
		return nil, err
	}
	switch v := tok.(type) {
	case nil:
		return &node{kind: null, line: line}, nil
	case bool:
		return &node{kind: boolean, value: fmt.Sprint(v), line: line}, nil
	case json.Number:
		return &node{kind: number, value: v.String(), line: line}, nil
	case string:
		return &node{kind: text, value: v, line: line}, nil
	}
	if depth == 0 {
		return nil, errPlaced{fmt.Errorf("%s:%d: values nest deeper than %d levels", r.name, line, maxDepth)}
	}
	if tok == json.Delim('[') {
		return r.list(line, depth)
	}
	return r.mapping(line, depth)
}

// list reads what stands between [ and ].
func (r *jsonReader) list(line, depth int) (*node, error) {
	n := &node{kind: list, line: line}
	for r.tokens.More() {
		item, err := r.next(depth - 1)
		if err != nil {
			return nil, unexpectedEOF(err)
		}
		n.items = append(n.items, item)
	}
	_, _, err := r.token()
	return n, unexpectedEOF(err)
}

// mapping reads what stands between { and }.
func (r *jsonReader) mapping(line, depth int) (*node, error) {
	n := &node{kind: mapping, line: line}
	seen := map[string]bool{}
	for r.tokens.More() {
		key, err := r.next(depth)
		if err != nil {
			return nil, unexpectedEOF(err)
		}
		if seen[key.value] {
			return nil, errPlaced{fmt.Errorf("%s:%d: the key %q is given twice", r.name, key.line, key.value)}
		}
		seen[key.value] = true
		value, err := r.next(depth - 1)
		if err != nil {
			return nil, unexpectedEOF(err)
		}
		n.keys, n.items = append(n.keys, key), append(n.items, value)
	}
	_, _, err := r.token()
	return n, unexpectedEOF(err)
}

// unexpectedEOF is err, where the end of the file inside a value is no end.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parseYAML reads exactly one YAML document.
func (t Text) parseYAML(data []byte) (n *node, err error) {
	defer func() { // the library has panicked on odd input before
		if p := recover(); p != nil {
			n, err = nil, fmt.Errorf("%s: no YAML: %v", t.Name, p)
		}
	}()
	var doc yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	if err := documents.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, t.empty()
	} else if err != nil {
		return nil, t.yamlError(err)
	}
	var second yaml.Node
	if err := documents.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, t.yamlError(err)
		}
		return nil, fmt.Errorf("%s:%d: a second document begins here; one file holds one", t.Name, second.Line)
	}
	if len(doc.Content) != 1 {
		return nil, t.empty()
	}
	return t.fromYAML(doc.Content[0], maxDepth)
}

// yamlError puts the library's "line N" where file and line stand.
func (t Text) yamlError(err error) error {
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if n, _ := fmt.Sscanf(what, "line %d:", &line); n == 1 {
		_, what, _ = strings.Cut(what, ": ")
		return fmt.Errorf("%s:%d: no YAML: %s", t.Name, line, what)
	}
	return fmt.Errorf("%s:1: no YAML: %s", t.Name, what) // the library does not name the first line
}

// fromYAML turns the library's node into ours.
func (t Text) fromYAML(from *yaml.Node, depth int) (*node, error) {
	if depth == 0 {
		return nil, fmt.Errorf("%s:%d: values nest deeper than %d levels", t.Name, from.Line, maxDepth)
	}
	if from.Kind == yaml.AliasNode {
		return nil, fmt.Errorf("%s:%d: aliases (*%s) are not read; write the value out", t.Name, from.Line, from.Value)
	}
	if from.Style&yaml.TaggedStyle != 0 {
		return nil, fmt.Errorf("%s:%d: tags (%s) are not read; write the plain value", t.Name, from.Line, from.Tag)
	}
	n := &node{line: from.Line, value: from.Value}
	switch from.Kind {
	case yaml.SequenceNode:
		n.kind = list
		for _, child := range from.Content {
			item, err := t.fromYAML(child, depth-1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case yaml.MappingNode:
		n.kind = mapping
		return n, t.yamlMapping(n, from, depth)
	}
	switch from.Tag {
	case "!!null":
		n.kind = null
	case "!!bool":
		n.kind = boolean
	case "!!int", "!!float":
		n.kind = number
	default:
		n.kind = text
	}
	return n, nil
}

// yamlMapping fills n with the pairs of from.
func (t Text) yamlMapping(n *node, from *yaml.Node, depth int) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, err := t.fromYAML(from.Content[i], depth-1)
		if err != nil {
			return err
		}
		if key.kind == list || key.kind == mapping {
			return fmt.Errorf("%s:%d: a key has to be a word", t.Name, key.line)
		}
		if seen[key.value] {
			return fmt.Errorf("%s:%d: the key %q is given twice", t.Name, key.line, key.value)
		}
		seen[key.value] = true
		value, err := t.fromYAML(from.Content[i+1], depth-1)
		if err != nil {
			return err
		}
		n.keys, n.items = append(n.keys, key), append(n.items, value)
	}
	return nil
}
