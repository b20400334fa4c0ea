package report

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/scan/finding"
)

// sarif holds what is read of a SARIF log of version 2.1.0.
type sarif struct {
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

// sarifRun is what one tool found.
type sarifRun struct {
	Tool struct {
		Driver struct {
			Name            string      `json:"name"`
			Version         string      `json:"version"`
			SemanticVersion string      `json:"semanticVersion"`
			Rules           []sarifRule `json:"rules"`
		} `json:"driver"`
	} `json:"tool"`
	Invocations []struct {
		EndTimeUTC time.Time `json:"endTimeUtc"`
		Successful *bool     `json:"executionSuccessful"`
	} `json:"invocations"`
	Results    []sarifResult `json:"results"`
	Properties struct {
		RepoDigests []string `json:"repoDigests"` // as Trivy writes them
	} `json:"properties"`
}

type sarifRule struct {
	ID   string `json:"id"`
	Help struct {
		Text string `json:"text"`
	} `json:"help"`
	Properties struct {
		SecuritySeverity string   `json:"security-severity"`
		Tags             []string `json:"tags"`
	} `json:"properties"`
}

type sarifResult struct {
	RuleID    string `json:"ruleId"`
	RuleIndex *int   `json:"ruleIndex"`
	Kind      string `json:"kind"`
	Message   struct {
		Text string `json:"text"`
	} `json:"message"`
	Locations []struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
		} `json:"physicalLocation"`
	} `json:"locations"`
}

// scans are the findings of every run, once for each digest it names.
func (s sarif) scans(wanted string, used usedDatabase) ([]facts.Scan, error) {
	if !strings.HasPrefix(s.Version, "2.") || len(s.Runs) == 0 {
		return nil, fmt.Errorf("version is %q with %d runs, must be SARIF 2.1.0 with at least one run", s.Version, len(s.Runs))
	}
	var all []facts.Scan
	for i, run := range s.Runs {
		scans, err := run.scans(wanted, used)
		if err != nil {
			return nil, fmt.Errorf("runs[%d]: %w", i, err)
		}
		all = append(all, scans...)
	}
	return all, nil
}

func (r sarifRun) scans(wanted string, used usedDatabase) ([]facts.Scan, error) {
	digests, err := digestsOf("properties.repoDigests", r.Properties.RepoDigests)
	if err != nil {
		return nil, err
	}
	if len(digests) == 0 {
		return nil, errors.New("properties.repoDigests is missing (Grype's SARIF never has it), so the scanned image is unknown; give the scanner's own JSON (trivy image --format json, grype -o json), which names it")
	}
	ended, err := r.ended()
	if err != nil {
		return nil, err
	}
	updated, err := used.updatedAt(ended)
	if err != nil {
		return nil, err
	}
	return r.about(digests, wanted, ended, updated)
}

// about is what was found, as of digests.
func (r sarifRun) about(digests []string, wanted string, ended, updated time.Time) ([]facts.Scan, error) {
	findings := []facts.Vulnerability{}
	for _, result := range r.Results {
		if rule := r.rule(result); rule.counts() && result.Kind != "pass" && result.Kind != "notApplicable" {
			finding, err := result.finding(rule)
			if err != nil {
				return nil, err
			}
			findings = append(findings, finding)
		}
	}
	undetermined := []facts.Undetermined{}
	if len(findings) == 0 {
		undetermined = append(undetermined, facts.Undetermined{Package: "image", Reason: "the report has no result about a vulnerability, and SARIF does not say whether the scanner looked for any and recognised anything; give its own JSON"})
	}
	driver := r.Tool.Driver
	return forEach(digests, wanted, facts.Scan{
		Scanner: named(strings.ToLower(driver.Name), fallback(driver.SemanticVersion, driver.Version)), ScannedAt: ended,
		Database: facts.Database{UpdatedAt: updated}, Findings: findings, Undetermined: undetermined,
	}), nil
}

// ended is when the scan did: the earliest end of several.
func (r sarifRun) ended() (time.Time, error) {
	var ended time.Time
	for _, invocation := range r.Invocations {
		if invocation.Successful != nil && !*invocation.Successful {
			return ended, errors.New("invocations says that the scan failed; scan again")
		}
		if at := invocation.EndTimeUTC; plausible(at) && (ended.IsZero() || at.Before(ended)) {
			ended = at
		}
	}
	if ended.IsZero() {
		return ended, errors.New("invocations has no endTimeUtc (Trivy's SARIF never has it), so the age of the scan is unknown; give the scanner's own JSON (trivy image --format json, grype -o json), which has it")
	}
	return ended, nil
}

