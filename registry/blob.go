package registry

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxBlob is the largest limit that a caller can give, in bytes.
const maxBlob = 1 << 40

// Open streams the blob with that digest (sha256:…) from where the image is stored,
// at most max bytes of it. It has no timeout of its own; ctx ends it. Blobs of an
// archive without an OCI layout have two digests: the one in the image's manifest,
// and that of their uncompressed bytes (diff_id), which is much cheaper to read.
//
// The bytes are hashed while they are read: a wrong digest, or a blob longer than
// max, is an error of Read, at the end instead of io.EOF. Before io.EOF the content
// is not verified. The error of Open is ErrAbsent if the registry answers and has no
// such blob. Close the reader; it must not be used concurrently.
func (r Reference) Open(ctx context.Context, digest string, max int64) (io.ReadCloser, error) {
	if !digestShape.MatchString(digest) {
		return nil, fmt.Errorf("read a blob of %s: %q is no sha256 digest", r.Repository, digest)
	}
	max = min(max, maxBlob)
	inner, err := r.place.open(ctx, digest, max)
	if err != nil {
		return nil, fmt.Errorf("read %s@%s: %w", r.Repository, digest, err)
	}
	return &verified{ctx: ctx, inner: inner, name: r.Repository + "@" + digest, want: digest, max: max, hash: sha256.New()}, nil
}

// verified reads a blob and verifies its digest.
type verified struct {
	ctx   context.Context
	inner io.ReadCloser
	name  string // for messages
	want  string
	max   int64
	read  int64
	hash  hash.Hash
	err   error // the result of the last and of every later call
}

func (v *verified) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	if v.err = v.ctx.Err(); v.err != nil {
		return 0, v.err
	}
	if left := v.max - v.read + 1; int64(len(p)) > left {
		p = p[:left]
	}
	n, err := v.inner.Read(p)
	v.hash.Write(p[:n])
	if v.read += int64(n); v.read > v.max {
		n, err = n-1, fmt.Errorf("it has more than %d bytes", v.max)
	}
	if errors.Is(err, io.EOF) {
		if got := "sha256:" + hex.EncodeToString(v.hash.Sum(nil)); got != v.want {
			err = fmt.Errorf("its digest is %s: %w", got, ErrAltered)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", v.name, err)
	}
	v.err = err
	return n, err
}

func (v *verified) Close() error { return v.inner.Close() }

func (l layout) open(_ context.Context, digest string, _ int64) (io.ReadCloser, error) {
	file, err := l.stream("blobs/sha256/" + strings.TrimPrefix(digest, "sha256:"))
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if _, err := l.read("index.json"); err != nil {
		return nil, fmt.Errorf("%s is no OCI layout: %w", l.where, err)
	}
	return nil, fmt.Errorf("the layout has no %s: %w", digest, ErrAbsent)
}

// streamDir opens the files of a layout in a folder.
func streamDir(dir string) streamer {
	return func(name string) (io.ReadCloser, error) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no ordinary file", file)
		}
		return os.Open(file)
	}
}

// maxLinks limits the number of links to a file of an archive: docker save
// stores a layer once and links to it.
const maxLinks = 8

// stream opens the file called name in the archive.
func (t tarball) stream(name string) (io.ReadCloser, error) {
	name = path.Clean(name)
	for range maxLinks {
		file, link, err := t.entry(name)
		if err != nil || file != nil {
			return file, err
		}
		name = link
	}
	return nil, fmt.Errorf("archive %q: more than %d links lead to %s", t.file, maxLinks, name)
}

// entry opens the file called name, or returns the other name that it is a link to.
func (t tarball) entry(name string) (file io.ReadCloser, link string, err error) {
	f, err := t.reader()
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if file == nil {
			f.Close()
		}
	}()
	for files := tar.NewReader(f); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		if err != nil {
			return nil, "", fmt.Errorf("archive %q: %w", t.file, err)
		}
		if path.Clean(header.Name) != name {
			continue
		}
		switch header.Typeflag {
		case tar.TypeReg:
			return archived{files, f}, "", nil
		case tar.TypeSymlink:
			return nil, path.Clean(path.Dir(name) + "/" + header.Linkname), nil
		case tar.TypeLink:
			return nil, path.Clean(header.Linkname), nil
		}
	}
}

// archived is a file inside an archive; closing it closes the archive.
type archived struct {
	io.Reader
	io.Closer
}

func (t tarball) open(ctx context.Context, digest string, max int64) (io.ReadCloser, error) {
	if _, err := t.read("index.json"); err == nil {
		return t.layout().open(ctx, digest, max)
	}
	saved, err := t.saved()
	if err != nil {
		return nil, err
	}
	if file, ok := saved.files[digest]; ok {
		packed, err := t.stream(file)
		if err != nil {
			return nil, err
		}
		return unpacked(packed, digest != digestOf(saved.config))
	}
	image, err := t.image()
	if err != nil {
		return nil, err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return nil, fmt.Errorf("archive %q: %w", t.file, err)
	}
	for _, d := range manifest.Layers {
		if d.Digest.String() != digest {
			continue
		}
		layer, err := image.LayerByDigest(d.Digest)
		if err != nil {
			return nil, fmt.Errorf("archive %q: %w", t.file, err)
		}
		return layer.Compressed()
	}
	return nil, fmt.Errorf("the archive has no %s: %w", digest, ErrAbsent)
}

// saved is the description of the one image in an archive without a layout.
type saved struct {
	config []byte
	layers []string          // the layers' files, the oldest first
	files  map[string]string // the files by digest, for those that need not be compressed first
}

// saved reads manifest.json and the configuration it names.
func (t tarball) saved() (saved, error) {
	raw, err := t.read("manifest.json")
	if err != nil {
		return saved{}, fmt.Errorf("%q is no archive as docker save writes it: %w", t.file, err)
	}
	var list []struct {
		Config string
		Layers []string
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return saved{}, fmt.Errorf("archive %q: manifest.json: %w", t.file, err)
	}
	if len(list) != 1 {
		return saved{}, fmt.Errorf("archive %q holds %d images; save one alone", t.file, len(list))
	}
	s := saved{layers: list[0].Layers, files: map[string]string{}}
	file, err := t.stream(list[0].Config)
	if err != nil {
		return saved{}, fmt.Errorf("archive %q: the image's configuration: %w", t.file, err)
	}
	defer file.Close()
	if s.config, err = readAll(file, list[0].Config); err != nil {
		return saved{}, fmt.Errorf("archive %q: the image's configuration: %w", t.file, err)
	}
	s.files[digestOf(s.config)] = list[0].Config
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal(s.config, &config); err != nil {
		return saved{}, fmt.Errorf("archive %q: the image's configuration: %w", t.file, err)
	}
	if len(config.RootFS.DiffIDs) != len(s.layers) {
		return saved{}, fmt.Errorf("archive %q lists %d layers, and the image's configuration %d", t.file, len(s.layers), len(config.RootFS.DiffIDs))
	}
	for i, id := range config.RootFS.DiffIDs {
		s.files[id] = s.layers[i]
	}
	return s, nil
}
