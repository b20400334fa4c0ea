package trail

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
)

// blobRow is the row of a blob, without its content.
type blobRow struct {
	digest, mediaType string
	seq, size         int64
	erasedAt          sql.NullString
	erasedSeq         sql.NullInt64
}

// sharedBlob is a blob that an entry refers to and an earlier one stored.
type sharedBlob struct {
	seq  int64 // of the first entry that refers to it so
	role string
	ref  BlobRef
}

// erasure is what an entry says was erased.
type erasure struct {
	seq        int64
	recordedAt string
	digests    []string
}

// blobCheck holds what is still to be looked up. It stays small: shared blobs
// are a handful of policies, and erasures are looked up page by page.
type blobCheck struct {
	shared   map[string]sharedBlob
	erasures []erasure
	erased   int64 // digests that entries say were erased, each found so
}

const maxShared = 4096

func (c *databaseCheck) readBlobs(first, end int64) ([]blobRow, error) {
	return c.queryBlobs("seq >= $1 AND seq < $2 ORDER BY seq, digest", first, end)
}

func (c *databaseCheck) queryBlobs(where string, args ...any) ([]blobRow, error) {
	rows, err := c.conn.QueryContext(c.ctx, "SELECT digest, seq, media_type, size, erased_at, erased_seq FROM blobs WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []blobRow
	for rows.Next() {
		var r blobRow
		if err := rows.Scan(&r.digest, &r.seq, &r.mediaType, &r.size, &r.erasedAt, &r.erasedSeq); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// pageBlobs compares what entries of a page refer to with what is stored for
// them: each reference has a blob, each blob a reference.
func (c *databaseCheck) pageBlobs(p *pageOf) error {
	there := make(map[string]*blobRow, len(p.blobs))
	for i := range p.blobs {
		there[p.blobs[i].digest] = &p.blobs[i]
	}
	named := make(map[string]bool, len(there))
	for i := range p.rows {
		e := &p.rows[i].entry
		for _, role := range sortedRoles(e.Refs) {
			ref, seq := e.Refs[role], p.rows[i].seq
			row := there[ref.Digest]
			switch {
			case row == nil || row.seq != seq && !named[ref.Digest]:
				if _, ok := c.blobs.shared[ref.Digest]; !ok {
					c.blobs.shared[ref.Digest] = sharedBlob{seq, role, ref}
				}
			default:
				named[ref.Digest] = true
				c.compareBlob(seq, role, ref, row)
			}
		}
		if e.Type == TypeBlobErased {
			c.noteErasure(p.rows[i].seq, e)
		}
	}
	for i := range p.blobs {
		if r := &p.blobs[i]; !named[r.digest] {
			c.problem("blob "+r.digest, "no entry refers to it, not %d as it says", r.seq)
		}
	}
	if len(c.blobs.shared) >= maxShared || len(c.blobs.erasures) > 0 {
		return c.flushBlobs()
	}
	return nil
}

func sortedRoles(refs map[string]BlobRef) []string {
	roles := make([]string, 0, len(refs))
	for role := range refs {
		roles = append(roles, role)
	}
	slices.Sort(roles)
	return roles
}

func (c *databaseCheck) compareBlob(seq int64, role string, ref BlobRef, row *blobRow) {
	if row.size != ref.Size || row.mediaType != ref.MediaType {
		c.problem("blob "+ref.Digest, "it is %d bytes of %.80q, and entry %d refers to %d bytes of %.80q as its %s", row.size, row.mediaType, seq, ref.Size, ref.MediaType, role)
	}
}

func (c *databaseCheck) noteErasure(seq int64, e *Entry) {
	var data ErasedData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		c.problem(fmt.Sprintf("entry %d", seq), "what it erased cannot be read: %v", err)
		return
	}
	slices.Sort(data.Digests)
	c.blobs.erasures = append(c.blobs.erasures, erasure{seq, e.RecordedAt.Format(recordedLayout), slices.Compact(data.Digests)})
}

// flushBlobs looks up what pages left open.
func (c *databaseCheck) flushBlobs() error {
	c.lock.Lock()
	defer c.lock.Unlock()
	digests := make([]string, 0, len(c.blobs.shared))
	for digest := range c.blobs.shared {
		digests = append(digests, digest)
	}
	slices.Sort(digests)
	err := c.lookUp(digests, func(digest string, row *blobRow) {
		s := c.blobs.shared[digest]
		if row == nil || row.seq >= s.seq {
			c.problem("blob "+digest, "entry %d refers to it as its %s, and it is not there", s.seq, s.role)
			return
		}
		c.compareBlob(s.seq, s.role, s.ref, row)
	})
	if err != nil {
		return err
	}
	clear(c.blobs.shared)
	for _, e := range c.blobs.erasures {
		err := c.lookUp(e.digests, func(digest string, row *blobRow) {
			if row == nil || row.erasedSeq.Int64 != e.seq || !row.erasedSeq.Valid || row.erasedAt.String != e.recordedAt {
				c.problem("blob "+digest, "entry %d erased it, and the table does not say so", e.seq)
				return
			}
			c.blobs.erased++
		})
		if err != nil {
			return err
		}
	}
	c.blobs.erasures = nil
	return nil
}

// lookUp finds blobs by their digests, and returns what is stored of each; nil if
// nothing is.
func (c *databaseCheck) lookUp(digests []string, each func(digest string, row *blobRow)) error {
	for chunk := range slices.Chunk(digests, page) {
		args := make([]any, len(chunk))
		for i, d := range chunk {
			args[i] = d
		}
		rows, err := c.queryBlobs("digest IN ("+placeholders(1, len(args))+")", args...)
		if err != nil {
			return fmt.Errorf("look up blobs: %w", err)
		}
		there := map[string]*blobRow{}
		for i := range rows {
			there[rows[i].digest] = &rows[i]
		}
		for _, d := range chunk {
			each(d, there[d])
		}
	}
	return nil
}

// allBlobs checks the content of each blob, one at a time, or that it is gone.
func (c *databaseCheck) allBlobs() error {
	c.lock.Lock()
	defer c.lock.Unlock()
	rows, err := c.conn.QueryContext(c.ctx, `SELECT digest, size, salt, content, plain, erased_at, erased_seq,
 salt IS NOT NULL AND content IS NOT NULL, salt IS NULL AND content IS NULL AND plain IS NULL FROM blobs ORDER BY digest`)
	if err != nil {
		return fmt.Errorf("read the blobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var digest string
		var size int64
		var salt, content, plain sql.RawBytes
		var erasedAt sql.NullString
		var erasedSeq sql.NullInt64
		var kept, gone bool
		if err := rows.Scan(&digest, &size, &salt, &content, &plain, &erasedAt, &erasedSeq, &kept, &gone); err != nil {
			return fmt.Errorf("read the blobs: %w", err)
		}
		where := "blob " + digest
		if erasedAt.Valid || erasedSeq.Valid {
			c.report.Erased++
			if !erasedAt.Valid || !erasedSeq.Valid || !gone {
				c.problem(where, "it was erased, and not all of it is gone")
			}
			continue
		}
		c.report.Blobs++
		sum := sha256.Sum256(content)
		switch {
		case !kept:
			c.problem(where, "its content is gone, and no entry says that it was erased")
		case saltedDigest(salt, content) != digest || int64(len(content)) != size:
			c.problem(where, "its content is another: %d bytes with digest %s", len(content), saltedDigest(salt, content))
		case string(sum[:]) != string(plain):
			c.problem(where, "what it is found by is not the digest of its content")
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the blobs: %w", err)
	}
	if c.report.Erased != c.blobs.erased {
		c.problem("blobs", "%d are erased, and entries account for %d", c.report.Erased, c.blobs.erased)
	}
	return nil
}
