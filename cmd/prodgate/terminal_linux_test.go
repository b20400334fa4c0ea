package main

import (
	"bufio"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/print/printtest"
)

func TestATextFitsItsTerminal(t *testing.T) {
	terminal, screen := printtest.Terminal(t, 60)
	std, _, errs := alone(t)
	std.out, std.env = terminal, []string{"TERM=dumb"}
	if code := run(t.Context(), []string{"policy", "explain", "soak.too_short"}, std); code != exitAllow {
		t.Fatalf("ends with %d: %s", code, errs)
	}
	if _, err := terminal.WriteString("end\n"); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	lines := bufio.NewScanner(screen)
	for lines.Scan() && strings.TrimSpace(lines.Text()) != "end" {
		text.WriteString(strings.TrimRight(lines.Text(), "\r") + "\n")
	}
	if got := longest(text.String()); got > 60 || !strings.Contains(text.String(), "settings") {
		t.Errorf("the longest line has %d columns:\n%s", got, text.String())
	}
}
