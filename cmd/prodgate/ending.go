package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

// endCommand describes a command that records that something in the trail is over.
type endCommand struct {
	use, short, long, example string

	what string // that ends: "freeze"
	list string // how to find its number or id
	kind string // the type of the entry
	data func(id, by, reason string) any
}

// command builds the command.
func (e endCommand) command(std stdio) *cobra.Command {
	cmd := &cobra.Command{Use: e.use + " SEQ|ID", Short: e.short, Long: e.long, Example: e.example, Args: one(e.what, e.list)}
	addTrail(cmd)
	addFormat(cmd)
	addBy(cmd)
	cmd.Flags().String("reason", "", "the reason, in one sentence")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		s := said{cmd: cmd, std: std}
		reason, by := s.text("reason", true), s.by(writer(std))
		if s.err != nil {
			return s.err
		}
		return withLocation(cmd, std, func(ctx context.Context, at located) error {
			var of trail.Entry
			err := at.open(ctx, true, func(log *trail.Log) (err error) {
				of, err = entryOf(ctx, log, args[0])
				return err
			})
			if err != nil {
				return usage(e.list, "%w", err)
			}
			event, err := stepOf(std, e.kind, e.data(of.ID, by, reason))
			if err != nil {
				return err
			}
			return appendStep(ctx, at, event, asJSON)
		})
	}
	return cmd
}

// listCommand describes a command that lists what began in the trail, and who ended it.
type listCommand[T any] struct {
	short, long, example string

	begins, ends string // types of entries
	key          string // of the list as JSON
	row          func(e trail.Entry, now time.Time) (T, error)
	end          func(of *T, by string) // by is a person or writer, and its assurance
	text         func(std stdio, list []T) error
}

// command builds the command "list".
func (l listCommand[T]) command(std stdio) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: l.short, Long: l.long, Example: l.example, Args: none}
	addTrail(cmd)
	addFormat(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		return withTrail(cmd, std, true, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			list, err := l.read(ctx, log, std.clock())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(std.out, map[string]any{l.key: list})
			}
			return l.text(std, list)
		})
	}
	return cmd
}

// read returns the list, newest first.
func (l listCommand[T]) read(ctx context.Context, log *trail.Log, now time.Time) ([]T, error) {
	entries, err := recordedOf(ctx, log, trail.ByType(l.begins), trail.ByType(l.ends))
	if err != nil {
		return nil, err
	}
	list, at := []T{}, map[string]int{}
	for _, e := range entries {
		if e.Type == l.ends {
			if err := l.finish(e, list, at); err != nil {
				return nil, err
			}
			continue
		}
		row, err := l.row(e, now)
		if err != nil {
			return nil, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		at[e.ID] = len(list)
		list = append(list, row)
	}
	slices.Reverse(list)
	return list, nil
}

// finish adds an end to the row that it refers to.
func (l listCommand[T]) finish(e trail.Entry, list []T, at map[string]int) error {
	var data struct {
		By string `json:"by"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
	}
	_, id, _ := step.Refers(step.Step{Type: e.Type, Data: e.Data})
	if i, ok := at[id]; ok {
		l.end(&list[i], fmt.Sprintf("%s (%s)", cmp.Or(data.By, e.Writer.Subject), e.Writer.Assurance))
	}
	return nil
}
