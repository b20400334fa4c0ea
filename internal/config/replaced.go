package config

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Replacement is a value that a stronger layer replaced.
type Replacement struct {
	Name string // of the setting; "config" for the whole file
	By   string // the flag, the variable or the file that counts
	Over string // what does not count any more: file and line, or a file
}

// String says so in a line.
func (r Replacement) String() string {
	if r.Name == configFile.Name {
		return r.By + " replaces " + r.Over
	}
	return r.By + " replaces " + r.Name + " (" + r.Over + ")"
}

// replaceable are the settings whose replacement changes who judges, or what.
var replaceable = []string{"policies", "trail", "service", "environment"}

// decides reports whether the replacement of a setting changes who judges, or what: of a
// trail that a server keeps, its key as well, because the key decides which trail it is.
func (c *Config) decides(name string) bool {
	return slices.Contains(replaceable, name) || name == "trail-key" && strings.HasPrefix(c.values["trail"].Text, "http")
}

// Replaced lists what flags, variables and nearer files replaced, in the order of
// Settings. A value that says the same as the one it replaces is not listed, nor
// are passwords.
func (c *Config) Replaced() []Replacement {
	list := slices.Clone(c.shadowed)
	for _, s := range Settings {
		v := c.values[s.Name]
		line, ok := c.File.lines[s.Key]
		if !ok || !c.decides(s.Name) || v.Origin.Kind != FromFlag && v.Origin.Kind != FromEnvironment {
			continue
		}
		text, paths := s.file(&c.File)
		if c.says(s.Name, v, text, paths) {
			continue
		}
		list = append(list, Replacement{Name: s.Name, By: v.Origin.Where, Over: fileLine(c.File.path, line)})
	}
	return list
}

// says reports whether v is what the file says as well.
func (c *Config) says(name string, v Value, text string, list []string) bool {
	switch name {
	case "policies":
		return slices.EqualFunc(v.List, list, func(a, b string) bool { return sameFile(a, absolute(c.Dir(), b)) })
	case "trail":
		return sameTrail(v.Text, absoluteTrail(c.Dir(), text))
	}
	return v.Text == text
}

// sameTrail compares two locations of a trail, without passwords.
func sameTrail(a, b string) bool {
	first, second := withoutSecrets(a), withoutSecrets(b)
	return first == second || first == a && second == b && sameFile(a, b)
}

// withoutSecrets is the address of a trail without its passwords, or the path as
// it is.
func withoutSecrets(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return location
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	query := u.Query()
	for _, secret := range []string{"password", "passfile", "sslpassword"} {
		query.Del(secret)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// sameFile reports whether two paths are one file or folder.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// shadow notes the configuration files that the one which is read replaces: the
// nearest one where another is named, and those further up to root.
func (c *Config) shadow(dir string, named Value) {
	by := named.Origin.Where
	for folder := dir; c.Path != ""; folder = filepath.Dir(folder) {
		path := filepath.Join(folder, Filename)
		if exists(path) && !sameFile(path, c.Path) {
			over := shown(dir, path)
			if by == "" {
				by = shown(dir, c.Path)
			}
			c.shadowed = append(c.shadowed, Replacement{Name: configFile.Name, By: by, Over: over})
		}
		if c.Root == "" || folder == c.Root || filepath.Dir(folder) == folder {
			return
		}
	}
}
