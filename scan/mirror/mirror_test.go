package mirror

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	ociTypes "github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var (
	monday  = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	tuesday = monday.Add(24 * time.Hour)
	now     = monday.Add(72 * time.Hour)
)

// entry is one file of a packed database.
type entry struct {
	name string
	kind byte // 0: an ordinary file
	data []byte
	link string
}

// database are the files of a database as of updated, with one advisory.
func database(t *testing.T, updated time.Time) []entry {
	t.Helper()
	dir := t.TempDir()
	must(t, advisoriestest.Write(dir, updated, advisoriestest.Content{
		Advisories:      map[string]map[string]map[string]any{"debian 12": {"openssl": {"CVE-2026-1": &types.Advisory{FixedVersion: updated.Format("2006.01.02")}}}},
		Sources:         map[string]types.DataSource{"debian 12": {ID: "debian"}},
		Vulnerabilities: map[string]types.Vulnerability{"CVE-2026-1": {Title: "one"}},
	}))
	var files []entry
	for _, name := range []string{advisories.FileName, advisories.MetadataFileName} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		files = append(files, entry{name: name, data: raw})
	}
	return files
}

// packed is a tar.gz of files.
func packed(t *testing.T, files ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		kind := f.kind
		if kind == 0 {
			kind = tar.TypeReg
		}
		must(t, w.WriteHeader(&tar.Header{Name: f.name, Typeflag: kind, Mode: 0o600, Size: int64(len(f.data)), Linkname: f.link}))
		_, err := w.Write(f.data)
		must(t, err)
	}
	must(t, w.Close())
	must(t, z.Close())
	return b.Bytes()
}

// artifact is the manifest of a packed database.
func artifact(t *testing.T, mediaType string, layers ...[]byte) v1.Image {
	t.Helper()
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, ociTypes.OCIManifestSchema1), "application/vnd.aquasec.trivy.config.v1+json")
	for _, layer := range layers {
		var err error
		image, err = mutate.Append(image, mutate.Addendum{Layer: static.NewLayer(layer, ociTypes.MediaType(mediaType)), MediaType: ociTypes.MediaType(mediaType)})
		must(t, err)
	}
	return image
}

func publish(t *testing.T, reference string, image v1.Image) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	must(t, err)
	must(t, remote.Write(ref, image))
}

// serve starts a registry behind wrap.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	handler := server.New(server.Logger(log.New(io.Discard, "", 0)))
	if wrap != nil {
		handler = wrap(handler)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// registries are the registries that the common cases run against.
var registries = map[string]func(t *testing.T) string{
	"in process": func(t *testing.T) string { return serve(t, nil) },
	"debian's docker-registry": func(t *testing.T) string {
		host := os.Getenv("PRODGATE_TEST_REGISTRY")
		if host == "" {
			t.Skip("PRODGATE_TEST_REGISTRY is not set: apt-get install docker-registry, start it on loopback, and set the variable to its host:port")
		}
		return host
	},
}

// unique is a repository that no other test uses.
func unique(host string) string {
	return host + "/trivy-db-" + strings.ToLower(time.Now().Format("150405.000000000"))
}

func update(t *testing.T, dir string, repositories ...string) (Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return Update(ctx, Options{Dir: dir, Repositories: repositories, Now: func() time.Time { return now }})
}

// holds fails unless the folder's database is whole and of that time.
func holds(t *testing.T, dir string, updated time.Time) {
	t.Helper()
	if err := whole(dir, updated); err != nil {
		t.Fatal(err)
	}
}

func whole(dir string, wanted ...time.Time) error {
	db, err := advisories.Open(dir)
	if err != nil {
		return err
	}
	defer db.Close()
	p, ok, err := db.Platform("debian 12")
	if err != nil || !ok {
		return fmt.Errorf("no platform: %w", err)
	}
	list, err := p.Advisories("openssl")
	if err != nil || len(list) != 1 {
		return fmt.Errorf("%d advisories: %w", len(list), err)
	}
	for _, updated := range wanted {
		if db.Metadata().UpdatedAt.Equal(updated) {
			if got := list[0].FixedVersion; got != updated.Format("2006.01.02") {
				return fmt.Errorf("metadata of %s beside a database of %s: a mix", updated, got)
			}
			return nil
		}
	}
	return fmt.Errorf("a database of %s, want one of %s", db.Metadata().UpdatedAt, wanted)
}

func TestADatabaseIsFetchedOnceAndReplacedByANewerOne(t *testing.T) {
	for called, start := range registries {
		t.Run(called, func(t *testing.T) {
			repository := unique(start(t))
			dir := filepath.Join(t.TempDir(), "below", "db")
			publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, monday)...)))
			result, err := update(t, dir, repository)
			must(t, err)
			if !result.Fetched || !result.UpdatedAt.Equal(monday) || !result.DownloadedAt.Equal(now) || result.Repository != repository || result.Dir != dir || result.Size == 0 {
				t.Errorf("fetched %+v", result)
			}
			holds(t, dir, monday)
			for _, file := range []string{advisories.FileName, advisories.MetadataFileName} {
				if info, err := os.Stat(filepath.Join(dir, file)); err != nil || !info.Mode().IsRegular() {
					t.Errorf("the folder holds %s as %v, %v", file, info, err)
				}
			}
			result, err = update(t, dir, repository)
			must(t, err)
			if result.Fetched || !result.UpdatedAt.Equal(monday) {
				t.Errorf("what is there was fetched again: %+v", result)
			}
			forced, err := Update(context.Background(), Options{Dir: dir, Repositories: []string{repository}, Force: true})
			if err != nil || !forced.Fetched {
				t.Errorf("by force: %+v, %v", forced, err)
			}
			publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, tuesday)...)))
			result, err = update(t, dir, repository)
			if err != nil || !result.Fetched {
				t.Fatalf("a newer one: %+v, %v", result, err)
			}
			holds(t, dir, tuesday)
			if left, _ := os.ReadDir(filepath.Join(dir, partialName)); len(left) != 0 {
				t.Errorf("transfers are left behind: %v", left)
			}
		})
	}
}

