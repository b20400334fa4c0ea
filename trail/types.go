package trail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/trail/step"
)

// Types of events. Only TypeGateEvaluated counts as a passed or failed gate:
// decisions on saved documents and simulations have names of their own, which no
// check and no metric counts.
const (
	TypeGateRequested = "gate.requested"
	TypeReviewGiven   = "review.given"
	TypeGateEvaluated = "gate.evaluated"
	TypeGateDocument  = "gate.document"
	TypeGateSimulated = "gate.simulated"

	TypeApprovalGranted   = "approval.granted"
	TypeApprovalRejected  = "approval.rejected"
	TypeApprovalWithdrawn = "approval.withdrawn"

	TypeStagingDeployed = "staging.deployed"
	TypeStagingVerified = "staging.verified"

	TypeDeployStarted = "deploy.started"
	TypeDeployLive    = "deploy.live"
	TypeDeployFailed  = "deploy.failed"

	TypeVerificationPassed = "verification.passed"
	TypeVerificationFailed = "verification.failed"

	TypeRollbackStarted = "rollback.started"
	TypeRollbackLive    = "rollback.live"
	TypeRollbackFailed  = "rollback.failed"

	TypeIncidentLinked    = "incident.linked"
	TypeEmergencyUsed     = "emergency.used"
	TypeEmergencyReviewed = "emergency.reviewed"
	TypeEntryDismissed    = "entry.dismissed"
	TypeFreezeDeclared    = "freeze.declared"
	TypeFreezeLifted      = "freeze.lifted"
	TypeDelegationGranted = "delegation.granted"
	TypeDelegationEnded   = "delegation.ended"
	TypeProductionAdopted = "production.adopted"
	TypePolicyChanged     = "policy.changed"
	TypeBlobErased        = "blob.erased"
)

// Types are all of them, in the order they are documented. Besides, there is
// custom.NAME for each name that users make up. What a step of each type must
// contain is in package step.
var Types = step.Names()

// The roles of a gate's blobs.
const (
	BlobInput    = "input"    // the document, canonical JSON as it was decided on
	BlobDecision = "decision" // the decision as it was printed, without the trail's receipt
	BlobPolicy   = "policy"   // every rule and all settings that decided (evaluator's own bundle)
)

// GateData are the fields of gate.evaluated, gate.document and gate.simulated.
type GateData struct {
	Kind        string        `json:"kind"`
	Emergency   bool          `json:"emergency"`
	Outcome     string        `json:"outcome"` // allow, deny
	ExitCode    int           `json:"exit_code"`
	Required    []string      `json:"required"`
	Passed      []string      `json:"passed"`
	Findings    []GateFinding `json:"findings"`
	LeftOut     int           `json:"findings_left_out,omitempty"` // findings that an entry has no room for; the blob has them
	Weakened    []string      `json:"weakened"`
	OpensAt     *time.Time    `json:"opens_at"`
	Policy      GatePolicy    `json:"policy"`
	InputDigest string        `json:"input_digest"`
	Prodgate    string        `json:"prodgate"`           // version of the program
	Rollback    *GateRollback `json:"rollback,omitempty"` // of an allow: the way back that was approved with it
}

// GateRollback is the way back of a deployment that a gate allowed.
type GateRollback struct {
	Version       string  `json:"version,omitempty"`
	Digest        string  `json:"digest,omitempty"`        // sha256:…; empty for a first release
	Configuration *string `json:"configuration,omitempty"` // sha256:… of the configuration to go back to
	Procedure     *string `json:"procedure"`               // command or runbook
}

// GateFinding is one reason of a decision, without its explanation.
type GateFinding struct {
	Code   string  `json:"code"`
	Check  string  `json:"check"`
	Effect string  `json:"effect"` // deny, warn, waived
	Item   *string `json:"item"`
	Cure   string  `json:"cure"`
}

// GatePolicy is the identity of the rules that decided.
type GatePolicy struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Digest   string `json:"digest"`
}

