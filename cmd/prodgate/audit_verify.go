package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

// The exit codes of audit verify for a trail that is not intact.
const (
	exitAltered    = 1
	exitCannotTell = 2
)

// maxKept limits a saved checkpoint or receipt, in bytes.
const maxKept = 1 << 20

func newAuditVerify(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Verify that the trail was not altered",
		Long: `Verify reads every entry, hash, checkpoint and stored content, and compares them
with each other, with the signatures of the trail's key and with the checkpoints and
receipts that you kept in another place. It exits with

  0  intact: everything was read and is consistent
  1  altered: something is not consistent
  2  unknown: something could not be read, or the time ran out

The trail itself cannot show that it was replaced by an older copy (a restored
backup), or that the holder of its key rewrote it. To detect both, keep a checkpoint
("prodgate audit checkpoint") and pass it with --since, or keep a receipt ("prodgate
eval --receipt FILE") and pass it with --receipt. With --export, verify reads a
folder that "prodgate audit export" wrote, offline, with only the public key.`,
		Example: `  prodgate audit verify --trail trail.db --since checkpoint.txt
  prodgate audit verify --export tiles --key trail.db.pub --receipt receipt.json`,
		Args: none,
	}
	addTrail(cmd)
	addFormat(cmd)
	flags := cmd.Flags()
	flags.String("export", "", "verify this folder, written by prodgate audit export, instead of a trail")
	flags.String("key", "", "the trail's public key, or a file that contains it; default: the file next to the trail")
	flags.String("since", "", "a file with a kept checkpoint; the trail must contain what it covers")
	flags.StringArray("receipt", nil, "a file with a kept receipt, repeatable; the trail must contain its entry")
	reads(cmd, "export", "key", "since", "receipt")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return auditVerify(cmd, std) }
	return cmd
}

func auditVerify(cmd *cobra.Command, std stdio) error {
	asJSON, err := format(cmd)
	if err != nil {
		return err
	}
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	location, options, err := verifying(cmd, std, cfg)
	if err != nil {
		return err
	}
	found, err := trail.Verify(cmd.Context(), location, options)
	if err != nil {
		return usage("nothing was verified", "%w", err)
	}
	var out []byte
	if asJSON {
		out, err = print.JSON(verdictJSON(found))
	} else {
		out = verdictText(std, found, options)
	}
	if err == nil {
		_, err = std.out.Write(out)
	}
	if err != nil {
		return err
	}
	return verdictExit(found.Verdict)
}

// verdictExit returns nil for an intact trail and the exit code for any other. An
// unknown verdict counts as "could not be verified".
func verdictExit(v trail.Verdict) error {
	switch v {
	case trail.Intact:
		return nil
	case trail.Altered:
		return verdict(exitAltered)
	}
	return verdict(exitCannotTell)
}

// verifying reads what to verify, and against what.
func verifying(cmd *cobra.Command, std stdio, cfg *config.Config) (location string, options trail.VerifyOptions, err error) {
	flags := cmd.Flags()
	for _, name := range []string{"export", "key", "since"} {
		if text, _ := flags.GetString(name); flags.Changed(name) && text == "" {
			return "", options, usage("omit the flag, or give it a value", "--%s needs a value", name)
		}
	}
	if folder, _ := flags.GetString("export"); folder == "" {
		location, err = trailLocation(cfg)
	} else if flags.Changed("trail") {
		err = usage("verify them one at a time", "--trail and --export exclude each other")
	} else {
		location = std.path(folder)
	}
	if err != nil {
		return "", options, err
	}
	if options.Deadline, err = cfg.Timeout(); err != nil {
		return "", options, usage("", "%w", err)
	}
	options.Key, _ = flags.GetString("key")
	if _, err := os.Stat(std.path(options.Key)); options.Key != "" && err == nil {
		options.Key = std.path(options.Key)
	}
	if key := cfg.Get("trail-key").Text; options.Key == "" && key != "" && !flags.Changed("export") {
		options.Key = strings.TrimSuffix(key, ".key") + ".pub"
		if behindHTTP(location) {
			options.Key = key
		}
	}
	options.Token = trailToken(std, location)
	if name, _ := flags.GetString("since"); name != "" {
		kept, err := readKept(std, name)
		if err != nil {
			return "", options, fmt.Errorf("read the kept checkpoint: %w", err)
		}
		options.Since = string(kept)
	}
	names, _ := flags.GetStringArray("receipt")
	for _, name := range names {
		receipt, err := readReceipt(std, name)
		if err != nil {
			return "", options, fmt.Errorf("read the kept receipt: %w", err)
		}
		options.Receipts = append(options.Receipts, receipt)
	}
	return location, options, nil
}

