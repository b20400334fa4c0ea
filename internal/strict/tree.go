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

// asWritten is how evidence is read: numbers as they are written, and surrogates
// as the tools that write reports take them.
var asWritten = Form{Lenient: true}

// parse reads t as JSON if it is JSON or has such a name, else as YAML. One value,
// no duplicate keys, no aliases, bounded depth.
func (t Text) parse() (*Node, *source, error) {
	if !utf8.Valid(t.Data) {
		return nil, nil, fmt.Errorf("%s: not UTF-8", t.Name)
	}
	data := bytes.TrimPrefix(t.Data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil, t.empty()
	}
	if ext := strings.ToLower(filepath.Ext(t.Name)); ext == ".json" || json.Valid(data) {
		return t.parseJSON(data)
	}
	return t.parseYAML(data)
}

// ErrEmpty is the error of a file without any value.
var ErrEmpty = errors.New("the file is empty")

// empty is the error for a file without any value.
func (t Text) empty() error {
	return fmt.Errorf("%s: %w; for \"none\", write [] or {}", t.Name, ErrEmpty)
}

// parseJSON reads exactly one JSON value.
func (t Text) parseJSON(data []byte) (*Node, *source, error) {
	values, src, err := t.parseStream(data, 1)
	if err != nil {
		return nil, nil, err
	}
	if len(values) != 1 {
		return nil, nil, fmt.Errorf("%s:%d: a second value begins here; one file holds one", t.Name, src.line(values[1].At))
	}
	return &values[0], src, nil
}

// parseStream reads JSON values, one after another. data begins on that line.
func (t Text) parseStream(data []byte, line int) ([]Node, *source, error) {
	if !utf8.Valid(data) {
		return nil, nil, fmt.Errorf("%s: not UTF-8", t.Name)
	}
	src := newSource(t.Name, data, line)
	values, twice, err := scanStream(string(data), asWritten)
	var broken *SyntaxError
	if errors.As(err, &broken) {
		what := "not JSON: "
		if broken.Limit {
			what = ""
		}
		return nil, nil, fmt.Errorf("%s:%d: %s%s", t.Name, src.line(int32(broken.At)), what, broken.Message)
	}
	var found problems
	for _, f := range twice.List {
		_, key := cutLast(f.Path, "/")
		found.add(src.line(int32(f.At)), fmt.Sprintf("the key %q is given twice", clip(pointerUnescapes.Replace(key))))
	}
	return values, src, found.err(t.Name)
}

var pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")

// cutLast cuts s around the last separator.
func cutLast(s, separator string) (before, after string) {
	i := strings.LastIndex(s, separator)
	return s[:max(i, 0)], s[i+1:]
}

// parseYAML reads exactly one YAML document.
func (t Text) parseYAML(data []byte) (n *Node, src *source, err error) {
	defer func() { // the library has panicked on odd input before
		if p := recover(); p != nil {
			n, src, err = nil, nil, fmt.Errorf("%s: not YAML: %v", t.Name, p)
		}
	}()
	var doc yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	if err := documents.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil, t.empty()
	} else if err != nil {
		return nil, nil, t.yamlError(err)
	}
	var second yaml.Node
	if err := documents.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, nil, t.yamlError(err)
		}
		return nil, nil, fmt.Errorf("%s:%d: a second document begins here; one file holds one", t.Name, second.Line)
	}
	if len(doc.Content) != 1 {
		return nil, nil, t.empty()
	}
	r := yamlReader{src: newSource(t.Name, data, 1)}
	var root Node
	r.value(doc.Content[0], &root, MaxDepth)
	return &root, r.src, r.found.err(t.Name)
}

// yamlError puts the library's "line N" where file and line belong.
func (t Text) yamlError(err error) error {
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if n, _ := fmt.Sscanf(what, "line %d:", &line); n == 1 {
		_, what, _ = strings.Cut(what, ": ")
		return fmt.Errorf("%s:%d: not YAML: %s", t.Name, line, what)
	}
	return fmt.Errorf("%s:1: not YAML: %s", t.Name, what) // the library does not name the first line
}

// yamlReader turns the library's nodes into ours.
type yamlReader struct {
	src   *source
	found problems
}

// value fills n from a node. What must not be in a file is noted.
func (r *yamlReader) value(from *yaml.Node, n *Node, depth int) {
	n.At, n.Text = r.src.start(from.Line), from.Value
	switch {
	case depth == 0:
		r.found.add(from.Line, fmt.Sprintf("nests more than %d mappings and lists within each other", MaxDepth))
		return
	case from.Kind == yaml.AliasNode:
		r.found.add(from.Line, fmt.Sprintf("aliases (*%s) are not read; write the value out", clip(from.Value)))
		return
	case from.Style&yaml.TaggedStyle != 0:
		r.found.add(from.Line, fmt.Sprintf("tags (%s) are not read; write the plain value", clip(from.Tag)))
		return
	}
	switch from.Kind {
	case yaml.SequenceNode:
		n.Kind, n.Kids = List, make([]Node, len(from.Content))
		for i, item := range from.Content {
			r.value(item, &n.Kids[i], depth-1)
			n.Kids[i].NameAt = n.Kids[i].At
		}
		return
	case yaml.MappingNode:
		r.mapping(from, n, depth)
		return
	}
	switch from.Tag {
	case "!!null":
		n.Kind = Null
	case "!!bool":
		n.Kind = Bool
	case "!!int", "!!float":
		n.Kind = Number
	default:
		n.Kind = String
	}
}

// mapping fills n with the pairs of from.
func (r *yamlReader) mapping(from *yaml.Node, n *Node, depth int) {
	n.Kind, n.Kids = Object, make([]Node, 0, len(from.Content)/2)
	seen := map[string]bool{}
	for i := 0; i+1 < len(from.Content); i += 2 {
		var key, value Node
		r.value(from.Content[i], &key, depth-1)
		line := from.Content[i].Line
		switch {
		case key.Kind == List || key.Kind == Object:
			r.found.add(line, "a key must be a word")
			continue
		case seen[key.Text]:
			r.found.add(line, fmt.Sprintf("the key %q is given twice", clip(key.Text)))
			continue
		}
		seen[key.Text] = true
		r.value(from.Content[i+1], &value, depth-1)
		value.Name, value.NameAt = key.Text, key.At
		n.Kids = append(n.Kids, value)
	}
}
