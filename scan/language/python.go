package language

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// errNameless says that metadata lack what they are there for.
var errNameless = errors.New("the file names no package, or no version of it")

// notReadable says that a file is not in the format of its kind.
func notReadable(format string, err error) error {
	return fmt.Errorf("the file is not readable as %s: %w", format, err)
}

// isPythonMetadata recognises the metadata of installed wheels and eggs.
func isPythonMetadata(name, base string) bool {
	switch {
	case base == "METADATA":
		return strings.Contains(name, ".dist-info") || strings.HasSuffix(name, ".egg-info/METADATA")
	case base == "PKG-INFO":
		return isEggInfo(name)
	}
	return strings.HasSuffix(name, ".egg-info")
}

// isEggInfo recognises the PKG-INFO of an egg by its whole name, in an image or
// in a zipped egg.
func isEggInfo(name string) bool {
	return strings.HasSuffix(name, "EGG-INFO/PKG-INFO") || strings.HasSuffix(name, ".egg-info/PKG-INFO")
}

// readPythonMetadata reads core metadata: headers as in mail, up to the first
// empty line.
func readPythonMetadata(f *file) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	return f.pythonMetadata(f.path, raw)
}

func (f *file) pythonMetadata(path string, raw []byte) error {
	var name, version string
	for line := range bytes.Lines(raw) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		key, value, ok := strings.Cut(string(line), ":")
		if !ok || key[:min(1, len(key))] == " " {
			continue
		}
		value = strings.TrimSpace(value)
		switch {
		case name == "" && strings.EqualFold(key, "name"):
			name = value
		case version == "" && strings.EqualFold(key, "version"):
			version = value
		}
	}
	if name == "" || version == "" {
		return errNameless
	}
	f.addAt(path, name, version)
	return nil
}

// readEgg reads an egg that is zipped. One without metadata names no package.
func readEgg(f *file) error {
	h, err := f.buffer(f, f.size, maxSpooled)
	if err != nil {
		return err
	}
	defer h.close()
	r, err := openZip(h)
	if err != nil {
		return err
	}
	for _, entry := range r.File {
		if isPythonMetadata(entry.Name, "") || isEggInfo(entry.Name) {
			raw, err := unpack(entry, maxEntry)
			if err != nil {
				return fmt.Errorf("%s in the egg cannot be read: %w", entry.Name, err)
			}
			return f.pythonMetadata(f.path, raw)
		}
	}
	return nil
}
