package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
)

// alone returns a stdio with an empty environment.
func alone(t *testing.T) (stdio, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	var out, errs bytes.Buffer
	return stdio{in: strings.NewReader(""), out: &out, err: &errs, dir: t.TempDir(), clock: time.Now, compile: compiled.get}, &out, &errs
}

// bomb panics when it is written to.
type bomb struct{}

func (bomb) Write([]byte) (int, error) { panic("boom") }

func TestAPanicIsNoDecision(t *testing.T) {
	std, _, errs := alone(t)
	std.out = bomb{}
	if code := run(t.Context(), []string{"schema", "input"}, std); code != exitNoDecision {
		t.Errorf("exit code %d, want %d", code, exitNoDecision)
	}
	for _, want := range []string{"boom", "treat it as blocked", "report"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("standard error lacks %q:\n%s", want, errs)
		}
	}
}

func TestExitCode(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want int
	}{
		{"no error", nil, exitAllow},
		{"a denial", verdict(exitDeny), exitDeny},
		{"a denial for now, wrapped", fmt.Errorf("eval: %w", verdict(exitWait)), exitWait},
		{"any error", errors.New("x"), exitNoDecision},
		{"end of input", io.EOF, exitNoDecision},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := exitCode(tt.err); got != tt.want {
				t.Errorf("exitCode = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAContradictoryDecisionIsRejected(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome evaluator.Outcome
		code    int
		end     error
		bad     bool
	}{
		{"an allow", evaluator.Allow, 0, nil, false},
		{"a deny", evaluator.Deny, 1, verdict(1), false},
		{"a wait", evaluator.Deny, 3, verdict(3), false},
		{"a deny with exit code 0", evaluator.Deny, 0, nil, true},
		{"an allow with exit code 1", evaluator.Allow, 1, nil, true},
		{"an unknown outcome", "maybe", 0, nil, true},
		{"the zero decision", "", 0, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			end, err := ending(tt.outcome, tt.code)
			if (err != nil) != tt.bad || !errors.Is(end, tt.end) {
				t.Errorf("ending = %v, %v", end, err)
			}
			if tt.bad && exitCode(err) != exitNoDecision {
				t.Errorf("ends with %d", exitCode(err))
			}
		})
	}
}

func TestErrorsAreEscapedForTheTerminal(t *testing.T) {
	std, _, errs := alone(t)
	std.env = []string{"PRODGATE_\x1b[2J\u009b\x07\u202e=1"}
	run(t.Context(), []string{"eval", "image"}, std)
	if !strings.Contains(errs.String(), "unknown variable") {
		t.Errorf("standard error has %q", errs)
	}
	if strings.ContainsAny(errs.String(), "\x1b\u009b\x07\u202e") {
		t.Errorf("standard error has control characters: %q", errs)
	}
}

func TestEveryFlagIsDocumentedAndEverySettingHasAFlag(t *testing.T) {
	std, _, _ := alone(t)
	root := newRoot(std)
	for _, cmd := range root.Commands() {
		if cmd.Short == "" {
			t.Errorf("%s has no short description", cmd.CommandPath())
		}
		for _, inner := range cmd.Commands() {
			if inner.Short == "" {
				t.Errorf("%s has no short description", inner.CommandPath())
			}
		}
	}
	eval, _, err := root.Find([]string{"eval"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append([]string{"policies", "config", "timeout", "trail", "trail-key"}, requestSettings...) {
		if eval.Flags().Lookup(name) == nil {
			t.Errorf("eval has no flag --%s", name)
		}
	}
}
