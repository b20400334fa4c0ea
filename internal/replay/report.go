package replay

import (
	"cmp"
	"slices"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/trail"
)

// Report is what a replay showed. Times are UTC; lists are in the order of the
// log or sorted.
type Report struct {
	Period Period             `json:"period"`
	Trail  Checkpoint         `json:"trail"`
	Policy evaluator.PolicyID `json:"policy"` // the new ones

	Decisions int `json:"decisions"` // recorded in the period, in mode enforce
	Replayed  int `json:"replayed"`  // decided again, by the rules of then and the new ones
	Same      int `json:"same"`      // the same outcome and findings
	Changed   int `json:"changed"`   // the same outcome, other findings
	ToDeny    int `json:"to_deny"`   // allowed then, denied now
	ToAllow   int `json:"to_allow"`  // denied then, allowed now

	ByCheck  []CheckFlips `json:"by_check"` // what flipped them
	Findings []Difference `json:"findings"` // what changed where nothing flipped
	Flips    []Decision   `json:"flips"`
	Unlisted int          `json:"flips_unlisted"` // flips beyond the first 10,000

	NotReproduced Failures `json:"not_reproduced"` // the rules of then do not give what was recorded
	NotReplayed   []Gap    `json:"not_replayed"`   // by reason
	Policies      []Rules  `json:"policies"`       // by which was decided then
}

// Period is which decisions were replayed.
type Period struct {
	Since       time.Time `json:"since"`
	Until       time.Time `json:"until"`
	Service     string    `json:"service"`     // "": all
	Environment string    `json:"environment"` // "": all
}

// Checkpoint is the state of the trail that was read.
type Checkpoint struct {
	Size int64  `json:"size"`
	Head string `json:"head"`
}

// Decision is one of the past.
type Decision struct {
	Seq         int64     `json:"seq"`
	ID          string    `json:"id"`
	Now         time.Time `json:"now"` // the instant decided about
	Service     string    `json:"service"`
	Environment string    `json:"environment"`
	Artifact    string    `json:"artifact"`
	Digest      string    `json:"digest"`
	Request     string    `json:"request"`
	Kind        string    `json:"kind"`
	From        string    `json:"from"`    // allow, deny
	To          string    `json:"to"`      // "" where it could not be decided anew
	Because     []Cause   `json:"because"` // what denies now, or what denied then and does not any more
}

func decisionOf(e *trail.Entry) Decision {
	return Decision{
		Seq: e.Seq, ID: e.ID, Now: instantOf(e).UTC(), Service: e.Service, Environment: e.Environment,
		Artifact: e.Artifact, Digest: e.Digest, Request: e.Request, Because: []Cause{},
	}
}

// CheckFlips is how many decisions a code had a part in flipping. Several can
// have a part in one.
type CheckFlips struct {
	Check   string `json:"check"`
	Code    string `json:"code"`
	ToDeny  int    `json:"to_deny"`
	ToAllow int    `json:"to_allow"`
}

// Difference is how often a finding came or went without a flip.
type Difference struct {
	Check    string `json:"check"`
	Code     string `json:"code"`
	Effect   string `json:"effect"`
	Appeared int    `json:"appeared"`
	Gone     int    `json:"gone"`
}

// Failures are decisions with what is wrong with them; the first of them.
type Failures struct {
	Count int       `json:"count"`
	First []Failure `json:"first"`
}

// Failure is one.
type Failure struct {
	Seq  int64    `json:"seq"`
	ID   string   `json:"id"`
	What []string `json:"what"`
}

// Reason says why a decision could not be replayed.
type Reason string

// The closed set of reasons.
const (
	Erased      Reason = "erased"       // its input or policy was erased
	NotRecorded Reason = "not recorded" // its input or policy was never there
	Unusable    Reason = "unusable"     // this version of prodgate does not read it any more
	Unreadable  Reason = "unreadable"   // it is damaged, or could not be read
	NoDecision  Reason = "no decision"  // the new policies give none: a service that they do not list, an error in a rule
)

// Gap is the decisions that could not be replayed for one reason.
type Gap struct {
	Reason Reason `json:"reason"`
	Failures
}

// Rules is a rule set of the past.
type Rules struct {
	Policy    trail.GatePolicy `json:"policy"`
	Decisions int              `json:"decisions"`
}

// What a report lists of each kind, so that it stays readable and in memory.
const (
	mostFlips    = 10_000
	mostFailures = 20
	mostDetails  = 5
)

func newReport(policy evaluator.PolicyID, options Options) *Report {
	return &Report{
		Policy: policy,
		Period: Period{Since: options.Since.UTC(), Until: options.Until.UTC(), Service: options.Service, Environment: options.Environment},
		Flips:  []Decision{}, NotReproduced: Failures{First: []Failure{}}, NotReplayed: []Gap{},
		ByCheck: []CheckFlips{}, Findings: []Difference{}, Policies: []Rules{},
	}
}

