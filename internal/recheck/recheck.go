// Package recheck says whether an allow that was given earlier is still one, just
// before the deployment. It reads the decision and the trail; it collects no facts
// and evaluates no policy, so it can only take an allow away, never give one.
package recheck

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
)

// MaxBytes bounds a decision's file.
const MaxBytes = 16 << 20

// clockTolerance is how far the clock of the gate may be ahead of this one.
const clockTolerance = 5 * time.Minute

// Question is what is about to be done. Empty fields are not compared.
type Question struct {
	Repository  string // of the image, without tag and digest
	Digest      string // sha256:…
	Service     string
	Environment string
	Now         time.Time
	Simulated   bool       // Now was set by hand
	Log         *trail.Log // nil: the decision is believed as it is
}

// Reason is why an allow is none any more.
type Reason struct {
	Code     string `json:"code"` // check.reason
	Message  string `json:"message"`
	Observed string `json:"observed"`
	Required string `json:"required"`
}

// Answer is the result. The zero Answer denies.
type Answer struct {
	Outcome    evaluator.Outcome `json:"outcome"`
	Mode       evaluator.Mode    `json:"mode"` // enforce, or simulate where Now was set by hand
	ExitCode   int               `json:"exit_code"`
	Deploy     *string           `json:"deploy"`
	Request    evaluator.Subject `json:"request"`
	Now        time.Time         `json:"now"`
	ValidUntil *time.Time        `json:"valid_until"`
	Recorded   bool              `json:"recorded"` // the trail holds this very decision
	Reasons    []Reason          `json:"reasons"`
	Weakened   []string          `json:"weakened"`

	asked bool // the trail was asked
}

// Read reads a decision as "prodgate eval -o json" writes it. A key that is
// unknown, missing, in another case or there twice is an error: two readers must
// not see two decisions.
func Read(content []byte) (*evaluator.Decision, error) {
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("larger than %d MiB", MaxBytes>>20)
	}
	if err := noDuplicates(json.NewDecoder(bytes.NewReader(content))); err != nil {
		return nil, err
	}
	var d evaluator.Decision
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return nil, err
	}
	again, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	first, err := plain(content)
	if err != nil {
		return nil, err
	}
	second, err := plain(again)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(first, second) {
		return nil, errors.New("it is not a decision in the format of this prodgate: a key is missing or has another type")
	}
	return &d, nil
}

func plain(content []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

// noDuplicates returns an error for a key that an object has twice, and for
// anything after the first value.
func noDuplicates(decoder *json.Decoder) error {
	if err := value(decoder, 0); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the decision")
	}
	return nil
}

