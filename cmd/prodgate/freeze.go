package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

// newFreeze groups the commands that stop and resume deployments.
func newFreeze(std stdio) *cobra.Command {
	return group("freeze", "Stop and resume deployments", newFreezeNow(std), newFreezeLift(std), newFreezeList(std))
}

func newFreezeNow(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "now",
		Short: "Declare a freeze that holds from the next decision on",
		Long: `Now records a freeze in the audit trail. From its next decision on, each gate that
reads the trail denies deployments in the scope of the freeze, until the time in
--until or until the freeze is lifted. Rollbacks and emergencies pass.

Without --scope, the freeze applies to all services and environments.
It exits with 0 when the freeze is recorded, otherwise with 2.`,
		Example: `  prodgate freeze now --reason "payments are down, INC-7" --until 4h
  prodgate freeze now --reason "database migration" --scope service=payments-api --scope environment=production`,
		Args: none,
	}
	addTrail(cmd)
	addFormat(cmd)
	addBy(cmd)
	flags := cmd.Flags()
	flags.String("reason", "", "the reason, in one sentence")
	flags.StringArray("scope", nil, "service=NAME or environment=NAME, repeatable; default: all services and environments")
	flags.String("until", "", "when the freeze ends: a duration such as 4h or 2d, or a time (RFC 3339); default: when it is lifted")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		s := said{cmd: cmd, std: std}
		data := trail.FreezeData{Reason: s.text("reason", true), By: s.by(writer(std)), Until: s.ahead("until")}
		if s.err == nil {
			s.err = scope(cmd, &data)
		}
		if s.err != nil {
			return s.err
		}
		event, err := stepOf(std, trail.TypeFreezeDeclared, data)
		if err != nil {
			return err
		}
		return withLocation(cmd, std, func(ctx context.Context, at located) error { return appendStep(ctx, at, event, asJSON) })
	}
	return cmd
}

// ahead reads a future time, or a duration from now; nil if the flag is not given.
func (s *said) ahead(flag string) *time.Time {
	text := s.text(flag, false)
	if text == "" || s.err != nil {
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		var length time.Duration
		if length, err = lengthOf(text); err == nil {
			at = s.std.clock().Add(length)
		}
	}
	if err == nil && !at.After(s.std.clock()) {
		err = errors.New("it has passed")
	}
	if err != nil {
		s.err = usage("write a length of time such as 4h or 2d, or a time such as 2026-11-24T18:00:00-05:00", "--%s: %q: %w", flag, text, err)
	}
	at = at.UTC().Truncate(time.Second)
	return &at
}

// lengthOf reads a duration that can have days.
func lengthOf(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		length, err := time.ParseDuration(days + "h")
		return 24 * length, err
	}
	return time.ParseDuration(text)
}

// scope reads --scope.
func scope(cmd *cobra.Command, data *trail.FreezeData) error {
	list, err := cmd.Flags().GetStringArray("scope")
	if err != nil {
		return err
	}
	for _, text := range list {
		word, name, _ := strings.Cut(text, "=")
		into := map[string]*[]string{"service": &data.Services, "environment": &data.Environments}[word]
		if into == nil {
			return usage("write service=NAME or environment=NAME", "invalid --scope %q", text)
		}
		if wanted, ok := facts.Accepts("identifier", name); !ok {
			return usage("", "--scope %q: the name must be %s", text, wanted)
		}
		if !slices.Contains(*into, name) {
			*into = append(*into, name)
		}
	}
	return nil
}

func newFreezeLift(std stdio) *cobra.Command {
	return endCommand{
		use: "lift", short: "Lift a freeze that was declared in the trail",
		long: `Lift records that a freeze is over. A setting of the policies defines which writers
are trusted: a lift by any other writer has no effect.
It exits with 0 when the lift is recorded, otherwise with 2.`,
		example: `  prodgate freeze lift 4711 --reason "INC-7 is resolved"`,
		what:    "freeze", list: "prodgate freeze list shows all freezes",
		kind: trail.TypeFreezeLifted,
		data: func(id, by, reason string) any { return trail.LiftData{Freeze: id, By: by, Reason: reason} },
	}.command(std)
}

// declaredFreeze is a freeze as "freeze list" shows it.
type declaredFreeze struct {
	Seq          int64        `json:"seq"`
	ID           string       `json:"id"`
	State        string       `json:"state"` // in force, over, lifted
	Reason       string       `json:"reason"`
	Services     []string     `json:"services"`     // none: all
	Environments []string     `json:"environments"` // none: all
	From         time.Time    `json:"from"`
	Until        *time.Time   `json:"until"`
	By           string       `json:"by"`
	Writer       trail.Writer `json:"writer"`
	LiftedBy     []string     `json:"lifted_by"` // people and their assurance
}

func newFreezeList(std stdio) *cobra.Command {
	return listCommand[declaredFreeze]{
		short: "List the freezes that were declared in the trail",
		long: `List shows each freeze that was declared in the trail, newest first. A lifted freeze
is shown as lifted, whoever lifted it; the gate decides whether the lift counts.
It exits with 0, or with 2 if the trail cannot be read.`,
		example: `  prodgate freeze list -o json`,
		begins:  trail.TypeFreezeDeclared, ends: trail.TypeFreezeLifted,
		key: "freezes", row: freezeOf, text: freezesText,
		end: func(f *declaredFreeze, by string) { f.State, f.LiftedBy = "lifted", append(f.LiftedBy, by) },
	}.command(std)
}

// freezeOf is the freeze that an entry declares.
func freezeOf(e trail.Entry, now time.Time) (declaredFreeze, error) {
	var data trail.FreezeData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return declaredFreeze{}, err
	}
	f := declaredFreeze{
		Seq: e.Seq, ID: e.ID, State: "in force", Reason: data.Reason, Services: append([]string{}, data.Services...),
		Environments: append([]string{}, data.Environments...), From: e.OccurredAt.UTC(), Until: data.Until, By: data.By, Writer: e.Writer, LiftedBy: []string{},
	}
	if f.Until != nil && !now.Before(*f.Until) {
		f.State = "over"
	}
	return f, nil
}

func freezesText(std stdio, list []declaredFreeze) error {
	s := newSheet(std)
	if len(list) == 0 {
		s.Line("no freeze is declared")
	}
	for _, f := range list {
		until := "until it is lifted"
		if f.Until != nil {
			until = "until " + f.Until.UTC().Format(time.RFC3339)
		}
		where := cmp.Or(print.Values(f.Services), "all services") + " in " + cmp.Or(print.Values(f.Environments), "all environments")
		s.Linef("%6d  %-8s  %s, from %s %s: %s", f.Seq, f.State, where, f.From.Format(time.RFC3339), until, print.Value(f.Reason))
		declared := fmt.Sprintf("%s  by %s (%s)", print.Value(f.ID), print.Value(cmp.Or(f.By, f.Writer.Subject)), print.Value(string(f.Writer.Assurance)))
		if len(f.LiftedBy) > 0 {
			declared += "; lifted by " + print.Values(f.LiftedBy)
		}
		s.Line("        " + declared)
	}
	return writeSheet(std, s)
}
