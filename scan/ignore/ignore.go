// Package ignore reads the files that list which vulnerabilities a scanner should
// ignore: .trivyignore and .trivyignore.yaml.
//
// An entry is only a request. It must not remove a finding: only a waiver by an
// accepted approver does.
package ignore

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan/finding"
)

// Request is an entry of an ignore file: a request to waive one vulnerability, in
// the packages PURLs and the places Paths, or everywhere. The fields are those of
// facts.WaiverRequest in the same order, so that the two convert into each other.
type Request struct {
	ID        string
	PURLs     []string
	Paths     []string
	Reason    *string
	ExpiresAt *time.Time // UTC; nil: does not expire
	Source    string     // the file's name, as given to Read
}

// Read reads an ignore file; name is what errors and Source call it, and says by
// its ending whether it is YAML. Times are UTC: an entry expires when its day
// begins.
func Read(name string, content []byte) ([]Request, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return readYAML(strict.Of(name, content))
	}
	return readLines(name, string(content))
}

// day is how an ignore file writes a date.
const day = "2006-01-02"

// readLines reads one id on each line, with exp:2026-12-31 behind it where it
// expires. The reason is the comment behind it, or that above.
func readLines(name, content string) ([]Request, error) {
	if !utf8.ValidString(content) {
		return nil, fmt.Errorf("%s: not UTF-8", name)
	}
	all := []Request{}
	var above []string
	entries, number := false, 0
	for line := range strings.Lines(content) {
		number++
		text, comment, commented := strings.Cut(strings.TrimSpace(line), "#")
		comment = strings.TrimSpace(comment)
		words := strings.Fields(text)
		if len(words) == 0 {
			if !commented || entries {
				above, entries = nil, false
			}
			if comment != "" {
				above = append(above, comment)
			}
			continue
		}
		entries = true
		expires, err := expiry(words[1:])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		if comment == "" {
			comment = strings.Join(above, " ")
		}
		all = append(all, Request{ID: words[0], Reason: finding.Optional(comment), ExpiresAt: expires, Source: name})
	}
	return all, nil
}

// expiry is what the words after an id say.
func expiry(words []string) (*time.Time, error) {
	if len(words) == 0 {
		return nil, nil
	}
	date, ok := strings.CutPrefix(words[0], "exp:")
	if !ok || len(words) > 1 {
		return nil, fmt.Errorf("%q is neither an id nor exp:YYYY-MM-DD; write one id on each line, and comments after #", strings.Join(words, " "))
	}
	return instant(date)
}

// instant reads a date as its first instant in UTC, or a time with its offset.
func instant(text string) (*time.Time, error) {
	at, err := time.Parse(day, text)
	if err != nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	if err != nil || at.Year() < 1970 || at.Year() > 2200 {
		return nil, fmt.Errorf("invalid date %q: use YYYY-MM-DD", text)
	}
	return &at, nil
}

// document is a .trivyignore.yaml. What it says of misconfigurations, secrets and
// licences is not a request.
type document struct {
	Vulnerabilities []entry `json:"vulnerabilities"`
}

type entry struct {
	ID        string   `json:"id"`
	Paths     []string `json:"paths"`
	PURLs     []string `json:"purls"`
	ExpiredAt string   `json:"expired_at"`
	Statement string   `json:"statement"`
	Line      int
}

func readYAML(t strict.Text) ([]Request, error) {
	var doc document
	if err := t.Decode(&doc, strict.Rules{Foreign: true}); err != nil {
		return nil, err
	}
	all := []Request{}
	for _, e := range doc.Vulnerabilities {
		if strings.TrimSpace(e.ID) == "" {
			return nil, fmt.Errorf("%s:%d: an entry has no id; name the vulnerability", t.Name, e.Line)
		}
		request := Request{ID: e.ID, Paths: nonEmpty(e.Paths), PURLs: nonEmpty(e.PURLs), Reason: finding.Optional(strings.TrimSpace(e.Statement)), Source: t.Name}
		if len(request.Paths) != len(e.Paths) || len(request.PURLs) != len(e.PURLs) {
			return nil, fmt.Errorf("%s:%d: %s has an empty path or package URL; leave it out", t.Name, e.Line, e.ID)
		}
		if e.ExpiredAt != "" {
			expires, err := instant(e.ExpiredAt)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: expired_at of %s: %w", t.Name, e.Line, e.ID, err)
			}
			request.ExpiresAt = expires
		}
		all = append(all, request)
	}
	return all, nil
}

func nonEmpty(list []string) []string {
	var kept []string
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// About keeps the requests about findings.
func About(requests []Request, findings []finding.Finding) []Request {
	found := map[string]bool{}
	for _, f := range findings {
		found[f.ID] = true
	}
	kept := []Request{}
	for _, r := range requests {
		if found[r.ID] {
			kept = append(kept, r)
		}
	}
	return kept
}
