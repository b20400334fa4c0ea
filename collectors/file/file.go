// Package file reads sections that people or scripts keep in one file each, JSON
// or YAML. The table in sections.go lists them; the form of each file is in its
// skeleton.
//
// It judges nothing, and a file establishes nobody: it cannot say who recorded a
// fact or whose signature was checked.
package file

import (
	"context"
	"fmt"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// Collector reads one section from one file.
type Collector struct {
	Section string // one of Sections
	File    strict.Path
}

// Name is the section's key.
func (c Collector) Name() string { return c.Section }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file. The error names file, line and what to write instead.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	form, ok := formOf(c.Section)
	if !ok {
		return nil, fmt.Errorf("section %q cannot be read from a file of its own", c.Section)
	}
	section, evidence, err := form.read(ctx, c.File, form.rules)
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: evidence}, nil
}
