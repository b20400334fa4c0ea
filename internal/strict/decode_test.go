package strict

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

// thing has one field of each kind that sources use.
type thing struct {
	Line    int        `json:"-"`
	Name    string     `json:"name" schema:"nonempty"`
	Person  string     `json:"person" schema:"person"`
	At      time.Time  `json:"at"`
	Until   *time.Time `json:"until"`
	On      bool       `json:"on"`
	Seconds *float64   `json:"seconds"`
	Service []string   `json:"service,omitempty" schema:"identifier,min=1"`
	Inner   *struct {
		Digest string `json:"digest" schema:"digest"`
	} `json:"inner"`
}

const whole = `# a comment
name: x
person: Lead@Example.com
at: 2026-11-24T10:00:00-05:00
on: true
until: null
`

func TestDecodeReadsYAMLAndJSONAlike(t *testing.T) {
	for name, content := range map[string]string{
		"a.yaml":   whole + "service: [Payments-API]\nseconds: 1.5\n",
		"a.json":   `{"name":"x","person":"mailto:lead@example.com","at":"2026-11-24T10:00:00-05:00","on":true,"service":["payments-api"],"seconds":1.5}`,
		"tab.yaml": "{\n\t\"name\": \"x\",\n\t\"person\": \"lead@example.com\", \"at\": \"2026-11-24T15:00:00Z\", \"on\": true, \"service\":[\"payments-api\"], \"seconds\": 1.5}",
		"bom.json": "\ufeff" + `{"name":"x","person":"lead@example.com","at":"2026-11-24T15:00:00Z","on":true,"service":["payments-api"],"seconds":15e-1}`,
	} {
		var got thing
		if err := (Text{Name: name, Data: []byte(content)}).Decode(&got, Rules{}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		at := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
		if got.Name != "x" || got.Person != "mailto:lead@example.com" || !got.At.Equal(at) || !got.On || *got.Seconds != 1.5 || got.Service[0] != "payments-api" {
			t.Errorf("%s: read %+v", name, got)
		}
	}
}

func TestDecodeSaysWhereAndWhat(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"an unknown key", whole + "nam: y\n", "f.yaml:7: nam is an unknown key; did you mean \"name\"?"},
		{"a key like no other", whole + "colour: y\n", "f.yaml:7: colour is an unknown key; known keys are at, inner, name, on, person, seconds, service, until"},
		{"a key in capitals", whole + "Name: y\n", "f.yaml:7: Name is an unknown key; did you mean \"name\"?"},
		{"a missing key", "name: x\n", "f.yaml:1: at is missing; write it"},
		{"a key twice", whole + "on: false\n", `f.yaml:7: the key "on" is given twice`},
		{"null where there must be something", strings.Replace(whole, "on: true", "on:", 1), "f.yaml:5: on is null, and must be true or false"},
		{"a word for true", strings.Replace(whole, "on: true", "on: yes", 1), "f.yaml:5: on is a text, and must be true or false"},
		{"a list for a text", strings.Replace(whole, "name: x", "name: [x]", 1), "f.yaml:2: name is a list, and must be a text"},
		{"true for a text", strings.Replace(whole, "name: x", "name: true", 1), "f.yaml:2: name is true or false, and must be a text"},
		{"an empty text", strings.Replace(whole, "name: x", "name: ' '", 1), `f.yaml:2: name is " ": must not be empty`},
		{"no person", strings.Replace(whole, "Lead@Example.com", "the lead", 1), "f.yaml:3: person is \"the lead\": must be a person"},
		{"a time without offset", strings.Replace(whole, "-05:00", "", 1), `f.yaml:4: at is "2026-11-24T10:00:00", and must be a time with its offset`},
		{"a date for a time", strings.Replace(whole, "T10:00:00-05:00", "", 1), `f.yaml:4: at is "2026-11-24"`},
		{"a number for a time", strings.Replace(whole, "2026-11-24T10:00:00-05:00", "1764000000", 1), "f.yaml:4: at is a number"},
		{"the year 1", strings.Replace(whole, "2026-11-24T", "0001-01-01T", 1), "f.yaml:4: at is"},
		{"infinitely many seconds", whole + "seconds: .inf\n", "f.yaml:7: seconds is a number, and must be a number"},
		{"an empty list that needs an entry", whole + "service: []\n", "f.yaml:7: service is an empty list, and needs at least one entry"},
		{"null for a list", whole + "service:\n", "f.yaml:7: service is null, and must be a list ([] for none)"},
		{"an identifier with a space", whole + "service: [pay me]\n", `f.yaml:7: service[0] is "pay me": must be an identifier`},
		{"a digest in capitals", whole + "inner: {digest: SHA256:AB}\n", `f.yaml:7: inner.digest is "SHA256:AB": must be a digest`},
		{"a list at the top", "- name: x\n", "f.yaml:1: the file is a list, and must be a mapping"},
		{"an alias", "name: &a x\nperson: *a\n", "f.yaml:2: aliases (*a) are not read"},
		{"a merge key", "<<: {name: x}\n", "f.yaml:1: << is an unknown key"},
		{"a tag", "name: !!binary aGk=\n", "f.yaml:1: tags (!!binary) are not read"},
		{"a second document", whole + "---\nname: y\n", "f.yaml:7: a second document begins here"},
		{"a list as a key", "[a]: x\n", "f.yaml:1: a key must be a word"},
		{"only a comment", "# nothing yet\n", "f.yaml: the file is empty"},
		{"a tab that indents", "name:\n\t- x\n", "f.yaml:2: not YAML"},
		{"too deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), "f.yaml:1: nests more than 64 objects and lists"},
		{"too deep YAML", strings.Repeat("- ", 100) + "x", "f.yaml:1: nests more than 64 mappings and lists"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got thing
			err := Text{Name: "f.yaml", Data: []byte(tt.content)}.Decode(&got, Rules{})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("the error is %v\nwant it to begin %s", err, tt.want)
			}
		})
	}
}

