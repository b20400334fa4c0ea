package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/print"
)

// The parts of a JUnit report that common readers agree on.
type (
	junitSuites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Suite    junitSuite
	}
	junitSuite struct {
		XMLName    xml.Name        `xml:"testsuite"`
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"` // UTC
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		XMLName   xml.Name      `xml:"testcase"`
		ClassName string        `xml:"classname,attr"`
		Name      string        `xml:"name,attr"`
		Failure   *junitFailure `xml:"failure"`
		Skipped   *junitSkipped `xml:"skipped"`
		Output    *junitText    `xml:"system-out"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",cdata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
)

// junit prints a test case for each check. A check that failed is a failure,
// also where time alone cures it: a skipped test looks green. Findings of no
// listed check get a case by their code, and a decision that denies without
// saying why one of its own.
func junit(p *page) ([]byte, error) {
	suite := junitSuite{Name: p.subject(), Properties: p.junitProperties()}
	if !p.decision.Now.IsZero() {
		suite.Timestamp = p.decision.Now.UTC().Format(time.RFC3339)
	}
	for _, c := range p.checks {
		suite.Cases = append(suite.Cases, p.junitCheck(c))
	}
	suite.Cases = append(suite.Cases, p.junitStrays()...)
	suite.count()
	if p.verdict != allow && suite.Failures == 0 {
		lone := p.junitCase("decision", nil)
		lone.Failure = &junitFailure{Message: p.headline(), Type: "decision", Text: p.tally() + "\n" + p.next()}
		suite.Cases = append(suite.Cases, lone)
		suite.count()
	}
	all := junitSuites{
		Name: "prodgate " + p.verdict, Tests: suite.Tests, Failures: suite.Failures, Skipped: suite.Skipped, Suite: suite,
	}
	out, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte(xml.Header), out, []byte("\n")), nil
}

func (p *page) junitProperties() []junitProperty {
	list := []junitProperty{{"verdict", p.verdict}}
	for _, f := range p.particulars() {
		list = append(list, junitProperty{f.Label, f.Value})
	}
	return append(list, junitProperty{"summary", p.tally()}, junitProperty{"next", p.next()})
}

// junitCheck is the case of one listed check.
func (p *page) junitCheck(c check) junitCase {
	var own []entry
	for _, e := range p.findings {
		if slices.Contains(givenBy(e.finding), c.name) {
			own = append(own, e)
		}
	}
	result := p.junitCase(cmp.Or(print.Value(c.name), "unnamed"), own)
	switch {
	case c.failed() && result.Failure == nil:
		result.Failure = &junitFailure{Message: "failed without a reason", Type: "unexplained"}
	case c.status == notApplicable:
		result.Skipped = &junitSkipped{Message: "not applicable"}
	}
	return result
}

// junitStrays are the cases of findings whose check is not listed, by code.
func (p *page) junitStrays() []junitCase {
	listed := map[string]bool{}
	for _, c := range p.checks {
		listed[c.name] = true
	}
	var codes []string
	strays := map[string][]entry{}
	for _, e := range p.findings {
		if listed[e.finding.Check] {
			continue
		}
		if strays[e.code] == nil {
			codes = append(codes, e.code)
		}
		strays[e.code] = append(strays[e.code], e)
	}
	var cases []junitCase
	for _, code := range codes {
		cases = append(cases, p.junitCase(code, strays[code]))
	}
	return cases
}

// junitCase is one case; the findings that deny make its failure, the others
// its output.
func (p *page) junitCase(name string, findings []entry) junitCase {
	result := junitCase{ClassName: "prodgate." + cmp.Or(print.Value(p.decision.Request.Environment), "none"), Name: name}
	var against, beside []string
	for _, e := range findings {
		text := e.word + " " + e.heading() + "\n" + e.lines()
		if !e.denies() {
			beside = append(beside, text)
			continue
		}
		if result.Failure == nil {
			result.Failure = &junitFailure{Message: e.code + ": " + cmp.Or(e.message, e.title), Type: e.code}
		}
		against = append(against, text)
	}
	if result.Failure != nil {
		result.Failure.Text = strings.Join(against, "\n\n")
	}
	if len(against) > 1 {
		result.Failure.Message += fmt.Sprintf(" (and %d more)", len(against)-1)
	}
	if len(beside) > 0 {
		result.Output = &junitText{strings.Join(beside, "\n\n")}
	}
	return result
}

func (s *junitSuite) count() {
	s.Tests, s.Failures, s.Skipped = len(s.Cases), 0, 0
	for _, c := range s.Cases {
		if c.Failure != nil {
			s.Failures++
		}
		if c.Skipped != nil {
			s.Skipped++
		}
	}
}
