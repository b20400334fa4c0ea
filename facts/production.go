package facts

import "time"

// Production is what runs and ran in the environment. History is newest first.
// Complete says whether every deployment of the service to the environment that
// the source knows is in it; without it, absence from the history proves nothing
// unless the source is a file, which is read whole.
type Production struct {
	Current  *Deployment       `json:"current" merge:"equal,null"` // null: nothing runs
	History  []Deployment      `json:"history" merge:"all"`
	Since    *time.Time        `json:"since,omitempty" merge:"earliest,null"` // from when on the source knows deployments; absent: from the first one
	Complete *bool             `json:"complete,omitempty" merge:"worst"`
	Adoption *Adoption         `json:"adoption,omitempty" merge:"first"` // how a service that ran before the gate was taken over
	Unjoined []DeploymentEvent `json:"unjoined,omitzero" merge:"all"`    // events of no known deployment, or under another service or environment
}

// Deployment is one deployment to the environment. Status is kept as the
// deploying system words it. LiveAt is when it went live or, where it did not,
// when it ended or began.
type Deployment struct {
	ID            *string           `json:"id,omitempty" schema:"nonempty"` // repository and run, as request.deployment has it
	Service       *string           `json:"service,omitempty" schema:"identifier"`
	Environment   *string           `json:"environment,omitempty" schema:"identifier"`
	Kind          *Kind             `json:"kind,omitempty"`
	Version       string            `json:"version" schema:"nonempty"`
	Digest        string            `json:"digest" schema:"digest" merge:"equal"`
	Configuration *string           `json:"configuration,omitempty" schema:"digest"`
	BuiltAt       *time.Time        `json:"built_at,omitempty"`   // when the artifact was built
	StartedAt     *time.Time        `json:"started_at,omitempty"` // of its first attempt
	LiveAt        time.Time         `json:"live_at" merge:"latest"`
	RecordedAt    *time.Time        `json:"recorded_at,omitempty"` // when the source was told that it went live; absent: the source does not know
	Plan          *RecordedPlan     `json:"plan,omitempty"`        // the way back that the gate's recorded allow named
	Status        string            `json:"status" schema:"nonempty"`
	Approvers     []string          `json:"approvers" schema:"person"`
	Adopted       *bool             `json:"adopted,omitempty"`                // it comes from the adoption, not from a gated deployment
	Writer        *string           `json:"writer,omitempty" schema:"person"` // who recorded it, where the source knows
	Assurance     *Assurance        `json:"assurance,omitempty"`              // how Writer was established
	Events        []DeploymentEvent `json:"events,omitzero"`                  // all that is recorded of it, oldest first
}

// DeploymentEvent is one recorded event of a deployment: deploy.started,
// deploy.live, deploy.failed, verification.passed, verification.failed,
// rollback.started, rollback.live (the deployment was undone), rollback.failed (it
// serves on). One that is not among a deployment's events says itself which
// service, environment and deployment it was recorded for; of a rollback of
// another environment the digest is the one that it undid.
type DeploymentEvent struct {
	Type        string     `json:"type" schema:"nonempty"`
	At          time.Time  `json:"at"`
	ID          *string    `json:"id,omitempty" schema:"nonempty"` // of the entry in the trail
	Seq         *int       `json:"seq,omitempty"`                  // of the entry in the trail
	Service     *string    `json:"service,omitempty" schema:"identifier"`
	Environment *string    `json:"environment,omitempty" schema:"identifier"`
	Deployment  *string    `json:"deployment,omitempty" schema:"nonempty"` // repository and run
	Digest      *string    `json:"digest,omitempty" schema:"digest"`
	Attempt     *int       `json:"attempt,omitempty"`
	By          *string    `json:"by,omitempty" schema:"person"` // who took the step, where the source knows
	Writer      *string    `json:"writer,omitempty" schema:"person"`
	Assurance   *Assurance `json:"assurance,omitempty"`
}

// RecordedPlan is the way back that an allow of the gate recorded. Its approval
// approves this rollback too, for a while.
type RecordedPlan struct {
	Version       string     `json:"version" schema:"nonempty"`
	Digest        string     `json:"digest" schema:"digest"`
	Configuration *string    `json:"configuration,omitempty" schema:"digest"`
	Procedure     *string    `json:"procedure,omitempty" schema:"nonempty"`
	At            time.Time  `json:"at"` // of the allow
	Writer        *string    `json:"writer,omitempty" schema:"person"`
	Assurance     *Assurance `json:"assurance,omitempty"`
}

// Adoption records what ran when the gate arrived, and who approved that it
// counts. What ran then is in the history, with adopted set.
type Adoption struct {
	At          time.Time  `json:"at"`
	RequestedBy string     `json:"requested_by" schema:"person"`
	Approver    string     `json:"approver" schema:"person"`
	ApprovedAt  time.Time  `json:"approved_at"`
	Writer      *string    `json:"writer,omitempty" schema:"person"`
	Assurance   *Assurance `json:"assurance,omitempty"`
}

// Rollback is the way back.
type Rollback struct {
	Service    *string         `json:"service,omitempty" schema:"identifier" merge:"equal"` // absent: the source names none
	Target     *RollbackTarget `json:"target" merge:"equal"`                                // null: none named (a first release)
	Procedure  *string         `json:"procedure" schema:"nonempty" merge:"first"`           // command or runbook
	ReviewedAt *time.Time      `json:"reviewed_at" merge:"earliest"`                        // when somebody last checked that Procedure works
}

// RollbackTarget is the version to go back to. Available says whether the
// registry has all of it: manifests, configuration and layers.
type RollbackTarget struct {
	Version       string  `json:"version" schema:"nonempty"`
	Repository    *string `json:"repository,omitempty" schema:"nonempty" merge:"equal"` // without tag and digest
	Digest        string  `json:"digest" schema:"digest" merge:"equal"`
	Configuration *string `json:"configuration,omitempty" schema:"digest" merge:"equal"`
	Available     bool    `json:"available" merge:"worst"`
}
