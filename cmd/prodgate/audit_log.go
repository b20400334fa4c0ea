package main

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

func newAuditLog(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "List the entries of the trail",
		Long: `Log lists the entries of the trail that match all flags, oldest first. To check
that they were not altered, use "prodgate audit verify". It exits with 0, or with 2
if the trail cannot be read.`,
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
	flags.String("since", "", "only entries recorded since: a duration such as 90d, 12w or 36h, or a time or date (UTC)")
	flags.String("until", "", "only entries recorded before: a time or date (UTC)")
	flags.Int("limit", 0, "the maximum number of entries; default: all")
	flags.Bool("newest-first", false, "list the newest entries first")
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
			if asJSON {
				return entriesJSON(ctx, std, log, filter)
			}
			return entriesText(ctx, std, log, filter)
		})
	}
	return cmd
}

// filterOf reads the flags that select entries.
func filterOf(cmd *cobra.Command, now time.Time) (filter trail.Filter, err error) {
	flags := cmd.Flags()
	for name, to := range map[string]*string{
		"service": &filter.Service, "environment": &filter.Environment, "digest": &filter.Digest, "deployment": &filter.Deployment,
	} {
		if *to, err = flags.GetString(name); err != nil {
			return filter, err
		}
		if flags.Changed(name) && *to == "" {
			return filter, usage("omit the flag for all", "--%s needs a value", name)
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
		return filter, usage("omit the flag for all", "--limit %d must be greater than 0", filter.Limit)
	}
	filter.NewestFirst, err = flags.GetBool("newest-first")
	return filter, err
}

// entriesJSON writes the entries as one document, entry by entry. A truncated
// document is not valid JSON.
func entriesJSON(ctx context.Context, std stdio, log *trail.Log, filter trail.Filter) error {
	out := bufio.NewWriter(std.out)
	separator := "{\"entries\":["
	for e, err := range log.Entries(ctx, filter) {
		if err != nil {
			return err
		}
		entry, err := print.CompactJSON(showEntry(e))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\n%s", separator, print.EscapeJSON(entry)); err != nil {
			return err
		}
		separator = ","
	}
	if separator == "," {
		separator = "\n"
	}
	fmt.Fprint(out, separator+"]}\n")
	return out.Flush()
}

// entriesText writes two lines for each entry.
func entriesText(ctx context.Context, std stdio, log *trail.Log, filter trail.Filter) error {
	out := bufio.NewWriter(std.out)
	found := false
	for e, err := range log.Entries(ctx, filter) {
		if err != nil {
			return err
		}
		found = true
		s := newSheet(std)
		entryText(s, e)
		if err := toStandardOutput(out, s.Bytes()); err != nil {
			return err
		}
	}
	if !found {
		fmt.Fprintln(out, "no entry matches")
	}
	return out.Flush()
}

func entryText(s *print.Sheet, e trail.Entry) {
	about := strings.TrimSpace(print.Value(e.Service) + " " + print.Value(e.Environment))
	if about == "" {
		about = print.Value(e.Deployment)
	}
	if e.Digest != "" {
		about += " " + shortDigest(print.Value(e.Digest))
	}
	if summary := print.Value(entrySummary(e)); summary != "" {
		about += ": " + summary
	}
	s.Linef("%6d  %s  %-19s  %s", e.Seq, e.RecordedAt.UTC().Format(time.RFC3339), print.Value(e.Type), about)
	writer := fmt.Sprintf("%s  by %s (%s)", print.Value(e.ID), print.Value(e.Writer.Subject), print.Value(string(e.Writer.Assurance)))
	if e.ClockRegressed {
		writer += "; its clock was behind the previous entry"
	}
	s.Line("        " + writer)
}

// shortDigest is the start of a digest, long enough to distinguish images.
func shortDigest(digest string) string {
	const enough = len("sha256:") + 12
	if len(digest) <= enough {
		return digest
	}
	return digest[:enough]
}

// place reads name as an entry's position in the trail, if it is one.
func place(name string) (int64, bool) {
	seq, err := strconv.ParseInt(name, 10, 64)
	return seq, err == nil && seq >= 0
}
