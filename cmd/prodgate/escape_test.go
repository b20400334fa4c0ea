package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hostile is text with control sequences for a terminal and commands for a build log.
const hostile = "x\n::error::forged\r::stop-commands::y\u2028::warning::z\n ##[error]a ##vso[task.complete]b\x1b[2J\u202e"

var obeyed = regexp.MustCompile(`(?m)^\s*::|##[A-Za-z]*\[|[\x1b\r\x{2028}\x{202e}]`)

func TestStandardErrorIsEscaped(t *testing.T) {
	image := "registry.invalid/x:1"
	for _, args := range [][]string{
		{"eval", image, "--trail", "nowhere/" + hostile},
		{"eval", image, "--config", hostile},
		{"eval", image, "--policies", hostile},
		{"eval", "--input", hostile},
		{"eval", image, "-o", hostile},
		{"eval", image, "-o", "json=" + hostile + "/d.json", "-o", "yaml=" + hostile + "/d.json"},
		{"eval", image, "-o", "template=" + hostile},
		{"eval", image, "--receipt", hostile},
		{"eval", image, "--save-input", "nowhere/" + hostile},
		{"eval", image, "--kind", hostile},
		{"eval", image, "--" + hostile},
		{"eval", image, hostile},
		{hostile},
		{"help", hostile},
		{"audit", hostile},
		{"audit", "verify", "--export", hostile},
		{"policy", "test", hostile},
		{"policy", "explain", hostile},
		{"check", hostile},
		{"calendar", "--ics", hostile},
		{"scan", "--sbom", hostile},
		{"metrics", "--trail", hostile},
	} {
		std, out, errs := alone(t)
		if code := run(t.Context(), args, std); code != exitNoDecision {
			t.Errorf("%q ends with %d", args, code)
		}
		if errs.Len() == 0 {
			t.Errorf("%q says nothing", args)
		}
		if printed := errs.String() + out.String(); obeyed.MatchString(printed) {
			t.Errorf("%q prints %q", args, printed)
		}
	}
}

// pack writes a policy pack with a check and its test.
func pack(t *testing.T, name, test string) string {
	t.Helper()
	dir := t.TempDir()
	check := "package prodgate.v1.checks.acme_x\n\nneeds := set()\n\ndefault pass := false\n\npass := true\n"
	for file, text := range map[string]string{name: check, "x_test.rego": test} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAPackCannotSendCommandsToTheBuildLog(t *testing.T) {
	name := strings.NewReplacer("/", "", "\x00", "").Replace(hostile) + ".rego"
	printing := "package prodgate.v1.checks.acme_x_test\n\ntest_prints if {\n\tprint(\"a\\n::error::forged\\r##[error]x \\u202e\")\n\t1 == 2\n}\n"
	std, out, errs := alone(t)
	dir := pack(t, "x.rego", printing)
	if code := run(t.Context(), []string{"policy", "test", dir}, std); code != exitDeny {
		t.Errorf("ends with %d: %s", code, errs)
	}
	if !strings.Contains(out.String(), "forged") || obeyed.MatchString(out.String()) {
		t.Errorf("printed %q", out)
	}
	std, out, errs = alone(t)
	dir = pack(t, name, printing)
	run(t.Context(), []string{"policy", "test", dir}, std)
	if printed := errs.String() + out.String(); printed == "" || obeyed.MatchString(printed) {
		t.Errorf("printed %q", printed)
	}
}
