package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// workflow has the tested parts of the workflow that init writes.
type workflow struct {
	On   map[string]any    `yaml:"on"`
	Env  map[string]string `yaml:"env"`
	Jobs map[string]struct {
		Environment string `yaml:"environment"`
		Steps       []struct {
			Name string            `yaml:"name"`
			Uses string            `yaml:"uses"`
			Run  string            `yaml:"run"`
			With map[string]string `yaml:"with"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

// writtenWorkflow returns the workflow that init writes.
func writtenWorkflow(t *testing.T) workflow {
	t.Helper()
	std, _, errs := alone(t)
	if code := run(t.Context(), []string{"init", "--service", "payments-api"}, std); code != exitAllow {
		t.Fatalf("init ended with %d: %s", code, errs)
	}
	content, err := os.ReadFile(filepath.Join(std.dir, ".github", "workflows", "production.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(content, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheWorkflowStartsOnlyOnRequest(t *testing.T) {
	w := writtenWorkflow(t)
	if _, ok := w.On["workflow_dispatch"]; !ok || len(w.On) != 1 {
		t.Errorf("it starts on %v", w.On)
	}
	if w.Jobs["deploy"].Environment != "production" {
		t.Errorf("its environment is %q", w.Jobs["deploy"].Environment)
	}
}

func TestTheWorkflowRunsOnlyPinnedCode(t *testing.T) {
	pinned := regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40}$`)
	for name, job := range writtenWorkflow(t).Jobs {
		for _, step := range job.Steps {
			if step.Uses != "" && !pinned.MatchString(step.Uses) {
				t.Errorf("%s uses %s", name, step.Uses)
			}
			if strings.Contains(step.Run, "${{") {
				t.Errorf("%s puts text from outside into a command: %s", name, step.Run)
			}
			if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["ref"] != "${{ env.GATE_COMMIT }}" {
				t.Errorf("%s checks out %s", name, step.With["ref"])
			}
		}
	}
}

// needs skips a test if a program is not installed.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
}

func TestTheWorkflowDeploysOnlyTheImageOfTheDecision(t *testing.T) {
	needs(t, "bash", "jq")
	w := writtenWorkflow(t)
	script := ""
	for _, step := range w.Jobs["deploy"].Steps {
		if _, rest, ok := strings.Cut(step.Run, "deploy=$("); ok { // after "prodgate check", and before the steps are recorded
			script, _, _ = strings.Cut("deploy=$("+rest, "prodgate audit record")
			script += `echo "deploying $deploy"`
		}
	}
	good := `{"outcome": "allow", "mode": "enforce", "weakened": [], "deploy": "r/a@sha256:1", "policy": {"digest": "` + w.Env["GATE_POLICY_DIGEST"] + `"}}`
	for _, tt := range []struct {
		name, decision string
		deploys        bool
	}{
		{"an allow", good, true},
		{"a deny", strings.Replace(good, "allow", "deny", 1), false},
		{"a simulation", strings.Replace(good, "enforce", "simulate", 1), false},
		{"a saved document", strings.Replace(good, "enforce", "document", 1), false},
		{"a weakened gate", strings.Replace(good, "[]", `["--insecure-registry"]`, 1), false},
		{"a decision without weakened", strings.Replace(good, `"weakened": [], `, "", 1), false},
		{"other policies", strings.Replace(good, "sha256:", "sha256:0", 2), false},
		{"no digest", strings.Replace(good, `"r/a@sha256:1"`, "null", 1), false},
		{"an empty file", "", false},
		{"no JSON", "allow", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "decision.json"), []byte(tt.decision), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GATE_POLICY_DIGEST="+w.Env["GATE_POLICY_DIGEST"], "DECISION=decision.json")
			out, err := cmd.CombinedOutput()
			if deploys := err == nil; deploys != tt.deploys {
				t.Errorf("deploys: %v (%s)", deploys, out)
			}
			if tt.deploys && !strings.Contains(string(out), "deploying r/a@sha256:1") {
				t.Errorf("it says %s", out)
			}
		})
	}
}
