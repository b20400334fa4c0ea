package facts

import "time"

// Trail contains the entries of the audit trail about this artifact and service.
// Complete says whether all relevant entries were read. Without it, a missing entry
// proves nothing, unless the source is a file, which is always read completely.
type Trail struct {
	Steps       []Step            `json:"steps"`
	Debts       []Debt            `json:"debts"`
	Requests    []RecordedRequest `json:"requests,omitzero"`    // attempts of this deployment, as they were requested
	Reviews     []RecordedReview  `json:"reviews,omitzero"`     // of this run, as the CI system reported them when they were given
	Stops       []Stop            `json:"stops,omitzero"`       // freezes that people declared in the trail
	Dismissals  []Dismissal       `json:"dismissals,omitzero"`  // of bad news entries by writers that are not accepted
	Delegations []Delegation      `json:"delegations,omitzero"` // of roles, ended or not
	Deployments []Deployment      `json:"deployments,omitzero"` // of this service to this environment, according to the trail
	Unjoined    []DeploymentEvent `json:"unjoined,omitzero"`    // events without a known deployment, or for another service or environment
	Allowed     []AllowedRun      `json:"allowed,omitzero"`     // runs whose deployment of this service to this environment the gate allowed, newest first
	Complete    *bool             `json:"complete,omitempty"`
	Key         *string           `json:"key,omitempty" schema:"nonempty"`    // the public key for the signatures of its checkpoints, as "prodgate audit key" prints it
	Origin      *string           `json:"origin,omitempty" schema:"nonempty"` // name of the trail, as in its signed checkpoints
}

// Step is one recorded step of a promotion. Steps about other digests are included if
// they are relevant: a staging deployment that replaced this one, a rejection.
type Step struct {
	Type          string     `json:"type" schema:"nonempty"` // staging.deployed, staging.verified, approval.granted …
	At            time.Time  `json:"at"`
	Digest        string     `json:"digest" schema:"digest"`
	ID            *string    `json:"id,omitempty" schema:"nonempty"`            // of the entry in the trail
	Seq           *int       `json:"seq,omitempty"`                             // of the entry in the trail
	Service       *string    `json:"service,omitempty" schema:"nonempty"`       // as it was recorded
	Environment   *string    `json:"environment,omitempty" schema:"identifier"` // where the step was done, if the source knows it
	Outcome       *string    `json:"outcome,omitempty" schema:"nonempty"`       // of a gate's decision: allow, deny
	Result        *string    `json:"result,omitempty" schema:"nonempty"`        // of a verification, as its system reports it; only exactly PASSED means success
	Kind          *string    `json:"kind,omitempty" schema:"nonempty"`          // of request that an approval or rejection is about
	Configuration *string    `json:"configuration,omitempty" schema:"digest"`   // that an approval or rejection is about
	Request       *string    `json:"request,omitempty" schema:"nonempty"`       // id of the request
	Deployment    *string    `json:"deployment,omitempty" schema:"nonempty"`    // repository and run
	Approver      *string    `json:"approver,omitempty" schema:"person"`        // who approved, rejected or withdrew
	Reason        *string    `json:"reason,omitempty" schema:"nonempty"`        // of a rejection or withdrawal
	Ticket        *string    `json:"ticket,omitempty" schema:"nonempty"`
	Writer        *string    `json:"writer,omitempty" schema:"person"` // who recorded it, if the source knows it
	Assurance     *Assurance `json:"assurance,omitempty"`              // how Writer was established
}

// AllowedRun is an allow of the gate in the trail: which digest a run could deploy.
type AllowedRun struct {
	Deployment    string     `json:"deployment" schema:"nonempty"` // repository and run
	Digest        string     `json:"digest" schema:"digest"`
	Configuration *string    `json:"configuration,omitempty" schema:"digest"`
	BuiltAt       *time.Time `json:"built_at,omitempty"`
	At            time.Time  `json:"at"`
	ID            string     `json:"id" schema:"nonempty"` // of the entry in the trail
	Seq           int        `json:"seq"`
	Writer        *string    `json:"writer" schema:"person"` // null: not known
	Assurance     *Assurance `json:"assurance"`
}

// RecordedReview is a review of a run that the CI system reported when it was given
// (a webhook).
type RecordedReview struct {
	ID           string     `json:"id" schema:"nonempty"` // of the entry in the trail
	Seq          int        `json:"seq"`
	Run          string     `json:"run" schema:"nonempty"` // repository and run
	Reviewer     string     `json:"reviewer" schema:"person"`
	Decision     string     `json:"decision" schema:"nonempty"`       // as the CI system words it
	Environments []string   `json:"environments" schema:"identifier"` // that were reviewed, by their names in the CI system
	At           time.Time  `json:"at"`                               // not later than it was given
	Writer       *string    `json:"writer" schema:"person"`           // null: not known
	Assurance    *Assurance `json:"assurance"`
}

