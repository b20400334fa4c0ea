package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

func newAuditLog(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "List what is recorded, in the order of the trail",
		Long: `Log lists the trail's entries that match every flag, oldest first. To check
that nobody altered them, use "prodgate audit verify". It exits with 0, or with 2 if
the trail cannot be read.`,
		Example: `  prodgate audit log --service payments-api --environment production --type gate.evaluated --newest-first --limit 10
  prodgate audit log --since 30d -o json`,
		Args: none,
	}
	addTrail(cmd)
	addFormat(cmd)
	flags := cmd.Flags()
	flags.String("service", "", "only entries of this service")
	flags.String("environment", "", "only entries of this environment")
	flags.String("digest", "", "only entries about this image, sha256:…")
	flags.String("deployment", "", "only entries of this deployment")
	flags.StringSlice("type", nil, "only entries of these types, repeatable")
	flags.String("since", "", "recorded since then: a length of time such as 90d, 12w or 36h, or a time or date (UTC)")
	flags.String("until", "", "recorded before then: a time or date (UTC)")
	flags.Int("limit", 0, "at most so many; default: all")
	flags.Bool("newest-first", false, "newest first")
	complete(cmd, "type", trail.Types)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		filter, err := filterOf(cmd, std.clock())
		if err != nil {
			return err
		}
		return withTrail(cmd, std, true, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			out := bufio.NewWriter(std.out)
			print := entriesText
			if asJSON {
				print = entriesJSON
			}
			if err := print(ctx, out, log, filter); err != nil {
				return err
			}
			return out.Flush()
		})
	}
	return cmd
}

// filterOf reads the flags that say which entries are wanted.
func filterOf(cmd *cobra.Command, now time.Time) (filter trail.Filter, err error) {
	flags := cmd.Flags()
	for name, to := range map[string]*string{
		"service": &filter.Service, "environment": &filter.Environment, "digest": &filter.Digest, "deployment": &filter.Deployment,
	} {
		if *to, err = flags.GetString(name); err != nil {
			return filter, err
		}
		if flags.Changed(name) && *to == "" {
			return filter, usage("leave the flag out for all", "--%s needs a value", name)
		}
	}
	if filter.Types, err = flags.GetStringSlice("type"); err != nil {
		return filter, err
	}
	for _, name := range filter.Types {
		if _, err := step.Find(name); err == nil {
			continue
		}
		if err := knownType(name, trail.Types); err != nil {
			return filter, err
		}
	}
	if flags.Changed("since") {
		text, _ := flags.GetString("since")
		if filter.Since, err = before(text, now); err != nil {
			return filter, err
		}
	}
	if flags.Changed("until") {
		text, _ := flags.GetString("until")
		if filter.Until, err = moment(text, "--until", time.UTC); err != nil {
			return filter, err
		}
	}
	if filter.Limit, err = flags.GetInt("limit"); err != nil {
		return filter, err
	}
	if flags.Changed("limit") && filter.Limit <= 0 {
		return filter, usage("leave the flag out for all", "--limit %d is not over 0", filter.Limit)
	}
	filter.NewestFirst, err = flags.GetBool("newest-first")
	return filter, err
}

// entriesJSON writes the entries as one document, entry by entry. Cut short, it
// is no JSON.
func entriesJSON(ctx context.Context, w io.Writer, log *trail.Log, filter trail.Filter) error {
	separator := "{\"entries\":["
	for e, err := range log.Entries(ctx, filter) {
		if err != nil {
			return err
		}
		out, err := json.Marshal(showEntry(e))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n%s", separator, report.EscapeJSON(out)); err != nil {
			return err
		}
		separator = ","
	}
	if separator == "," {
		separator = "\n]}\n"
	} else {
		separator += "]}\n"
	}
	_, err := io.WriteString(w, separator)
	return err
}

// entriesText writes two lines for each entry.
func entriesText(ctx context.Context, w io.Writer, log *trail.Log, filter trail.Filter) error {
	found := false
	for e, err := range log.Entries(ctx, filter) {
		if err != nil {
			return err
		}
		found = true
		if err := entryText(w, e); err != nil {
			return err
		}
	}
	if found {
		return nil
	}
	_, err := fmt.Fprintln(w, "no entry matches")
	return err
}

func entryText(w io.Writer, e trail.Entry) error {
	about := strings.TrimSpace(e.Service + " " + e.Environment)
	if e.Digest != "" {
		about += " " + shortDigest(e.Digest)
	}
	line := fmt.Sprintf("%6d  %s  %-19s  %s", e.Seq, e.RecordedAt.UTC().Format(time.RFC3339), e.Type, about)
	if summary := entrySummary(e); summary != "" {
		line += ": " + summary
	}
	second := fmt.Sprintf("        %s  by %s (%s)", e.ID, e.Writer.Subject, e.Writer.Assurance)
	if e.ClockRegressed {
		second += "; its clock was behind the entry before"
	}
	_, err := fmt.Fprintf(w, "%s\n%s\n", oneLine(line), oneLine(second))
	return err
}

// shortDigest is enough of a digest to tell images apart.
func shortDigest(digest string) string {
	const enough = len("sha256:") + 12
	if len(digest) <= enough {
		return digest
	}
	return digest[:enough]
}

// oneLine is text from outside on one line of a terminal.
func oneLine(text string) string {
	return print.Text(strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(text))
}

// place is an entry's place in the trail, if name is one.
func place(name string) (int64, bool) {
	seq, err := strconv.ParseInt(name, 10, 64)
	return seq, err == nil && seq >= 0
}
