package main

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/spf13/cobra"
)

var colorWords = []string{"auto", "always", "never"}

// addColor declares the flag that says whether to colour.
func addColor(cmd *cobra.Command) {
	cmd.Flags().String("color", "auto", "colour the text: auto, always or never (NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM=dumb are honoured)")
	complete(cmd, "color", colorWords)
}

// addTerminal declares the flags that say how much is printed and how.
func addTerminal(cmd *cobra.Command) {
	addColor(cmd)
	cmd.Flags().BoolP("quiet", "q", false, "print nothing but errors and what -o asks for")
	cmd.Flags().BoolP("verbose", "v", false, "say on standard error what is being done")
}

// color says whether to colour what goes to standard output.
func color(cmd *cobra.Command, std stdio) (bool, error) {
	word, err := cmd.Flags().GetString("color")
	if err != nil {
		return false, err
	}
	switch word {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return autoColor(std), nil
	}
	return false, usage("one of "+strings.Join(colorWords, ", "), "unknown --color %q", word)
}

func autoColor(std stdio) bool {
	force := std.getenv("CLICOLOR_FORCE")
	switch {
	case std.getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case std.getenv("CLICOLOR") == "0", std.getenv("TERM") == "dumb":
		return false
	}
	return isTerminal(std.out)
}

// isTerminal says whether somebody may be looking at w.
func isTerminal(w io.Writer) bool {
	file, ok := unescaped(w).(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// unescaped is the writer that w escapes text for, or w. What is written to it
// must hold nothing from outside that is not escaped.
func unescaped(w io.Writer) io.Writer {
	if p, ok := w.(*print.Writer); ok {
		return p.Unwrap()
	}
	return w
}

// width is how many columns the text may have; 0 where nobody says.
func width(std stdio) int {
	columns, err := strconv.Atoi(std.getenv("COLUMNS"))
	if err != nil || columns < 0 || columns > 1000 {
		return 0
	}
	return columns
}

// getenv returns a variable, "" if it is not set. The last one counts, as in
// os.Getenv after os.Setenv.
func (s stdio) getenv(name string) string {
	text := ""
	for _, entry := range s.env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			text = value
		}
	}
	return text
}
