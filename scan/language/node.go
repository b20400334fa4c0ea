package language

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// readNodePackage reads the package.json of npm. One without a name or without a
// version is not an installed package (a workspace, a subpath of a package).
func readNodePackage(f *file) error {
	var m struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	if err := f.json(&m); err != nil {
		if f.err == nil && !isPackageRoot(f.path) {
			// Node never loads it as a package: what tests of packages keep there is
			// broken on purpose.
			return errOther
		}
		return err
	}
	if m.Name != "" && m.Version != "" {
		f.add(m.Name, m.Version)
	}
	return nil
}

// isPackageRoot recognises the package.json that an installed package has at its top
// from those further down in it: node_modules/<name> or node_modules/@scope/<name>.
func isPackageRoot(path string) bool {
	parts := strings.Split(path, "/")
	parts = parts[:len(parts)-1]
	slices.Reverse(parts)
	at := slices.Index(parts, "node_modules")
	switch {
	case at < 0:
		return true
	case at == 1:
		return !strings.HasPrefix(parts[0], "@")
	case at == 2:
		return strings.HasPrefix(parts[1], "@")
	}
	return false
}

// isCondaMeta recognises conda-meta/<name>-<version>-<build>.json.
func isCondaMeta(name, base string) bool {
	dir, _ := strings.CutSuffix(name, "/"+base)
	return (dir == "conda-meta" || strings.HasSuffix(dir, "/conda-meta")) &&
		strings.HasSuffix(base, ".json") && strings.Count(base, "-") >= 2
}

// readConda reads the metadata that conda keeps of each package.
func readConda(f *file) error {
	var m struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	if err := f.json(&m); err != nil {
		return err
	}
	if m.Name == "" || m.Version == "" {
		return errNameless
	}
	f.add(m.Name, m.Version)
	return nil
}

// json reads the first JSON value of the file into v; what follows it is left
// alone.
func (f *file) json(v any) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	return decodeJSON(raw, v)
}

func decodeJSON(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\uFEFF"))))
	if err := dec.Decode(v); err != nil {
		return notReadable("JSON", err)
	}
	return nil
}
