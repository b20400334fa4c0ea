package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/prodgate/prodgate/scan"
	"github.com/spf13/cobra"
)

// scanning is one run of "prodgate scan", as its flags say.
type scanning struct {
	std     stdio
	cmd     *cobra.Command
	outputs []report.Output
	options scan.Options
	quiet   bool
	sbom    string // file, - for standard input
	report  string // file, - for standard input

	artifact string // the digest of what was scanned: the index's, or the one image's; "" if not known
	metadata string // of the database that a report's scanner used; "" if not given
	vex      []string
	ignore   []string
}

func newScan(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scan [IMAGE]",
		Short: "Report known vulnerabilities in an image, an SBOM or another tool's report",
		Long: `Scan reads what is installed in IMAGE, or what an SBOM lists, and asks
trivy-db about it; with --report it shows what another tool found. It judges
nothing: which finding denies is the policies' to say. What could not be judged
is listed, and is not the same as clean.

IMAGE is a registry reference, oci:DIR[:TAG] or tarball:FILE; every platform of
it is read, or those that --platform names. --sbom takes CycloneDX and SPDX
(JSON, tag-value), also wrapped in in-toto statements, and Kubernetes SBOMs
materials; --report takes JSON of Trivy and Grype, SARIF and the cosign
vulnerability predicate.

It ends with 0 (looked, whatever was found) or 2 (could not look).`,
		Example: `  prodgate db update
  prodgate scan registry.example.com/payments-api:7a3f9c2
  prodgate scan --sbom bom.json -o json=findings.json -o sarif=findings.sarif
  prodgate scan --report trivy.json`,
		Args: oneSubject,
	}
	flags := cmd.Flags()
	flags.String("sbom", "", "scan this SBOM instead of an image, - for standard input")
	flags.String("report", "", "show what this report of another tool says, - for standard input")
	flags.String("metadata", "", "metadata.json of the advisory database that the report's scanner used, where the report does not tell")
	flags.String("inventory", string(scan.FromAuto), "what the packages are taken from: auto (the image, and what an attached SBOM adds), image, attached")
	flags.StringArray("platform", nil, "scan this platform alone, os/arch[/variant], repeatable")
	flags.StringArray("vex", nil, "take away what this VEX document says does not affect, repeatable")
	flags.StringArray("ignore", nil, "show what this .trivyignore asks to ignore, repeatable; it waives nothing")
	flags.StringArrayP("output", "o", nil, "FORMAT[=PATH], repeatable: "+strings.Join(report.ScanFormats, ", ")+"; without it, text")
	complete(cmd, "output", report.ScanFormats)
	complete(cmd, "inventory", inventoryWords())
	reads(cmd, "sbom", "report", "metadata", "vex", "ignore")
	addInsecure(cmd)
	addSettings(cmd, "db", "config", "timeout")
	addTerminal(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := prepareScan(cmd, std)
		if err != nil {
			return err
		}
		return s.run(cmd.Context(), args)
	}
	return cmd
}

// oneSubject accepts an image, --sbom or --report: exactly one of them.
func oneSubject(cmd *cobra.Command, args []string) error {
	const help = "prodgate scan IMAGE, prodgate scan --sbom FILE, or prodgate scan --report FILE"
	var subjects []string
	for _, arg := range args {
		subjects = append(subjects, fmt.Sprintf("%q", arg))
	}
	for _, flag := range []string{"sbom", "report"} {
		if !cmd.Flags().Changed(flag) {
			continue
		}
		if value, _ := cmd.Flags().GetString(flag); value == "" {
			return usage(help, "--%s needs a value", flag)
		}
		subjects = append(subjects, "--"+flag)
	}
	switch {
	case len(subjects) == 0, len(args) == 1 && args[0] == "":
		return usage(help, "nothing to scan: give an image, --sbom or --report")
	case len(subjects) > 1:
		return usage(help, "one thing at a time, got %s", strings.Join(subjects, " and "))
	}
	if len(args) == 0 {
		for _, flag := range []string{"inventory", "platform", config.InsecureFlag} {
			if cmd.Flags().Changed(flag) {
				return usage("leave the flag out", "--%s is about an image, and %s is none", flag, subjects[0])
			}
		}
	}
	return nil
}

// rejectFile refuses what is a file here, before a registry is asked for an image of
// that name.
func rejectFile(std stdio, name string) error {
	if info, err := os.Stat(std.path(name)); err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // no such file, so it may be an image
	}
	help := fmt.Sprintf("prodgate scan tarball:%s for an archive of docker save, --sbom or --report for what they take", name)
	if !strings.ContainsAny(name, ":@") {
		help += fmt.Sprintf("; prodgate scan %s:latest for an image", name)
	}
	return usage(help, "%q is a file, and an image is wanted", name)
}

func inventoryWords() []string {
	words := make([]string, 0, len(scan.Froms))
	for _, f := range scan.Froms {
		words = append(words, string(f))
	}
	return words
}

// prepareScan reads the flags.
func prepareScan(cmd *cobra.Command, std stdio) (*scanning, error) {
	flags := cmd.Flags()
	s := &scanning{std: std, cmd: cmd}
	words, err := flags.GetStringArray("output")
	if err != nil {
		return nil, err
	}
	s.quiet, _ = flags.GetBool("quiet")
	if !s.quiet || len(words) > 0 {
		if s.outputs, err = report.ParseScans(words); err != nil {
			return nil, usage("", "%w", err)
		}
	}
	s.sbom, _ = flags.GetString("sbom")
	s.report, _ = flags.GetString("report")
	s.metadata, _ = flags.GetString("metadata")
	s.vex, _ = flags.GetStringArray("vex")
	s.ignore, _ = flags.GetStringArray("ignore")
	from, _ := flags.GetString("inventory")
	if err := knownWord("--inventory", from, inventoryWords()...); err != nil {
		return nil, err
	}
	s.options.From = scan.From(from)
	s.options.Platforms, _ = flags.GetStringArray("platform")
	s.options.Clock = std.clock
	s.options.Undigested = len(s.vex) == 0 // a VEX document may name the image by its digest
	s.options.Registry.Insecure, _ = flags.GetBool(config.InsecureFlag)
	return s, nil
}

// run looks and writes every output.
func (s *scanning) run(ctx context.Context, args []string) error {
	if len(args) == 1 {
		if err := rejectFile(s.std, args[0]); err != nil {
			return err
		}
		if err := checkImage(args[0]); err != nil {
			return err
		}
	}
	cfg, err := loadConfig(s.cmd, s.std)
	if err != nil {
		return err
	}
	if s.options.Database, err = databaseDir(cfg, s.std); err != nil {
		return err
	}
	ctx, cancel, err := within(ctx, cfg)
	if err != nil {
		return err
	}
	defer cancel()
	defer saveMemory()()
	result, err := s.read(ctx, args)
	if err != nil {
		return scanError(ctx, err)
	}
	colored, err := color(s.cmd, s.std)
	if err != nil {
		return err
	}
	for _, o := range s.outputs {
		options := report.Options{Options: print.Options{Width: columns(s.std), Color: colored}.For(o.Output)}
		if err := o.WriteScan(s.std.out, result, options); err != nil {
			return usage("", "%w", err)
		}
	}
	return nil
}
