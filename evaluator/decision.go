package evaluator

import (
	"time"

	"github.com/prodgate/prodgate/facts"
)

// Outcome is the result of a decision.
type Outcome string

// The two outcomes. There is no third: an error is no decision.
const (
	Allow Outcome = "allow"
	Deny  Outcome = "deny"
)

// Mode defines how far others can rely on a decision.
type Mode string

// Only ModeEnforce is attested or counts later as a passed gate.
const (
	ModeEnforce  Mode = "enforce"  // this run collected the facts by its own clock
	ModeDocument Mode = "document" // the facts came from a file
	ModeSimulate Mode = "simulate" // the clock was set by hand
)

// Effect is the effect of a finding on the decision.
type Effect string

// The three effects. Only EffectDeny denies.
const (
	EffectDeny   Effect = "deny"
	EffectWarn   Effect = "warn"
	EffectWaived Effect = "waived"
)

// Cure is what can change the result.
type Cure string

// The three cures.
const (
	CureFix  Cure = "fix"  // the artifact, its configuration or a source must change
	CureAsk  Cure = "ask"  // a person must act
	CureWait Cure = "wait" // it clears by itself
)

// Decision is the result, its reasons and their basis. The zero Decision
// denies. Times carry the offset of the document's now.
type Decision struct {
	Outcome  Outcome `json:"outcome"`
	ExitCode int     `json:"exit_code"` // 0 allow, 1 deny, 3 deny for now
	Mode     Mode    `json:"mode"`
	Deploy   *string `json:"deploy"` // repository@digest, the only image that the decision applies to; null if not known
	// Platforms are the digests that Deploy lists if it is an index, sorted: bad news about
	// one of them is bad news about Deploy.
	Platforms []string `json:"platforms,omitempty"`
	Request   Subject  `json:"request"`

	Now        time.Time  `json:"now"`         // the instant decided about
	OpensAt    *time.Time `json:"opens_at"`    // set only if all denials clear by themselves
	ValidUntil *time.Time `json:"valid_until"` // until when an allow is valid; null for a deny

	Required      []string  `json:"required"`
	Passed        []string  `json:"passed"`
	NotApplicable []string  `json:"not_applicable"`
	Findings      []Finding `json:"findings"`
	// Then lists what will deny after the wait, where
	// every finding is to be waited for and the gate still does not open.
	Then []Finding `json:"then"`

	Policy  PolicyID                `json:"policy"`
	Input   InputID                 `json:"input"`
	Sources map[string]facts.Source `json:"sources"`
	// Weakened lists what weakened the gate in this run.
	Weakened []string `json:"weakened"`
	// Trail is the record of the decision; nil: not recorded. The evaluator never
	// sets it.
	Trail *Recorded `json:"trail,omitempty"`
}

// Recorded is the entry of a decision in the audit trail.
type Recorded struct {
	Seq        int64  `json:"seq"`        // position in the trail, from 0
	LeafHash   string `json:"leaf_hash"`  // base64
	Checkpoint string `json:"checkpoint"` // signed note: the trail's name, size and root hash with the entry in it
}

// Subject describes the request.
type Subject struct {
	ID          string `json:"id"`
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Kind        string `json:"kind"`
	Emergency   bool   `json:"emergency"`
}

// Finding is one reason. Code, Title, Remedy, Who, Cure and Docs come from the
// rule's METADATA, the rest from the rule.
type Finding struct {
	Code     string     `json:"code"`   // check.reason, forever
	Check    string     `json:"check"`  // the check that reported it
	Checks   []string   `json:"checks"` // every check that reported it, sorted; Check is the first
	Title    string     `json:"title"`
	Message  string     `json:"message"`
	Effect   Effect     `json:"effect"`
	Item     *string    `json:"item"`     // what it is about, if a check can report several (a CVE, a freeze)
	Observed any        `json:"observed"` // null: not in the document
	Required any        `json:"required"`
	Path     string     `json:"path"` // JSON Pointer into the input
	Cure     Cure       `json:"cure"`
	Remedy   string     `json:"remedy"`
	Who      []string   `json:"who"`
	OpensAt  *time.Time `json:"opens_at"` // when this finding clears by itself and its check reports no new one, verified by evaluation
	Docs     string     `json:"docs"`     // command or page that explains the code

	gone time.Time // the first instant without it in a search; zero: always present
}

// PolicyID identifies the rules that decided.
type PolicyID struct {
	Version  string `json:"version"`  // the contract: v1
	Revision string `json:"revision"` // of the shipped rules, semver
	Digest   string `json:"digest"`   // sha256:… over all rules and effective data
}

// InputID identifies the document that was decided on.
type InputID struct {
	Digest string `json:"digest"` // sha256:… over the canonical JSON
}
