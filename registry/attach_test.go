package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// newAttachment is an attestation that differs by its hint.
func newAttachment(hint string) NewAttachment {
	return NewAttachment{PredicateType: testResult, Bundle: bundleOf(hint), Created: time.Date(2026, 11, 5, 9, 0, 0, 0, time.UTC)}
}

func TestAnAttachedBundleHasTheFormOfCosign(t *testing.T) {
	for called, start := range attachable(t) {
		t.Run(called, func(t *testing.T) {
			ref, one := pushed(t, start(t))
			must(t, remote.Write(tag(t, attTag(ref)), cosign2(t, map[string][]byte{provenance: envelopeOf("AA==")})))
			attached, err := ref.Attach(limited(t), ref.Digest, newAttachment("a"))
			must(t, err)
			again, err := ref.Attach(limited(t), ref.Digest, newAttachment("a"))
			if err != nil || again != attached {
				t.Errorf("repeated: %s, %v; want %s", again, err, attached)
			}

			m, err := ref.Manifest(limited(t), attached)
			must(t, err)
			size, err := one.Size()
			must(t, err)
			want := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":%q,`+
				`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},`+
				`"layers":[{"mediaType":%q,"digest":%q,"size":%d}],`+
				`"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d},`+
				`"annotations":{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":%q,"org.opencontainers.image.created":"2026-11-05T09:00:00Z"}}`,
				BundleType, BundleType, digestOf(bundleOf("a")), len(bundleOf("a")), ref.Digest, size, testResult)
			if string(m.Raw) != want {
				t.Errorf("the manifest is\n%s, want\n%s", m.Raw, want)
			}

			documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil)
			expectDocuments(t, documents, failed, map[string]string{
				"referrer " + attached: testResult + " " + string(bundleOf("a")),
				"tag " + fallbackTag(ref.Digest) + ".att, layer " + digestOf(envelopeOf("AA==")): provenance + " " + string(envelopeOf("AA==")),
			})
			listed, err := remote.Referrers(tag(t, ref.Repository+":x").Repository.Digest(ref.Digest)) // as cosign lists them
			must(t, err)
			index, err := listed.IndexManifest()
			must(t, err)
			if len(index.Manifests) != 1 || index.Manifests[0].Digest.String() != attached {
				t.Errorf("another client finds %v", index.Manifests)
			}
		})
	}
}

func TestAnIndexIsAttachedTo(t *testing.T) {
	host, index := inProcess(t), multi(t)
	must(t, remote.WriteIndex(tag(t, host+"/app:multi"), index))
	ref := parsed(t, host+"/app@"+digest(t, index))
	attached, err := ref.Attach(limited(t), ref.Digest, newAttachment("a"))
	must(t, err)
	m, err := ref.Manifest(limited(t), attached)
	must(t, err)
	if !bytes.Contains(m.Raw, []byte(`"subject":{"mediaType":"application/vnd.oci.image.index.v1+json"`)) {
		t.Errorf("the manifest is %s", m.Raw)
	}
}

func TestEightAttachedInParallelAreListed(t *testing.T) {
	for called, start := range attachable(t) {
		t.Run(called, func(t *testing.T) {
			ref, one := pushed(t, start(t))
			before := attachByHand(t, ref, cosign3(t, one, bundleOf("before"), testResult))
			inParallel(t, ref, 8)
			documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil)
			if len(documents) != 9 || failed != nil {
				t.Errorf("%d are listed, want 9: %v", len(documents), failed)
			}
			if !slices.ContainsFunc(documents, func(d Document) bool { return d.Where == "referrer "+before }) {
				t.Error("the one that was there before is not listed")
			}
		})
	}
}