// add counts what one decision showed; they come in the order of the log.
func (r *Report) add(f *finding) {
	r.Decisions++
	r.countPolicy(f.policy)
	if len(f.differs) > 0 {
		r.NotReproduced.add(f, f.differs)
	}
	switch {
	case f.missing != "":
		r.gap(f.missing).add(f, []string{f.detail})
		return
	case f.decision.To == "":
		return // does not reproduce, and was not decided anew
	}
	r.Replayed++
	switch {
	case f.flipped:
		r.flip(f)
	case len(f.appeared)+len(f.gone) > 0:
		r.Changed++
		for _, c := range f.appeared {
			r.difference(c).Appeared++
		}
		for _, c := range f.gone {
			r.difference(c).Gone++
		}
	default:
		r.Same++
	}
}

func (r *Report) flip(f *finding) {
	toDeny := f.decision.To == string(evaluator.Deny)
	if toDeny {
		r.ToDeny++
	} else {
		r.ToAllow++
	}
	if len(r.Flips) < mostFlips {
		r.Flips = append(r.Flips, f.decision)
	} else {
		r.Unlisted++
	}
	seen := map[[2]string]bool{}
	for _, c := range f.decision.Because {
		if key := [2]string{c.Check, c.Code}; !seen[key] {
			seen[key] = true
			count := r.byCheck(c)
			if toDeny {
				count.ToDeny++
			} else {
				count.ToAllow++
			}
		}
	}
}

func (r *Report) byCheck(c Cause) *CheckFlips {
	i := slices.IndexFunc(r.ByCheck, func(f CheckFlips) bool { return f.Check == c.Check && f.Code == c.Code })
	if i < 0 {
		i = len(r.ByCheck)
		r.ByCheck = append(r.ByCheck, CheckFlips{Check: c.Check, Code: c.Code})
	}
	return &r.ByCheck[i]
}

func (r *Report) difference(c Cause) *Difference {
	i := slices.IndexFunc(r.Findings, func(d Difference) bool { return d.Check == c.Check && d.Code == c.Code && d.Effect == c.Effect })
	if i < 0 {
		i = len(r.Findings)
		r.Findings = append(r.Findings, Difference{Check: c.Check, Code: c.Code, Effect: c.Effect})
	}
	return &r.Findings[i]
}

func (r *Report) gap(reason Reason) *Failures {
	i := slices.IndexFunc(r.NotReplayed, func(g Gap) bool { return g.Reason == reason })
	if i < 0 {
		i = len(r.NotReplayed)
		r.NotReplayed = append(r.NotReplayed, Gap{Reason: reason, Failures: Failures{First: []Failure{}}})
	}
	return &r.NotReplayed[i].Failures
}

func (r *Report) countPolicy(policy trail.GatePolicy) {
	i := slices.IndexFunc(r.Policies, func(p Rules) bool { return p.Policy == policy })
	if i < 0 {
		i = len(r.Policies)
		r.Policies = append(r.Policies, Rules{Policy: policy})
	}
	r.Policies[i].Decisions++
}

func (f *Failures) add(of *finding, what []string) {
	f.Count++
	if len(f.First) < mostFailures {
		f.First = append(f.First, Failure{Seq: of.decision.Seq, ID: of.decision.ID, What: what[:min(len(what), mostDetails)]})
	}
}

// finish sorts what is not in the order of the log.
func (r *Report) finish() {
	slices.SortFunc(r.ByCheck, func(a, b CheckFlips) int {
		return cmp.Or(cmp.Compare(b.ToDeny+b.ToAllow, a.ToDeny+a.ToAllow), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Check, b.Check))
	})
	slices.SortFunc(r.Findings, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.Check, b.Check))
	})
	slices.SortFunc(r.NotReplayed, func(a, b Gap) int { return cmp.Compare(a.Reason, b.Reason) })
}

// Verdict is what a replay comes to.
type Verdict int

// The three verdicts; their numbers are the exit codes.
const (
	NoneFlips Verdict = 0
	SomeFlip  Verdict = 1
	Cannot    Verdict = 2 // some could not be replayed, or the past does not reproduce
)

// Verdict says what the replay comes to. AllowMissing lets decisions whose input
// or policy is not there any more, or never was, be passed over, and a period
// without any. Nothing lets pass over what is damaged, does not reproduce or gets
// no decision.
func (r *Report) Verdict(allowMissing bool) Verdict {
	missing := r.Decisions == 0
	for _, gap := range r.NotReplayed {
		if gap.Reason != Erased && gap.Reason != NotRecorded {
			return Cannot
		}
		missing = true
	}
	switch {
	case r.NotReproduced.Count > 0, missing && !allowMissing:
		return Cannot
	case r.ToDeny+r.ToAllow > 0:
		return SomeFlip
	default:
		return NoneFlips
	}
}

// missing is how many decisions could not be replayed.
func (r *Report) missing() int {
	n := 0
	for _, gap := range r.NotReplayed {
		n += gap.Count
	}
	return n
}
