package registry

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	archive "github.com/google/go-containerregistry/pkg/v1/tarball"
)

// tarball is an archive as docker save and crane write it. An archive that
// holds an OCI layout (docker 25 and newer) is read as one, so that the digest
// is the one the image had; an older one has no manifest, and the digest is the
// one it gets when it is pushed.
type tarball struct {
	file string
	*plain
}

func (t tarball) manifest(ctx context.Context, identifier string) ([]byte, string, error) {
	if _, err := t.read("index.json"); err == nil {
		return t.layout().manifest(ctx, identifier)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	} else if _, err := os.Stat(t.file); err != nil {
		return nil, "", err
	}
	image, err := t.image()
	if err != nil {
		return nil, "", err
	}
	raw, err := image.RawManifest()
	if err != nil {
		return nil, "", fmt.Errorf("archive %q: %w", t.file, err)
	}
	if strings.HasPrefix(identifier, "sha256:") && digestOf(raw) != identifier {
		return nil, "", fmt.Errorf("the archive holds %s alone: %w", digestOf(raw), ErrAbsent)
	}
	return raw, "", nil
}

func (t tarball) blob(ctx context.Context, digest string) ([]byte, error) {
	if _, err := t.read("index.json"); err == nil {
		return t.layout().blob(ctx, digest)
	}
	image, err := t.image()
	if err != nil {
		return nil, err
	}
	return image.RawConfigFile()
}

// layout is the OCI layout inside the archive.
func (t tarball) layout() layout { return layout{read: t.read, stream: t.stream, where: t.file} }

// image is the one image of an archive without a layout.
func (t tarball) image() (v1.Image, error) {
	open := func() (io.ReadCloser, error) { return t.reader() }
	list, err := archive.LoadManifest(open)
	if err != nil {
		return nil, fmt.Errorf("%q is no archive as docker save writes it: %w", t.file, err)
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("archive %q holds %d images; save one alone", t.file, len(list))
	}
	image, err := archive.Image(open, nil)
	if err != nil {
		return nil, fmt.Errorf("archive %q: %w", t.file, err)
	}
	return image, nil
}

// read returns the file called name from the archive.
func (t tarball) read(name string) ([]byte, error) {
	f, err := t.reader()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for files := tar.NewReader(f); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		if err != nil {
			return nil, fmt.Errorf("archive %q: %w", t.file, err)
		}
		if header.Typeflag == tar.TypeReg && path.Clean(header.Name) == name {
			return readAll(files, name)
		}
	}
}
