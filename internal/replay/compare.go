package replay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/zone"
	"github.com/prodgate/prodgate/trail"
)

// finding is what replaying one decision showed.
type finding struct {
	decision Decision
	policy   trail.GatePolicy // by which it was decided

	missing Reason // why it could not be replayed; empty: it was
	detail  string
	differs []string // how the past does not reproduce; empty: it does

	flipped  bool
	appeared []Cause // findings under the new policies that were not there
	gone     []Cause // findings of then that are not there any more
}

// replay decides again, twice.
func (r *runner) replay(ctx context.Context, e *trail.Entry) (f *finding) {
	f = &finding{decision: decisionOf(e)}
	defer func() {
		if caught := recover(); caught != nil {
			f.cannot(Unreadable, fmt.Errorf("it cannot be evaluated: %v", caught))
		}
	}()
	var data trail.GateData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return f.cannot(Unreadable, fmt.Errorf("its entry cannot be read: %w", err))
	}
	f.policy, f.decision.Kind, f.decision.From = data.Policy, data.Kind, data.Outcome
	input, rules, reason, err := r.load(ctx, e)
	if err != nil {
		return f.cannot(reason, err)
	}
	if input.Digest() != data.InputDigest {
		f.differs = append(f.differs, "the digest of the input differs from the digest in the decision")
	}
	if !input.Now().Equal(instantOf(e)) {
		input = input.At(instantOf(e))
	}
	var again func(context.Context) (evaluator.Judgement, error)
	then, err := r.within(ctx, func(ctx context.Context) (then evaluator.Judgement, err error) {
		then, again, err = rules.pair.Judge(ctx, input)
		return then, err
	})
	if err != nil {
		f.differs = append(f.differs, "the recorded rules give no decision: "+err.Error())
		return f
	}
	f.reproduce(&data, rules.gate, &then)
	now, err := r.within(ctx, again)
	if err != nil {
		return f.cannot(NoDecision, err)
	}
	f.compare(&then, &now)
	return f
}

// load reads what a decision rested on.
func (r *runner) load(ctx context.Context, e *trail.Entry) (*evaluator.Input, *recorded, Reason, error) {
	for _, role := range []string{trail.BlobInput, trail.BlobPolicy} {
		if _, ok := e.Refs[role]; !ok {
			return nil, nil, NotRecorded, fmt.Errorf("its %s was not recorded", role)
		}
	}
	document, err := r.past.Blob(ctx, e.Refs[trail.BlobInput])
	if err != nil {
		return nil, nil, why(err), err
	}
	input, err := evaluator.Read("its input", document)
	if err != nil {
		return nil, nil, Unusable, err
	}
	rules, err := r.policy(ctx, e.Refs[trail.BlobPolicy])
	if err != nil {
		return nil, nil, why(err), err
	}
	return input, rules, "", nil
}

// within gives one evaluation its time.
func (r *runner) within(ctx context.Context, judge func(context.Context) (evaluator.Judgement, error)) (evaluator.Judgement, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.Deadline, fmt.Errorf("no decision within %s", r.Deadline))
	defer cancel()
	judgement, err := judge(ctx)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return judgement, err
}

// cannot says why a decision could not be replayed.
func (f *finding) cannot(reason Reason, err error) *finding {
	f.missing, f.detail = reason, err.Error()
	return f
}

// reproduce compares what the rules of then give with what was recorded.
func (f *finding) reproduce(data *trail.GateData, gate *evaluator.Evaluator, then *evaluator.Judgement) {
	differ := func(what string, recorded, found any) {
		f.differs = append(f.differs, fmt.Sprintf("%s was %v and is %v", what, recorded, found))
	}
	p := gate.Policy()
	if found := (trail.GatePolicy{Version: p.Version, Revision: p.Revision, Digest: p.Digest}); found != data.Policy {
		differ("the policy", data.Policy, found)
	}
	if string(then.Outcome) != data.Outcome {
		differ("the outcome", data.Outcome, then.Outcome)
	}
	if !slices.Equal(sorted(data.Passed), sorted(then.Passed)) {
		differ("what passed", sorted(data.Passed), sorted(then.Passed))
	}
	recorded, found := causesOf(data.Findings), causes(then.Findings)
	gone, appeared := difference(recorded, found)
	for _, c := range gone {
		f.differs = append(f.differs, "recorded and not found: "+c.String())
	}
	for _, c := range appeared {
		f.differs = append(f.differs, "found and not recorded: "+c.String())
	}
	if len(f.differs) > 0 && gate.Zones() != zone.Version() {
		differ("the time zone data", cmp.Or(gate.Zones(), "unknown"), zone.Version())
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// compare says what the new policies change.
func (f *finding) compare(then, now *evaluator.Judgement) {
	f.decision.From, f.decision.To = string(then.Outcome), string(now.Outcome)
	f.flipped = then.Outcome != now.Outcome
	f.gone, f.appeared = difference(causes(then.Findings), causes(now.Findings))
	if !f.flipped {
		return
	}
	because := f.gone
	if now.Outcome == evaluator.Deny {
		because = f.appeared
	}
	for _, c := range because {
		if c.Effect == string(evaluator.EffectDeny) {
			f.decision.Because = append(f.decision.Because, c)
		}
	}
}

// Cause is a finding, as far as it is compared.
type Cause struct {
	Check   string  `json:"check"`
	Code    string  `json:"code"`
	Effect  string  `json:"effect"`
	Item    *string `json:"item"`
	Message string  `json:"message,omitempty"`
}

// String is "vulnerabilities.denied (CVE-1), deny".
func (c Cause) String() string {
	s := c.Code
	if c.Item != nil {
		s += " (" + *c.Item + ")"
	}
	return s + ", " + c.Effect
}

// order sorts causes by what they are compared by. The message is none of it:
// it is told anew by each version of a rule.
func (c Cause) order(other Cause) int {
	return cmp.Or(
		strings.Compare(c.Code, other.Code), strings.Compare(c.Effect, other.Effect),
		strings.Compare(text(c.Item), text(other.Item)), strings.Compare(c.Check, other.Check))
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func causes(findings []evaluator.Finding) []Cause {
	list := make([]Cause, 0, len(findings))
	for i := range findings {
		f := &findings[i]
		list = append(list, Cause{Check: f.Check, Code: f.Code, Effect: string(f.Effect), Item: f.Item, Message: f.Message})
	}
	slices.SortStableFunc(list, Cause.order)
	return list
}

func causesOf(findings []trail.GateFinding) []Cause {
	list := make([]Cause, 0, len(findings))
	for _, f := range findings {
		list = append(list, Cause{Check: f.Check, Code: f.Code, Effect: f.Effect, Item: f.Item})
	}
	slices.SortStableFunc(list, Cause.order)
	return list
}

// difference are those of a that are not in b, and those of b that are not in a,
// each as often as it is there. Both are sorted.
func difference(a, b []Cause) (gone, appeared []Cause) {
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(a) == 0:
			order = 1
		case len(b) == 0:
			order = -1
		default:
			order = a[0].order(b[0])
		}
		switch {
		case order < 0:
			gone, a = append(gone, a[0]), a[1:]
		case order > 0:
			appeared, b = append(appeared, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return gone, appeared
}
