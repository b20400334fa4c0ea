package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// ErrMorePages says that a list has more pages than Options.MaxPages allows: what
// was read of it is not all.
var ErrMorePages = errors.New("more pages than are read")

// Next returns the URL of the page that follows, absolute or relative to that of
// page; "" if page is the last.
type Next func(page *Answer) (string, error)

// Pages sends the call, then requests the pages that follow one another, and
// yields each. A nil next follows the Link header (RFC 8288). The first error ends
// the sequence; a page on another host, a page that comes twice and one page too
// many are errors. One deadline holds for all pages.
func (s *Server) Pages(ctx context.Context, call Call, next Next) iter.Seq2[*Answer, error] {
	if next == nil {
		next = nextLink
	}
	return func(yield func(*Answer, error) bool) {
		ctx, cancel := limited(ctx)
		defer cancel()
		to, err := s.address(call)
		if err != nil {
			yield(nil, err)
			return
		}
		seen := map[string]bool{}
		for page := 1; ; page++ {
			seen[to.String()] = true
			answer, err := s.send(ctx, call, to)
			if err != nil {
				yield(nil, s.failed(call, page, err))
				return
			}
			if !yield(answer, nil) {
				return
			}
			if to, err = s.following(answer, next, seen, page); err != nil {
				yield(nil, s.failed(call, page, err))
				return
			}
			if to == nil {
				return
			}
		}
	}
}

// following is the URL of the page after answer, nil if that was the last.
func (s *Server) following(answer *Answer, next Next, seen map[string]bool, page int) (*url.URL, error) {
	text, err := next(answer)
	if err != nil || text == "" {
		return nil, err
	}
	to, err := answer.url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("the link to the next page is not a URL")
	case !sameHost(s.base, to) || to.User != nil:
		return nil, fmt.Errorf("the next page is on another host, %s", Host(to))
	}
	to.Fragment, to.RawFragment = "", ""
	switch {
	case seen[to.String()]:
		return nil, errors.New("the next page is one that was read before")
	case page >= cmp.Or(s.options.MaxPages, DefaultMaxPages):
		return nil, fmt.Errorf("%w: %d", ErrMorePages, page)
	}
	return to, nil
}

func nextLink(page *Answer) (string, error) { return link(page.Header, "next"), nil }

// link returns the target of the first link with a relation in the Link headers
// (RFC 8288, section 3); "" if there is none. Links about another resource
// (anchor) are ignored.
func link(header http.Header, relation string) string {
	for _, rest := range header.Values("Link") {
		for {
			_, after, found := strings.Cut(rest, "<")
			if !found {
				break
			}
			target, parameters, found := strings.Cut(after, ">")
			if !found {
				break
			}
			var of map[string]string
			of, rest = linkParameters(parameters)
			if _, elsewhere := of["anchor"]; elsewhere {
				continue
			}
			for word := range strings.FieldsSeq(of["rel"]) {
				if strings.EqualFold(word, relation) {
					return strings.TrimSpace(target)
				}
			}
		}
	}
	return ""
}

// linkParameters reads the parameters of one link, names in lower case, the first
// of each name, and returns what follows the link.
func linkParameters(text string) (map[string]string, string) {
	of := map[string]string{}
	for {
		text = strings.TrimLeft(text, " \t;")
		if text == "" || text[0] == ',' {
			return of, text
		}
		end := strings.IndexAny(text, "=;,")
		if end < 0 {
			end = len(text)
		}
		name, value := strings.ToLower(strings.TrimSpace(text[:end])), ""
		text = text[end:]
		if strings.HasPrefix(text, "=") {
			value, text = linkValue(strings.TrimLeft(text[1:], " \t"))
		}
		if _, twice := of[name]; !twice {
			of[name] = value
		}
	}
}

// linkValue reads a token or a quoted string and returns what follows it.
func linkValue(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ";,")
		if end < 0 {
			end = len(text)
		}
		return strings.TrimSpace(text[:end]), text[end:]
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String(), ""
}
