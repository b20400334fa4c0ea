package step

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/prodgate/prodgate/facts"
)

// Form is what a field's value must look like.
type Form struct {
	Must string // completes "must be"

	blank  bool                  // an optional field may hold blank text
	parse  func(text string) any // the value of a person's text; nil result: nothing. A nil parse: the text itself
	holds  func(v any) bool      // of a string, number, bool, []any or map[string]any; never null
	fields []Field               // of the object, or of each object in the list
}

// Read returns the JSON value that a text stands for as a person types it, such as
// 300 for 5m, or mailto:jane@example.com for Jane@example.com. Its error completes
// a sentence that begins with the field's name.
func (f Form) Read(text string) (any, error) {
	v := any(text)
	if f.parse != nil {
		v = f.parse(text)
	}
	if v == nil || !f.holds(v) {
		return nil, fmt.Errorf("must be %s, not %q", f.Must, text)
	}
	return v, nil
}

// ReadText is Read for a form whose values are texts.
func (f Form) ReadText(text string) (string, error) {
	v, err := f.Read(text)
	if err != nil {
		return "", err
	}
	read, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("must be %s, not %q", f.Must, text)
	}
	return read, nil
}

// check returns what is wrong with a value at a path.
func (f Form) check(v any, path string) (problems []Problem) {
	if !f.holds(v) {
		return []Problem{{path, f.Must, found(v)}}
	}
	switch v := v.(type) {
	case map[string]any:
		return check(f.fields, v, path+".")
	case []any:
		for i, item := range v {
			if object, ok := item.(map[string]any); ok {
				problems = append(problems, check(f.fields, object, fmt.Sprintf("%s[%d].", path, i))...)
			}
		}
	}
	return problems
}

// The forms of single values.
var (
	Text = Form{Must: "text that is not blank", blank: true, holds: func(v any) bool {
		text, ok := v.(string)
		return ok && strings.TrimSpace(text) != ""
	}}
	Word       = texts("text that is not empty", func(text string) bool { return text != "" })
	Identifier = format("identifier")
	Digest     = format("digest")
	Person     = parsed(format("person"), onePerson)
	Kind       = oneOf(kinds()...)
	Outcome    = oneOf("allow", "deny")
	Entry      = texts("the id of an entry, a UUIDv7 in lower case", func(text string) bool {
		id, err := uuid.Parse(text)
		return err == nil && id.Version() == 7 && id.String() == text
	})
	Instant = parsed(texts("a time with an offset (RFC 3339), as in 2026-11-24T11:20:00-05:00", isInstant), parseInstant)
	Seconds = Form{
		Must: "a length of time in seconds: write it as 300, 300s or 5m", parse: parseSeconds,
		holds: func(v any) bool { s, ok := number(v); return ok && 0 <= s && s < maxSeconds },
	}
	Attempt = numbers("the number of an attempt, from 1", 1, maxAttempt)
	Count   = numbers("a whole number, from 0", 0, math.MaxInt32)
	Flag    = Form{Must: "true or false", holds: func(v any) bool { _, ok := v.(bool); return ok }}
)

// The forms of lists. A person types them with commas.
var (
	Texts       = listOf("a list of texts", func(string) bool { return true })
	Identifiers = listOf("a list of identifiers (lower-case letters, digits, \".\", \"_\" and \"-\")", isIdentifier)
	Digests     = listOf("a list of digests, each sha256: and 64 lower-case hex digits", isDigest)
	Persons     = parsed(listOf("a list of persons, each as scheme:value or an e-mail address", isPerson), split(canonical))
	Lifted      = parsed(listOf("a list of persons (scheme:value or an e-mail address) and ids of entries", isLifted), split(canonicalLifted))
)

// objects is the form of an object, list that of a list of them.
func objects(must string, fields ...Field) Form {
	return Form{Must: must, fields: fields, parse: nothing, holds: func(v any) bool { _, ok := v.(map[string]any); return ok }}
}

func listOfObjects(must string, fields ...Field) Form {
	return Form{Must: must, fields: fields, parse: nothing, holds: func(v any) bool {
		list, ok := v.([]any)
		return ok && !slices.ContainsFunc(list, func(item any) bool { _, ok := item.(map[string]any); return !ok })
	}}
}

const (
	maxSeconds = 1e9
	maxAttempt = 1_000_000 // more than any CI system allows
)

func texts(must string, good func(string) bool) Form {
	return Form{Must: must, holds: func(v any) bool { text, ok := v.(string); return ok && good(text) }}
}

// format is the form of a format that facts knows.
func format(name string) Form {
	must, _ := facts.Accepts(name, "")
	return texts(must, func(text string) bool { _, ok := facts.Accepts(name, text); return ok })
}

func oneOf(words ...string) Form {
	return texts("one of "+strings.Join(words, ", "), func(text string) bool { return slices.Contains(words, text) })
}

func numbers(must string, least, most float64) Form {
	return Form{Must: must, parse: parseNumber, holds: func(v any) bool {
		n, ok := number(v)
		return ok && n == math.Trunc(n) && least <= n && n <= most
	}}
}

func listOf(must string, good func(string) bool) Form {
	return Form{Must: must, parse: split(strings.TrimSpace), holds: func(v any) bool {
		list, ok := v.([]any)
		return ok && !slices.ContainsFunc(list, func(item any) bool { text, ok := item.(string); return !ok || !good(text) })
	}}
}

func parsed(f Form, parse func(string) any) Form {
	f.parse = parse
	return f
}

func nothing(string) any { return nil }

func kinds() []string {
	words := make([]string, 0, len(facts.Kinds))
	for _, k := range facts.Kinds {
		words = append(words, string(k))
	}
	return words
}

func isIdentifier(text string) bool { _, ok := facts.Accepts("identifier", text); return ok }
func isDigest(text string) bool     { _, ok := facts.Accepts("digest", text); return ok }
func isPerson(text string) bool     { _, ok := facts.Accepts("person", text); return ok }

func isLifted(text string) bool {
	id, err := uuid.Parse(text)
	return isPerson(text) || err == nil && id.String() == text
}

// isInstant is as strict as encoding/json, which reads the times of entries.
func isInstant(text string) bool {
	var at time.Time
	return at.UnmarshalText([]byte(text)) == nil && !at.IsZero()
}

// parsedInstant is the time of a value that isInstant accepts.
func parsedInstant(v any) (at time.Time) {
	text, _ := v.(string)
	_ = at.UnmarshalText([]byte(text))
	return at
}

// number is the number that a value is.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

func parseNumber(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return float64(n)
	}
	return nil
}

func parseSeconds(text string) any {
	if length, err := time.ParseDuration(text); err == nil {
		return length.Seconds()
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return seconds
	}
	return nil
}

func parseInstant(text string) any {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// onePerson refuses a list, which could pass as one person's name.
func onePerson(text string) any {
	if strings.Contains(text, ",") {
		return nil
	}
	return canonical(text)
}

// canonical is a person in the one spelling that documents use.
func canonical(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if !strings.Contains(text, ":") && strings.Count(text, "@") == 1 {
		text = "mailto:" + text
	}
	return text
}

func canonicalLifted(text string) string {
	if id, err := uuid.Parse(strings.TrimSpace(text)); err == nil {
		return id.String()
	}
	return canonical(text)
}

func split(each func(string) string) func(string) any {
	return func(text string) any {
		list := []any{}
		for part := range strings.SplitSeq(text, ",") {
			list = append(list, each(part))
		}
		return list
	}
}