// inParallel attaches n attestations at the same time, each as a process of its own
// would.
func inParallel(t *testing.T, to Reference, n int) {
	t.Helper()
	ctx := limited(t)
	var running sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		running.Go(func() {
			own, err := Parse(to.Repository+"@"+to.Digest, Options{})
			<-ready
			if err == nil {
				_, err = own.Attach(ctx, to.Digest, newAttachment(fmt.Sprint(i)))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	close(ready)
	running.Wait()
}

func TestAnEntryThatAnotherClientOverwritesIsRestored(t *testing.T) {
	var fallback string // the path of the index
	var theirs []byte   // the index that another client writes, without having read ours
	var writes, lost atomic.Int32
	to, one := pushed(t, fronted(t, false, func(_ http.ResponseWriter, r *http.Request) bool {
		if fallback == "" || r.URL.Path != fallback || r.Header.Get("Another-Client") != "" {
			return false
		}
		if r.Method == http.MethodPut {
			writes.Add(1)
		} else if n := writes.Load(); n > 0 && n <= 3 && lost.CompareAndSwap(n-1, n) {
			request, err := http.NewRequestWithContext(r.Context(), http.MethodPut, "http://"+r.Host+fallback, bytes.NewReader(theirs))
			if err != nil {
				t.Error(err)
				return false
			}
			request.Header = http.Header{"Content-Type": {indexType}, "Another-Client": {"1"}}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Error(err)
				return false
			}
			response.Body.Close()
		}
		return false
	}))
	their := cosign3(t, one, bundleOf("theirs"), testResult)
	digestOfTheirs := attachByHand(t, to, their)
	raw, _, err := to.place.manifest(limited(t), fallbackTag(to.Digest))
	must(t, err)
	theirs, fallback = raw, strings.Replace(to.Repository, to.Repository[:strings.IndexByte(to.Repository, '/')], "/v2", 1)+"/manifests/"+fallbackTag(to.Digest)
	attached, err := to.Attach(limited(t), to.Digest, newAttachment("ours"))
	must(t, err)
	documents, failed := to.AttachedStatements(limited(t), to.Digest, nil)
	expectDocuments(t, documents, failed, map[string]string{
		"referrer " + attached:       testResult + " " + string(bundleOf("ours")),
		"referrer " + digestOfTheirs: testResult + " " + string(bundleOf("theirs")),
	})
	if lost.Load() != 3 {
		t.Errorf("the index was overwritten %d times, want 3", lost.Load())
	}
}

func TestAttestationsThatCannotBeAttachedSayWhy(t *testing.T) {
	refused := func(method, part string, status int) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != method || !strings.Contains(r.URL.Path, part) || r.Header.Get("User-Agent") == "" || !strings.HasPrefix(r.Header.Get("User-Agent"), "prodgate") {
				return false
			}
			w.WriteHeader(status)
			return true
		}
	}
	elsewhere := func(status int) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("User-Agent"), "prodgate") {
				return false
			}
			w.Header().Set("Location", "http://localhost:1/v2/app/blobs/uploads/1?secret=x")
			w.WriteHeader(status)
			return true
		}
	}
	tests := []struct {
		name     string
		answer   func(w http.ResponseWriter, r *http.Request) bool
		unlisted bool
		want     string
	}{
		{"no right to write", refused(http.MethodPost, "/blobs/uploads/", 403), false, "ask for write access"},
		{"a manifest that is refused", refused(http.MethodPut, "/manifests/sha256:", 400), false, "refuses the write (400)"},
		{"a repository that does not exist for writes", refused(http.MethodPost, "/blobs/uploads/", 404), false, "refuses the write (404)"},
		{"a redirect to another host", elsewhere(http.StatusTemporaryRedirect), false, "redirects a write: refused"},
		{"an upload that goes on at another host", elsewhere(http.StatusAccepted), false, "goes on at another host, localhost:1: refused"},
		{"an upload that goes on nowhere", refused(http.MethodPost, "/blobs/uploads/", 202), false, "does not say where"},
		{"a manifest that is not there afterwards", refused(http.MethodPut, "/manifests/sha256:", 201), false, "is not there afterwards"},
		{"a tag that cannot be written", refused(http.MethodPut, "/manifests/sha256-", 403), true, "ask for write access"},
		{"a tag that cannot be read", refused(http.MethodGet, "/manifests/sha256-", 403), true, "ask for read access"},
		{"another blob", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/blobs/"+digestOf(bundleOf("a"))) {
				return false
			}
			_, _ = w.Write(bundleOf("b"))
			return true
		}, false, "it was altered"},
		{"a tag that holds an image", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/manifests/sha256-") {
				return false
			}
			show(w, manifest)
			return true
		}, true, "what is there was not overwritten: it is not an index"},
		{"a registry that says it lists it, and does not", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/sha256:") {
				w.Header().Set("OCI-Subject", subjectOf(t, r))
			}
			if strings.Contains(r.URL.Path, "/referrers/") {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		}, true, "the referrers API"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ref, _ := pushed(t, fronted(t, false, tt.answer))
			attached, err := ref.Attach(limited(t), ref.Digest, newAttachment("a"))
			if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, ErrAbsent) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
			if errors.Is(err, ErrUnlisted) != tt.unlisted || (attached != "") != tt.unlisted {
				t.Errorf("attached %q, %v: want unlisted %v", attached, err, tt.unlisted)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error %v has the secret of a URL", err)
			}
		})
	}
}

// subjectOf is the subject of the manifest in r, which can be read again.
func subjectOf(t *testing.T, r *http.Request) string {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	must(t, err)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	var m referring
	if json.Unmarshal(raw, &m) != nil || m.Subject == nil {
		return ""
	}
	return m.Subject.Digest
}

func TestWritesAreTriedAgainWhereThatIsSafe(t *testing.T) {
	var mu sync.Mutex
	failed := map[string]bool{}
	ref, _ := pushed(t, fronted(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		kind := r.Method + " " + r.URL.Path[:strings.LastIndexByte(r.URL.Path, '/')]
		if strings.Contains(r.URL.Path, "/manifests/sha256-") {
			kind += " tag"
		}
		if (r.Method != http.MethodPost && r.Method != http.MethodPut) || !strings.HasPrefix(r.Header.Get("User-Agent"), "prodgate") || failed[kind] {
			return false
		}
		failed[kind] = true
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}))
	if _, err := ref.Attach(limited(t), ref.Digest, newAttachment("a")); err != nil || len(failed) != 4 {
		t.Errorf("with a failure of %v: %v", failed, err)
	}
}

