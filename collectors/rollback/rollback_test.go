package rollback_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/prodgate/prodgate/collectors/rollback"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// zeros is a digest that no registry has.
const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// collect is the section for a plan, beside the image reference.
func collect(t *testing.T, plan, reference string) (*facts.Rollback, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rollback.yaml"), []byte(plan), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	section, err := rollback.Collector{File: strict.Path{Dir: dir, Name: "rollback.yaml"}}.Collect(ctx, facts.Request{Reference: reference})
	if err != nil {
		return nil, err
	}
	return section.(facts.Observed).Section.(*facts.Rollback), nil
}

// pushed starts a registry with one image in it.
func pushed(t *testing.T) (repository, digest string) {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	repository = strings.TrimPrefix(s.URL, "http://") + "/app"
	tag, err := name.NewTag(repository + ":41")
	if err == nil {
		err = remote.Write(tag, empty.Image)
	}
	if err != nil {
		t.Fatal(err)
	}
	hash, err := empty.Image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return repository, hash.String()
}

func TestTheTargetsAvailabilityIsReadFromTheRegistry(t *testing.T) {
	repository, digest := pushed(t)
	for wanted, available := range map[string]bool{digest: true, zeros: false} {
		got, err := collect(t, "target: {version: 41, digest: '"+wanted+"'}\nprocedure: helm rollback app 41\n", repository+":42")
		if err != nil {
			t.Fatal(err)
		}
		if got.Target.Available != available || got.Target.Version != "41" || got.Target.Digest != wanted || *got.Procedure != "helm rollback app 41" {
			t.Errorf("%s: read %+v, want available: %t", wanted, got.Target, available)
		}
	}
	got, err := collect(t, "target: {version: 41, digest: '"+digest+"', repository: "+repository+"}\nprocedure: null\n", "tarball:image.tar")
	if err != nil || !got.Target.Available || got.Procedure != nil {
		t.Errorf("a target in a repository of its own: %+v, %v", got, err)
	}
}

func TestATargetWithoutItsLayersIsNotAvailable(t *testing.T) {
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	status, layer := 0, ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != 0 && strings.HasSuffix(r.URL.Path, layer) {
			w.WriteHeader(status)
			return
		}
		images.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	repository := strings.TrimPrefix(s.URL, "http://") + "/app"
	image, err := random.Image(64, 2)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layer = manifest.Layers[1].Digest.String()
	tag, err := name.NewTag(repository + ":41")
	if err == nil {
		err = remote.Write(tag, image)
	}
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	plan := "target: {version: 41, digest: '" + digest.String() + "'}\nprocedure: helm rollback app 41\n"
	if got, err := collect(t, plan, repository+":42"); err != nil || !got.Target.Available {
		t.Errorf("all is there: %+v, %v", got, err)
	}
	status = http.StatusNotFound
	if got, err := collect(t, plan, repository+":42"); err != nil || got.Target.Available {
		t.Errorf("a layer is gone: %+v, %v; want available: false", got, err)
	}
	status = http.StatusForbidden
	if got, err := collect(t, plan, repository+":42"); err == nil || !strings.Contains(err.Error(), "rollback target: ") || !strings.Contains(err.Error(), layer) {
		t.Errorf("a layer cannot be asked for: %+v, %v; want an error that names it", got, err)
	}
}

func TestAFirstReleaseHasNoTarget(t *testing.T) {
	got, err := collect(t, "target: null\nprocedure: helm uninstall app\n", "::")
	if err != nil || got.Target != nil || *got.Procedure != "helm uninstall app" {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestWhatCannotBeLookedUpIsAnErrorAndNotUnavailable(t *testing.T) {
	repository, digest := pushed(t)
	target := "target: {version: 41, digest: '" + digest + "'}\n"
	tests := []struct{ name, plan, reference, want string }{
		{"nobody answers", target + "procedure: x\n", "127.0.0.1:1/app:42", "can't be reached"},
		{"the artifact lies in an archive", target + "procedure: x\n", "tarball:image.tar", "name target.repository"},
		{"the plan says it is available", strings.Replace(target, "}", ", available: true}", 1) + "procedure: x\n", repository + ":42", "rollback.yaml:1: target.available is what the registry says"},
		{"no target, not even null", "procedure: x\n", repository + ":42", "rollback.yaml:1: target is missing; write it, or null"},
		{"no procedure, not even null", target, repository + ":42", "rollback.yaml:1: procedure is missing; write it, or null"},
		{"no digest", "target: {version: 41}\nprocedure: x\n", repository + ":42", "rollback.yaml:1: target.digest is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, tt.plan, tt.reference)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}
