package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/strict"
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
	Version     int      `json:"version,omitempty"`     // of the configuration's form; 1
	Service     string   `json:"service,omitempty"`     // name of the service, as the settings list it
	Environment string   `json:"environment,omitempty"` // name of the environment, as the settings list it
	Policies    []string `json:"policies,omitempty"`    // policy packs; relative paths count from this file
	Timeout     string   `json:"timeout,omitempty"`     // Go duration: 90s, 2m
	Trail       string   `json:"trail,omitempty"`       // the audit trail: a path, which counts from this file, postgres://… or https://…
	TrailKey    string   `json:"trail_key,omitempty"`   // file with the trail's signing key; counts from this file; of https://… the public key or its file

	// Sources are the keys systems and sources: where each section's facts come from.
	Sources collectors.Config `json:"-"`

	path  string
	files []string       // that sources name and that exist
	texts []string       // everything under sources, as a path: a file that does not exist yet is among it
	lines map[string]int // line of each key of the top level and, as sources.NAME, of each source
}

// keys are the keys of a configuration.
type keys struct {
	File
	Systems strict.Value `json:"systems,omitempty"`
	Sources strict.Value `json:"sources,omitempty"`
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

// Parse reads the configuration from content, JSON or YAML; path is what errors and
// origins call it, dir the folder that relative paths in it count from. It accepts
// one mapping with known keys, each once, and no aliases. The error lists everything
// that is wrong, with file, line and key.
func Parse(path, dir string, content []byte) (File, error) {
	if len(content) > maxBytes {
		return File{}, fmt.Errorf("%s: larger than %d KiB", path, maxBytes>>10)
	}
	f := File{path: path, lines: map[string]int{}}
	root, err := strict.Of(path, content).Root(strict.Rules{})
	switch {
	case errors.Is(err, strict.ErrEmpty):
		return f, nil
	case err != nil:
		return File{}, err
	case root.Kind() == strict.Null: // nothing but comments
		return f, nil
	}
	k := keys{File: f}
	root.Fill(&k)
	r := reader{cfg: collectors.Config{Dir: dir, File: filepath.Base(path), Systems: map[string]collectors.System{}, Sources: map[string][]collectors.Use{}}}
	r.read(k.Systems, k.Sources)
	f = k.File
	f.Sources = r.cfg
	f.note(root, "")
	if version := root.Get("version"); version.Kind() != strict.Null && f.Version != configVersion {
		version.Errorf("is %d; this prodgate reads version %d", f.Version, configVersion)
	}
	if steps := root.Get("sources").Get("trail"); f.Trail != "" && stepsFile(f.Sources) != "" {
		root.Get("trail").Errorf("names an audit trail, and sources.trail (line %d) reads a file in its place, so that what is recorded would be ignored: take one of them out", steps.Line())
	}
	if err := root.Err(); err != nil {
		return File{}, err
	}
	return f, nil
}

// note remembers the line of each key of mapping, and of each source and system.
func (f *File) note(mapping strict.Value, under string) {
	for _, member := range mapping.Members() {
		f.lines[under+member.Key()] = member.Line()
		if under == "" && (member.Key() == "sources" || member.Key() == "systems") {
			f.note(member, member.Key()+".")
			f.noteFiles(member)
		}
	}
}

// Placeholders are what names in a run replace in texts under sources and systems.
var Placeholders = []string{"{service}", "{environment}"}

// existing are the files that text names: one, or one for each service and
// environment.
func existing(text string) []string {
	pattern := specials.Replace(text)
	for _, p := range Placeholders {
		pattern = strings.ReplaceAll(pattern, p, "*")
	}
	if pattern == specials.Replace(text) {
		if exists(text) {
			return []string{text}
		}
		return nil
	}
	found, err := filepath.Glob(pattern)
	if err != nil { // no pattern with its special characters escaped is malformed
		return nil
	}
	return found
}

// specials escapes what patterns of files give a meaning to.
var specials = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)

// noteFiles remembers the files under a value: every text that names something
// which is there, whatever its key.
func (f *File) noteFiles(v strict.Value) {
	if text := v.Text(); text != "" {
		if !filepath.IsAbs(text) {
			text = filepath.Join(f.Sources.Dir, text)
		}
		f.texts = append(f.texts, text)
		f.files = append(f.files, existing(text)...)
	}
	for _, inner := range slices.Concat(v.Members(), v.Items()) {
		f.noteFiles(inner)
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
