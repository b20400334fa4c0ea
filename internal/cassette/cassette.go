// Package cassette records the exchanges with systems over HTTP in a folder, and replays
// them: to show an auditor how a fact was collected, and to find out what went wrong on
// another machine.
//
// A recording has no secrets. Of a request it has the method, the address and a digest
// of the body; of an answer the status, a few headers and the body. In all of them the
// values of secrets are replaced, and so is everything that looks like a token.
package cassette

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"
)

// version is that of the form of a recording.
const version = 1

// index is the name of the file that describes a recording.
const index = "recording.json"

// MaxBody is how many bytes of one answer are recorded. More, such as a layer of an
// image, are left out, and cannot be replayed.
const MaxBody = 16 << 20

// description is what index has.
type description struct {
	Version   int                 `json:"version"`
	At        time.Time           `json:"at"`       // the clock of the recorded run
	Settings  map[string]string   `json:"settings"` // of the recorded run, by name
	Variables map[string]variable `json:"variables"`
	Exchanges int                 `json:"exchanges"`
}

// variable is what replaces the value of an environment variable.
type variable struct {
	Value string `json:"value,omitempty"`
	Key   bool   `json:"key,omitempty"` // it was a private key: replaying creates another
}

// exchange is one request with its answer.
type exchange struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Request string            `json:"request,omitempty"` // SHA-256 of the body
	Status  int               `json:"status,omitempty"`
	Header  map[string]string `json:"header,omitempty"`
	Text    *string           `json:"text,omitempty"`     // the body of the answer, if it is text
	Bytes   []byte            `json:"bytes,omitempty"`    // otherwise, in base64
	LeftOut bool              `json:"left_out,omitempty"` // the body had more than MaxBody bytes
	Error   string            `json:"error,omitempty"`    // in place of an answer
}

// key tells one request from another.
func (e exchange) key() string { return e.Method + " " + e.URL + " " + e.Request }

// kept are the headers of answers that clients of prodgate read.
var kept = []string{
	"Content-Type", "Content-Length", "Content-Range", "Date", "Age", "ETag", "Last-Modified", "Link", "Location", "Retry-After", "Cache-Control",
	"Www-Authenticate", "Docker-Content-Digest", "Docker-Distribution-Api-Version", "Oci-Subject", "Oci-Filters-Applied",
	"X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Ratelimit-Remaining", "Ratelimit-Reset", "X-Next-Page", "X-Total",
}

// digest is the SHA-256 of the body of a request; empty for none.
func digest(body string) string {
	if body == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// carrier is a function that sends requests.
type carrier func(*http.Request) (*http.Response, error)

// RoundTrip sends a request.
func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

var errNotEmpty = errors.New("the folder is not empty: a recording needs one of its own")
