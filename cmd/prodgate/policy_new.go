package main

import (
	"embed"
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"
)

//go:embed templates
var templates embed.FS

// packName is what a pack's check may be called: the organisation first, so
// that it never meets a check that prodgate ships later.
var packName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)+$`)

func newPolicyNew(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new ORG_NAME",
		Short: "Write a check of your own with its test, into a policy pack",
		Long: `New writes a check that passes its own tests (stock "opa test DIR" too), to be
changed into yours. Existing files are left alone.`,
		Example: "  prodgate policy new acme_builder --dir packs/acme",
		Args: func(cmd *cobra.Command, args []string) error {
			help := "name it ORGANISATION_WHAT in lower case, as in acme_builder"
			if len(args) != 1 {
				return usage(help, "give exactly one name")
			}
			if !packName.MatchString(args[0]) {
				return usage(help, "%q cannot be a check's name", args[0])
			}
			return nil
		},
	}
	dir := cmd.Flags().String("dir", "pack", "the policy pack's folder")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return newPackCheck(std, *dir, args[0]) }
	return cmd
}

// newPackCheck writes the scaffold of the check name into the pack at dir.
func newPackCheck(std stdio, dir, name string) error {
	values := map[string]string{"Name": name}
	root := std.path(dir)
	s := scaffold{
		{path: filepath.Join(root, "checks", name, name+".rego"), template: "check/check.rego.tmpl"},
		{path: filepath.Join(root, "checks", name, name+"_test.rego"), template: "check/check_test.rego.tmpl"},
	}
	if data := filepath.Join(root, "data.yaml"); !exists(data) {
		s = append(s, blueprint{path: data, template: "check/data.yaml.tmpl"})
	}
	if err := s.write(values, false); err != nil {
		return err
	}
	text := ""
	for _, b := range s {
		text += "wrote " + std.short(b.path) + "\n"
	}
	text += fmt.Sprintf("\nNext:\n  prodgate policy test %s\n  prodgate policy list --policies %s\n", dir, dir)
	return writeText(std, text)
}
