package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reader is someone who types a page's commands, block after block, into a new copy of
// the project.
type reader struct {
	folder, home string
	built        bool // ./prodgate exists
}

// newReader has a writable folder with all files of the project except Go.
func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{folder: t.TempDir(), home: t.TempDir()}
	for _, name := range []string{"examples", "fixtures", "policies"} {
		if out, err := exec.Command("cp", "-R", filepath.Join("../..", name), r.folder).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return r
}

// mustRun runs the block's commands one after another, as in one new shell in the
// reader's folder.
func (b block) mustRun(t *testing.T, r *reader) {
	commands := b.commands()
	if len(commands) == 0 {
		t.Errorf("line %d: a console block without a command", b.line)
		return
	}
	host := "registry.example.com"
	if b.standIn {
		host = standIn(t)
	}
	dir, code := r.folder, 0
	for i, c := range commands {
		var out string
		text := strings.ReplaceAll(c.text, "registry.example.com", host)
		switch folder, changes := strings.CutPrefix(text, "cd "); {
		case changes:
			dir = filepath.Join(dir, folder)
			if _, err := os.Stat(dir); err != nil {
				t.Fatalf("line %d: %q: %v", b.line, c.text, err)
			}
			code = 0
		case text == "echo $?":
			out, code = strconv.Itoa(code)+"\n", 0
		default:
			out, code = r.run(t, dir, text)
		}
		out = strings.ReplaceAll(out, host, "registry.example.com")
		if code != 0 && (i+1 == len(commands) || commands[i+1].text != "echo $?") {
			t.Errorf("line %d: %q ended with %d:\n%s", b.line, c.text, code, out)
		}
		if len(c.output) > 0 && !pattern(c.output).MatchString(trimmed(out)) {
			t.Errorf("line %d: %q printed\n%s\nwhere the page says\n%s", b.line, c.text, out, strings.Join(c.output, "\n"))
		}
	}
}

var (
	// plainCommand is prodgate with words that mean to a shell what they are, and
	// perhaps a file for its output.
	plainCommand = regexp.MustCompile(`^(\./)?prodgate((?: [A-Za-z0-9_./:=,@+-]+)*)(?: > ([a-z./]+))?$`)
	// buildCommand is what "make build" runs, before each run of these tests in CI.
	buildCommand = block{runBy: "make -n build", text: "$ go build -o prodgate ./cmd/prodgate\n"}
)

// run runs one command in dir and returns what it prints, to both outputs, and its exit
// code. prodgate itself runs in this process if the line needs no shell.
func (r *reader) run(t *testing.T, dir, line string) (out string, code int) {
	t.Helper()
	words := plainCommand.FindStringSubmatch(line)
	switch {
	case line == buildCommand.commands()[0].text:
		// Building it once more would only link what this test is.
		buildCommand.mustBeRunBy(t)
		r.built = true
		return "", 0
	case words == nil:
		return r.shell(t, dir, line)
	case words[1] != "" && (!r.built || dir != r.folder):
		t.Errorf("%q: it was not built in this folder", line)
	}
	var printed bytes.Buffer
	std := stdio{
		in: strings.NewReader(""), out: &printed, err: &printed,
		dir: dir, env: r.env(), clock: time.Now, compile: compiled.get,
	}
	if words[3] != "" {
		file, err := os.Create(filepath.Join(dir, words[3]))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		std.out = io.Writer(file)
	}
	code, err := runAt(strings.Fields(words[2]), r.home, std)
	if err != nil {
		t.Fatal(err)
	}
	return printed.String(), code
}

// env is the environment without what would configure prodgate.
func (r *reader) env() []string {
	return append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PRODGATE_") || strings.HasPrefix(v, "GITHUB_") || strings.HasPrefix(v, "CI=") || strings.HasPrefix(v, "HOME=")
	}), "COLUMNS=", "NO_COLOR=1", "HOME="+r.home)
}

func (r *reader) shell(t *testing.T, dir, line string) (out string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir, cmd.Env = dir, r.env()
	text, err := cmd.CombinedOutput()
	if ctx.Err() != nil || cmd.ProcessState == nil {
		t.Fatalf("%s: %v\n%s", line, err, text)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// standIn is a registry on loopback with the image of the examples.
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
