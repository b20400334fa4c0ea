package evaluator

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// call gives a function's result as text, or its error.
func call(t *testing.T, function topdown.BuiltinFunc, operands ...*ast.Term) string {
	t.Helper()
	result := "nothing"
	err := function(topdown.BuiltinContext{}, operands, func(found *ast.Term) error {
		result = found.String()
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return result
}

// Years in which every release of the data agrees on these zones.
func TestLocalTimesAreOPAsOwn(t *testing.T) {
	own := ownZones()
	same := func(name string, operands ...*ast.Term) {
		t.Helper()
		stock := call(t, topdown.GetBuiltin(name), operands...)
		if got := call(t, own[ownZonesPrefix+name].Func, operands...); got != stock {
			t.Errorf("%s(%v) = %s, in stock OPA %s", name, operands, got, stock)
		}
	}
	term := ast.MustParseTerm
	start := time.Date(2012, 1, 30, 0, 30, 0, 0, time.UTC)
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "CET", "UTC", ""} {
		for day := range 500 {
			at := start.AddDate(0, 0, day).Add(time.Duration(day) * 37 * time.Minute)
			local := term(fmt.Sprintf("[%d, %q]", at.UnixNano(), name))
			for _, function := range []string{"time.clock", "time.date", "time.weekday", "time.format"} {
				same(function, local)
			}
			same("time.add_date", local, term("1"), term("-1"), term("31"))
			same("time.diff", local, term(fmt.Sprint(start.UnixNano())))
			same("time.diff", term(fmt.Sprint(start.UnixNano())), local)
		}
		for layout := range layouts {
			same("time.format", term(fmt.Sprintf("[1353672000123456789, %q, %q]", name, layout)))
		}
		same("time.format", term(fmt.Sprintf("[1353672000123456789, %q, %q]", name, "Mon 02 Jan 15:04 MST")))
	}
	for _, odd := range []string{`"text"`, `[]`, `["x", "Europe/Berlin"]`, `[1.5, "Europe/Berlin"]`, `[1e30, "Europe/Berlin"]`, `[1, 2]`, `null`, `[1, "Europe/Berlin", 3]`} {
		same("time.clock", term(odd))
	}
	same("time.add_date", term(`[9223372036854775807, "UTC"]`), term("1"), term("0"), term("0"))
	same("time.add_date", term(`[9223372036854775807, "Asia/Tokyo"]`), term("1"), term("0"), term("0"))
	same("time.parse_ns", term(`"RFC3339"`), term(`"2026-07-01T09:30:00-06:00"`))
	same("time.parse_ns", term(`"2006-01-02"`), term(`"2026-07-01"`))
	same("time.parse_ns", term(`"2006-01-02"`), term(`"1500-07-01"`))
	same("time.parse_ns", term(`"2006-01-02"`), term(`"text"`))
	same("time.parse_ns", term(`"2006-01-02"`), term(`1`))
}

// An abbreviation would be that of the machine's own zone.
func TestAnAbbreviationOfAZoneIsNotTheMachines(t *testing.T) {
	local := time.Local
	defer func() { time.Local = local }()
	time.Local = time.FixedZone("EST", -5*60*60)
	got := call(t, ownZones()[ownZonesPrefix+"time.parse_ns"].Func, ast.MustParseTerm(`"RFC1123"`), ast.MustParseTerm(`"Wed, 01 Jul 2026 09:30:00 EST"`))
	if want := fmt.Sprint(time.Date(2026, 7, 1, 9, 30, 0, 0, time.UTC).UnixNano()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNamesThatAreNotZones(t *testing.T) {
	for _, name := range []string{"Local", "localtime", "posixrules", "Factory", "europe/berlin", "right/Europe/Berlin", "Mars/Olympus"} {
		operand := ast.MustParseTerm(fmt.Sprintf("[1353672000000000000, %q]", name))
		for _, function := range []string{"time.clock", "time.date", "time.weekday", "time.format"} {
			if got := call(t, ownZones()[ownZonesPrefix+function].Func, operand); !strings.Contains(got, "unknown time zone") {
				t.Errorf("%s of %q = %s", function, name, got)
			}
		}
		pack := packOf(t, map[string]string{"data.yaml": "prodgate: {organisation: {window: {timezone: " + name + "}}}\n"})
		_, err := New(t.Context(), Options{Packs: []string{pack}})
		if err == nil || !strings.Contains(err.Error(), "window.timezone") || !strings.Contains(err.Error(), name) {
			t.Errorf("window.timezone: %s: %v", name, err)
		}
	}
}

const zoneCheck = `# METADATA
# title: Morning
# description: It is morning.
package prodgate.v1.checks.acme_morning

default pass := false

needs := set()

pass if {
	[hour, _, _] := time["clock"]([time.parse_rfc3339_ns(input.now), "America/New_York"])%s
	hour >= 0
}
`

// Every call that compiled rules make, in whatever spelling, is to ownZones.
func TestNoRuleAsksTheMachineForAZone(t *testing.T) {
	e, err := New(t.Context(), Options{Packs: []string{packOf(t, map[string]string{"morning.rego": fmt.Sprintf(zoneCheck, "")})}})
	if err != nil {
		t.Fatal(err)
	}
	pointed := 0
	for _, module := range e.compiler.Modules {
		ast.WalkRefs(module, func(ref ast.Ref) bool {
			if localTimes()[ref.String()] != nil {
				t.Errorf("%s: %s", ref[0].Location, ref)
			}
			if ownZones()[ref.String()] != nil {
				pointed++
			}
			return false
		})
	}
	if pointed < 4 {
		t.Errorf("only %d calls", pointed)
	}
}

func TestARuleCannotReplaceLocalTimeFunctions(t *testing.T) {
	const replaced = " with time.clock as [1, 2, 3]"
	_, err := New(t.Context(), Options{Packs: []string{packOf(t, map[string]string{"morning.rego": fmt.Sprintf(zoneCheck, replaced)})}})
	if err == nil || !strings.Contains(err.Error(), "time.clock") || !strings.Contains(err.Error(), "morning.rego:11") {
		t.Errorf("%v", err)
	}
}

// packOf is a folder with these files.
func packOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The release of the zone data is part of the identity, in a bundle too.
func TestTheZoneDataBelongToTheIdentity(t *testing.T) {
	e, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if e.Zones() == "" {
		t.Fatal("no release")
	}
	bundle, err := e.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewFromBundle(t.Context(), bundle)
	if err != nil {
		t.Fatal(err)
	}
	if again.Policy() != e.Policy() || again.Zones() != e.Zones() {
		t.Errorf("%v %s, want %v %s", again.Policy(), again.Zones(), e.Policy(), e.Zones())
	}
	for _, zones := range []string{"", "2024a"} {
		other := *e.rules
		other.zones = zones
		if id, err := other.identity(); err != nil || id.Digest == e.Policy().Digest {
			t.Errorf("zone data %q: %v, %v", zones, id, err)
		}
	}
}
