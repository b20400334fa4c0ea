package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/report"
)

// replay decides on a document that was saved.
func (e *evaluation) replay(ctx context.Context, gate *evaluator.Evaluator, options *report.Options) (evaluator.Decision, error) {
	name, content, err := e.readInput(ctx)
	if err != nil {
		return evaluator.Decision{}, err
	}
	input, err := evaluator.Read(name, content)
	if err != nil {
		return evaluator.Decision{}, err
	}
	if e.input != "-" {
		options.InputName = e.input
	}
	options.Lines = lines(name, content)
	if e.at != nil {
		input = input.At(*e.at)
	}
	return gate.Decide(ctx, input)
}

// lines finds the line of a JSON Pointer in a document. Most runs never ask.
func lines(name string, content []byte) func(pointer string) int {
	parsed := sync.OnceValue(func() *facts.Parsed {
		p, err := facts.Parse(name, content)
		if err != nil {
			return nil // cannot be: it was decided on
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

// readInput returns the document and what to call it. A reader that never ends
// costs no more than the run's time.
func (e *evaluation) readInput(ctx context.Context) (name string, input []byte, err error) {
	name, from := "standard input", e.std.in
	if e.input != "-" {
		name = e.input
		file, err := os.Open(e.std.path(e.input))
		if err != nil {
			return name, nil, fmt.Errorf("read the input: %w", err)
		}
		defer file.Close()
		from = file
	}
	type answer struct {
		input []byte
		err   error
	}
	read := make(chan answer, 1)
	go func() {
		input, err := readAll(from)
		read <- answer{input, err}
	}()
	select {
	case a := <-read:
		if a.err != nil {
			return name, nil, fmt.Errorf("read %s: %w", name, a.err)
		}
		return name, a.input, nil
	case <-ctx.Done():
		return name, nil, fmt.Errorf("read %s: %w", name, ctx.Err())
	}
}

// readAll reads one byte more than a document can have, so that the decoder
// refuses what is too long. A reader that panics is an error.
func readAll(from io.Reader) (input []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the reader panicked: %v", r)
		}
	}()
	return io.ReadAll(io.LimitReader(from, facts.MaxBytes+1))
}

// collectAndDecide gathers the facts about image and decides on them.
func (e *evaluation) collectAndDecide(ctx context.Context, gate *evaluator.Evaluator, image string) (evaluator.Decision, error) {
	req, err := request(e.cmd, e.cfg, image, e.std.clock())
	if err != nil {
		return evaluator.Decision{}, err
	}
	switches := weakened(e.cmd, e.cfg)
	if quiet, _ := e.cmd.Flags().GetBool("quiet"); e.cfg.Path == "" && !quiet {
		fmt.Fprintf(e.std.err, "warning: there is no %s from here up to the repository's root, so no source is configured; prodgate init writes one\n", config.Filename)
	}
	doc := gather(ctx, e.cfg, e.std.clock, e.at, req)
	e.tell(doc)
	if err := ctx.Err(); err != nil {
		return evaluator.Decision{}, err // what was not asked in time would look like a broken source
	}
	if e.saveInput != "" {
		if err := saveDocument(e.std.path(e.saveInput), doc); err != nil {
			return evaluator.Decision{}, err
		}
	}
	decision, err := e.decide(ctx, gate, doc)
	decision.Weakened = append(switches, decision.Weakened...)
	return decision, err
}

func (e *evaluation) decide(ctx context.Context, gate *evaluator.Evaluator, doc *facts.Document) (evaluator.Decision, error) {
	if e.at != nil {
		return gate.EvaluateAt(ctx, doc, *e.at)
	}
	return gate.Evaluate(ctx, doc)
}

// tell says on standard error how each source answered, if asked to.
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
		fmt.Fprintf(e.std.err, "source %s (%s) %s%s\n", name, source.Kind, source.Status, printable(why))
	}
}

// saveDocument writes doc as it can be decided on again. A document that
// cannot is not written.
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

// documentJSON is doc as indented JSON, checked.
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
