package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// readAll reads the numbers on all pages.
func readAll(t *testing.T, s *Server, next Next) ([]int, error) {
	t.Helper()
	var all []int
	for page, err := range s.Pages(t.Context(), Call{Path: "/items", Query: url.Values{"n": {"2"}}}, next) {
		if err != nil {
			return all, err
		}
		var numbers []int
		if err := page.JSON(&numbers); err != nil {
			return all, err
		}
		all = append(all, numbers...)
	}
	return all, nil
}

func TestPagesFollowOneAnother(t *testing.T) {
	linked := func(w http.ResponseWriter, r *http.Request) {
		page := map[string]int{"": 1, "2": 2, "3": 3}[r.URL.Query().Get("page")]
		if r.URL.Query().Get("n") != "2" || r.Header.Get("Authorization") != "Bearer t-1" {
			t.Errorf("asked for %s with %v", r.URL, r.Header)
		}
		if page < 3 {
			w.Header().Add("Link", `<https://docs.example.com>; rel="help", </items?n=2&page=1>; rel="first"`)
			w.Header().Add("Link", fmt.Sprintf(`<http://%s/items?n=2&page=%d>; title="a, <b>; rel=\"x\""; rel="last next"`, r.Host, page+1))
		}
		fmt.Fprintf(w, "[%d, %d]", page, page*10)
	}
	counted := func(page *Answer) (string, error) {
		var numbers []int
		if err := page.JSON(&numbers); err != nil || numbers[0] == 3 {
			return "", err
		}
		return page.With("page", fmt.Sprint(numbers[0]+1)), nil
	}
	for name, next := range map[string]Next{"by links": nil, "by the caller": counted} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(t, api(t, Options{Auth: Bearer("t-1")}, linked), next)
			if err != nil || fmt.Sprint(got) != "[1 10 2 20 3 30]" {
				t.Errorf("read %v, %v", got, err)
			}
		})
	}
}

func TestAListThatCannotBeReadWholeIsAnError(t *testing.T) {
	page := 0
	tests := []struct {
		name string
		link func(r *http.Request) string
		want string
	}{
		{"endless pages", func(*http.Request) string { page++; return fmt.Sprintf("</items?page=%d>; rel=next", page) }, ", page 5: more pages than are read: 5"},
		{"a circle", func(r *http.Request) string { return "<" + r.RequestURI + "#again>; rel=next" }, "the next page is one that was read before"},
		{"another host", func(*http.Request) string { return `<https://evil.example/steal?x=1>; rel="next"` }, "the next page is on another host, https://evil.example"},
		{"a host by its name alone", func(*http.Request) string { return `<//evil.example/steal>; rel="next"` }, "the next page is on another host, http://evil.example"},
		{"a password", func(r *http.Request) string { return `<http://a:secret@` + r.Host + `/>; rel="next"` }, "the next page is on another host"},
		{"no URL", func(*http.Request) string { return `<http://%zz/secret>; rel="next"` }, "is not a URL"},
		{"a page that is missing", func(*http.Request) string { return `</gone>; rel="next"` }, ", page 2: answered 404 Not Found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := api(t, Options{MaxPages: 5}, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/gone" {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Link", tt.link(r))
				fmt.Fprint(w, "[1]")
			})
			_, err := readAll(t, s, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "steal") {
				t.Errorf("%v; want %q", err, tt.want)
			}
			if errors.Is(err, ErrMorePages) != (tt.name == "endless pages") {
				t.Errorf("%v is taken for too many pages, or is not", err)
			}
		})
	}
}

func TestLinksAreReadAsTheyAreWritten(t *testing.T) {
	tests := []struct{ header, want string }{
		{`<a>; rel=next`, "a"},
		{`<a>;rel="next"`, "a"},
		{`<a> ; REL = "Next"`, "a"},
		{`<a>; rel="prev"; rel="next"`, ""},
		{`<a>; rel="prev", <b>; rel="next"`, "b"},
		{`<a,b;c>; title="x\"y, <z>; rel=next"; rel=next`, "a,b;c"},
		{`<a>; rel=next; anchor="#x", <b>; rel=next`, "b"},
		{`<a>; rel=nexting`, ""},
		{`<a>; rel`, ""},
		{`<a>`, ""},
		{`a; rel=next`, ""},
		{`<a; rel=next`, ""},
		{`<a>; title="open; rel=next`, ""},
		{``, ""},
	}
	for _, tt := range tests {
		if got := link(http.Header{"Link": {tt.header}}, "next"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.header, got, tt.want)
		}
	}
}

func FuzzLink(f *testing.F) {
	f.Add(`<a>; rel="prev", <b,c>; title="x\"<y>"; rel=next`)
	f.Add(`<>;;=;="`)
	f.Fuzz(func(t *testing.T, header string) {
		got := link(http.Header{"Link": {header}}, "next")
		if !strings.Contains(header, got) {
			t.Errorf("%q has the link %q", header, got)
		}
	})
}
