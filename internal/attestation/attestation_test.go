package attestation

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

var sum = strings.Repeat("ab", 32)

func statement(version string) string {
	return `{"_type":"https://in-toto.io/Statement/` + version + `","predicateType":"https://example.com/p","subject":[{"name":"app","digest":{"sha256":"` + sum + `"}}],"predicate":{"a":"???>>>~~~"}}`
}

func envelope(payload string) string {
	return `{"payloadType":"application/vnd.in-toto+json","payload":"` + base64.StdEncoding.EncodeToString([]byte(payload)) + `","signatures":[{"keyid":"k","sig":"eHl6"}]}`
}

func bundle(envelope string) string {
	return `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"x":1},"dsseEnvelope":` + envelope + `}`
}

func TestAStatementIsReadOutOfWhatIsAroundIt(t *testing.T) {
	v1 := statement("v1")
	tests := []struct {
		name, content string
		bare          bool
	}{
		{"v1", v1, true},
		{"v0.1", statement("v0.1"), true},
		{"a byte order mark", "\ufeff" + v1, true},
		{"an envelope", envelope(v1), false},
		{"a bundle", bundle(envelope(v1)), false},
		{"base64 for URLs", strings.Replace(envelope(v1), base64.StdEncoding.EncodeToString([]byte(v1)), base64.URLEncoding.EncodeToString([]byte(v1)), 1), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := ReadOne("f.json", []byte(tt.content))
			if err != nil {
				t.Fatal(err)
			}
			s := a.Statement
			if s.PredicateType != "https://example.com/p" || fmt.Sprint(s.Digests()) != "[sha256:"+sum+"]" || s.Subjects[0].Name != "app" || string(s.Predicate) != `{"a":"???>>>~~~"}` || a.Name != "f.json" {
				t.Errorf("read %+v", a)
			}
			if tt.bare != (a.Envelope == nil) {
				t.Errorf("the envelope is %+v", a.Envelope)
			}
		})
	}
}

