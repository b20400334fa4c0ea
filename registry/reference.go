package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
)

// Reference is an image as the user named it, and the place where it is stored.
type Reference struct {
	Kind       string // of the place: registry, oci, tarball
	Repository string // without tag and digest
	Tag        string // empty: none was given
	Digest     string // sha256:…; empty: none was given

	place place
}

// place is where manifests and configurations lie.
type place interface {
	// manifest returns the raw manifest that identifier names: a digest, a tag,
	// or "" for the only one there is. Its media type may be empty. The error
	// is ErrAbsent if the place answers and has none.
	manifest(ctx context.Context, identifier string) (raw []byte, mediaType string, err error)

	// blob returns the bytes with that digest, at most maxManifest of them.
	blob(ctx context.Context, digest string) ([]byte, error)

	// open streams the bytes with that digest, which is not verified yet; max
	// is how many are wanted at most. The error is as manifest's.
	open(ctx context.Context, digest string, max int64) (io.ReadCloser, error)

	// has asks for the blob with that digest and of that size, in bytes, without
	// reading it. The error is as manifest's; nil: it is there.
	has(ctx context.Context, digest string, size int64) error
}

// digestShape is the one spelling of a digest.
var digestShape = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// tagShape is a tag as the distribution specification has it.
var tagShape = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
})

// Parse reads a reference: [HOST/]REPOSITORY[:TAG][@sha256:…] in a registry,
// oci:DIR[:TAG][@sha256:…] for an OCI layout, tarball:FILE for an archive as
// docker save and crane write it. Nothing is opened.
func Parse(text string, options Options) (Reference, error) {
	if text == "" || len(text) > 1024 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return Reference{}, errors.New("invalid image reference: it must be one word of at most 1024 bytes: HOST/REPOSITORY:TAG, oci:DIR or tarball:FILE")
	}
	if file, ok := strings.CutPrefix(text, "tarball:"); ok {
		return parseTarball(file)
	}
	if dir, ok := strings.CutPrefix(text, "oci:"); ok {
		return parseLayout(dir)
	}
	return parseRemote(text, options)
}

// parseTarball reads what follows "tarball:".
func parseTarball(file string) (Reference, error) {
	if file == "" {
		return Reference{}, errors.New("invalid image reference: tarball: needs a file, as in tarball:FILE")
	}
	return Reference{Kind: "tarball", Repository: "tarball:" + file, place: newTarball(filepath.Clean(file))}, nil
}

// parseLayout reads what follows "oci:".
func parseLayout(rest string) (Reference, error) {
	dir, tag, digest, err := cut(rest)
	if err != nil {
		return Reference{}, fmt.Errorf("invalid reference into an OCI layout: %w", err)
	}
	if dir == "" {
		return Reference{}, fmt.Errorf("invalid image reference: oci:%s needs a folder, as in oci:DIR, oci:DIR:TAG or oci:DIR@sha256:…", rest)
	}
	r := Reference{Kind: "oci", Repository: "oci:" + dir, Tag: tag, Digest: digest}
	r.place = layout{read: fromDir(filepath.Clean(dir)), stream: streamDir(filepath.Clean(dir)), where: dir, dir: filepath.Clean(dir)}
	return r, nil
}

// parseRemote reads a reference into a registry. As everywhere, no host means
// Docker Hub, and neither tag nor digest means the tag latest.
func parseRemote(text string, options Options) (Reference, error) {
	base, tag, digest, err := cut(text)
	if err != nil {
		return Reference{}, fmt.Errorf("invalid image reference: %w", err) // text may hold a password
	}
	var names []name.Option
	if options.Insecure {
		names = append(names, name.Insecure)
	}
	repository, err := name.NewRepository(base, names...)
	if strings.Contains(base, "//") {
		err = errors.New("leave the scheme out")
	}
	if err != nil {
		return Reference{}, fmt.Errorf("invalid image reference: repository %q: %w", base, err)
	}
	if tag == "" && digest == "" {
		tag = name.DefaultTag
	}
	r := Reference{Kind: "registry", Repository: repository.Name(), Tag: tag, Digest: digest}
	r.place, err = newRemote(repository, options)
	return r, err
}

// cut splits BASE[:TAG][@DIGEST].
func cut(text string) (base, tag, digest string, err error) {
	base, digest, found := strings.Cut(text, "@")
	if found && !digestShape.MatchString(digest) {
		return "", "", "", fmt.Errorf("the digest must be sha256: and 64 lower-case hex digits, not %q", digest)
	}
	if i := strings.LastIndexByte(base, ':'); i > strings.LastIndexByte(base, '/') {
		base, tag = base[:i], base[i+1:]
		if !tagShape().MatchString(tag) {
			return "", "", "", fmt.Errorf("the tag must be 1 to 128 letters, digits, \"_\", \".\" and \"-\", and begin with neither \".\" nor \"-\"; it is %q", tag)
		}
	}
	return base, tag, digest, nil
}
