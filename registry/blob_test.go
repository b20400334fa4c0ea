package registry

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	archive "github.com/google/go-containerregistry/pkg/v1/tarball"
)

// layerOf is the digest of the one layer of an image, that of its uncompressed
// bytes, and both contents.
func layerOf(t *testing.T, of v1.Image) (digest, diffID string, packed, plain []byte) {
	t.Helper()
	layers, err := of.Layers()
	must(t, err)
	d, err := layers[0].Digest()
	must(t, err)
	id, err := layers[0].DiffID()
	must(t, err)
	r, err := layers[0].Compressed()
	must(t, err)
	packed, err = io.ReadAll(r)
	must(t, err)
	r, err = layers[0].Uncompressed()
	must(t, err)
	plain, err = io.ReadAll(r)
	must(t, err)
	return d.String(), id.String(), packed, plain
}

// blob reads a blob whole.
func blob(t *testing.T, reference, digest string, max int64) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ref, err := Parse(reference, Options{})
	must(t, err)
	r, err := ref.Open(ctx, digest, max)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// plainArchive writes an archive as docker save did before version 25: layers
// not compressed, in a folder each, the second a link to the first.
func plainArchive(t *testing.T, of v1.Image) string {
	t.Helper()
	_, diffID, _, plain := layerOf(t, of)
	config, err := of.RawConfigFile()
	must(t, err)
	config = bytes.Replace(config, []byte(`"`+diffID+`"`), []byte(`"`+diffID+`","`+diffID+`"`), 1)
	file := filepath.Join(t.TempDir(), "saved.tar")
	f, err := os.Create(file)
	must(t, err)
	w := tar.NewWriter(f)
	put := func(header tar.Header, body []byte) {
		header.Size, header.Mode = int64(len(body)), 0o644
		must(t, w.WriteHeader(&header))
		_, err := w.Write(body)
		must(t, err)
	}
	put(tar.Header{Name: "one/layer.tar"}, plain)
	put(tar.Header{Name: "two/layer.tar", Typeflag: tar.TypeSymlink, Linkname: "../one/layer.tar"}, nil)
	put(tar.Header{Name: "three/layer.tar", Typeflag: tar.TypeSymlink, Linkname: "../three/layer.tar"}, nil)
	put(tar.Header{Name: "config.json"}, config)
	put(tar.Header{Name: "manifest.json"}, []byte(`[{"Config":"config.json","Layers":["one/layer.tar","two/layer.tar"]}]`))
	must(t, w.Close())
	must(t, f.Close())
	return file
}

func TestBlobsAreStreamedFromEveryKindOfPlace(t *testing.T) {
	one := image(t, "linux", "amd64")
	digest, diffID, packed, plain := layerOf(t, one)

	repository := inProcess(t) + "/team/app"
	must(t, remote.Write(tag(t, repository+":one"), one))
	folder := t.TempDir()
	path, err := ocilayout.Write(folder, empty.Index)
	must(t, err)
	must(t, path.AppendImage(one))
	crane := filepath.Join(t.TempDir(), "crane.tar")
	must(t, archive.WriteToFile(crane, tag(t, "app:one"), one))
	saved := plainArchive(t, one)
	laidOut := filepath.Join(t.TempDir(), "layout.tar")
	f, err := os.Create(laidOut)
	must(t, err)
	w := tar.NewWriter(f)
	must(t, w.AddFS(os.DirFS(folder)))
	must(t, w.Close())
	must(t, f.Close())

	ref, err := Parse("tarball:"+saved, Options{})
	must(t, err)
	m, err := ref.Resolve(context.Background())
	must(t, err)
	repacked := m.content.Layers[1].Digest

	tests := []struct {
		name, reference, digest string
		want                    []byte
	}{
		{"a registry", repository + ":one", digest, packed},
		{"a layout", "oci:" + folder, digest, packed},
		{"an archive of a layout", "tarball:" + laidOut, digest, packed},
		{"an archive of crane, by the digest", "tarball:" + crane, digest, packed},
		{"an archive of crane, by the uncompressed digest", "tarball:" + crane, diffID, plain},
		{"an archive of docker save, by the uncompressed digest", "tarball:" + saved, diffID, plain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := blob(t, tt.reference, tt.digest, int64(len(tt.want)))
			if err != nil || !bytes.Equal(got, tt.want) {
				t.Errorf("read %d bytes, %v; want %d", len(got), err, len(tt.want))
			}
			if _, err := blob(t, tt.reference, tt.digest, int64(len(tt.want))-1); err == nil || !strings.Contains(err.Error(), "more than") {
				t.Errorf("a byte more than was wanted gives %v", err)
			}
			if _, err := blob(t, tt.reference, "sha256:"+strings.Repeat("0", 64), 1<<20); !errors.Is(err, ErrAbsent) {
				t.Errorf("what is not there gives %v, want ErrAbsent", err)
			}
			if _, err := blob(t, tt.reference, "md5:0", 1<<20); err == nil || !strings.Contains(err.Error(), "no sha256 digest") {
				t.Errorf("another kind of digest gives %v", err)
			}
		})
	}
	if got, err := blob(t, "tarball:"+saved, repacked, 1<<20); err != nil || digestOf(got) != repacked {
		t.Errorf("a layer packed as it will be pushed: %d bytes, %v", len(got), err)
	}
	if _, err := newTarball(saved).stream("three/layer.tar"); err == nil || !strings.Contains(err.Error(), "links lead to") {
		t.Errorf("a link to itself gives %v", err)
	}
}

