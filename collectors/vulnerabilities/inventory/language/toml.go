package language

import (
	"maps"
	"slices"

	"github.com/BurntSushi/toml"
)

// readCargoLock reads Cargo.lock, all of it: which of its packages serve the
// development only stands in Cargo.toml, another file.
func readCargoLock(f *file) error {
	var lock struct {
		Packages []struct {
			Name    string `toml:"name"`
			Version string `toml:"version"`
		} `toml:"package"`
	}
	if err := f.toml(&lock); err != nil {
		return err
	}
	for _, p := range lock.Packages {
		f.add(p.Name, p.Version)
	}
	return nil
}

// readJuliaManifest reads Julia's Manifest.toml: since format 2.0 the packages
// stand under deps, before at the top. One without a version is a part of Julia.
func readJuliaManifest(f *file) error {
	var manifest map[string]any
	if err := f.toml(&manifest); err != nil {
		return err
	}
	packages, julia := manifest, "unknown"
	if _, ok := manifest["manifest_format"]; ok {
		packages, _ = manifest["deps"].(map[string]any)
		julia, _ = manifest["julia_version"].(string)
	}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		entries, _ := packages[name].([]map[string]any)
		for _, entry := range entries {
			if _, ok := entry["uuid"].(string); !ok {
				continue // no package of Julia's, and perhaps no manifest of Julia's
			}
			version, ok := entry["version"].(string)
			if !ok {
				version = julia
			}
			f.add(name, version)
		}
	}
	return nil
}

func (f *file) toml(v any) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	if err := toml.Unmarshal(raw, v); err != nil {
		return notReadable("TOML of its kind", err)
	}
	return nil
}
