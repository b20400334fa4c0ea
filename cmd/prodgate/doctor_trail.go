package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/prodgate/prodgate/trail"
)

// glimpse is how long doctor verifies a trail: a long trail takes longer, and only
// audit verify verifies it completely.
const glimpse = 5 * time.Second

// trail shows whether decisions are recorded, and whether the trail can be read and
// verified. It does not create a trail.
func (d *diagnosis) trail(ctx context.Context) {
	d.heading("Trail")
	location := d.cfg.Get("trail")
	if !location.Given() {
		d.warn("trail", "name one: trail in "+d.file(), "no decision is recorded")
		return
	}
	if err := d.cfg.OneTrail(); err != nil {
		d.fail("trail", trailCure(d.cfg), "%v", err)
	}
	if vanishes(d.std, location.Text) {
		d.warn("trail", "use a persistent trail, such as https://… of a prodgate server", "it is a file on a CI runner: a hosted runner deletes it after the job")
	}
	key := d.cfg.Get("trail-key").Text
	log, err := trail.Open(ctx, location.Text, trailOptions(d.std, d.cfg, true))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.warn("trail", "the first decision creates it", "it does not exist yet: %s", location.Shown())
		return
	case err != nil:
		d.fail("trail", "make it readable; until then there is no decision", "%v", err)
		return
	}
	writing, err := trail.Open(ctx, location.Text, trailOptions(d.std, d.cfg, false))
	if err == nil {
		err = writing.Close()
	}
	if err = errors.Join(err, log.Close()); err != nil {
		d.fail("trail", "make it and its key writable; until then there is no decision", "%v", err)
		return
	}
	options := trail.VerifyOptions{Deadline: glimpse, Token: trailToken(d.std, location.Text)}
	if options.Token != nil {
		options.Key = key
	} else if key != "" {
		options.Key = strings.TrimSuffix(key, ".key") + ".pub"
	}
	found, err := trail.Verify(ctx, location.Text, options)
	switch {
	case err != nil:
		d.fail("trail", "run prodgate audit verify for details", "%v", err)
	case found.Verdict == trail.Intact:
		d.ok("trail", "%s: %d entries, intact", location.Shown(), found.Size)
	case found.Verdict == trail.Altered:
		d.fail("trail", "prodgate audit verify shows what was altered; do not trust anything that depends on it", "%s was altered", location.Shown())
	default:
		why := ""
		if len(found.Problems) > 0 {
			why = ": " + found.Problems[0].Where + ": " + found.Problems[0].What
		}
		d.warn("trail", "run prodgate audit verify, with more time and the public key", "could not verify that %s is intact%s", location.Shown(), why)
	}
}
