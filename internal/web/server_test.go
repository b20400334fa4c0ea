package web

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// api starts a server and prepares to call it.
func api(t *testing.T, o Options, handler http.HandlerFunc) *Server {
	t.Helper()
	o.Base = serve(t, handler) + o.Base
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestACallCarriesWhatItNeeds(t *testing.T) {
	tests := []struct {
		name string
		auth Auth
		want string // of the header Authorization or PRIVATE-TOKEN
	}{
		{"no authentication", Auth{}, ""},
		{"a token", Bearer("t-1"), "Bearer t-1"},
		{"a password", Basic("jane", "p:w"), "Basic " + base64.StdEncoding.EncodeToString([]byte("jane:p:w"))},
		{"a header", Key("Private-Token", "k-1"), "k-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := api(t, Options{Base: "/api/v3/", Auth: tt.auth, Header: map[string]string{"X-Version": "7"}}, func(w http.ResponseWriter, r *http.Request) {
				got := r.Header.Get("Authorization") + r.Header.Get("Private-Token")
				if got != tt.want || r.Header.Get("X-Version") != "7" || r.Header.Get("Accept") != "application/json" || r.Header.Get("User-Agent") != "prodgate" {
					t.Errorf("the header is %v", r.Header)
				}
				if want := "/api/v3/repos/acme%2Fweb?state=open+all"; r.RequestURI != want {
					t.Errorf("asked for %s, want %s", r.RequestURI, want)
				}
				fmt.Fprint(w, `{"number": 7, "other": 1}`)
			})
			var got struct{ Number int }
			if err := s.JSON(t.Context(), Call{Path: Path("repos", "acme/web"), Query: url.Values{"state": {"open all"}}}, &got); err != nil || got.Number != 7 {
				t.Errorf("read %+v, %v", got, err)
			}
		})
	}
}

func TestInvalidOptionsAreRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	const base = "https://api.example.com"
	for want, o := range map[string]Options{
		"url: not a URL with a host":                   {},
		"url: http is read from this machine only":     {Base: "http://api.example.com"},
		"url: contains a user name":                    {Base: "https://me:secret@api.example.com"},
		"url: must not contain a query":                {Base: base + "/?token=secret"},
		"the token is empty":                           {Base: base, Auth: Bearer("")},
		"the password is empty":                        {Base: base, Auth: Basic("jane", "")},
		"the key is empty":                             {Base: base, Auth: Key("X", "")},
		"the header's name is empty":                   {Base: base, Auth: Key("", "secret")},
		"the user name must not be empty":              {Base: base, Auth: Basic("", "secret")},
		"ends with a space or a line break":            {Base: base, Auth: Bearer("secret\n")},
		"contains a control character":                 {Base: base, Auth: Bearer("sec\nret")},
		"contains no PEM certificate":                  {Base: base, CAFile: empty},
		"read the CA file":                             {Base: base, CAFile: empty + ".none"},
		"a CA file and a transport exclude each other": {Base: base, CAFile: empty, Transport: http.DefaultTransport},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

func TestPathsStayBelowTheBase(t *testing.T) {
	s := api(t, Options{}, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	for _, path := range []string{"", "repos", "/a?b=c", "/a#b", "/%zz", Path("a", ".."), Path("."), "/a/%2e%2e/b", "https://evil.example/"} {
		if _, err := s.Do(t.Context(), Call{Path: path}); err == nil || !strings.Contains(err.Error(), "invalid path") {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestFailuresSayWhatTheServerSaid(t *testing.T) {
	const secret = "s3cr3t-t0ken/+"
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); fmt.Fprint(w, body) }
	}
	elsewhere := serve(t, status(200, "{}"))
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"what the server says", status(403, `{"message": "Resource not\n accessible"}`), "answered 403 Forbidden: Resource not accessible"},
		{"in the words of OAuth", status(400, `{"error": "invalid_client", "error_description": "unknown client"}`), "answered 400 Bad Request: unknown client"},
		{"an error with a code", status(400, `{"error": {"code": "x", "message": "unknown field"}}`), "answered 400 Bad Request: unknown field"},
		{"a list of errors", status(422, `{"errors": [{"message": "no such branch"}]}`), "answered 422 Unprocessable Entity: no such branch"},
		{"lists in lists", status(422, `{"errors": [[[["x"]]]]}`), "answered 422 Unprocessable Entity"},
		{"a long story", status(400, `{"message": "`+strings.Repeat("x", 5000)+`"}`), strings.Repeat("x", 200) + "…"},
		{"a page", status(500, "<html>"), "answered 500 Internal Server Error"},
		{"a part of it", status(206, "{}"), "answered 206 Partial Content"},
		{"a secret in the answer", status(401, `{"message": "bad token `+secret+` of `+url.QueryEscape(secret)+`"}`), "answered 401 Unauthorized: bad token [redacted] of [redacted]"},
		{"a redirect to another host", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+"/"+secret, http.StatusFound)
		}, "redirects to another host, " + elsewhere + ";"},
		{"not JSON", status(200, `{"a": `), "decode the answer: unexpected end of JSON input"},
		{"more than JSON", status(200, `{} {}`), "decode the answer: invalid character"},
		{"a sign-in page", status(200, "<!DOCTYPE html>"), "a web page"},
		{"nothing", status(204, ""), "answered 204 without a body"},
		{"too much", status(200, strings.Repeat(" ", 1001)), "more than 1000 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := api(t, Options{Auth: Bearer(secret), MaxBytes: 1000}, tt.answer)
			err := s.JSON(t.Context(), Call{Path: "/things", Query: url.Values{"q": {"query-text"}}}, new(struct{}))
			if err == nil || !strings.Contains(err.Error(), "GET /things from "+s.Host()+": ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "query-text")) {
				t.Errorf("the error contains a secret: %v", err)
			}
		})
	}
}

