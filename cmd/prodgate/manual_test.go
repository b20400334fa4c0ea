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

// TestTheManualIsUpToDate compares docs/command-line.md with what the commands
// say of themselves; go test ./cmd/prodgate -run Manual -update writes it.
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

func TestTheManualInTheSourceNamesEveryCommand(t *testing.T) {
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

// manual is the page about every command.
func manual(root *cobra.Command) []byte {
	var b bytes.Buffer
	b.WriteString("# The command line\n\nWritten by a test from what the commands say of themselves.\n\n")
	fmt.Fprintf(&b, "```\n%s\n```\n\n", root.Long)
	b.WriteString("Flag over variable over `prodgate.yaml` over what the CI system says over default:\n\n")
	b.WriteString("| setting | variable | in `prodgate.yaml` | default | what it says |\n| --- | --- | --- | --- | --- |\n")
	for _, s := range config.Settings {
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s | %s |\n", s.Flag, s.Env, quoted(s.Key), quoted(s.Default), escaped(s.Doc))
	}
	b.WriteString("\n`--emergency`, `--insecure-registry` and `--at` are flags only. A variable that begins with `PRODGATE_` and stands not in this table is an error.\n")
	describeAll(&b, root.Commands())
	return b.Bytes()
}

func describeAll(b *bytes.Buffer, commands []*cobra.Command) {
	for _, cmd := range commands {
		if !cmd.IsAvailableCommand() {
			continue
		}
		if cmd.HasAvailableSubCommands() {
			describeAll(b, cmd.Commands())
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
		var flags []string
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			flags = append(flags, fmt.Sprintf("- `--%s`: %s", f.Name, escaped(f.Usage)))
		})
		if len(flags) > 0 {
			fmt.Fprintf(b, "\n%s\n", strings.Join(flags, "\n"))
		}
	}
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// escaped keeps text from being read as HTML or as a table's edge.
func escaped(text string) string {
	return strings.NewReplacer("<", "&lt;", "|", "\\|", "_", "\\_").Replace(text)
}
