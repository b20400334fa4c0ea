package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// elsewhere are the pages that have a test of their own, and where.
var elsewhere = map[string]string{
	"command-line.md": "manual_test.go",
	"reports.md":      "../../internal/report/docs_test.go",
	"sources.md":      "../../collectors/page_test.go",
}

// pages are the documents whose blocks are tried.
func pages(t *testing.T) []string {
	t.Helper()
	list := []string{"../../README.md", "../../CONTRIBUTING.md", "../../examples/pack/README.md"}
	more, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	adr, err := filepath.Glob("../../docs/adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(more, adr...) {
		test, ok := elsewhere[filepath.Base(name)]
		if ok && !exists(test) {
			t.Errorf("%s is tested in %s, which does not exist", name, test)
		}
		if !ok {
			list = append(list, name)
		}
	}
	return list
}

// block is one fenced block of a page.
type block struct {
	line     int    // where its fence stands
	language string // the word after the fence
	text     string
	standIn  bool   // what it needs from a network has a stand-in in this test
	runBy    string // the script or the make command that runs it; empty: this test
}

// TestTheDocumentationIsTried runs every command of a page, in the page's
// order, and compares what it prints with the page: "…" in a line stands for
// any text, alone on a line for any lines. A command without output there may
// print what it likes. It must end with 0 unless "echo $?" is the next one.
//
// Blocks in another language must be quotations, line for line, of a file that
// is itself tested. A text block shows no command, and a mermaid block is written
// by the test that compares it.
//
//	<!-- stand-in: … -->  the registry in the next block is one on loopback
//	<!-- run by: … -->    that script, or what that make command would do, has
//	                      the next block's commands in it
func TestTheDocumentationIsTried(t *testing.T) {
	sources := quotable(t)
	for _, page := range pages(t) {
		t.Run(strings.TrimPrefix(page, "../../"), func(t *testing.T) {
			folder := ""
			for _, b := range blocks(t, page) {
				switch {
				case b.language == "console" && b.runBy != "":
					b.mustBeRunBy(t)
				case b.language == "console":
					if folder == "" {
						folder = copyOfTheProject(t)
					}
					b.mustRun(t, folder)
				case b.language == "text" || b.language == "mermaid":
					if regexp.MustCompile(`(?m)^(\$|prodgate|make|go|opa) `).MatchString(b.text) {
						t.Errorf("line %d: commands belong into a console block, where they are tried", b.line)
					}
				default:
					b.mustBeQuoted(t, sources)
				}
			}
		})
	}
}

var (
	mark  = regexp.MustCompile(`^<!-- (stand-in|run by): (.*) -->$`)
	fence = regexp.MustCompile("^```([a-z]*)$")
)

// blocks reads the fenced blocks of a page.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var list []block
	var open *block
	next := block{}
	for i, line := range strings.Split(string(text), "\n") {
		found := fence.FindStringSubmatch(line)
		switch {
		case open != nil && line == "```":
			list, open, next = append(list, *open), nil, block{}
		case open != nil:
			open.text += line + "\n"
		case found != nil:
			next.line, next.language = i+1, found[1]
			b := next
			open = &b
		case mark.MatchString(line):
			found := mark.FindStringSubmatch(line)
			next.standIn = found[1] == "stand-in"
			if !next.standIn {
				next.runBy = found[2]
			}
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block has no end", page, open.line)
	}
	return list
}

// command is a line of a console block that begins with "$ ", and what the page
// says it prints.
type command struct {
	text   string
	output []string
}

func (b block) commands() []command {
	var list []command
	for _, line := range strings.Split(strings.TrimSuffix(b.text, "\n"), "\n") {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, command{text: text})
		} else if len(list) > 0 {
			list[len(list)-1].output = append(list[len(list)-1].output, line)
		}
	}
	return list
}

// mustBeRunBy finds each command in the script or in what make would do.
func (b block) mustBeRunBy(t *testing.T) {
	var text string
	if words := strings.Fields(b.runBy); words[0] == "make" {
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir = "../.."
		out, err := cmd.CombinedOutput()
		if err != nil || !slices.Contains(words, "-n") {
			t.Errorf("line %d: %s: %v\n%s", b.line, b.runBy, err, out)
		}
		text = string(out)
	} else {
		script, err := os.ReadFile("../../" + b.runBy)
		if err != nil {
			t.Error(err)
		}
		text = string(script)
	}
	for _, c := range b.commands() {
		if !strings.Contains(text, c.text) {
			t.Errorf("line %d: %s does not run %q", b.line, b.runBy, c.text)
		}
	}
}