func TestAnOlderDatabaseDoesNotReplaceANewerOne(t *testing.T) {
	repository, dir := unique(serve(t, nil)), t.TempDir()
	publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, tuesday)...)))
	_, err := update(t, dir, repository)
	must(t, err)
	publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, monday)...)))
	if _, err := update(t, dir, repository); err == nil || !strings.Contains(err.Error(), "older than") {
		t.Errorf("the error is %v", err)
	}
	holds(t, dir, tuesday)
	if _, err := Update(context.Background(), Options{Dir: dir, Repositories: []string{repository}, Force: true}); err != nil {
		t.Error(err)
	}
	holds(t, dir, monday)
}

func TestTheNextMirrorIsTriedAndEveryErrorShown(t *testing.T) {
	good, empty := unique(serve(t, nil)), unique(serve(t, nil))
	gone := httptest.NewServer(http.NotFoundHandler())
	down := strings.TrimPrefix(gone.URL, "http://") + "/trivy-db"
	gone.Close()
	publish(t, good+":2", artifact(t, layerType, packed(t, database(t, monday)...)))
	dir := t.TempDir()
	result, err := update(t, dir, down, empty, good)
	if err != nil || result.Repository != good {
		t.Errorf("fetched from %q, %v", result.Repository, err)
	}
	_, err = update(t, dir, down, empty)
	if err == nil || !strings.Contains(err.Error(), down) || !strings.Contains(err.Error(), empty+":2") || !strings.Contains(err.Error(), "can't be reached") || !strings.Contains(err.Error(), "no such image") {
		t.Errorf("the error is %v, want both mirrors in it", err)
	}
	holds(t, dir, monday)
}

