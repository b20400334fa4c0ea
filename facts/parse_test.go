package facts

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/prodgate/prodgate/internal/strict"
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

func parsed(t testing.TB, data []byte) *Parsed {
	t.Helper()
	p, err := Parse("input.json", data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// problems returns what Parse has against data.
func problems(t *testing.T, data []byte) []Problem {
	t.Helper()
	_, err := Parse("input.json", data)
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got error %v, want an *InvalidError", err)
	}
	return invalid.Problems
}

func TestDocumentHoldsWhatWasWritten(t *testing.T) {
	d := parsed(t, valid(t)).Document()
	ticket := "INC-1482"
	request := Request{ID: "deploy-2026-11-24-1", Service: "payments-api", Environment: "production", Kind: KindPromotion,
		Ticket: &ticket, Trigger: "workflow_dispatch", RequestedBy: "github:583231", TriggeredBy: "github:583231",
		RequestedAt: time.Date(2026, 11, 24, 10, 58, 0, 0, time.FixedZone("", -5*3600))}
	if diff := cmp.Diff(request, d.Request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	custom := map[string]any{"load_test": map[string]any{"p99_ms": json.Number("180"),
		"runs": []any{json.Number("1"), json.Number("2.5"), json.Number("9007199254740993")}, "passed": true, "note": nil}}
	if diff := cmp.Diff(custom, d.Custom); diff != "" {
		t.Errorf("custom (-want +got):\n%s", diff)
	}
	if d.People[1].MFA != nil || d.People[0].MFA == nil || !*d.People[0].MFA {
		t.Errorf("mfa is %v and %v, want true and not known", d.People[0].MFA, d.People[1].MFA)
	}
	if p := d.Production.History[0].Approvers; p == nil || len(p) != 0 {
		t.Errorf("approvers are %#v, want an empty list", p)
	}
}

// TestDocumentIsWhatEncodingJSONReads has the standard library read the same
// bytes: it is laxer, but where both accept they have to mean the same.
func TestDocumentIsWhatEncodingJSONReads(t *testing.T) {
	var want Document
	d := json.NewDecoder(bytes.NewReader(valid(t)))
	d.UseNumber()
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, parsed(t, valid(t)).Document(), cmp.AllowUnexported(Document{})); diff != "" {
		t.Errorf("encoding/json and Parse differ (-json +parse):\n%s", diff)
	}
}

func TestTimesNeverTakeThisMachinesZone(t *testing.T) {
	local := time.Local
	defer func() { time.Local = local }()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	time.Local = newYork
	now := parsed(t, valid(t)).Document().Now
	if got := now.AddDate(0, 8, 0).Format(time.RFC3339); got != "2027-07-24T11:20:00-05:00" {
		t.Errorf("eight months later it is %s: the offset is not fixed", got)
	}
}

func TestCanonicalKnowsNoFormatting(t *testing.T) {
	want := parsed(t, valid(t))
	if bytes.ContainsAny(want.Canonical(), "\n\t") {
		t.Errorf("canonical has space: %s", want.Canonical())
	}
	var compact, indented bytes.Buffer
	if err := errors.Join(json.Compact(&compact, valid(t)), json.Indent(&indented, valid(t), "\t", "   ")); err != nil {
		t.Fatal(err)
	}
	var unordered any
	if err := json.Unmarshal(valid(t), &unordered); err != nil {
		t.Fatal(err)
	}
	edit := func(old, now string) string {
		if !bytes.Contains(valid(t), []byte(old)) {
			t.Fatalf("valid.json has no %q", old)
		}
		return strings.Replace(string(valid(t)), old, now, 1)
	}
	for name, data := range map[string]string{
		"compact":               compact.String(),
		"indented":              indented.String(),
		"with escaped strings":  edit(`"payments-api"`, `"payments\u002dapi"`),
		"with escaped keys":     edit(`"request"`, `"re\u0071uest"`),
		"with escaped slashes":  edit(`"linux/amd64"`, `"linux\/amd64"`),
		"number with fraction":  edit(`300`, `300.0`),
		"number with exponent":  edit(`300`, `3e+2`),
		"number beyond a float": edit(`300`, `300.00000000000000000001`),
		"custom number":         edit(`2.5`, `25E-1`),
	} {
		if got := parsed(t, []byte(data)); got.Digest() != want.Digest() {
			t.Errorf("%s: digest %s, want %s:\n%s", name, got.Digest(), want.Digest(), got.Canonical())
		}
	}
	for _, other := range []string{edit(`9007199254740993`, `9007199254740992`), edit(`"mfa": null,`, ``), edit(`PASSED`, `passed`)} {
		if parsed(t, []byte(other)).Digest() == want.Digest() {
			t.Errorf("another document has the same digest:\n%s", other)
		}
	}
}

func TestNumbersHaveOneSpelling(t *testing.T) {
	for literal, want := range map[string]string{
		"0": "0", "-0": "0", "-0.0e5": "0", "0e308": "0", "7": "7", "-7": "-7", "10": "10", "1.50": "1.5", "0.10": "0.1", "1e3": "1000", "1E-3": "0.001",
		"100000000000000000000": "100000000000000000000", "1e20": "100000000000000000000", "1e21": "1e+21", "123e21": "1.23e+23",
		"1e-6": "0.000001", "1e-7": "1e-7", "-12.5e-9": "-1.25e-8", "0.0000001234": "1.234e-7", "12345678901234567890.5": "12345678901234567890.5",
	} {
		root, _, err := strict.Scan(literal, form)
		if err != nil || root.Text != want {
			t.Errorf("%s is spelled %s (error %v), want %s", literal, root.Text, err, want)
		}
	}
	for _, f := range []float64{math.MaxFloat64, math.SmallestNonzeroFloat64 * 1e20, 1.0 / 3, 1e21, 123456789e-15} {
		data, _ := json.Marshal(f)
		if root, _, err := strict.Scan(string(data), form); err != nil || root.Text != string(data) {
			t.Errorf("%s is spelled %s (error %v), want it as encoding/json has it", data, root.Text, err)
		}
	}
}

func TestLineFindsTheNearestParent(t *testing.T) {
	data := "{\n \"version\": \"v1\",\n \"request\":\n {\"a/b~c\": [\n1,\n2]}\n}"
	root, _, err := strict.Scan(data, form)
	if err != nil {
		t.Fatal(err)
	}
	p := &Parsed{src: data, root: root, lines: true}
	for pointer, want := range map[string]int{
		"": 1, "/version": 2, "/request": 3, "/request/a~1b~0c": 4, "/request/a~1b~0c/0": 5, "/request/a~1b~0c/1": 6,
		"/request/a~1b~0c/2": 4, "/request/a~1b~0c/-": 4, "/request/a~1b~0c/01": 4, "/request/nothing/at/all": 3, "/version/x": 2, "/staging": 1, "/": 1, "request": 0,
	} {
		if got := p.Line(pointer); got != want {
			t.Errorf("%q is on line %d, want %d", pointer, got, want)
		}
	}
	if line := (&Parsed{src: data, root: root}).Line("/version"); line != 0 {
		t.Errorf("a document that was never a file has line %d", line)
	}
}

func TestProblemsAreInTheOrderOfTheDocumentAndLimited(t *testing.T) {
	data := "{" + strings.Repeat("\n\"now\": 1,\n\"x\": 2,", 200) + "\n\"y\": 3}"
	list := problems(t, []byte(data))
	for i := 1; i < len(list); i++ {
		if list[i].Line < list[i-1].Line {
			t.Errorf("line %d after line %d", list[i].Line, list[i-1].Line)
		}
	}
	_, err := Parse("input.json", []byte(data))
	if len(list) != 20 || !strings.Contains(err.Error(), "\n  and 378 more\n") {
		t.Errorf("%d problems listed:\n%v", len(list), err)
	}
}

func TestMessagesCannotMoveTheCursor(t *testing.T) {
	_, err := Parse("in\x1b[2Jput.json", []byte("{\"\x7f\\u001b[31m\\n\": 1, \"version\": \"\\u0007\u202e\"}"))
	for _, r := range err.Error() {
		if r != '\n' && (r < ' ' || r == 0x7f || r == 0x202e) {
			t.Fatalf("message has %q: %q", r, err.Error())
		}
	}
	_, err = Parse("input.json", []byte(`{"version": "v1", "`+strings.Repeat("ä", 1<<16)+`": "`+strings.Repeat("ö", 1<<16)+`"}`))
	if len(err.Error()) > 4096 {
		t.Errorf("message is %d bytes long", len(err.Error()))
	}
}

func TestFromDocumentPassesTheSameChecks(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Document)
		want   []Problem
	}{
		{"findings that nobody looked for", func(d *Document) { d.Vulnerabilities.Scans[0].Findings = nil },
			[]Problem{{Path: "/vulnerabilities/scans/0/findings", Message: "is null; want a list", Hint: "[] says that somebody looked and there are none"}}},
		{"a key with a slash", func(d *Document) { d.Sources["a/b~c"] = d.Sources["custom.chaos"] },
			[]Problem{{Path: "/sources/a~1b~0c", Message: "unknown key", Hint: "want " + documentShape().field("sources").shape.keys.wanted()}}},
		{"no sources", func(d *Document) { d.Sources = nil },
			[]Problem{{Path: "/sources", Message: "is null; want an object"}}},
		{"a section without its source", func(d *Document) { delete(d.Sources, "people") },
			[]Problem{{Path: "/people", Message: `has no source; want /sources/people with status "ok"`, Hint: "leave the section out if it could not be read"}}},
		{"a source without its section", func(d *Document) { d.People = nil },
			[]Problem{{Path: "/sources/people/status", Message: `is "ok" but the document has no section "people"; want the section, or status "error" or "unconfigured"`}}},
		{"a time nobody set", func(d *Document) { d.CollectedAt = time.Time{} },
			[]Problem{{Path: "/collected_at", Message: `is "0001-01-01T00:00:00Z"; want ` + wantedInstant}}},
		{"a year JSON cannot write", func(d *Document) { d.Now = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
			[]Problem{{Message: "cannot be written as JSON: json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]"}}},
		{"a custom section of nothing", func(d *Document) { d.Add(Custom{Name: "load_test"}) },
			[]Problem{{Path: "/custom/load_test", Message: "is null; want any value but null", Hint: "leave the section out if it could not be read"}}},
		{"a custom section that is no JSON", func(d *Document) { d.Add(Custom{"load_test", func() {}}) },
			[]Problem{{Message: "cannot be written as JSON: json: unsupported type: func()"}}},
		{"an identifier that is not UTF-8", func(d *Document) { d.Request.Service = "payments\xff" },
			[]Problem{{Path: "/request/service", Message: "is \"payments\uFFFD\"; want " + strict.FormatNamed("identifier").Wanted}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parsed(t, valid(t)).Document()
			c.change(d)
			_, err := FromDocument(d)
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("got error %v, want an *InvalidError", err)
			}
			if diff := cmp.Diff(c.want, invalid.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := FromDocument(nil); err == nil {
		t.Error("no document at all is accepted")
	}
}

func TestFromDocumentRemembersWhoCollected(t *testing.T) {
	d := parsed(t, valid(t)).Document()
	for _, collected := range []bool{false, true} {
		if collected {
			d.MarkCollected()
		}
		p, err := FromDocument(d)
		if err != nil {
			t.Fatal(err)
		}
		if p.Document().Collected() != collected {
			t.Errorf("collected is %v, want %v", p.Document().Collected(), collected)
		}
		if parsed(t, p.Canonical()).Document().Collected() {
			t.Error("a document read from bytes says that it was collected")
		}
	}
}

// TestDocumentsKeepTheirDigest draws documents and sends each through Go and
// bytes, twice.
func TestDocumentsKeepTheirDigest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		first := parsed(t, marshal(t, documents(r)))
		second, err := FromDocument(first.Document())
		if err != nil {
			r.Fatal(err)
		}
		again, err := FromDocument(second.Document())
		if err != nil {
			r.Fatal(err)
		}
		if reread := parsed(t, second.Canonical()); reread.Digest() != second.Digest() || again.Digest() != second.Digest() {
			r.Errorf("%s\nand\n%s\nand\n%s", second.Canonical(), reread.Canonical(), again.Canonical())
		}
		if diff := cmp.Diff(first.Document(), second.Document(), cmp.AllowUnexported(Document{})); diff != "" {
			r.Errorf("the way through Go changed (-before +after):\n%s", diff)
		}
	})
}