func TestASecretInAPathIsRedacted(t *testing.T) {
	s := api(t, Options{Base: "/hooks/T0PS3CRET", Secrets: []string{"id-4711"}}, http.NotFound)
	_, err := s.Do(t.Context(), Call{Path: "/id-4711/x"})
	if want := "GET /[redacted]/x from " + s.Host() + ": answered 404 Not Found"; err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
	if !NotFound(err) || NotFound(nil) {
		t.Error("404 is not recognised")
	}
}

func TestAuthDoesNotPrint(t *testing.T) {
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, Options{Auth: Bearer("secret")}); strings.Contains(got, "secret") {
			t.Errorf("%s prints %s", format, got)
		}
	}
}

func TestWhichCallsAreSentAgain(t *testing.T) {
	busy := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	atDate := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	reset := func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"a":`)
	}
	tests := []struct {
		name  string
		call  Call
		fails http.HandlerFunc
		again bool
	}{
		{"a read that is limited", Call{}, busy, true},
		{"a read at a date", Call{}, atDate, true},
		{"a read of which the connection is reset", Call{}, reset, true},
		{"a read that is cut off", Call{}, cut, true},
		{"a read that is not found", Call{}, http.NotFound, false},
		{"a query by POST", Call{Method: http.MethodPost, Body: "query", Read: true}, busy, true},
		{"a change", Call{Method: http.MethodPost, Body: "query"}, busy, false},
		{"a change of which the connection is reset", Call{Method: http.MethodPost, Body: "query"}, reset, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			s := api(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
				body := make([]byte, 10)
				if n, _ := r.Body.Read(body); string(body[:n]) != tt.call.Body {
					t.Errorf("the body is %q", body[:n])
				}
				if asked.Add(1) < 3 {
					tt.fails(w, r)
					return
				}
				fmt.Fprint(w, "{}")
			})
			tt.call.Path = "/x"
			_, err := s.Do(t.Context(), tt.call)
			if tt.again && (err != nil || asked.Load() != 3) || !tt.again && (err == nil || asked.Load() != 1) {
				t.Errorf("asked %d times, %v", asked.Load(), err)
			}
		})
	}
}

func TestASlowServerCostsTheDeadline(t *testing.T) {
	for name, begin := range map[string]string{"no answer": "", "half an answer": "{"} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			s := api(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if begin != "" {
					fmt.Fprint(w, begin)
					w.(http.Flusher).Flush()
				}
				<-r.Context().Done()
			})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_, err := s.Do(ctx, Call{Path: "/x"})
			if !errors.Is(err, context.DeadlineExceeded) || !strings.HasSuffix(err.Error(), ": no complete answer in time") || asked.Load() != 1 {
				t.Errorf("asked %d times, %v", asked.Load(), err)
			}
		})
	}
}

func TestCertificatesOfAFileAreTrusted(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for ca, want := range map[string]string{"": "certificate signed by unknown authority", file: ""} {
		s, err := New(Options{Base: server.URL, CAFile: ca})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Do(t.Context(), Call{Path: "/"})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("with %q: %v", ca, err)
		}
	}
}

func TestAnswersAreRememberedByTag(t *testing.T) {
	full := 0
	s := api(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		full++
		w.Header().Set("Link", `</x?page=2>; rel="next"`)
		fmt.Fprint(w, r.Header.Get("Accept"))
	})
	for range 2 {
		answer, err := s.Do(t.Context(), Call{Path: "/x"})
		if err != nil || string(answer.Body) != "application/json" || answer.Status != 200 || link(answer.Header, "next") == "" {
			t.Errorf("read %+v, %v", answer, err)
		}
	}
	answer, err := s.Do(t.Context(), Call{Path: "/x", Header: http.Header{"accept": {"text/plain"}}})
	if err != nil || string(answer.Body) != "text/plain" || full != 2 {
		t.Errorf("read %+v, %v; %d answers in full", answer, err, full)
	}
}
