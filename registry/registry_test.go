package registry

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	archive "github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// image is a small image for os/arch.
func image(t *testing.T, os, arch string) v1.Image {
	t.Helper()
	made, err := random.Image(64, 1)
	must(t, err)
	config, err := made.ConfigFile()
	must(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = os, arch
	made, err = mutate.ConfigFile(made, config)
	must(t, err)
	return made
}

// multi is an index of two platforms, an attestation and an image whose platform
// only its own configuration tells.
func multi(t *testing.T) v1.ImageIndex {
	t.Helper()
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: image(t, "linux", "amd64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: image(t, "linux", "arm64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}},
		mutate.IndexAddendum{Add: image(t, "unknown", "unknown"), Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"},
		}},
		mutate.IndexAddendum{Add: image(t, "linux", "riscv64")},
	)
}

// digester is an image or an index.
type digester interface{ Digest() (v1.Hash, error) }

func digest(t *testing.T, of digester) string {
	t.Helper()
	h, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// inProcess is a registry in this process.
func inProcess(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(server.New(server.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// registries are the registries the suite runs against.
func registries(t *testing.T) map[string]func(t *testing.T) string {
	t.Helper()
	return map[string]func(t *testing.T) string{
		"in process": inProcess,
		"debian's docker-registry": func(t *testing.T) string {
			host := os.Getenv("PRODGATE_TEST_REGISTRY")
			if host == "" {
				t.Skip("PRODGATE_TEST_REGISTRY is not set: apt-get install docker-registry, start it on loopback, and set the variable to its host:port")
			}
			return host
		},
	}
}

func TestRegistriesAreReadByTagAndDigest(t *testing.T) {
	for name, start := range registries(t) {
		t.Run(name, func(t *testing.T) { readByTagAndDigest(t, start(t)) })
	}
}

func readByTagAndDigest(t *testing.T, host string) {
	repository := host + "/team/app-" + strings.ToLower(time.Now().Format("150405.000000"))
	one, index := image(t, "linux", "s390x"), multi(t)
	must(t, remote.Write(tag(t, repository+":one"), one))
	must(t, remote.WriteIndex(tag(t, repository+":multi"), index))
	absent := "sha256:" + strings.Repeat("0", 64)

	tests := []struct {
		name, reference, digest string
		platforms               []string
		err                     error
	}{
		{"an image by tag", repository + ":one", digest(t, one), []string{"linux/s390x"}, nil},
		{"an image by digest", repository + "@" + digest(t, one), digest(t, one), []string{"linux/s390x"}, nil},
		{"the digest counts where both are given", repository + ":one@" + digest(t, index), digest(t, index), nil, nil},
		{"an index by tag, without its attestation", repository + ":multi", digest(t, index), []string{"linux/amd64", "linux/arm64/v8", "linux/riscv64"}, nil},
		{"a tag that is not there", repository + ":none", "", nil, ErrAbsent},
		{"a digest that is not there", repository + "@" + absent, "", nil, ErrAbsent},
		{"a repository that is not there", host + "/team/other:one", "", nil, ErrAbsent},
		{"no tag means latest, which is not there", repository, "", nil, ErrAbsent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, tt.reference, tt.digest, tt.platforms, tt.err) })
	}
}

// expect resolves a reference and compares.
func expect(t *testing.T, reference, digest string, platforms []string, want error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ref, err := Parse(reference, Options{})
	must(t, err)
	m, err := ref.Resolve(ctx)
	if want != nil {
		if !errors.Is(err, want) {
			t.Fatalf("the error is %v, want %v", err, want)
		}
		return
	}
	must(t, err)
	if m.Digest != digest {
		t.Errorf("the digest is %s, want %s", m.Digest, digest)
	}
	if platforms == nil {
		return
	}
	found, err := ref.Platforms(ctx, m)
	must(t, err)
	var names []string
	for _, p := range found {
		names = append(names, p.Platform)
	}
	if !slices.Equal(names, platforms) {
		t.Errorf("the platforms are %q, want %q", names, platforms)
	}
}

func tag(t *testing.T, text string) name.Tag {
	t.Helper()
	parsed, err := name.NewTag(text)
	must(t, err)
	return parsed
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A runtime chooses from an index by platform and reads no annotation.
func TestAnImageThatCallsItselfAnAttestationIsOneToRun(t *testing.T) {
	annotated := map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: image(t, "linux", "amd64"), Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}, Annotations: annotated,
		}},
		mutate.IndexAddendum{Add: image(t, "linux", "arm64"), Descriptor: v1.Descriptor{Annotations: annotated}},
		mutate.IndexAddendum{Add: image(t, "linux", "s390x"), Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "linux", Architecture: "s390x"},
		}},
	)
	repository := inProcess(t) + "/team/app"
	must(t, remote.WriteIndex(tag(t, repository+":hidden"), index))
	expect(t, repository+":hidden", digest(t, index), []string{"linux/amd64", "linux/arm64", "linux/s390x"}, nil)
}

