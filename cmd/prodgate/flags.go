package main

import (
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError adds a suggestion to an unknown flag.
func flagError(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help lists the flags"
	if isKeyContent(err.Error()) {
		return keyInPlaceOfFile("an argument")
	}
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return usage(help, "%s: %w", cmd.CommandPath(), err)
	}
	var flags []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	if near, ok := spelling.Nearest(name, flags); ok {
		help = fmt.Sprintf("did you mean --%s?", near)
	}
	return usage(help, "%s: unknown flag --%s", cmd.CommandPath(), name)
}

// addSettings declares the flags of the named settings.
func addSettings(cmd *cobra.Command, names ...string) {
	for _, s := range config.Settings {
		for _, name := range names {
			if s.Name == name {
				addSetting(cmd.Flags(), s)
			}
		}
	}
}

func addSetting(flags *pflag.FlagSet, s config.Setting) {
	doc := fmt.Sprintf("%s (or %s)", s.Doc, s.Env)
	if s.Default != "" {
		doc += ", default " + s.Default
	}
	short := ""
	if s.Name == "config" {
		short = "c"
	}
	if s.List {
		flags.StringArrayP(s.Flag, short, nil, doc)
		return
	}
	flags.StringP(s.Flag, short, "", doc)
}

// loadConfig resolves the settings for cmd.
func loadConfig(cmd *cobra.Command, std stdio) (*config.Config, error) {
	given := map[string][]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if list, ok := f.Value.(pflag.SliceValue); ok {
			given[f.Name] = list.GetSlice()
			return
		}
		given[f.Name] = []string{f.Value.String()}
	})
	c, err := config.Load(config.Input{Dir: std.dir, Flags: given, Env: std.env})
	if err != nil {
		return nil, usage("prodgate doctor shows where each setting comes from", "%w", err)
	}
	return c, nil
}
