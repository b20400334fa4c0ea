package invented

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/prodgate/prodgate/trail"
)

// Judge decides on documents that are moved in time and given digests of their
// own.
type Judge struct {
	Gate *evaluator.Evaluator

	// Good are documents that are allowed at their now, Bad those that are not.
	Good, Bad [][]byte

	bundle []byte
}

// gate makes up one question to the gate. Good says what the answer shall be;
// where it is a real one it may turn out another.
func (w *writer) gate(ctx context.Context, a *attempt, at time.Time, good bool) (allowed bool, err error) {
	var data trail.GateData
	var blobs map[string]trail.Blob
	if w.Judge != nil {
		documents := w.Judge.Bad
		if good {
			documents = w.Judge.Good
		}
		document := documents[w.random.IntN(len(documents))]
		if at, data, blobs, err = w.Judge.decide(ctx, a, at, document); err != nil {
			return false, err
		}
	} else {
		data = w.madeUp(a, good)
	}
	return data.Outcome == "allow", w.add(a, at, trail.TypeGateEvaluated, data, func(e *trail.Event) {
		e.Mode, e.Now, e.Blobs = "enforce", at, blobs
	})
}

// madeUp is an answer without rules.
func (w *writer) madeUp(a *attempt, good bool) trail.GateData {
	data := trail.GateData{Kind: a.kind, Outcome: "allow", Required: []string{"soak", "approval"}, Passed: []string{"soak", "approval"}}
	finding := func(code, effect, cure string) {
		check, _, _ := strings.Cut(code, ".")
		data.Findings = append(data.Findings, trail.GateFinding{Code: code, Check: check, Effect: effect, Cure: cure})
	}
	if good {
		if w.chance(4) {
			item := fmt.Sprintf("CVE-2026-%d", w.random.IntN(3))
			finding("vulnerabilities.denied", "waived", "fix")
			data.Findings[0].Item = &item
		}
		if w.chance(2) {
			a.emergency, data.Emergency = true, true
		}
		return data
	}
	data.Outcome, data.ExitCode, data.Passed = "deny", 1, []string{"soak"}
	switch n := w.random.IntN(10); {
	case n < 4:
		finding("approval.missing", "deny", "ask")
	case n < 6:
		finding("vulnerabilities.denied", "deny", "fix")
		finding("approval.missing", "deny", "ask")
	case n < 9:
		finding("window.closed", "deny", "wait")
		data.ExitCode = 3
	default:
		finding("soak.too_short", "deny", "wait")
		data.ExitCode = 3
	}
	return data
}

var (
	instant        = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)"`)
	artifactDigest = regexp.MustCompile(`"digest": ?"sha256:([0-9a-f]{64})"`)
)

// decide moves the document near at, gives it the attempt's digest, and decides.
// It is moved by whole minutes; the hour of its own now stays as it is where at
// is within its week.
func (j *Judge) decide(ctx context.Context, a *attempt, at time.Time, document []byte) (time.Time, trail.GateData, map[string]trail.Blob, error) {
	var data trail.GateData
	moved, err := move(document, at, a)
	if err != nil {
		return at, data, nil, err
	}
	parsed, err := facts.Parse("document", moved)
	if err != nil {
		return at, data, nil, err
	}
	input, err := evaluator.Read("document", moved)
	if err != nil {
		return at, data, nil, err
	}
	decision, err := j.Gate.Decide(ctx, input)
	if err != nil {
		return at, data, nil, err
	}
	if j.bundle == nil {
		if j.bundle, err = j.Gate.Bundle(); err != nil {
			return at, data, nil, err
		}
	}
	a.emergency, a.kind = decision.Request.Emergency, decision.Request.Kind
	return decision.Now, GateData(&decision), map[string]trail.Blob{
		trail.BlobInput:  {MediaType: "application/json", Content: parsed.Canonical()},
		trail.BlobPolicy: {MediaType: "application/vnd.prodgate.policy.v1.tar+gzip", Content: j.bundle},
	}, nil
}

// GateData is a decision as the trail keeps it.
func GateData(d *evaluator.Decision) trail.GateData {
	data := trail.GateData{
		Kind: d.Request.Kind, Emergency: d.Request.Emergency, Outcome: string(d.Outcome), ExitCode: d.ExitCode,
		Required: d.Required, Passed: d.Passed, Findings: []trail.GateFinding{}, Weakened: d.Weakened, OpensAt: d.OpensAt,
		Policy:      trail.GatePolicy{Version: d.Policy.Version, Revision: d.Policy.Revision, Digest: d.Policy.Digest},
		InputDigest: d.Input.Digest, Prodgate: "0.0.0",
	}
	for _, f := range d.Findings {
		data.Findings = append(data.Findings, trail.GateFinding{Code: f.Code, Check: f.Check, Effect: string(f.Effect), Item: f.Item, Cure: string(f.Cure)})
	}
	return data
}

// move brings every time of a document so much later that its now is nearest to
// at on the same minute of a week.
func move(document []byte, at time.Time, a *attempt) ([]byte, error) {
	parsed, err := facts.Parse("document", document)
	if err != nil {
		return nil, err
	}
	const week = 7 * 24 * time.Hour
	by := at.Sub(parsed.Document().Now).Round(week)
	text := instant.ReplaceAllStringFunc(string(document), func(s string) string {
		t, err := time.Parse(`"`+time.RFC3339+`"`, s)
		if err != nil {
			return s
		}
		return t.Add(by).Format(`"` + time.RFC3339Nano + `"`)
	})
	if old := artifactDigest.FindStringSubmatch(text); old != nil {
		text = strings.ReplaceAll(text, old[1], strings.TrimPrefix(a.digest, "sha256:"))
	}
	return []byte(strings.ReplaceAll(text, "12345678901-1", a.request)), nil
}

// Stories takes its documents from a folder of stories: those whose name begins
// with "allow" are good. All are of one service.
func (j *Judge) Stories(folder string) error {
	stories, err := fixture.All(folder)
	if err != nil {
		return err
	}
	for _, s := range stories {
		if strings.HasPrefix(s.Name, "allow") {
			j.Good = append(j.Good, s.Document)
		} else {
			j.Bad = append(j.Bad, s.Document)
		}
	}
	if len(j.Good) == 0 || len(j.Bad) == 0 {
		return fmt.Errorf("read stories: %s has %d that are allowed and %d that are not", folder, len(j.Good), len(j.Bad))
	}
	return nil
}
