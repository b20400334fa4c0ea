// Package facts is the input document: the facts that the collectors found, in one
// JSON file that can be saved, read by people and decided on again years later.
//
// It contains the Go types, the JSON Schema and the strict decoder. It does not
// depend on how facts are collected (package collectors) or decided on (packages
// policies and evaluator), and imports only the strict decoder.
//
// The types below are the only definition. A new fact is a field with a comment
// and, for a string, a schema tag (one of strict.Formats). A pointer may be
// absent or null, a field with omitempty or omitzero only absent; all other fields
// are required. Then go test ./facts -update writes the schema.
package facts

import (
	"context"
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

// Version is the contract between document and policies. It changes only
// with an incompatible document, which then gets its own folder of policies.
const Version = "v1"

// Document is everything that a decision is based on. A missing section (nil in Go)
// could not be read or was not configured; Sources says which. A section that was
// read and has no entries is an empty list, never a missing one.
type Document struct {
	Version     string    `json:"version" schema:"version"`
	Now         time.Time `json:"now"`          // the time of the decision
	CollectedAt time.Time `json:"collected_at"` // when the facts were collected; the ages of facts that can be collected again count from here
	Request     Request   `json:"request"`

	Artifact        *Artifact        `json:"artifact,omitempty"`
	Build           *Build           `json:"build,omitempty"`
	Staging         *Staging         `json:"staging,omitempty"`
	Vulnerabilities *Vulnerabilities `json:"vulnerabilities,omitempty"`
	Calendar        *Calendar        `json:"calendar,omitempty"`
	Approvals       []Approval       `json:"approvals,omitzero"`
	People          []Person         `json:"people,omitzero"`
	Production      *Production      `json:"production,omitempty"`
	Rollback        *Rollback        `json:"rollback,omitempty"`
	Incidents       []Incident       `json:"incidents,omitzero"`
	OnCall          *OnCall          `json:"on_call,omitempty"`
	Notifications   []Notification   `json:"notifications,omitzero"`
	Monitoring      *Monitoring      `json:"monitoring,omitempty"`
	Waivers         []Waiver         `json:"waivers,omitzero"`
	Trail           *Trail           `json:"trail,omitempty"`
	Custom          map[string]any   `json:"custom,omitzero" schema:"name"` // facts of an embedder's own collectors, by name

	// Sources has one entry for each requested section, by the section's JSON
	// key; for facts under custom, by custom.NAME. A section that is present has
	// a source with status ok, and a source with status ok has its section.
	Sources map[string]Source `json:"sources" schema:"source"`

	origin origin
}

// Request is the request for the deployment.
type Request struct {
	ID          string    `json:"id" schema:"nonempty"`
	Service     string    `json:"service" schema:"identifier"`
	Environment string    `json:"environment" schema:"identifier"`
	Kind        Kind      `json:"kind"`
	Emergency   bool      `json:"emergency"`
	Ticket      *string   `json:"ticket" schema:"nonempty"`     // id of an entry in incidents
	Trigger     string    `json:"trigger" schema:"nonempty"`    // the trigger, as the CI system names it: workflow_dispatch, push …
	RequestedBy string    `json:"requested_by" schema:"person"` // the requester
	TriggeredBy string    `json:"triggered_by" schema:"person"` // who started this run (a re-run may differ)
	RequestedAt time.Time `json:"requested_at"`

	// Deployment identifies the attempts of one deployment: repository and CI
	// run, without the attempt. Absent: the request is its own deployment.
	Deployment *string `json:"deployment,omitempty" schema:"nonempty"`
	Attempt    *int    `json:"attempt,omitempty"` // of the run, from 1; absent: unknown
	// Configuration is the SHA-256 of what a configuration request changes
	// (rendered manifests, values file), or of the configuration that a rollback restores.
	Configuration *string `json:"configuration,omitempty" schema:"digest"`

	// The following fields are not part of the document. They define which
	// artifact collectors read.

	Reference string `json:"-"` // as the user typed it: registry reference, oci:DIR[:TAG], tarball:FILE
	Digest    string `json:"-"` // the digest of Reference, resolved once; sha256:…; empty if it could not be resolved

	// Built waits for the section build and returns the commit that it names; empty if
	// that section was not or could not be read, or ctx has ended. nil: it is not known.
	Built func(ctx context.Context) string `json:"-"`
}

// Kind is the kind of a request.
type Kind string

// The closed set of kinds (production-readiness.md, "When Approval Is Required").
const (
	KindInitial       Kind = "initial"       // first release of the service to the environment
	KindPromotion     Kind = "promotion"     // from staging to production
	KindConfiguration Kind = "configuration" // new configuration for an artifact
	KindRollback      Kind = "rollback"      // back to a version that ran before
)

// Kinds lists all kinds, in the order of the documentation.
var Kinds = []Kind{KindInitial, KindPromotion, KindConfiguration, KindRollback}

// Values makes Kind a strict.Closed.
func (Kind) Values() []string { return spelled(Kinds) }

// Artifact is the image as the registry has it.
type Artifact struct {
	Reference  string     `json:"reference" schema:"nonempty"`
	Repository string     `json:"repository" schema:"nonempty"` // without tag and digest
	Tag        *string    `json:"tag" schema:"nonempty"`        // null for a bare digest
	Digest     string     `json:"digest" schema:"digest"`       // of the index for a multi-platform image
	TagDigest  *string    `json:"tag_digest" schema:"digest"`   // what the tag points to now; null without a tag
	Platforms  []Platform `json:"platforms" schema:"min=1"`     // attestation manifests are not platforms
}

// Platform is one image of an index; for a single image, that image.
type Platform struct {
	Platform string `json:"platform" schema:"nonempty"` // os/arch[/variant]
	Digest   string `json:"digest" schema:"digest"`
}

// Build is the build's own record: in-toto/SLSA provenance.
type Build struct {
	Digest     string  `json:"digest" schema:"digest" merge:"equal"`
	Commit     string  `json:"commit" schema:"commit" merge:"equal"` // full hash, lower-case hex
	Builder    string  `json:"builder" schema:"nonempty" merge:"first"`
	VerifiedBy *string `json:"verified_by" schema:"nonempty" merge:"first"` // whose signature was verified; null: no signature was verified

	Repository *string    `json:"repository,omitempty" schema:"nonempty" merge:"equal"` // of the built source, as in the record, without credentials; absent: not in the record
	BuiltAt    *time.Time `json:"built_at,omitempty" merge:"equal"`                     // when the build finished, UTC; absent: not in the record
	Author     *string    `json:"author,omitempty" schema:"person" merge:"equal"`       // the author of the commit, if the source knows it
}

// Staging is the newest stay in staging, and the earlier ones.
type Staging struct {
	Digest       string        `json:"digest" schema:"digest" merge:"latest"`
	Service      *string       `json:"service,omitempty" schema:"identifier" merge:"equal"`     // absent: not named by the source
	Environment  *string       `json:"environment,omitempty" schema:"identifier" merge:"equal"` // absent: not named by the source
	DeployedAt   time.Time     `json:"deployed_at" merge:"latest"`
	RestartedAt  *time.Time    `json:"restarted_at" merge:"latest"`                           // latest restart storm or redeployment; null: none was found
	EndedAt      *time.Time    `json:"ended_at,omitempty" merge:"earliest"`                   // when another digest replaced it; absent or null: it still runs
	AsOf         *time.Time    `json:"as_of,omitempty" merge:"latest"`                        // until when the source saw it run; absent: until the section was collected
	VerifiedBy   *string       `json:"verified_by,omitempty" schema:"nonempty" merge:"first"` // whose signature on the stay was verified; absent: no one's
	Verification *Verification `json:"verification" merge:"worst"`                            // null: not verified yet
	ID           *string       `json:"id,omitempty" schema:"nonempty" merge:"first"`          // of the entry in the trail, if the stay comes from a trail
	Seq          *int          `json:"seq,omitempty" merge:"first"`                           // of the entry in the trail
	Writer       *string       `json:"writer,omitempty" schema:"person" merge:"first"`        // who recorded the deployment, if the source knows it
	Assurance    *Assurance    `json:"assurance,omitempty" merge:"first"`                     // how Writer was established
	Earlier      []Stay        `json:"earlier,omitzero" merge:"all"`                          // stays before this one, in any order

	Verifications []RecordedVerification `json:"verifications,omitzero" merge:"all"` // of Digest or of an earlier stay's, from the trail
	Complete      *bool                  `json:"complete,omitempty" merge:"worst"`   // whether it has every stay of the service that the source knows; absent from sources that are always read completely

	Reported      []ReportedDeployment `json:"reported,omitzero" merge:"all"`           // deployments to staging on a platform
	ReportedSince *time.Time           `json:"reported_since,omitempty" merge:"latest"` // since when Reported has all of them; absent: from the first one
}

// Stay is the time during which one digest ran in staging. It begins with a
// deployment or a restart storm and ends when another digest replaces it.
type Stay struct {
	Digest       string        `json:"digest" schema:"digest"`
	Service      *string       `json:"service,omitempty" schema:"identifier"`
	Environment  *string       `json:"environment,omitempty" schema:"identifier"`
	DeployedAt   time.Time     `json:"deployed_at"`
	RestartedAt  *time.Time    `json:"restarted_at"`
	EndedAt      *time.Time    `json:"ended_at"`
	AsOf         *time.Time    `json:"as_of,omitempty"`
	VerifiedBy   *string       `json:"verified_by,omitempty" schema:"nonempty"`
	Verification *Verification `json:"verification"`
	ID           *string       `json:"id,omitempty" schema:"nonempty"`
	Seq          *int          `json:"seq,omitempty"`
	Writer       *string       `json:"writer,omitempty" schema:"person"`
	Assurance    *Assurance    `json:"assurance,omitempty"`
}

// Verification is the result of the staging verification, as its system reports it.
// Only exactly PASSED means success.
type Verification struct {
	Result     string    `json:"result" schema:"nonempty"`
	FinishedAt time.Time `json:"finished_at"`
	VerifiedBy *string   `json:"verified_by" schema:"nonempty"`
}

// Vulnerabilities has one scan for each scanned digest, and VEX statements and
// waiver requests about the findings. Neither Statements nor Requests remove
// findings from Scans.
type Vulnerabilities struct {
	Scans      []Scan          `json:"scans" merge:"all"`
	Statements []Statement     `json:"statements,omitzero" merge:"all"` // from VEX documents
	Requests   []WaiverRequest `json:"requests,omitzero" merge:"all"`   // from ignore files
}

// Scan is what one scanner found in one digest. Digest may be the artifact's, or
// that of one platform; then the scan covers only that platform. Inventory says
// where the list of packages was read from: image, sbom (a configured file) or
// attached (attached to the image in its registry). Without it, the scan is a report
// of another tool.
type Scan struct {
	Digest       string          `json:"digest" schema:"digest"`
	Platform     *string         `json:"platform" schema:"nonempty"` // os/arch[/variant] that was scanned
	Inventory    *string         `json:"inventory,omitempty" schema:"identifier"`
	InventoryBy  *string         `json:"inventory_verified_by,omitempty" schema:"nonempty"` // whose signature on the attached SBOM was verified; absent: no one's
	Packages     *int            `json:"packages,omitempty"`                                // how many were examined
	Scanner      *string         `json:"scanner" schema:"nonempty"`
	ScannedAt    time.Time       `json:"scanned_at"`
	Database     Database        `json:"database"`
	Findings     []Vulnerability `json:"findings"`
	Undetermined []Undetermined  `json:"undetermined"` // packages that the scanner could not assess
}

// Database is the advisory database that a scan used.
type Database struct {
	UpdatedAt time.Time `json:"updated_at"`
	Schema    *int      `json:"schema,omitempty"`
}

// Vulnerability is one advisory that matches one package. Severity is kept as
// in the scanner's report.
type Vulnerability struct {
	ID               string  `json:"id" schema:"nonempty"`
	Package          string  `json:"package" schema:"nonempty"`
	InstalledVersion string  `json:"installed_version"`
	FixedVersion     *string `json:"fixed_version"` // null: no fix known
	Severity         string  `json:"severity" schema:"nonempty"`
	Status           string  `json:"status"`

	PublishedAt *time.Time `json:"published_at,omitempty"`                // when the advisory was published
	PURL        *string    `json:"purl,omitempty" schema:"nonempty"`      // the package as a package URL
	Ecosystem   *string    `json:"ecosystem,omitempty" schema:"nonempty"` // the kind of package
	Target      *string    `json:"target,omitempty" schema:"nonempty"`    // where in the image it was found
}

// Undetermined is a package that could not be assessed, and the reason.
type Undetermined struct {
	Package string `json:"package" schema:"nonempty"`
	Version string `json:"version"`
	Reason  string `json:"reason" schema:"nonempty"`
}

// Statement is a VEX statement about one vulnerability in one product. Status,
// Justification and Author are kept unchanged; only exactly not_affected and fixed
// can suppress a finding.
type Statement struct {
	ID            string     `json:"id" schema:"nonempty"`
	Product       string     `json:"product" schema:"nonempty"` // as in the document, usually a package URL
	Digest        *string    `json:"digest" schema:"digest"`    // of the product; null: the product is not named by digest
	PURL          *string    `json:"purl" schema:"nonempty"`    // the package in the product; null: the product as a whole
	Status        string     `json:"status"`
	Justification *string    `json:"justification" schema:"nonempty"`
	Author        *string    `json:"author" schema:"nonempty"`
	Timestamp     *time.Time `json:"timestamp"`  // when it was made
	ExpiresAt     *time.Time `json:"expires_at"` // null: it does not expire
	Source        string     `json:"source" schema:"nonempty"`
	VerifiedBy    *string    `json:"verified_by" schema:"nonempty"`
}

// WaiverRequest is an entry of an ignore file: a request to waive one vulnerability,
// in the packages PURLs and the locations Paths, or everywhere. It waives nothing;
// only an entry of waivers does.
type WaiverRequest struct {
	ID        string     `json:"id" schema:"nonempty"`
	PURLs     []string   `json:"purls,omitempty" schema:"nonempty,min=1"`
	Paths     []string   `json:"paths,omitempty" schema:"nonempty,min=1"`
	Reason    *string    `json:"reason" schema:"nonempty"`
	ExpiresAt *time.Time `json:"expires_at"` // null: it does not expire
	Source    string     `json:"source" schema:"nonempty"`
}

// Calendar contains every interval that overlaps [From, Horizon). From is before
// Horizon.
type Calendar struct {
	Timezone string     `json:"timezone" schema:"timezone" merge:"equal"` // the site's time zone; must be in the IANA database
	From     time.Time  `json:"from" merge:"latest"`
	Horizon  time.Time  `json:"horizon" merge:"earliest"`
	Freezes  []Interval `json:"freezes" merge:"all"`
	Holidays []Interval `json:"holidays" merge:"all"`
}

// Interval is half-open, [Start, End), on whole seconds; Start is before End.
// Without Environments or Services it applies to all of them.
type Interval struct {
	Name         string    `json:"name" schema:"nonempty"`
	Start        time.Time `json:"start" schema:"seconds"`
	End          time.Time `json:"end" schema:"seconds"`
	Source       string    `json:"source"` // file or feed it was read from
	Environments []string  `json:"environments,omitempty" schema:"identifier,min=1"`
	Services     []string  `json:"services,omitempty" schema:"identifier,min=1"`
}

// Approval is one recorded decision of a reviewer
// (production-readiness.md, "Approval logged"). A Decision that is not exactly
// "approved" is a rejection.
type Approval struct {
	Artifact                *string   `json:"artifact" schema:"nonempty"` // the tag that the reviewer saw; it binds nothing
	Approver                string    `json:"approver" schema:"person"`
	Role                    *string   `json:"role"` // as claimed; only the role in the directory counts
	Digest                  *string   `json:"digest" schema:"digest"`
	Environment             *string   `json:"environment" schema:"identifier"`
	Service                 *string   `json:"service" schema:"identifier"`
	Kind                    *Kind     `json:"kind"`                                    // of request that was approved
	Configuration           *string   `json:"configuration,omitempty" schema:"digest"` // that was approved, for kind configuration
	Request                 *string   `json:"request,omitempty" schema:"nonempty"`     // id of the request or deployment that was reviewed, if the source knows it
	Ticket                  *string   `json:"ticket,omitempty" schema:"nonempty"`      // incident of an emergency or rollback
	Lifts                   []string  `json:"lifts,omitempty" schema:"nonempty,min=1"` // rejections that this approval lifts, each by the rejecting person or the id of the entry
	Decision                string    `json:"decision" schema:"nonempty"`
	ApprovedAt              time.Time `json:"approved_at"`
	DeploymentWindow        *string   `json:"deployment_window" schema:"identifier"`
	ApprovalDurationSeconds *float64  `json:"approval_duration_seconds"` // how long the review took; a metric, not a lifetime
	Comment                 *string   `json:"comment"`
	VerifiedBy              *string   `json:"verified_by" schema:"nonempty"`

	// Run is the CI run that was reviewed, as requests name their deployment. Such a
	// review counts for what the audit trail says was requested in that run for the
	// environment.
	Run *string `json:"run,omitempty" schema:"nonempty"`
	// Latest is set if the time is estimated: the review was given between ApprovedAt
	// and Latest.
	Latest *time.Time `json:"latest,omitempty"`
}

// Person contains all ids of one human being. Roles are those in the directory
// (Entra ID), Teams only those with active membership.
type Person struct {
	IDs    []string  `json:"ids" schema:"person,min=1" merge:"all"` // scheme:value, lower case: github:583231, entra:…, mailto:…
	Roles  []string  `json:"roles" schema:"identifier" merge:"agreed"`
	Teams  []string  `json:"teams" schema:"identifier" merge:"agreed"`
	MFA    *bool     `json:"mfa" merge:"worst"`              // null: unknown
	Human  *bool     `json:"human,omitempty" merge:"worst"`  // false: a bot or an agent; absent: the directory does not mark bots
	Active *bool     `json:"active,omitempty" merge:"worst"` // false: the account is disabled or deleted; absent: the directory does not show it
	AsOf   time.Time `json:"as_of" merge:"earliest"`
	Wrote  []string  `json:"wrote,omitempty" schema:"commit,min=1" merge:"all"` // commits whose author this person is, of those that the source looked up
	// Started are the CI runs that this person started, or a job of which this person
	// started, as requests name their deployment.
	Started []string `json:"started,omitempty" schema:"nonempty,min=1" merge:"all"`
}

// Incident is an entry of the incident tracker. It is active unless its Status
// is exactly "resolved".
type Incident struct {
	ID          string    `json:"id" schema:"nonempty"`
	Service     string    `json:"service" schema:"identifier"`
	Environment *string   `json:"environment,omitempty" schema:"identifier"` // absent: every environment
	Status      string    `json:"status" schema:"nonempty"`
	OpenedAt    time.Time `json:"opened_at"`
}

// OnCall is the notification of the on-call team.
type OnCall struct {
	NotifiedAt *time.Time `json:"notified_at" merge:"latest"`                           // null: not notified
	Service    *string    `json:"service,omitempty" schema:"identifier" merge:"latest"` // of the notification; absent: not named by the source
	Ticket     *string    `json:"ticket,omitempty" schema:"nonempty" merge:"latest"`    // of the notification; absent: not named by the source
}

// Notification is one message to one team about the pending deployment.
type Notification struct {
	Team        string    `json:"team" schema:"identifier"`
	Channel     string    `json:"channel" schema:"nonempty"`
	SentAt      time.Time `json:"sent_at"`
	Service     *string   `json:"service,omitempty" schema:"identifier"`     // that it is about; absent: not named by the source
	Environment *string   `json:"environment,omitempty" schema:"identifier"` // that it is about; absent: not named by the source
	Digest      *string   `json:"digest,omitempty" schema:"digest"`          // that it is about; absent: not named by the source
	Request     *string   `json:"request,omitempty" schema:"nonempty"`       // id of the request or deployment that it is about
}

// Monitoring lists the dashboards and alerts of the service in the environment.
type Monitoring struct {
	Service     *string     `json:"service,omitempty" schema:"identifier" merge:"equal"`     // absent: not named by the source
	Environment *string     `json:"environment,omitempty" schema:"identifier" merge:"equal"` // absent: not named by the source
	AsOf        *time.Time  `json:"as_of" merge:"earliest"`                                  // when the monitoring system was checked
	Dashboards  []Dashboard `json:"dashboards" merge:"all"`
	Alerts      []Alert     `json:"alerts" merge:"all"`
}

// Dashboard is one dashboard of the service.
type Dashboard struct {
	Name string `json:"name" schema:"nonempty"`
	URL  string `json:"url" schema:"nonempty"`
}

// Alert is one alerting rule of the service.
type Alert struct {
	Name    string `json:"name" schema:"nonempty"`
	Enabled bool   `json:"enabled"`
}

// Waiver suspends one denial. Digest may be null only if Item names what is waived.
type Waiver struct {
	Code        string    `json:"code" schema:"code"`
	Item        *string   `json:"item" schema:"nonempty"` // for a vulnerability, its id
	Service     string    `json:"service" schema:"identifier"`
	Environment string    `json:"environment" schema:"identifier"`
	Digest      *string   `json:"digest" schema:"digest"`
	Reason      string    `json:"reason" schema:"nonempty"`
	Ticket      string    `json:"ticket" schema:"nonempty"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Approver    string    `json:"approver" schema:"person"`
	VerifiedBy  *string   `json:"verified_by" schema:"nonempty"`
}

// Status is the result of reading a source.
type Status string

// The closed set of a source's statuses. Only StatusOK makes a section count.
const (
	StatusOK           Status = "ok"
	StatusError        Status = "error"        // could not be read
	StatusUnconfigured Status = "unconfigured" // no source is configured
)

// Statuses lists all statuses, in the order of the documentation.
var Statuses = []Status{StatusOK, StatusError, StatusUnconfigured}

// Source says where a section came from.
type Source struct {
	Status     Status     `json:"status"`
	Kind       string     `json:"kind" schema:"identifier"` // file, registry, github, trail …; merged: see Systems
	ObservedAt *time.Time `json:"observed_at"`              // of several systems, the earliest
	Evidence   *Evidence  `json:"evidence"`
	Error      *string    `json:"error"` // what went wrong, without secrets; set unless Status is ok, else null

	Systems        []System        `json:"systems,omitzero"`        // each of several systems that the section was read from
	Contradictions []Contradiction `json:"contradictions,omitzero"` // between Systems, of facts that must be equal

	Unverified []UnverifiedStatement `json:"unverified,omitzero"` // statements whose signature was not verified, and why
}

// UnverifiedStatement is a statement about the artifact whose signature was not
// verified. What it says counts only as bad news, or where settings need no signature.
type UnverifiedStatement struct {
	Statement string `json:"statement" schema:"nonempty"` // where it was read
	Reason    string `json:"reason" schema:"nonempty"`
}

// KindMerged is the kind of a source that consists of several systems.
const KindMerged = "merged"

// System is one of several systems that a section was read from.
type System struct {
	Name       string     `json:"name" schema:"identifier"` // in prodgate.yaml
	Kind       string     `json:"kind" schema:"identifier"`
	Status     Status     `json:"status"`
	Optional   *bool      `json:"optional,omitempty"` // true: the section counts without it
	ObservedAt *time.Time `json:"observed_at"`
	Evidence   *Evidence  `json:"evidence"`
	Error      *string    `json:"error"`

	Unverified []UnverifiedStatement `json:"unverified,omitzero"` // as in Source
}

// Contradiction is a fact that must be equal and that two systems report
// differently. The section has the value of the first system.
type Contradiction struct {
	Path   string   `json:"path" schema:"nonempty"` // JSON Pointer into the document
	Values []Report `json:"values" schema:"min=1"`
}

// Report is what one system reports of a fact.
type Report struct {
	System string  `json:"system" schema:"nonempty"`
	Value  *string `json:"value"` // null: there is none
}

// Evidence identifies the bytes that a section was read from.
type Evidence = strict.Evidence
