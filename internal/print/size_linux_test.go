package print_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/print/printtest"
)

func TestTheWidthIsThatOfTheTerminal(t *testing.T) {
	terminal, _ := printtest.Terminal(t, 137)
	if got := print.Columns(terminal, ""); got != 137 {
		t.Errorf("%d columns, want 137", got)
	}
	if got := print.Columns(print.NewWriter(terminal), ""); got != 137 {
		t.Errorf("behind an escaping writer: %d columns, want 137", got)
	}
	if got := print.Columns(terminal, "72"); got != 72 {
		t.Errorf("COLUMNS comes first: %d columns, want 72", got)
	}
	if !print.IsTerminal(terminal) || !print.IsTerminal(print.NewWriter(terminal)) {
		t.Error("a terminal is not recognised")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got := print.Columns(file, ""); got != 0 || print.IsTerminal(file) {
		t.Errorf("a file has %d columns", got)
	}
}
