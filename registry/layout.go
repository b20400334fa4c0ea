package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// reader returns the file called name (with slashes) of a layout, at most
// maxManifest bytes; fs.ErrNotExist if it is not there.
type reader func(name string) ([]byte, error)

// streamer opens such a file, however long it is.
type streamer func(name string) (io.ReadCloser, error)

// layout is an OCI image layout: a folder, or an archive of one.
type layout struct {
	read   reader
	stream streamer
	where  string
	dir    string // empty: an archive, which is not written
}

// refName is the annotation under which a layout keeps an image's tag.
const refName = "org.opencontainers.image.ref.name"

func (l layout) manifest(_ context.Context, identifier string) ([]byte, string, error) {
	if strings.HasPrefix(identifier, "sha256:") {
		raw, err := l.file(identifier)
		return raw, "", err
	}
	d, err := l.find(identifier)
	if err != nil {
		return nil, "", err
	}
	raw, err := l.file(d.Digest)
	if errors.Is(err, ErrAbsent) {
		err = fmt.Errorf("the layout lists %s under the tag %q, and does not have it", d.Digest, identifier)
	}
	if err == nil && digestOf(raw) != d.Digest {
		err = fmt.Errorf("the file of %s has the digest %s: it was altered", d.Digest, digestOf(raw))
	}
	return raw, d.MediaType, err
}

func (l layout) blob(_ context.Context, digest string) ([]byte, error) { return l.file(digest) }

// file reads the blob with that digest.
func (l layout) file(digest string) ([]byte, error) {
	if !digestShape.MatchString(digest) {
		return nil, fmt.Errorf("%q is no sha256 digest", digest)
	}
	raw, err := l.read("blobs/sha256/" + strings.TrimPrefix(digest, "sha256:"))
	if !errors.Is(err, fs.ErrNotExist) {
		return raw, err
	}
	// A folder that is not a layout proves nothing about what is absent.
	if _, err := l.read("index.json"); err != nil {
		return nil, fmt.Errorf("%s is no OCI layout: %w", l.where, err)
	}
	return nil, fmt.Errorf("the layout has no %s: %w", digest, ErrAbsent)
}

// find looks a tag up in the layout's index; "" is the only image there is.
func (l layout) find(tag string) (descriptor, error) {
	raw, err := l.read("index.json")
	if err != nil {
		return descriptor{}, fmt.Errorf("%s is no OCI layout: %w", l.where, err)
	}
	var index content
	if err := json.Unmarshal(raw, &index); err != nil {
		return descriptor{}, fmt.Errorf("index.json of %s: %w", l.where, err)
	}
	matching := map[string]descriptor{}
	var tags []string
	for _, d := range index.Manifests {
		if d.isAttestation() {
			continue
		}
		if named := d.tag(); named != "" {
			tags = append(tags, named)
		}
		if tag == "" || d.tag() == tag {
			matching[d.Digest] = d
		}
	}
	sort.Strings(tags)
	if tag == "" && len(matching) > 1 {
		maps.DeleteFunc(matching, func(digest string, _ descriptor) bool { return l.attached(digest) })
	}
	if len(matching) > 1 {
		return descriptor{}, fmt.Errorf("the layout holds several images; name one by tag (%s) or by @sha256:…", strings.Join(tags, ", "))
	}
	for _, d := range matching {
		return d, nil
	}
	return descriptor{}, fmt.Errorf("the layout has no image %q, only %q: %w", tag, tags, ErrAbsent)
}

// attached reports whether the manifest with that digest is about another and cannot
// run: it has a subject, and its configuration is the empty one. The manifest decides,
// not what the index says about it.
func (l layout) attached(digest string) bool {
	raw, err := l.file(digest)
	if err != nil || digestOf(raw) != digest {
		return false
	}
	var m referring
	return json.Unmarshal(raw, &m) == nil && m.Subject != nil && m.Config.MediaType == emptyType
}

// tag is the tag of an image in a layout, whether it is alone or at the end
// of a whole name.
func (d descriptor) tag() string {
	named := d.Annotations[refName]
	if i := strings.LastIndexByte(named, ':'); i > strings.LastIndexByte(named, '/') {
		return named[i+1:]
	}
	return named
}

// fromDir reads the files of a layout in a folder.
func fromDir(dir string) reader {
	return func(name string) ([]byte, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no ordinary file", path)
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readAll(f, name)
	}
}

// readAll reads r, which may hold at most maxManifest bytes.
func readAll(r io.Reader, name string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(raw) > maxManifest {
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxManifest)
	}
	return raw, nil
}
