package print

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal opens a pseudo-terminal of so many columns.
func openTerminal(t *testing.T, columns uint16) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	must(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	must(t, err)
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { terminal.Close() })
	must(t, unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns}))
	return terminal
}

func TestTheWidthIsThatOfTheTerminal(t *testing.T) {
	terminal := openTerminal(t, 137)
	if got := Columns(terminal, ""); got != 137 {
		t.Errorf("%d columns, want 137", got)
	}
	if got := Columns(NewWriter(terminal), ""); got != 137 {
		t.Errorf("behind an escaping writer: %d columns, want 137", got)
	}
	if got := Columns(terminal, "72"); got != 72 {
		t.Errorf("COLUMNS comes first: %d columns, want 72", got)
	}
	if !IsTerminal(terminal) || !IsTerminal(NewWriter(terminal)) {
		t.Error("a terminal is not recognised")
	}
	file, err := os.Create(t.TempDir() + "/file")
	must(t, err)
	defer file.Close()
	if got := Columns(file, ""); got != 0 || IsTerminal(file) {
		t.Errorf("a file has %d columns", got)
	}
}
