package trail

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// newBlob is content that a transaction stores, for the entry at seq.
type newBlob struct {
	ref     BlobRef
	seq     int64
	salt    []byte
	content []byte
	plain   [sha256.Size]byte
}

// saltedDigest is how the log names content. Without the salt, which goes with
// the content, nobody can guess from it what was erased.
func saltedDigest(salt, content []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(content)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// store stages the blobs of an event, in the order of their roles.
func (t *transaction) store(e *prepared, seq int64) (map[string]BlobRef, error) {
	if len(e.Blobs) == 0 {
		return nil, nil
	}
	refs := make(map[string]BlobRef, len(e.Blobs))
	roles := make([]string, 0, len(e.Blobs))
	for role := range e.Blobs {
		roles = append(roles, role)
	}
	slices.Sort(roles)
	for _, role := range roles {
		b := e.Blobs[role]
		if role == BlobPolicy {
			ref, ok, err := t.reuse(b, e.plain[role])
			if err != nil {
				return nil, err
			}
			if ok {
				refs[role] = ref
				continue
			}
		}
		salt := make([]byte, sha256.Size)
		if _, err := rand.Read(salt); err != nil {
			return nil, fmt.Errorf("make a salt: %w", err)
		}
		ref := BlobRef{Digest: saltedDigest(salt, b.Content), MediaType: b.MediaType, Size: int64(len(b.Content))}
		t.blobs = append(t.blobs, newBlob{ref: ref, seq: seq, salt: salt, content: b.Content, plain: e.plain[role]})
		refs[role] = ref
	}
	return refs, nil
}

// reuse finds a policy that is stored already: one bundle decides many times. The
// digest in the log is proved with the stored salt and the content at hand.
func (t *transaction) reuse(b Blob, plain [sha256.Size]byte) (BlobRef, bool, error) {
	for _, other := range t.blobs {
		if other.plain == plain && other.ref.MediaType == b.MediaType {
			return other.ref, true, nil
		}
	}
	var digest string
	var salt []byte
	err := t.conn.QueryRowContext(t.ctx, "SELECT digest, salt FROM blobs WHERE plain = $1 AND media_type = $2 ORDER BY seq LIMIT 1", plain[:], b.MediaType).Scan(&digest, &salt)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return BlobRef{}, false, nil
	case err != nil:
		return BlobRef{}, false, fmt.Errorf("look for the policy: %w", err)
	}
	ok := saltedDigest(salt, b.Content) == digest
	return BlobRef{Digest: digest, MediaType: b.MediaType, Size: int64(len(b.Content))}, ok, nil
}

// salt is that of a blob of the log or of this transaction.
func (t *transaction) salt(digest string) ([]byte, error) {
	for _, b := range t.blobs {
		if b.ref.Digest == digest {
			return b.salt, nil
		}
	}
	var salt []byte
	var erased sql.NullString
	err := t.conn.QueryRowContext(t.ctx, "SELECT salt, erased_at FROM blobs WHERE digest = $1", digest).Scan(&salt, &erased)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read blob %s: %w", digest, err)
	case erased.Valid:
		return nil, ErrErased
	}
	return salt, nil
}

func (t *transaction) writeBlobs() error {
	for _, b := range t.blobs {
		content := b.content
		if content == nil {
			content = []byte{}
		}
		_, err := t.conn.ExecContext(t.ctx, "INSERT INTO blobs (digest, seq, media_type, size, salt, content, plain) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			b.ref.Digest, b.seq, b.ref.MediaType, b.ref.Size, b.salt, content, b.plain[:])
		if err != nil {
			return fmt.Errorf("write blob %s: %w", b.ref.Digest, err)
		}
	}
	return nil
}

// Blob returns what was stored under ref, and has checked its digest; ErrErased
// if it was erased, ErrNotFound if the log has no such blob.
func (l *Log) Blob(ctx context.Context, ref BlobRef) (content []byte, err error) {
	stored, err := l.stored(ctx, ref.Digest)
	switch {
	case err != nil:
		return nil, err
	case saltedDigest(stored.Salt, stored.Content) != ref.Digest || int64(len(stored.Content)) != ref.Size:
		return nil, fmt.Errorf("blob %s was altered: its content has another digest: run prodgate audit verify", ref.Digest)
	}
	return bytes.Clone(stored.Content), nil
}

func (l *Log) stored(ctx context.Context, digest string) (StoredBlob, error) {
	if l.remote != nil {
		return l.remote.stored(ctx, digest)
	}
	return l.Stored(ctx, digest)
}
