package report_test

import (
	"path/filepath"
	"strings"
	"testing"

	"os"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/report"
)

// fill executes source on d.
func fill(t *testing.T, source string, d *evaluator.Decision) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "slack.tmpl")
	must(t, os.WriteFile(file, []byte(source), 0o644))
	o, err := report.Formats.Parse("template=" + file)
	if err != nil {
		return "", err
	}
	out, err := report.Render(o, d, options())
	return string(out), err
}

func TestATemplateSeesTheDecisionAsItsJSON(t *testing.T) {
	for source, want := range map[string]string{
		`{{.outcome}} {{.exit_code}} {{.request.service}}`:                        "deny 1 payments-api",
		`{{range .findings}}{{.code}} {{end}}`:                                    "vulnerabilities.critical window.discouraged soak.too_short approval.missing vulnerabilities.critical ",
		`{{with .opens_at}}opens {{instant .}}{{else}}no opening{{end}}`:          "no opening",
		`{{if eq .exit_code 1}}one{{end}}`:                                        "one",
		`{{instant .now}}`:                                                        "Tue 2026-11-24 11:20 -05:00",
		`{{verdict}}|{{len .required}}`:                                           "DENY|14",
		`{{tally}}`:                                                               "14 checks: 10 passed, 3 failed, 1 not applicable; 1 finding to fix, 1 to ask for, 1 to wait for, 1 warning, 1 waived; policy v1 1.0.0 sha256:51ce0d0d0d0d...",
		`{{slice (next) 0 35}}`:                                                   "Next: fix vulnerabilities.critical;",
		`{{join ", " (index .findings 3).who | upper | lower}}`:                   "platform-lead, release-manager",
		`{{json (index .findings 4).observed}}`:                                   `{"installed_version":"3.2.1","package":"openssl","severity":"CRITICAL"}`,
		`{{markdown "a|*b*@c"}} {{github "50%\n"}} {{xml "<a>"}} {{json 1}}`:      `a&#124;\*b\*@&#8203;c 50%25%0A &lt;a&gt; 1`,
		`{{range $name, $source := .sources}}{{$name}}={{$source.status}}{{end}}`: "artifact=ok",
	} {
		if got, err := fill(t, source, denied()); err != nil || got != want {
			t.Errorf("%s\n got %q, %v\nwant %q", source, got, err, want)
		}
	}
}

func TestABrokenTemplateIsAnErrorThatNamesItsPlace(t *testing.T) {
	for source, want := range map[string]string{
		"{{.outcom}}":                `slack.tmpl:1:2: executing "slack.tmpl" at <.outcom>: map has no entry for key "outcom"`,
		"\n{{if}}":                   "slack.tmpl:2: missing value for if",
		`{{env "HOME"}}`:             `function "env" not defined (in addition to those of Go's text/template there are the functions github, instant, join, json, lower, markdown, next, tally, upper, verdict, xml)`,
		`{{readFile "/etc/passwd"}}`: `function "readFile" not defined`,
		`{{instant .request}}`:       "instant wants a time such as .now",
		`{{range 20000}}{{printf "%01000d" 0}}{{end}}`: "the template prints more than 16 MiB",
	} {
		if out, err := fill(t, source, denied()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %.80q, %v; want %s", source, out, err, want)
		}
	}
}

func TestATemplateNamesItsFileAndMayNameAnother(t *testing.T) {
	folder := t.TempDir()
	file, target := filepath.Join(folder, "a.tmpl"), filepath.Join(folder, "out.txt")
	must(t, os.WriteFile(file, []byte("{{verdict}}"), 0o644))
	o, err := report.Formats.Parse("template=" + file + "=" + target)
	must(t, err)
	if o.Template != file || o.Path != target || o.String() != "template="+file+"="+target {
		t.Errorf("%+v", o)
	}
	out, err := report.Render(o, allowed(), report.Options{})
	must(t, err)
	must(t, o.Write(nil, out))
	if got := read(t, target); got != "ALLOW" {
		t.Errorf("file holds %q", got)
	}
	for value, want := range map[string]string{
		"template":                "needs a template: template=FILE",
		"template=":               "needs a template: template=FILE",
		"template=" + file + "=":  "names no file after the second equals sign",
		"template=" + file + "no": "read template: open ",
	} {
		if _, err := report.Formats.Parse(value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", value, err, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add(attack)
	f.Fuzz(func(t *testing.T, s string) {
		source := "{{range .findings}}{{.message}}\n{{.title}} {{json .observed}}\n{{range $k, $v := .observed}}{{$k}}{{end}}\n{{end}}"
		got, err := fill(t, source, hostile(s))
		must(t, err)
		plain(t, got)
	})
}
