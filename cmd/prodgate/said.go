package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

// said reads the flags of a command that records a person's statement. It keeps the
// first error.
type said struct {
	cmd *cobra.Command
	std stdio
	err error
}

// text returns a flag's text. If required, the flag must be given.
func (s *said) text(flag string, required bool) string {
	text, err := s.cmd.Flags().GetString(flag)
	switch {
	case s.err != nil:
		return ""
	case err != nil:
		s.err = err
	case strings.TrimSpace(text) == "" && (required || s.cmd.Flags().Changed(flag)):
		s.err = usage(s.cmd.CommandPath()+" --help explains it", "missing --%s", flag)
	}
	return text
}

// person returns the person in a flag.
func (s *said) person(flag string, required bool) string {
	text := s.text(flag, required)
	if text == "" || s.err != nil {
		return ""
	}
	person, err := step.Person.ReadText(text)
	if err != nil {
		s.err = usage("", "--%s %w", flag, err)
	}
	return person
}

// digest returns the digest in a flag.
func (s *said) digest(flag string, required bool) string {
	text := s.text(flag, required)
	if text != "" && s.err == nil {
		if _, err := step.Digest.Read(text); err != nil {
			s.err = usage("", "--%s %w", flag, err)
		}
	}
	return text
}

// past returns a time that has passed; nil if the flag is not given.
func (s *said) past(flag string, required bool) *time.Time {
	text := s.text(flag, required)
	if text == "" || s.err != nil {
		return nil
	}
	at, err := instant(text, "--"+flag)
	if err == nil && at.After(s.std.clock()) {
		err = usage("", "--%s: %s is in the future", flag, text)
	}
	s.err = err
	return &at
}

// by returns the person in --by; default: the account that records.
func (s *said) by(w trail.Writer) string {
	person := s.person("by", false)
	if person == "" && s.err == nil {
		if !isPerson(w) {
			s.err = usage("name the person", "missing --by: %s is not a person", w.Subject)
			return ""
		}
		person = w.Subject
	}
	return person
}

// addBy declares --by.
func addBy(cmd *cobra.Command) {
	cmd.Flags().String("by", "", "the person who states it, as an e-mail address or scheme:value; default: the account that records")
}

// stepOf returns an event that happens now, with its data.
func stepOf(std stdio, kind string, data any) (trail.Event, error) {
	e := trail.Event{ID: trail.NewID(), Type: kind, OccurredAt: std.clock(), Run: runAddress(std), Writer: writer(std)}
	var err error
	if e.Data, err = json.Marshal(data); err != nil {
		return e, fmt.Errorf("write %s as JSON: %w", kind, err)
	}
	return e, nil
}

// mostSaid limits how many entries of a key a command reads.
const mostSaid = 10_000

// recordedOf returns all entries of some keys. A missing entry is an error.
func recordedOf(ctx context.Context, log *trail.Log, keys ...trail.Key) (list []trail.Entry, err error) {
	view, err := log.View(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := view.Close(); err == nil {
			err = closed
		}
	}()
	for _, key := range keys {
		of, complete, err := view.Entries(ctx, key, mostSaid)
		if err != nil {
			return nil, err
		}
		if !complete {
			return nil, fmt.Errorf("the trail has more than %d entries of %s", mostSaid, key)
		}
		list = append(list, of...)
	}
	return list, nil
}

// one accepts exactly one argument.
func one(what, help string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usage(help, "%s needs exactly one %s", cmd.CommandPath(), what)
		}
		return nil
	}
}
