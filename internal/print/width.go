package print

import (
	"io"
	"os"
	"strconv"
)

// widest is the widest terminal that is believed.
const widest = 1000

// Columns returns how many columns text for stdout may have: those that the
// variable COLUMNS names, else those of the terminal that stdout is; 0 if neither
// is known.
func Columns(stdout io.Writer, columns string) int {
	if n, err := strconv.Atoi(columns); err == nil && n > 0 && n <= widest {
		return n
	}
	if file, ok := Unescaped(stdout).(*os.File); ok {
		if n := terminalColumns(file); n > 0 && n <= widest {
			return n
		}
	}
	return 0
}

// IsTerminal reports whether a person may be looking at w.
func IsTerminal(w io.Writer) bool {
	file, ok := Unescaped(w).(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Unescaped returns the writer that w escapes text for, or w. What is written to it
// must hold nothing from outside that is not escaped.
func Unescaped(w io.Writer) io.Writer {
	if p, ok := w.(*Writer); ok {
		return p.Unwrap()
	}
	return w
}
