package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	scanreport "github.com/prodgate/prodgate/internal/report/scan"
	"github.com/prodgate/prodgate/scan"
	"github.com/spf13/cobra"
)

// scanning is one run of "prodgate scan", with its flags.
type scanning struct {
	std     stdio
	cmd     *cobra.Command
	outputs []print.Output
	options scan.Options
	quiet   bool
	sbom    string // file, - for standard input
	report  string // file, - for standard input

	artifact string // the digest of what was scanned: the index's, or the one image's; "" if not known
	metadata string // of the database of the report's scanner; "" if not given
	vex      []string
	ignore   []string
}

func newScan(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scan [IMAGE]",
		Short: "Report known vulnerabilities of an image or an SBOM",
		Long: `Scan matches the packages in IMAGE, or in an SBOM, against trivy-db; with --report it
shows the findings of another tool. It makes no decision: the policies define which
findings deny. Packages that could not be checked are listed as not determined, which
does not mean that they are free of vulnerabilities.

IMAGE is a registry reference, oci:DIR[:TAG] or tarball:FILE. Scan reads every
platform, or only those given with --platform. --sbom accepts CycloneDX and SPDX
(JSON, tag-value), also in in-toto statements, and the materials of Kubernetes SBOMs;
--report accepts JSON of Trivy and Grype, SARIF and the cosign vulnerability
predicate.

It exits with 0 if the scan is complete, with or without findings, or with 2 if it
failed.`,
		Example: `  prodgate db update
  prodgate scan registry.example.com/payments-api:7a3f9c2
  prodgate scan --sbom bom.json -o json=findings.json -o sarif=findings.sarif
  prodgate scan --report trivy.json`,
		Args: oneSubject,
	}
	flags := cmd.Flags()
	flags.String("sbom", "", "scan this SBOM instead of an image; - is standard input")
	flags.String("report", "", "show the findings in this report of another tool; - is standard input")
	flags.String("metadata", "", "metadata.json of the advisory database used for the report, if the report does not contain it")
	flags.String("inventory", string(scan.FromAuto), "where to read packages from: auto (the image, and additions of an attached SBOM), image, attached")
	flags.StringArray("platform", nil, "scan only this platform, os/arch[/variant], repeatable")
	flags.StringArray("vex", nil, "remove findings that this VEX document says do not apply, repeatable")
	flags.StringArray("ignore", nil, "mark findings that this .trivyignore requests to ignore, repeatable; it does not waive them")
	flags.StringArrayP("output", "o", nil, "FORMAT[=PATH], repeatable: "+strings.Join(scanreport.Formats.Names, ", ")+"; default: text")
	complete(cmd, "output", scanreport.Formats.Names)
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
		return usage(help, "only one input is allowed, got %s", strings.Join(subjects, " and "))
	}
	if len(args) == 0 {
		for _, flag := range []string{"inventory", "platform", config.InsecureFlag} {
			if cmd.Flags().Changed(flag) {
				return usage("leave the flag out", "--%s only applies to an image, not to %s", flag, subjects[0])
			}
		}
	}
	return nil
}

// rejectFile rejects the name of an existing file, before a registry is asked for an
// image of that name.
func rejectFile(std stdio, name string) error {
	if info, err := os.Stat(std.path(name)); err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // no such file, so it may be an image
	}
	help := fmt.Sprintf("prodgate scan tarball:%s for an archive of docker save, --sbom or --report for what they take", name)
	if !strings.ContainsAny(name, ":@") {
		help += fmt.Sprintf("; prodgate scan %s:latest for an image", name)
	}
	return usage(help, "%q is a file, not an image", name)
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
		if s.outputs, err = scanreport.Formats.ParseAll(words); err != nil {
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

// run scans and writes every output.
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
	options := print.Options{Width: columns(s.std), Color: colored}
	err = print.WriteAll(s.std.out, s.outputs, func(o print.Output) ([]byte, error) {
		return result.Print(o.Format, options.For(o))
	})
	if err != nil {
		return usage("", "%w", err)
	}
	return nil
}
