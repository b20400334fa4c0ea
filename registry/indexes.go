package registry

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxAnswer is the timeout of one query for attachments of an image.
const maxAnswer = 30 * time.Second

// Brief gives one query for attachments of an image its own deadline: a quarter of the
// time that is left in ctx, and at most 30 s. A registry that does not respond then
// fails only this query and not the whole read.
func Brief(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := maxAnswer
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(end)/4)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit.Round(time.Millisecond)))
}

// Index is an index and what it lists.
type Index struct {
	Digest string
	Within []string // the digests of the indexes that list it, the outermost first
	Lists  []string // the digests of the manifests below it, those of indexes below it included
}

// Indexes returns m, if it is an index, and the indexes below it, each before
// those that it lists.
func (r Reference) Indexes(ctx context.Context, m *Manifest) ([]Index, error) {
	found, _, err := r.indexes(ctx, m, nil)
	if err != nil {
		return nil, fmt.Errorf("indexes of %s@%s: %w", r.Repository, m.Digest, err)
	}
	return found, nil
}

func (r Reference) indexes(ctx context.Context, m *Manifest, within []string) (found []Index, lists []string, err error) {
	if m.content.Config != nil || len(within) > maxDepth {
		return nil, nil, nil
	}
	own := Index{Digest: m.Digest, Within: within}
	below := append(within[:len(within):len(within)], m.Digest)
	for _, d := range m.content.Manifests {
		own.Lists = append(own.Lists, d.Digest)
		if d.MediaType != "" && !isIndex(d.MediaType) || d.isAttestation() || !digestShape.MatchString(d.Digest) {
			continue
		}
		child, err := r.Manifest(ctx, d.Digest)
		if errors.Is(err, ErrAbsent) {
			continue // copies of an index need not have all that it lists
		}
		if err != nil {
			return nil, nil, err
		}
		inner, lists, err := r.indexes(ctx, child, below)
		if err != nil {
			return nil, nil, err
		}
		found, own.Lists = append(found, inner...), append(own.Lists, lists...)
	}
	return append([]Index{own}, found...), own.Lists, nil
}
