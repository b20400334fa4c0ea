package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/spf13/cobra"
)

// identifier matches valid names of services and environments.
var identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

func newInit(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Create a configuration, a policy pack and a workflow",
		Long: `Init writes prodgate.yaml, evidence/ with a template for each source, pack/ with
settings that list the service, and .github/workflows/production.yml. The result
works immediately: "prodgate doctor" finds no errors, and "prodgate eval" denies and
explains why. Existing files are only overwritten with --force.`,
		Args: none,
	}
	dir := cmd.Flags().String("dir", ".", "the folder to write to")
	service := cmd.Flags().String("service", "", "the name of the service; default: the name of the folder")
	environment := cmd.Flags().String("environment", "production", "the name of the environment")
	force := cmd.Flags().Bool("force", false, "overwrite existing files")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		root := std.path(*dir)
		name := *service
		if name == "" {
			name = strings.ToLower(filepath.Base(root))
		}
		for flag, word := range map[string]string{"service": name, "environment": *environment} {
			if !identifier.MatchString(word) {
				return usage(fmt.Sprintf("--%s NAME, as in payments-api", flag), "%q cannot be the name of a %s", word, flag)
			}
		}
		return initialise(cmd.Context(), std, home{root: root, Service: name, Environment: *environment}, *force)
	}
	return cmd
}

// evidenceFolder is the folder of the skeletons, next to prodgate.yaml.
const evidenceFolder = "evidence"

// home is the data of the templates of init.
type home struct {
	root         string
	Service      string
	Environment  string
	Sources      string // the lines under sources in prodgate.yaml
	PolicyDigest string // of the shipped policies with the written pack
}

func initialise(ctx context.Context, std stdio, h home, force bool) error {
	s := scaffold{{path: filepath.Join(h.root, config.Filename), template: "init/prodgate.yaml.tmpl"}}
	sources := collectors.SkeletonConfig(evidenceFolder)
	h.Sources = "  " + strings.ReplaceAll(strings.TrimSpace(sources), "\n", "\n  ")
	for _, skeleton := range collectors.Skeletons() {
		path := filepath.Join(h.root, evidenceFolder, skeleton.Filename)
		s = append(s, blueprint{path: path, content: []byte(h.named(skeleton.Content))})
	}
	pack := filepath.Join(h.root, "pack")
	s = append(s,
		blueprint{path: filepath.Join(pack, "data.yaml"), template: "init/pack.yaml.tmpl"},
		blueprint{path: filepath.Join(h.root, ".github", "workflows", "production.yml"), template: "init/production.yml.tmpl"})
	if err := s.write(h, force); err != nil {
		return err
	}
	if err := h.pin(ctx, std, pack, s[len(s)-1]); err != nil {
		return err
	}
	var text strings.Builder
	for _, b := range s {
		text.WriteString("wrote " + std.short(b.path) + "\n")
	}
	text.WriteString(nextSteps)
	return writeText(std, text.String())
}

const nextSteps = `
Next:
  prodgate doctor      shows the settings in effect and tests each source
  prodgate eval IMAGE --trigger workflow_dispatch --requested-by github:ID --triggered-by github:ID
                       denies and shows what is missing; in GitHub Actions the flags have defaults
  Fill evidence/, or let the systems that have the facts write it.
  Move prodgate.yaml, evidence/ and pack/ into a repository that authors of
  changes cannot write to, and pin it in .github/workflows/production.yml.
`

// named replaces the names of the service and the environment in a skeleton.
func (h home) named(skeleton string) string {
	return strings.NewReplacer(
		"payments-api", h.Service,
		"environment: production", "environment: "+h.Environment,
		"[production]", "["+h.Environment+"]",
	).Replace(skeleton)
}

// pin writes into the workflow the policy digest with the written pack.
func (h home) pin(ctx context.Context, std stdio, pack string, workflow blueprint) error {
	gate, err := load(ctx, std, []string{pack})
	if err != nil {
		return err
	}
	h.PolicyDigest = gate.Policy().Digest
	if err := workflow.render(h); err != nil {
		return err
	}
	return workflow.write(true)
}
