package cassette

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"
)

// Recorder records exchanges in a folder. They are written by Close, when all secrets are
// known. It is safe for concurrent use.
type Recorder struct {
	dir    string
	at     time.Time
	secret vault

	mu   sync.Mutex
	kept []*raw // in the order in which they were sent
	size int    // bytes of the answers
}

// raw is an exchange with its secrets, which is never written.
type raw struct {
	url      *url.URL
	body     string // of the request
	exchange        // without address, body and headers
	header   http.Header
	answer   string
}

// maxAnswers is how many bytes of answers a recording has at most; what follows is left
// out.
const maxAnswers = 256 << 20

// NewRecorder prepares to record in dir, which is created, or is empty. at is the time
// that a replay takes as its own.
func NewRecorder(dir string, at time.Time) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(there) > 0 {
		return nil, fmt.Errorf("%s: %w", dir, errNotEmpty)
	}
	return &Recorder{dir: dir, at: at.UTC()}, nil
}

// Getenv is getenv; the values that it returns are secrets from then on.
func (r *Recorder) Getenv(getenv func(string) string) func(string) string {
	return func(name string) string {
		value := getenv(name)
		r.secret.variable(name, value)
		return value
	}
}

// Carrier is inner (nil: Go's default), and records what it sends and receives. It never
// asks whether an answer is still current: "not modified" would mean something only to
// whoever holds the answer before it, and a replay may send its requests in another order.
func (r *Recorder) Carrier(inner http.RoundTripper) http.RoundTripper {
	if inner == nil {
		inner = http.DefaultTransport
	}
	return carrier(func(request *http.Request) (*http.Response, error) {
		body, err := sent(request)
		if err != nil {
			return nil, err
		}
		r.secret.learn(request, body)
		x := &raw{url: request.URL, body: body, exchange: exchange{Method: request.Method, Error: "the answer was not read"}}
		r.mu.Lock()
		r.kept = append(r.kept, x)
		r.mu.Unlock()
		response, err := inner.RoundTrip(unconditional(request))
		if err != nil {
			return nil, err
		}
		response.Body = &tee{body: response.Body, done: func(read []byte, leftOut bool) { r.finish(x, response, read, leftOut) }}
		return response, nil
	})
}

// unconditional is request without the conditions on what its sender holds.
func unconditional(request *http.Request) *http.Request {
	request = request.Clone(request.Context())
	request.Header.Del("If-None-Match")
	request.Header.Del("If-Modified-Since")
	return request
}

// sent is the body of a request, which can be read once more.
func sent(request *http.Request) (string, error) {
	if request.Body == nil || request.Body == http.NoBody {
		return "", nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return "", err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	return string(body), nil
}

// finish keeps an exchange whose answer was read.
func (r *Recorder) finish(x *raw, response *http.Response, body []byte, leftOut bool) {
	r.secret.answered(body)
	r.secret.redirected(response.Header.Get("Location"))
	r.mu.Lock()
	defer r.mu.Unlock()
	x.Status, x.Error, x.header = response.StatusCode, "", response.Header
	if leftOut || r.size+len(body) > maxAnswers {
		x.LeftOut = true
		return
	}
	r.size += len(body)
	x.answer = string(body)
}

// clean is an exchange without its secrets.
func (r *Recorder) clean(x *raw) exchange {
	e := x.exchange
	e.URL, e.Request = r.secret.address(x.url), digest(r.secret.form(x.body))
	e.Header = map[string]string{}
	for _, name := range kept {
		if value := x.header.Get(name); value != "" {
			e.Header[name] = r.secret.clean(value)
		}
	}
	text := r.secret.clean(x.answer)
	switch {
	case e.LeftOut, e.Error != "":
	case utf8.ValidString(text):
		e.Text = &text
	default:
		e.Bytes = []byte(text)
	}
	return e
}

// keep writes a file of the recording.
func (r *Recorder) keep(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.dir, name), append(text, '\n'), 0o600)
}

// Close completes the recording. settings are those that a replay needs, by name. An
// error says that something could not be written: the recording is not complete.
func (r *Recorder) Close(settings map[string]string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	about := description{Version: version, At: r.at, Settings: map[string]string{}, Variables: r.secret.variables, Exchanges: len(r.kept)}
	for name, text := range settings {
		about.Settings[name] = r.secret.clean(text)
	}
	var failed error
	for i, x := range r.kept {
		failed = errors.Join(failed, r.keep(fmt.Sprintf("%05d.json", i+1), r.clean(x)))
	}
	if failed = errors.Join(failed, r.keep(index, about)); failed != nil {
		return fmt.Errorf("write the recording: %w", failed)
	}
	return nil
}

// tee reads a body, and calls done once with what was read, at its end or when it is
// closed.
type tee struct {
	body    io.ReadCloser
	read    bytes.Buffer
	leftOut bool
	once    sync.Once
	done    func(read []byte, leftOut bool)
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.body.Read(p)
	if !t.leftOut {
		t.read.Write(p[:n])
	}
	if t.read.Len() > MaxBody {
		t.leftOut, t.read = true, bytes.Buffer{}
	}
	if err == io.EOF { //nolint:errorlint // Read returns it as it is
		t.end()
	}
	return n, err
}

func (t *tee) Close() error {
	err := t.body.Close()
	t.end()
	return err
}

func (t *tee) end() { t.once.Do(func() { t.done(t.read.Bytes(), t.leftOut) }) }
