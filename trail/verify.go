package trail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Verdict is what verifying a log came to.
type Verdict string

// The closed set of verdicts.
const (
	Intact     Verdict = "intact"      // everything was looked at, and goes together
	Altered    Verdict = "altered"     // something does not
	CannotTell Verdict = "cannot tell" // something could not be read, and nothing that was read is altered
)

// VerifyOptions say what a log is checked against, besides itself.
type VerifyOptions struct {
	// Key is the public key (NAME+HASH+KEY) or the file with it; empty: the file
	// next to the log. Without one the verdict is CannotTell: a log's statement about
	// its own key proves nothing.
	Key string

	// Since is a signed checkpoint that somebody kept: the log must hold it.
	// What the log's folder remembers is checked besides.
	Since string

	// Receipts that somebody kept: their entries must be in the log.
	Receipts []Receipt

	// Token is as in Options.
	Token func(context.Context) (string, error)

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

	altered, unseen bool
}

// sort puts what was altered before what was not seen.
func (r *Report) sort() {
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		rank := func(p Problem) int {
			if p.Unseen {
				return 1
			}
			return 0
		}
		return cmp.Compare(rank(a), rank(b))
	})
}

// Problem is something that is wrong, or that could not be looked at.
type Problem struct {
	Where  string // entry 7, checkpoint of 12, blob sha256:…, schema, key, receipt of 0197…
	What   string
	Unseen bool // it could not be looked at
}

// maxProblems is how many problems a report lists.
const maxProblems = 100

// verification is one run of Verify.
type verification struct {
	ctx      context.Context
	verifier note.Verifier // nil: no public key is known
	public   string

	roots  map[int64][]claim   // by size: roots that others know of
	leaves map[int64][]Receipt // by sequence number: entries that others know of

	mutex  sync.Mutex
	report Report
}

// claim is a root that somebody outside the log knows.
type claim struct {
	where string
	root  tlog.Hash
}

// Verify looks at every part of the log at location: a path, postgres://…, or a
// folder that Export wrote; of a log behind https:// at what an export has. It reads and
// never writes to the log. An error means that there
// was nothing to look at.
func Verify(ctx context.Context, location string, options VerifyOptions) (*Report, error) {
	if options.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, options.Deadline)
		defer cancel()
	}
	v := &verification{ctx: ctx, roots: map[int64][]claim{}, leaves: map[int64][]Receipt{}}
	if info, err := os.Stat(location); err == nil && info.IsDir() {
		if err := v.expect(options, ""); err != nil {
			return nil, err
		}
		v.guard("export", func() error { return v.export(location) })
		return v.finish(), nil
	}
	at, err := parseLocation(location, "")
	if err != nil {
		return nil, err
	}
	if err := v.expect(options, at.key); err != nil {
		return nil, err
	}
	if at.remote != nil {
		return v.remoteLog(at, options)
	}
	s, err := openStore(at, false, nil)
	if err != nil {
		return nil, fmt.Errorf("verify the trail: %w", err)
	}
	defer s.db.Close()
	var broken error
	v.guard("log", func() error {
		there, err := s.engine.exists(ctx, s.db)
		if err == nil && !there {
			err = fmt.Errorf("there is no trail at %s: %w", at.name, fs.ErrNotExist)
		}
		if err != nil && !s.engine.damaged(err) {
			broken = fmt.Errorf("verify the trail: %w", s.engine.explain(err))
		}
		if err == nil {
			err = v.database(s)
		}
		if err != nil && s.engine.damaged(err) {
			v.problem("database", "it is damaged: %v", err)
			return nil
		}
		return err
	})
	return v.finish(), broken
}

// expect takes in what the log is checked against: the key, and checkpoints and
// receipts that somebody kept, those next to the private key's file among them.
func (v *verification) expect(options VerifyOptions, private string) error {
	public, err := readPublicKey(options.Key, private)
	if err != nil {
		return err
	}
	if public != "" {
		if v.verifier, err = note.NewVerifier(public); err != nil {
			return fmt.Errorf("read the public key: invalid key %q (it must be NAME+HASH+KEY): %w", public, err)
		}
		v.public = public
	}
	if options.Since != "" {
		v.claim("the checkpoint that is given", options.Since, false)
	}
	for _, file := range rememberedBeside(options.Key, private) {
		b, err := os.ReadFile(file)
		switch {
		case err == nil && len(b) > 0:
			v.claim("the checkpoint that "+file+" remembers", string(b), true)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			v.unseen(file, err)
		}
	}
	for _, r := range options.Receipts {
		where := "receipt of " + r.ID
		if v.verifier != nil {
			if err := r.Verify(v.verifier); err != nil {
				v.problem(where, "%v", err)
				continue
			}
		}
		v.claim(where, r.Checkpoint, false)
		v.leaves[r.Seq] = append(v.leaves[r.Seq], r)
	}
	return nil
}

