package web

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"

// serve starts a server on loopback.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

// get reads a URL within a second and a half.
func get(t *testing.T, c *Client, address string) (string, error) {
	t.Helper()
	u, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	data, err := c.Get(ctx, Request{URL: u, Accept: "text/calendar", Max: 1000, MaxAge: time.Hour})
	return string(data), err
}

func TestWhichURLsAreRead(t *testing.T) {
	tests := []struct{ url, want, problem string }{
		{url: "https://calendar.example.com/a.ics?key=1#part", want: "https://calendar.example.com/a.ics?key=1"},
		{url: "webcal://calendar.example.com/a.ics", want: "https://calendar.example.com/a.ics"},
		{url: "http://127.0.0.1:8080/a.ics", want: "http://127.0.0.1:8080/a.ics"},
		{url: "http://[::1]/a.ics", want: "http://[::1]/a.ics"},
		{url: "http://localhost/a.ics", want: "http://localhost/a.ics"},
		{url: "http://calendar.example.com/a.ics", problem: "write https"},
		{url: "http://localhost.example.com/a.ics", problem: "write https"},
		{url: "http://127.0.0.1.example.com/a.ics", problem: "write https"},
		{url: "https://me:secret@calendar.example.com/a.ics", problem: "password does not belong there"},
		{url: "ftp://calendar.example.com/a.ics", problem: `unknown scheme "ftp"`},
		{url: "file:///etc/passwd", problem: "not a URL with a host"},
		{url: "a.ics", problem: "not a URL with a host"},
		{url: "https:a.ics", problem: "not a URL with a host"},
		{url: "https://%zz", problem: "not a URL with a host"},
		{url: "", problem: "not a URL with a host"},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			u, err := Parse(tt.url)
			if tt.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tt.problem) || strings.Contains(err.Error(), "secret") {
					t.Errorf("%v, %v; want %q", u, err, tt.problem)
				}
				return
			}
			if err != nil || u.String() != tt.want {
				t.Errorf("%v, %v; want %q", u, err, tt.want)
			}
		})
	}
}

func TestAResponseThatIsNotADocumentIsAnError(t *testing.T) {
	elsewhere := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, calendar) })
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"nothing is there", http.NotFound, "answered 404 Not Found"},
		{"nobody may look", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "answered 403"},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "answered 204"},
		{"a part of it", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusPartialContent) }, "answered 206"},
		{"not modified since nothing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, "but nothing was remembered"},
		{"a page, by its type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, calendar)
		}, "a web page"},
		{"a page, by its looks", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/calendar")
			fmt.Fprint(w, "\n <!DOCTYPE html><title>Sign in</title>")
		}, "a web page"},
		{"another host", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere+"/secret", 302) }, "redirects to another host, " + elsewhere + ";"},
		{"for ever round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, 302) }, "redirects more than 5 times"},
		{"too long", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 1001)) }, "more than 1000 bytes"},
		{"too long when unpacked", gzipped(strings.Repeat("x", 1001)), "more than 1000 bytes"},
		{"packed in another way", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, "?")
		}, `the content encoding "br"`},
		{"packed and broken", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "no gzip at all")
		}, "read the answer: gzip"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, calendar)
		}, "read the answer: unexpected EOF"},
		{"an old copy", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Age", "3601")
			fmt.Fprint(w, calendar)
		}, "the answer is 1h0m1s old, and max_age is 1h0m0s"},
		{"a copy made long ago", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(-2*time.Hour).UTC().Format(http.TimeFormat))
			fmt.Fprint(w, calendar)
		}, "max_age is 1h0m0s"},
		{"an age that is none", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Age", "-1")
			fmt.Fprint(w, calendar)
		}, "must be a number of seconds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, err := get(t, &Client{}, serve(t, tt.answer)+"/path-token?key=query-token")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %q, %v; want %q", data, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "token") {
				t.Errorf("the error tells the address: %v", err)
			}
		})
	}
}

func gzipped(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		fmt.Fprint(packed, text)
		packed.Close()
	}
}

func TestADocumentIsReadWhole(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"plain", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, calendar) }},
		{"packed", gzipped(calendar)},
		{"a young copy", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Age", "3599"); fmt.Fprint(w, calendar) }},
		{"elsewhere on the host", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/there" {
				http.Redirect(w, r, "/there", http.StatusFound)
				return
			}
			fmt.Fprint(w, calendar)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if data, err := get(t, &Client{}, serve(t, tt.answer)+"/"); err != nil || data != calendar {
				t.Errorf("read %q, %v", data, err)
			}
		})
	}
}