// readKept reads a small file.
func readKept(std stdio, name string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("its file has no name")
	}
	file, err := os.Open(std.path(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxKept+1))
	if err == nil && len(content) > maxKept {
		err = fmt.Errorf("%s: larger than %d KiB", name, maxKept>>10)
	}
	return content, err
}

func readReceipt(std stdio, name string) (trail.Receipt, error) {
	content, err := readKept(std, name)
	if err != nil {
		return trail.Receipt{}, err
	}
	return parseReceipt(name, content)
}

func parseReceipt(name string, content []byte) (receipt trail.Receipt, err error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&receipt); err != nil {
		return receipt, fmt.Errorf("%s: not what prodgate eval --receipt or prodgate audit record -o json wrote: %w", name, err)
	}
	if receipt.ID == "" || receipt.LeafHash == "" || receipt.Checkpoint == "" {
		return receipt, fmt.Errorf("%s: not what prodgate eval --receipt or prodgate audit record -o json wrote: it names no entry", name)
	}
	return receipt, nil
}

// problemJSON is a problem as JSON.
type problemJSON struct {
	Where  string `json:"where"`
	What   string `json:"what"`
	Unseen bool   `json:"unseen"` // it could not be checked
}

// verdictJSON is the result of a verification as JSON.
func verdictJSON(r *trail.Report) any {
	problems := []problemJSON{}
	for _, p := range r.Problems {
		problems = append(problems, problemJSON(p))
	}
	return struct {
		Verdict     string        `json:"verdict"`
		Origin      string        `json:"origin"`
		Size        int64         `json:"size"`
		Checkpoint  string        `json:"checkpoint"`
		Entries     int64         `json:"entries"`
		Checkpoints int64         `json:"checkpoints"`
		Blobs       int64         `json:"blobs"`
		Erased      int64         `json:"erased"`
		Problems    []problemJSON `json:"problems"`
		More        int64         `json:"more_problems"`
	}{string(r.Verdict), r.Origin, r.Size, r.Checkpoint, r.Entries, r.Checkpoints, r.Blobs, r.Erased, problems, r.More}
}

// verdictText prints the result of a verification as text.
func verdictText(std stdio, r *trail.Report, options trail.VerifyOptions) []byte {
	s := newSheet(std)
	s.Linef("%s  %s", strings.ToUpper(string(r.Verdict)), cmp.Or(print.Value(r.Origin), "a trail without a name"))
	s.Hang("  verified   ", fmt.Sprintf("%d of %d entries, %d checkpoints, %d stored contents; %d contents are erased", r.Entries, r.Size, r.Checkpoints, r.Blobs, r.Erased))
	for _, p := range r.Problems {
		word := "wrong"
		if p.Unseen {
			word = "not seen"
		}
		s.Hang(fmt.Sprintf("  %-9s  ", word), print.Value(p.Where)+": "+print.Value(p.What))
	}
	if r.More > 0 {
		s.Linef("  and %d more", r.More)
	}
	if r.Verdict == trail.Intact && options.Since == "" && len(options.Receipts) == 0 {
		s.Line("  This does not detect an older copy of the trail, or one that the holder of its key rewrote:")
		s.Line("  compare it with a checkpoint (--since) or a receipt (--receipt) that you keep in another place.")
	}
	return s.Bytes()
}
