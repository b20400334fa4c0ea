// Package facts is the input document: what the collectors saw, in one JSON
// file that can be saved, read by people and decided on again years later.
//
// It holds the Go types, the JSON Schema and the strict decoder. It knows
// nothing about how facts are gathered (package collectors) or judged
// (packages policies and evaluator) and imports next to nothing:
// the strict reader of JSON.
//
// The types below say everything once. A new fact is a field with a comment
// and, for a string, a schema tag (one of strict.Formats): a pointer may
// be absent or null, omitempty and omitzero only absent, all else is required.
// Then go test ./facts -update writes the schema.
package facts

import (
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

// Version is the contract between document and policies. It changes only
// with an incompatible document, which then gets its own folder of policies.
const Version = "v1"

// Document is everything a decision rests on. A section that is left out (nil
// in Go) could not be read or was not configured; Sources says which. "Looked
// and found nothing" is an empty list, never a missing one.
type Document struct {
	Version     string    `json:"version" schema:"version"`
	Now         time.Time `json:"now"`          // the instant decided about
	CollectedAt time.Time `json:"collected_at"` // when the facts were gathered; ages of what can be collected again count from here
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

	// Sources holds one entry for each section asked for, by the section's
	// JSON key; for facts under custom, by custom.NAME. A section that is there
	// has a source with status ok, and a source with status ok has its section.
	Sources map[string]Source `json:"sources" schema:"source"`

	origin origin
}

// Request says what is asked for.
type Request struct {
	ID          string    `json:"id" schema:"nonempty"`
	Service     string    `json:"service" schema:"identifier"`
	Environment string    `json:"environment" schema:"identifier"`
	Kind        Kind      `json:"kind"`
	Emergency   bool      `json:"emergency"`
	Ticket      *string   `json:"ticket" schema:"nonempty"`     // id of an entry in incidents
	Trigger     string    `json:"trigger" schema:"nonempty"`    // what started it, as the CI system names it: workflow_dispatch, push …
	RequestedBy string    `json:"requested_by" schema:"person"` // who asked
	TriggeredBy string    `json:"triggered_by" schema:"person"` // who started this run (a re-run may differ)
	RequestedAt time.Time `json:"requested_at"`

	// Deployment joins the attempts of one deployment: repository and CI run,
	// without the attempt. Absent: the request is its own deployment.
	Deployment *string `json:"deployment,omitempty" schema:"nonempty"`
	Attempt    *int    `json:"attempt,omitempty"` // of the run, from 1; absent: not known
	// Configuration is the SHA-256 of what a configuration request changes
	// (rendered manifests, values file), or of what a rollback goes back to.
	Configuration *string `json:"configuration,omitempty" schema:"digest"`

	// What follows is not part of the document; it tells collectors which
	// artifact to look at.

	Reference string `json:"-"` // as the user typed it: registry reference, oci:DIR[:TAG], tarball:FILE
	Digest    string `json:"-"` // what Reference was resolved to, once; sha256:…; empty if it could not be
}

// Kind is what a request wants to do.
type Kind string

// The closed set of kinds (production-readiness.md, "When Approval Is Required").
const (
	KindInitial       Kind = "initial"       // first release of the service to the environment
	KindPromotion     Kind = "promotion"     // from staging to production
	KindConfiguration Kind = "configuration" // new configuration for an artifact
	KindRollback      Kind = "rollback"      // back to a version that ran before
)

// Kinds are all of them, in the order they are documented.
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
	Digest     string  `json:"digest" schema:"digest"`
	Commit     string  `json:"commit" schema:"commit"` // full hash, lower-case hex
	Builder    string  `json:"builder" schema:"nonempty"`
	VerifiedBy *string `json:"verified_by" schema:"nonempty"` // whose signature was checked; null: none was

	Repository *string    `json:"repository,omitempty" schema:"nonempty"` // of the built source, as the record names it, without credentials; absent: the record does not say
	BuiltAt    *time.Time `json:"built_at,omitempty"`                     // when the build finished, UTC; absent: the record does not say
	Author     *string    `json:"author,omitempty" schema:"person"`       // who wrote the commit, where the source knows
}

// Staging is the newest stay in staging, and those before it.
type Staging struct {
	Digest       string        `json:"digest" schema:"digest"`
	Service      *string       `json:"service,omitempty" schema:"identifier"`     // absent: the source names none
	Environment  *string       `json:"environment,omitempty" schema:"identifier"` // absent: the source names none
	DeployedAt   time.Time     `json:"deployed_at"`
	RestartedAt  *time.Time    `json:"restarted_at"`       // latest restart storm or redeployment; null: none seen
	EndedAt      *time.Time    `json:"ended_at,omitempty"` // when another digest replaced it; absent or null: it still runs
	Verification *Verification `json:"verification"`       // null: not verified yet
	Earlier      []Stay        `json:"earlier,omitzero"`   // stays before this one, in any order
}