// readPublicKey finds the public key: the one that is given, or the file with
// it, or the one next to the private key; empty: there is none.
func readPublicKey(given, private string) (string, error) {
	if _, missing := os.Stat(given); missing != nil && strings.Contains(given, "+") {
		return strings.TrimSpace(given), nil
	}
	file := given
	if given == "" {
		if private == "" {
			return "", nil
		}
		file = strings.TrimSuffix(private, ".key") + ".pub"
	}
	b, err := os.ReadFile(file)
	switch {
	case err == nil:
		return strings.TrimSpace(string(b)), nil
	case given != "" || !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read the public key: %w", err)
	}
	_, public, err := readKey(private)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return public, err
}

// rememberedBeside are the files that may remember a checkpoint.
func rememberedBeside(given, private string) []string {
	var files []string
	if private != "" {
		files = append(files, strings.TrimSuffix(private, ".key")+".checkpoint")
	}
	if base, ok := strings.CutSuffix(given, ".pub"); ok && (len(files) == 0 || base+".checkpoint" != files[0]) {
		files = append(files, base+".checkpoint")
	}
	return files
}

// claim notes that the log must have the root of a signed checkpoint. One that
// cannot be read proves nothing about the log: it is doubtful, or a problem of
// whoever gave it.
func (v *verification) claim(where, signed string, doubtful bool) {
	if v.verifier == nil {
		return // there is a problem without it
	}
	c, err := openCheckpoint(signed, v.verifier)
	switch {
	case err != nil && doubtful:
		v.unseen(where, err)
	case err != nil:
		v.problem(where, "%v", err)
	default:
		v.roots[c.size] = append(v.roots[c.size], claim{where, c.root})
	}
}

// checkClaims compares what others know of the first size entries.
func (v *verification) checkClaims(size int64, root tlog.Hash) {
	for _, c := range v.roots[size] {
		if c.root != root {
			v.problem(c.where, "it signs %d entries with root %s, and the log has %s: the log was rewritten", size, c.root, root)
		}
	}
	delete(v.roots, size)
}

// checkLeaf compares what others know of an entry.
func (v *verification) checkLeaf(seq int64, hash tlog.Hash) {
	for _, r := range v.leaves[seq] {
		if r.LeafHash != hash.String() {
			v.problem("receipt of "+r.ID, "it proves entry %d with leaf hash %s, and the log has %s: the log was rewritten", seq, r.LeafHash, hash)
		}
	}
	delete(v.leaves, seq)
}

// finish gives the verdict. What others know of and the log has not is missing.
func (v *verification) finish() *Report {
	r := &v.report
	if v.verifier == nil {
		v.note(Problem{Where: "key", What: "no public key to check with: name it; a log's own word about its key proves nothing", Unseen: true})
	}
	if !r.unseen {
		for size, claims := range v.roots {
			for _, c := range claims {
				v.problem(c.where, "it signs %d entries, and the log holds %d: entries are gone, or this is an older copy", size, r.Size)
			}
		}
		for seq, receipts := range v.leaves {
			for _, receipt := range receipts {
				v.problem("receipt of "+receipt.ID, "it proves entry %d, and the log holds %d: entries are gone, or this is an older copy", seq, r.Size)
			}
		}
	}
	r.sort()
	r.Verdict = Intact
	switch {
	case r.altered:
		r.Verdict = Altered
	case r.unseen:
		r.Verdict = CannotTell
	}
	return r
}

// problem notes that something is wrong.
func (v *verification) problem(where, format string, args ...any) {
	v.note(Problem{Where: where, What: fmt.Sprintf(format, args...)})
}

// unseen notes that something could not be looked at.
func (v *verification) unseen(where string, err error) {
	v.note(Problem{Where: where, What: fmt.Sprintf("it could not be looked at: %v", err), Unseen: true})
}

func (v *verification) note(p Problem) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	r := &v.report
	r.unseen = r.unseen || p.Unseen
	r.altered = r.altered || !p.Unseen
	if len(r.Problems) == maxProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, p)
}

// guard runs a part of the verification; what keeps it from its end is noted.
func (v *verification) guard(where string, part func() error) {
	err := func() (err error) {
		defer contain("verify", &err)
		return part()
	}()
	switch {
	case err == nil:
	case v.ctx.Err() != nil:
		v.unseen(where, fmt.Errorf("there was no time for all of it: %w", context.Cause(v.ctx)))
	default:
		v.unseen(where, err)
	}
}
