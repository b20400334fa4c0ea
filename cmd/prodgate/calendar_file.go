package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/ical"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/spf13/cobra"
)

// occurrence is one event of a file, as -o json shows it. Start and End are
// RFC 3339, [start, end).
type occurrence struct {
	Name         string `json:"name"`
	Start        string `json:"start"`
	End          string `json:"end"`
	Status       string `json:"status"`       // as in the file, in upper case; "" if there is none
	Transparency string `json:"transparency"` // OPAQUE or TRANSPARENT
	Source       string `json:"source"`       // the file
}

// listFile lists every occurrence of an iCalendar file that starts in the
// range.
func listFile(cmd *cobra.Command, std stdio, file string, r timeRange, output string) error {
	if file == "" {
		return usage("--ics FILE", "--ics needs a value")
	}
	if err := outputWord(output, "text", "json"); err != nil {
		return err
	}
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	timeout, err := cfg.Timeout()
	if err != nil {
		return usage("", "%w", err)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	events, err := occurrences(ctx, std, file, r)
	if err != nil {
		return err
	}
	if output == "json" {
		return writeJSON(std.out, map[string]any{"events": events})
	}
	return occurrencesText(std, events)
}

// occurrences reads the file and expands it.
func occurrences(ctx context.Context, std stdio, file string, r timeRange) ([]occurrence, error) {
	zone := r.zone
	if zone == nil {
		zone = time.UTC // for a file that names no zone
	}
	from, to, err := r.between(zone, std.clock())
	if err != nil {
		return nil, err
	}
	data, err := readCalendar(std.path(file))
	if err != nil {
		return nil, fmt.Errorf("read calendar %q: %w", file, err)
	}
	c, err := ical.Parse(file, data, ical.Options{Timezone: r.zone})
	if err != nil {
		return nil, err
	}
	found, err := c.ExpandContext(ctx, from, to)
	if err != nil {
		return nil, err
	}
	list := []occurrence{}
	for _, e := range found {
		if !e.StartsIn(from, to) {
			continue
		}
		if r.zone != nil {
			e.Start, e.End = e.Start.In(zone), e.End.In(zone)
		}
		list = append(list, occurrence{e.Name, rfc3339(e.Start), rfc3339(e.End), e.Status, e.Transparency, e.Source})
	}
	return list, nil
}

// readCalendar reads a regular file up to one byte more than the size limit of a
// calendar, so that the parser rejects a larger file.
func readCalendar(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, ical.DefaultMaxBytes+1))
}

// occurrencesText writes one line for each occurrence.
func occurrencesText(std stdio, events []occurrence) error {
	s := newSheet(std)
	var table print.Table
	for _, e := range events {
		notes := strings.ToLower(e.Status)
		if e.Transparency != "OPAQUE" {
			notes = strings.Trim(notes+", "+strings.ToLower(e.Transparency), ", ")
		}
		table.Rows = append(table.Rows, []string{e.Start, e.End, cmp.Or(print.Line(e.Name), "(no name)"), print.Line(notes)})
	}
	s.Table(table)
	s.Linef("%d events", len(events))
	return writeSheet(std, s)
}