func TestAnInvalidDatabaseIsRejectedAndTheOldOneStays(t *testing.T) {
	files := database(t, tuesday)
	db, metadata := files[0], files[1]
	foreign := entry{name: advisories.MetadataFileName, data: []byte(`{"Version":3,"UpdatedAt":"2026-11-24T06:00:00Z"}`)}
	tests := []struct {
		name  string
		image func(t *testing.T) v1.Image
		want  string
	}{
		{"a foreign media type", func(t *testing.T) v1.Image {
			return artifact(t, "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip", packed(t, db, metadata))
		}, "not an advisory database"},
		{"two layers", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, db), packed(t, metadata))
		}, "not an advisory database"},
		{"no layer", func(t *testing.T) v1.Image { return artifact(t, layerType) }, "not an advisory database"},
		{"not gzip", func(t *testing.T) v1.Image { return artifact(t, layerType, []byte("hello")) }, "not gzip"},
		{"a gzip that is cut off", func(t *testing.T) v1.Image {
			raw := packed(t, db, metadata)
			return artifact(t, layerType, raw[:len(raw)/2])
		}, "unexpected EOF"},
		{"a gzip whose checksum is wrong", func(t *testing.T) v1.Image {
			raw := packed(t, db, metadata)
			raw[len(raw)-8] ^= 1
			return artifact(t, layerType, raw)
		}, "invalid checksum"},
		{"no metadata", func(t *testing.T) v1.Image { return artifact(t, layerType, packed(t, db)) }, "does not hold metadata.json"},
		{"no database", func(t *testing.T) v1.Image { return artifact(t, layerType, packed(t, metadata)) }, "does not hold trivy.db"},
		{"a file beside", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, db, metadata, entry{name: "evil"}))
		}, `it holds "evil"`},
		{"a file twice", func(t *testing.T) v1.Image { return artifact(t, layerType, packed(t, db, metadata, db)) }, "once each"},
		{"a path that leads out", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, entry{name: "../" + db.name, data: db.data}, metadata))
		}, `it holds "../trivy.db"`},
		{"an absolute path", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, entry{name: "/" + db.name, data: db.data}, metadata))
		}, `it holds "/trivy.db"`},
		{"a symbolic link", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, entry{name: db.name, kind: tar.TypeSymlink, link: "/etc/passwd"}, metadata))
		}, "not a regular file"},
		{"a hard link", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, metadata, entry{name: db.name, kind: tar.TypeLink, link: metadata.name}))
		}, "not a regular file"},
		{"metadata without end", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, db, entry{name: metadata.name, data: make([]byte, maxMetadata+1)}))
		}, "more than 65536 bytes"},
		{"bytes after the archive", func(t *testing.T) v1.Image {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			w := tar.NewWriter(z)
			for _, f := range files {
				must(t, w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.data))}))
				_, err := w.Write(f.data)
				must(t, err)
			}
			must(t, w.Close())
			_, err := z.Write(make([]byte, maxTrailing+1))
			must(t, err)
			must(t, z.Close())
			return artifact(t, layerType, b.Bytes())
		}, "follow the archive"},
		{"another schema", func(t *testing.T) v1.Image { return artifact(t, layerType, packed(t, db, foreign)) }, "Version is 3"},
		{"a database that is cut off", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, entry{name: db.name, data: db.data[:len(db.data)/2]}, metadata))
		}, "cannot be used"},
		{"a database that is none", func(t *testing.T) v1.Image {
			return artifact(t, layerType, packed(t, entry{name: db.name, data: bytes.Repeat([]byte("x"), 1<<16)}, metadata))
		}, "cannot be used"},
	}
	repository, dir := unique(serve(t, nil)), t.TempDir()
	publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, monday)...)))
	_, err := update(t, dir, repository)
	must(t, err)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := fmt.Sprintf("%s-%d:2", repository, i)
			publish(t, bad, tt.image(t))
			if _, err := update(t, dir, bad); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
			holds(t, dir, monday)
		})
	}
	left, err := os.ReadDir(filepath.Join(dir, versionsName))
	if err != nil || len(left) != 1 {
		t.Errorf("folders are left behind: %v, %v", left, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, partialName)); err != nil || len(left) != 0 {
		t.Errorf("transfers are left behind: %v, %v", left, err)
	}
}

// cutting is a registry that breaks blobs off after so many bytes, until it is
// healed; then it answers to Range, unless it can't.
type cutting struct {
	inner   http.Handler
	blob    []byte
	after   int
	healed  atomic.Bool
	noRange bool
	short   bool // it says that the blob ends there

	mu     sync.Mutex
	ranges []string
	whole  int
}

