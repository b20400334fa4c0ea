package language

import (
	"bytes"
	"encoding/xml"
	"maps"
	"slices"
	"strings"
)

// readDotnetDeps reads NAME.deps.json, which belongs to a .NET program: its
// libraries, without those that have no code to run on the target.
func readDotnetDeps(f *file) error {
	type library struct {
		Runtime        present `json:"runtime"`
		RuntimeTargets present `json:"runtimeTargets"`
		Native         present `json:"native"`
	}
	var deps struct {
		RuntimeTarget struct {
			Name string `json:"name"`
		} `json:"runtimeTarget"`
		Targets   map[string]map[string]library `json:"targets"`
		Libraries map[string]struct {
			Type string `json:"type"`
		} `json:"libraries"`
	}
	if err := f.json(&deps); err != nil {
		return err
	}
	target := map[string]library{}
	for name, lib := range deps.Targets[deps.RuntimeTarget.Name] {
		target[strings.TrimPrefix(name, runtimePack)] = lib
	}
	for _, key := range slices.Sorted(maps.Keys(deps.Libraries)) {
		switch strings.ToLower(deps.Libraries[key].Type) {
		case "package", "project", "runtimepack":
		default:
			continue
		}
		name, version, ok := strings.Cut(strings.TrimPrefix(key, runtimePack), "/")
		if !ok {
			f.unread(f.path, "", "the library %q of the file has no version", key)
			continue
		}
		lib, listed := target[name+"/"+version]
		if !listed || bool(lib.Runtime || lib.RuntimeTargets || lib.Native) {
			f.add(name, version)
		}
	}
	return nil
}

// present reports whether a key has a value other than null.
type present bool

// UnmarshalJSON takes any value.
func (p *present) UnmarshalJSON(raw []byte) error {
	*p = string(raw) != "null"
	return nil
}

// runtimePack is what the SDK sets before the name of the runtime that a
// self-contained program brings along.
const runtimePack = "runtimepack."

// readNugetLock reads packages.lock.json.
func readNugetLock(f *file) error {
	var lock struct {
		Targets map[string]map[string]struct {
			Type     string `json:"type"`
			Resolved string `json:"resolved"`
		} `json:"dependencies"`
	}
	if err := f.json(&lock); err != nil {
		return err
	}
	seen := map[[2]string]bool{}
	for _, target := range slices.Sorted(maps.Keys(lock.Targets)) {
		packages := lock.Targets[target]
		for _, name := range slices.Sorted(maps.Keys(packages)) {
			p := packages[name]
			if key := [2]string{name, p.Resolved}; p.Type != "Project" && !seen[key] {
				seen[key] = true
				f.add(name, p.Resolved)
			}
		}
	}
	return nil
}

// readNugetConfig reads packages.config, without what is for development only.
func readNugetConfig(f *file) error {
	var config struct {
		XMLName  xml.Name `xml:"packages"`
		Packages []struct {
			ID      string `xml:"id,attr"`
			Version string `xml:"version,attr"`
			Dev     bool   `xml:"developmentDependency,attr"`
		} `xml:"package"`
	}
	if err := f.xml(&config); err != nil {
		return err
	}
	seen := map[[2]string]bool{}
	for _, p := range config.Packages {
		if key := [2]string{p.ID, p.Version}; p.ID != "" && !p.Dev && !seen[key] {
			seen[key] = true
			f.add(p.ID, p.Version)
		}
	}
	return nil
}

// isPackagesProps recognises Directory.Packages.props and its like.
func isPackagesProps(_, base string) bool {
	return strings.HasSuffix(strings.ToLower(base), "packages.props")
}

// readPackagesProps reads the versions that a .NET build manages centrally. A
// variable of the build is not expanded.
func readPackagesProps(f *file) error {
	type reference struct {
		Include string `xml:"Include,attr"`
		Update  string `xml:"Update,attr"`
		Version string `xml:"Version,attr"`
	}
	var project struct {
		XMLName xml.Name `xml:"Project"`
		Groups  []struct {
			References []reference `xml:"PackageReference"`
			Versions   []reference `xml:"PackageVersion"`
		} `xml:"ItemGroup"`
	}
	if err := f.xml(&project); err != nil {
		return err
	}
	seen := map[[2]string]bool{}
	for _, group := range project.Groups {
		for _, ref := range append(group.References, group.Versions...) {
			name, version := strings.TrimSpace(ref.Include), strings.TrimSpace(ref.Version)
			if ref.Include == "" {
				name = strings.TrimSpace(ref.Update)
			}
			key := [2]string{name, version}
			if name == "" || version == "" || isVariable(name) || isVariable(version) || seen[key] {
				continue
			}
			seen[key] = true
			f.add(name, version)
		}
	}
	return nil
}

func isVariable(s string) bool { return strings.HasPrefix(s, "$(") && strings.HasSuffix(s, ")") }

func (f *file) xml(v any) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	if err := xml.NewDecoder(bytes.NewReader(raw)).Decode(v); err != nil {
		return notReadable("XML of its kind", err)
	}
	return nil
}
