package artifact_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/prodgate/prodgate/collectors/artifact"
	"github.com/prodgate/prodgate/facts"
)

// hosts are the registries to test against: one in this process and, where
// PRODGATE_TEST_REGISTRY names it, Debian's docker-registry.
func hosts(t *testing.T) []string {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	list := []string{strings.TrimPrefix(s.URL, "http://")}
	if real := os.Getenv("PRODGATE_TEST_REGISTRY"); real != "" {
		return append(list, real)
	}
	t.Log("in process only; to test against docker-registry, apt-get install it, start it on loopback and set PRODGATE_TEST_REGISTRY=host:port")
	return list
}

// push puts an image for os/arch at reference and returns its digest.
func push(t *testing.T, reference, arch string) string {
	t.Helper()
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: arch})
	must(t, err)
	tag, err := name.NewTag(reference)
	must(t, err)
	must(t, remote.Write(tag, image))
	digest, err := image.Digest()
	must(t, err)
	return digest.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// collect is the section for reference, resolved to digest.
func collect(reference, digest string) (facts.Observed, *facts.Artifact, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	section, err := artifact.Collector{}.Collect(ctx, facts.Request{Reference: reference, Digest: digest})
	if err != nil {
		return facts.Observed{}, nil, err
	}
	observed := section.(facts.Observed)
	return observed, observed.Section.(*facts.Artifact), nil
}

func TestATagThatMovesAfterItWasResolvedIsSeen(t *testing.T) {
	for _, host := range hosts(t) {
		repository := host + "/app-" + time.Now().Format("150405.000000")
		first := push(t, repository+":7a3f9c2", "amd64")
		digest, err := artifact.Resolve(context.Background(), repository+":7a3f9c2", artifact.Options{})
		must(t, err)
		if digest != first {
			t.Fatalf("resolved to %s, want %s", digest, first)
		}
		second := push(t, repository+":7a3f9c2", "arm64")
		observed, got, err := collect(repository+":7a3f9c2", digest)
		must(t, err)
		if got.Digest != first || *got.Tag != "7a3f9c2" || *got.TagDigest != second {
			t.Errorf("%s: digest %s, tag %s at %s; want the resolved digest %s and the tag at %s", host, got.Digest, *got.Tag, *got.TagDigest, first, second)
		}
		if got.Repository != repository || len(got.Platforms) != 1 || got.Platforms[0] != (facts.Platform{Platform: "linux/amd64", Digest: first}) {
			t.Errorf("%s: repository %s, platforms %v", host, got.Repository, got.Platforms)
		}
		if observed.Evidence.URI != repository+"@"+first || "sha256:"+observed.Evidence.SHA256 != first {
			t.Errorf("%s: evidence %+v", host, observed.Evidence)
		}
	}
}

func TestTheUsersDockerCredentialsAreSentAndNeverPrinted(t *testing.T) {
	var told atomic.Value
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "ci" || password != "hunter2" {
			told.Store(user + password)
			w.Header().Set("WWW-Authenticate", `Basic realm="images"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		images.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	login := func(password string) {
		dir := t.TempDir()
		auth := base64.StdEncoding.EncodeToString([]byte("ci:" + password))
		must(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"auths":{"`+host+`":{"auth":"`+auth+`"}}}`), 0o600))
		t.Setenv("DOCKER_CONFIG", dir)
	}
	resolve := func() error {
		_, err := artifact.Resolve(context.Background(), host+"/app:v1", artifact.Options{})
		return err
	}
	login("hunter2")
	if err := resolve(); !errors.Is(err, artifact.ErrAbsent) {
		t.Errorf("with the right password: %v, want that the registry answers", err)
	}
	login("wrong-password")
	if err := resolve(); err == nil || errors.Is(err, artifact.ErrAbsent) || strings.Contains(err.Error(), "wrong-password") || !strings.Contains(err.Error(), "docker login "+host) {
		t.Errorf("with the wrong password: %v", err)
	}
	if told.Load() != "ciwrong-password" {
		t.Errorf("the registry was told %q", told.Load())
	}
}

func TestTagAndDigestOfOneReferenceAreBothKept(t *testing.T) {
	repository := hosts(t)[0] + "/app"
	first := push(t, repository+":v1", "amd64")
	second := push(t, repository+":v1", "arm64")
	reference := repository + ":v1@" + first
	digest, err := artifact.Resolve(context.Background(), reference, artifact.Options{})
	must(t, err)
	_, got, err := collect(reference, digest)
	must(t, err)
	if got.Digest != first || *got.Tag != "v1" || *got.TagDigest != second {
		t.Errorf("digest %s, tag %s at %s", got.Digest, *got.Tag, *got.TagDigest)
	}
}

func TestABareDigestHasNoTag(t *testing.T) {
	repository := hosts(t)[0] + "/app"
	digest := push(t, repository+":v1", "amd64")
	_, got, err := collect(repository+"@"+digest, digest)
	must(t, err)
	if got.Tag != nil || got.TagDigest != nil {
		t.Errorf("tag %v at %v, want none", got.Tag, got.TagDigest)
	}
}

func TestWhatIsGoneOrWasNeverResolvedIsAnError(t *testing.T) {
	repository := hosts(t)[0] + "/app"
	digest := push(t, repository+":v1", "amd64")
	zeros := "sha256:" + strings.Repeat("0", 64)
	tests := []struct {
		name, reference, digest, want string
		absent                        bool
	}{
		{"the digest is not there", repository + ":v1", zeros, "has no such image", true},
		{"the tag is gone", repository + ":v2", digest, "the tag once more", true},
		{"nothing was resolved, and can't be now", repository + ":v2", "", "has no such image", true},
		{"nothing was resolved, and could be now", repository + ":v1", "", "run again", false},
		{"the reference is none", "::", "", "invalid image reference", false},
		{"nobody answers", "127.0.0.1:1/app:v1", digest, "can't be reached", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := collect(tt.reference, tt.digest)
			if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, artifact.ErrAbsent) != tt.absent {
				t.Errorf("the error is %v, want %q in it, absent: %t", err, tt.want, tt.absent)
			}
		})
	}
}

func TestEntriesThatAreNotImagesAreNotPlatforms(t *testing.T) {
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64"})
	must(t, err)
	chart := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json")
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: chart, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux"}}},
	)
	for _, host := range hosts(t) {
		reference := host + "/charted-" + time.Now().Format("150405.000000") + ":1"
		tag, err := name.NewTag(reference)
		must(t, err)
		must(t, remote.WriteIndex(tag, index))
		digest, err := index.Digest()
		must(t, err)
		want, err := image.Digest()
		must(t, err)
		_, got, err := collect(reference, digest.String())
		if err != nil || len(got.Platforms) != 1 || got.Platforms[0] != (facts.Platform{Platform: "linux/amd64", Digest: want.String()}) {
			t.Errorf("%s: %+v, %v", host, got, err)
		}
	}
}