func (c *cutting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/sha256:") {
		c.inner.ServeHTTP(w, r)
		return
	}
	asked := r.Header.Get("Range")
	c.mu.Lock()
	c.ranges = append(c.ranges, asked)
	if asked == "" {
		c.whole++
	}
	c.mu.Unlock()
	switch {
	case !c.healed.Load() && asked != "":
		w.WriteHeader(http.StatusForbidden)
	case !c.healed.Load():
		size := len(c.blob)
		if c.short {
			size = c.after
		}
		w.Header().Set("Content-Length", fmt.Sprint(size))
		_, _ = w.Write(c.blob[:c.after]) // the handler's end breaks the rest off
	case c.noRange:
		w.Header().Set("Content-Length", fmt.Sprint(len(c.blob)))
		_, _ = w.Write(c.blob)
	default:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c.blob))
	}
}

func TestATransferThatBrokeOffIsTakenUpAgain(t *testing.T) {
	blob := packed(t, database(t, monday)...)
	after := len(blob) / 2
	for _, noRange := range []bool{false, true} {
		c := &cutting{blob: blob, after: after, noRange: noRange}
		host := serve(t, func(inner http.Handler) http.Handler { c.inner = inner; return c })
		repository, dir := unique(host), t.TempDir()
		publish(t, repository+":2", artifact(t, layerType, blob))
		if _, err := update(t, dir, repository); err == nil {
			t.Fatal("half a layer passes")
		}
		part := filepath.Join(dir, partialName)
		files, err := os.ReadDir(part)
		if err != nil || len(files) != 1 {
			t.Fatalf("what came is kept as %v, %v", files, err)
		}
		if info, err := files[0].Info(); err != nil || info.Size() != int64(after) {
			t.Fatalf("%v, %v of %d bytes are kept", info, err, after)
		}
		c.healed.Store(true)
		c.ranges, c.whole = nil, 0
		_, err = update(t, dir, repository)
		must(t, err)
		holds(t, dir, monday)
		if want := fmt.Sprintf("bytes=%d-", after); len(c.ranges) == 0 || c.ranges[0] != want {
			t.Errorf("asked for %q, want %q first", c.ranges, want)
		}
		if noRange && c.whole != 1 || !noRange && c.whole != 0 {
			t.Errorf("no range %v: the whole layer was asked for %d times: %q", noRange, c.whole, c.ranges)
		}
	}
}

func TestATransferGoesOnFromTheNextMirror(t *testing.T) {
	blob := packed(t, database(t, monday)...)
	broken := &cutting{blob: blob, after: len(blob) / 3}
	sound := &cutting{blob: blob}
	sound.healed.Store(true)
	var repositories []string
	for _, c := range []*cutting{broken, sound} {
		repository := unique(serve(t, func(inner http.Handler) http.Handler { c.inner = inner; return c }))
		publish(t, repository+":2", artifact(t, layerType, blob))
		repositories = append(repositories, repository)
	}
	dir := t.TempDir()
	_, err := update(t, dir, repositories...)
	must(t, err)
	holds(t, dir, monday)
	if want := fmt.Sprintf("bytes=%d-", broken.after); len(sound.ranges) != 1 || sound.ranges[0] != want {
		t.Errorf("the next mirror was asked for %q, want %q", sound.ranges, want)
	}
}

func TestWhatAnEarlierTransferSpoiledIsFetchedAnew(t *testing.T) {
	blob := packed(t, database(t, monday)...)
	for name, left := range map[string][]byte{
		"a wrong beginning": bytes.Repeat([]byte("x"), 100), "all of it, wrong": bytes.Repeat([]byte("x"), len(blob)),
		"more than all of it": bytes.Repeat([]byte("x"), len(blob)+1), "all of it": blob,
	} {
		t.Run(name, func(t *testing.T) {
			c := &cutting{blob: blob}
			c.healed.Store(true)
			repository, dir := unique(serve(t, func(inner http.Handler) http.Handler { c.inner = inner; return c })), t.TempDir()
			image := artifact(t, layerType, blob)
			publish(t, repository+":2", image)
			layers, err := image.Layers()
			must(t, err)
			digest, err := layers[0].Digest()
			must(t, err)
			must(t, os.MkdirAll(filepath.Join(dir, partialName), 0o755))
			must(t, os.WriteFile(filepath.Join(dir, partialName, digest.Hex+partSuffix), left, 0o600))
			_, err = update(t, dir, repository)
			must(t, err)
			holds(t, dir, monday)
			if name == "all of it" && len(c.ranges) != 0 {
				t.Errorf("what was there was asked for: %q", c.ranges)
			}
		})
	}
}

