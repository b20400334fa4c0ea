package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/policies"
	"github.com/spf13/cobra"
)

func newPolicyExplain(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain CODE|CHECK",
		Short:   "Explain a code, how to fix it and who can help",
		Example: "  prodgate policy explain soak.too_short",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("prodgate policy list shows the codes", "expected exactly one code, such as soak.too_short")
			}
			return nil
		},
	}
	addSettings(cmd, "policies", "config")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		checks, err := loadChecks(cmd, std)
		if err != nil {
			return err
		}
		return explain(std, checks, args[0])
	}
	return cmd
}

// explain describes a code, or a check and its codes.
func explain(std stdio, checks []evaluator.Check, word string) error {
	var known []string
	for _, check := range checks {
		known = append(known, check.Name)
		if check.Name == word {
			return explainCheck(std, check)
		}
		for _, c := range check.Codes {
			known = append(known, c.Code)
			if c.Code == word {
				return explainCode(std, check, c)
			}
		}
	}
	help := "prodgate policy list shows the codes"
	if hint := spelling.Hint(word, known); hint != "" {
		help = hint
	}
	return usage(help, "unknown code %q", word)
}

func explainCheck(std stdio, check evaluator.Check) error {
	s := newSheet(std)
	explainHead(s, check.Name, check.Title, check.Description)
	s.Line("Its codes:")
	for _, c := range check.Codes {
		s.Line(print.Text("  " + c.Code + " — " + c.Title))
	}
	return writeSheet(std, s)
}

// explainHead writes name, title and description of a check or code.
func explainHead(s *print.Sheet, name, title, description string) {
	s.Line(print.Text(name + " — " + title))
	s.Blank()
	s.Hang("", print.Text(strings.TrimSpace(description)))
	s.Blank()
}

func explainCode(std stdio, check evaluator.Check, c evaluator.Code) error {
	s := newSheet(std)
	explainHead(s, c.Code, c.Title, c.Description)
	waivable := "no"
	if c.Waivable {
		waivable = "yes, by the roles of waivers.allowed in the settings"
	}
	for _, line := range [][2]string{
		{"check", check.Name + " (" + check.Title + ")"},
		{"effect", string(c.Effect)},
		{"cure", string(c.Cure) + ": " + cures[c.Cure]},
		{"remedy", c.Remedy},
		{"who", who(c.Who)},
		{"waivable", waivable},
		{"settings", cmp.Or(strings.Join(settingsOf(c), ", "), "none")},
		{"rule", fmt.Sprintf("%s:%d", c.File, c.Line)},
	} {
		s.Hang(fmt.Sprintf("  %-9s ", line[0]), print.Text(line[1]))
	}
	return writeSheet(std, s)
}

// setting matches how a rule reads one of the policies' settings.
var setting = regexp.MustCompile(`settings\.effective\.([a-z_]+(?:\.[a-z_]+)*)`)

// settingsOf returns the settings that the file of a shipped code's rule reads. A
// pack sets them under data.prodgate.organisation.
func settingsOf(c evaluator.Code) []string {
	text, err := fs.ReadFile(policies.FS, c.File)
	if err != nil {
		return nil // a pack's rule
	}
	var names []string
	for _, match := range setting.FindAllSubmatch(text, -1) {
		names = append(names, string(match[1]))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// cures explains each cure.
var cures = map[evaluator.Cure]string{
	evaluator.CureFix:  "the artifact, its configuration or a source must change",
	evaluator.CureAsk:  "a person must act",
	evaluator.CureWait: "it clears by itself",
}