// RequestData are the fields of gate.requested.
type RequestData struct {
	Kind          string     `json:"kind"`
	Emergency     bool       `json:"emergency"`
	Ticket        *string    `json:"ticket"`
	Trigger       string     `json:"trigger"`
	RequestedBy   string     `json:"requested_by"`
	TriggeredBy   string     `json:"triggered_by"`
	Attempt       *int       `json:"attempt,omitempty"`       // of the CI run, from 1
	Configuration *string    `json:"configuration,omitempty"` // sha256:… of what a configuration request changes
	Commit        string     `json:"commit,omitempty"`        // that the artifact was built from, where the gate knew it
	BuiltAt       *time.Time `json:"built_at,omitempty"`      // when the artifact was built, where the gate knew it
}

// ApprovalData are the fields of approval.*, as production-readiness.md,
// "Approval logged", names them. Artifact is the tag the reviewer saw.
type ApprovalData struct {
	Artifact                string    `json:"artifact"`
	Approver                string    `json:"approver"`
	ApprovedAt              time.Time `json:"approved_at"`
	DeploymentWindow        *string   `json:"deployment_window"`
	ApprovalDurationSeconds *float64  `json:"approval_duration_seconds"`
	Role                    *string   `json:"role"`
	Reason                  *string   `json:"reason"`
	Kind                    *string   `json:"kind,omitempty"`          // of request that the review is about
	Ticket                  *string   `json:"ticket,omitempty"`        // of the incident that an emergency or rollback answers
	Configuration           *string   `json:"configuration,omitempty"` // sha256:… of what was reviewed
	Lifts                   []string  `json:"lifts,omitempty"`         // rejections that this approval lifts: persons or ids of entries
}

// ReviewData are the fields of review.given: a review of the run that Event.Deployment
// names, as a CI system reported it (a webhook). ReviewedAt is not later than the review.
type ReviewData struct {
	Reviewer     string    `json:"reviewer"` // scheme:value
	Decision     string    `json:"decision"` // as the CI system words it
	Environments []string  `json:"environments"`
	ReviewedAt   time.Time `json:"reviewed_at"`
}

// RejectionData are the fields of approval.rejected and approval.withdrawn. One without
// an environment (Event.Environment) is about all environments.
type RejectionData struct {
	ApprovalData
	Platforms []string `json:"platforms,omitempty"` // if Event.Digest is that of an index: the digests that it lists, sha256:…
}

// DeployData are the fields of staging.*, deploy.*, verification.* and rollback.*.
type DeployData struct {
	Version   string   `json:"version"`
	Approvers []string `json:"approvers"`
	Reason    *string  `json:"reason"`
	Result    string   `json:"result,omitempty"`  // of staging.verified, as its system words it; only exactly PASSED is good
	Kind      string   `json:"kind,omitempty"`    // of request that the deployment answers
	Attempt   *int     `json:"attempt,omitempty"` // of the CI run, from 1
}

// IncidentData are the fields of incident.linked: the incident that a
// deployment (Event.Deployment) caused.
type IncidentData struct {
	Incident string `json:"incident"`
}

// EmergencyData are the fields of emergency.used and of the emergency.reviewed
// that settles it.
type EmergencyData struct {
	Ticket      string     `json:"ticket"`
	DueAt       *time.Time `json:"due_at"`                 // by when the review is due; of emergency.used
	RequestedBy []string   `json:"requested_by,omitempty"` // who asked for it and who started the run; of emergency.used
	ApprovedBy  []string   `json:"approved_by,omitempty"`  // who approved it; of emergency.used
	Settles     string     `json:"settles,omitempty"`      // id of the emergency.used that was reviewed; of emergency.reviewed
	Reviewer    string     `json:"reviewer,omitempty"`     // who held the review; of emergency.reviewed
}