func value(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth > 100 {
		return errors.New("nested more than 100 levels deep")
	}
	seen := map[string]bool{}
	for decoder.More() {
		if delim == '{' {
			key, err := decoder.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			if seen[name] {
				return fmt.Errorf("duplicate key %q", name)
			}
			seen[name] = true
		}
		if err := value(decoder, depth+1); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

// Check answers. An error means that there is no answer: the trail could not be
// read or is not intact. Treat it as blocked.
func Check(ctx context.Context, d *evaluator.Decision, q Question) (Answer, error) {
	a := Answer{
		Outcome: evaluator.Deny, Mode: evaluator.ModeEnforce, ExitCode: 1, Deploy: d.Deploy, Request: d.Request,
		Now: q.Now.UTC(), ValidUntil: d.ValidUntil, Reasons: append(standing(d, q.Now), bound(d, q)...), Weakened: d.Weakened, asked: q.Log != nil,
	}
	if q.Simulated {
		a.Mode = evaluator.ModeSimulate
	}
	if a.Weakened == nil {
		a.Weakened = []string{}
	}
	if q.Log != nil {
		reasons, err := recorded(ctx, d, q.Log)
		if err != nil {
			return Answer{}, err
		}
		a.Recorded = len(reasons) == 0
		a.Reasons = append(a.Reasons, reasons...)
		if a.Recorded {
			if reasons, err = newsSince(ctx, d, q); err != nil {
				return Answer{}, err
			}
			a.Reasons = append(a.Reasons, reasons...)
		}
	}
	if len(a.Reasons) == 0 {
		a.Outcome, a.ExitCode = evaluator.Allow, 0
	}
	return a, nil
}

// standing is what the decision itself says against it at now.
func standing(d *evaluator.Decision, now time.Time) (list []Reason) {
	if d.Outcome != evaluator.Allow || d.ExitCode != 0 {
		list = append(list, Reason{"check.outcome", "the decision does not allow the deployment", fmt.Sprintf("%s, exit code %d", d.Outcome, d.ExitCode), "allow, exit code 0"})
	}
	for _, f := range d.Findings {
		if f.Effect == evaluator.EffectDeny {
			list = append(list, Reason{"check.outcome", "the decision has a denial", f.Code, "no denial"})
		}
	}
	if d.Mode != evaluator.ModeEnforce {
		list = append(list, Reason{"check.mode", "the decision does not count: it used a saved document or another time", string(d.Mode), string(evaluator.ModeEnforce)})
	}
	switch {
	case d.ValidUntil == nil:
		list = append(list, Reason{"check.expired", "the decision has no end of validity", "null", "a time"})
	case !now.Before(*d.ValidUntil):
		list = append(list, Reason{"check.expired", "the decision is no longer valid: run prodgate eval again", now.UTC().Format(time.RFC3339), "before " + d.ValidUntil.UTC().Format(time.RFC3339)})
	}
	if d.Now.IsZero() || d.Now.Sub(now) > clockTolerance {
		list = append(list, Reason{"check.future", "the decision was made later than now: compare the clocks", d.Now.UTC().Format(time.RFC3339), "not after " + now.UTC().Format(time.RFC3339)})
	}
	return list
}

// bound compares the decision with what is about to be deployed.
func bound(d *evaluator.Decision, q Question) (list []Reason) {
	repository, digest := "", ""
	if d.Deploy != nil {
		repository, digest, _ = strings.Cut(*d.Deploy, "@")
	}
	if repository == "" || digest == "" {
		list = append(list, Reason{"check.artifact", "the decision names no image", "null", "repository@digest"})
	}
	for _, c := range []struct{ code, what, is, want string }{
		{"check.artifact", "the decision is about an image of another repository", repository, q.Repository},
		{"check.artifact", "the decision is about another image", digest, q.Digest},
		{"check.service", "the decision is about another service", d.Request.Service, q.Service},
		{"check.environment", "the decision is about another environment", d.Request.Environment, q.Environment},
	} {
		if c.want != "" && c.is != c.want {
			list = append(list, Reason{c.code, c.what, c.is, c.want})
		}
	}
	return list
}

// recorded compares the decision with the one that the trail holds.
func recorded(ctx context.Context, d *evaluator.Decision, log *trail.Log) ([]Reason, error) {
	missing := func(observed string) []Reason {
		return []Reason{{"check.unrecorded", "the trail does not contain this decision", observed, "the decision as it was recorded"}}
	}
	if d.Trail == nil {
		return missing("a decision without a receipt"), nil
	}
	receipt, err := log.Receipt(ctx, d.Trail.Seq)
	if errors.Is(err, trail.ErrNotFound) {
		return missing(fmt.Sprintf("no entry %d", d.Trail.Seq)), nil
	}
	if err != nil {
		return nil, err
	}
	if receipt.LeafHash != d.Trail.LeafHash {
		return missing(fmt.Sprintf("another entry %d", d.Trail.Seq)), nil
	}
	entry, err := log.Entry(ctx, receipt.ID)
	if err != nil {
		return nil, err
	}
	if entry.Type != trail.TypeGateEvaluated || entry.Mode != string(evaluator.ModeEnforce) {
		return missing("an entry of type " + entry.Type), nil
	}
	ref, ok := entry.Refs[trail.BlobDecision]
	if !ok {
		return missing("an entry without a decision"), nil
	}
	was, err := log.Blob(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("read the recorded decision: %w", err)
	}
	alone := *d
	alone.Trail = nil
	is, err := print.JSON(&alone)
	if err != nil {
		return nil, err
	}
	same, err := sameJSON(was, is)
	if err == nil && !same {
		return missing("a decision that differs from the recorded one"), nil
	}
	return nil, err
}

// sameJSON reports whether two documents say the same. They may be written in
// different ways: earlier versions escaped <, > and &.
func sameJSON(a, b []byte) (bool, error) {
	var values [2]any
	for i, text := range [][]byte{a, b} {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&values[i]); err != nil {
			return false, fmt.Errorf("read the recorded decision: %w", err)
		}
	}
	return reflect.DeepEqual(values[0], values[1]), nil
}
