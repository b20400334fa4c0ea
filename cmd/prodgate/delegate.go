package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

// longestDelegation is for how long a role can be delegated, whatever the settings say.
const longestDelegation = 14 * 24 * time.Hour

func newDelegate(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delegate ROLE",
		Short: "Delegate an approver role until a date, with a signature",
		Long: `Delegate signs that the holder of ROLE lets another person approve with it until a date,
at most 14 days from now, and records this in the audit trail. Each gate that reads the
trail counts the role from its next decision on, for approvals only, and its decision
names both people.

It counts if the settings accept the key for approvals and name its person
(signatures.keys), if the holder has the role in the directory and could approve the
request, and if the delegate is in the team, has MFA and did not request the deployment.
A delegated role cannot be delegated again, and whoever requested a deployment cannot
delegate its approval. An approval by a delegate and one by the holder count as one.
It exits with 0 when the delegation is recorded, otherwise with 2.`,
		Example: `  prodgate delegate platform-lead --to sam@example.com --until 7d --by jane@example.com --key jane.key
  prodgate delegate end 4711 --reason "back from vacation"`,
		Args: one("role", "prodgate delegate ROLE --to PERSON --until DATE --key FILE"),
	}
	cmd.AddCommand(newDelegateEnd(std), newDelegateList(std))
	addTrail(cmd)
	addFormat(cmd)
	addBy(cmd)
	addSigningKey(cmd)
	addSettings(cmd, "service", "environment", "policies")
	flags := cmd.Flags()
	flags.String("to", "", "who may approve with the role, as an e-mail address or scheme:value")
	flags.String("until", "", "when it ends: a length of time such as 7d, or a time (RFC 3339); at most 14 days from now")
	flags.String("reason", "", "the reason, in one sentence")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		d, err := newDelegation(cmd, std, args[0])
		if err != nil {
			return err
		}
		return withLocation(cmd, std, func(ctx context.Context, at located) error {
			if err := d.checkSettings(ctx, at.cfg); err != nil {
				return err
			}
			event, err := d.sign(ctx, at)
			if err != nil {
				return err
			}
			return appendStep(ctx, at, event, asJSON)
		})
	}
	return cmd
}

// delegation is a role that is delegated now.
type delegation struct {
	*grant
	trail.DelegationData
}

// newDelegation reads the flags.
func newDelegation(cmd *cobra.Command, std stdio, role string) (*delegation, error) {
	s := said{cmd: cmd, std: std}
	now := std.clock().UTC().Truncate(time.Second)
	d := &delegation{
		grant:          &grant{cmd: cmd, std: std, section: "approvals", now: now},
		DelegationData: trail.DelegationData{Role: role, From: now},
	}
	d.To = s.person("to", true)
	until := s.text("until", true)
	ends := s.ahead("until")
	d.Reason, d.By = s.text("reason", false), s.by(writer(std))
	switch {
	case s.err != nil:
		return nil, s.err
	case d.To == d.By:
		return nil, usage("name another person", "--to %s: that is who delegates", d.To)
	case ends.Sub(now) > longestDelegation:
		return nil, usage("use --until 14d, or an earlier end", "--until %s: a role can be delegated for at most 14 days, until %s", until, rfc3339(now.Add(longestDelegation)))
	}
	d.Until = *ends
	var err error
	d.key, err = signingKey(cmd.Context(), cmd, std)
	return d, err
}

