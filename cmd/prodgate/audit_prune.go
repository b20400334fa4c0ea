package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

// prunable lists the roles of contents that can be erased.
var prunable = []string{trail.BlobInput, trail.BlobDecision, trail.BlobPolicy}

func newAuditPrune(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prune --older-than AGE",
		Short: "Erase documents and decisions past their retention time",
		Long: `Prune erases the stored content of entries older than AGE: input documents and
decisions, and policies with --role policy. Entries are never erased: the trail still
verifies and still shows what was decided, with which policies and on which document,
and what was erased, when and by whom. Erased content cannot be shown or replayed.
Content that a newer entry also refers to is kept.`,
		Example: `  prodgate audit prune --older-than 365d --reason "retention: one year"`,
		Args:    none,
	}
	addTrail(cmd)
	addFormat(cmd)
	flags := cmd.Flags()
	flags.String("older-than", "", "the minimum age of an entry, such as 365d or 720h")
	flags.StringSlice("role", nil, "what to erase, repeatable: input, decision, policy; default: input and decision")
	flags.String("service", "", "only entries of this service")
	flags.String("environment", "", "only entries of this environment")
	flags.String("reason", "", "the reason that the trail records; default: the age")
	flags.String("writer", "", "who erases, as scheme:value; recorded as claimed, not proven")
	complete(cmd, "role", prunable)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		retention, err := retentionOf(cmd, std)
		if err != nil {
			return err
		}
		return withTrail(cmd, std, false, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			erased, err := log.Prune(ctx, retention)
			if err != nil {
				return fmt.Errorf("%w (%d contents are erased)", err, erased)
			}
			if asJSON {
				return writeJSON(std.out, map[string]int{"erased": erased})
			}
			_, err = fmt.Fprintf(std.out, "erased %d contents\n", erased)
			return err
		})
	}
	return cmd
}

// days reads an age above 0: 365d, or a Go duration such as 36h.
func days(text string) (time.Duration, error) {
	if number, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(number); err == nil && n > 0 && n <= longestPast {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	length, err := time.ParseDuration(text)
	if err == nil && length <= 0 {
		err = fmt.Errorf("%q must be greater than 0", text)
	}
	return length, err
}

// retentionOf reads the flags that select what to erase.
func retentionOf(cmd *cobra.Command, std stdio) (trail.Retention, error) {
	flags := cmd.Flags()
	text, _ := flags.GetString("older-than")
	age, err := days(text)
	if err != nil {
		return trail.Retention{}, usage("use an age such as 365d or 720h; it is required to erase", "invalid --older-than %q", text)
	}
	retention := trail.Retention{Before: std.clock().Add(-age), Reason: "older than " + text, Writer: writer(std)}
	if retention.Roles, err = flags.GetStringSlice("role"); err != nil {
		return retention, err
	}
	for _, role := range retention.Roles {
		if !slices.Contains(prunable, role) {
			return retention, usage(cmp.Or(spelling.Hint(role, prunable), "one of input, decision, policy"), "unknown --role %q", role)
		}
	}
	for name, to := range map[string]*string{"service": &retention.Filter.Service, "environment": &retention.Filter.Environment} {
		if *to, _ = flags.GetString(name); flags.Changed(name) && *to == "" {
			return retention, usage("omit the flag for all", "--%s needs a value", name)
		}
	}
	if reason, _ := flags.GetString("reason"); reason != "" {
		retention.Reason = reason
	}
	if flags.Changed("writer") {
		subject, _ := flags.GetString("writer")
		if retention.Writer, err = claimed(subject); err != nil {
			return retention, err
		}
	}
	return retention, nil
}