// rule is what a result is an instance of; an empty one if nothing says so.
func (r sarifRun) rule(result sarifResult) sarifRule {
	rules := r.Tool.Driver.Rules
	if i := slices.IndexFunc(rules, func(rule sarifRule) bool { return rule.ID == result.RuleID }); i >= 0 && result.RuleID != "" {
		return rules[i]
	}
	if i := result.RuleIndex; i != nil && *i >= 0 && *i < len(rules) {
		return rules[*i]
	}
	return sarifRule{ID: result.RuleID}
}

// counts reports whether a rule may be about a vulnerability: a misconfiguration, a
// secret and a licence that are tagged as such are not.
func (r sarifRule) counts() bool {
	tagged := func(tag string) bool { return slices.Contains(r.Properties.Tags, tag) }
	return tagged("vulnerability") || !tagged("misconfiguration") && !tagged("secret") && !tagged("license")
}

// severity is the worst of the rule's score, of what it is tagged with and of
// words, what the result says of itself: a rule stands for several results, and
// writers keep one result's score in it. Where the score is missing or not above
// 0, or a tag or a word says UNKNOWN or nothing that is known, the severity is
// not known, unless something says CRITICAL.
func (r sarifRule) severity(words ...string) string {
	worst, unknown := types.SeverityUnknown, false
	for _, tag := range r.Properties.Tags {
		if tagged, err := types.NewSeverity(strings.ToUpper(tag)); err == nil {
			worst, unknown = max(worst, tagged), unknown || tagged == types.SeverityUnknown
		}
	}
	for _, word := range words {
		said, err := types.NewSeverity(strings.ToUpper(word))
		worst, unknown = max(worst, said), unknown || err != nil || said == types.SeverityUnknown
	}
	score, err := strconv.ParseFloat(r.Properties.SecuritySeverity, 64)
	switch {
	case err != nil, math.IsNaN(score), score <= 0:
		unknown = true
	case score >= 9:
		worst = types.SeverityCritical
	case score >= 7:
		worst = max(worst, types.SeverityHigh)
	case score >= 4:
		worst = max(worst, types.SeverityMedium)
	default:
		worst = max(worst, types.SeverityLow)
	}
	if unknown && worst != types.SeverityCritical {
		worst = types.SeverityUnknown
	}
	return worst.String()
}

// grypeMessage is how Grype writes a result. It writes "low" for every severity
// below medium, and for one that it does not know.
var grypeMessage = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^An? (\w+) vulnerability in (\S+) package: (.+), version (.*?) was found `)
})

// finding is a result. Trivy and Grype write package and version into its
// message; elsewhere the place that a result names stands for the package.
func (r sarifResult) finding(rule sarifRule) (facts.Vulnerability, error) {
	found := facts.Vulnerability{ID: fallback(r.RuleID, rule.ID)}
	if m := grypeMessage().FindStringSubmatch(r.Message.Text); m != nil {
		found.Package, found.InstalledVersion, found.Ecosystem = m[3], m[4], finding.Optional(m[2])
		found.ID = strings.TrimSuffix(found.ID, "-"+found.Package) // Grype's rules are of a vulnerability in a package
		found.FixedVersion = finding.Optional(field(rule.Help.Text, "Fix Version"))
		found.Severity = rule.severity(m[1])
	} else {
		text := r.Message.Text
		found.Package, found.InstalledVersion, found.FixedVersion = field(text, "Package"), field(text, "Installed Version"), finding.Optional(field(text, "Fixed Version"))
		found.Severity = rule.severity()
		if word := field(text, "Severity"); word != "" {
			found.Severity = rule.severity(word)
		}
	}
	if len(r.Locations) > 0 {
		found.Target = finding.Optional(r.Locations[0].Physical.Artifact.URI)
	}
	if found.Package == "" && found.Target != nil {
		found.Package = *found.Target
	}
	if found.ID == "" || found.Package == "" {
		return found, errNoName
	}
	return found, nil
}

// field is what follows "NAME: " on a line of text of its own; "" for none.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && key == name {
			return value
		}
	}
	return ""
}
