package attestation

import (
	"strings"
	"testing"
)

func TestStatementsAreWrittenInOneForm(t *testing.T) {
	subjects := []Subject{{Name: "app", Digest: map[string]string{"sha256": sum}}}
	got, err := NewStatement("https://example.com/p", subjects, []byte(` { "b" : 1.0, "a" : "<é>" } `))
	want := `{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":"<é>","b":1},"predicateType":"https://example.com/p","subject":[{"digest":{"sha256":"` + sum + `"},"name":"app"}]}`
	if err != nil || string(got) != want {
		t.Fatalf("wrote %s, %v; want %s", got, err, want)
	}
	a, err := ReadOne("f", got)
	if err != nil || a.Statement.PredicateType != "https://example.com/p" || a.Statement.Digests()[0] != "sha256:"+sum {
		t.Errorf("it reads as %+v, %v", a, err)
	}
}

func TestInvalidStatementsAreNotWritten(t *testing.T) {
	good := []Subject{{Name: "app", Digest: map[string]string{"sha256": sum}}}
	tests := []struct {
		name, predicateType string
		subjects            []Subject
		predicate, want     string
	}{
		{"no predicate type", "", good, "{}", "no predicate type"},
		{"no subject", "p", nil, "{}", "0 subjects; must have 1 to 10000"},
		{"a subject without a digest", "p", []Subject{{Name: "app"}}, "{}", `subject "app": no sha256 digest`},
		{"a short digest", "p", []Subject{{Digest: map[string]string{"sha256": "ab"}}}, "{}", "invalid digest"},
		{"no predicate", "p", good, "", "predicate: not a JSON object"},
		{"a list", "p", good, "[]", "predicate: not a JSON object"},
		{"half a predicate", "p", good, `{"a":`, "predicate: not JSON: it ends too early"},
		{"a duplicate key", "p", good, `{"a":{"b":1,"b":2}}`, "uplicate key"},
		{"a long number", "p", good, `{"a":12345678901234567890}`, "the number 12345678901234567890 has more digits than JSON readers keep; write it as text"},
		{"a huge number", "p", good, `{"a":1e999}`, "no 64-bit float holds the number 1e999"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := NewStatement(tt.predicateType, tt.subjects, []byte(tt.predicate)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("wrote %s, %v; want %q", got, err, tt.want)
			}
		})
	}
}
