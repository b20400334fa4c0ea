package report_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/report"
)

func TestSARIFHasOneRuleForEachCode(t *testing.T) {
	run := checkSARIF(t, render("sarif", denied(), options()))
	ids := map[string]bool{}
	for _, rule := range list(run, "tool", "driver", "rules") {
		ids[rule.(map[string]any)["id"].(string)] = true
	}
	results := list(run, "results")
	if len(ids) != 4 || len(results) != 5 {
		t.Errorf("%d rules, %d results; want 4 and 5: %v", len(ids), len(results), ids)
	}
	for i, want := range []string{"error", "error", "error", "warning", "note"} {
		result := results[i].(map[string]any)
		if result["level"] != want {
			t.Errorf("result %d (%v) has level %v, want %s", i, result["ruleId"], result["level"], want)
		}
		if _, suppressed := result["suppressions"]; suppressed != (i == 4) {
			t.Errorf("result %d (%v): suppressed is %v", i, result["ruleId"], suppressed)
		}
	}
	if got := dig(results[0], "locations", 0, "physicalLocation", "region", "startLine"); got != 230.0 {
		t.Errorf("line %v, want 230", got)
	}
	if got := dig(results[2], "properties", "opens_at"); got != "2026-11-24T11:39:00-05:00" {
		t.Errorf("opens_at %v", got)
	}
	if got := dig(run, "tool", "driver", "rules", 1, "helpUri"); got != "https://docs.example.com/approval" {
		t.Errorf("helpUri %v", got)
	}
}

func TestSARIFAlwaysPointsIntoAFile(t *testing.T) {
	rule := func(code string) (string, int) { return "policies/" + code + ".rego", 21 }
	for name, c := range map[string]struct {
		options report.Options
		uri     string
		line    float64
	}{
		"the document":            {options(), "release.json", 230},
		"a document without line": {report.Options{InputName: "a b/ü:c.json"}, "a%20b/%C3%BC:c.json", 1},
		"a colon in the name":     {report.Options{InputName: "c:d.json"}, "./c:d.json", 1},
		"an absolute document":    {report.Options{InputName: "/tmp/x.json"}, "file:///tmp/x.json", 1},
		"the rule":                {report.Options{Rule: rule}, "policies/vulnerabilities.critical.rego", 21},
		"neither":                 {report.Options{}, "prodgate.yaml", 1},
	} {
		run := checkSARIF(t, render("sarif", crowd(1, critical()), c.options))
		place := dig(run, "results", 0, "locations", 0, "physicalLocation")
		if uri, at := dig(place, "artifactLocation", "uri"), dig(place, "region", "startLine"); uri != c.uri || at != c.line {
			t.Errorf("%s: %v:%v, want %s:%v", name, uri, at, c.uri, c.line)
		}
	}
}

func TestSARIFNeverLooksCleanWhereTheGateIsShut(t *testing.T) {
	silent := allowed()
	silent.Outcome = evaluator.Deny
	for name, d := range map[string]*evaluator.Decision{"nothing decided": {}, "no finding says why": silent} {
		results := list(checkSARIF(t, render("sarif", d, options())), "results")
		if len(results) != 1 || dig(results[0], "level") != "error" {
			t.Errorf("%s: %v", name, results)
		}
	}
	if results := list(checkSARIF(t, render("sarif", allowed(), options())), "results"); len(results) != 0 {
		t.Errorf("an allow has results: %v", results)
	}
}

func TestSARIFRecognisesTheSameFindingAgain(t *testing.T) {
	print := func(change func(*evaluator.Decision)) any {
		d := crowd(1, critical())
		change(d)
		return dig(checkSARIF(t, render("sarif", d, options())), "results", 0, "partialFingerprints", "prodgate/v1")
	}
	first := print(func(*evaluator.Decision) {})
	if again := print(func(d *evaluator.Decision) { d.Now = at(25, 1, 1); d.Findings[0].Message = "other words" }); again != first {
		t.Error("a later run has another fingerprint")
	}
	if other := print(func(d *evaluator.Decision) { d.Findings[0].Item = ptr("CVE-2026-9999") }); other == first {
		t.Error("another item has the same fingerprint")
	}
	if other := print(func(d *evaluator.Decision) { d.Request.Service = "web" }); other == first {
		t.Error("another service has the same fingerprint")
	}
}

func FuzzSARIF(f *testing.F) {
	f.Add(attack)
	f.Add("{0} {a} [x](1) \x00")
	f.Fuzz(func(t *testing.T, s string) {
		out := render("sarif", hostile(s), report.Options{InputName: s})
		checkSARIF(t, out)
		plain(t, out)
	})
}

// placeholder is what a SARIF reader would fill in or make a link of.
var placeholder = regexp.MustCompile(`(^|[^{])(\{\{)*\{[^{]|\]\(`)

// checkSARIF fails unless document has what the standard requires, and gives
// its only run.
func checkSARIF(t *testing.T, document string) any {
	t.Helper()
	log := parse(t, document)
	if dig(log, "version") != "2.1.0" || !strings.HasSuffix(fmt.Sprint(dig(log, "$schema")), "sarif-2.1.0.json") || len(list(log, "runs")) != 1 {
		t.Fatalf("not a SARIF 2.1.0 log of one run:\n%s", document)
	}
	run := dig(log, "runs", 0)
	if dig(run, "tool", "driver", "name") != "prodgate" || dig(run, "invocations", 0, "executionSuccessful") != true {
		t.Errorf("tool or invocation is missing:\n%s", document)
	}
	rules := list(run, "tool", "driver", "rules")
	seen := map[any]bool{}
	for i, rule := range rules {
		if id := dig(rule, "id"); id == "" || seen[id] {
			t.Errorf("rule %d has no id of its own", i)
		} else {
			seen[id] = true
		}
		for _, key := range []string{"shortDescription", "fullDescription", "help"} {
			sarifMessage(t, dig(rule, key, "text"))
		}
	}
	for _, result := range list(run, "results") {
		index := int(dig(result, "ruleIndex").(float64))
		if dig(rules[index], "id") != dig(result, "ruleId") {
			t.Errorf("ruleIndex %d is not rule %v", index, dig(result, "ruleId"))
		}
		sarifMessage(t, dig(result, "message", "text"))
		if level := dig(result, "level"); level != "error" && level != "warning" && level != "note" {
			t.Errorf("level %v", level)
		}
		place := dig(result, "locations", 0, "physicalLocation")
		if uri, err := url.Parse(dig(place, "artifactLocation", "uri").(string)); err != nil || uri.String() == "" {
			t.Errorf("uri %v: %v", uri, err)
		}
		if at := dig(place, "region", "startLine").(float64); at < 1 {
			t.Errorf("line %v", at)
		}
	}
	return run
}

func sarifMessage(t *testing.T, text any) {
	t.Helper()
	if s, ok := text.(string); !ok || s == "" || placeholder.MatchString(s) {
		t.Errorf("not a plain message: %q", text)
	}
}

// dig follows keys and indexes; what is not there is nil.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			array, _ := v.([]any)
			if step >= len(array) {
				return nil
			}
			v = array[step]
		}
	}
	return v
}

func list(v any, path ...any) []any {
	array, _ := dig(v, path...).([]any)
	return array
}
