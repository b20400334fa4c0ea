package report

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/print/sarif"
)

// sarifLevels by effect. What is waived is a suppressed note.
var sarifLevels = map[string]string{
	wordFix: "error", wordAsk: "error", wordWait: "error", wordWarn: "warning", wordWaived: "note",
}

// printSARIF prints SARIF 2.1.0 with one rule for each code. A decision that denies
// although no finding does has a result of its own, so that it never looks
// clean.
func printSARIF(p *page) ([]byte, error) {
	run := sarif.Run{
		Tool:        sarif.Prodgate(print.Value(p.decision.Policy.Revision)),
		Invocations: []sarif.Invocation{p.sarifInvocation()},
		Results:     []sarif.Result{},
		Properties:  p.sarifProperties(),
	}
	for _, e := range p.findings {
		run.Results = append(run.Results, p.sarifResult(e, run.RuleIndex(e.code, e.sarifRule)))
	}
	if p.silent() {
		addSilent(&run, p)
	}
	return sarif.Print(run)
}

func (p *page) sarifInvocation() sarif.Invocation {
	invocation := sarif.Invocation{Successful: true, ExitCode: p.decision.ExitCode}
	for _, source := range p.unreadable() {
		text := sarif.Message("source " + source.Label + ": " + source.Value)
		invocation.Notifications = append(invocation.Notifications, sarif.Notification{Level: "error", Message: text})
	}
	return invocation
}

// sarifProperties are what SARIF has no place for.
func (p *page) sarifProperties() map[string]any {
	d := p.decision
	return map[string]any{
		"verdict": p.verdict, "outcome": d.Outcome, "mode": d.Mode, "now": d.Now, "deploy": d.Deploy,
		"opens_at": d.OpensAt, "valid_until": d.ValidUntil, "policy_digest": d.Policy.Digest, "input_digest": d.Input.Digest,
		"summary": p.tally(), "next": p.next(), "weakened": d.Weakened,
	}
}

func (e entry) sarifRule() sarif.Rule {
	title := cmp.Or(e.title, e.code)
	var help []string
	for _, f := range e.fields {
		if f.Label == "remedy" || f.Label == "who" || f.Label == "docs" {
			help = append(help, f.Label+": "+f.Value)
		}
	}
	return sarif.Rule{
		ID:               e.code,
		ShortDescription: sarif.Message(title),
		FullDescription:  sarif.Message(title),
		Help:             sarif.Message(cmp.Or(strings.Join(help, "\n"), title)),
		HelpURI:          webPage(e.finding.Docs),
		Configuration:    sarif.Level{Level: sarifLevels[e.word]},
		Properties:       map[string]any{"check": e.finding.Check, "cure": e.finding.Cure, "who": e.finding.Who},
	}
}

func (p *page) sarifResult(e entry, rule int) sarif.Result {
	f := e.finding
	message := cmp.Or(e.message, e.heading())
	if remedy := print.Value(f.Remedy); remedy != "" {
		message += "\n" + remedy
	}
	result := sarif.Result{
		RuleID: e.code, RuleIndex: rule, Level: sarifLevels[e.word],
		Message:      sarif.Message(message),
		Locations:    []sarif.Location{p.sarifLocation(f.Code, f.Path)},
		Fingerprints: p.fingerprint(f.Code, f.Item),
		Properties: map[string]any{
			"check": f.Check, "effect": f.Effect, "cure": f.Cure, "who": f.Who, "opens_at": f.OpensAt,
			"item": f.Item, "observed": f.Observed, "required": f.Required,
		},
	}
	if e.word == wordWaived {
		result.Suppressions = []sarif.Suppression{{Kind: "external", Status: "accepted", Justification: cmp.Or(e.message, "waived")}}
	}
	return result
}

// addSilent adds the result of a decision that denies without a finding.
func addSilent(run *sarif.Run, p *page) {
	const code = "decision.denied"
	text := sarif.Message(p.headline() + "\n" + p.tally() + "\n" + p.next())
	title := sarif.Text{Text: "The gate stays closed, but no finding explains why"}
	rule := run.RuleIndex(code, func() sarif.Rule {
		return sarif.Rule{
			ID: code, ShortDescription: title, FullDescription: title, Help: title, Configuration: sarif.Level{Level: "error"},
			Properties: map[string]any{},
		}
	})
	run.Results = append(run.Results, sarif.Result{
		RuleID: code, RuleIndex: rule, Level: "error", Message: text,
		Locations: []sarif.Location{p.sarifLocation(code, "")}, Fingerprints: p.fingerprint(code, nil),
	})
}

// sarif.Location points into the document, else at the rule.
func (p *page) sarifLocation(code, pointer string) sarif.Location {
	file, at := p.location(pointer)
	if file == "" && p.options.Rule != nil {
		file, at = p.options.Rule(code)
	}
	location := sarif.Place(cmp.Or(print.Value(file), sarif.Unplaced), at)
	if pointer != "" {
		location.Logical = []sarif.Logical{{Name: pointer}}
	}
	return location
}

// fingerprint identifies the same finding in another run.
func (p *page) fingerprint(code string, item *string) map[string]string {
	parts := []string{code, p.decision.Request.Service, p.decision.Request.Environment}
	if item != nil {
		parts = append(parts, *item)
	}
	return sarif.Fingerprint(parts...)
}

// webPage is docs where it is the address of a page, else empty.
func webPage(docs string) string {
	address, err := url.Parse(docs)
	if err != nil || address.Host == "" || (address.Scheme != "https" && address.Scheme != "http") || print.Clean(docs) != docs {
		return ""
	}
	return address.String()
}
