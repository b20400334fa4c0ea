package report_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/report"
)

func TestMarkdownStaysBelowTheLimitAndSaysWhatIsLeftOut(t *testing.T) {
	big := critical()
	big.Message = strings.Repeat("@#_*|", 500)
	big.Remedy, big.Title = big.Message, big.Message
	d := crowd(2000, big)
	d.Then = d.Findings
	for range 5000 {
		d.Passed = append(d.Passed, big.Message)
	}
	got := render("markdown", d, options())
	if len(got) > 900<<10 {
		t.Errorf("%d bytes", len(got))
	}
	if !regexp.MustCompile(`and 1\d\d\d findings more`).MatchString(got) {
		t.Error("what is left out is not said")
	}
	if !strings.Contains(got, "2000 findings to fix") || !strings.Contains(got, "</details>") {
		t.Errorf("the frame is broken:\n%.3000s", got)
	}
}

func TestMarkdownShowsEveryFindingWhereThereIsRoom(t *testing.T) {
	got := render("markdown", crowd(500, critical()), options())
	if n := strings.Count(got, "| **FIX** |"); n != 500 || strings.Contains(got, " more") {
		t.Errorf("%d of 500 findings", n)
	}
}

func TestMarkdownLetsTheImageBeCopied(t *testing.T) {
	if got := render("markdown", allowed(), options()); !strings.Contains(got, "- artifact: `"+deploy+"`\n") {
		t.Errorf("no code span with the image:\n%s", got)
	}
	d := allowed()
	d.Deploy = ptr(deploy + "`<b>")
	if got := render("markdown", d, options()); strings.Contains(got, "<b>") || strings.Contains(got, "- artifact: `") {
		t.Errorf("text from outside in a code span:\n%s", got)
	}
}

// alive are the marks that would do something in GitHub's Markdown. Our own
// are taken out first.
var (
	ours  = regexp.MustCompile("<br>|</?details>|</?summary>|\\*\\*(FIX|ASK|WAIT|WARN|WAIVED)\\*\\*|(?m)^- artifact: `[^`]*`$")
	alive = map[string]*regexp.Regexp{
		"HTML":       regexp.MustCompile(`[<>]`),
		"an entity":  regexp.MustCompile(`&(?:nbsp|#x|copy)`),
		"a code":     regexp.MustCompile("(^|[^\\\\])(\\\\\\\\)*`"),
		"a link":     regexp.MustCompile(`(^|[^\\])(\\\\)*[\[\]]`),
		"an address": regexp.MustCompile(`(?i)://|www\.`),
		"a mention":  regexp.MustCompile(`@([^&]|$)`),
		"an issue":   regexp.MustCompile(`(^|[^&#\n])#[0-9]`),
	}
	row = regexp.MustCompile(`(?m)^\|.*$`)
)

func FuzzMarkdown(f *testing.F) {
	f.Add(attack)
	f.Add("a | b \\| c \\\\| d")
	f.Add("\\[a\\](b) \\` \\| \\")
	f.Add("</details>\n\n# WWW.evil.example\n- @all ```")
	f.Fuzz(func(t *testing.T, s string) {
		got := render("markdown", hostile(s), report.Options{InputName: s})
		for _, r := range row.FindAllString(got, -1) {
			if strings.Count(r, "|") != 6 {
				t.Errorf("a row of %d cells: %q", strings.Count(r, "|")-1, r)
			}
		}
		if n := len(row.FindAllString(got, -1)); n != 2*2+7 {
			t.Errorf("%d rows", n)
		}
		bare := ours.ReplaceAllString(got, "")
		for what, mark := range alive {
			if hit := mark.FindString(bare); hit != "" {
				t.Errorf("%s is alive (%q) in %q", what, hit, bare)
			}
		}
		plain(t, got)
	})
}