func TestAnEndlessAnswerCostsNoMoreThanItsTime(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"no header ever", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no complete answer in time"},
		{"a drop now and then", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(w, "X")
				w.(http.Flusher).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}, "no complete answer in time"},
		{"a flood", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, strings.Repeat("X", 1<<16)); err != nil {
					return
				}
			}
		}, "more than 1000 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			if data, err := get(t, &Client{}, serve(t, tt.answer)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %q, %v; want %q", data, err, tt.want)
			}
			if spent := time.Since(began); spent > 10*time.Second {
				t.Errorf("it took %s", spent)
			}
		})
	}
}

func TestABusyServerIsRetried(t *testing.T) {
	tests := []struct {
		name    string
		busy    int // answers of 503 before the document
		after   string
		want    string
		counted int
	}{
		{"once", 1, "", "", 2},
		{"when it says", 1, "0", "", 2},
		{"at the time it says", 1, time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), "", 2},
		{"not for ever", 9, "0", "answered 503 Service Unavailable", 3},
		{"not where that is too late", 9, "3600", "answered 503 Service Unavailable; it asks to wait 1h0m0s", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if asked++; asked <= tt.busy {
					w.Header().Set("Retry-After", tt.after)
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				fmt.Fprint(w, calendar)
			})
			data, err := get(t, &Client{}, address)
			if tt.want == "" && (err != nil || data != calendar) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("read %q, %v; want %q", data, err, tt.want)
			}
			if asked != tt.counted {
				t.Errorf("asked %d times, want %d", asked, tt.counted)
			}
		})
	}
}

func TestAnUnknownPageIsRequestedOnce(t *testing.T) {
	asked := 0
	address := serve(t, func(w http.ResponseWriter, r *http.Request) { asked++; http.NotFound(w, r) })
	if _, err := get(t, &Client{}, address); err == nil || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

// tagged is a server that answers 304 to whoever knows its tag.
type tagged struct {
	tag, text     string
	header        http.Header
	full, matched int
}

func (s *tagged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", s.tag)
	for key, values := range s.header {
		w.Header()[key] = values
	}
	if known := r.Header.Get("If-None-Match"); known != "" && known == s.tag {
		s.matched++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.full++
	fmt.Fprint(w, s.text)
}

func TestWhatHasNotChangedIsNotSentAgain(t *testing.T) {
	s := &tagged{tag: `"1"`, text: calendar}
	address := serve(t, s.ServeHTTP)
	c := &Client{}
	for range 3 {
		if data, err := get(t, c, address); err != nil || data != calendar {
			t.Fatalf("read %q, %v", data, err)
		}
	}
	if s.full != 1 || s.matched != 2 {
		t.Errorf("sent %d times and matched %d times", s.full, s.matched)
	}
	s.tag, s.text = `"2"`, "changed"
	if data, err := get(t, c, address); err != nil || data != "changed" {
		t.Errorf("after the change: read %q, %v", data, err)
	}
	s.header = http.Header{"Age": {"7200"}}
	if data, err := get(t, c, address); err == nil {
		t.Errorf("an old answer that nothing has changed counts as news: %q", data)
	}
	if _, err := get(t, &Client{}, address+"/other"); err == nil {
		t.Error("an old answer counts")
	}
}

func TestNothingRememberedCountsWithoutTheServer(t *testing.T) {
	s := &tagged{tag: `"1"`, text: calendar}
	server := httptest.NewServer(s)
	c := &Client{}
	if _, err := get(t, c, server.URL); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if data, err := get(t, c, server.URL); err == nil {
		t.Errorf("a server that is gone was read: %q", data)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m memory
	for i := range 20 {
		m.keep(fmt.Sprint(i), remembered{tag: "tag", data: make([]byte, 5<<20)})
		if m.bytes > maxRemembered {
			t.Fatalf("%d bytes are remembered", m.bytes)
		}
	}
	m.keep("19", remembered{})
	if _, ok := m.find("19"); ok {
		t.Error("a document without a tag is remembered")
	}
}

func TestACancelledRequestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u, err := Parse(serve(t, func(http.ResponseWriter, *http.Request) {}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := new(Client).Get(ctx, Request{URL: u, Max: 1, MaxAge: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestARedirectDoesNotLeaveTheEncryption(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fine" {
			fmt.Fprint(w, calendar)
			return
		}
		http.Redirect(w, r, "http://"+r.Host+"/fine", http.StatusFound)
	}))
	defer server.Close()
	c := &Client{Transport: server.Client().Transport}
	if data, err := get(t, c, server.URL+"/fine"); err != nil || data != calendar {
		t.Errorf("over https: read %q, %v", data, err)
	}
	if data, err := get(t, c, server.URL); err == nil || !strings.Contains(err.Error(), "redirects to another host, http://") {
		t.Errorf("read %q, %v", data, err)
	}
	if data, err := get(t, &Client{}, server.URL+"/fine"); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate nobody vouches for counts: read %q, %v", data, err)
	}
}
