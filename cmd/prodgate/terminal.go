package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/spf13/cobra"
)

var colorWords = []string{"auto", "always", "never"}

// addColor declares the flag that controls colours.
func addColor(cmd *cobra.Command) {
	cmd.Flags().String("color", "auto", "colour the text: auto, always or never (auto respects NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM=dumb)")
	complete(cmd, "color", colorWords)
}

// addTerminal declares the flags that control how much is printed and how.
func addTerminal(cmd *cobra.Command) {
	addColor(cmd)
	cmd.Flags().BoolP("quiet", "q", false, "print only errors and the outputs of -o")
	cmd.Flags().BoolP("verbose", "v", false, "print progress on standard error")
}

// color reports whether to colour standard output.
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

// columns returns the width of standard output in columns; 0 if it is not known.
func columns(std stdio) int { return print.Columns(std.out, std.getenv("COLUMNS")) }

// printing returns the options for text on standard output.
func printing(cmd *cobra.Command, std stdio) (print.Options, error) {
	colored, err := color(cmd, std)
	return print.Options{Width: columns(std), Color: colored}, err
}

// newSheet returns an empty sheet for standard output. It breaks lines only if the
// width is known: other programs read the reports of these commands line by line.
func newSheet(std stdio) *print.Sheet {
	return print.NewSheet(print.Options{Width: columns(std)}.Usually(print.Unbroken))
}

// writeSheet writes a sheet to standard output.
func writeSheet(std stdio, s *print.Sheet) error { return toStandardOutput(std.out, s.Bytes()) }

// writeText writes text to standard output, escaped.
func writeText(std stdio, text string) error {
	return toStandardOutput(std.out, []byte(print.Fold(print.Text(text), columns(std))))
}

// writeJSON writes v as indented JSON.
func writeJSON(w io.Writer, v any) error {
	out, err := print.JSON(v)
	if err != nil {
		return err
	}
	return toStandardOutput(w, out)
}

func toStandardOutput(w io.Writer, out []byte) error {
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// getenv returns a variable, "" if it is not set. The last value counts, as in
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
