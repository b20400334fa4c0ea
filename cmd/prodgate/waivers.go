package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/spf13/cobra"
)

// endingSoon is the default of --ending.
const endingSoon = "14d"

func newWaivers(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waivers [IMAGE]",
		Short: "List waivers, and which of them end soon",
		Long: `Waivers lists the waivers that the sources of prodgate.yaml report, as "prodgate eval"
collects them: those in force, those that end within 14 days (--ending), and those that
have expired or do not apply yet. With IMAGE, the sources that read waivers of an image
report them too.

It makes no decision: whether a waiver counts also depends on its approver and on the
settings (waivers.allowed), and "prodgate eval" shows it.
It exits with 0, or with 2 if a source could not be read.`,
		Example: `  prodgate waivers
  prodgate waivers registry.example.com/payments-api:7a3f9c2 --ending 30d -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && args[0] == "" {
				return usage("prodgate waivers [IMAGE]", "%s accepts at most one image", cmd.CommandPath())
			}
			return nil
		},
	}
	addSettings(cmd, "service", "environment", "config", "timeout")
	addPlainHTTP(cmd)
	addFormat(cmd)
	cmd.Flags().String("ending", endingSoon, "mark waivers that end within this time, such as 36h or 30d")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		s := said{cmd: cmd, std: std}
		list := &waiverList{Now: std.clock().UTC().Truncate(time.Second), Waivers: []listedWaiver{}, ending: s.length("ending")}
		if s.err != nil {
			return s.err
		}
		if err := list.collect(cmd, std, args); err != nil {
			return err
		}
		if asJSON {
			return writeJSON(std.out, list)
		}
		return list.print(std)
	}
	return cmd
}

// The states of a waiver, in the order in which they are listed.
const (
	waiverEnding  = "ending"
	waiverInForce = "in force"
	waiverNotYet  = "not yet"
	waiverExpired = "expired"
)

var waiverStates = []string{waiverEnding, waiverInForce, waiverNotYet, waiverExpired}

// waiverList lists waivers as of an instant.
type waiverList struct {
	Now      time.Time      `json:"now"`
	EndingBy time.Time      `json:"ending_by"` // waivers in force that expire by then are ending
	Waivers  []listedWaiver `json:"waivers"`

	ending time.Duration
}

// listedWaiver is a waiver as it was collected, and its state.
type listedWaiver struct {
	State string `json:"state"` // ending, in force, not yet, expired
	facts.Waiver
}

// collect reads the waivers from the configured sources.
func (l *waiverList) collect(cmd *cobra.Command, std stdio, args []string) error {
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	timeout, err := cfg.Timeout()
	if err != nil {
		return usage("", "%w", err)
	}
	applyInsecure(cmd, cfg)
	req := facts.Request{RequestedAt: l.Now}
	if len(args) > 0 {
		req.Reference = args[0]
		if err := checkImage(req.Reference); err != nil {
			return err
		}
	}
	req.Service, req.Environment = cfg.Get("service").Text, cfg.Get("environment").Text
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), timeout, fmt.Errorf("not done within %s; use --timeout for more time", timeout))
	defer cancel()
	doc := gather(ctx, cfg, std, req, "waivers")
	if err := ctx.Err(); err != nil {
		return caused(ctx, err)
	}
	if source := doc.Sources["waivers"]; source.Status != facts.StatusOK {
		return usage("prodgate doctor tests each source", "read the waivers: %w", errors.New(cmp.Or(textOf(source.Error), string(source.Status))))
	}
	l.add(doc.Waivers)
	return nil
}

// add lists waivers with their states: by state, then by their end.
func (l *waiverList) add(waivers []facts.Waiver) {
	l.EndingBy = l.Now.Add(l.ending)
	for _, w := range waivers {
		w.IssuedAt, w.ExpiresAt = w.IssuedAt.UTC(), w.ExpiresAt.UTC()
		l.Waivers = append(l.Waivers, listedWaiver{State: l.state(w), Waiver: w})
	}
	slices.SortStableFunc(l.Waivers, func(a, b listedWaiver) int {
		return cmp.Or(
			cmp.Compare(slices.Index(waiverStates, a.State), slices.Index(waiverStates, b.State)),
			a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.Code, b.Code), cmp.Compare(textOf(a.Item), textOf(b.Item)),
		)
	})
}

func (l *waiverList) state(w facts.Waiver) string {
	switch {
	case !l.Now.Before(w.ExpiresAt):
		return waiverExpired
	case l.Now.Before(w.IssuedAt):
		return waiverNotYet
	case !w.ExpiresAt.After(l.EndingBy):
		return waiverEnding
	}
	return waiverInForce
}

// print shows two lines for each waiver.
func (l *waiverList) print(std stdio) error {
	s := newSheet(std)
	if len(l.Waivers) == 0 {
		s.Line("no waiver is reported")
	}
	for _, w := range l.Waivers {
		about := w.Code
		if w.Item != nil {
			about += " " + *w.Item
		}
		s.Hang(fmt.Sprintf("%-8s  ", w.State), print.Line(fmt.Sprintf("%s, %s in %s, until %s: %s",
			about, w.Service, w.Environment, w.ExpiresAt.Format(time.RFC3339), w.Reason)))
		more := fmt.Sprintf("%s, approved by %s", w.Ticket, w.Approver)
		if w.VerifiedBy != nil {
			more += ", signed by " + *w.VerifiedBy
		}
		if w.Digest != nil {
			more += ", only for " + *w.Digest
		}
		s.Hang("          ", print.Line(more))
	}
	return writeSheet(std, s)
}
