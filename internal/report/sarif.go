package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
)

// The parts of SARIF 2.1.0 that are written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		Properties  map[string]any    `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string         `json:"id"`
		ShortDescription sarifText      `json:"shortDescription"`
		FullDescription  sarifText      `json:"fullDescription"`
		Help             sarifText      `json:"help"`
		HelpURI          string         `json:"helpUri,omitempty"`
		Configuration    sarifLevel     `json:"defaultConfiguration"`
		Properties       map[string]any `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}

	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"` // a decision was made
		ExitCode      int                 `json:"exitCode"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   map[string]any     `json:"properties,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine int `json:"startLine"`
		} `json:"region"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)

const (
	sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"
	home        = "https://github.com/prodgate/prodgate"
	// unplaced is the file that findings point into when neither the document
	// nor the rule is a file: code scanning refuses results without one, and
	// this is where a repository says how its gate is fed.
	unplaced = "prodgate.yaml"
)

// sarifLevels by effect. What is waived is a suppressed note.
var sarifLevels = map[string]string{
	wordFix: "error", wordAsk: "error", wordWait: "error", wordWarn: "warning", wordWaived: "note",
}

// sarif prints SARIF 2.1.0 with one rule for each code. A decision that denies
// although no finding does has a result of its own, so that it never looks
// clean.
func sarif(p *page) ([]byte, error) {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "prodgate", InformationURI: home, Version: print.Value(p.decision.Policy.Revision), Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{p.sarifInvocation()},
		Results:     []sarifResult{},
		Properties:  p.sarifProperties(),
	}
	index := map[string]int{}
	for _, e := range p.findings {
		at, known := index[e.code]
		if !known {
			at = len(run.Tool.Driver.Rules)
			index[e.code] = at
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, e.sarifRule())
		}
		run.Results = append(run.Results, p.sarifResult(e, at))
	}
	if p.silent() {
		run.addSilent(p)
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
	return print.EscapeJSON(buffer.Bytes()), err
}

func (p *page) sarifInvocation() sarifInvocation {
	invocation := sarifInvocation{Successful: true, ExitCode: p.decision.ExitCode}
	for _, source := range p.unreadable() {
		text := print.SARIF("source " + source.Label + ": " + source.Value)
		invocation.Notifications = append(invocation.Notifications, sarifNotification{"error", sarifText{text}})
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

func (e entry) sarifRule() sarifRule {
	title := cmp.Or(e.title, e.code)
	var help []string
	for _, f := range e.fields {
		if f.Label == "remedy" || f.Label == "who" || f.Label == "docs" {
			help = append(help, f.Label+": "+f.Value)
		}
	}
	return sarifRule{
		ID:               e.code,
		ShortDescription: sarifText{print.SARIF(title)},
		FullDescription:  sarifText{print.SARIF(title)},
		Help:             sarifText{print.SARIF(cmp.Or(strings.Join(help, "\n"), title))},
		HelpURI:          webPage(e.finding.Docs),
		Configuration:    sarifLevel{sarifLevels[e.word]},
		Properties:       map[string]any{"check": e.finding.Check, "cure": e.finding.Cure, "who": e.finding.Who},
	}
}

func (p *page) sarifResult(e entry, rule int) sarifResult {
	f := e.finding
	message := cmp.Or(e.message, e.heading())
	if remedy := print.Value(f.Remedy); remedy != "" {
		message += "\n" + remedy
	}
	result := sarifResult{
		RuleID: e.code, RuleIndex: rule, Level: sarifLevels[e.word],
		Message:      sarifText{print.SARIF(message)},
		Locations:    []sarifLocation{p.sarifLocation(f.Code, f.Path)},
		Fingerprints: p.fingerprint(f.Code, f.Item),
		Properties: map[string]any{
			"check": f.Check, "effect": f.Effect, "cure": f.Cure, "who": f.Who, "opens_at": f.OpensAt,
			"item": f.Item, "observed": f.Observed, "required": f.Required,
		},
	}
	if e.word == wordWaived {
		result.Suppressions = []sarifSuppression{{"external", "accepted", cmp.Or(e.message, "waived")}}
	}
	return result
}

// addSilent adds the result of a decision that denies without a finding.
func (r *sarifRun) addSilent(p *page) {
	const code = "decision.denied"
	text := sarifText{print.SARIF(p.headline() + "\n" + p.tally() + "\n" + p.next())}
	title := sarifText{"The gate stays shut although no finding says why"}
	r.Tool.Driver.Rules = append(r.Tool.Driver.Rules, sarifRule{
		ID: code, ShortDescription: title, FullDescription: title, Help: title, Configuration: sarifLevel{"error"},
		Properties: map[string]any{},
	})
	r.Results = append(r.Results, sarifResult{
		RuleID: code, RuleIndex: len(r.Tool.Driver.Rules) - 1, Level: "error", Message: text,
		Locations: []sarifLocation{p.sarifLocation(code, "")}, Fingerprints: p.fingerprint(code, nil),
	})
}

// sarifLocation points into the document, else at the rule.
func (p *page) sarifLocation(code, pointer string) sarifLocation {
	file, at := p.location(pointer)
	if file == "" && p.options.Rule != nil {
		file, at = p.options.Rule(code)
	}
	var location sarifLocation
	location.Physical.Artifact.URI = fileURI(cmp.Or(print.Value(file), unplaced))
	location.Physical.Region.StartLine = max(1, at)
	if pointer != "" {
		location.Logical = []sarifLogical{{pointer}}
	}
	return location
}

// fingerprint lets code scanning see that two runs found the same thing.
func (p *page) fingerprint(code string, item *string) map[string]string {
	parts := []string{code, p.decision.Request.Service, p.decision.Request.Environment}
	if item != nil {
		parts = append(parts, *item)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return map[string]string{"prodgate/v1": hex.EncodeToString(sum[:])}
}

// fileURI is a path as SARIF wants it: relative ones stay so, absolute ones
// become file:// URIs.
func fileURI(path string) string {
	path = filepath.ToSlash(path)
	if strings.HasPrefix(path, "/") {
		return (&url.URL{Scheme: "file", Path: path}).String()
	}
	return (&url.URL{Path: path}).String()
}

// webPage is docs where it is the address of a page, else empty.
func webPage(docs string) string {
	address, err := url.Parse(docs)
	if err != nil || address.Host == "" || (address.Scheme != "https" && address.Scheme != "http") || print.Clean(docs) != docs {
		return ""
	}
	return address.String()
}