// Stay is the time that one digest ran in staging. It begins with a deployment
// or a restart storm and ends when another digest replaces it.
type Stay struct {
	Digest       string        `json:"digest" schema:"digest"`
	Service      *string       `json:"service,omitempty" schema:"identifier"`
	Environment  *string       `json:"environment,omitempty" schema:"identifier"`
	DeployedAt   time.Time     `json:"deployed_at"`
	RestartedAt  *time.Time    `json:"restarted_at"`
	EndedAt      *time.Time    `json:"ended_at"`
	Verification *Verification `json:"verification"`
}

// Verification is the result of the staging verification, as its system words
// it. Only exactly PASSED is good.
type Verification struct {
	Result     string    `json:"result" schema:"nonempty"`
	FinishedAt time.Time `json:"finished_at"`
	VerifiedBy *string   `json:"verified_by" schema:"nonempty"`
}

// Vulnerabilities holds one scan for each digest that was scanned, and what
// others say of what was found. Neither Statements nor Requests take anything
// out of Scans.
type Vulnerabilities struct {
	Scans      []Scan          `json:"scans"`
	Statements []Statement     `json:"statements,omitzero"` // from VEX documents
	Requests   []WaiverRequest `json:"requests,omitzero"`   // from ignore files
}

// Scan is what one scanner found in one digest. Digest may be the artifact's
// or one platform's; then it covers that platform only. Inventory says what the
// list of packages was read from: image, sbom (a file that somebody named) or
// attached (found beside the image in its registry); without it the scan is
// another tool's report.
type Scan struct {
	Digest       string          `json:"digest" schema:"digest"`
	Platform     *string         `json:"platform" schema:"nonempty"` // os/arch[/variant] the scanner looked at
	Inventory    *string         `json:"inventory,omitempty" schema:"identifier"`
	Packages     *int            `json:"packages,omitempty"` // how many were looked at
	Scanner      *string         `json:"scanner" schema:"nonempty"`
	ScannedAt    time.Time       `json:"scanned_at"`
	Database     Database        `json:"database"`
	Findings     []Vulnerability `json:"findings"`
	Undetermined []Undetermined  `json:"undetermined"` // packages the scanner could not judge
}

// Database is the advisory database a scan used.
type Database struct {
	UpdatedAt time.Time `json:"updated_at"`
	Schema    *int      `json:"schema,omitempty"`
}

// Vulnerability is one advisory that matches one package. Severity is kept as
// the scanner wrote it.
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

// Undetermined is a package whose vulnerabilities are not known, and why.
type Undetermined struct {
	Package string `json:"package" schema:"nonempty"`
	Version string `json:"version"`
	Reason  string `json:"reason" schema:"nonempty"`
}

// Statement is what a VEX document says of one vulnerability in one product.
// Status, Justification and Author are kept as they came; only exactly
// not_affected and fixed speak for the product.
type Statement struct {
	ID            string     `json:"id" schema:"nonempty"`
	Product       string     `json:"product" schema:"nonempty"` // as the document names it, mostly a package URL
	Digest        *string    `json:"digest" schema:"digest"`    // the product's; null: it is not named by digest
	PURL          *string    `json:"purl" schema:"nonempty"`    // the package in the product; null: the product as a whole
	Status        string     `json:"status"`
	Justification *string    `json:"justification" schema:"nonempty"`
	Author        *string    `json:"author" schema:"nonempty"`
	Timestamp     *time.Time `json:"timestamp"`  // when it was made
	ExpiresAt     *time.Time `json:"expires_at"` // null: it does not expire
	Source        string     `json:"source" schema:"nonempty"`
	VerifiedBy    *string    `json:"verified_by" schema:"nonempty"`
}

// WaiverRequest is an entry of an ignore file: somebody wants one vulnerability
// waived, in the packages PURLs and the places Paths, or everywhere. It waives
// nothing; an entry of waivers does.
type WaiverRequest struct {
	ID        string     `json:"id" schema:"nonempty"`
	PURLs     []string   `json:"purls,omitempty" schema:"nonempty,min=1"`
	Paths     []string   `json:"paths,omitempty" schema:"nonempty,min=1"`
	Reason    *string    `json:"reason" schema:"nonempty"`
	ExpiresAt *time.Time `json:"expires_at"` // null: it does not expire
	Source    string     `json:"source" schema:"nonempty"`
}

// Calendar holds every interval that overlaps [From, Horizon). From is before
// Horizon.
type Calendar struct {
	Timezone string     `json:"timezone" schema:"timezone"` // the site's zone; it has to be in the IANA database
	From     time.Time  `json:"from"`
	Horizon  time.Time  `json:"horizon"`
	Freezes  []Interval `json:"freezes"`
	Holidays []Interval `json:"holidays"`
}

