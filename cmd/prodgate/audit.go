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

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

// newAudit groups the commands about the trail, one file for each.
func newAudit(std stdio) *cobra.Command {
	return group("audit", "Record, read, verify and export the audit trail",
		newAuditRecord(std), newAuditDismiss(std), newAuditLog(std), newAuditShow(std), newAuditVerify(std),
		newAuditExport(std), newAuditPrune(std), newAuditKey(std), newAuditCheckpoint(std))
}

// addTrail declares the flags for the location of the trail.
func addTrail(cmd *cobra.Command) { addSettings(cmd, "trail", "trail-key", "config", "timeout") }

// addFormat declares -o text|json.
func addFormat(cmd *cobra.Command) {
	cmd.Flags().StringP("output", "o", "text", "text or json")
	complete(cmd, "output", []string{"text", "json"})
}

// format reads -o; true: JSON.
func format(cmd *cobra.Command) (asJSON bool, err error) {
	word, err := cmd.Flags().GetString("output")
	if err != nil {
		return false, err
	}
	return word == "json", outputWord(word, "text", "json")
}

// trailLocation returns where the trail is. An error means that no setting names it.
func trailLocation(cfg *config.Config) (string, error) {
	if location := cfg.Get("trail").Text; location != "" {
		return location, nil
	}
	return "", usage("set it with --trail, PRODGATE_TRAIL or trail in "+config.Filename, "missing --trail")
}

// located is a trail that a command's settings name and that is not open yet.
type located struct {
	std stdio
	cfg *config.Config
}

// withLocation reads cmd's settings and calls do with the run's time. It opens nothing.
func withLocation(cmd *cobra.Command, std stdio, do func(context.Context, located) error) error {
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	if _, err := trailLocation(cfg); err != nil {
		return err
	}
	timeout, err := cfg.Timeout()
	if err != nil {
		return usage("", "%w", err)
	}
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), timeout, fmt.Errorf("not done within %s; use --timeout for more time", timeout))
	defer cancel()
	return caused(ctx, do(ctx, located{std, cfg}))
}

// open opens the trail for do. A missing trail is created unless it is opened
// read-only.
func (at located) open(ctx context.Context, readOnly bool, do func(*trail.Log) error) (err error) {
	log, err := trail.Open(ctx, at.cfg.Get("trail").Text, trailOptions(at.std, at.cfg, readOnly))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, log.Close()) }()
	return do(log)
}

// withTrail opens the trail that cmd's settings name, and calls do with the run's
// time.
func withTrail(cmd *cobra.Command, std stdio, readOnly bool, do func(context.Context, *config.Config, *trail.Log) error) error {
	return withLocation(cmd, std, func(ctx context.Context, at located) error {
		return at.open(ctx, readOnly, func(log *trail.Log) error { return do(ctx, at.cfg, log) })
	})
}

// knownType returns an error if word is not one of types.
func knownType(word string, types []string) error {
	if slices.Contains(types, word) {
		return nil
	}
	help := "one of " + strings.Join(types, ", ") + " or " + step.CustomPrefix + "NAME"
	if hint := spelling.Hint(word, types); hint != "" {
		help = hint
	}
	return usage(help, "unknown type %q", word)
}

// shownEntry is an entry as JSON.
type shownEntry struct {
	Seq            int64                    `json:"seq"`
	LeafHash       string                   `json:"leaf_hash"`
	Type           string                   `json:"type"`
	ID             string                   `json:"id"`
	OccurredAt     time.Time                `json:"occurred_at"`
	RecordedAt     time.Time                `json:"recorded_at"`
	ClockRegressed bool                     `json:"clock_regressed"`
	Service        string                   `json:"service"`
	Environment    string                   `json:"environment"`
	Artifact       string                   `json:"artifact"`
	Digest         string                   `json:"digest"`
	Request        string                   `json:"request"`
	Deployment     string                   `json:"deployment"`
	Run            string                   `json:"run"`
	Writer         trail.Writer             `json:"writer"`
	Mode           string                   `json:"mode"`
	Now            *time.Time               `json:"now"`
	Data           json.RawMessage          `json:"data"`
	Blobs          map[string]trail.BlobRef `json:"blobs"`
}

func showEntry(e trail.Entry) shownEntry {
	shown := shownEntry{
		Seq: e.Seq, LeafHash: e.LeafHash, Type: e.Type, ID: e.ID,
		OccurredAt: e.OccurredAt.UTC(), RecordedAt: e.RecordedAt.UTC(), ClockRegressed: e.ClockRegressed,
		Service: e.Service, Environment: e.Environment, Artifact: e.Artifact, Digest: e.Digest,
		Request: e.Request, Deployment: e.Deployment, Run: e.Run, Writer: e.Writer, Mode: e.Mode,
		Data: e.Data, Blobs: e.Refs,
	}
	if !e.Now.IsZero() {
		now := e.Now.UTC()
		shown.Now = &now
	}
	if len(shown.Data) == 0 {
		shown.Data = json.RawMessage("{}")
	}
	if shown.Blobs == nil {
		shown.Blobs = map[string]trail.BlobRef{}
	}
	return shown
}

// entrySummary summarizes an entry in one line. It is untrusted text.
func entrySummary(e trail.Entry) string {
	var gate trail.GateData
	switch e.Type {
	case trail.TypeGateEvaluated, trail.TypeGateDocument, trail.TypeGateSimulated:
		if json.Unmarshal(e.Data, &gate) != nil {
			return ""
		}
		summary := gate.Outcome
		if codes := denials(gate); codes != "" {
			summary += " (" + codes + ")"
		}
		return summary
	}
	var fields map[string]any
	if json.Unmarshal(e.Data, &fields) != nil {
		return ""
	}
	var list []string
	for _, key := range []string{"approver", "reviewer", "decision", "deployment_window", "version", "ticket", "incident", "settles", "entry", "freeze", "delegation", "role", "by", "to", "result", "requested_by", "reason", "until"} {
		if text, ok := fields[key].(string); ok && text != "" {
			list = append(list, key+" "+text)
		}
	}
	return strings.Join(list, ", ")
}

// denials returns the codes of the denials, each once.
func denials(gate trail.GateData) string {
	var codes []string
	for _, f := range gate.Findings {
		if f.Effect == "deny" && !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	return strings.Join(codes, ", ")
}

// entryOf finds an entry by the event's id, or by its position in the trail.
func entryOf(ctx context.Context, log *trail.Log, name string) (trail.Entry, error) {
	seq, isPlace := place(name)
	if !isPlace {
		return log.Entry(ctx, name)
	}
	for e, err := range log.Entries(ctx, trail.Filter{From: seq, Limit: 1}) {
		if err != nil {
			return e, err
		}
		if e.Seq == seq {
			return e, nil
		}
	}
	return trail.Entry{}, fmt.Errorf("entry %d: %w", seq, trail.ErrNotFound)
}

// proved returns an error if the current trail does not prove e.
func proved(ctx context.Context, log *trail.Log, e trail.Entry) (trail.Receipt, error) {
	receipt, err := log.Receipt(ctx, e.Seq)
	if err == nil && receipt.LeafHash != e.LeafHash {
		err = errors.New("the trail changed while it was read")
	}
	if err != nil {
		return receipt, usage("prodgate audit verify shows what was altered", "verify entry %d: %w", e.Seq, err)
	}
	return receipt, nil
}