func TestWrongAnswersOfARegistryAreDetected(t *testing.T) {
	blob := packed(t, database(t, tuesday)...)
	other := bytes.Clone(blob)
	other[len(other)/2] ^= 1
	longer := append(bytes.Clone(blob), 0)
	repository, dir := unique(serve(t, nil)), t.TempDir()
	publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, monday)...)))
	_, err := update(t, dir, repository)
	must(t, err)
	for name, c := range map[string]*cutting{
		"other bytes": {blob: other}, "more bytes": {blob: longer}, "fewer bytes": {blob: blob, after: 100, short: true},
	} {
		t.Run(name, func(t *testing.T) {
			c.healed.Store(!c.short)
			lying := unique(serve(t, func(inner http.Handler) http.Handler { c.inner = inner; return c }))
			publish(t, lying+":2", artifact(t, layerType, blob))
			if _, err := update(t, dir, lying); err == nil {
				t.Error("it passes")
			}
			holds(t, dir, monday)
			files, err := os.ReadDir(filepath.Join(dir, partialName))
			must(t, err)
			for _, f := range files {
				if info, err := f.Info(); err != nil || info.Size() != 0 {
					t.Errorf("what it sent is kept for the next time: %v, %v", info, err)
				}
			}
		})
	}
}

func TestALayerThatIsTooLargeIsNotFetched(t *testing.T) {
	c := &cutting{}
	c.healed.Store(true)
	var huge []byte
	host := serve(t, func(inner http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.Header().Set("Content-Type", string(ociTypes.OCIManifestSchema1))
				_, _ = w.Write(huge)
				return
			}
			inner.ServeHTTP(w, r)
		})
	})
	for _, size := range []string{"2147483649", "-1", "0"} {
		huge = []byte(`{"schemaVersion":2,"config":{"digest":"sha256:` + strings.Repeat("a", 64) + `"},"layers":[{"mediaType":"` + layerType + `","digest":"sha256:` + strings.Repeat("b", 64) + `","size":` + size + `}]}`)
		if _, err := update(t, t.TempDir(), host+"/db"); err == nil || !strings.Contains(err.Error(), "is said to have") {
			t.Errorf("%s bytes: %v", size, err)
		}
	}
}

func TestAForeignDatabaseIsKeptUntilTheNewOneIsComplete(t *testing.T) {
	repository, dir := unique(serve(t, nil)), t.TempDir()
	for _, f := range database(t, monday) {
		must(t, os.WriteFile(filepath.Join(dir, f.name), f.data, 0o600))
	}
	holds(t, dir, monday)
	if _, err := update(t, dir, repository); err == nil {
		t.Fatal("nothing passes for something")
	}
	holds(t, dir, monday)
	publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, tuesday)...)))
	_, err := update(t, dir, repository)
	must(t, err)
	holds(t, dir, tuesday)

	// Somebody puts files of their own over the links: they count.
	for _, f := range database(t, monday) {
		path := filepath.Join(dir, f.name)
		must(t, os.Remove(path))
		must(t, os.WriteFile(path, f.data, 0o600))
	}
	holds(t, dir, monday)
	_, err = update(t, dir, repository)
	must(t, err)
	holds(t, dir, tuesday)
}

// TestNoMomentHoldsAMix takes the steps of a swap one by one, as a process that
// is killed between them leaves them.
func TestNoMomentHoldsAMix(t *testing.T) {
	dir := t.TempDir()
	for _, f := range database(t, monday) {
		must(t, os.WriteFile(filepath.Join(dir, f.name), f.data, 0o600))
	}
	s, err := openStore(dir)
	must(t, err)
	version := filepath.Join(dir, versionsName, "next")
	must(t, os.Mkdir(version, 0o755))
	for _, f := range database(t, tuesday) {
		must(t, os.WriteFile(filepath.Join(version, f.name), f.data, 0o600))
	}
	holds(t, dir, monday)
	must(t, s.takeOver(now))
	holds(t, dir, monday)
	plain := func(updated time.Time) { // as a reader that knows nothing of links
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(dir, advisories.MetadataFileName))
		must(t, err)
		m, err := advisories.ParseMetadata(raw)
		if err != nil || !m.UpdatedAt.Equal(updated) {
			t.Errorf("metadata of %s, %v", m.UpdatedAt, err)
		}
		want, err := os.ReadFile(filepath.Join(advisories.Pinned(dir), advisories.FileName))
		must(t, err)
		got, err := os.ReadFile(filepath.Join(dir, advisories.FileName))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("the two ways to the database lead to different files: %v", err)
		}
	}
	plain(monday)
	must(t, s.point(version))
	holds(t, dir, tuesday)
	plain(tuesday)
	must(t, s.linkBoth())
	holds(t, dir, tuesday)
}

