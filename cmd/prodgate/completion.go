package main

import (
	"strings"

	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/spf13/cobra"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:       "completion " + strings.Join(shells, "|"),
		Short:     "Write a completion script for a shell",
		Example:   "  source <(prodgate completion bash)",
		ValidArgs: shells,
		Args:      oneOf("shell", shells),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(std.out, true)
			case "zsh":
				return root.GenZshCompletion(std.out)
			case "fish":
				return root.GenFishCompletion(std.out, true)
			default:
				return root.GenPowerShellCompletionWithDesc(std.out)
			}
		},
	}
}

// oneOf accepts exactly one argument, which must be one of list.
func oneOf(what string, list []string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		all := strings.Join(list, ", ")
		if len(args) != 1 {
			return usage("one of "+all, "%s needs exactly one %s", cmd.CommandPath(), what)
		}
		for _, word := range list {
			if word == args[0] {
				return nil
			}
		}
		help := "one of " + all
		if hint := spelling.Hint(args[0], list); hint != "" {
			help = hint
		}
		return usage(help, "unknown %s %q", what, args[0])
	}
}

// complete offers words, one at a time, for the flag called name.
func complete(cmd *cobra.Command, name string, words []string) {
	err := cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag does not exist: a bug in this package that every start shows
	}
}
