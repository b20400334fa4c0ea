package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
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
	annotate(&buffer, total, []print.Field{print.Label("title", title)}, p.tally()+"\n"+p.next())
	for _, e := range p.findings {
		annotate(&buffer, githubLevels[e.word], p.githubPlace(e), e.lines())
	}
	return buffer.Bytes(), nil
}

var githubLevels = map[string]string{
	wordFix: "error", wordAsk: "error", wordWait: "warning", wordWarn: "notice", wordWaived: "notice",
}

// silent reports whether the decision denies although no finding does.
func (p *page) silent() bool {
	for _, e := range p.findings {
		if e.denies() {
			return false
		}
	}
	return p.verdict != allow
}

// githubPlace are the properties of a finding's annotation.
func (p *page) githubPlace(e entry) []print.Field {
	properties := []print.Field{print.Label("title", e.word+" "+e.heading())}
	file, at := p.location(e.finding.Path)
	if file != "" {
		properties = append(properties, print.Label("file", file))
	}
	if file != "" && at > 0 {
		properties = append(properties, print.Label("line", fmt.Sprint(at)))
	}
	return properties
}

// annotate writes one command. Long texts are cut: GitHub drops what is too
// long.
func annotate(buffer *bytes.Buffer, level string, properties []print.Field, message string) {
	const longestTitle, longestMessage = 250, 4000
	list := make([]string, len(properties))
	for i, property := range properties {
		list[i] = property.Label + "=" + print.GitHubProperty(print.Cut(property.Value, longestTitle))
	}
	fmt.Fprintf(buffer, "::%s %s::%s\n", level, strings.Join(list, ","), print.GitHubData(print.Cut(message, longestMessage)))
}
