package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

func newAuditShow(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show an entry of the trail, or a decision with its input",
		Long: `Show prints one entry of the trail, by id or sequence number, after it has verified
that the latest checkpoint of the trail covers it. For a decision it also prints the
original report and the input document, or that "prodgate audit prune" erased them.
--blob writes only one of these, byte for byte, for example to evaluate it again.
Show exits with 0, or with 2 if the entry does not exist or cannot be verified.`,
		Example: `  prodgate audit show 01940b5e-2f6a-7c61-9f3e-6a0c5d1be0aa
  prodgate audit show 17 --blob input > document.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("prodgate audit log lists all entries", "expected exactly one entry, by id or sequence number")
			}
			return nil
		},
	}
	addTrail(cmd)
	addFormat(cmd)
	addColor(cmd)
	cmd.Flags().String("blob", "", "write only this content, unchanged: input, decision or policy (a bundle)")
	complete(cmd, "blob", []string{trail.BlobInput, trail.BlobDecision, trail.BlobPolicy})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		colored, err := color(cmd, std)
		if err != nil {
			return err
		}
		blob, _ := cmd.Flags().GetString("blob")
		return withTrail(cmd, std, true, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			s := showing{log: log, options: print.Options{Width: columns(std), Color: colored}}
			out, err := s.show(ctx, args[0], blob, asJSON)
			if err == nil {
				_, err = std.out.Write(out)
			}
			return err
		})
	}
	return cmd
}

// showing is the entry that is shown.
type showing struct {
	log     *trail.Log
	options print.Options

	entry   trail.Entry
	receipt trail.Receipt
}

func (s *showing) show(ctx context.Context, name, blob string, asJSON bool) (out []byte, err error) {
	if s.entry, err = entryOf(ctx, s.log, name); err != nil {
		if errors.Is(err, trail.ErrNotFound) {
			err = usage("prodgate audit log lists all entries", "%w", err)
		}
		return nil, err
	}
	if s.receipt, err = proved(ctx, s.log, s.entry); err != nil {
		return nil, err
	}
	if blob != "" {
		return s.blob(ctx, blob)
	}
	contents := map[string][]byte{}
	erased := []string{}
	for _, role := range slices.Sorted(maps.Keys(s.entry.Refs)) {
		content, err := s.log.Blob(ctx, s.entry.Refs[role])
		switch {
		case errors.Is(err, trail.ErrErased):
			erased = append(erased, role)
		case err != nil:
			return nil, fmt.Errorf("read the %s of entry %d: %w", role, s.entry.Seq, err)
		default:
			contents[role] = content
		}
	}
	if asJSON {
		return s.json(contents, erased)
	}
	return s.text(contents, erased)
}

// blob writes one of the entry's contents unchanged.
func (s *showing) blob(ctx context.Context, role string) ([]byte, error) {
	ref, ok := s.entry.Refs[role]
	if !ok {
		return nil, usage("it has "+cmp.Or(strings.Join(slices.Sorted(maps.Keys(s.entry.Refs)), ", "), "none"), "entry %d (%s) has no %s", s.entry.Seq, s.entry.Type, role)
	}
	content, err := s.log.Blob(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("read the %s of entry %d: %w", role, s.entry.Seq, err)
	}
	return content, nil
}

// json prints the entry with its decision and input, each null if there is none.
func (s *showing) json(contents map[string][]byte, erased []string) ([]byte, error) {
	shown := struct {
		Entry    shownEntry      `json:"entry"`
		Receipt  trail.Receipt   `json:"receipt"`
		Decision json.RawMessage `json:"decision"`
		Input    json.RawMessage `json:"input"`
		Erased   []string        `json:"erased"`
	}{Entry: showEntry(s.entry), Receipt: s.receipt, Decision: contents[trail.BlobDecision], Input: contents[trail.BlobInput], Erased: erased}
	return print.JSON(shown)
}

// text prints the entry as text.
func (s *showing) text(contents map[string][]byte, erased []string) ([]byte, error) {
	sheet := print.NewSheet(s.options.Usually(print.Unbroken))
	s.fields(sheet, erased)
	e := s.entry
	if decision, ok := contents[trail.BlobDecision]; ok {
		printed, err := s.decision(decision)
		if err != nil {
			return nil, err
		}
		sheet.Blank()
		sheet.Block(printed)
	} else if len(e.Refs) == 0 && len(e.Data) > 0 {
		data, err := print.JSON(e.Data)
		if err != nil {
			return nil, err
		}
		sheet.Blank()
		sheet.Block(data)
	}
	if input, ok := contents[trail.BlobInput]; ok {
		document, err := print.JSON(json.RawMessage(input))
		if err != nil {
			return nil, err
		}
		sheet.Blank()
		sheet.Line("The input, whose digest is " + digestOf(e.Data) + ":")
		sheet.Blank()
		sheet.Block(document)
	}
	return sheet.Bytes(), nil
}

// fields prints the entry's fields.
func (s *showing) fields(sheet *print.Sheet, erased []string) {
	e := s.entry
	for _, f := range print.Fields(
		"entry", fmt.Sprintf("%d, in a trail of %d", e.Seq, treeSize(s.receipt.Checkpoint)),
		"type", e.Type,
		"id", e.ID,
		"leaf", e.LeafHash,
		"recorded", e.RecordedAt.UTC().Format(time.RFC3339Nano),
		"occurred", e.OccurredAt.UTC().Format(time.RFC3339Nano),
		"writer", strings.TrimSpace(fmt.Sprintf("%s (%s) %s", e.Writer.Subject, e.Writer.Assurance, e.Writer.Issuer)),
		"service", e.Service,
		"environment", e.Environment,
		"artifact", e.Artifact,
		"digest", e.Digest,
		"request", e.Request,
		"deployment", e.Deployment,
		"run", e.Run,
		"mode", e.Mode,
		"erased", strings.Join(erased, ", "),
	) {
		sheet.Hang(fmt.Sprintf("%-11s  ", f.Label), print.Value(f.Value))
	}
}

// decision prints a stored decision as text. A decision that this version cannot read
// is printed as stored.
func (s *showing) decision(stored []byte) ([]byte, error) {
	var d evaluator.Decision
	if err := json.Unmarshal(stored, &d); err != nil {
		return print.JSON(json.RawMessage(stored))
	}
	return report.Text(&d, s.options)
}

// digestOf returns the digest of the document that a gate decided on.
func digestOf(data json.RawMessage) string {
	var gate trail.GateData
	if json.Unmarshal(data, &gate) != nil || gate.InputDigest == "" {
		return "not recorded"
	}
	return print.Line(gate.InputDigest)
}

// treeSize returns the number of entries that a checkpoint signs.
func treeSize(checkpoint string) int64 {
	lines := strings.SplitN(checkpoint, "\n", 3)
	if len(lines) < 3 {
		return 0
	}
	size, _ := place(lines[1])
	return size
}
