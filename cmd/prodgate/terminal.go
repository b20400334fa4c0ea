package main

import (
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
	return print.IsTerminal(std.out)
}

// columns is how many columns text on standard output may have; 0 where nothing
// says so.
func columns(std stdio) int { return print.Columns(std.out, std.getenv("COLUMNS")) }

// printing says how text on standard output is printed.
func printing(cmd *cobra.Command, std stdio) (print.Options, error) {
	colored, err := color(cmd, std)
	return print.Options{Width: columns(std), Color: colored}, err
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
