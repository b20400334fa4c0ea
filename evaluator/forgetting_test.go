package evaluator

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/internal/race"
)

// earlyCheck passes before 11:25 in New York, which its settings make an edge
// of the clock. What says so is appended: a rule _early.
const earlyCheck = `# METADATA
# title: Early
# description: Early enough.
package prodgate.v1.checks.acme_early

import data.prodgate.v1.lib.clock

default pass := false

needs := set()

pass if _early

needs := set()

# METADATA
# title: Too late
# description: It is too late.
# custom:
#   code: acme_early.late
#   cure: wait
#   remedy: Wait.
#   who: [nobody]
deny contains {"code": "acme_early.late", "path": "/now", "message": "late", "required": "early"} if not pass

_at(text) := time.parse_rfc3339_ns(text)

_limit := _at("2026-11-24T11:25:00-05:00")

`

// newPack writes a pack with one file of rules and an organisation's settings.
func newPack(t testing.TB, rules, settings string) string {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "prodgate", "organisation")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{filepath.Join(dir, "check.rego"): rules, filepath.Join(folder, "data.yaml"): settings} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// withPack are the shipped policies, these rules and settings in YAML, with
// payments-api listed.
func withPack(t testing.TB, rules, settings string) *Evaluator {
	t.Helper()
	table := map[string]any{}
	if err := yaml.Unmarshal([]byte(settings), &table); err != nil {
		t.Fatal(err)
	}
	e, err := New(context.Background(), Options{Packs: []string{newPack(t, rules, withService(table))}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// However a pack's rules come to read now, what they found out at one instant
// is not taken for another: an allow at 11:20 that is a denial from 11:25 on is
// valid until then.
func TestWhatReadsNowIsFoundOutAgain(t *testing.T) {
	race.SkipSweep(t)
	document := storyNamed(t, "allow").document
	for name, rules := range map[string]string{
		"a rule":                       `_early if _at(input.now) < _limit`,
		"a library rule":               `_early if clock.now < _limit`,
		"a function":                   "_early if _before(_limit)\n_before(limit) if _at(input.now) < limit",
		"a function that gives values": "_early if _phase(1) == \"early\"\n_phase(_) := \"early\" if _at(input.now) < _limit\nelse := \"late\"",
		"a function of a function":     "_early if _outer(1)\n_outer(x) if _inner(x)\n_inner(_) if _at(input.now) < _limit",
		"a function of a library rule": "_early if _before(_limit)\n_before(limit) if clock.now < limit",
		"a partial set":                "_early if \"x\" in _names\n_names contains \"x\" if _at(input.now) < _limit",
		"a partial set by key":         "_early if _names.x\n_names contains \"x\" if _at(input.now) < _limit",
		"a partial object":             "_early if _table.x == 1\n_table[name] := 1 if {\n\tsome name in [\"x\", \"y\"]\n\t_at(input.now) < _limit\n}",
		"a rule with a long name":      "_early if _deep.down.x\n_deep.down.x if _at(input.now) < _limit",
		"an else":                      "_early if _word == \"early\"\n_word := \"late\" if _at(input.now) >= _limit\nelse := \"early\"",
		"a default":                    "_early if not _late\ndefault _late := false\n_late if _at(input.now) >= _limit",
		"a comprehension":              "_early if count([1 | some x in [input.now]; _at(x) < _limit]) == 1",
		"every":                        "_early if {\n\tevery x in [1, 2] {\n\t\tx > 0\n\t\t_at(input.now) < _limit\n\t}\n}",
		"a negation":                   "_early if not _late(1)\n_late(_) if _at(input.now) >= _limit",
		"the whole input":              "_early if _before(object.get(input, \"now\", \"\"))\n_before(x) if _at(x) < _limit",
		"a walk":                       "_early if {\n\twalk(input, [path, value])\n\tpath == [\"now\"]\n\t_at(value) < _limit\n}",
		"a key that is not written":    "_early if {\n\tsome key, value in input\n\tkey == \"now\"\n\t_at(value) < _limit\n}",
		"a key from a function":        "_early if _of(\"now\")\n_of(key) if _at(input[key]) < _limit",
		"a copy of the input":          "_early if {\n\tall := input\n\t_at(all.now) < _limit\n}",
		"a rule that is the input":     "_all := input\n_early if _at(_all.now) < _limit",
		"with another input":           "_early if {\n\tnot _late with input.request as {}\n}\n_late if _at(input.now) >= _limit",
		"with another value of a rule": "_early if _before with data.prodgate.v1.checks.acme_early._limit as _limit\n_before if _at(input.now) < _limit",
		"with another function":        "_early if _before(1) with _at as _own\n_own(text) := time.parse_rfc3339_ns(text)\n_before(_) if _at(input.now) < time.parse_rfc3339_ns(\"2026-11-24T11:25:00-05:00\")",
		"a library function":           "_early if not clock.outside({\"start\": \"2026-11-24T00:00:00Z\", \"end\": \"2026-11-24T11:25:00-05:00\"})",
		"a rule found by name":         "_early if {\n\tname := \"now\"\n\tdata.prodgate.v1.lib.clock[name] < _limit\n}",
		"a rule of two bodies":         "_early if _at(input.now) < _limit\n_early if input.version == \"v2\"",
	} {
		if !*everyStory && hashed(name)%3 > 0 {
			continue // each compiles the policies: "make proof" tries all
		}
		t.Run(name, func(t *testing.T) {
			e := withPack(t, earlyCheck+rules+"\n", "additional_checks: [acme_early]\nwindow: {named: {edge: [{days: [Sunday], from: \"11:25\", to: \"11:26\"}]}}\n")
			decision := replay(t, e, document)
			if decision.Outcome != Allow || decision.ValidUntil.Format(time.RFC3339) != "2026-11-24T11:25:00-05:00" {
				t.Errorf("%s until %v; findings %v", decision.Outcome, decision.ValidUntil, decision.Findings)
			}
		})
	}
}

// The first minute of a window on clocks that have a name without a slash.
func TestValidityEndsWithAWindowInAnyZone(t *testing.T) {
	settings := "window:\n  timezone: CET\n  named:\n    business-hours:\n      - {days: [Tuesday], from: \"17:00\", to: \"17:28\"}\n"
	decision := replay(t, withPack(t, "", settings), storyNamed(t, "allow").document)
	if decision.Outcome != Allow || decision.ValidUntil.Format(time.RFC3339) != "2026-11-24T11:28:00-05:00" {
		t.Errorf("%s until %v; findings %v", decision.Outcome, decision.ValidUntil, decision.Findings)
	}
}

// An approval that gets too old at 11:27:11.4 holds for no second that it does
// not hold for in full.
func TestValidityEndsBeforeAFractionOfASecond(t *testing.T) {
	was := []byte(`"approved_at": "2026-11-24T11:02:41-05:00"`)
	document := bytes.Replace(storyNamed(t, "allow").document, was, []byte(`"approved_at": "2026-11-24T11:02:41.4-05:00"`), 1)
	if !bytes.Contains(document, []byte("11:02:41.4")) {
		t.Fatal("the story has another time of approval")
	}
	decision := replay(t, withPack(t, "", "approval: {max_age: 24m30s}\n"), document)
	if decision.Outcome != Allow || decision.ValidUntil.Format(time.RFC3339Nano) != "2026-11-24T11:27:11-05:00" {
		t.Errorf("%s until %v; findings %v", decision.Outcome, decision.ValidUntil, decision.Findings)
	}
}
