package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/spf13/cobra"
)

// version is set by -ldflags "-X main.version=v1.2.3"; otherwise the module's version is used.
var version string

// about is the output of "prodgate version -o json".
type about struct {
	Version  string             `json:"version"`
	Commit   string             `json:"commit"`   // "" if not known
	Date     string             `json:"date"`     // of the commit, RFC 3339; "" if not known
	Modified bool               `json:"modified"` // built from a changed checkout
	Go       string             `json:"go"`
	OPA      string             `json:"opa"`
	Platform string             `json:"platform"` // os/arch
	Policy   evaluator.PolicyID `json:"policy"`   // the shipped rules without any pack
}

func newVersion(std stdio) *cobra.Command {
	cmd := &cobra.Command{Use: "version", Short: "Show the versions of prodgate, its rules and OPA", Args: none}
	output := cmd.Flags().StringP("output", "o", "text", "text or json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := outputWord(*output, "text", "json"); err != nil {
			return err
		}
		a, err := describe(cmd.Context(), std)
		if err != nil {
			return err
		}
		if *output == "json" {
			return writeJSON(std.out, a)
		}
		return writeText(std, fmt.Sprintf("prodgate %s\ncommit   %s %s\ngo       %s %s\nopa      %s\npolicy   %s %s\n         %s\n",
			a.Version, cmp.Or(a.Commit, "unknown"), a.Date, a.Go, a.Platform, a.OPA, a.Policy.Version, a.Policy.Revision, a.Policy.Digest))
	}
	return cmd
}

// describe returns the versions that this binary is built from.
func describe(ctx context.Context, std stdio) (about, error) {
	a := about{Version: version, Go: runtime.Version(), OPA: "unknown", Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		a.read(info)
	}
	e, err := std.policies(ctx, nil)
	if err != nil {
		return a, fmt.Errorf("load the shipped policies: %w", err)
	}
	a.Policy = e.Policy()
	return a, nil
}

func (a *about) read(info *debug.BuildInfo) {
	a.Version = cmp.Or(a.Version, info.Main.Version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			a.Commit = s.Value
		case "vcs.time":
			a.Date = s.Value
		case "vcs.modified":
			a.Modified = s.Value == "true"
		}
	}
	for _, dependency := range info.Deps {
		if dependency.Path == "github.com/open-policy-agent/opa" {
			a.OPA = dependency.Version
		}
	}
}

// programVersion returns this binary's version; "unknown" if it is not known.
func programVersion() string {
	a := about{Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		a.read(info)
	}
	return cmp.Or(a.Version, "unknown")
}

// builtFrom is the commit that this binary was built from; empty: it is not known, or
// something was changed since.
func builtFrom() string {
	var a about
	if info, ok := debug.ReadBuildInfo(); ok {
		a.read(info)
	}
	if a.Modified {
		return ""
	}
	return a.Commit
}

// none accepts no arguments.
func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(cmd.CommandPath()+" --help shows the usage", "%s takes no arguments, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}