func TestReadersSeeTheOldPairOrTheNewOneWhileUpdatesRun(t *testing.T) {
	host, dir := serve(t, nil), t.TempDir()
	old, young := unique(host), unique(host)
	publish(t, old+":2", artifact(t, layerType, packed(t, database(t, monday)...)))
	publish(t, young+":2", artifact(t, layerType, packed(t, database(t, tuesday)...)))
	_, err := update(t, dir, old)
	must(t, err)
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := whole(dir, monday, tuesday); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, repository := range []string{old, young} {
		writers.Go(func() {
			for range 6 {
				if _, err := Update(context.Background(), Options{Dir: dir, Repositories: []string{repository}, Force: true}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	if err := whole(dir, monday, tuesday); err != nil {
		t.Error(err)
	}
}

func TestTwoUpdatesOfTheSameDatabaseDoNotShareATransfer(t *testing.T) {
	s, err := openStore(t.TempDir())
	must(t, err)
	digest := "sha256:" + strings.Repeat("a", 64)
	first, err := s.part(digest)
	must(t, err)
	second, err := s.part(digest)
	must(t, err)
	if first.Name() == second.Name() {
		t.Error("both fill the same file")
	}
	second.close()
	first.remove()
	first.close()
	third, err := s.part(digest)
	must(t, err)
	defer third.close()
	if !strings.HasSuffix(third.Name(), partSuffix) {
		t.Errorf("after both, the next fills %s", third.Name())
	}
}

func TestWhatIsOldAndUnusedIsRemoved(t *testing.T) {
	repository, dir := unique(serve(t, nil)), t.TempDir()
	publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, monday)...)))
	_, err := update(t, dir, repository)
	must(t, err)
	stale := time.Now().Add(-3 * grace)
	for _, path := range []string{"versions/killed-1", "versions/.link-2", "partial/" + strings.Repeat("c", 64) + ".part"} {
		path = filepath.Join(dir, filepath.FromSlash(path))
		must(t, os.MkdirAll(path, 0o755))
		must(t, os.Chtimes(path, stale, stale))
	}
	young := filepath.Join(dir, versionsName, "somebody-is-at-it")
	must(t, os.Mkdir(young, 0o755))
	first := advisories.Pinned(dir)
	publish(t, repository+":2", artifact(t, layerType, packed(t, database(t, tuesday)...)))
	_, err = Update(context.Background(), Options{Dir: dir, Repositories: []string{repository}})
	must(t, err)
	entries, err := os.ReadDir(filepath.Join(dir, versionsName))
	must(t, err)
	if len(entries) != 3 {
		t.Errorf("what is left is %v; want the new version, the one before it and the one that is in the making", entries)
	}
	must(t, whole(first, monday))
	if left, err := os.ReadDir(filepath.Join(dir, partialName)); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestALayoutIsAMirrorToo(t *testing.T) {
	folder, dir := t.TempDir(), t.TempDir()
	path, err := ocilayout.Write(folder, empty.Index)
	must(t, err)
	must(t, path.AppendImage(artifact(t, layerType, packed(t, database(t, monday)...))))
	result, err := update(t, dir, "oci:"+folder)
	if err != nil || !result.Fetched {
		t.Fatalf("%+v, %v", result, err)
	}
	holds(t, dir, monday)
}

func TestTheTagIsTheSchemaUnlessOneIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		"ghcr.io/a/trivy-db": "ghcr.io/a/trivy-db:2", "ghcr.io/a/trivy-db:1": "ghcr.io/a/trivy-db:1", "localhost:5000/db": "localhost:5000/db:2",
		"a@sha256:0": "a@sha256:0", "oci:dir": "oci:dir", "tarball:f": "tarball:f",
	} {
		if got := tagged(text); got != want {
			t.Errorf("%s is read as %s", text, got)
		}
	}
}

