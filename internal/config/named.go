package config

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Named is every file that flags, variables and configuration files name, of
// every layer: also what a stronger layer replaces. It is for those who must not
// overwrite any of them. Paths are absolute; what they name may not exist.
type Named struct {
	Configurations []string
	Trails         []string // locations, a path or postgres://…; "" is always among them
	TrailKeys      []string // "" (the usual file) is always among them
	Policies       []string // folders and bundles
	Databases      []string // folders of advisories
	Evidence       []string // files that sources name, also with placeholders
}

// Name finds them. It never fails: what Load refuses still names files. Of a
// configuration that cannot be read, every word that is the path of a file, or that has
// a placeholder, counts as evidence.
func Name(in Input) Named {
	env := map[string]string{}
	for _, entry := range in.Env {
		name, text, _ := strings.Cut(entry, "=")
		env[name] = text
	}
	n := Named{Trails: []string{""}, TrailKeys: []string{""}}
	n.configurations(in, env)
	for _, name := range []string{"trail", "trail-key", "policies", "db"} {
		n.given(in, name, env)
	}
	for _, path := range n.Configurations {
		n.read(path)
	}
	return n
}

// configurations are the files that are named, and those on the way up to the
// repository's root.
func (n *Named) configurations(in Input, env map[string]string) {
	for _, path := range append(slices.Clone(in.Flags[configFile.Flag]), env[configFile.Env]) {
		if path != "" {
			n.Configurations = append(n.Configurations, absolute(in.Dir, path))
		}
	}
	root := repositoryRoot(in.Dir)
	for dir := in.Dir; ; dir = filepath.Dir(dir) {
		for _, name := range []string{Filename, "prodgate.yml"} {
			if path := filepath.Join(dir, name); exists(path) {
				n.Configurations = append(n.Configurations, path)
			}
		}
		if root == "" || dir == root || filepath.Dir(dir) == dir {
			return
		}
	}
}

// given adds what flag and variable of a setting say.
func (n *Named) given(in Input, name string, env map[string]string) {
	i := slices.IndexFunc(Settings, func(s Setting) bool { return s.Name == name })
	s := Settings[i]
	texts := slices.Clone(in.Flags[s.Flag])
	if s.List {
		texts = append(texts, filepath.SplitList(env[s.Env])...)
	} else {
		texts = append(texts, env[s.Env])
	}
	for _, text := range texts {
		n.add(name, in.Dir, text)
	}
}

// add adds what a setting says; relative paths count from dir.
func (n *Named) add(name, dir, text string) {
	if text == "" {
		return
	}
	switch name {
	case "trail":
		n.Trails = append(n.Trails, absoluteTrail(dir, text))
	case "trail-key":
		n.TrailKeys = append(n.TrailKeys, absolute(dir, text))
	case "policies":
		n.Policies = append(n.Policies, absolute(dir, text))
	case "db":
		n.Databases = append(n.Databases, absolute(dir, text))
	}
}

// read adds what a configuration file says.
func (n *Named) read(path string) {
	dir := filepath.Dir(path)
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return
	}
	file, err := Parse(path, dir, content)
	if err != nil {
		n.words(dir, string(content))
		return
	}
	n.add("trail", dir, file.Trail)
	n.add("trail-key", dir, file.TrailKey)
	for _, pack := range file.Policies {
		n.add("policies", dir, pack)
	}
	n.Evidence = slices.Concat(n.Evidence, file.texts, file.files)
}

// words matches what can be a path in a configuration that cannot be read. Braces end a
// word, except those of a placeholder.
var words = regexp.MustCompile(`(?:\{(?:service|environment)\}|[^ \t\r\n"'\[\]{},#])+`)

// words adds the files that a configuration which cannot be read mentions. Each
// may be the trail.
func (n *Named) words(dir, content string) {
	for _, word := range words.FindAllString(content, -1) {
		word = strings.TrimSuffix(strings.TrimPrefix(word, "sqlite:"), ":")
		if word == "" || strings.Contains(word, "://") || slices.Contains(Placeholders, word) {
			continue
		}
		if slices.ContainsFunc(Placeholders, func(p string) bool { return strings.Contains(word, p) }) {
			n.Evidence = append(n.Evidence, absolute(dir, word))
			continue
		}
		info, err := os.Stat(absolute(dir, word))
		switch {
		case err != nil:
		case info.IsDir():
			if holdsRules(absolute(dir, word)) && !filepath.IsLocal(relative(absolute(dir, word), dir)) {
				n.add("policies", dir, word)
			}
		default:
			n.add("trail", dir, word)
			n.Evidence = append(n.Evidence, absolute(dir, word))
		}
	}
}

// holdsRules reports whether a folder looks like a policy pack.
func holdsRules(folder string) bool {
	for _, pattern := range []string{"*.rego", "data.yaml", "data.json", "*/*.rego", "*/*/*.rego"} {
		if found, err := filepath.Glob(filepath.Join(folder, pattern)); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// relative is path as seen from folder, or "..".
func relative(folder, path string) string {
	if seen, err := filepath.Rel(folder, path); err == nil {
		return seen
	}
	return ".."
}

// absolute is path, counted from dir.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// absoluteTrail is a trail's location, a path counted from dir.
func absoluteTrail(dir, location string) string {
	if strings.Contains(location, "://") {
		return location
	}
	return absolute(dir, strings.TrimPrefix(location, "sqlite:"))
}
