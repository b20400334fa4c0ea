package main

import (
	"strings"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/spf13/cobra"
)

func newPolicyList(std stdio) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List all checks and their codes", Args: none}
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
		return checksText(std, checks)
	}
	return cmd
}

// checksText writes one line for each code, under its check.
func checksText(std stdio, checks []evaluator.Check) error {
	s := newSheet(std)
	var table print.Table
	codes := 0
	for _, check := range checks {
		table.Rows = append(table.Rows, []string{print.Line(check.Name), print.Line(check.Title), "", ""})
		for _, c := range check.Codes {
			notes := string(c.Cure)
			if c.Waivable {
				notes += ", waivable"
			}
			table.Rows = append(table.Rows, []string{"  " + print.Line(c.Code), print.Line(c.Title), string(c.Effect), notes})
			codes++
		}
	}
	s.Table(table)
	s.Blank()
	s.Linef("%d checks, %d codes. Run prodgate policy explain CODE for details.", len(checks), codes)
	return writeSheet(std, s)
}

// who joins the people who can help.
func who(list []string) string {
	if len(list) == 0 {
		return "no one is named"
	}
	return strings.Join(list, ", ")
}
