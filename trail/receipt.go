package trail

import (
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Verify checks a receipt by itself: its checkpoint is signed, and its leaf is
// in the tree that the checkpoint is of. It does not look at the log.
func (r Receipt) Verify(verifier note.Verifier) error {
	c, err := openCheckpoint(r.Checkpoint, verifier)
	if err != nil {
		return fmt.Errorf("receipt of %s: %w", r.ID, err)
	}
	leaf, err := tlog.ParseHash(r.LeafHash)
	if err != nil {
		return fmt.Errorf("receipt of %s: leaf hash %q is not one", r.ID, r.LeafHash)
	}
	if r.Seq < 0 || r.Seq >= c.size {
		return fmt.Errorf("receipt of %s: entry %d is not among the %d of its checkpoint", r.ID, r.Seq, c.size)
	}
	proof := make(tlog.RecordProof, len(r.Proof))
	for i, text := range r.Proof {
		if proof[i], err = tlog.ParseHash(text); err != nil {
			return fmt.Errorf("receipt of %s: hash %q of its proof is not one", r.ID, text)
		}
	}
	if err := tlog.CheckRecord(proof, c.size, c.root, r.Seq, leaf); err != nil {
		return fmt.Errorf("receipt of %s: it does not prove entry %d: %w", r.ID, r.Seq, err)
	}
	return nil
}
