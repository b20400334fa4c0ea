// Package config resolves the settings of a run, each with its origin: a flag, the
// environment, prodgate.yaml or the default.
//
// It holds no threshold, role or window: those are settings of the policies
// and belong to whoever owns the policies. It does not read facts and does not
// print.
package config

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Filename is the configuration's name, looked for from the working folder
// upwards to the repository's root.
const Filename = "prodgate.yaml"

// Input is what Load looks at. It reads nothing else but files.
type Input struct {
	Dir   string              // the working folder
	Flags map[string][]string // the flags that were given, by name without dashes
	Env   []string            // the environment, as os.Environ gives it
}

// Config has the settings of a run.
type Config struct {
	Path string // the file that was read; "" if there is none
	Root string // the repository's root (the folder with .git); "" outside a repository
	File File   // what the file says; the zero File if there is none

	values   map[string]Value
	shadowed []Replacement // configuration files that do not count
	remnant  string        // the variable that is missing in what is left of a CI run
}

// Value is one setting with its origin.
type Value struct {
	Name   string
	Text   string   // "" if not given
	List   []string // where the setting is a list
	Origin Origin
	// Against is the CI system's variable that a flag's value contradicts; "" if
	// there is none.
	Against string
}

// Given reports whether the value was given, or has a default.
func (v Value) Given() bool { return v.Origin != Nobody }

// Load resolves every setting. An error names the flag, the variable, or the
// file and line, and what to write instead.
func Load(in Input) (*Config, error) {
	env, err := environment(in.Env)
	if err != nil {
		return nil, err
	}
	c := &Config{Root: repositoryRoot(in.Dir), values: map[string]Value{}, remnant: remnant(env)}
	named, err := lookUp(configFile, in.Flags, env, nil)
	if err != nil {
		return nil, err
	}
	if c.Path, err = locate(in.Dir, c.Root, named); err != nil {
		return nil, err
	}
	if c.Path != "" {
		if c.File, err = readFile(c.Path, shown(in.Dir, c.Path)); err != nil {
			return nil, err
		}
	}
	c.shadow(in.Dir, named)
	for _, s := range Settings {
		if c.values[s.Name], err = lookUp(s, in.Flags, env, &c.File); err != nil {
			return nil, err
		}
	}
	c.anchorPolicies(in.Dir)
	c.anchorTrail(in.Dir)
	return c, nil
}

// Get returns the value of a setting of Settings, by its name.
func (c *Config) Get(name string) Value { return c.values[name] }

// Infer sets the value of a setting that was not given to what follows from the
// policies' settings; where says from which.
func (c *Config) Infer(name, text, where string) {
	if !c.values[name].Given() {
		c.values[name] = Value{Name: name, Text: text, Origin: Origin{Kind: FromSettings, Where: where}}
	}
}

// All returns every setting's value, in the order of Settings.
func (c *Config) All() []Value {
	all := make([]Value, 0, len(Settings))
	for _, s := range Settings {
		all = append(all, c.values[s.Name])
	}
	return all
}

// Timeout returns how long a run may take.
func (c *Config) Timeout() (time.Duration, error) {
	v := c.Get("timeout")
	d, err := time.ParseDuration(v.Text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("timeout %q (%s): want a length of time with its unit, as in 90s or 2m", v.Text, v.Origin)
	}
	return d, nil
}

// Dir is the folder that relative paths of the file count from; "" if there is
// no file.
func (c *Config) Dir() string {
	if c.Path == "" {
		return ""
	}
	return filepath.Dir(c.Path)
}

// anchorPolicies makes the packs' paths independent of the working folder: a
// path in the file counts from the file, one given by hand from dir.
func (c *Config) anchorPolicies(dir string) {
	v := c.values["policies"]
	if v.Origin.Kind == FromFile {
		dir = c.Dir()
	}
	list := make([]string, 0, len(v.List))
	for _, path := range v.List {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		list = append(list, path)
	}
	v.List = list
	c.values["policies"] = v
}

// isPublicKey reports whether text is a public key of a trail, NAME+HASH+KEY, and not the
// name of a file: for a trail behind https, trail_key can be the key itself.
func isPublicKey(text string) bool {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return false
	}
	_, notHash := strconv.ParseUint(parts[1], 16, 32)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	return parts[0] != "" && len(parts[1]) == 8 && notHash == nil && err == nil && len(key) == 33 // algorithm and Ed25519 key
}

// anchorTrail makes the trail's paths independent of the working folder, as
// anchorPolicies does.
func (c *Config) anchorTrail(dir string) {
	for _, name := range []string{"trail", "trail-key"} {
		v := c.values[name]
		if v.Text == "" || filepath.IsAbs(v.Text) || name == "trail" && strings.Contains(v.Text, "://") || name == "trail-key" && isPublicKey(v.Text) {
			continue
		}
		from := dir
		if v.Origin.Kind == FromFile {
			from = c.Dir()
		}
		v.Text = filepath.Join(from, strings.TrimPrefix(v.Text, "sqlite:"))
		c.values[name] = v
	}
}

// OneTrail returns an error if a flag or a variable names an audit trail while the
// file's sources.trail reads the steps from somewhere else: what is recorded would
// be ignored. It matters to whoever reads the sources. File checks its own trail.
func (c *Config) OneTrail() error {
	v, read := c.Get("trail"), stepsFile(c.File.Sources)
	if !v.Given() || read == "" {
		return nil
	}
	return fmt.Errorf("%s names the audit trail %s, and sources.trail (%s) reads the steps from %s, so that what is recorded would be ignored",
		v.Origin, v.Shown(), fileLine(c.File.path, c.File.lines["sources.trail"]), read)
}

// Shown is the value as people may see it: without a password.
func (v Value) Shown() string {
	u, err := url.Parse(v.Text)
	if err != nil || u.Host == "" {
		return v.Text
	}
	u.RawQuery = "" // it can hold a password, too
	return u.Redacted()
}

// locate finds the file to read: the named one, or the nearest upwards from
// dir to root. Outside a repository only dir itself is looked at, so that no
// stranger's file further up is obeyed.
func locate(dir, root string, named Value) (string, error) {
	if named.Text != "" {
		if filepath.IsAbs(named.Text) {
			return named.Text, nil
		}
		return filepath.Join(dir, named.Text), nil
	}
	for {
		if path := filepath.Join(dir, Filename); exists(path) {
			return path, nil
		}
		if other := filepath.Join(dir, "prodgate.yml"); exists(other) {
			return "", fmt.Errorf("found %s: the configuration is called %s; rename it", other, Filename)
		}
		parent := filepath.Dir(dir)
		if root == "" || dir == root || parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// shown returns path relative to dir, if it is inside dir.
func shown(dir, path string) string {
	if relative, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(relative) {
		return relative
	}
	return path
}

// repositoryRoot returns the nearest folder upwards from dir that holds .git,
// or "".
func repositoryRoot(dir string) string {
	for {
		if exists(filepath.Join(dir, ".git")) {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// exists reports whether there is something at path. Something that cannot be
// looked at counts as there, so that reading it gives the error.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil || !os.IsNotExist(err)
}
