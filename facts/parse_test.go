package facts

import (
	"os"
	"testing"
)

// valid is a document that uses every key once.
func valid(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/valid.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestValidDocumentSurvivesTheWayThroughGo(t *testing.T) {
	first, err := Parse("valid.json", valid(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := FromDocument(first.Document())
	if err != nil {
		t.Fatal(err)
	}
	third, err := Parse("valid.json", second.Canonical())
	if err != nil {
		t.Fatal(err)
	}
	if third.Digest() != second.Digest() {
		t.Errorf("digest changed: %s, then %s", second.Digest(), third.Digest())
	}
}

func BenchmarkParse(b *testing.B) {
	data := valid(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("valid.json", data); err != nil {
			b.Fatal(err)
		}
	}
}