func TestLayoutsAreReadByTagAndDigest(t *testing.T) {
	one, index := image(t, "linux", "s390x"), multi(t)
	several, alone := t.TempDir(), t.TempDir()
	path, err := ocilayout.Write(several, empty.Index)
	must(t, err)
	must(t, path.AppendImage(one, ocilayout.WithAnnotations(map[string]string{refName: "one"})))
	must(t, path.AppendIndex(index, ocilayout.WithAnnotations(map[string]string{refName: "registry.example.com/app:multi"})))
	path, err = ocilayout.Write(alone, empty.Index)
	must(t, err)
	must(t, path.AppendImage(one))

	all := []string{"linux/amd64", "linux/arm64/v8", "linux/riscv64"}
	expect(t, "oci:"+alone, digest(t, one), []string{"linux/s390x"}, nil)
	expect(t, "oci:"+several+":one", digest(t, one), []string{"linux/s390x"}, nil)
	expect(t, "oci:"+several+":multi", digest(t, index), all, nil)
	expect(t, "oci:"+several+"@"+digest(t, index), digest(t, index), all, nil)
	expect(t, "oci:"+several+":none", "", nil, ErrAbsent)
	expect(t, "oci:"+several+"@sha256:"+strings.Repeat("0", 64), "", nil, ErrAbsent)
	fails(t, "oci:"+several, "the layout holds several images; name one by tag (multi, one)")
	fails(t, "oci:"+t.TempDir(), "is no OCI layout")
	fails(t, "oci:"+t.TempDir()+"@"+digest(t, one), "is no OCI layout")

	config, err := one.ConfigName()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(several, "blobs", "sha256", config.Hex), []byte(`{"os":"linux","architecture":"amd64"}`), 0o644))
	ref, err := Parse("oci:"+several+":one", Options{})
	must(t, err)
	m, err := ref.Resolve(context.Background())
	must(t, err)
	if found, err := ref.Platforms(context.Background(), m); err == nil || !strings.Contains(err.Error(), "it was altered") {
		t.Errorf("an altered configuration gives %v, %v", found, err)
	}

	blob := filepath.Join(alone, "blobs", "sha256", strings.TrimPrefix(digest(t, one), "sha256:"))
	must(t, os.WriteFile(blob, []byte(`{"config":{"digest":"sha256:`+strings.Repeat("0", 64)+`"}}`), 0o644))
	fails(t, "oci:"+alone, "it was altered")
	fails(t, "oci:"+alone+"@"+digest(t, one), "it was altered")
}

func TestArchivesAreReadWhole(t *testing.T) {
	one := image(t, "linux", "s390x")
	file := filepath.Join(t.TempDir(), "image.tar")
	must(t, archive.WriteToFile(file, tag(t, "registry.example.com/app:one"), one))
	expect(t, "tarball:"+file, digest(t, one), []string{"linux/s390x"}, nil)

	dir, index := t.TempDir(), multi(t)
	path, err := ocilayout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendIndex(index))
	laidOut := filepath.Join(t.TempDir(), "layout.tar") // as docker 25 and newer save images
	tarred(t, laidOut, dir)
	expect(t, "tarball:"+laidOut, digest(t, index), []string{"linux/amd64", "linux/arm64/v8", "linux/riscv64"}, nil)

	two := filepath.Join(t.TempDir(), "two.tar")
	must(t, archive.MultiWriteToFile(two, map[name.Tag]v1.Image{tag(t, "a:1"): one, tag(t, "b:1"): image(t, "linux", "amd64")}))
	fails(t, "tarball:"+two, "holds 2 images")

	whole, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, whole[:len(whole)/2], 0o644))
	fails(t, "tarball:"+file, "archive")
	fails(t, "tarball:"+file+".missing", "no such file")
	fails(t, "tarball:"+t.TempDir(), "no ordinary file")
}

// tarred makes an archive of the files in dir.
func tarred(t *testing.T, name, dir string) {
	t.Helper()
	file, err := os.Create(name)
	must(t, err)
	writer := tar.NewWriter(file)
	must(t, writer.AddFS(os.DirFS(dir)))
	must(t, writer.Close())
	must(t, file.Close())
}

// fails resolves a reference that can't be looked at.
func fails(t *testing.T, reference, want string) {
	t.Helper()
	ref, err := Parse(reference, Options{})
	if err == nil {
		_, err = ref.Resolve(context.Background())
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q in it", err, want)
	}
	if errors.Is(err, ErrAbsent) {
		t.Errorf("an error that says nobody could look reads as absent: %v", err)
	}
}
