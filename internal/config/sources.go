package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/file"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/spelling"
)

// timeoutKey stands among the sections under sources.
const timeoutKey = "timeout"

// readSources reads "systems" and "sources" of the mapping that a configuration
// is. It reports all problems at once, with their lines.
func readSources(path string, top *yaml.Node) (collectors.Config, error) {
	r := sourcesReader{shapes: shapes{path: path}, lines: map[string]int{}}
	r.cfg.Systems, r.cfg.Sources = map[string]collectors.System{}, map[string][]collectors.Use{}
	if systems := r.child(top, "systems"); systems != nil {
		r.each(systems, "systems", r.system)
	}
	if sources := r.child(top, "sources"); sources != nil {
		r.each(sources, "sources", r.section)
	}
	if len(r.problems) == 0 {
		for _, p := range r.cfg.Check() {
			r.problems = append(r.problems, fmt.Errorf("%s:%d: %w", path, r.lines[p.Key], p))
		}
	}
	return r.cfg, errors.Join(r.problems...)
}

type sourcesReader struct {
	shapes
	cfg   collectors.Config
	lines map[string]int // of each key of two words
}

// child is the value of a key of mapping; nil if it is not there.
func (r *sourcesReader) child(mapping *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// each calls read for every key of a mapping, once.
func (r *sourcesReader) each(node *yaml.Node, at string, read func(name string, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode || node.Anchor != "" {
		r.report(node, "%s: want keys and values", at)
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if line, twice := r.lines[at+"."+key.Value]; twice {
			r.report(key, "%s is there twice, first on line %d", join(at, key.Value), line)
			continue
		}
		r.lines[at+"."+key.Value] = key.Line
		read(key.Value, value)
	}
}

// system reads one of systems: its kind, or that of its name, and its settings.
func (r *sourcesReader) system(name string, node *yaml.Node) {
	at := "systems." + name
	if _, ok := facts.Accepts("identifier", name); !ok {
		r.report(node, "%s: a system's name must be lower-case letters, digits, \".\", \"_\" and \"-\"", at)
		return
	}
	if node.Kind != yaml.MappingNode {
		r.report(node, "%s: want keys and values: the system's kind and its settings", at)
		return
	}
	kind, settings := name, *node
	settings.Content = nil
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == "kind" {
			kind = node.Content[i+1].Value
			continue
		}
		settings.Content = append(settings.Content, node.Content[i], node.Content[i+1])
	}
	r.cfg.Systems[name] = collectors.System{Kind: kind}
	if k, ok := kindNamed(kind); ok {
		r.cfg.Systems[name] = collectors.System{Kind: kind, Settings: r.settings(k, &settings, at)}
	}
}

// settings reads the settings of a system of a kind.
func (r *sourcesReader) settings(k source.Kind, node *yaml.Node, at string) any {
	if k.Settings == nil {
		for i := 0; i+1 < len(node.Content); i += 2 {
			r.report(node.Content[i], "unknown key %q: a system of kind %s has no settings", join(at, node.Content[i].Value), k.Name)
		}
		return nil
	}
	settings := k.Settings()
	before := len(r.problems)
	r.check(node, reflect.TypeOf(settings), at)
	if len(r.problems) > before {
		return settings
	}
	if err := node.Decode(settings); err != nil {
		r.report(node, "%s: %v", at, err)
	}
	return settings
}

// section reads the systems of a section: a name, a system in place, or a list of
// these.
func (r *sourcesReader) section(name string, node *yaml.Node) {
	at := "sources." + name
	switch {
	case name == timeoutKey:
		r.timeout(node)
		return
	case !knownSection(name):
		r.unknownSection(name, at)
		return
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		r.report(node, "anchors and aliases are not supported: write the value out")
		return
	case node.Tag == "!!null":
		r.empty(node, at)
		return
	case name == "artifact" && node.Kind == yaml.MappingNode:
		r.artifact(node, at)
		return
	}
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	uses := []collectors.Use{}
	for i, item := range items {
		place := at
		if node.Kind == yaml.SequenceNode {
			place = fmt.Sprintf("%s[%d]", at, i)
		}
		if use, ok := r.use(name, item, place); ok {
			uses = append(uses, use)
		}
	}
	r.cfg.Sources[name] = uses
}

// knownSection reports whether name is a section, or custom and a name.
func knownSection(name string) bool {
	if own, ok := strings.CutPrefix(name, "custom."); ok {
		_, spelled := facts.Accepts("identifier", own)
		return spelled
	}
	return slices.Contains(facts.Sections, name)
}

func (r *sourcesReader) unknownSection(name, at string) {
	known := append(slices.Clone(facts.Sections), timeoutKey)
	hint := spelling.Hint(name, known)
	if hint == "" {
		hint = "known are custom.NAME, " + strings.Join(known, ", ")
	}
	r.problems = append(r.problems, fmt.Errorf("%s:%d: unknown key %q: %s", r.path, r.lines[at], at, hint))
}

// use reads one system of a section.
func (r *sourcesReader) use(section string, node *yaml.Node, at string) (use collectors.Use, ok bool) {
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!str" && node.Value != "":
		return collectors.Use{System: node.Value}, true
	case node.Kind != yaml.MappingNode || node.Anchor != "":
		r.report(node, "%s: want the name of a system, or a mapping such as {file: NAME}", at)
		return use, false
	}
	var keys []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		keys = append(keys, node.Content[i].Value)
	}
	if slices.Contains(keys, "system") || slices.Contains(keys, "from") {
		return r.named(node, at)
	}
	k, ok := collectors.KindOf(keys, section)
	if !ok {
		r.report(node, "%s: want %s", at, r.forms(section, keys))
		return use, false
	}
	return collectors.Use{Inline: &collectors.System{Kind: k.Name, Settings: r.settings(k, node, at)}}, true
}

