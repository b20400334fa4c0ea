package report

import (
	"bytes"
	"fmt"
	"strings"
)

// github prints workflow commands, one line each: first the total, then one
// annotation for each finding. A denial is an error, or a warning where time
// alone takes it away; a warning and what is waived are notices, as they stop
// nothing. GitHub shows ten of each per step, hence the total first. The total
// is a notice, unless something denies and no finding says so.
func github(p *page) ([]byte, error) {
	var buffer bytes.Buffer
	total := "notice"
	if p.silent() {
		total = "error"
	}
	title := fmt.Sprintf("prodgate: %s %s", p.verdict, p.subject())
	annotate(&buffer, total, []field{{"title", title}}, p.tally()+"\n"+p.next())
	for _, e := range p.findings {
		annotate(&buffer, githubLevels[e.word], p.githubPlace(e), e.lines())
	}
	return buffer.Bytes(), nil
}

var githubLevels = map[string]string{
	wordFix: "error", wordAsk: "error", wordWait: "warning", wordWarn: "notice", wordWaived: "notice",
}

// silent says whether the decision denies although no finding does.
func (p *page) silent() bool {
	for _, e := range p.findings {
		if e.denies() {
			return false
		}
	}
	return p.verdict != allow
}

// githubPlace are the properties of a finding's annotation.
func (p *page) githubPlace(e entry) []field {
	properties := []field{{"title", e.word + " " + e.heading()}}
	file, at := p.location(e.finding.Path)
	if file != "" {
		properties = append(properties, field{"file", file})
	}
	if file != "" && at > 0 {
		properties = append(properties, field{"line", fmt.Sprint(at)})
	}
	return properties
}

// annotate writes one command. Long texts are cut: GitHub drops what is too
// long.
func annotate(buffer *bytes.Buffer, level string, properties []field, message string) {
	const longestTitle, longestMessage = 250, 4000
	list := make([]string, len(properties))
	for i, property := range properties {
		list[i] = property.label + "=" + escapeGitHubProperty(cut(property.value, longestTitle))
	}
	fmt.Fprintf(buffer, "::%s %s::%s\n", level, strings.Join(list, ","), escapeGitHubData(cut(message, longestMessage)))
}