func TestAllProblemsAreListed(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"of a mapping", "name: ' '\nperson: the lead\nat: x\nnam: y\n", `f.yaml:1: name is " ": must not be empty
f.yaml:1: on is missing; write it
f.yaml:2: person is "the lead": `},
		{"duplicate keys of YAML", "name: x\nname: y\ninner: {digest: a, digest: b}\n", "f.yaml:2: the key \"name\" is given twice\nf.yaml:3: the key \"digest\" is given twice"},
		{"duplicate keys of JSON", "{\"name\": 1, \"inner\": {\"a/b\": 1,\n\"a/b\": 2}, \"name\": 2}", "f.yaml:2: the key \"a/b\" is given twice\nf.yaml:2: the key \"name\" is given twice"},
		{"up to a number", strings.Repeat("- x\n", 30), strings.Repeat("\n", 20) + "and 10 more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			if strings.HasPrefix(tt.content, "-") {
				err = Text{Name: "f.yaml", Data: []byte(tt.content)}.Decode(new([]thing), Rules{})
				if err != nil {
					err = errors.New(regexp.MustCompile(`(?m)^f.yaml.*$`).ReplaceAllString(err.Error(), ""))
				}
			} else {
				err = Text{Name: "f.yaml", Data: []byte(tt.content)}.Decode(new(thing), Rules{})
			}
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("the errors are\n%v\nwant them to begin\n%s", err, tt.want)
			}
		})
	}
}