func TestWhatHoldsNoAttestationsIsRefused(t *testing.T) {
	ref, _ := pushed(t, inProcess(t))
	absent := "sha256:" + strings.Repeat("0", 64)
	other, long, broken := newAttachment("a"), newAttachment("a"), newAttachment("a")
	other.Bundle = []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1"}`)
	long.Bundle = bytes.Repeat([]byte(" "), maxStatement+1)
	broken.Bundle = bundleOf("a")[:20]
	tests := []struct {
		name   string
		to     Reference
		digest string
		a      NewAttachment
		want   string
	}{
		{"an image that is not there", ref, absent, newAttachment("a"), "no such image"},
		{"a digest that is none", ref, "latest", newAttachment("a"), `"latest" is not a sha256 digest`},
		{"an archive", parsed(t, "tarball:image.tar"), absent, newAttachment("a"), "cannot attach to tarball:image.tar: push the image to a registry"},
		{"another version of bundle", ref, ref.Digest, other, "the media type of the bundle must be"},
		{"a bundle that is too long", ref, ref.Digest, long, "at most 16777216 can be read back"},
		{"a bundle that is cut off", ref, ref.Digest, broken, "the bundle is not JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tt.to.Attach(limited(t), tt.digest, tt.a); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestAListWithADeletedManifestCanBeExtended(t *testing.T) {
	for called, start := range attachable(t) {
		t.Run(called, func(t *testing.T) {
			ref, one := pushed(t, start(t))
			kept := attachByHand(t, ref, cosign3(t, one, bundleOf("kept"), testResult))
			gone := attachByHand(t, ref, cosign3(t, one, bundleOf("gone"), testResult))
			must(t, remote.Delete(tag(t, ref.Repository+":x").Repository.Digest(gone)))
			attached, err := ref.Attach(limited(t), ref.Digest, newAttachment("a"))
			must(t, err)
			documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil)
			expectDocuments(t, documents, failed, map[string]string{
				"referrer " + attached: testResult + " " + string(bundleOf("a")),
				"referrer " + kept:     testResult + " " + string(bundleOf("kept")),
			})
		})
	}
}

func TestTheDeadlineEndsTheWaitForAList(t *testing.T) {
	ref, _ := pushed(t, fronted(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/sha256-") {
			return false
		}
		w.WriteHeader(http.StatusCreated) // and forgets it
		return true
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	attached, err := ref.Attach(ctx, ref.Digest, newAttachment("a"))
	if attached == "" || !errors.Is(err, ErrUnlisted) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("attached %q, %v", attached, err)
	}
}

func FuzzReferrerList(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"sha256:0","x":[1]}],"annotations":{"a":"b"}}`))
	f.Add([]byte(`{"manifests":[],"Manifests":[{}],"mediaType":"application/vnd.oci.image.index.v1+json"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := parseList(raw)
		if err != nil {
			return
		}
		added := listEntry{digest: digestOf(raw), raw: fmt.Appendf(nil, `{"digest":%q}`, digestOf(raw))}
		longer := list
		longer.entries = append(slices.Clip(list.entries), list.lacking([]listEntry{added})...)
		encoded, err := longer.encode()
		if err != nil {
			if len(raw) < maxManifest/8 {
				t.Fatal(err)
			}
			return
		}
		read, err := parseList(encoded)
		if err != nil || len(read.entries) != len(longer.entries) || len(read.lacking(list.entries)) != 0 || !read.has(added.digest) {
			t.Errorf("%s becomes %s: %v", raw, encoded, err)
		}
	})
}

func TestWritesAskForTheRightToPush(t *testing.T) {
	configured(t, "")
	var readOnly atomic.Bool
	host := fronted(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		write := r.Method != http.MethodGet && r.Method != http.MethodHead
		switch {
		case r.URL.Path == "/token":
			scope := r.URL.Query().Get("scope")
			if scope = scope[strings.LastIndexByte(scope, ':')+1:]; readOnly.Load() {
				scope = "pull"
			}
			fmt.Fprintf(w, `{"token":%q}`, scope)
		case given == "" || write && given != "push,pull":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="here"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			return false
		}
		return true
	})
	ref, _ := pushed(t, host)
	if _, err := ref.Attach(limited(t), ref.Digest, newAttachment("a")); err != nil {
		t.Error(err)
	}
	readOnly.Store(true)
	_, err := parsed(t, ref.Repository).Attach(limited(t), ref.Digest, newAttachment("b"))
	if err == nil || !strings.Contains(err.Error(), "refuses write access") || errors.Is(err, ErrUnlisted) {
		t.Errorf("with the right to read alone: %v", err)
	}
}
