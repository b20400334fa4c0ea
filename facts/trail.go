package facts

import "time"

// Trail is what the audit trail says of this artifact and service. Complete says
// whether everything that matters here was read; without it, absence proves
// nothing unless the source is a file, which is read whole.
type Trail struct {
	Steps       []Step            `json:"steps"`
	Debts       []Debt            `json:"debts"`
	Requests    []RecordedRequest `json:"requests,omitzero"`    // attempts of this deployment, as they asked
	Stops       []Stop            `json:"stops,omitzero"`       // freezes that people declared in the trail
	Dismissals  []Dismissal       `json:"dismissals,omitzero"`  // of entries of bad news by writers who do not count
	Deployments []Deployment      `json:"deployments,omitzero"` // of this service to this environment, as the trail knows them
	Unjoined    []DeploymentEvent `json:"unjoined,omitzero"`    // events of no known deployment, or under another service or environment
	Complete    *bool             `json:"complete,omitempty"`
	Key         *string           `json:"key,omitempty" schema:"nonempty"`    // the public key that its checkpoints are signed with, as "prodgate audit key" prints it
	Origin      *string           `json:"origin,omitempty" schema:"nonempty"` // name of the trail, as its checkpoints sign it
}

// Step is one recorded step of a promotion. Steps about other digests are there
// where they matter: a staging deployment that replaced this one, a rejection.
type Step struct {
	Type          string     `json:"type" schema:"nonempty"` // staging.deployed, staging.verified, approval.granted …
	At            time.Time  `json:"at"`
	Digest        string     `json:"digest" schema:"digest"`
	ID            *string    `json:"id,omitempty" schema:"nonempty"`            // of the entry in the trail
	Seq           *int       `json:"seq,omitempty"`                             // of the entry in the trail
	Service       *string    `json:"service,omitempty" schema:"nonempty"`       // as it was recorded
	Environment   *string    `json:"environment,omitempty" schema:"identifier"` // where the step was taken, where the source knows
	Outcome       *string    `json:"outcome,omitempty" schema:"nonempty"`       // of a gate's decision: allow, deny
	Result        *string    `json:"result,omitempty" schema:"nonempty"`        // of a verification, as its system words it; only exactly PASSED is good
	Kind          *string    `json:"kind,omitempty" schema:"nonempty"`          // of request that an approval or rejection is about
	Configuration *string    `json:"configuration,omitempty" schema:"digest"`   // that an approval or rejection is about
	Request       *string    `json:"request,omitempty" schema:"nonempty"`       // id of the request
	Deployment    *string    `json:"deployment,omitempty" schema:"nonempty"`    // repository and run
	Approver      *string    `json:"approver,omitempty" schema:"person"`        // who approved, rejected or withdrew
	Ticket        *string    `json:"ticket,omitempty" schema:"nonempty"`
	Writer        *string    `json:"writer,omitempty" schema:"person"` // who recorded it, where the source knows
	Assurance     *Assurance `json:"assurance,omitempty"`              // how Writer was established
}

// RecordedRequest is one attempt of this deployment that the trail knows.
type RecordedRequest struct {
	ID            string     `json:"id" schema:"nonempty"`
	Entry         *string    `json:"entry,omitempty" schema:"nonempty"` // id of the entry in the trail
	Seq           *int       `json:"seq,omitempty"`                     // of the entry in the trail
	At            time.Time  `json:"at"`
	Attempt       *int       `json:"attempt,omitempty"`
	Kind          string     `json:"kind" schema:"nonempty"`
	Digest        string     `json:"digest" schema:"digest"`
	Environment   string     `json:"environment" schema:"identifier"`
	Configuration *string    `json:"configuration,omitempty" schema:"digest"`
	RequestedBy   string     `json:"requested_by" schema:"person"`
	TriggeredBy   string     `json:"triggered_by" schema:"person"`
	Writer        *string    `json:"writer,omitempty" schema:"person"`
	Assurance     *Assurance `json:"assurance,omitempty"`
}

// Stop is a freeze that somebody declared in the trail ("prodgate freeze now").
// Without Services or Environments it holds for all of them. It holds until
// Until, or until it is lifted by a writer who counts.
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

// Dismissal is the word of a person that an entry of bad news does not hold.
type Dismissal struct {
	Entry     string    `json:"entry" schema:"nonempty"` // id of the dismissed entry
	Seq       *int      `json:"seq,omitempty"`           // of the dismissal in the trail
	At        time.Time `json:"at"`
	By        string    `json:"by" schema:"person"`
	Reason    string    `json:"reason" schema:"nonempty"`
	Writer    string    `json:"writer" schema:"person"`
	Assurance Assurance `json:"assurance"`
}

// Debt is what an emergency left to be done. It is open unless SettledAt is
// set, or one of Settlements counts by its writer. Without Service it is every
// service's. Without DueAt it is due a while after IncurredAt that the settings
// say.
type Debt struct {
	Type        string       `json:"type" schema:"nonempty"`         // emergency.review …
	ID          *string      `json:"id,omitempty" schema:"nonempty"` // of the entry in the trail that it comes from
	Service     *string      `json:"service" schema:"identifier"`
	Ticket      *string      `json:"ticket,omitempty" schema:"nonempty"`    // of the emergency; debts of one ticket count as one
	RequestedBy []string     `json:"requested_by,omitzero" schema:"person"` // who asked for the emergency
	ApprovedBy  []string     `json:"approved_by,omitzero" schema:"person"`  // who approved it
	IncurredAt  *time.Time   `json:"incurred_at,omitempty"`
	DueAt       *time.Time   `json:"due_at"`
	SettledAt   *time.Time   `json:"settled_at"`                           // by the word of a source that knows no writers
	SettledBy   *string      `json:"settled_by,omitempty" schema:"person"` // who held the review, where SettledAt is set
	Settlements []Settlement `json:"settlements,omitzero"`
}

// Settlement is an entry in the trail that says that a debt is settled, or a
// stop lifted.
type Settlement struct {
	At        time.Time `json:"at"`
	By        *string   `json:"by,omitempty" schema:"person"` // who held the review or lifted the stop
	Writer    string    `json:"writer" schema:"person"`
	Assurance Assurance `json:"assurance"`
}

// Assurance says how the writer of an entry in the trail was established.
type Assurance string

// The closed set of assurances, weakest first.
const (
	AssuranceClaimed Assurance = "claimed" // the writer said so
	AssuranceUser    Assurance = "user"    // the operating system's account that ran prodgate
	AssuranceCI      Assurance = "ci"      // the CI system's variables said so
	AssuranceOIDC    Assurance = "oidc"    // a signed token was verified
)

// Assurances are all of them, in the order they are documented.
var Assurances = []Assurance{AssuranceClaimed, AssuranceUser, AssuranceCI, AssuranceOIDC}
