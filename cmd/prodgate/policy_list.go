package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/spf13/cobra"
)

func newPolicyList(std stdio) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List every check and every code it can give", Args: none}
	addSettings(cmd, "policies", "config")
	output := cmd.Flags().StringP("output", "o", "text", "text or json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := outputWord(*output, "text", "json"); err != nil {
			return err
		}
		checks, err := loadChecks(cmd, std)
		if err != nil {
			return err
		}
		if *output == "json" {
			return writeJSON(std.out, checks)
		}
		return writeTable(print.NewWriter(std.out), checks)
	}
	return cmd
}

// writeTable writes one line for each code, under its check.
func writeTable(w io.Writer, checks []evaluator.Check) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	codes := 0
	for _, check := range checks {
		fmt.Fprintf(table, "%s\t%s\t\t\n", check.Name, check.Title)
		for _, c := range check.Codes {
			notes := string(c.Cure)
			if c.Waivable {
				notes += ", waivable"
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", c.Code, c.Title, c.Effect, notes)
			codes++
		}
	}
	fmt.Fprintf(table, "\n%d checks, %d codes. %s\n", len(checks), codes, "prodgate policy explain CODE says more.")
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}

// who joins those who can help.
func who(list []string) string {
	if len(list) == 0 {
		return "nobody is named"
	}
	return strings.Join(list, ", ")
}
