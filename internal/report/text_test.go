package report_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
)

func TestTextBeginsWithTheAnswer(t *testing.T) {
	contradiction := allowed()
	contradiction.Findings = []evaluator.Finding{critical()}
	oddEffect := allowed()
	oddEffect.Findings = []evaluator.Finding{{Code: "x.y", Check: "x", Effect: "shrug"}}
	oddCode := allowed()
	oddCode.ExitCode = 2
	missing := allowed()
	missing.Passed = without("soak")
	for name, c := range map[string]struct {
		decision *evaluator.Decision
		want     string
	}{
		"an allow":                              {allowed(), "ALLOW payments-api to production"},
		"a deny":                                {denied(), "DENY payments-api to production"},
		"a deny that opens":                     {waiting(), "WAIT payments-api to production"},
		"a deny that waiting does not open":     {waitingInVain(), "DENY payments-api to production"},
		"nothing decided":                       {&evaluator.Decision{}, "DENY "},
		"an allow with a denial is none":        {contradiction, "DENY "},
		"an allow with an unknown effect":       {oddEffect, "DENY "},
		"an allow with another exit code":       {oddCode, "DENY "},
		"an allow with a check that is missing": {missing, "DENY "},
	} {
		if got := render("text", c.decision, report.Options{}); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: begins %q, want %q", name, firstLine(got), c.want)
		}
	}
}

func TestTextEndsWithTheCountAndTheNextThingToDo(t *testing.T) {
	for name, build := range cases {
		got := render("text", build(), report.Options{Options: print.Options{Width: 10_000}})
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		last, count := lines[len(lines)-1], lines[len(lines)-2]
		if !strings.HasPrefix(last, "Next: ") || !strings.HasSuffix(last, ".") {
			t.Errorf("%s: last line %q", name, last)
		}
		if !strings.Contains(count, " passed, ") || !strings.Contains(count, "; policy ") {
			t.Errorf("%s: line before the last %q", name, count)
		}
	}
}

func TestTextPutsFirstWhatMustBeDone(t *testing.T) {
	got := render("text", denied(), report.Options{})
	at := -1
	for _, heading := range []string{"\nFIX vuln", "\nASK appr", "\nWAIT soak", "\nWARN window", "\nWAIVED vuln", "\n14 checks", "\nNext: fix"} {
		next := strings.Index(got, heading)
		if next <= at {
			t.Errorf("%q is not there or too early:\n%s", heading, got)
		}
		at = next
	}
}

func TestTextContainsTheEssentials(t *testing.T) {
	for name, c := range map[string]struct {
		decision *evaluator.Decision
		want     []string
	}{
		"a simulation": {denied(), []string{"simulation: the clock was set by --at", "weakened   --at 2026-11-24"}},
		"a document":   {waiting(), []string{"saved document: the facts came from a file"}},
		"an instant":   {waiting(), []string{"Tue 2026-11-24 11:39 -05:00 (in 19m)"}},
		"a line":       {waiting(), []string{"/staging/deployed_at (release.json:41)"}},
		"an allow":     {allowed(), []string{"Next: deploy exactly " + deploy + " before Tue 2026-11-24 11:35 -05:00"}},
		"a source":     {unreadable(), []string{"error (registry): get", "monitoring unconfigured"}},
		"then":         {waitingInVain(), []string{"After the wait", "vulnerabilities.stale", "after the wait: fix vulnerabilities.stale"}},
		"who to ask":   {denied(), []string{"ask platform-lead, release-manager about approval.missing"}},
		"no reason":    {unreadable(), []string{"find out why monitoring did not pass"}},
	} {
		o := options()
		o.Width = 10_000
		got := render("text", c.decision, o)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in\n%s", name, want, got)
			}
		}
	}
}

func TestAnAllowThatDoesNotCountIsNotToBeDeployed(t *testing.T) {
	for _, mode := range []evaluator.Mode{evaluator.ModeSimulate, evaluator.ModeDocument, "", "other"} {
		d := allowed()
		d.Mode = mode
		if got := render("text", d, report.Options{}); !strings.Contains(got, "Next: do not deploy") {
			t.Errorf("mode %q:\n%s", mode, got)
		}
	}
}

