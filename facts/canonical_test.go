package facts

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/canonical"
	"github.com/prodgate/prodgate/internal/fixture"
)

// The documents of all stories are canonical as RFC 8785 says, so that any tool
// for it finds the same digest.
func TestDocumentsAreCanonicalJSON(t *testing.T) {
	stories, err := fixture.All(filepath.Join("..", "fixtures", "cases"))
	if err != nil || len(stories) < 50 {
		t.Fatalf("%d stories, %v", len(stories), err)
	}
	for _, s := range stories {
		p, err := Parse(s.Name, s.Document)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := canonical.Transform(s.Document); err != nil || string(p.Canonical()) != string(want) {
			t.Errorf("%s: %v\n got %s\nwant %s", s.Name, err, p.Canonical(), want)
		}
	}
}

// Digests that are recorded stay what they are, where RFC 8785 would have another.
func TestWhereDocumentsDifferFromRFC8785(t *testing.T) {
	for name, c := range map[string]struct{ custom, want, rfc string }{
		"a number that no float holds": {`{"a":12345678901234567890,"b":0.10000000000000000001}`, `{"a":12345678901234567890,"b":0.10000000000000000001}`, `{"a":12345678901234567000,"b":0.1}`},
		"keys beyond U+FFFF":           {"{\"\U0001f600\":1,\"\ufb33\":2}", "{\"\ufb33\":2,\"\U0001f600\":1}", "{\"\U0001f600\":1,\"\ufb33\":2}"},
	} {
		document := strings.Replace(string(valid(t)), `"custom": {`, `"custom": {"x": `+c.custom+`, `, 1)
		document = strings.Replace(document, `"sources": {`, `"sources": {"custom.x": {"status": "ok", "kind": "file"}, `, 1)
		if got := string(parsed(t, []byte(document)).Canonical()); !strings.Contains(got, `"x":`+c.want) {
			t.Errorf("%s: %s", name, got)
		}
		if got, err := canonical.Transform([]byte(c.custom)); err != nil || string(got) != c.rfc {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}
