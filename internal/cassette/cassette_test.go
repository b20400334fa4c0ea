package cassette_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/cassette"
)

const (
	variable = "s3cret-of-a-variable"
	made     = "made-for-this-job"
	jwt      = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI4MTMifQ.c2lnbmF0dXJl"
	password = "pass/word+1"
)

// system answers with what a system may: pages, tokens, a list that differs each time,
// bytes, and an echo of every secret it was sent.
func system(t *testing.T) *httptest.Server {
	t.Helper()
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/token":
			_ = r.ParseForm()
			fmt.Fprintf(w, `{"access_token": %q, "for": %q}`, made, r.Form.Get("client_assertion"))
		case "/count":
			asked++
			fmt.Fprint(w, asked)
		case "/bytes":
			w.Header().Set("Set-Cookie", "session="+made)
			_, _ = w.Write([]byte{0, 1, 255})
		case "/blob":
			http.Redirect(w, r, "/stored?X-Amz-Signature=f00dfeed&X-Amz-Date=20261124&X-Amz-Security-Token=temporary%2Ftoken", http.StatusTemporaryRedirect)
		case "/stored":
			fmt.Fprint(w, "layer")
		case "/large":
			_, _ = w.Write(make([]byte, cassette.MaxBody+1))
		case "/signed":
			fmt.Fprint(w, `{"signatures": [{"sig": "MEUCIQDq8z"}]}`)
		default:
			w.Header().Set("Link", "<"+r.URL.String()+`>; rel="next"`)
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "no access for %s to %s", r.Header.Get("Authorization"), r.URL)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// ask sends the requests of the tests, and returns all answers.
func ask(t *testing.T, base string, through http.RoundTripper, secret string) string {
	t.Helper()
	var all strings.Builder
	send := func(method, path, body string, authorization string) {
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		r.Header.Set("Authorization", authorization)
		response, err := (&http.Client{Transport: through}).Do(r)
		if err != nil {
			fmt.Fprintf(&all, "%s %s: %v\n", method, path, err)
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if len(text) > 100 {
			text = text[:100]
		}
		fmt.Fprintf(&all, "%s %d %q %v %s\n", path[:4], response.StatusCode, text, err, response.Header.Get("Link"))
	}
	send("POST", "/token", url.Values{"client_assertion": {jwt}, "scope": {"read"}}.Encode(), "")
	send("GET", "/count", "", "Bearer "+made)
	send("GET", "/count", "", "Bearer "+made)
	send("GET", "/bytes", "", "Bearer "+jwt)
	send("GET", "/signed", "", "")
	send("GET", "/blob", "", "")
	send("GET", "/echo?api_key="+secret+"&page=2", "", "token "+secret)
	send("GET", "/echo/"+url.PathEscape(secret), "", "Basic "+base64.StdEncoding.EncodeToString([]byte("jane:"+password)))
	return all.String()
}

func TestARecordingIsReplayedAndHasNoSecrets(t *testing.T) {
	s, dir := system(t), filepath.Join(t.TempDir(), "recording")
	at := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	r, err := cassette.NewRecorder(dir, at)
	if err != nil {
		t.Fatal(err)
	}
	getenv := r.Getenv(func(name string) string {
		return map[string]string{"TOKEN": variable, "FEED": "https://calendar.example.com/private-9876/freezes.ics"}[name]
	})
	live := ask(t, s.URL, r.Carrier(nil), getenv("TOKEN"))
	getenv("FEED")
	getenv("NONE")
	if err := r.Close(map[string]string{"image": "app:1", "note": variable}); err != nil {
		t.Fatal(err)
	}
	s.Close() // a replay needs nobody

	p, err := cassette.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	replayed := ask(t, s.URL, p.Carrier(nil), p.Getenv("TOKEN"))
	want := strings.NewReplacer(variable, p.Getenv("TOKEN"), made, "redacted", jwt, "redacted",
		base64.StdEncoding.EncodeToString([]byte("jane:"+password)), "redacted").Replace(live)
	if replayed != want {
		t.Errorf("replayed\n%swant\n%s", replayed, want)
	}
	if !p.At().Equal(at) || p.Settings()["image"] != "app:1" || p.Getenv("NONE") != "" || p.Getenv("FEED") != "https://redacted.invalid/feed" {
		t.Errorf("the recording is of %s, with %v", p.At(), p.Settings())
	}
	if _, err := (&http.Client{Transport: p.Carrier(nil)}).Get(s.URL + "/else"); err == nil || !strings.Contains(err.Error(), "the recording does not have GET "+s.URL+"/else") { //nolint:noctx,bodyclose // it fails
		t.Errorf("what was not recorded: %v", err)
	}
	withoutSecrets(t, dir)
}

// withoutSecrets reads every file of a recording.
func withoutSecrets(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 10 {
		t.Fatalf("the recording has %d files: %v", len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{variable, made, jwt, password, url.QueryEscape(password), "private-9876", "amFuZTpw", "f00dfeed", "temporary/token", "temporary%2Ftoken"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s has %s:\n%s", f.Name(), secret, text)
			}
		}
	}
}

func TestALargeAnswerIsLeftOut(t *testing.T) {
	s, dir := system(t), t.TempDir()
	r, err := cassette.NewRecorder(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	get := func(through http.RoundTripper) (int64, error) {
		response, err := (&http.Client{Transport: through}).Get(s.URL + "/large") //nolint:noctx // on this machine
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		return io.Copy(io.Discard, response.Body)
	}
	if n, err := get(r.Carrier(nil)); n != cassette.MaxBody+1 || err != nil {
		t.Fatal(n, err)
	}
	if err := r.Close(nil); err != nil {
		t.Fatal(err)
	}
	p, err := cassette.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(p.Carrier(nil)); err == nil || !strings.Contains(err.Error(), "leaves out the answer") {
		t.Errorf("the error is %v", err)
	}
	if _, err := cassette.NewRecorder(dir, time.Now()); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a second recording in the folder: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "00001.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := cassette.Open(dir); err == nil || !strings.Contains(err.Error(), "00001.json") {
		t.Errorf("a recording with a hole: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(`{"version": 1, "at": "2026-11-24T15:00:00Z", "settings": {}, "variables": {"A": {"value": "x"}}, "exchanges": 1}`, `{"method": "GET", "url": "http://a/b", "status": 200, "text": "x"}`)
	f.Add(`{"version": 2}`, `[]`)
	f.Fuzz(func(t *testing.T, about, exchange string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"recording.json": about, "00001.json": exchange} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := cassette.Open(dir)
		if err != nil {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://a/b", nil)
		r.RequestURI = ""
		if response, err := p.Carrier(nil).RoundTrip(r); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	})
}

// Two collectors that ask for the same page may ask in either order when they replay. An
// answer "not modified" could then come before the one that it confirms.
func TestEveryAnswerIsRecordedWhole(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, "members")
	}))
	t.Cleanup(s.Close)
	dir := t.TempDir()
	recorder, err := cassette.NewRecorder(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	get := func(through http.RoundTripper, condition string) string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if condition != "" {
			r.Header.Set(condition, `"v1"`)
		}
		response, err := (&http.Client{Transport: through}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if condition != "" && r.Header.Get(condition) == "" {
			t.Errorf("the request of the caller lost its %s", condition)
		}
		return fmt.Sprint(response.StatusCode, " ", string(text))
	}
	const whole = "200 members"
	for _, condition := range []string{"If-None-Match", "If-Modified-Since", ""} {
		if got := get(recorder.Carrier(nil), condition); got != whole {
			t.Errorf("%s: recorded %q", condition, got)
		}
	}
	if err := recorder.Close(nil); err != nil {
		t.Fatal(err)
	}
	player, err := cassette.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if got := get(player.Carrier(nil), ""); got != whole {
			t.Errorf("replayed %q", got)
		}
	}
}
