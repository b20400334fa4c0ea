package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the manual anew")

const manualPath = "../../docs/command-line.md"

// TestTheManualIsUpToDate compares docs/command-line.md with the help of the
// commands; go test ./cmd/prodgate -run Manual -update writes it.
func TestTheManualIsUpToDate(t *testing.T) {
	std, _, _ := alone(t)
	want := manual(newRoot(std))
	if *update {
		if err := os.WriteFile(manualPath, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(manualPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is out of date: run go test ./cmd/prodgate -run Manual -update", manualPath)
	}
}

func TestThePackageCommentListsEveryCommand(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	std, _, _ := alone(t)
	for _, cmd := range newRoot(std).Commands() {
		if cmd.IsAvailableCommand() && !strings.Contains(string(doc), cmd.Name()) {
			t.Errorf("doc.go does not name %s", cmd.Name())
		}
	}
}

// TestEverySummaryIsOneShortLine checks that the summaries of --help fit in 80 columns.
func TestEverySummaryIsOneShortLine(t *testing.T) {
	std, _, _ := alone(t)
	var check func(commands []*cobra.Command)
	check = func(commands []*cobra.Command) {
		for _, cmd := range commands {
			line := fmt.Sprintf("  %-11s %s", cmd.Name(), cmd.Short)
			if len(line) >= 80 || strings.ContainsAny(cmd.Short, "\n?:") {
				t.Errorf("%s: the summary %q must be an imperative on one line under 80 columns", cmd.CommandPath(), cmd.Short)
			}
			check(cmd.Commands())
		}
	}
	check(newRoot(std).Commands())
}

// flagGroup is a group of flags that several commands have. The manual describes them
// once.
type flagGroup struct {
	name  string
	flags []string
}

var sharedFlags = []flagGroup{
	{"request", []string{"service", "environment", "kind", "ticket", "trigger", "requested-by", "triggered-by",
		"requested-at", "request-id", "deployment", "attempt"}},
	{"evaluation", []string{"emergency", "configuration", "input", "save-input", "at"}},
	{"configuration", []string{"config", "policies", "db", "timeout", "insecure-registry"}},
	{"trail", []string{"trail", "trail-key"}},
	{"period", []string{"since", "until"}},
	{"output", []string{"output", "color", "quiet", "verbose"}},
}

// manual returns the page about every command.
func manual(root *cobra.Command) []byte {
	var b bytes.Buffer
	b.WriteString("# The command line\n\nThis page is generated from the help of the commands.\n\n")
	fmt.Fprintf(&b, "```\n%s\n```\n\n", root.Long)
	b.WriteString("## Settings\n\nA flag overrides a variable, a variable overrides `prodgate.yaml`, `prodgate.yaml` overrides what the CI system provides, and that overrides the default:\n\n")
	b.WriteString("| setting | variable | in `prodgate.yaml` | default | description |\n| --- | --- | --- | --- | --- |\n")
	for _, s := range config.Settings {
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s | %s |\n", s.Flag, s.Env, quoted(s.Key), quoted(s.Default), escaped(s.Doc))
	}
	b.WriteString("\n`--emergency`, `--insecure-registry` and `--at` can only be set by a flag. A variable that starts with `PRODGATE_` and is not in this table is an error, except `PRODGATE_KEY` (the content of a private key), `PRODGATE_KEY_PASSPHRASE`, `PRODGATE_TRAIL_TOKEN` (for a trail behind https) and `PRODGATE_TRAIL_TOKEN_FILE`: secrets have no flag.\n")
	usages := map[string]string{}
	describeShared(&b, root, usages)
	describeAll(&b, root.Commands(), usages)
	return b.Bytes()
}

// describeShared writes the shared flags once, and adds the text of each to usages.
func describeShared(b *bytes.Buffer, root *cobra.Command, usages map[string]string) {
	counts := map[string]map[string]int{}
	eachFlag(root, func(f *pflag.Flag) {
		if counts[f.Name] == nil {
			counts[f.Name] = map[string]int{}
		}
		counts[f.Name][f.Usage]++
	})
	b.WriteString("\n## Shared flags\n\nSeveral commands share these flags. Each command below names those that it takes; `--help` of a command describes them all.\n")
	for _, group := range sharedFlags {
		fmt.Fprintf(b, "\n### Flags: %s\n\n", group.name)
		for _, name := range group.flags {
			for usage, n := range counts[name] {
				if best := usages[name]; n > counts[name][best] || n == counts[name][best] && usage < best {
					usages[name] = usage
				}
			}
			fmt.Fprintf(b, "- `--%s`: %s\n", name, escaped(usages[name]))
		}
	}
}

// eachFlag calls visit for each flag of each command that the manual describes.
func eachFlag(cmd *cobra.Command, visit func(*pflag.Flag)) {
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			sub.LocalNonPersistentFlags().VisitAll(visit)
			eachFlag(sub, visit)
		}
	}
}

func describeAll(b *bytes.Buffer, commands []*cobra.Command, usages map[string]string) {
	for _, cmd := range commands {
		if !cmd.IsAvailableCommand() {
			continue
		}
		if cmd.HasAvailableSubCommands() && !strings.Contains(cmd.Use, " ") { // without arguments it only groups them
			describeAll(b, cmd.Commands(), usages)
			continue
		}
		text := cmd.Long
		if text == "" {
			text = cmd.Short + "."
		}
		fmt.Fprintf(b, "\n## %s\n\n%s\n\n```\n%s\n```\n", cmd.CommandPath(), escaped(text), cmd.UseLine())
		if cmd.Example != "" {
			fmt.Fprintf(b, "\n```\n%s\n```\n", strings.TrimSpace(strings.ReplaceAll("\n"+cmd.Example, "\n  ", "\n")))
		}
		describeFlags(b, cmd, usages)
		describeAll(b, cmd.Commands(), usages)
	}
}

// describeFlags writes the flags that only cmd has, and the names of its shared flags.
// A shared name with another meaning is a flag of the command.
func describeFlags(b *bytes.Buffer, cmd *cobra.Command, usages map[string]string) {
	var own []string
	shared := map[string]bool{}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if usages[f.Name] == f.Usage {
			shared[f.Name] = true
			return
		}
		own = append(own, fmt.Sprintf("- `--%s`: %s", f.Name, escaped(f.Usage)))
	})
	if len(own) > 0 {
		fmt.Fprintf(b, "\n%s\n", strings.Join(own, "\n"))
	}
	var groups []string
	for _, group := range sharedFlags {
		var names []string
		for _, name := range group.flags {
			if shared[name] {
				names = append(names, "`--"+name+"`")
			}
		}
		switch {
		case len(names) == 0:
		case len(names) == len(group.flags):
			groups = append(groups, fmt.Sprintf("[%s](#flags-%s) (all)", group.name, group.name))
		default:
			groups = append(groups, fmt.Sprintf("[%s](#flags-%s) (%s)", group.name, group.name, strings.Join(names, ", ")))
		}
	}
	if len(groups) > 0 {
		fmt.Fprintf(b, "\nShared flags: %s.\n", strings.Join(groups, "; "))
	}
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// escaped escapes HTML and the column separator of tables.
func escaped(text string) string {
	return strings.NewReplacer("<", "&lt;", "|", "\\|", "_", "\\_").Replace(text)
}