func TestWhatSignaturesAreOverIsReturned(t *testing.T) {
	payload := " " + statement("v1") + "\n"
	content := bundle(envelope(payload))
	a, err := ReadOne("f", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	want := &Envelope{PayloadType: PayloadType, Payload: []byte(payload), Signatures: []Signature{{KeyID: "k", Bytes: []byte("xyz")}}, Bundle: []byte(content)}
	if !reflect.DeepEqual(a.Envelope, want) {
		t.Errorf("got %+v", a.Envelope)
	}
}

func TestSeveralAttestationsAreNamedByTheirLine(t *testing.T) {
	all, err := Read("f", []byte(envelope(statement("v1"))+"\n\n"+statement("v0.1")+"\n"))
	if err != nil || len(all) != 2 || all[0].Name != "f:1" || all[1].Name != "f:3" {
		t.Errorf("read %+v, %v", all, err)
	}
	if _, err := ReadOne("f", []byte(statement("v1")+statement("v1"))); err == nil || !strings.Contains(err.Error(), "contains 2 attestations") {
		t.Errorf("two read as one: %v", err)
	}
}

func TestInvalidAttestationsAreErrors(t *testing.T) {
	v1 := statement("v1")
	swap := func(old, new string) string { return strings.Replace(v1, old, new, 1) }
	sealed := func(old, new string) string { return strings.Replace(envelope(v1), old, new, 1) }
	tests := []struct{ name, content, want string }{
		{"nothing", " ", "f:1: not JSON: it ends too early"},
		{"half of one", v1[:40], "f:1: not JSON: it ends too early"},
		{"a damaged second", v1 + "\n\n{", "f:3: not JSON"},
		{"text", "x", "f:1: not JSON"},
		{"not UTF-8", "{\"\xff\":1}", "f: not UTF-8"},
		{"a list", "[]", "f:1: not a JSON object"},
		{"another object", "{}", `f:1: not an in-toto statement: _type is ""`},
		{"a later version", statement("v2"), `_type is "https://in-toto.io/Statement/v2"`},
		{"a type that is not text", swap(`"https://in-toto.io/Statement/v1"`, "1"), "_type must be text"},
		{"a predicate type that is not text", swap(`"https://example.com/p"`, "1"), "predicateType must be text"},
		{"a duplicate key", swap(`"predicateType"`, `"predicateType":"x","predicateType"`), `the key "predicateType" is given twice`},
		{"a key in two cases", swap(`"predicateType"`, `"PredicateType":"x","predicateType"`), `the key "predicateType" is given twice`},
		{"two digests", swap(`"sha256"`, `"sha256":"00","sha256"`), `subject: the key "sha256" is given twice`},
		{"a number for subjects", swap(`"subject":[`, `"subject":7,"x":[`), "subject must be a list"},
		{"too many subjects", swap(`"subject":[`, `"subject":[`+strings.Repeat("{},", 10001)), "more than 10000 subjects"},
		{"too many digests", swap(`"subject":[`, `"subject":[`+strings.Repeat("{},", maxTokens)), "subject: more than 1000000 values"},
		{"a statement and an envelope", sealed("{", `{"_type":"https://in-toto.io/Statement/v1",`), "both a statement and an envelope"},
		{"an envelope and a bundle", sealed("{", `{"dsseEnvelope":`+envelope(v1)+`,`), "both a statement and an envelope"},
		{"an envelope of text", sealed("application/vnd.in-toto+json", "text/plain"), `envelope: payloadType is "text/plain", and must be "application/vnd.in-toto+json"`},
		{"an envelope of nothing", envelope(""), "payload: not a JSON object"},
		{"an envelope of bytes", envelope("\xff"), "payload: not UTF-8"},
		{"an envelope of two", envelope(v1 + v1), "payload: a second value follows"},
		{"an envelope in an envelope", envelope(envelope(v1)), "payload: not an in-toto statement"},
		{"a payload that is not base64", `{"payloadType":"application/vnd.in-toto+json","payload":"*"}`, "payload is not base64"},
		{"two payloads", sealed(`"payload":`, `"payload":"","payload":`), `the key "payload" is given twice`},
		{"two payloads in a bundle", bundle(sealed(`"payload":`, `"Payload":"","payload":`)), `the key "payload" is given twice`},
		{"two signatures in one", sealed(`"sig":`, `"sig":"","sig":`), `the key "sig" is given twice`},
		{"a signature that is not base64", sealed("eHl6", "*"), "signatures[0].sig is not base64"},
		{"a text for signatures", sealed(`"signatures":[`, `"signatures":"","x":[`), "signatures a list of objects"},
		{"too many signatures", sealed(`"signatures":[`, `"signatures":[`+strings.Repeat("{},", 101)), "more than 100 signatures"},
		{"a bundle of nothing", bundle("null"), `payloadType is ""`},
		{"a bundle of a signature", `{"mediaType":"x","messageSignature":{}}`, "a signature without a statement"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if all, err := Read("f", []byte(tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want %q", all, err, tt.want)
			}
		})
	}
}

func TestDigestsHaveOneSpelling(t *testing.T) {
	tests := []struct {
		digest map[string]string
		want   string
	}{
		{map[string]string{"sha256": strings.ToUpper(sum)}, "sha256:" + sum},
		{map[string]string{"sha1": sum}, "no sha256 digest"},
		{map[string]string{"sha256": "ab"}, `invalid digest "sha256:ab"`},
		{map[string]string{"sha256": "sha256:" + sum}, "invalid digest"},
		{map[string]string{"sha256": sum + "\n"}, "invalid digest"},
	}
	for _, tt := range tests {
		got, err := Subject{Digest: tt.digest}.SHA256()
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%v is %q, want %q", tt.digest, got, tt.want)
		}
	}
}

func TestADocumentIsTakenOutOfWhatCosignPutsAroundIt(t *testing.T) {
	for predicate, want := range map[string]string{
		`{"a":1}`:              `{"a":1}`,
		`{"Data":{"a":1}}`:     `{"a":1}`,
		`{"Data":"{\"a\":1}"}`: `{"a":1}`,
		`{"Data":null}`:        "null",
		`{"data":1}`:           `{"data":1}`,
		`[]`:                   "predicate: not a JSON object",
		``:                     "predicate: not a JSON object",
		`{"Data":"","Data":1}`: `predicate: the key "Data" is given twice`,
	} {
		got, err := Statement{Predicate: []byte(predicate)}.Document()
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != want {
			t.Errorf("%s: %s, want %s", predicate, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{statement("v1"), envelope(statement("v0.1")), bundle(envelope(statement("v1"))), statement("v1") + "\n" + envelope(statement("v1")), `{"subject":[{"digest":{"sha256":1}}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		all, err := Read("f", content)
		if (err == nil) != (len(all) > 0) {
			t.Fatalf("%d attestations, %v", len(all), err)
		}
		for _, a := range all {
			if !statementTypes[a.Statement.Type] {
				t.Errorf("a statement of the type %q was read", a.Statement.Type)
			}
			_, _ = a.Statement.Document()
			if a.Envelope == nil {
				continue
			}
			_, _ = a.Envelope.Material()
			bare, err := ReadOne("f", a.Envelope.Payload)
			if err != nil || !reflect.DeepEqual(bare.Statement, a.Statement) || bare.Envelope != nil {
				t.Errorf("the payload alone reads as %+v, %v; in its envelope as %+v", bare.Statement, err, a.Statement)
			}
		}
	})
}
