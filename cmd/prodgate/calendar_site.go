package main

import "github.com/spf13/cobra"

func showSite(cmd *cobra.Command, std stdio, r timeRange, output string) error {
	return usage("prodgate calendar --ics FILE", "nothing to show")
}
