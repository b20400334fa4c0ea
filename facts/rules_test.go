package facts

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/internal/spelling"
)

// TestRulesBetweenValues changes a valid document so that each value is fine
// by itself.
func TestRulesBetweenValues(t *testing.T) {
	reason := "timed out"
	const leaveOut = "leave the section out if it could not be read"
	for _, c := range []struct {
		name   string
		change func(*Document)
		path   string
		want   string
		hint   string
	}{
		{"a freeze that ends before it starts", func(d *Document) { d.Calendar.Freezes[0].End = d.Calendar.Freezes[0].Start.AddDate(-1, 0, 0) },
			"/calendar/freezes/0/end", `is "2025-11-26T00:00:00-05:00"; want a time after "start", which is "2026-11-26T00:00:00-05:00"`, ""},
		{"a holiday without length", func(d *Document) { d.Calendar.Holidays[0].End = d.Calendar.Holidays[0].Start.UTC() },
			"/calendar/holidays/0/end", `is "2026-11-26T05:00:00Z"; want a time after "start", which is "2026-11-26T00:00:00-05:00"`, ""},
		{"a calendar without length", func(d *Document) { d.Calendar.Horizon = d.Calendar.From },
			"/calendar/horizon", `is "2026-11-24T00:00:00-05:00"; want a time after "from", which is "2026-11-24T00:00:00-05:00"`, ""},
		{"a section whose source failed", func(d *Document) { d.Sources["trail"] = Source{Status: StatusError, Kind: "file", Error: &reason} },
			"/trail", `has a source with status "error"; want /sources/trail with status "ok"`, leaveOut},
		{"a section whose source is not configured", func(d *Document) {
			d.Sources["trail"] = Source{Status: StatusUnconfigured, Kind: "none", Error: &reason}
		},
			"/trail", `has a source with status "unconfigured"; want /sources/trail with status "ok"`, leaveOut},
		{"an empty section without a source", func(d *Document) { d.Waivers = []Waiver{}; delete(d.Sources, "waivers") },
			"/waivers", `has no source; want /sources/waivers with status "ok"`, leaveOut},
		{"a custom section without a source", func(d *Document) { delete(d.Sources, "custom.load_test") },
			"/custom/load_test", `has no source; want /sources/custom.load_test with status "ok"`, leaveOut},
		{"a custom source without a section", func(d *Document) { d.Sources["custom.other"] = Source{Status: StatusOK, Kind: "file"} },
			"/sources/custom.other/status", `is "ok" but the document has no section "custom.other"; want the section, or status "error" or "unconfigured"`, ""},
		{"a failed source without a reason", func(d *Document) { d.Sources["custom.other"] = Source{Status: StatusError, Kind: "file"} },
			"/sources/custom.other/error", `is missing; want what went wrong, since status is "error"`, ""},
		{"a source not configured without a reason", func(d *Document) {
			d.Sources["custom.other"] = Source{Status: StatusUnconfigured, Kind: "file", Error: new(string)}
		},
			"/sources/custom.other/error", `is missing; want what went wrong, since status is "unconfigured"`, ""},
		{"a source that was read and was not", func(d *Document) { d.Sources["trail"] = Source{Status: StatusOK, Kind: "file", Error: &reason} },
			"/sources/trail/error", `is given though status is "ok"; want null`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parsed(t, valid(t)).Document()
			c.change(d)
			_, err := FromDocument(d)
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("got error %v, want an *InvalidError", err)
			}
			if diff := cmp.Diff([]Problem{{Path: c.path, Message: c.want, Hint: c.hint}}, invalid.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSuggestionsAreCloseOrAbsent(t *testing.T) {
	names := documentShape().names()
	for word, want := range map[string]string{
		"verfication": "", "Staging": "staging", "STAGING": "staging", "onCall": "on_call", "on-call": "on_call", "aproval": "approvals",
		"collectedAt": "collected_at", "vulnerability": "vulnerabilities", "sorces": "sources", "ex": "", "now_": "now", "known": "", "": "", "when": "",
	} {
		if want != "" {
			want = `did you mean "` + want + `"?`
		}
		if got := spelling.Hint(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
