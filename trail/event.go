package trail

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Event is one step, as whoever took it records it.
type Event struct {
	ID         string    `json:"id"`          // UUIDv7, made by the client with NewID, so that a retry is the same event
	Type       string    `json:"type"`        // one of Types
	OccurredAt time.Time `json:"occurred_at"` // when the step was taken, by the client's word; the log's order does not depend on it

	Service     string `json:"service,omitempty"`
	Environment string `json:"environment,omitempty"`
	Artifact    string `json:"artifact,omitempty"` // repository, without tag and digest; empty where the step is about none
	Digest      string `json:"digest,omitempty"`   // sha256:…; empty where the step is about none

	Request    string `json:"request,omitempty"`    // the request's id
	Deployment string `json:"deployment,omitempty"` // joins the steps of one deployment, over all attempts of its CI run
	Run        string `json:"run,omitempty"`        // address of the CI run
	Writer     Writer `json:"writer"`

	Mode string    `json:"mode,omitempty"` // of a gate's decision: enforce, document, simulate; empty elsewhere
	Now  time.Time `json:"now,omitzero"`   // the instant a gate decided about; zero elsewhere

	// Data are the type's own fields: GateData, ApprovalData, … as JSON.
	Data json.RawMessage `json:"data,omitempty"`

	// Blobs are large contents stored next to the log, by role (input, decision,
	// policy); the log keeps their salted digests, so they can be erased.
	Blobs map[string]Blob `json:"blobs,omitempty"`
}

// Writer is who recorded an entry and how that was established.
type Writer struct {
	Subject   string    `json:"subject"`          // scheme:value, as facts writes persons: github:583231, user:jane, repo:acme/web
	Issuer    string    `json:"issuer,omitempty"` // who vouches for it: the CI system's name or address, the machine's name
	Assurance Assurance `json:"assurance"`
}

// Assurance says how a writer was established.
type Assurance string

// The closed set of assurances, weakest first.
const (
	AssuranceClaimed Assurance = "claimed" // the writer said so
	AssuranceUser    Assurance = "user"    // the operating system's account that ran prodgate
	AssuranceCI      Assurance = "ci"      // the CI system's variables said so
	AssuranceWebhook Assurance = "webhook" // the signature of a delivery, by a shared secret, was verified
	AssuranceOIDC    Assurance = "oidc"    // a signed token was verified
)

// Blob is content to be stored with an event.
type Blob struct {
	MediaType string `json:"media_type"`
	Content   []byte `json:"content"`
}

// BlobRef is how the log names stored content: SHA-256 over salt and content.
type BlobRef struct {
	Digest    string `json:"digest"` // sha256:…
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
}

// Entry is an event as the log holds it.
type Entry struct {
	Event // its Blobs are empty: Refs name them

	Seq            int64 // from 0
	LeafHash       string
	RecordedAt     time.Time          // by the clock of whoever recorded it
	ClockRegressed bool               // that clock was behind the entry before
	Refs           map[string]BlobRef // by role
	Body           []byte             // the leaf: canonical JSON of an in-toto statement
}

// Receipt proves that an event is in the log.
type Receipt struct {
	ID         string    `json:"id"`
	Seq        int64     `json:"seq"`
	LeafHash   string    `json:"leaf_hash"`
	RecordedAt time.Time `json:"recorded_at"`
	Checkpoint string    `json:"checkpoint"` // signed note: origin, size, root
	Proof      []string  `json:"proof"`      // inclusion of the leaf in that checkpoint, base64
}

// NewID makes an event's id, a UUIDv7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// attemptWord separates a CI run and its attempt in a request's id.
const attemptWord = "/attempts/"

// jobWord separates a pipeline of GitLab and its job in a request's id.
const jobWord = "/jobs/"

// WithoutAttempt is the deployment that a request's id names: a re-run of a CI
// run's failed jobs is the same deployment, and so is another job of a pipeline. An id
// without an attempt or a job stays as it is.
func WithoutAttempt(id string) string {
	if run, attempt, found := cutLast(id, attemptWord); found && run != "" && isNumber(attempt) {
		return run
	}
	pipeline, job, found := cutLast(id, jobWord)
	if project, number, of := cutLast(pipeline, "/pipelines/"); found && isNumber(job) && of && project != "" && isNumber(number) {
		return pipeline
	}
	return id
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// Attempt is the attempt that a request's id names; 0 if it names none.
func Attempt(id string) int {
	run, attempt, found := cutLast(id, attemptWord)
	if !found || run == "" || !isNumber(attempt) {
		return 0
	}
	n, err := strconv.Atoi(attempt)
	if err != nil {
		return 0
	}
	return n
}

// cutLast cuts s around the last separator.
func cutLast(s, separator string) (before, after string, found bool) {
	at := strings.LastIndex(s, separator)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(separator):], true
}
