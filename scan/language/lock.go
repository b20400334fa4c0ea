package language

import (
	"bytes"
	"fmt"
	"strings"
)

// lockTable is one [[table]] of a lock file that a tool wrote in TOML, with the
// keys whose value is a text.
type lockTable struct {
	name string
	keys map[string]string
}

// eachTable gives the tables of a file in the part of TOML that Cargo and Julia
// write: one key to a line, lists of texts over several. What comes before
// the first table has an empty name. A line of another form is an error, because it
// could have named a package.
func eachTable(raw []byte, give func(lockTable)) error {
	table := lockTable{keys: map[string]string{}}
	inList := false
	n := 0
	for line := range bytes.Lines(raw) {
		n++
		text := strings.TrimSpace(string(line))
		switch key, value, isKey := strings.Cut(text, "="); {
		case text == "" || text[0] == '#':
		case inList:
			inList = !endsList(text)
		case text[0] == '[' && text[len(text)-1] == ']':
			give(table)
			table = lockTable{strings.Trim(text, "[] "), map[string]string{}}
		case isKey:
			key, value = strings.TrimSpace(key), strings.TrimSpace(value)
			if s, ok := quoted(value); ok {
				table.keys[key] = s
			}
			inList = value != "" && value[0] == '[' && !endsList(value)
		default:
			return fmt.Errorf("line %d of the file is not in the format that its tool writes", n)
		}
	}
	if inList {
		return fmt.Errorf("the file ends within a list")
	}
	give(table)
	return nil
}

// endsList reports whether a list ends with the line: its texts hold no bracket
// without a quote after it.
func endsList(line string) bool { return line[len(line)-1] == ']' }

// quoted is the text between quotes, where it holds nothing to be unescaped.
func quoted(value string) (string, bool) {
	if len(value) < 2 || value[0] != value[len(value)-1] || value[0] != '"' && value[0] != '\'' {
		return "", false
	}
	value = value[1 : len(value)-1]
	return value, !strings.ContainsAny(value, `\"'`)
}

// readCargoLock reads Cargo.lock, all of it. Cargo.toml, another file, says which
// packages are for development only.
func readCargoLock(f *file) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	return eachTable(raw, func(t lockTable) {
		if t.name == "package" {
			f.add(t.keys["name"], t.keys["version"])
		}
	})
}

// readJuliaManifest reads Julia's Manifest.toml: since format 2.0 the packages
// are under deps, before at the top. One without a version is a part of Julia.
// Project.toml says which packages are for development only.
func readJuliaManifest(f *file) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	prefix, julia := "", "unknown"
	return eachTable(raw, func(t lockTable) {
		if t.name == "" {
			if t.keys["manifest_format"] != "" {
				prefix, julia = "deps.", t.keys["julia_version"]
			}
			return
		}
		name, ok := strings.CutPrefix(t.name, prefix)
		if !ok || t.keys["uuid"] == "" {
			return // a table of a package's own, or no manifest of Julia's
		}
		version, ok := t.keys["version"]
		if !ok {
			version = julia
		}
		f.add(name, version)
	})
}