// RecordedRequest is one attempt of this deployment in the trail.
type RecordedRequest struct {
	ID            string     `json:"id" schema:"nonempty"`
	Entry         *string    `json:"entry,omitempty" schema:"nonempty"` // id of the entry in the trail
	Seq           *int       `json:"seq,omitempty"`                     // of the entry in the trail
	At            time.Time  `json:"at"`
	Attempt       *int       `json:"attempt,omitempty"`
	Kind          string     `json:"kind" schema:"nonempty"`
	Digest        *string    `json:"digest" schema:"digest"`          // null: it was not known when it was requested
	Environment   *string    `json:"environment" schema:"identifier"` // null: it is not one that a document can name
	Configuration *string    `json:"configuration,omitempty" schema:"digest"`
	Service       *string    `json:"service,omitempty" schema:"nonempty"` // as it was recorded
	RecordedAt    *time.Time `json:"recorded_at,omitempty"`               // by the clock of the trail; absent: unknown
	Emergency     *bool      `json:"emergency,omitempty"`
	Ticket        *string    `json:"ticket,omitempty" schema:"nonempty"`
	RequestedBy   string     `json:"requested_by" schema:"person"`
	TriggeredBy   string     `json:"triggered_by" schema:"person"`
	Writer        *string    `json:"writer,omitempty" schema:"person"`
	Assurance     *Assurance `json:"assurance,omitempty"`
}

// Stop is a freeze that a person declared in the trail ("prodgate freeze now").
// Without Services or Environments it applies to all of them. It ends at Until, or
// when an accepted writer lifts it.
type Stop struct {
	ID           string       `json:"id" schema:"nonempty"`
	Seq          *int         `json:"seq,omitempty"`
	Reason       string       `json:"reason" schema:"nonempty"`
	Services     []string     `json:"services,omitempty" schema:"nonempty,min=1"`
	Environments []string     `json:"environments,omitempty" schema:"nonempty,min=1"`
	From         time.Time    `json:"from"`
	Until        *time.Time   `json:"until"` // null: until it is lifted
	By           *string      `json:"by,omitempty" schema:"person"`
	Writer       *string      `json:"writer,omitempty" schema:"person"`
	Assurance    *Assurance   `json:"assurance,omitempty"`
	Lifted       []Settlement `json:"lifted,omitzero"`
}

// Dismissal is a person's decision that a bad news entry does not count.
type Dismissal struct {
	Entry     string    `json:"entry" schema:"nonempty"` // id of the dismissed entry
	Seq       *int      `json:"seq,omitempty"`           // of the dismissal in the trail
	At        time.Time `json:"at"`
	By        string    `json:"by" schema:"person"`
	Reason    string    `json:"reason" schema:"nonempty"`
	Writer    string    `json:"writer" schema:"person"`
	Assurance Assurance `json:"assurance"`
}

// Delegation is a role that its holder lets another person use until a time. It is in
// force from From (inclusive) until Until (exclusive), unless it was ended.
type Delegation struct {
	ID         string       `json:"id" schema:"nonempty"` // of the entry in the trail
	Seq        *int         `json:"seq,omitempty"`
	Role       string       `json:"role" schema:"nonempty"` // as in the directory
	By         string       `json:"by" schema:"person"`     // the holder
	To         string       `json:"to" schema:"person"`
	From       time.Time    `json:"from"`
	Until      time.Time    `json:"until"`
	Reason     *string      `json:"reason,omitempty" schema:"nonempty"`
	VerifiedBy *string      `json:"verified_by" schema:"nonempty"`          // whose signature was verified; null: no one's
	Unverified *string      `json:"unverified,omitempty" schema:"nonempty"` // why no signature was verified
	Writer     *string      `json:"writer,omitempty" schema:"person"`
	Assurance  *Assurance   `json:"assurance,omitempty"`
	Ended      []Settlement `json:"ended"` // by any writer; none: it was not ended
}

// Debt is the review that an emergency requires. It is open unless SettledAt is set,
// or one of Settlements is by an accepted writer. Without Service it applies to every
// service. Without DueAt it is due at IncurredAt plus the time in the settings.
type Debt struct {
	Type        string       `json:"type" schema:"nonempty"`         // emergency.review …
	ID          *string      `json:"id,omitempty" schema:"nonempty"` // of its entry in the trail
	Service     *string      `json:"service" schema:"identifier"`
	Ticket      *string      `json:"ticket,omitempty" schema:"nonempty"`    // of the emergency; debts of one ticket count as one
	RequestedBy []string     `json:"requested_by,omitzero" schema:"person"` // the requesters of the emergency
	ApprovedBy  []string     `json:"approved_by,omitzero" schema:"person"`  // the approvers of the emergency
	IncurredAt  *time.Time   `json:"incurred_at,omitempty"`
	DueAt       *time.Time   `json:"due_at"`
	SettledAt   *time.Time   `json:"settled_at"`                           // according to a source without writers
	SettledBy   *string      `json:"settled_by,omitempty" schema:"person"` // who held the review, if SettledAt is set
	Settlements []Settlement `json:"settlements,omitzero"`
}

// Settlement is an entry in the trail that settles a debt or lifts a stop.
type Settlement struct {
	At        time.Time `json:"at"`
	By        *string   `json:"by,omitempty" schema:"person"` // who held the review or lifted the stop
	Writer    string    `json:"writer" schema:"person"`
	Assurance Assurance `json:"assurance"`
}

// Assurance is how the writer of a trail entry was established.
type Assurance string

// The closed set of assurances, weakest first.
const (
	AssuranceClaimed Assurance = "claimed" // only the writer's own claim
	AssuranceUser    Assurance = "user"    // the operating system account that ran prodgate
	AssuranceCI      Assurance = "ci"      // the variables of the CI system
	AssuranceWebhook Assurance = "webhook" // the signature of a delivery, by a shared secret, was verified
	AssuranceOIDC    Assurance = "oidc"    // a signed token was verified
)

// Assurances lists all assurances, in the order of the documentation.
var Assurances = []Assurance{AssuranceClaimed, AssuranceUser, AssuranceCI, AssuranceWebhook, AssuranceOIDC}
