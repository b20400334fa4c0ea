package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
)

// question is the gate's input, with these policies: the saved document or the
// image.
func (e *evaluation) question(ctx context.Context, policies *evaluator.Evaluator, args []string, options *report.Options) (req gate.Request, err error) {
	req.At = e.at
	if e.input != "" {
		req.Saved, err = e.saved(ctx, options)
		return req, err
	}
	if req.Request, err = request(e.cmd, e.std, e.cfg, policies, args[0]); err != nil {
		return req, err
	}
	if quiet, _ := e.cmd.Flags().GetBool("quiet"); e.cfg.Path == "" && !quiet {
		fmt.Fprintf(e.std.err, "warning: there is no %s from here up to the repository's root, so no source is configured; prodgate init creates one\n", config.Filename)
	}
	return req, oneTrail(e.cfg)
}

// saved prepares a saved document.
func (e *evaluation) saved(ctx context.Context, options *report.Options) (*evaluator.Input, error) {
	name, content, err := e.readInput(ctx)
	if err != nil {
		return nil, err
	}
	if e.input != "-" {
		options.InputName = e.input
	}
	options.Lines = lines(name, content)
	return evaluator.Read(name, content)
}

// lines finds the line of a JSON Pointer in a document. Most runs do not need it.
func lines(name string, content []byte) func(pointer string) int {
	parsed := sync.OnceValue(func() *facts.Parsed {
		p, err := facts.Parse(name, content)
		if err != nil {
			return nil // impossible: it was decided on
		}
		return p
	})
	return func(pointer string) int {
		if p := parsed(); p != nil {
			return p.Line(pointer)
		}
		return 0
	}
}

// readInput returns the document and its name in errors. It reads one byte more than
// a document can have, so that the decoder rejects a larger one.
func (e *evaluation) readInput(ctx context.Context) (name string, input []byte, err error) {
	return readNamed(ctx, e.std, e.input, facts.MaxBytes+1)
}

// collected reports each source and saves the document, if the flags ask for it.
func (e *evaluation) collected(doc *facts.Document) error {
	e.tell(doc)
	if e.saveInput == "" {
		return nil
	}
	return saveDocument(e.std.path(e.saveInput), doc)
}

// tell reports the result of each source on standard error, if the flags ask for it.
func (e *evaluation) tell(doc *facts.Document) {
	if verbose, _ := e.cmd.Flags().GetBool("verbose"); !verbose {
		return
	}
	if e.cfg.Path != "" {
		fmt.Fprintf(e.std.err, "configuration %s\n", e.cfg.Path)
	}
	for _, name := range sourcesOf(doc) {
		source, why := doc.Sources[name], ""
		if source.Error != nil {
			why = ": " + *source.Error
		}
		fmt.Fprintf(e.std.err, "source %s (%s) %s%s\n", name, source.Kind, source.Status, print.Text(why))
	}
}

// saveDocument writes doc so that it can be decided on again. An invalid document is
// not written.
func saveDocument(path string, doc *facts.Document) error {
	out, err := documentJSON(doc)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, out, 0o600); err != nil {
		return fmt.Errorf("save the input: %w", err)
	}
	return nil
}

// documentJSON returns doc as indented JSON, validated.
func documentJSON(doc *facts.Document) ([]byte, error) {
	if _, err := facts.FromDocument(doc); err != nil {
		return nil, err
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the document as JSON: %w", err)
	}
	return append(out, '\n'), nil
}