func TestAnUpdateThatIsInterruptedLeavesWhatIsThere(t *testing.T) {
	blob := packed(t, database(t, tuesday)...)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &cutting{blob: blob}
	c.healed.Store(true)
	repository, dir := unique(serve(t, func(inner http.Handler) http.Handler { c.inner = inner; return c })), t.TempDir()
	publish(t, repository+":2", artifact(t, layerType, blob))
	progress := func(_ string, _, _ int64) { cancel() }
	if _, err := Update(ctx, Options{Dir: dir, Repositories: []string{repository, repository}, Progress: progress}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if _, err := ReadState(dir); err == nil {
		t.Error("a database is there")
	}
}

// TestAnUpdateThatIsKilledLeavesADatabase runs updates as processes of their own
// and kills them at some point.
func TestAnUpdateThatIsKilledLeavesADatabase(t *testing.T) {
	host, dir := serve(t, nil), t.TempDir()
	repositories := []string{unique(host), unique(host)}
	for i, updated := range []time.Time{monday, tuesday} {
		publish(t, repositories[i]+":2", artifact(t, layerType, packed(t, database(t, updated)...)))
	}
	for _, f := range database(t, monday) {
		must(t, os.WriteFile(filepath.Join(dir, f.name), f.data, 0o600))
	}
	program, err := os.Executable()
	must(t, err)
	killed := 0
	for i := range 24 {
		cmd := exec.Command(program, "-test.run=^TestUpdateOfAProcess$")
		cmd.Env = append(os.Environ(), "MIRROR_TEST_DIR="+dir, "MIRROR_TEST_REPOSITORY="+repositories[(i+1)%2])
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, _ = out.Read(make([]byte, 1)) // it is about to begin
		time.Sleep(time.Duration(i) * time.Millisecond)
		must(t, cmd.Process.Kill())
		if err := cmd.Wait(); err != nil {
			killed++
		}
		must(t, whole(dir, monday, tuesday))
	}
	if killed == 0 {
		t.Error("no update was killed: none was slow enough")
	}
	_, err = Update(context.Background(), Options{Dir: dir, Repositories: repositories[1:], Force: true})
	must(t, err)
	holds(t, dir, tuesday)
}

// TestUpdateOfAProcess is what the processes of the test above do.
func TestUpdateOfAProcess(t *testing.T) {
	dir := os.Getenv("MIRROR_TEST_DIR")
	if dir == "" {
		t.Skip("it is run by TestAnUpdateThatIsKilledLeavesADatabase alone")
	}
	fmt.Print("x")
	_, err := Update(context.Background(), Options{Dir: dir, Repositories: []string{os.Getenv("MIRROR_TEST_REPOSITORY")}, Force: true})
	must(t, err)
}

func TestMetadataKeepsWhatItSaid(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, advisories.MetadataFileName)
	must(t, os.WriteFile(path, []byte(`{"Version":2,"UpdatedAt":"2026-11-23T06:00:00.123456789Z","NextUpdate":"2026-11-24T06:00:00Z","downloadedAt":"0001-01-01T00:00:00Z","Other":[1]}`), 0o600))
	must(t, stamp(dir, now))
	raw, err := os.ReadFile(path)
	must(t, err)
	var got map[string]any
	must(t, json.Unmarshal(raw, &got))
	if got["DownloadedAt"] != "2026-11-26T06:00:00Z" || got["UpdatedAt"] != "2026-11-23T06:00:00.123456789Z" || got["Other"] == nil || len(got) != 5 {
		t.Errorf("it says %s", raw)
	}
}

func FuzzUnpack(f *testing.F) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range []string{advisories.FileName, advisories.MetadataFileName} {
		_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: 1})
		_, _ = w.Write([]byte("x"))
	}
	_ = w.Close()
	_ = z.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		err := unpackInto(context.Background(), dir, bytes.NewReader(raw))
		entries, readErr := os.ReadDir(dir)
		must(t, readErr)
		for _, e := range entries {
			if !e.Type().IsRegular() || e.Name() != advisories.FileName && e.Name() != advisories.MetadataFileName {
				t.Fatalf("it makes %s, %s", e.Name(), e.Type())
			}
		}
		if err == nil && len(entries) != 2 {
			t.Fatalf("%d files and no error", len(entries))
		}
	})
}
