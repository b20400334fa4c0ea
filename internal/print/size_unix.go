//go:build unix

package print

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminalColumns is the width of the terminal that file is; 0 if it is none.
func terminalColumns(file *os.File) int {
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
