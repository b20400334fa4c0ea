package registry

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

// parts are the digests of what an index of two platforms and an attestation
// consists of.
type parts struct{ index, platform, config, layer, attestation string }

// answers is a registry in which some paths are answered by a function of the
// test's.
type answers struct {
	images http.Handler
	own    map[string]http.HandlerFunc // by digest
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if own := a.own[filepath.Base(r.URL.Path)]; own != nil {
		own(w, r)
		return
	}
	a.images.ServeHTTP(w, r)
}

// stored is a registry that holds an index, with no answers of the test's yet.
func stored(t *testing.T) (*answers, Reference, parts) {
	t.Helper()
	first, attestation := image(t, "linux", "amd64"), image(t, "unknown", "unknown")
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: first, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: image(t, "linux", "arm64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: attestation, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}},
	)
	a := &answers{images: server.New(server.Logger(log.New(io.Discard, "", 0))), own: map[string]http.HandlerFunc{}}
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	repository := strings.TrimPrefix(s.URL, "http://") + "/app"
	tag, err := name.NewTag(repository + ":41")
	must(t, err)
	must(t, remote.WriteIndex(tag, index))
	ref, err := Parse(repository, Options{})
	must(t, err)
	return a, ref, partsOf(t, index, first, attestation)
}

func partsOf(t *testing.T, index v1.ImageIndex, first, attestation v1.Image) parts {
	t.Helper()
	config, err := first.ConfigName()
	must(t, err)
	layers, err := first.Layers()
	must(t, err)
	layer, err := layers[0].Digest()
	must(t, err)
	return parts{index: digest(t, index), platform: digest(t, first), config: config.String(), layer: layer.String(), attestation: digest(t, attestation)}
}

// status answers with that status.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestAnImageIsCompleteIfAllOfItIsThere(t *testing.T) {
	a, ref, p := stored(t)
	for _, digest := range []string{p.index, p.platform} {
		if err := ref.Complete(context.Background(), digest); err != nil {
			t.Errorf("%s: %v", digest, err)
		}
	}
	a.own[p.attestation] = status(404)
	if err := ref.Complete(context.Background(), p.index); err != nil {
		t.Errorf("without its attestation: %v", err)
	}
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(storage.Close)
	a.own[p.layer] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, storage.URL+"/bucket/"+p.layer[7:], http.StatusTemporaryRedirect)
	}
	if err := ref.Complete(context.Background(), p.index); err != nil {
		t.Errorf("with a layer in storage that allows GET alone: %v", err)
	}
}

func TestMissingBlobsAreAbsentAndUnreadableOnesAreNot(t *testing.T) {
	type tried struct {
		name   string
		digest func(parts) string
		answer http.HandlerFunc
		absent bool
		want   string
	}
	layer := func(p parts) string { return p.layer }
	tests := []tried{
		{"the index", func(p parts) string { return p.index }, status(404), true, "no such image"},
		{"a platform's manifest", func(p parts) string { return p.platform }, status(404), true, "no such image"},
		{"a configuration", func(p parts) string { return p.config }, status(404), true, "does not have it"},
		{"a layer", layer, status(404), true, "does not have it"},
		{"a layer, refused", layer, status(403), false, "refuses read access"},
		{"a layer, not authorised", layer, status(401), false, "refuses read access"},
		{"a layer, gone wrong", layer, status(500), false, "can't say (500)"},
		{"a layer, too many", layer, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
		}, false, "can't say (429)"},
		{"a layer of another length", layer, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "7") }, false, "it has 7 bytes"},
		{"a platform's manifest, gone wrong", func(p parts) string { return p.platform }, status(500), false, "can't say (500)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, ref, p := stored(t)
			a.own[tt.digest(p)] = tt.answer
			err := ref.Complete(context.Background(), p.index)
			if err == nil || errors.Is(err, ErrAbsent) != tt.absent || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.digest(p)) {
				t.Errorf("%v; want absent: %t, %q and %s", err, tt.absent, tt.want, tt.digest(p))
			}
		})
	}
}

