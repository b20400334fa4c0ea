// Package rest has what the collectors of systems with a REST API share: how answers are
// read at once, what an error says of one that was refused, and the evidence of what was read.
// It knows no system.
package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// Reader says in words, for errors, who reads an API.
type Reader struct {
	Limit   string // whose rate limit it is: "the token in GITHUB_TOKEN"
	Invalid string // what is not valid: "the token in GITHUB_TOKEN is not valid"
	Holder  string // who needs permissions: "the token in GITHUB_TOKEN"
	Grant   string // how the holder gets a permission, at the end of the error; can be empty
}

// TokenIn is a reader with the token in a variable, or from where else it is.
func TokenIn(variable string) Reader {
	token := "the token in " + variable
	return Reader{Limit: token, Invalid: token + " is not valid", Holder: token}
}

// Denied explains err, the error of a request, if the server refused it: the token is
// invalid, a permission is missing, or there were too many requests. needs is what the
// holder must have.
func (r Reader) Denied(err error, needs string) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch {
	case status.Limited:
		return fmt.Errorf("%w; this is the rate limit of %s, and nothing is known until it ends", err, r.Limit)
	case status.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w; %s", err, r.Invalid)
	case status.Status == http.StatusForbidden:
		return fmt.Errorf("%w; %s needs %s%s", err, r.Holder, needs, r.Grant)
	case status.Status == http.StatusNotFound:
		return fmt.Errorf("%w; it does not exist, or %s lacks %s", err, r.Holder, needs)
	}
	return err
}

// Decode reads the JSON of the answer to GET path.
func Decode(path string, answer *web.Answer, into any) error {
	if err := answer.JSON(into); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// Seen notes the answers that were read, for the evidence. The zero value is empty.
// Several requests can use it at once.
type Seen struct {
	mutex   sync.Mutex
	answers []string // question and SHA-256
}

// Add notes the answer to a question: a path, with the query and the page of a list.
func (s *Seen) Add(question string, answer []byte) {
	line := fmt.Sprintf("%s  %x\n", question, sha256.Sum256(answer))
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.answers = append(s.answers, line)
}

// AddPage notes a page of a list, counted from 1.
func (s *Seen) AddPage(call web.Call, page int, answer []byte) {
	s.Add(fmt.Sprintf("%s?%s page %d", call.Path, call.Query.Encode(), page), answer)
}

// Evidence is a page for people, and the SHA-256 of what was noted, whatever the order in
// which the answers came.
func (s *Seen) Evidence(page string) *facts.Evidence {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	slices.Sort(s.answers)
	sum := sha256.Sum256([]byte(strings.Join(s.answers, "")))
	return &facts.Evidence{URI: page, SHA256: hex.EncodeToString(sum[:])}
}