// DismissalData are the fields of entry.dismissed: a person's statement that an
// entry of bad news does not hold.
type DismissalData struct {
	Entry  string `json:"entry"` // id of the dismissed entry
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// FreezeData are the fields of freeze.declared. Without services or environments
// the freeze holds for all of them.
type FreezeData struct {
	Reason       string     `json:"reason"`
	Services     []string   `json:"services,omitempty"`
	Environments []string   `json:"environments,omitempty"`
	Until        *time.Time `json:"until"` // null: until it is lifted
	By           string     `json:"by,omitempty"`
}

// LiftData are the fields of freeze.lifted.
type LiftData struct {
	Freeze string `json:"freeze"` // id of the freeze.declared that ends
	By     string `json:"by,omitempty"`
	Reason string `json:"reason"`
}

// DelegationTerms are what the holder of a role agrees to: a role of the directory, from
// whom to whom, and from when (inclusive) until when (exclusive).
type DelegationTerms struct {
	Role   string    `json:"role"`
	By     string    `json:"by"` // the holder
	To     string    `json:"to"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Reason string    `json:"reason,omitempty"`
}

// DelegationData are the fields of delegation.granted. Bundle is the holder's signature on
// the terms, the id of the event and the name of the trail: a Sigstore bundle with a
// statement of the type DelegationPredicate.
type DelegationData struct {
	DelegationTerms
	Bundle json.RawMessage `json:"bundle"`
}

// DelegationPredicate is the type of statement that a delegation signs.
const DelegationPredicate = "https://prodgate.dev/delegation/v1"

// DelegationStatement is the predicate of a signed delegation. The id and the trail keep
// it from being recorded again, after it was ended or elsewhere.
type DelegationStatement struct {
	ID    string `json:"id"`    // of the event
	Trail string `json:"trail"` // its name: Log.Origin
	DelegationTerms
}

// Statement is what is signed of a delegation.
func (d DelegationTerms) Statement(id, trail string) DelegationStatement {
	d.From, d.Until = d.From.UTC(), d.Until.UTC()
	return DelegationStatement{ID: id, Trail: trail, DelegationTerms: d}
}

// ReadDelegation reads the predicate of a signed statement. Its times are in UTC.
func ReadDelegation(predicateType string, predicate []byte) (DelegationStatement, error) {
	var says DelegationStatement
	if predicateType != DelegationPredicate {
		return says, fmt.Errorf("it signs a statement of another type, %.200q", predicateType)
	}
	decoder := json.NewDecoder(bytes.NewReader(predicate))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&says); err != nil {
		return says, fmt.Errorf("what it signs is no delegation: %w", err)
	}
	says.From, says.Until = says.From.UTC(), says.Until.UTC()
	return says, nil
}

// DelegationEndData are the fields of delegation.ended.
type DelegationEndData struct {
	Delegation string `json:"delegation"` // id of the delegation.granted that ends
	By         string `json:"by,omitempty"`
	Reason     string `json:"reason"`
}

// AdoptionData are the fields of production.adopted: what ran in an environment
// when the gate arrived (Event.Digest and Version), what ran before it, and who
// approved that both count as if they had passed the gate.
type AdoptionData struct {
	Version         string     `json:"version"`
	LiveAt          *time.Time `json:"live_at"` // null: not known
	PreviousDigest  string     `json:"previous_digest"`
	PreviousVersion string     `json:"previous_version"`
	PreviousLiveAt  *time.Time `json:"previous_live_at"` // null: not known
	RequestedBy     string     `json:"requested_by"`
	Approver        string     `json:"approver"`
	ApprovedAt      time.Time  `json:"approved_at"`
	Reason          string     `json:"reason"`
}

// PolicyData are the fields of policy.changed.
type PolicyData struct {
	From *GatePolicy `json:"from"` // null: the first that decided here
	To   GatePolicy  `json:"to"`
}

// ErasedData are the fields of blob.erased, which Erase and Prune write.
type ErasedData struct {
	Reason  string   `json:"reason"`
	Digests []string `json:"digests"` // of the blobs: BlobRef.Digest
}
