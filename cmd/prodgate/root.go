package main

import (
	"strings"

	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/spf13/cobra"
)

// newRoot returns the whole command line.
func newRoot(std stdio) *cobra.Command {
	root := group("prodgate", "Decide whether an artifact may go to an environment now",
		newEval(std), newRequest(std), newCheck(std), newWhen(std), newCollect(std), newScan(std), newDB(std), newCalendar(std), newPolicy(std),
		newAttest(std), newKey(std), newApprove(std), newDelegate(std), newReject(std), newWithdraw(std), newWaive(std), newWaivers(std), newAudit(std), newServe(std), newFreeze(std), newAdopt(std), newMetrics(std), newReplay(std),
		newInit(std), newDoctor(std), newDemo(std),
		newSchema(std), newVersion(std), newCompletion(std))
	root.Long = root.Short + `.

Exit codes:
  0  allow, and every output is written
  1  deny: something must be fixed or someone must act
  2  no decision: usage, configuration, broken input, an error
  3  deny for now: it clears by itself`
	root.SilenceUsage, root.SilenceErrors = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp(root))
	root.PersistentFlags().BoolP("help", "h", false, "show help for this command")
	return root
}

// group returns a command with subcommands. Calling it without a subcommand, or with
// an unknown one, is an error.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: name, Short: short, Args: cobra.ArbitraryArgs}
	g.AddCommand(commands...)
	g.RunE = func(cmd *cobra.Command, args []string) error {
		help := cmd.CommandPath() + " --help lists the commands"
		if len(args) == 0 {
			return usage(help, "%s needs a command", cmd.CommandPath())
		}
		if hint := spelling.Hint(args[0], names(cmd)); hint != "" {
			help = hint
		}
		return usage(help, "unknown command %q for %q", args[0], cmd.CommandPath())
	}
	return g
}

// names returns the subcommands of cmd that a user can call.
func names(cmd *cobra.Command) []string {
	var list []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			list = append(list, c.Name())
		}
	}
	return list
}

// newHelp returns "prodgate help COMMAND", for which an unknown command is an error.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show help for a command", Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usage("prodgate --help lists the commands", "unknown command %q", strings.Join(args, " "))
			}
			return cmd.Help()
		},
	}
}
