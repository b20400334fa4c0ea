package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// manifest is an image as a hostile server shows it.
var manifest = []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
	`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"sha256:` + strings.Repeat("0", 64) + `"},"layers":[]}`)

// serve starts a server that answers the ping itself and all else by manifests.
func serve(t *testing.T, manifests http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		manifests(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// show answers with body as an image's manifest.
func show(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
	_, _ = w.Write(body)
}

// resolve resolves app:tag at host.
func resolve(t *testing.T, host, identifier string, timeout time.Duration) (*Manifest, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	ref, err := Parse(host+"/app"+identifier, Options{})
	must(t, err)
	return ref.Resolve(ctx)
}

func TestDigestsOfARegistryAreVerified(t *testing.T) {
	lie := "sha256:" + strings.Repeat("e", 64)
	for _, mediaType := range []string{"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v1+prettyjws"} {
		host := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Docker-Content-Digest", lie)
			w.Header().Set("Content-Type", mediaType)
			_, _ = w.Write(manifest)
		})
		m, err := resolve(t, host, ":tag", 5*time.Second)
		if err != nil || m.Digest != digestOf(manifest) {
			t.Errorf("%s by tag: read %v, %v; want the digest of the bytes", mediaType, m, err)
		}
		if m, err := resolve(t, host, "@"+lie, 5*time.Second); err == nil {
			t.Errorf("%s by digest: %s passed for %s", mediaType, m.Digest, lie)
		}
	}
}

func TestAnInvalidResponseIsAnError(t *testing.T) {
	elsewhere := serve(t, func(w http.ResponseWriter, _ *http.Request) { show(w, manifest) })
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "can't say (500)"},
		{"401", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, "docker login"},
		{"403", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "docker login"},
		{"a page of HTML", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>sign in</html>") }, "is not JSON"},
		{"an empty object", func(w http.ResponseWriter, _ *http.Request) { show(w, []byte("{}")) }, "neither an image nor an index"},
		{"schema 1", func(w http.ResponseWriter, _ *http.Request) { show(w, []byte(`{"schemaVersion":1,"fsLayers":[]}`)) }, "schema 1"},
		{"image and index at once", func(w http.ResponseWriter, _ *http.Request) {
			show(w, bytes.Replace(manifest, []byte(`"layers"`), []byte(`"manifests":[],"layers"`), 1))
		}, "both as an image and as an index"},
		{"an index that says it is an image", func(w http.ResponseWriter, _ *http.Request) {
			show(w, []byte(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}`))
		}, "not what its media type"},
		{"a body cut half-way", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			show(w, manifest[:50])
		}, "can't be reached"},
		{"a body without end", func(w http.ResponseWriter, _ *http.Request) {
			for range 5 << 10 {
				if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<10)); err != nil {
					return
				}
			}
		}, "longer than any manifest may be"},
		{"a redirect to another host", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+strings.Replace(elsewhere, "127.0.0.1", "localhost", 1)+r.URL.Path, http.StatusTemporaryRedirect)
		}, "redirects to another host"},
		{"a redirect without end", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, "redirects more than 5 times"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := resolve(t, serve(t, tt.answer), ":tag", 5*time.Second)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
			if errors.Is(err, ErrAbsent) {
				t.Errorf("%v reads as absent", err)
			}
		})
	}
}

func TestOnlyThe404OfAnImageMeansAbsent(t *testing.T) {
	host := serve(t, http.NotFound)
	if _, err := resolve(t, host, ":tag", 5*time.Second); !errors.Is(err, ErrAbsent) {
		t.Errorf("the error is %v, want ErrAbsent", err)
	}
	s := httptest.NewServer(http.NotFoundHandler()) // the ping, too: no registry at all
	t.Cleanup(s.Close)
	if _, err := resolve(t, strings.TrimPrefix(s.URL, "http://"), ":tag", 5*time.Second); err == nil || errors.Is(err, ErrAbsent) {
		t.Errorf("a server that is no registry gives %v", err)
	}
	s.Close()
	if _, err := resolve(t, strings.TrimPrefix(s.URL, "http://"), ":tag", 5*time.Second); err == nil || errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), "can't be reached") {
		t.Errorf("a server that is gone gives %v", err)
	}
}

func TestRetryAfterOfARegistryIsRespected(t *testing.T) {
	var asked atomic.Int32
	var last atomic.Int64
	host := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		last.Store(time.Now().UnixNano())
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		show(w, manifest)
	})
	start := time.Now()
	if _, err := resolve(t, host, ":tag", 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if waited := time.Unix(0, last.Load()).Sub(start); asked.Load() != 2 || waited < 900*time.Millisecond {
		t.Errorf("asked %d times, the last after %s; want twice, a second apart", asked.Load(), waited)
	}
}

func TestARegistryThatAsksForTooLongAWaitIsNotWaitedFor(t *testing.T) {
	for _, after := range []string{"3600", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		host := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		start := time.Now()
		_, err := resolve(t, host, ":tag", 2*time.Hour)
		if err == nil || !strings.Contains(err.Error(), "503") || time.Since(start) > 5*time.Second {
			t.Errorf("Retry-After %s: %v after %s", after, err, time.Since(start))
		}
	}
}

func TestASlowRegistryCostsTheDeadlineAndNoMore(t *testing.T) {
	stop := make(chan struct{})
	host := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	defer close(stop)
	start := time.Now()
	_, err := resolve(t, host, ":tag", 100*time.Millisecond)
	if err == nil || errors.Is(err, ErrAbsent) || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

func TestPlainHTTPIsAllowedOnlyToLoopback(t *testing.T) {
	sent := ""
	note := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme == "http" {
			sent = r.URL.String()
		}
		return nil, errors.New("refused")
	})
	for _, host := range []string{"10.0.0.1:5000", "192.168.0.1", "registry.local:5000", "registry.example.com"} {
		ref, err := Parse(host+"/app:tag", Options{Transport: note})
		must(t, err)
		if _, err := ref.Resolve(context.Background()); err == nil || sent != "" {
			t.Errorf("%s: %v, and sent %q", host, err, sent)
		}
	}
	ref, err := Parse("registry.local:5000/app:tag", Options{Transport: note, Insecure: true})
	must(t, err)
	if _, err := ref.Resolve(context.Background()); err == nil || sent == "" {
		t.Errorf("with insecure: true, %v, and sent %q", err, sent)
	}
}

// roundTripper is a transport of a test's own.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