func TestAWaitWithoutAKnownEndHasNoOpeningTime(t *testing.T) {
	d := waiting()
	endless := soak()
	endless.Code, endless.OpensAt = "freeze.active", nil
	d.OpensAt, d.ExitCode, d.Findings = nil, 1, []evaluator.Finding{soak(), endless}
	got := render("text", d, report.Options{Options: print.Options{Width: 10_000}})
	for _, want := range []string{"when       unknown: no time was found", "(in 19m) for soak.too_short; wait for freeze.active (no end is known);"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestAVeryLongTextIsCutAndSaysSo(t *testing.T) {
	for _, n := range []int{2001, 1 << 20} {
		f := critical()
		f.Message = strings.Repeat("ä", n)
		got := render("text", crowd(1, f), report.Options{Options: print.Options{Width: 10_000}})
		if !strings.Contains(got, "ä... (cut)\n") || len(got) > 10_000 {
			t.Errorf("%d characters make %d bytes", n, len(got))
		}
	}
}

func TestTextKeepsToItsWidth(t *testing.T) {
	for _, width := range []int{0, 1, 20, 40, 59, 60, 80, 200} {
		limit := max(width, 20)
		if width == 0 {
			limit = 100
		}
		for _, row := range strings.Split(render("text", denied(), report.Options{Options: print.Options{Width: width}}), "\n") {
			if words := strings.Fields(row); len([]rune(row)) > limit && len(words) > 2 {
				t.Errorf("width %d: %d columns: %q", width, len([]rune(row)), row)
			}
		}
	}
}

func TestColourIsOptionalAndCarriesNoMeaning(t *testing.T) {
	plain := render("text", denied(), report.Options{})
	colored := render("text", denied(), report.Options{Options: print.Options{Color: true}})
	if strings.Contains(plain, "\x1b") {
		t.Error("colour without asking")
	}
	if !strings.HasPrefix(colored, "\x1b[1;31mDENY\x1b[0m ") {
		t.Errorf("no colour: %q", firstLine(colored))
	}
	for _, code := range []string{"31m", "32m", "33m", "35m", "36m"} {
		colored = strings.ReplaceAll(colored, "\x1b[1;"+code, "")
	}
	if colored = strings.ReplaceAll(colored, "\x1b[0m", ""); colored != plain {
		t.Errorf("more than colour differs:\n%s", colored)
	}
}

func TestSpansOfTimeAreReadable(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		time.Second: "in 1s", 45 * time.Second: "in 45s", 18*time.Minute + time.Second: "in 19m",
		2*time.Hour + 40*time.Minute: "in 2h40m", 59*time.Minute + 30*time.Second: "in 1h",
		82 * time.Hour: "in 3d10h", 48 * time.Hour: "in 2d", 25*time.Hour + time.Minute: "in 1d2h",
	} {
		d := waiting()
		d.OpensAt = ptr(d.Now.Add(wait))
		if got := render("text", d, report.Options{}); !strings.Contains(got, "("+want+"), clears by itself") {
			t.Errorf("%s: want %q in\n%s", wait, want, got)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(attack, 100)
	f.Add("\u202e\x1b]8;;http://evil\x07 ::error::", 20)
	f.Add("a\nALLOW b", 61)
	f.Fuzz(func(t *testing.T, s string, width int) {
		got := render("text", hostile(s), report.Options{Options: print.Options{Width: width % 300}, InputName: s})
		for _, row := range strings.Split(got, "\n")[1:] {
			if strings.HasPrefix(row, "ALLOW") || strings.HasPrefix(row, "DENY") {
				t.Errorf("a line was faked: %q", row)
			}
		}
		plain(t, got)
	})
}

// plain fails where s could act on a terminal or a build log.
func plain(t *testing.T, s string) {
	t.Helper()
	for _, row := range strings.Split(s, "\n") {
		if strings.HasPrefix(strings.TrimSpace(row), "::") || strings.Contains(row, "##[") || strings.Contains(row, "##vso[") {
			t.Errorf("a command for the build log: %q", row)
		}
		for _, r := range row {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
				t.Fatalf("hidden character %U in %q", r, row)
			}
		}
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func TestEverySourceThatIsNotOKIsShown(t *testing.T) {
	d := allowed()
	d.Sources["people"] = facts.Source{Status: "partial"}
	if got := render("text", d, report.Options{}); !strings.Contains(got, "people     partial") {
		t.Errorf("an unknown status reads as ok:\n%s", got)
	}
}