// checkSettings returns an error if the settings have no such role or a shorter limit. It
// warns if they do not accept the key. They are known if a policy pack, a service and an
// environment are configured.
func (d *delegation) checkSettings(ctx context.Context, cfg *config.Config) error {
	packs := cfg.Get("policies").List
	environment, service := cfg.Get("environment").Text, cfg.Get("service").Text
	if len(packs) == 0 || environment == "" || service == "" {
		return nil
	}
	policies, err := load(ctx, d.std, packs)
	if err != nil {
		return err
	}
	text, err := policies.Settings(ctx, environment, service)
	if err != nil {
		return usage("", "%w", err)
	}
	var settings struct {
		Approval struct {
			Roles         map[string][]string `json:"roles"`
			DelegationMax string              `json:"delegation_max"`
		} `json:"approval"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	if err := d.checkRole(settings.Approval.Roles); err != nil {
		return err
	}
	if longest, err := time.ParseDuration(settings.Approval.DelegationMax); err == nil && d.Until.Sub(d.From) > longest {
		return usage("use --until "+settings.Approval.DelegationMax+", or an earlier end", "the setting approval.delegation_max is %s", settings.Approval.DelegationMax)
	}
	if err := d.accepts(text); err != nil {
		fmt.Fprintf(d.std.err, "prodgate: warning: the gate does not count this signature: the settings do not accept the key %s for approvals: %s\n",
			d.key.Public().ID(), print.Text(err.Error()))
	}
	return nil
}

// checkRole returns an error if no setting lets the role approve anything.
func (d *delegation) checkRole(roles map[string][]string) error {
	var known []string
	for _, list := range roles {
		known = append(known, list...)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	if slices.Contains(known, d.Role) {
		return nil
	}
	help := "one of " + who(known)
	if hint := spelling.Hint(d.Role, known); hint != "" {
		help = hint
	}
	return usage(help, "unknown role %q: the setting approval.roles does not have it", d.Role)
}

// sign returns the event of the delegation, with the holder's signature for this trail.
func (d *delegation) sign(ctx context.Context, at located) (trail.Event, error) {
	event, err := stepOf(d.std, trail.TypeDelegationGranted, struct{}{})
	if err != nil {
		return event, err
	}
	var origin string
	err = at.open(ctx, false, func(log *trail.Log) error {
		origin = log.Origin()
		return nil
	})
	if err != nil {
		return event, err
	}
	statement, err := json.Marshal(d.Statement(event.ID, origin))
	if err != nil {
		return event, fmt.Errorf("write the delegation as JSON: %w", err)
	}
	sum := sha256.Sum256(statement)
	if d.Bundle, err = signAbout(d.key, event.ID, hex.EncodeToString(sum[:]), trail.DelegationPredicate, statement); err != nil {
		return event, err
	}
	if event.Data, err = json.Marshal(d.DelegationData); err != nil {
		return event, fmt.Errorf("write %s as JSON: %w", event.Type, err)
	}
	return event, nil
}

func newDelegateEnd(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "end SEQ|ID",
		Short: "End a delegation before its date",
		Long: `End records that a delegation is over. It has an effect whoever records it, from the
next decision of each gate on; only a new delegation gives the role again.
It exits with 0 when the end is recorded, otherwise with 2.`,
		Example: `  prodgate delegate end 4711 --reason "back from vacation"`,
		Args:    one("delegation", "prodgate delegate list shows all delegations"),
	}
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
		data := trail.DelegationEndData{Reason: s.text("reason", true), By: s.by(writer(std))}
		if s.err != nil {
			return s.err
		}
		return withLocation(cmd, std, func(ctx context.Context, at located) error {
			err := at.open(ctx, true, func(log *trail.Log) error {
				entry, err := entryOf(ctx, log, args[0])
				data.Delegation = entry.ID
				return err
			})
			if err != nil {
				return usage("prodgate delegate list shows all delegations", "%w", err)
			}
			event, err := stepOf(std, trail.TypeDelegationEnded, data)
			if err != nil {
				return err
			}
			return appendStep(ctx, at, event, asJSON)
		})
	}
	return cmd
}

// listedDelegation is a delegation as "delegate list" shows it.
type listedDelegation struct {
	Seq     int64     `json:"seq"`
	ID      string    `json:"id"`
	State   string    `json:"state"` // in force, over, ended
	Role    string    `json:"role"`
	By      string    `json:"by"`
	To      string    `json:"to"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason"`
	EndedBy []string  `json:"ended_by"` // people and their assurance
}

func newDelegateList(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the delegations in the trail",
		Long: `List shows each delegation in the trail, newest first. It verifies no signature: the
gate decides whether a delegation counts.
It exits with 0, or with 2 if the trail cannot be read.`,
		Example: `  prodgate delegate list -o json`,
		Args:    none,
	}
	addTrail(cmd)
	addFormat(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		return withTrail(cmd, std, true, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			list, err := delegations(ctx, log, std.clock())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(std.out, map[string]any{"delegations": list})
			}
			return delegationsText(std, list)
		})
	}
	return cmd
}

// delegations returns the delegations of the trail, newest first.
func delegations(ctx context.Context, log *trail.Log, now time.Time) ([]listedDelegation, error) {
	entries, err := recordedOf(ctx, log, trail.ByType(trail.TypeDelegationGranted), trail.ByType(trail.TypeDelegationEnded))
	if err != nil {
		return nil, err
	}
	list, at := []listedDelegation{}, map[string]int{}
	for _, e := range entries {
		var data struct {
			trail.DelegationData
			Delegation string `json:"delegation"`
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return nil, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		if e.Type == trail.TypeDelegationEnded {
			if i, ok := at[data.Delegation]; ok {
				list[i].State = "ended"
				list[i].EndedBy = append(list[i].EndedBy, fmt.Sprintf("%s (%s)", cmp.Or(data.By, e.Writer.Subject), e.Writer.Assurance))
			}
			continue
		}
		d := listedDelegation{
			Seq: e.Seq, ID: e.ID, State: "in force", Role: data.Role, By: data.By, To: data.To,
			From: data.From.UTC(), Until: data.Until.UTC(), Reason: data.Reason, EndedBy: []string{},
		}
		if !now.Before(d.Until) {
			d.State = "over"
		}
		at[e.ID] = len(list)
		list = append(list, d)
	}
	slices.Reverse(list)
	return list, nil
}

func delegationsText(std stdio, list []listedDelegation) error {
	s := newSheet(std)
	if len(list) == 0 {
		s.Line("no role is delegated")
	}
	for _, d := range list {
		reason := ""
		if d.Reason != "" {
			reason = ": " + print.Value(d.Reason)
		}
		s.Linef("%6d  %-8s  %s by %s to %s, from %s until %s%s", d.Seq, d.State, print.Value(d.Role), print.Value(d.By), print.Value(d.To),
			rfc3339(d.From), rfc3339(d.Until), reason)
		what := print.Value(d.ID)
		if len(d.EndedBy) > 0 {
			what += "  ended by " + print.Values(d.EndedBy)
		}
		s.Line("        " + what)
	}
	return writeSheet(std, s)
}
