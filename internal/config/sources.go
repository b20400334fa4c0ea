package config

import (
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/file"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/internal/strict"
)

// timeoutKey is a key among the sections under sources.
const timeoutKey = "timeout"

// reader reads the keys systems and sources. What is wrong is noted in the values.
type reader struct {
	cfg collectors.Config
}

func (r *reader) read(systems, sources strict.Value) {
	r.members(systems, r.system)
	r.members(sources, r.section)
	for _, p := range r.cfg.Check() {
		kind, name, _ := strings.Cut(p.Key, ".")
		v := sources
		if kind == "systems" {
			v = systems
		}
		v.Get(name).Notef("%s", p.Text)
	}
}

// members calls read for each member of a mapping.
func (r *reader) members(v strict.Value, read func(strict.Value)) {
	if v.Kind() != strict.Object && v.Kind() != strict.Null {
		v.Errorf("is %s, and must be a mapping", v.Kind())
		return
	}
	for _, member := range v.Members() {
		read(member)
	}
}

// system reads one of systems: its kind, or that of its name, and its settings.
func (r *reader) system(v strict.Value) {
	name := v.Key()
	if wanted, ok := facts.Accepts("identifier", name); !ok {
		v.Errorf("is not a system's name: it must be %s", wanted)
		return
	}
	if v.Kind() != strict.Object {
		v.Errorf("is %s, and must be a mapping of the system's kind and its settings", v.Kind())
		return
	}
	kind := name
	if named := v.Get("kind"); named.Kind() != strict.Null && !named.Fill(&kind) {
		return
	}
	r.cfg.Systems[name] = collectors.System{Kind: kind}
	if k, ok := kindNamed(kind); ok {
		r.cfg.Systems[name] = collectors.System{Kind: kind, Settings: settings(k, v.Without("kind"))}
	}
}

// settings reads the settings of a system of a kind.
func settings(k source.Kind, v strict.Value) any {
	if k.Settings != nil {
		into := k.Settings()
		v.Fill(into)
		return into
	}
	for _, member := range v.Members() {
		member.Errorf("is an unknown key; a system of kind %s has no settings", k.Name)
	}
	return nil
}

// section reads the systems of a section: a name, a system in place, or a list of
// these.
func (r *reader) section(v strict.Value) {
	name := v.Key()
	switch {
	case name == timeoutKey:
		var timeout collectors.Duration
		v.Fill(&timeout)
		r.cfg.Timeout = time.Duration(timeout)
		return
	case !knownSection(name):
		v.Errorf("is an unknown key; %s", hint(name))
		return
	case name == "artifact" && v.Kind() == strict.Object:
		if v.Fill(&r.cfg.Registry) && r.cfg.Registry.Insecure {
			v.Get("insecure").Errorf("weakens the gate: use the flag --%s", InsecureFlag)
		}
		return
	}
	items := []strict.Value{v}
	if v.Kind() == strict.List {
		items = v.Items()
	}
	uses := []collectors.Use{}
	sound := true
	for _, item := range items {
		use, ok := r.use(name, item)
		uses, sound = append(uses, use), sound && ok
	}
	if sound {
		r.cfg.Sources[name] = uses
	}
}

// knownSection reports whether name is a section, or custom and a name.
func knownSection(name string) bool {
	if own, ok := strings.CutPrefix(name, "custom."); ok {
		_, spelled := facts.Accepts("identifier", own)
		return spelled
	}
	return slices.Contains(facts.Sections, name)
}

// hint suggests a key with a similar name.
func hint(name string) string {
	known := append(slices.Clone(facts.Sections), timeoutKey)
	if near := spelling.Hint(name, known); near != "" {
		return near
	}
	return "known are custom.NAME, " + strings.Join(known, ", ")
}

// use reads one system of a section.
func (r *reader) use(section string, v strict.Value) (use collectors.Use, ok bool) {
	switch {
	case v.Text() != "":
		return collectors.Use{System: v.Text()}, true
	case v.Kind() != strict.Object:
		v.Errorf("is %s, and must be the name of a system, or a mapping such as {file: NAME}", v.Kind())
		return use, false
	case v.Has("system") || v.Has("from"):
		return r.named(v)
	}
	var keys []string
	for _, member := range v.Members() {
		keys = append(keys, member.Key())
	}
	k, ok := collectors.KindOf(keys, section)
	if !ok {
		v.Errorf("must be the name of a system, or a mapping with exactly one of %s; it has %s", forms(section), strings.Join(keys, ", "))
		return use, false
	}
	return collectors.Use{Inline: &collectors.System{Kind: k.Name, Settings: settings(k, v)}}, true
}

// named reads a system that is named by a mapping: {system: NAME, optional: true},
// or {from: trail}.
func (r *reader) named(v strict.Value) (collectors.Use, bool) {
	var form struct {
		System   string `json:"system,omitempty"`
		From     string `json:"from,omitempty"`
		Optional bool   `json:"optional,omitempty"`
	}
	if !v.Fill(&form) {
		return collectors.Use{}, false
	}
	if (form.System == "") == (form.From == "") {
		v.Errorf("must have one name, as system")
		return collectors.Use{}, false
	}
	return collectors.Use{System: form.System + form.From, Optional: form.Optional}, true
}

// forms are the keys by which a mapping in a section is recognised.
func forms(section string) string {
	var known []string
	for _, k := range collectors.Kinds {
		if k.Key != "" && (slices.Contains(k.Sections, section) || slices.Contains(k.Sections, "custom") && strings.HasPrefix(section, "custom.")) {
			known = append(known, k.Key)
		}
	}
	slices.Sort(known)
	return strings.Join(append(known, "system"), ", ")
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
