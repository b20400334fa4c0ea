// Package zone loads time zones from the data that the binary carries, and from
// nothing else: time.LoadLocation asks $ZONEINFO and the machine's files first,
// so that a decision could depend on where it is made. Every zone that prodgate
// uses comes from here (docs/adr/0019).
//
// It must not read the environment or a file.
//
// zoneinfo.zip is the archive of Go's own lib/time, byte for byte: the IANA Time
// Zone Database, which is in the public domain. "make zones" writes it anew.
package zone

import (
	"archive/zip"
	_ "embed" // the data
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed zoneinfo.zip
var archive string

//go:embed VERSION
var version string

// Version is the release of the IANA Time Zone Database, such as "2025c". It is
// a part of the identity of the policies.
func Version() string { return strings.TrimSpace(version) }

// Load returns the zone of a name of the IANA list, in the spelling of that
// list, such as "Europe/Berlin" or "UTC". Anything else is an error: "Local" and
// the names of files that a zone database has in addition to its zones ("localtime",
// "posixrules", "Factory", "posix/…", "right/…") among them.
func Load(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	if loaded, ok := cache.Load(name); ok {
		return loaded.(*time.Location), nil
	}
	file, ok := files()[name]
	if !ok {
		return nil, unknown(name)
	}
	data, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("read time zone %q: %w", name, err)
	}
	location, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, fmt.Errorf("read time zone %q: %w", name, err)
	}
	loaded, _ := cache.LoadOrStore(name, location)
	return loaded.(*time.Location), nil
}

// Known reports whether Load has a zone of this name.
func Known(name string) bool {
	_, ok := files()[name]
	return ok
}

// Names lists every name that Load takes, sorted.
func Names() []string { return slices.Sorted(maps.Keys(files())) }

// cache holds the zones that were loaded, by name. There are no more of them
// than Names.
var cache sync.Map

// noZones are files of the archive that name no place. Factory is "the zone is
// not set".
var noZones = []string{"Factory", "localtime", "posixrules"}

// files are the archive's zones by name.
var files = sync.OnceValue(func() map[string]*zip.File {
	found := map[string]*zip.File{}
	r, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		return found // a test reads every zone
	}
	for _, f := range r.File {
		group, _, _ := strings.Cut(f.Name, "/")
		if !strings.HasSuffix(f.Name, "/") && !slices.Contains(noZones, f.Name) && group != "posix" && group != "right" {
			found[f.Name] = f
		}
	}
	return found
})

func read(file *zip.File) ([]byte, error) {
	r, err := file.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return data, r.Close()
}

func unknown(name string) error {
	for known := range files() {
		if strings.EqualFold(known, name) {
			return fmt.Errorf("unknown time zone %q; did you mean %q?", name, known)
		}
	}
	return fmt.Errorf("unknown time zone %q: use a name of the IANA list, such as \"Europe/Berlin\"", name)
}
