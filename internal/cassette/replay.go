package cassette

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Player answers requests from a recording. Nothing is sent. It is safe for concurrent
// use.
type Player struct {
	about  description
	secret vault

	mu       sync.Mutex
	recorded map[string][]exchange // by key, in the order they were sent
}

// maxFile bounds a file of a recording.
const maxFile = 3 * MaxBody

// Open reads the recording in dir. A recording that is not complete is an error, which
// names the file.
func Open(dir string) (*Player, error) {
	p := &Player{recorded: map[string][]exchange{}}
	if err := readJSON(filepath.Join(dir, index), &p.about); err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	if p.about.Version != version {
		return nil, fmt.Errorf("%s: the version is %d, and this prodgate reads version %d", filepath.Join(dir, index), p.about.Version, version)
	}
	if p.about.At.IsZero() {
		return nil, fmt.Errorf("%s: it has no time", filepath.Join(dir, index))
	}
	for n := 1; n <= p.about.Exchanges; n++ {
		var e exchange
		if err := readJSON(filepath.Join(dir, fmt.Sprintf("%05d.json", n)), &e); err != nil {
			return nil, fmt.Errorf("read the recording: %w", err)
		}
		p.recorded[e.key()] = append(p.recorded[e.key()], e)
	}
	return p, nil
}

func readJSON(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return err
	}
	if len(content) > maxFile {
		return fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// At is the time of the recorded run.
func (p *Player) At() time.Time { return p.about.At }

// Settings are those of the recorded run, by name.
func (p *Player) Settings() map[string]string { return p.about.Settings }

// Getenv returns what stands for the value that a variable had in the recorded run; empty
// if it had none.
func (p *Player) Getenv(name string) string {
	v := p.about.Variables[name]
	if !v.Key {
		return v.Value
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048) // of no use outside of the replay
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// Carrier answers requests from the recording, those that were sent more than once in
// their order; the last answer then stands. inner is never used.
func (p *Player) Carrier(http.RoundTripper) http.RoundTripper {
	return carrier(func(request *http.Request) (*http.Response, error) {
		body, err := sent(request)
		if err != nil {
			return nil, err
		}
		asked := exchange{Method: request.Method, URL: p.secret.address(request.URL), Request: digest(p.secret.form(body))}
		p.mu.Lock()
		defer p.mu.Unlock()
		list := p.recorded[asked.key()]
		if len(list) == 0 {
			return nil, fmt.Errorf("the recording does not have %s %s", asked.Method, asked.URL)
		}
		if len(list) > 1 {
			p.recorded[asked.key()] = list[1:]
		}
		return list[0].response(request)
	})
}

// response is the recorded answer.
func (e exchange) response(request *http.Request) (*http.Response, error) {
	switch {
	case e.Error != "":
		return nil, errors.New("there was no answer when it was recorded")
	case e.LeftOut:
		return nil, fmt.Errorf("the recording leaves out the answer to %s %s, because it was longer than %d bytes", e.Method, e.URL, MaxBody)
	}
	body := e.Bytes
	if e.Text != nil {
		body = []byte(*e.Text)
	}
	header := http.Header{}
	for name, value := range e.Header {
		if name != "Content-Length" { // of the text before secrets were replaced
			header.Set(name, value)
		}
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)), StatusCode: e.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: request,
	}, nil
}