func TestAnErrorIsWorseThanAMissingPart(t *testing.T) {
	a, ref, p := stored(t)
	a.own[p.config], a.own[p.layer] = status(404), status(403)
	if err := ref.Complete(context.Background(), p.index); err == nil || errors.Is(err, ErrAbsent) {
		t.Errorf("%v; want that it cannot be said", err)
	}
}

func TestTheContextEndsTheQueries(t *testing.T) {
	a, ref, p := stored(t)
	ctx, cancel := context.WithCancel(context.Background())
	a.own[p.layer] = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
	if err := ref.Complete(ctx, p.index); !errors.Is(err, context.Canceled) || errors.Is(err, ErrAbsent) {
		t.Errorf("%v; want that it was cancelled", err)
	}
}

func TestALayerFetchedFromElsewhereMayBeMissing(t *testing.T) {
	a, ref, _ := stored(t)
	for mediaType, mayMiss := range map[types.MediaType]bool{types.DockerForeignLayer: true, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": true, types.OCILayer: false} {
		for _, urls := range [][]string{{"https://mcr.example.com/layer"}, nil} {
			layer, err := random.Layer(64, types.OCILayer)
			must(t, err)
			made, err := mutate.Append(image(t, "windows", "amd64"), mutate.Addendum{Layer: layer, MediaType: mediaType, URLs: urls})
			must(t, err)
			tag, err := name.NewTag(ref.Repository + ":windows")
			must(t, err)
			must(t, remote.Write(tag, made, remote.WithNondistributable))
			gone, err := layer.Digest()
			must(t, err)
			if err := ref.Complete(context.Background(), digest(t, made)); err != nil {
				t.Errorf("%s: %v", mediaType, err)
			}
			a.own[gone.String()] = status(404)
			err = ref.Complete(context.Background(), digest(t, made))
			if want := mayMiss && urls != nil; (err == nil) != want || err != nil && !errors.Is(err, ErrAbsent) {
				t.Errorf("%s at %v is missing: %v; want that this is complete: %t", mediaType, urls, err, want)
			}
			a.own[gone.String()] = status(403)
			if err := ref.Complete(context.Background(), digest(t, made)); err == nil || errors.Is(err, ErrAbsent) {
				t.Errorf("%s cannot be asked for: %v", mediaType, err)
			}
		}
	}
}

func TestALayoutIsCompleteIfAllOfItIsThere(t *testing.T) {
	dir := t.TempDir()
	first, attestation := image(t, "linux", "amd64"), image(t, "unknown", "unknown")
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: first})
	path, err := ocilayout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendIndex(index))
	p := partsOf(t, index, first, attestation)
	ref, err := Parse("oci:"+dir, Options{})
	must(t, err)
	complete := func() error { return ref.Complete(context.Background(), p.index) }
	if err := complete(); err != nil {
		t.Fatal(err)
	}
	for _, digest := range []string{p.layer, p.config, p.platform} {
		file := filepath.Join(dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
		raw, err := os.ReadFile(file)
		must(t, err)
		must(t, os.WriteFile(file, raw[:len(raw)-1], 0o600))
		if err := complete(); err == nil || errors.Is(err, ErrAbsent) {
			t.Errorf("%s cut short: %v", digest, err)
		}
		must(t, os.Remove(file))
		if err := complete(); !errors.Is(err, ErrAbsent) {
			t.Errorf("without %s: %v, want that it is absent", digest, err)
		}
		must(t, os.WriteFile(file, raw, 0o600))
	}
}

func TestAnArchiveIsComplete(t *testing.T) {
	file := filepath.Join(t.TempDir(), "image.tar")
	made := image(t, "linux", "amd64")
	tag, err := name.NewTag("r.example.com/app:41")
	must(t, err)
	must(t, archive.WriteToFile(file, tag, made))
	ref, err := Parse("tarball:"+file, Options{})
	must(t, err)
	m, err := ref.Resolve(context.Background())
	must(t, err)
	if err := ref.Complete(context.Background(), m.Digest); err != nil {
		t.Error(err)
	}
	if err := ref.Complete(context.Background(), "sha256:"+strings.Repeat("0", 64)); !errors.Is(err, ErrAbsent) {
		t.Errorf("another digest: %v", err)
	}
}
