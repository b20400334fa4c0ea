package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/prodgate/prodgate/internal/bench/measure"
)

// conftestVersion is what prodgate is compared with, in addition to the OPA of go.mod.
const conftestVersion = "v0.71.1"

// organisation is the pack of settings that the stories need.
const organisation = "fixtures/organisation"

// program is one way to decide on a document.
type program struct {
	name string
	args func(input string) []string
	says func(exit int) (code int, text string) // what its answer must be where prodgate's exit code is exit
}

// run runs the program on input. An answer other than prodgate's own is an
// error.
func (p program) run(input string, exit int) (measure.Cost, error) {
	args := p.args(input)
	var out, errs bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cost, code, err := measure.Command(cmd)
	if err != nil {
		return measure.Cost{}, err
	}
	wantCode, wantText := p.says(exit)
	if code != wantCode || !strings.Contains(out.String(), wantText) {
		return measure.Cost{}, fmt.Errorf("%s ended with exit code %d, want %d and %q in\n%s%s",
			strings.Join(args, " "), code, wantCode, wantText, out.String(), errs.String())
	}
	return cost, nil
}

// prepare builds and installs the programs. Prodgate is the first.
func prepare(bin, work string) ([]program, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return nil, fmt.Errorf("find %q: %w", bin, err)
	}
	if err := command("go", "build", "-o", filepath.Join(bin, "prodgate"), "./cmd/prodgate"); err != nil {
		return nil, err
	}
	opa, err := exec.Command("go", "list", "-m", "-f", "{{.Path}}@{{.Version}}", "github.com/open-policy-agent/opa").Output()
	if err != nil {
		return nil, fmt.Errorf("find OPA's version: %w", err)
	}
	for _, module := range []string{strings.TrimSpace(string(opa)), "github.com/open-policy-agent/conftest@" + conftestVersion} {
		if err := command("env", "GOBIN="+bin, "go", "install", module); err != nil {
			return nil, err
		}
	}
	bare, err := withoutTests(work)
	if err != nil {
		return nil, err
	}
	const query = "data.prodgate.v1.deploy.decision"
	return []program{
		{"prodgate eval --input", func(input string) []string {
			return []string{filepath.Join(bin, "prodgate"), "eval", "--input", input, "--policies", organisation, "-o", "json"}
		}, func(exit int) (int, string) { return exit, outcome(exit) }},
		{"opa eval -d policies", func(input string) []string {
			return []string{filepath.Join(bin, "opa"), "eval", "-d", "policies", "-d", organisation, "-i", input, query}
		}, func(exit int) (int, string) { return 0, outcome(exit) }},
		{"opa eval, tests left out", func(input string) []string {
			return []string{filepath.Join(bin, "opa"), "eval", "-d", "policies", "-d", organisation, "--ignore", "*_test.rego", "-i", input, query}
		}, func(exit int) (int, string) { return 0, outcome(exit) }},
		{"conftest test, tests left out", func(input string) []string {
			return []string{filepath.Join(bin, "conftest"), "test", "--policy", bare, "--data", bare, "--data", organisation, "--namespace", "prodgate.conftest", "--output", "json", input}
		}, func(exit int) (int, string) { return min(exit, 1), `"successes": ` + fmt.Sprint(1-min(exit, 1)) }},
	}, nil
}

// outcome is the line of JSON that an answer holds.
func outcome(exit int) string {
	if exit == 0 {
		return `"outcome": "allow"`
	}
	return `"outcome": "deny"`
}

// ask is what conftest needs to ask the same question: it looks for denials
// alone.
const ask = `package prodgate.conftest

deny contains "denied" if data.prodgate.v1.deploy.decision.outcome != "allow"
`

// withoutTests copies the policies into work, without their tests but with
// conftest's question, and returns the folder.
func withoutTests(work string) (string, error) {
	folder := filepath.Join(work, "policies")
	err := filepath.WalkDir("policies", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, "_test.rego") || filepath.Ext(name) == ".go" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		target := filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "conftest.rego"), []byte(ask), 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("copy the policies: %w", err)
	}
	return folder, nil
}

// command runs a command whose output only matters if it fails.
func command(args ...string) error {
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
