package trail

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// verifyPage is how many entries are looked at together.
const verifyPage = 512

// pageOf is a part of the log, as its tables have it.
type pageOf struct {
	rows        []entryRow
	first, end  int64 // sequence numbers: [first, end) is what should be here
	hashes      []hashRow
	checkpoints []checkpointRow
	blobs       []blobRow
	ready       chan struct{} // closed when the entries were examined
}

type entryRow struct {
	seq     int64
	body    []byte
	columns []sql.NullString

	// What examine finds.
	hash  tlog.Hash
	entry Entry
	wrong []string
}

type hashRow struct {
	position int64
	hash     []byte
}

type checkpointRow struct {
	size int64
	note string
}

// examine looks at an entry alone: its hash, its form, its generated columns.
func (r *entryRow) examine() {
	if r.body == nil {
		r.wrong = append(r.wrong, fmt.Sprintf("it is longer than the %d bytes of an entry", maxLeaf))
		return
	}
	r.hash = tlog.RecordHash(r.body)
	s, ok := scanLeaf(r.body)
	if !ok {
		entry, err := parseLeaf(r.body)
		if err != nil {
			r.wrong = append(r.wrong, err.Error())
			return
		}
		entry.Body = nil
		r.entry = entry
		s = scanned{columns: expectedColumns(&entry), refs: entry.Refs}
	}
	r.entry.Refs = s.refs
	r.body = nil
	for i, want := range s.columns {
		if got := r.columns[i]; got != want {
			r.wrong = append(r.wrong, fmt.Sprintf("column %s is %s, and the leaf says %s", columns[i].name, shown(got), shown(want)))
		}
	}
}

// expectedColumns computes the generated columns of an entry, in their order.
func expectedColumns(e *Entry) []sql.NullString {
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
	return []sql.NullString{
		text(e.ID), text(e.Type), text(e.RecordedAt.Format(recordedLayout)), text(e.Service), text(e.Environment),
		text(strings.TrimPrefix(e.Digest, "sha256:")), text(e.Deployment), text(e.Mode), policyOf(e.Data),
	}
}

// policyOf finds the policy's digest in an event's data, where it is a text.
func policyOf(data json.RawMessage) (digest sql.NullString) {
	var d struct{ Policy json.RawMessage }
	var p struct{ Digest json.RawMessage }
	if len(data) == 0 || json.Unmarshal(data, &d) != nil || len(d.Policy) == 0 || d.Policy[0] != '{' || json.Unmarshal(d.Policy, &p) != nil {
		return digest
	}
	if len(p.Digest) > 0 && p.Digest[0] == '"' {
		digest.Valid = json.Unmarshal(p.Digest, &digest.String) == nil
	}
	return digest
}

func shown(s sql.NullString) string {
	if !s.Valid {
		return "empty"
	}
	return fmt.Sprintf("%.80q", s.String)
}

// pages reads the log from its begin to its end: one goroutine reads, others
// examine what it read, and take gets the pages in their order. It returns when
// all are done.
func (v *verification) pages(read func(first int64) (*pageOf, error), size int64, take func(*pageOf) error) error {
	workers := runtime.GOMAXPROCS(0)
	work := make(chan *pageOf, 2*workers)
	ordered := make(chan *pageOf, 2*workers)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for p := range work {
				for i := range p.rows {
					p.rows[i].examine()
				}
				close(p.ready)
			}
		})
	}
	var failed error
	group.Go(func() {
		defer close(ordered)
		defer close(work)
		defer contain("read", &failed)
		for first := int64(0); first < size; first += verifyPage {
			p, err := read(first)
			if err != nil {
				failed = err
				return
			}
			select {
			case work <- p:
			case <-stop:
				return
			}
			select {
			case ordered <- p:
			case <-stop:
				return
			}
		}
	})
	var err error
	for p := range ordered {
		<-p.ready
		if err == nil {
			if err = take(p); err != nil {
				close(stop)
			}
		}
	}
	group.Wait()
	if err == nil {
		err = failed
	}
	return err
}
