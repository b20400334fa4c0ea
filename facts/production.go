package facts

import "time"

// Production is the live version and the earlier deployments in the environment.
// History is newest first. Complete says whether it has every deployment of the
// service to the environment that the source knows. Without it, a missing deployment
// proves nothing, unless the source is a file, which is always read completely.
type Production struct {
	Current  *Deployment       `json:"current" merge:"equal,null"` // null: nothing runs
	History  []Deployment      `json:"history" merge:"all"`
	Since    *time.Time        `json:"since,omitempty" merge:"earliest,null"` // since when the source has deployments; absent: from the first one
	Complete *bool             `json:"complete,omitempty" merge:"worst"`
	Adoption *Adoption         `json:"adoption,omitempty" merge:"first"` // the adoption of a service that ran before the gate
	Unjoined []DeploymentEvent `json:"unjoined,omitzero" merge:"all"`    // events without a known deployment, or for another service or environment

	Reported      []ReportedDeployment `json:"reported,omitzero" merge:"all"`           // deployments to the environment on a platform
	ReportedSince *time.Time           `json:"reported_since,omitempty" merge:"latest"` // since when Reported has all of them; absent: from the first one

	// Running is what systems such as Kubernetes see in the environment. Absent: none was
	// asked; empty: nothing runs.
	Running []Running `json:"running,omitzero" merge:"all"`
}

// Running is a version that runs in the environment when the facts are collected, as a
// system such as Kubernetes sees it.
type Running struct {
	Digest      string     `json:"digest" schema:"digest"`
	Service     string     `json:"service" schema:"identifier"`
	Environment string     `json:"environment" schema:"identifier"`
	Workload    string     `json:"workload" schema:"nonempty"` // that runs it, as the system names it: Deployment payments-api
	Since       time.Time  `json:"since"`                      // not before its oldest process that still runs
	RestartedAt *time.Time `json:"restarted_at"`               // the latest restart since then; null: none
	Trouble     *string    `json:"trouble" schema:"nonempty"`  // why it does not run as it should, as the system words it; null: it does
}

// ReportedDeployment is a deployment as a platform such as GitHub reports it. It names
// the run that made it and usually no digest: the policies join it with the audit trail.
type ReportedDeployment struct {
	ID          string     `json:"id" schema:"nonempty"` // in the platform
	Environment string     `json:"environment" schema:"identifier"`
	CreatedAt   time.Time  `json:"created_at"`
	Run         *string    `json:"run" schema:"nonempty"`   // repository and run, as in request.deployment; null: unknown
	Commit      *string    `json:"commit" schema:"commit"`  // null: unknown
	Digest      *string    `json:"digest" schema:"digest"`  // as whoever created it claims; null: none is named
	State       *string    `json:"state" schema:"nonempty"` // the latest one, as the platform words it; null: none
	SucceededAt *time.Time `json:"succeeded_at"`            // the first time; null: never
}

// Deployment is one deployment to the environment. Status is kept as the deploying
// system reports it. LiveAt is when it went live or, if it did not, when it ended or
// began.
type Deployment struct {
	ID            *string           `json:"id,omitempty" schema:"nonempty"` // repository and run, as in request.deployment
	Service       *string           `json:"service,omitempty" schema:"identifier"`
	Environment   *string           `json:"environment,omitempty" schema:"identifier"`
	Kind          *Kind             `json:"kind,omitempty"`
	Version       string            `json:"version" schema:"nonempty"`
	Digest        string            `json:"digest" schema:"digest" merge:"equal"`
	Configuration *string           `json:"configuration,omitempty" schema:"digest"`
	BuiltAt       *time.Time        `json:"built_at,omitempty"`   // when the artifact was built
	StartedAt     *time.Time        `json:"started_at,omitempty"` // of its first attempt
	LiveAt        time.Time         `json:"live_at" merge:"latest"`
	RecordedAt    *time.Time        `json:"recorded_at,omitempty"` // when it was recorded that it went live; absent: unknown
	Plan          *RecordedPlan     `json:"plan,omitempty"`        // the rollback plan in the gate's recorded allow
	Status        string            `json:"status" schema:"nonempty"`
	Approvers     []string          `json:"approvers" schema:"person"`
	Adopted       *bool             `json:"adopted,omitempty"`                // it comes from the adoption, not from a gated deployment
	Writer        *string           `json:"writer,omitempty" schema:"person"` // who recorded it, if the source knows it
	Assurance     *Assurance        `json:"assurance,omitempty"`              // how Writer was established
	Events        []DeploymentEvent `json:"events,omitzero"`                  // all recorded events, oldest first
}

// DeploymentEvent is one recorded event of a deployment: deploy.started,
// deploy.live, deploy.failed, verification.passed, verification.failed,
// rollback.started, rollback.live (the deployment was rolled back), rollback.failed
// (it is still live). An event outside of a deployment names the service, environment
// and deployment that it was recorded for. For a rollback in another environment, the
// digest is the one that was rolled back.
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
	By          *string    `json:"by,omitempty" schema:"person"` // who did the step, if the source knows it
	Writer      *string    `json:"writer,omitempty" schema:"person"`
	Assurance   *Assurance `json:"assurance,omitempty"`
}

// RecordedPlan is the rollback plan that an allow of the gate recorded. The approval
// of the deployment also approves this rollback, for a limited time.
type RecordedPlan struct {
	Version       string     `json:"version" schema:"nonempty"`
	Digest        string     `json:"digest" schema:"digest"`
	Configuration *string    `json:"configuration,omitempty" schema:"digest"`
	Procedure     *string    `json:"procedure,omitempty" schema:"nonempty"`
	At            time.Time  `json:"at"` // of the allow
	Writer        *string    `json:"writer,omitempty" schema:"person"`
	Assurance     *Assurance `json:"assurance,omitempty"`
}

// Adoption records which versions ran before the gate was introduced, and who
// approved that they count. They are in the history, with adopted set.
type Adoption struct {
	At          time.Time  `json:"at"`
	RequestedBy string     `json:"requested_by" schema:"person"`
	Approver    string     `json:"approver" schema:"person"`
	ApprovedAt  time.Time  `json:"approved_at"`
	Writer      *string    `json:"writer,omitempty" schema:"person"`
	Assurance   *Assurance `json:"assurance,omitempty"`
}

// Rollback is the rollback plan.
type Rollback struct {
	Service    *string         `json:"service,omitempty" schema:"identifier" merge:"equal"` // absent: the source names none
	Target     *RollbackTarget `json:"target" merge:"equal"`                                // null: no target (a first release)
	Procedure  *string         `json:"procedure" schema:"nonempty" merge:"first"`           // command or runbook
	ReviewedAt *time.Time      `json:"reviewed_at" merge:"earliest"`                        // when it was last checked that Procedure works
}

// RollbackTarget is the version to roll back to. Available says whether the registry
// has all of it: manifests, configuration and layers.
type RollbackTarget struct {
	Version       string  `json:"version" schema:"nonempty"`
	Repository    *string `json:"repository,omitempty" schema:"nonempty" merge:"equal"` // without tag and digest
	Digest        string  `json:"digest" schema:"digest" merge:"equal"`
	Configuration *string `json:"configuration,omitempty" schema:"digest" merge:"equal"`
	Available     bool    `json:"available" merge:"worst"`
}
