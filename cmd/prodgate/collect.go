package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
)

func newCollect(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "collect IMAGE",
		Short: "Collect the facts about an image without a decision",
		Long: `Collect writes the document that "prodgate eval IMAGE" would evaluate. It reports a
source that could not be read on standard error and under "sources" in the document;
it still exits with 0.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usage("prodgate collect IMAGE", "expected exactly one image")
			}
			return nil
		},
	}
	addRequest(cmd)
	addInsecure(cmd)
	addExchanges(cmd)
	addSettings(cmd, "config", "timeout", "trail", "trail-key")
	output := cmd.Flags().StringP("output", "o", "json", "json or yaml")
	only := cmd.Flags().StringSlice("only", nil, "collect only these sections, repeatable: "+strings.Join(facts.Sections, ", "))
	complete(cmd, "output", []string{"json", "yaml"})
	complete(cmd, "only", facts.Sections)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := outputWord(*output, "json", "yaml"); err != nil {
			return err
		}
		if err := sections(*only); err != nil {
			return err
		}
		return collect(cmd, std, args[0], *output, *only)
	}
	return cmd
}

func collect(cmd *cobra.Command, std stdio, image, output string, only []string) error {
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	timeout, err := cfg.Timeout()
	if err != nil {
		return usage("", "%w", err)
	}
	if std, err = openExchanges(cmd, std, cfg, image); err != nil {
		return err
	}
	req, err := request(cmd, std, cfg, nil, image)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	if err := oneTrail(cfg); err != nil {
		return err
	}
	applyInsecure(cmd, cfg)
	doc := gather(ctx, cfg, std, req, only...)
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	if err := std.exchanges.close(); err != nil {
		return err
	}
	unread(std, doc, only)
	out, err := documentJSON(doc)
	if err != nil {
		return err
	}
	if len(only) > 0 {
		if out, err = pick(out, only); err != nil {
			return err
		}
	}
	if output == "yaml" {
		if out, err = asYAML(out); err != nil {
			return err
		}
	}
	if _, err = std.out.Write(out); err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	return nil
}

// oneTrail returns an error if the records of the trail would not be read.
func oneTrail(cfg *config.Config) error {
	if err := cfg.OneTrail(); err != nil {
		return usage(trailCure(cfg), "%w", err)
	}
	return nil
}

// trailCure explains how to resolve two configured trails.
func trailCure(cfg *config.Config) string {
	return fmt.Sprintf("remove sources.trail from %s to read the steps from the audit trail, or omit %s", config.Filename, cfg.Get("trail").Origin)
}

// sourcesFor returns the configured sources of facts.
func sourcesFor(cfg *config.Config, std stdio) collectors.Config {
	sources := cfg.File.Sources
	sources.Getenv = std.getenv
	sources.Log = collectors.Log{Location: cfg.Get("trail").Text, Key: cfg.Get("trail-key").Text, Token: trailToken(std, cfg.Get("trail").Text)}
	std.exchanges.apply(&sources)
	if sources.Scans() {
		if dir, err := databaseDir(cfg, std); err == nil { // without one, the scan reports it
			sources.AdvisoryDatabase = dir
		}
	}
	return sources
}

// saveMemoryFor saves memory while an image is scanned; call end afterwards.
func saveMemoryFor(cfg *config.Config) (end func()) {
	if !cfg.File.Sources.Scans() {
		return func() {}
	}
	return saveMemory()
}

// gather collects the facts about req, of the sections in only or of all.
func gather(ctx context.Context, cfg *config.Config, std stdio, req facts.Request, only ...string) *facts.Document {
	defer saveMemoryFor(cfg)()
	g := &gate.Gate{Sources: sourcesFor(cfg, std), Clock: std.clock}
	if g.Sources.Verifies() {
		g.Policies, _ = std.policies(ctx, cfg.Get("policies").List) // without them the sources report it
	}
	return g.Collect(ctx, gate.Request{Request: req}, only...)
}

// sections returns an error for the first unknown section in names.
func sections(names []string) error {
	for _, name := range names {
		if own, custom := strings.CutPrefix(name, "custom."); custom && own != "" || slices.Contains(facts.Sections, name) {
			continue
		}
		help := "sections are " + strings.Join(facts.Sections, ", ")
		if hint := spelling.Hint(name, facts.Sections); hint != "" {
			help = hint
		}
		return usage(help, "--only: unknown section %q", name)
	}
	return nil
}

// outputWord returns an error if word is not in accepted.
func outputWord(word string, accepted ...string) error {
	return knownWord("output format", word, accepted...)
}

// knownWord returns an error if word is not in accepted; what is the kind of word,
// for the error.
func knownWord(what, word string, accepted ...string) error {
	if slices.Contains(accepted, word) {
		return nil
	}
	help := "one of " + strings.Join(accepted, ", ")
	if hint := spelling.Hint(word, accepted); hint != "" {
		help = hint
	}
	return usage(help, "unknown %s %q", what, word)
}

// unread reports which sources could not be read.
func unread(std stdio, doc *facts.Document, only []string) {
	for _, name := range sourcesOf(doc) {
		source := doc.Sources[name]
		if source.Status == facts.StatusOK || source.Error == nil || len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		fmt.Fprintf(std.err, "warning: %s is %s: %s\n", name, source.Status, print.Text(*source.Error))
	}
}

// sourcesOf returns the names of doc's sources, sorted.
func sourcesOf(doc *facts.Document) []string {
	return slices.Sorted(maps.Keys(doc.Sources))
}

// pick keeps the named sections of a document, and their sources.
func pick(document []byte, names []string) ([]byte, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(document, &all); err != nil {
		return nil, err
	}
	var sources map[string]json.RawMessage
	if err := json.Unmarshal(all["sources"], &sources); err != nil {
		return nil, err
	}
	var custom map[string]json.RawMessage
	if own := all["custom"]; own != nil {
		if err := json.Unmarshal(own, &custom); err != nil {
			return nil, err
		}
	}
	picked, theirs, own := map[string]any{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for _, name := range names {
		if section, ok := all[name]; ok {
			picked[name] = section
		}
		if facts, ok := custom[strings.TrimPrefix(name, "custom.")]; ok && strings.HasPrefix(name, "custom.") {
			own[strings.TrimPrefix(name, "custom.")] = facts
			picked["custom"] = own
		}
		if source, ok := sources[name]; ok {
			theirs[name] = source
		}
	}
	picked["sources"] = theirs
	var b bytes.Buffer
	err := writeJSON(&b, picked)
	return b.Bytes(), err
}

// asYAML writes JSON as YAML. Every JSON document is YAML, so its nodes keep
// order and numbers; only their style changes.
func asYAML(document []byte) ([]byte, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(document, &node); err != nil {
		return nil, fmt.Errorf("write the document as YAML: %w", err)
	}
	plain(&node)
	return yaml.Marshal(&node)
}

func plain(node *yaml.Node) {
	node.Style &^= yaml.FlowStyle
	if node.Kind == yaml.ScalarNode && node.Tag == "!!str" {
		node.Style = 0
	}
	for _, child := range node.Content {
		plain(child)
	}
}