// named reads a system that is named by a mapping: {system: NAME, optional: true},
// or {from: trail}.
func (r *sourcesReader) named(node *yaml.Node, at string) (collectors.Use, bool) {
	var form struct {
		System   string `yaml:"system"`
		From     string `yaml:"from"`
		Optional bool   `yaml:"optional"`
	}
	before := len(r.problems)
	r.check(node, reflect.TypeOf(&form), at)
	if len(r.problems) > before {
		return collectors.Use{}, false
	}
	if err := node.Decode(&form); err != nil || (form.System == "") == (form.From == "") {
		r.report(node, "%s: want one name, as system", at)
		return collectors.Use{}, false
	}
	return collectors.Use{System: form.System + form.From, Optional: form.Optional}, true
}

// forms says how a section can be written.
func (r *sourcesReader) forms(section string, keys []string) string {
	var known []string
	for _, k := range collectors.Kinds {
		if k.Key == "" || !slices.Contains(k.Sections, section) && !strings.HasPrefix(section, "custom.") {
			continue
		}
		known = append(known, k.Key)
	}
	slices.Sort(known)
	return fmt.Sprintf("the name of a system, or a mapping with one of %s; it has %s", strings.Join(append(known, "system"), ", "), strings.Join(keys, ", "))
}

// artifact reads the one setting of the artifact's source, which no file may set.
func (r *sourcesReader) artifact(node *yaml.Node, at string) {
	before := len(r.problems)
	r.check(node, reflect.TypeOf(&r.cfg.Registry), at)
	if len(r.problems) == before && node.Decode(&r.cfg.Registry) == nil && r.cfg.Registry.Insecure {
		r.report(node, "%s.insecure weakens the gate: use the flag --%s", at, InsecureFlag)
	}
}

func (r *sourcesReader) timeout(node *yaml.Node) {
	var timeout collectors.Duration
	if err := node.Decode(&timeout); err != nil {
		r.report(node, "sources.timeout: %s", strings.TrimPrefix(err.Error(), fmt.Sprintf("line %d: ", node.Line)))
		return
	}
	r.cfg.Timeout = time.Duration(timeout)
}

func kindNamed(name string) (source.Kind, bool) {
	i := slices.IndexFunc(collectors.Kinds, func(k source.Kind) bool { return k.Name == name })
	if i < 0 {
		return source.Kind{}, false
	}
	return collectors.Kinds[i], true
}

// stepsFile is the file that the trail's section is read from; "" if it is read
// from the audit trail.
func stepsFile(cfg collectors.Config) string {
	for _, use := range cfg.Sources["trail"] {
		system := cfg.Systems[use.System]
		if use.Inline != nil {
			system = *use.Inline
		}
		if settings, ok := system.Settings.(*file.Settings); ok {
			return settings.File
		}
	}
	return ""
}
