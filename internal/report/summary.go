package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
)

// headline is the answer in one line: ALLOW payments-api to production at …
func (p *page) headline() string {
	return p.verdict + " " + p.subject() + " at " + print.Instant(p.decision.Now)
}

func (p *page) subject() string {
	request := p.decision.Request
	return cmp.Or(print.Value(request.Service), "(no service)") + " to " + cmp.Or(print.Value(request.Environment), "(no environment)")
}

// tally counts checks and findings and names the policy: "14 checks: 12
// passed, 2 failed, 0 not applicable; 2 findings to fix; policy v1 1.0.0 …".
func (p *page) tally() string {
	checks := fmt.Sprintf("%s: %d passed, %d failed, %d not applicable", print.Count(len(p.checks), "check"),
		len(p.named(passed)), len(p.named(failed)), len(p.named(notApplicable)))
	id := p.decision.Policy
	policy := strings.Join(strings.Fields(strings.Join([]string{"policy", print.Value(id.Version), print.Value(id.Revision), short(print.Value(id.Digest))}, " ")), " ")
	if policy == "policy" {
		policy = "policy not named"
	}
	return checks + "; " + p.findingTally() + "; " + policy
}

func (p *page) findingTally() string {
	number := map[string]int{}
	for _, e := range p.findings {
		number[e.word]++
	}
	var parts []string
	for _, denial := range []struct{ word, cure string }{{wordFix, "to fix"}, {wordAsk, "to ask for"}, {wordWait, "to wait for"}} {
		n := number[denial.word]
		if n == 0 {
			continue
		}
		what := fmt.Sprint(n)
		if len(parts) == 0 {
			what = print.Count(n, "finding")
		}
		parts = append(parts, what+" "+denial.cure)
	}
	if number[wordWarn] > 0 {
		parts = append(parts, print.Count(number[wordWarn], "warning"))
	}
	if number[wordWaived] > 0 {
		parts = append(parts, fmt.Sprintf("%d waived", number[wordWaived]))
	}
	if len(parts) == 0 {
		return "no findings"
	}
	return strings.Join(parts, ", ")
}

// next is the next thing to do, one sentence beginning with "Next:".
func (p *page) next() string {
	d := p.decision
	switch p.verdict {
	case allow:
		return "Next: " + p.nextAllowed() + "."
	case wait:
		return fmt.Sprintf("Next: wait until %s, then run prodgate eval again.", print.Opening(d.Now, *d.OpensAt))
	}
	steps := p.cures(p.findings)
	if names := p.unexplained(); len(names) > 0 {
		steps = append(steps, "find out why "+some(names)+" did not pass")
	}
	if len(steps) == 0 {
		return "Next: no check ran, so nothing is allowed; run prodgate doctor to see which source or policy is missing."
	}
	if after := p.cures(p.then); len(after) > 0 {
		steps = append(steps, "after the wait: "+strings.Join(after, ", "))
	}
	return "Next: " + strings.Join(steps, "; ") + "; then run prodgate eval again."
}

func (p *page) nextAllowed() string {
	d := p.decision
	switch {
	case d.Deploy == nil || print.Value(*d.Deploy) == "":
		return "do not deploy: the decision names no artifact; run prodgate eval with an image"
	case d.Mode == evaluator.ModeDocument:
		return "do not deploy: this decision used a saved document; run prodgate eval " + print.Value(*d.Deploy) + " for a decision that counts"
	case d.Mode != evaluator.ModeEnforce:
		return "do not deploy: this decision is a simulation; run prodgate eval " + print.Value(*d.Deploy) + " with the real clock for a decision that counts"
	case d.ValidUntil == nil:
		return "deploy exactly " + print.Value(*d.Deploy) + " now"
	}
	return "deploy exactly " + print.Value(*d.Deploy) + " before " + print.Closing(d.Now, *d.ValidUntil)
}

// cures says what to do about the findings that deny: fix a, b; ask x about c;
// wait until t for d.
func (p *page) cures(list []entry) []string {
	var fix, ask, who, await, endless []string
	var until time.Time
	for _, e := range list {
		switch at := e.finding.OpensAt; {
		case e.word == wordFix:
			fix = append(fix, e.code)
		case e.word == wordAsk:
			ask = append(ask, e.code)
			who = append(who, e.finding.Who...)
		case e.word == wordWait && at == nil:
			endless = append(endless, e.code)
		case e.word == wordWait:
			await = append(await, e.code)
			if at.After(until) {
				until = *at
			}
		}
	}
	var steps []string
	if len(fix) > 0 {
		steps = append(steps, "fix "+some(fix))
	}
	if len(ask) > 0 {
		steps = append(steps, "ask "+cmp.Or(some(who), "the people in charge")+" about "+some(ask))
	}
	if len(await) > 0 {
		steps = append(steps, "wait until "+print.Opening(p.decision.Now, until)+" for "+some(await))
	}
	if len(endless) > 0 {
		steps = append(steps, "wait for "+some(endless)+" (no end is known)")
	}
	return steps
}

// some cleans names, drops what is empty or said before, joins up to five and
// counts the rest.
func some(names []string) string {
	const most = 5
	var list []string
	for _, name := range names {
		if name = print.Value(name); name != "" && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// short is a digest's first twelve digits; other text stays.
func short(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) <= 12 {
		return digest
	}
	return algorithm + ":" + string([]rune(hex)[:min(12, len([]rune(hex)))]) + "..."
}

// modeNote explains why a decision that is not enforced does not count; it is empty
// for one that is.
func (p *page) modeNote() string {
	switch p.decision.Mode {
	case evaluator.ModeEnforce:
		return ""
	case evaluator.ModeSimulate:
		return "simulation: the clock was set by --at, so this never counts as a passed gate"
	case evaluator.ModeDocument:
		return "saved document: the facts came from a file, so this never counts as a passed gate"
	}
	if p.decision.Mode == "" {
		return "not named, so this never counts as a passed gate"
	}
	return fmt.Sprintf("%q is not known, so this never counts as a passed gate", print.Value(string(p.decision.Mode)))
}
