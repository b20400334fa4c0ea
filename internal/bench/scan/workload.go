package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
)

// kinds are the packages of the SBOM, in parts of a hundred.
var kinds = []struct {
	percent int
	purl    string // with the name and the version to come
}{
	{60, "pkg:deb/debian/%s@%s?arch=amd64&distro=debian-12.8"},
	{20, "pkg:npm/%s@%s"},
	{15, "pkg:pypi/%s@%s"},
	{5, "pkg:gem/%s@%s"},
}

// version is the version of the generated package of that number.
func version(number int) string {
	return fmt.Sprintf("%d.%d.%d", 1+number%9, number/9%10, number/90%10)
}

// writeSBOM writes a CycloneDX SBOM of a Debian image.
func writeSBOM(file string) error {
	type component struct {
		Ref     string `json:"bom-ref"`
		Type    string `json:"type"`
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl,omitempty"`
	}
	components := []component{{Ref: "os", Type: "operating-system", Name: "debian", Version: "12.8"}}
	number := 0
	for _, k := range kinds {
		for range packages * k.percent / 100 {
			name := advisoriestest.PackageName(number)
			purl := fmt.Sprintf(k.purl, name, version(number))
			components = append(components, component{Ref: purl, Type: "library", Name: name, Version: version(number), PURL: purl})
			number++
		}
	}
	raw, err := json.Marshal(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components,
		"metadata": map[string]any{"component": map[string]any{"type": "container", "name": "app", "bom-ref": "app"}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}

// layers is how many layers the image has.
const layers = 8

// writeImage writes an OCI layout of an image of so many megabytes: a Debian
// root, folders of a Node.js program, and much that no scanner looks into.
func writeImage(dir string, megabytes int) error {
	image := empty.Image
	for n := range layers {
		layer, err := layerOf(n, megabytes<<20/layers)
		if err != nil {
			return err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return err
		}
	}
	image, err := mutate.ConfigFile(image, configOf(image))
	if err != nil {
		return err
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendImage(image)
}

// configOf is image's configuration with a platform.
func configOf(image v1.Image) *v1.ConfigFile {
	config, err := image.ConfigFile()
	if err != nil {
		return nil // mutate says so
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	return config
}

// layerOf is the layer of that number, of about so many bytes.
func layerOf(number, size int) (v1.Layer, error) {
	var packed bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&packed, gzip.DefaultCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zipped)
	put := func(name string, mode int64, content []byte) error {
		if err := archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err := archive.Write(content)
		return err
	}
	if number == 0 {
		if err := put("etc/os-release", 0o644, []byte("ID=debian\nVERSION_ID=\"12\"\n")); err != nil {
			return nil, err
		}
		if err := put("etc/debian_version", 0o644, []byte("12.8\n")); err != nil {
			return nil, err
		}
		if err := put("var/lib/dpkg/status", 0o644, []byte(dpkgStatus())); err != nil {
			return nil, err
		}
	}
	for i := range 50 {
		name := advisoriestest.PackageName(1000*number + i)
		text := fmt.Sprintf(`{"name": %q, "version": %q, "license": "MIT"}`, name, version(i))
		if err := put("app/node_modules/"+name+"/package.json", 0o644, []byte(text)); err != nil {
			return nil, err
		}
	}
	filler := newFiller(byte(number))
	for i := 0; i < size; i += 1 << 20 {
		if err := put(fmt.Sprintf("usr/share/data/%d/%d.bin", number, i>>20), 0o644, filler.file(1<<20)); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	raw := packed.Bytes()
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil })
}

func dpkgStatus() string {
	var b strings.Builder
	for i := range packages {
		fmt.Fprintf(&b, "Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\nMaintainer: A <a@example.com>\nDescription: generated\n\n", advisoriestest.PackageName(i), version(i))
	}
	return b.String()
}
