package main

import "github.com/spf13/cobra"

// newKey groups the commands about keys that sign statements.
func newKey(std stdio) *cobra.Command {
	return group("key", "Create and show keys that sign statements", newKeyNew(std), newKeyShow(std))
}
