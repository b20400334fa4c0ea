package collectors

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// maxErrorText bounds the text of an error in a document, in bytes.
const maxErrorText = 600

// secrets are the shapes in which credentials reach error texts, each with
// what is left of it. They are compiled when the first error is written down.
var secrets = sync.OnceValue(func() []secret {
	return []secret{
		// https://user:password@host and https://token@host
		{regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s"']*@`), "${1}redacted@"},
		// Authorization: Basic …, Bearer …, token …
		{regexp.MustCompile(`(?i)\b((?:proxy-)?authorization["']?\s*[:=]\s*["'\[]*)(?:(?:basic|bearer|token|negotiate)\s+)?[^\s"',;\]]+`), "${1}redacted"},
		{regexp.MustCompile(`(?i)\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{8,}`), "${1} redacted"},
		// "auth": "…" and its kin of a docker configuration; password=… of a form; ?token=… of a URL
		{regexp.MustCompile(`(?i)\b((?:[a-z0-9_-]*(?:password|passwd|secret|token|signature|apikey|api[_-]key|access[_-]key)|auth|sig|pwd)["']?\s*[:=]\s*["']?)[^\s"',;&}]+`), "${1}redacted"},
		// tokens that are known by their looks
		{regexp.MustCompile(`\b(?:gh[pousr]_|github_pat_|gl(?:pat|cbt|dt|ptt|oas|soat)-|xox[abprs]-|AKIA|dckr_pat_)[A-Za-z0-9_-]{8,}`), "redacted"},
		{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`), "redacted"},
	}
})

// secret is one shape of a credential.
type secret struct {
	shape *regexp.Regexp
	left  string
}

// redact makes a text from outside fit to be written down: one line, bounded,
// without control characters and without credentials.
func redact(text string) string {
	text = strings.ToValidUTF8(text, "�")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	for _, s := range secrets() {
		text = s.shape.ReplaceAllString(text, s.left)
	}
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText-len("…")], "") + "…"
	}
	return text
}

// redacted is an error whose text is fit to be written down.
type redacted struct{ err error }

func (r redacted) Error() string { return redact(r.err.Error()) }
func (r redacted) Unwrap() error { return r.err }