func TestRulesSayWhatAFileMustAndMustNotSay(t *testing.T) {
	rules := Rules{Require: []string{"until"}, Refuse: map[string]string{"seconds": "is no business of a file"}, Cure: map[string]string{"on": "write true or false"}}
	tests := []struct{ name, content, want string }{
		{"a required key is missing though it may be null", strings.Replace(whole, "until: null\n", "", 1), "f.yaml:2: until is missing; write it, or null"},
		{"a refused key", whole + "seconds: 1\n", "f.yaml:7: seconds is no business of a file"},
		{"a missing key with a cure", strings.Replace(whole, "on: true\n", "", 1), "f.yaml:2: on is missing; write true or false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Text{Name: "f.yaml", Data: []byte(tt.content)}.Decode(new(thing), rules)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("the error is %v\nwant it to begin %s", err, tt.want)
			}
		})
	}
}

func TestAForeignFileMaySayMoreAndLess(t *testing.T) {
	var got thing
	err := Text{Name: "f.json", Data: []byte(`{"NAME":"other","name":null,"more":[1,{"a":1}]}`)}.Decode(&got, Rules{Foreign: true})
	if err != nil || got.Name != "" {
		t.Errorf("read %+v, %v; want keys matched by exact case, and null as nothing", got, err)
	}
	err = Text{Name: "f.json", Data: []byte(`{"name":"a","name":"b"}`)}.Decode(&got, Rules{Foreign: true})
	if err == nil {
		t.Error("a key that stands there twice was read")
	}
}

func TestLinesAreReadOneByOne(t *testing.T) {
	type line struct {
		A string `json:"a"`
	}
	tests := []struct{ name, content, want string }{
		{"a bad second line", "{\"a\":\"1\"}\n{\"a\":\n{\"a\":\"3\"}\n", "f.jsonl:2: not JSON: ends too early"},
		{"two values on a line", "\n{\"a\":\"1\"} {\"a\":\"2\"}\n", "f.jsonl:2: the line holds 2 values"},
		{"another key", "{\"a\":\"1\"}\n\n{\"b\":\"1\"}\n", "f.jsonl:3: b is an unknown key"},
		{"not UTF-8", "{\"a\":\"\xff\"}\n", "f.jsonl: not UTF-8"},
		{"no JSON", "a: 1\n", "f.jsonl:1: not JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := DecodeLines(Text{Name: "f.jsonl", Data: []byte(tt.content)}, Rules{}, func(l Line) error { return l.Decode(new(line)) })
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("the error is %v\nwant it to begin %s", err, tt.want)
			}
		})
	}
}

// FuzzDecode shows that no file makes the decoder panic, hang or read something
// whose shape was not checked.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`[{"name":"x","at":"2026-11-24T10:00:00Z"}]`))
	f.Add([]byte("a: &a [*a, *a]\n"))
	f.Add([]byte("? [a]\n: |\n  b\n"))
	f.Add([]byte("\xef\xbb\xbf{\"name\":\"\\ud800\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"f.yaml", "f.json"} {
			for _, rules := range []Rules{{One: true}, {Foreign: true}} {
				var list []thing
				if err := (Text{Name: name, Data: data}).Decode(&list, rules); err != nil {
					if !strings.HasPrefix(err.Error(), name) {
						t.Errorf("the error does not name the file: %v", err)
					}
					continue
				}
				if rules.Foreign {
					continue
				}
				for _, got := range list {
					if strings.TrimSpace(got.Name) == "" || !strings.Contains(got.Person, ":") || got.At.Year() < 1970 {
						t.Errorf("read %+v", got)
					}
				}
			}
		}
	})
}

// FuzzDecodeLines does the same for JSON lines.
func FuzzDecodeLines(f *testing.F) {
	f.Add([]byte("{\"name\":\"x\"}\n{\"debt\":{}}\n"))
	f.Add([]byte("{}{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := 0
		err := DecodeLines(Text{Name: "f", Data: data}, Rules{Foreign: true}, func(l Line) error {
			lines++
			return l.Decode(new(thing))
		})
		want := 0
		for _, line := range strings.Split(string(data), "\n") {
			if strings.TrimSpace(line) != "" {
				want++
			}
		}
		if err == nil && lines != want {
			t.Errorf("%d of %d lines were read, without an error", lines, want)
		}
	})
}