// Interval is half-open, [Start, End), on whole seconds; Start is before End.
// Without Environments or Services it holds for all of them.
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
	Artifact                *string   `json:"artifact" schema:"nonempty"` // the tag the reviewer saw; binds nothing
	Approver                string    `json:"approver" schema:"person"`
	Role                    *string   `json:"role"` // as claimed; the directory's role counts
	Digest                  *string   `json:"digest" schema:"digest"`
	Environment             *string   `json:"environment" schema:"identifier"`
	Service                 *string   `json:"service" schema:"identifier"`
	Kind                    *Kind     `json:"kind"`                                    // of request that was approved
	Configuration           *string   `json:"configuration,omitempty" schema:"digest"` // that was approved, for kind configuration
	Request                 *string   `json:"request,omitempty" schema:"nonempty"`     // id of the request or deployment that was reviewed, where the source knows
	Ticket                  *string   `json:"ticket,omitempty" schema:"nonempty"`      // incident that an emergency or rollback answers
	Lifts                   []string  `json:"lifts,omitempty" schema:"nonempty,min=1"` // rejections that this approval lifts, each by the rejecting person or the id of the entry
	Decision                string    `json:"decision" schema:"nonempty"`
	ApprovedAt              time.Time `json:"approved_at"`
	DeploymentWindow        *string   `json:"deployment_window" schema:"identifier"`
	ApprovalDurationSeconds *float64  `json:"approval_duration_seconds"` // how long the review took; a metric, not a lifetime
	Comment                 *string   `json:"comment"`
	VerifiedBy              *string   `json:"verified_by" schema:"nonempty"`
}

// Person joins the spellings of one human being. Roles are the directory's
// (Entra ID), Teams only those with active membership.
type Person struct {
	IDs   []string  `json:"ids" schema:"person,min=1"` // scheme:value, lower case: github:583231, entra:…, mailto:…
	Roles []string  `json:"roles" schema:"identifier"`
	Teams []string  `json:"teams" schema:"identifier"`
	MFA   *bool     `json:"mfa"`             // null: not known
	Human *bool     `json:"human,omitempty"` // false: a bot or an agent; absent: the directory does not know bots
	AsOf  time.Time `json:"as_of"`
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

// OnCall says when the on-call team was told.
type OnCall struct {
	NotifiedAt *time.Time `json:"notified_at"`                           // null: not told
	Service    *string    `json:"service,omitempty" schema:"identifier"` // it was told about; absent: the source names none
	Ticket     *string    `json:"ticket,omitempty" schema:"nonempty"`    // it was told about; absent: the source names none
}

// Notification is one message to one team about the pending deployment.
type Notification struct {
	Team        string    `json:"team" schema:"identifier"`
	Channel     string    `json:"channel" schema:"nonempty"`
	SentAt      time.Time `json:"sent_at"`
	Service     *string   `json:"service,omitempty" schema:"identifier"`     // it is about; absent: the source names none
	Environment *string   `json:"environment,omitempty" schema:"identifier"` // it is about; absent: the source names none
	Digest      *string   `json:"digest,omitempty" schema:"digest"`          // it is about; absent: the source names none
	Request     *string   `json:"request,omitempty" schema:"nonempty"`       // id of the request or deployment it is about
}

// Monitoring lists what watches the service in the environment.
type Monitoring struct {
	Service     *string     `json:"service,omitempty" schema:"identifier"`     // absent: the source names none
	Environment *string     `json:"environment,omitempty" schema:"identifier"` // absent: the source names none
	AsOf        *time.Time  `json:"as_of"`                                     // when the monitoring system was looked at
	Dashboards  []Dashboard `json:"dashboards"`
	Alerts      []Alert     `json:"alerts"`
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

// Waiver suspends one denial. Digest may be null only where Item names what is
// waived.
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

// Status says how reading a source went.
type Status string

// The closed set of a source's statuses. Only StatusOK makes a section count.
const (
	StatusOK           Status = "ok"
	StatusError        Status = "error"        // could not look
	StatusUnconfigured Status = "unconfigured" // nobody said where to look
)

// Statuses are all of them, in the order they are documented.
var Statuses = []Status{StatusOK, StatusError, StatusUnconfigured}

// Source says where a section came from.
type Source struct {
	Status     Status     `json:"status"`
	Kind       string     `json:"kind" schema:"identifier"` // file, registry, github, directory, trail …
	ObservedAt *time.Time `json:"observed_at"`
	Evidence   *Evidence  `json:"evidence"`
	Error      *string    `json:"error"` // what went wrong, without secrets; set unless Status is ok, null if it is
}

// Evidence is the bytes a section was read from.
type Evidence = strict.Evidence
