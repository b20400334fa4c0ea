package trail

import (
	"context"
	"errors"
	"time"
)

// Verdict is what verifying a log came to.
type Verdict string

// The closed set of verdicts.
const (
	Intact     Verdict = "intact"      // everything was looked at, and goes together
	Altered    Verdict = "altered"     // something does not
	CannotTell Verdict = "cannot tell" // something could not be looked at, and nothing seen was altered
)

// VerifyOptions say what a log is checked against, besides itself.
type VerifyOptions struct {
	// Key is the public key (NAME+HASH+KEY) or the file with it; empty: the file
	// beside the log. Without one the verdict is CannotTell: a log's word about
	// its own key proves nothing.
	Key string

	// Since is a signed checkpoint that somebody kept: the log must hold it.
	// What the log's folder remembers is checked besides.
	Since string

	// Receipts that somebody kept: their entries must be in the log.
	Receipts []Receipt

	// Deadline is for how long it may take; zero: no limit. After it the verdict
	// is CannotTell, or Altered if something was found before.
	Deadline time.Duration
}

// Report is what verifying found.
type Report struct {
	Verdict     Verdict
	Origin      string
	Size        int64  // entries that the last checkpoint signs
	Checkpoint  string // the last one, a signed note
	Entries     int64  // what was looked at
	Checkpoints int64
	Blobs       int64 // those that hold content
	Erased      int64
	Problems    []Problem // the first of them
	More        int64     // how many problems are not listed
}

// Problem is something that is wrong, or that could not be looked at.
type Problem struct {
	Where  string // entry 7, checkpoint 12, blob sha256:…, schema, key, receipt 0197…
	What   string
	Unseen bool // it could not be looked at
}

// Verify looks at every part of the log at location: a path, postgres://…, or a
// folder that Export wrote. An error means that it could not begin.
func Verify(ctx context.Context, location string, options VerifyOptions) (*Report, error) {
	return nil, errors.New("not built yet")
}

// Export writes the log to a folder as C2SP tlog-tiles, which Verify checks with
// the public key alone. Where an older export of this log is, it is continued.
func (l *Log) Export(ctx context.Context, dir string) (Exported, error) {
	return Exported{}, errors.New("not built yet")
}

// Exported is what an export wrote.
type Exported struct {
	Size       int64 // entries that the export holds now
	Before     int64 // entries that it held before
	Checkpoint string
}

// Erase takes the content of blobs away for good, and records that in the same
// transaction; the log still verifies. Those erased before are passed over.
func (l *Log) Erase(ctx context.Context, reason string, writer Writer, refs ...BlobRef) (erased int, err error) {
	return 0, errors.New("not built yet")
}

// Retention says which blobs are not kept any more.
type Retention struct {
	Before time.Time // of entries recorded before
	Filter Filter    // of entries that match
	Roles  []string  // input, decision, policy, …; empty: all but policy
	Reason string
	Writer Writer
}

// Prune erases the blobs that retention does not keep. One that a kept entry
// refers to as well stays.
func (l *Log) Prune(ctx context.Context, retention Retention) (erased int, err error) {
	return 0, errors.New("not built yet")
}