// mustBeQuoted finds the block in one of the sources.
func (b block) mustBeQuoted(t *testing.T, sources []string) {
	for _, source := range sources {
		if strings.Contains(source, unindented(b.text)) {
			return
		}
	}
	t.Errorf("line %d: this %s block stands in no file that is tested; quote one, line for line", b.line, b.language)
}

// quotable are the files that a page may quote: what tests run, load or
// compile.
func quotable(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, root := range []string{"../../examples", "../../policies", "../../fixtures/cases", "../../collectors/build/testdata", "templates"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(name)
			list = append(list, unindented(string(text)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, " \t")
	}
	return strings.Join(lines, "\n")
}

// copyOfTheProject is a folder in which a page's commands may write, with all
// of the project that is not Go.
func copyOfTheProject(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"examples", "fixtures", "policies"} {
		if out, err := exec.Command("cp", "-R", filepath.Join("../..", name), folder).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return folder
}

// mustRun runs the block's commands in one shell, in folder.
func (b block) mustRun(t *testing.T, folder string) {
	commands := b.commands()
	if len(commands) == 0 {
		t.Errorf("line %d: a console block without a command", b.line)
		return
	}
	host := "registry.example.com"
	if b.standIn {
		host = standIn(t)
	}
	var script strings.Builder
	// Built where the sources are, go build finds what it has built before.
	replace := strings.NewReplacer("registry.example.com", host, "go build -o ", "go -C "+projectRoot(t)+" build -o "+folder+"/")
	for i, c := range commands {
		fmt.Fprintf(&script, "%s\ncode=$?\necho \"@@@ %d $code\"\n(exit $code)\n", replace.Replace(c.text), i)
	}
	out := strings.ReplaceAll(shell(t, folder, script.String()), host, "registry.example.com")
	for i, c := range commands {
		printed, rest, ok := strings.Cut(out, fmt.Sprintf("@@@ %d ", i))
		if !ok {
			t.Errorf("line %d: %q ended the shell:\n%s", b.line, c.text, out)
			return
		}
		code, rest, _ := strings.Cut(rest, "\n")
		if code != "0" && (i+1 == len(commands) || commands[i+1].text != "echo $?") {
			t.Errorf("line %d: %q ended with %s:\n%s", b.line, c.text, code, printed)
		}
		if len(c.output) > 0 && !pattern(c.output).MatchString(trimmed(printed)) {
			t.Errorf("line %d: %q printed\n%s\nwhere the page says\n%s", b.line, c.text, printed, strings.Join(c.output, "\n"))
		}
		out = rest
	}
}

// standIn is a registry on loopback that holds the image of the examples.
func standIn(t *testing.T) string {
	t.Helper()
	r, err := startRegistry()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	if _, err := r.push(context.Background(), r.host+"/payments-api:7a3f9c2", "payments-api 42"); err != nil {
		t.Fatal(err)
	}
	return r.host
}

func shell(t *testing.T, folder, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec 2>&1\n"+script)
	cmd.Dir = folder
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PRODGATE_") || strings.HasPrefix(v, "GITHUB_") || strings.HasPrefix(v, "CI=")
	}), "COLUMNS=", "NO_COLOR=1")
	out, err := cmd.Output()
	if ctx.Err() != nil {
		t.Fatalf("%v: %v\n%s", ctx.Err(), err, out)
	}
	return string(out)
}

func projectRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// pattern is what a page says a command prints.
func pattern(lines []string) *regexp.Regexp {
	var text strings.Builder
	text.WriteString(`\A`)
	for _, line := range lines {
		if line == "…" {
			text.WriteString(`(.*\n)*?`)
			continue
		}
		text.WriteString(strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(line, " ")), "…", ".*") + `\n`)
	}
	return regexp.MustCompile(text.String() + `\z`)
}

// trimmed is text without blanks at the ends of lines.
func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}
