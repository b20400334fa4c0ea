package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/canonical"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

// longestDelegationFile bounds the file of a signed delegation, in bytes.
const longestDelegationFile = 64 << 10

func newDelegateRecord(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "record FILE",
		Short: "Record a delegation that its holder signed elsewhere",
		Long: `Record writes to the audit trail what "prodgate delegate --bundle FILE" signed; - reads
standard input. Anyone may record it: only the signature of the holder counts, and it is
for one entry of one trail, so a delegation that was ended cannot be recorded again.
A repetition changes nothing.
It exits with 0 when the delegation is in the trail, otherwise with 2.`,
		Example: `  prodgate delegate record vacation.json --trail https://trail.example.com`,
		Args:    one("file", "prodgate delegate ROLE --bundle FILE writes it"),
	}
	addTrail(cmd)
	addFormat(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		says, event, err := readDelegation(cmd.Context(), std, args[0])
		if err != nil {
			return err
		}
		return withLocation(cmd, std, func(ctx context.Context, at located) error {
			if err := at.is(ctx, says.Trail); err != nil {
				return err
			}
			r, err := recordStep(ctx, at, event)
			if errors.Is(err, trail.ErrConflict) {
				return already(ctx, at, event, asJSON, err)
			}
			if err != nil {
				return err
			}
			return showStep(at, event, r, asJSON)
		})
	}
	return cmd
}

// readDelegation reads a signed delegation, and returns the event that records it. The
// signature is verified by each gate, with the keys of its settings.
func readDelegation(ctx context.Context, std stdio, file string) (says trail.DelegationStatement, event trail.Event, err error) {
	name, content, err := readNamed(ctx, std, file, longestDelegationFile+1)
	if err != nil {
		return says, event, err
	}
	if len(content) > longestDelegationFile {
		return says, event, usage("", "read %s: more than %d bytes", name, longestDelegationFile)
	}
	signed, err := attestation.ReadOne(name, content)
	if err == nil {
		says, err = trail.ReadDelegation(signed.Statement.PredicateType, signed.Statement.Predicate)
	}
	if err != nil {
		return says, event, usage("name a file that prodgate delegate --bundle wrote", "read %s: %w", name, err)
	}
	event, err = stepOf(std, trail.TypeDelegationGranted, trail.DelegationData{DelegationTerms: says.DelegationTerms, Bundle: content})
	event.ID = says.ID
	return says, event, err
}

// is returns an error if the trail has another name.
func (at located) is(ctx context.Context, origin string) error {
	return at.open(ctx, true, func(log *trail.Log) error {
		if log.Origin() != origin {
			return usage("sign it for this trail, or name the other one with --trail", "the delegation is for the trail %q, and this is %q", origin, log.Origin())
		}
		return nil
	})
}

// already shows the entry of an event that was recorded before; conflict is the error if
// that has other content.
func already(ctx context.Context, at located, event trail.Event, asJSON bool, conflict error) error {
	return at.open(ctx, true, func(log *trail.Log) error {
		entry, err := log.Entry(ctx, event.ID)
		if err != nil {
			return err
		}
		if entry.Type != event.Type || !sameJSON(entry.Data, event.Data) {
			return conflict
		}
		if asJSON {
			r, err := log.Receipt(ctx, entry.Seq)
			if err != nil {
				return err
			}
			return writeJSON(at.std.out, r)
		}
		return writeText(at.std, fmt.Sprintf("entry %d has this delegation already\n  id      %s\n", entry.Seq, entry.ID))
	})
}

// sameJSON reports whether two texts are the same value.
func sameJSON(a, b []byte) bool {
	x, errX := canonical.Transform(a)
	y, errY := canonical.Transform(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
