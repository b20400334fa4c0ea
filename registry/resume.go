package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// ErrAltered says that bytes are not those that a digest names.
var ErrAltered = errors.New("it was altered")

// ErrNoResume says that a place can only give a blob out from its first byte.
var ErrNoResume = errors.New("it can't go on where an earlier read stopped")

// Resume continues a blob of which an earlier Open returned what is in
// have, and gives out the rest. What is in have is hashed with it: as with Open,
// nothing is known before io.EOF, and max bounds both together. A have without a
// byte is Open.
//
// The error is ErrNoResume if the registry does not support that, or refuses.
func (r Reference) Resume(ctx context.Context, digest string, max int64, have io.Reader) (io.ReadCloser, error) {
	if !digestShape.MatchString(digest) {
		return nil, fmt.Errorf("read a blob of %s: %q is no sha256 digest", r.Repository, digest)
	}
	max = min(max, maxBlob)
	name := r.Repository + "@" + digest
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(have, max+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read what was read of %s: %w", name, err)
	case n == 0:
		return r.Open(ctx, digest, max)
	case n > max:
		return nil, fmt.Errorf("read %s: it has more than %d bytes", name, max)
	}
	p, ok := r.place.(remotePlace)
	if !ok {
		return nil, fmt.Errorf("read %s: %w", name, ErrNoResume)
	}
	client, err := p.client(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	d := &download{ctx: withLimit(ctx, max+1), place: p, client: client, digest: digest, size: -1, at: n}
	if err := d.request(); err != nil {
		return nil, fmt.Errorf("read %s: %w: %w", name, ErrNoResume, err)
	}
	return &verified{ctx: ctx, inner: d, name: name, want: digest, max: max, read: n, hash: sum}, nil
}
