package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/prodgate/prodgate/internal/retry"
)

// maxDetail bounds what is read of an answer that explains a failure, in bytes.
const maxDetail = 16 << 10

// Answer is what a server answered.
type Answer struct {
	Status int         // 304 reads as 200, with the body that was remembered
	Header http.Header // of the answer; of the remembered one if the server confirmed that
	Body   []byte      // must not be changed

	url *url.URL // what was asked for
}

// JSON decodes the body into what into points at. Keys that it does not have are
// ignored. A web page, an empty body and anything after the value are errors.
func (a *Answer) JSON(into any) error {
	switch {
	case len(bytes.TrimSpace(a.Body)) == 0:
		return fmt.Errorf("answered %d without a body, and JSON is expected", a.Status)
	case a.page():
		return errPage
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		return fmt.Errorf("decode the answer: %w", err)
	}
	return nil
}

// With returns the URL of the answer's request with one parameter of the query
// replaced: what a Next function returns where pages are numbered or have tokens.
func (a *Answer) With(parameter, value string) string {
	next := *a.url
	query := next.Query()
	query.Set(parameter, value)
	next.RawQuery = query.Encode()
	return next.String()
}

// StatusError is an answer that is not a success.
type StatusError struct {
	Status  int           // 404, 429, …
	Detail  string        // what the server says about it; may be empty
	After   time.Duration // how long the server asks to wait; 0 if it does not
	Limited bool          // there were too many requests: 429, or 403 of a server that limits rates with it
}

// Error returns one line.
func (e *StatusError) Error() string {
	word := http.StatusText(e.Status)
	if e.Status == http.StatusNotModified {
		word = "Not Modified, but nothing was remembered"
	}
	text := strings.TrimSpace(fmt.Sprintf("answered %d %s", e.Status, word))
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.After > 0 {
		text += fmt.Sprintf("; it asks to wait %s", e.After.Round(time.Second))
	}
	return text
}

// NotFound reports whether err is the answer 404. Many servers give it for
// what the caller may not see as well.
func NotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusNotFound
}

// refused is the answer as an error.
func (a *Answer) refused() *StatusError {
	after, asked := retry.After(&http.Response{Header: a.Header})
	spent := a.Header.Get("X-RateLimit-Remaining") == "0"
	if spent && !asked {
		after = untilReset(a.Header)
	}
	limited := a.Status == http.StatusTooManyRequests || a.Status == http.StatusForbidden && (asked || spent)
	return &StatusError{Status: a.Status, After: after, Limited: limited}
}

// untilReset is the time until X-RateLimit-Reset, in seconds since 1970, by the server's
// own clock; 0 if the header has none.
func untilReset(header http.Header) time.Duration {
	reset, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	now, dated := http.ParseTime(header.Get("Date"))
	if err != nil || dated != nil || reset < now.Unix() || reset > now.Add(24*time.Hour).Unix() {
		return 0
	}
	return time.Unix(reset, 0).Sub(now)
}

// detail is what the body says about a failure, in the usual places of JSON: one
// line, without control characters; "" if it does not say.
func (a *Answer) detail() string {
	var keys map[string]json.RawMessage
	if json.Unmarshal(a.Body, &keys) != nil {
		return ""
	}
	for _, key := range []string{"message", "error_description", "detail", "error", "title", "errors"} {
		if text := sentence(keys[key]); text != "" {
			return text
		}
	}
	return ""
}

// sentence is the text in value: itself, its message, or that of its first item.
func sentence(value json.RawMessage) string {
	var text string
	var object struct {
		Message string `json:"message"`
	}
	var items []json.RawMessage
	switch {
	case json.Unmarshal(value, &text) == nil:
	case json.Unmarshal(value, &object) == nil:
		text = object.Message
	case json.Unmarshal(value, &items) == nil && len(items) > 0 && items[0][0] != '[':
		return sentence(items[0])
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200]) + "…"
	}
	return text
}