func TestAnAlteredBlobIsAnErrorAtItsEnd(t *testing.T) {
	one := image(t, "linux", "amd64")
	digest, _, packed, _ := layerOf(t, one)
	packed[len(packed)-1] ^= 1
	folder := t.TempDir()
	path, err := ocilayout.Write(folder, empty.Index)
	must(t, err)
	must(t, path.AppendImage(one))
	must(t, os.WriteFile(filepath.Join(folder, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:")), packed, 0o644))
	host := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(packed) })
	for _, reference := range []string{"oci:" + folder, host + "/app:tag"} {
		got, err := blob(t, reference, digest, 1<<20)
		if len(got) != len(packed) || err == nil || !strings.Contains(err.Error(), "it was altered") {
			t.Errorf("%s: %d bytes and %v", reference, len(got), err)
		}
	}
}

// breaking serves body and breaks off every connection after some bytes.
func breaking(body []byte, after int, ranges bool, asked *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		rest := body
		if from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok && ranges {
			at, _ := strconv.Atoi(strings.TrimSuffix(from, "-"))
			rest = body[at:]
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(body)-1, len(body)))
			w.Header().Set("Content-Length", strconv.Itoa(len(rest)))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", strconv.Itoa(len(rest)))
		}
		_, _ = w.Write(rest[:min(len(rest), after)])
	}
}

func TestADownloadThatBreaksGoesOnWhereItStopped(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 1000)
	sum := sha256.Sum256(body)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	var asked atomic.Int32

	got, err := blob(t, serve(t, breaking(body, 4000, true, &asked))+"/app:tag", digest, 1<<20)
	if err != nil || !bytes.Equal(got, body) || asked.Load() != 3 {
		t.Errorf("read %d bytes in %d requests, %v; want all in 3", len(got), asked.Load(), err)
	}
	got, err = blob(t, serve(t, breaking(body, 4000, false, &asked))+"/app:tag", digest, 1<<20)
	if err == nil || len(got) != 4000 || !strings.Contains(err.Error(), "can't go on after byte 4000") {
		t.Errorf("without ranges: %d bytes, %v", len(got), err)
	}
	asked.Store(0)
	if _, err = blob(t, serve(t, breaking(body, 0, true, &asked))+"/app:tag", digest, 1<<20); err == nil || asked.Load() > 10 {
		t.Errorf("a registry that gives nothing was asked %d times: %v", asked.Load(), err)
	}
	asked.Store(0)
	if _, err = blob(t, serve(t, breaking(body, 1, true, &asked))+"/app:tag", digest, 1<<20); err == nil || asked.Load() > 2*maxResumes {
		t.Errorf("a registry that gives a byte at a time was asked %d times: %v", asked.Load(), err)
	}
}

func TestADownloadEndsWithItsContext(t *testing.T) {
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("some"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ref, err := Parse(host+"/app:tag", Options{})
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	r, err := ref.Open(ctx, "sha256:"+strings.Repeat("0", 64), 1<<20)
	must(t, err)
	defer r.Close()
	if _, err := io.ReadAll(r); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

// secrets answers with one user's credentials.
type secrets struct{}

func (secrets) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: "who", Password: "s3cret"}, nil
}

func TestBlobsAreFetchedWithCredentialsAndElsewhereWithout(t *testing.T) {
	body := []byte("body")
	sum := sha256.Sum256(body)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	var leaked atomic.Bool
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked.Store(r.Header.Get("Authorization") != "")
		if r.URL.Query().Get("gone") != "" {
			w.WriteHeader(http.StatusGone)
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(store.Close)
	gone := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "s3cret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if strings.Contains(r.URL.Path, "/blobs/") {
			http.Redirect(w, r, strings.Replace(store.URL, "127.0.0.1", "localhost", 1)+"/x?signature=t0psecret"+gone, http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(s.Close)
	ref, err := Parse(strings.TrimPrefix(s.URL, "http://")+"/app:tag", Options{Keychain: secrets{}})
	must(t, err)
	r, err := ref.Open(context.Background(), digest, 100)
	must(t, err)
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) || leaked.Load() {
		t.Errorf("read %q, %v; the password went elsewhere: %v", got, err, leaked.Load())
	}
	gone = "&gone=1"
	if _, err := ref.Open(context.Background(), digest, 100); err == nil || strings.Contains(err.Error(), "t0psecret") {
		t.Errorf("the error is %v; the signature must not be in it", err)
	}
	store.Close()
	if _, err := ref.Open(context.Background(), digest, 100); err == nil || strings.Contains(err.Error(), "t0psecret") {
		t.Errorf("the error is %v; the signature must not be in it", err)
	}
}
