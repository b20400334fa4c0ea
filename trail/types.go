package trail

import "time"

// Types of events. Only TypeGateEvaluated counts as a passed or failed gate:
// decisions on saved documents and simulations have names of their own, which no
// check and no metric counts.
const (
	TypeGateRequested = "gate.requested"
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
	TypePolicyChanged     = "policy.changed"
	TypeBlobErased        = "blob.erased"
)

// Types are all of them, in the order they are documented.
var Types = []string{
	TypeGateRequested, TypeGateEvaluated, TypeGateDocument, TypeGateSimulated,
	TypeApprovalGranted, TypeApprovalRejected, TypeApprovalWithdrawn,
	TypeStagingDeployed, TypeStagingVerified,
	TypeDeployStarted, TypeDeployLive, TypeDeployFailed,
	TypeVerificationPassed, TypeVerificationFailed,
	TypeRollbackStarted, TypeRollbackLive, TypeRollbackFailed,
	TypeIncidentLinked, TypeEmergencyUsed, TypeEmergencyReviewed, TypePolicyChanged, TypeBlobErased,
}

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
	Prodgate    string        `json:"prodgate"` // version of the program
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
	Kind        string  `json:"kind"`
	Emergency   bool    `json:"emergency"`
	Ticket      *string `json:"ticket"`
	Trigger     string  `json:"trigger"`
	RequestedBy string  `json:"requested_by"`
	TriggeredBy string  `json:"triggered_by"`
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
}

// DeployData are the fields of staging.deployed, deploy.* and rollback.*.
type DeployData struct {
	Version   string   `json:"version"`
	Approvers []string `json:"approvers"`
	Reason    *string  `json:"reason"`
}

// IncidentData are the fields of incident.linked: the incident that a
// deployment (Event.Deployment) caused.
type IncidentData struct {
	Incident string `json:"incident"`
}

// EmergencyData are the fields of emergency.used and of the emergency.reviewed
// that settles it.
type EmergencyData struct {
	Ticket  string     `json:"ticket"`
	DueAt   *time.Time `json:"due_at"`            // by when the review is due; of emergency.used
	Settles string     `json:"settles,omitempty"` // id of the emergency.used that was reviewed; of emergency.reviewed
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
