package cassette

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Recorder records exchanges in a folder. It is safe for concurrent use.
type Recorder struct {
	dir    string
	at     time.Time
	number atomic.Int64
	secret vault

	mu      sync.Mutex
	failed  error              // of writing
	pending map[int64]exchange // whose answers were not read yet
}

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
	return &Recorder{dir: dir, at: at.UTC(), pending: map[int64]exchange{}}, nil
}

// Getenv is getenv; the values that it returns are secrets from then on.
func (r *Recorder) Getenv(getenv func(string) string) func(string) string {
	return func(name string) string {
		value := getenv(name)
		r.secret.variable(name, value)
		return value
	}
}

// Carrier is inner (nil: Go's default), and records what it sends and receives. An
// exchange is written when its answer has been read or closed.
func (r *Recorder) Carrier(inner http.RoundTripper) http.RoundTripper {
	if inner == nil {
		inner = http.DefaultTransport
	}
	return carrier(func(request *http.Request) (*http.Response, error) {
		number := r.number.Add(1)
		body, err := sent(request)
		if err != nil {
			return nil, err
		}
		r.secret.learn(request, body)
		e := exchange{Method: request.Method, URL: r.secret.address(request.URL), Request: digest(r.secret.form(body))}
		response, err := inner.RoundTrip(request)
		if err != nil {
			e.Error = "no answer"
			r.write(number, e)
			return nil, err
		}
		e.Status = response.StatusCode
		r.mu.Lock()
		r.pending[number] = e
		r.mu.Unlock()
		response.Body = &tee{body: response.Body, done: func(read []byte, leftOut bool) { r.finish(number, e, response.Header, read, leftOut) }}
		return response, nil
	})
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

// finish writes an exchange whose answer was read.
func (r *Recorder) finish(number int64, e exchange, header http.Header, body []byte, leftOut bool) {
	r.secret.answered(body)
	e.Header = map[string]string{}
	for _, name := range kept {
		if value := header.Get(name); value != "" {
			e.Header[name] = r.secret.clean(value)
		}
	}
	text := r.secret.clean(string(body))
	switch {
	case leftOut:
		e.LeftOut = true
	case utf8.ValidString(text):
		e.Text = &text
	default:
		e.Bytes = []byte(text)
	}
	r.write(number, e)
}

func (r *Recorder) write(number int64, e exchange) {
	r.mu.Lock()
	delete(r.pending, number)
	r.mu.Unlock()
	r.keep(fmt.Sprintf("%05d.json", number), e)
}

// keep writes a file of the recording. The first error is that of Close.
func (r *Recorder) keep(name string, value any) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(r.dir, name), append(text, '\n'), 0o600)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = errors.Join(r.failed, err)
}

// Close completes the recording. settings are those that a replay needs, by name. An
// error says that something could not be written: the recording is not complete.
func (r *Recorder) Close(settings map[string]string) error {
	r.mu.Lock()
	unread := maps.Clone(r.pending)
	r.mu.Unlock()
	for number, e := range unread {
		e.Status, e.Error = 0, "the answer was not read"
		r.write(number, e)
	}
	clean := map[string]string{}
	for name, text := range settings {
		clean[name] = r.secret.clean(text)
	}
	r.keep(index, description{Version: version, At: r.at, Settings: clean, Variables: r.secret.variables, Exchanges: int(r.number.Load())})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return fmt.Errorf("write the recording: %w", r.failed)
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
