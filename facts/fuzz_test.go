package facts

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/internal/strict"
)

// FuzzParse: whatever the bytes, Parse either says what is wrong or returns a
// document that keeps its digest and means what encoding/json reads.
func FuzzParse(f *testing.F) {
	f.Add(valid(f))
	f.Add([]byte(`{"version": "v1"}`))
	f.Add([]byte(`{"version": "v1", "now": null, "request": {"kind": []}, "sources": {"custom.x": {"status": "ok"}}, "custom": {"x": 1e2}}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("fuzz.json", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.json: not a valid input document") || p != nil {
				t.Errorf("got %v and error %v", p, err)
			}
			return
		}
		sameMeaning(t, string(data), string(p.Canonical()))
		if again := parsed(t, p.Canonical()); again.Digest() != p.Digest() {
			t.Errorf("digest changed from\n%s\nto\n%s", p.Canonical(), again.Canonical())
		}
		q, err := FromDocument(p.Document())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Document(), q.Document(), cmp.AllowUnexported(Document{})); diff != "" {
			t.Errorf("the way through Go changed (-before +after):\n%s", diff)
		}
	})
}

// FuzzScan: the scanner reads what encoding/json calls valid, with the same
// meaning, or says which of its own limits is broken.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{``, ` {} `, `[1,-0.5e+3,"\u00e9\ud83d\ude00\n"]`, `{"a":{"b":[true,false,null]},"":0}`, `[1,]`, `{"a"}`, `"\ud800"`, `nul`,
		`01`, `1.`, `.5`, `-`, `"\x"`, "\"\t\"", `{"a":1,"a":2}`, `[] []`, `{,}`, `1e400`, `"é"`, string(valid(f))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if !utf8.ValidString(src) {
			return
		}
		root, twice, err := strict.Scan(src, form)
		switch {
		case err != nil && json.Valid([]byte(src)):
			if m := err.Error(); !strings.Contains(m, "surrogate") && !strings.Contains(m, "a number in column") && !strings.Contains(m, "more than") {
				t.Errorf("%q is JSON, but: %v", src, err)
			}
		case err == nil && !json.Valid([]byte(src)):
			t.Errorf("%q is no JSON", src)
		case err == nil && twice.List == nil:
			sameMeaning(t, src, string(appendCanonical(nil, &root)))
		}
	})
}

// sameMeaning has encoding/json compare two texts.
func sameMeaning(t *testing.T, before, after string) {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(before), &x); err != nil {
		t.Fatalf("%v: %q", err, before)
	}
	if err := json.Unmarshal([]byte(after), &y); err != nil {
		t.Fatalf("%v: %q", err, after)
	}
	if !reflect.DeepEqual(x, y) {
		t.Errorf("%q became %q", before, after)
	}
}
