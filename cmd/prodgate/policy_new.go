package main

import (
	"embed"
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/spf13/cobra"
)

//go:embed templates
var templates embed.FS

// packName matches valid names of a pack's check: the organisation comes first, so
// that it never collides with a check that prodgate ships later.
var packName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)+$`)

func newPolicyNew(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new ORG_NAME",
		Short: "Create a check and its tests in a policy pack",
		Long: `New writes a template of a check that passes its own tests (also with stock "opa test
DIR"). Change it to your needs. Existing files are not overwritten.

With --fact NAME, the check reads your own facts, input.custom.NAME: new also writes
the setting that accepts them, and a file for them, evidence/NAME.yaml.`,
		Example: `  prodgate policy new acme_builder --dir packs/acme
  prodgate policy new acme_cost --fact cost`,
		Args: func(cmd *cobra.Command, args []string) error {
			help := "name it ORGANISATION_WHAT in lower case, as in acme_builder"
			if len(args) != 1 {
				return usage(help, "expected exactly one name")
			}
			if !packName.MatchString(args[0]) {
				return usage(help, "%q cannot be a check's name", args[0])
			}
			return nil
		},
	}
	dir := cmd.Flags().String("dir", "pack", "the folder of the policy pack")
	fact := cmd.Flags().String("fact", "", "create a check that reads your own facts, input.custom.NAME")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return newPackCheck(std, *dir, args[0], *fact) }
	return cmd
}

// newPackCheck writes the scaffold of the check name into the pack at dir: a check of
// the fact custom.FACT, or of the build if fact is empty.
func newPackCheck(std stdio, dir, name, fact string) error {
	values := map[string]string{"Name": name, "Fact": fact}
	root, kind := std.path(dir), "check"
	if fact != "" {
		if !identifier.MatchString(fact) {
			return usage("lower-case letters, digits, \".\", \"_\" and \"-\", as in cost", "--fact: %q cannot be the name of a fact", fact)
		}
		kind = "fact"
	}
	s := scaffold{
		{path: filepath.Join(root, "checks", name, name+".rego"), template: kind + "/check.rego.tmpl"},
		{path: filepath.Join(root, "checks", name, name+"_test.rego"), template: kind + "/check_test.rego.tmpl"},
	}
	hasData := exists(filepath.Join(root, "data.yaml"))
	if !hasData {
		s = append(s, blueprint{path: filepath.Join(root, "data.yaml"), template: kind + "/data.yaml.tmpl"})
	}
	if fact != "" {
		s = append(s, blueprint{path: std.path(filepath.Join(evidenceFolder, fact+".yaml")), template: "fact/fact.yaml.tmpl"})
	}
	if err := s.write(values, false); err != nil {
		return err
	}
	text := ""
	for _, b := range s {
		text += "wrote " + std.short(b.path) + "\n"
	}
	text += fmt.Sprintf("\nNext:\n  prodgate policy test %s\n  prodgate policy list --policies %s\n", dir, dir)
	return writeText(std, text+factSteps(dir, fact, hasData))
}

// factSteps returns the steps left to do for a fact: existing files are not changed.
func factSteps(dir, fact string, hasData bool) string {
	if fact == "" {
		return ""
	}
	text := fmt.Sprintf("  Name the source in %s:\n    sources:\n      custom.%s: {file: %s/%s.yaml}\n", config.Filename, fact, evidenceFolder, fact)
	if hasData {
		text += fmt.Sprintf("  Accept it in %s:\n    sources:\n      accepted:\n        custom.%s: [file]\n", filepath.ToSlash(filepath.Join(dir, "data.yaml")), fact)
	}
	return text
}
