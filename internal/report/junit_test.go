package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/report"
)

// suites is JUnit as a reader sees it.
type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Cases    []struct {
		Name    string `xml:"name,attr"`
		Failure *struct {
			Message string `xml:"message,attr"`
			Type    string `xml:"type,attr"`
			Text    string `xml:",chardata"`
		} `xml:"failure"`
		Skipped *struct{} `xml:"skipped"`
		Output  string    `xml:"system-out"`
	} `xml:"testsuite>testcase"`
}

func readJUnit(t *testing.T, d *evaluator.Decision) suites {
	t.Helper()
	out := render("junit", d, options())
	var got suites
	if err := xml.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	return got
}

func TestJUnitHasACaseForEachCheck(t *testing.T) {
	got := readJUnit(t, denied())
	if got.Tests != 14 || got.Failures != 3 || got.Skipped != 1 {
		t.Errorf("%d tests, %d failures, %d skipped; want 14, 3, 1", got.Tests, got.Failures, got.Skipped)
	}
	failures := map[string]string{}
	for _, c := range got.Cases {
		if c.Failure != nil {
			failures[c.Name] = c.Failure.Type
		}
		if c.Name == "vulnerabilities" && !strings.Contains(c.Output, "WAIVED") {
			t.Errorf("what is waived is not shown: %q", c.Output)
		}
		if c.Name == "window" && (c.Failure != nil || !strings.Contains(c.Output, "WARN window.discouraged")) {
			t.Errorf("a warning of a passed check: %+v", c)
		}
	}
	want := map[string]string{"soak": "soak.too_short", "approval": "approval.missing", "vulnerabilities": "vulnerabilities.critical"}
	for name, code := range want {
		if failures[name] != code {
			t.Errorf("%s fails with %q, want %q", name, failures[name], code)
		}
	}
}

func TestJUnitFailsWhereTheGateIsShut(t *testing.T) {
	silent := allowed()
	silent.Outcome = evaluator.Deny
	stray := allowed()
	stray.Findings = []evaluator.Finding{{Code: "deploy.unknown_kind", Check: "deploy", Effect: evaluator.EffectDeny, Message: "a"}, {Code: "deploy.unknown_kind", Effect: evaluator.EffectDeny, Message: "b"}}
	for name, c := range map[string]struct {
		decision *evaluator.Decision
		failures int
		in       string
	}{
		"an allow does not":              {allowed(), 0, ""},
		"a wait is a failure":            {waiting(), 1, "soak"},
		"a check without a reason":       {unreadable(), 2, "monitoring"},
		"nothing decided":                {&evaluator.Decision{}, 1, "decision"},
		"a deny that nothing explains":   {silent, 1, "decision"},
		"a finding of a check not named": {stray, 1, "deploy.unknown_kind"},
	} {
		got := readJUnit(t, c.decision)
		found := c.in == ""
		for _, testcase := range got.Cases {
			found = found || testcase.Name == c.in && testcase.Failure != nil
		}
		if got.Failures != c.failures || !found {
			t.Errorf("%s: %d failures, want %d with one in %q: %+v", name, got.Failures, c.failures, c.in, got)
		}
	}
	if got := readJUnit(t, stray).Cases[14].Failure; got.Message != "deploy.unknown_kind: a (and 1 more)" || !strings.Contains(got.Text, "message: b") {
		t.Errorf("two findings of one code: %+v", got)
	}
}

func FuzzJUnit(f *testing.F) {
	f.Add(attack)
	f.Add("]]>\x00\x0b\ufffe\xed\xa0\x80]]]]>><![CDATA[")
	f.Fuzz(func(t *testing.T, s string) {
		out := render("junit", hostile(s), report.Options{InputName: s})
		decoder := xml.NewDecoder(strings.NewReader(out))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, out)
			}
		}
		plain(t, out)
	})
}
