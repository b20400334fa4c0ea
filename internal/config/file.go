package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/prodgate/prodgate/collectors"
	"gopkg.in/yaml.v3"
)

// configVersion is the one version of the configuration's form.
const configVersion = 1

// maxBytes is far more than any configuration needs.
const maxBytes = 1 << 20

// InsecureFlag is the flag that allows plain HTTP to a registry beyond
// loopback. No file and no variable can say it.
const InsecureFlag = "insecure-registry"

// File is prodgate.yaml.
type File struct {
	Service     string            `yaml:"service"`     // name of the service, as the settings list it
	Environment string            `yaml:"environment"` // name of the environment, as the settings list it
	Policies    []string          `yaml:"policies"`    // policy packs; relative paths count from this file
	Timeout     string            `yaml:"timeout"`     // Go duration: 90s, 2m
	Trail       string            `yaml:"trail"`       // the audit trail: a path, which counts from this file, or postgres://…
	TrailKey    string            `yaml:"trail_key"`   // file with the trail's signing key; counts from this file
	Version     int               `yaml:"version"`     // of the configuration's form; 1
	Sources     collectors.Config `yaml:"-"`           // systems, and where each section's facts come from

	RawSystems yaml.Node `yaml:"systems"` // read by readSources
	RawSources yaml.Node `yaml:"sources"` // read by readSources

	path  string
	files []string       // that sources name and that exist
	texts []string       // everything under sources, as a path: a file that does not exist yet is among it
	lines map[string]int // line of each key of the top level and, as sources.NAME, of each source
}

// readFile reads the configuration at path, which errors and origins call name.
func readFile(path, name string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return File{}, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(name, filepath.Dir(path), content)
}

// Parse reads the configuration from content; path is what errors and origins
// call it, dir the folder that relative paths in it count from. It accepts one
// YAML mapping with known keys, each once, and no aliases. An error names file,
// line and key.
func Parse(path, dir string, content []byte) (f File, err error) {
	defer func() {
		if r := recover(); r != nil { // the YAML parser is not ours
			f, err = File{}, fmt.Errorf("%s: cannot be read as YAML: %v", path, r)
		}
	}()
	switch {
	case len(content) > maxBytes:
		return File{}, fmt.Errorf("%s: larger than %d KiB", path, maxBytes>>10)
	case !utf8.Valid(content):
		return File{}, fmt.Errorf("%s: not valid UTF-8", path)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("%s: holds more than one YAML document; keep the first", path)
	}
	f = File{path: path, lines: map[string]int{}}
	if len(document.Content) == 0 {
		return f, nil
	}
	if err := shape(path, document.Content[0], f); err != nil {
		return File{}, err
	}
	if err := document.Decode(&f); err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	if f.Sources, err = readSources(path, document.Content[0]); err != nil {
		return File{}, err
	}
	f.Sources.Dir = dir
	f.note(document.Content[0], "")
	if line, given := f.lines["version"]; given && f.Version != configVersion {
		return File{}, fmt.Errorf("%s:%d: version is %d; this prodgate reads version %d", path, line, f.Version, configVersion)
	}
	if f.Trail != "" && stepsFile(f.Sources) != "" {
		return File{}, fmt.Errorf("%s:%d: trail names an audit trail, and sources.trail (line %d) reads a file in its place, so that what is recorded would be ignored: take one of them out",
			path, f.lines["trail"], f.lines["sources.trail"])
	}
	return f, nil
}

// note remembers the line of each key of mapping, and of each source.
func (f *File) note(mapping *yaml.Node, under string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		f.lines[under+key.Value] = key.Line
		if under == "" && (key.Value == "sources" || key.Value == "systems") {
			f.note(value, key.Value+".")
			f.noteFiles(value)
		}
	}
}

// placeholders are what names in a run replace in texts under sources and systems.
var placeholders = []string{"{service}", "{environment}"}

// existing are the files that text names: one, or one for each service and
// environment.
func existing(text string) []string {
	pattern := text
	for _, p := range placeholders {
		pattern = strings.ReplaceAll(pattern, p, "*")
	}
	if pattern == text {
		if exists(text) {
			return []string{text}
		}
		return nil
	}
	found, err := filepath.Glob(pattern)
	if err != nil { // the text has a special character of patterns
		return nil
	}
	return found
}

// noteFiles remembers the files under sources: every text that names something
// which is there, whatever its key.
func (f *File) noteFiles(sources *yaml.Node) {
	for i := 1; i < len(sources.Content); i += 2 {
		eachText(sources.Content[i], func(text string) {
			if !filepath.IsAbs(text) {
				text = filepath.Join(f.Sources.Dir, text)
			}
			f.texts = append(f.texts, text)
			f.files = append(f.files, existing(text)...)
		})
	}
}

// eachText calls visit for every text in node that is no key.
func eachText(node *yaml.Node, visit func(text string)) {
	switch node.Kind {
	case yaml.ScalarNode:
		if node.Tag == "!!str" && node.Value != "" {
			visit(node.Value)
		}
	case yaml.MappingNode:
		for i := 1; i < len(node.Content); i += 2 {
			eachText(node.Content[i], visit)
		}
	default:
		for _, child := range node.Content {
			eachText(child, visit)
		}
	}
}

// Source is the origin of what the file says about a section's source.
func (f *File) Source(section string) Origin {
	line, ok := f.lines["sources."+section]
	if !ok {
		return Nobody
	}
	return Origin{Kind: FromFile, Where: fileLine(f.path, line)}
}

// SourceFiles are the files that sources name, independent of the working
// folder, in the file's order.
func (f *File) SourceFiles() []string { return f.files }
