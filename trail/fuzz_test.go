package trail

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/prodgate/prodgate/internal/canonical"
)

// leafOf is an event as it is written.
func leafOf(t testing.TB, e Event) []byte {
	b, err := leaf(e, began, true, map[string]BlobRef{BlobInput: {Digest: someDigest, MediaType: "text/plain", Size: 7}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What the scan finds in a leaf is what parsing it finds.
func FuzzLeaf(f *testing.F) {
	f.Add(leafOf(f, event()))
	f.Add(leafOf(f, plain()))
	f.Add(leafOf(f, event(func(e *Event) {
		e.Service, e.Data = "a\"\\\u2028é", json.RawMessage(`{"policy":{"digest":7},"outcome":["x"]}`)
	})))
	f.Add(leafOf(f, event(func(e *Event) { e.Digest, e.Data = "", json.RawMessage(`{"policy":[{}],"outcome":"\"}"}`) })))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","predicate":{"id":"","type":"x","recordedAt":"x","data":{"policy":{"digest":"\u0000"}}},"subject":[{"digest":{}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		entry, err := parseLeaf(body)
		s, ok := scanLeaf(body)
		if err != nil || !ok {
			return
		}
		canonical, err := canonical.Transform(body)
		if err != nil || !bytes.Equal(canonical, body) || oddNames(body) {
			return // no recorder writes it
		}
		if entry.RecordedAt.Format(recordedLayout) != s.columns[2].String {
			return // nor this time
		}
		if want := expectedColumns(&entry); !emptyIsNull(s.columns, want) {
			t.Errorf("scanned %v, parsed %v", s.columns, want)
		}
		if !same(s.refs, entry.Refs) {
			t.Errorf("scanned %v, parsed %v", s.refs, entry.Refs)
		}
	})
}

// oddNames reports whether a member is named like one of ours but for its case:
// encoding/json takes it for ours.
func oddNames(body []byte) bool {
	lower := bytes.ToLower(body)
	for _, name := range []string{"_type", "subject", "predicateType", "predicate", "id", "type", "occurredAt", "recordedAt", "service", "environment", "digest", "sha256",
		"request", "deployment", "mode", "data", "policy", "outcome", "blobs", "size", "media_type", "artifact", "run", "now", "writer", "name", "clockRegressed"} {
		quoted := []byte(`"` + name + `":`)
		if bytes.Count(lower, bytes.ToLower(quoted)) != bytes.Count(body, quoted) {
			return true
		}
	}
	return bytes.Contains(body, []byte("\u017f")) || bytes.Contains(body, []byte("\u212a")) || bytes.Contains(body, []byte("null"))
}

// emptyIsNull compares columns; an empty text is never written.
func emptyIsNull[S ~[]E, E comparable](a, b S) bool {
	if slices.Equal(a, b) {
		return true
	}
	for i := range a {
		x, _ := json.Marshal(a[i])
		if a[i] != b[i] && !bytes.Contains(x, []byte(`"String":""`)) {
			return false
		}
	}
	return true
}

// A checkpoint that is read is written the same again, and no bytes of others
// make it panic.
func FuzzCheckpoint(f *testing.F) {
	private, public, err := note.GenerateKey(rand.Reader, "example.com/log")
	if err != nil {
		f.Skip(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		f.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		f.Fatal(err)
	}
	signed, err := checkpoint{origin: "example.com/log", size: 7, previous: linkTo(6, "x")}.sign(signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add("example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example.com/log AAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := openCheckpoint(text, verifier); err == nil && text != signed {
			t.Errorf("a checkpoint that was not signed: %+v", c)
		}
		if c, err := parseCheckpoint(unsigned(text)); err == nil {
			again, err := parseCheckpoint(c.text())
			if err != nil || !same(again.size, c.size) || again.root != c.root || again.origin != c.origin {
				t.Errorf("%+v is read again as %+v, %v", c, again, err)
			}
		}
	})
}

// A bundle that is taken apart is put together the same.
func FuzzBundle(f *testing.F) {
	f.Add([]byte{0, 1, 'x', 0, 0}, 2)
	f.Fuzz(func(t *testing.T, bundle []byte, count int) {
		entries, err := splitBundle(bundle, min(max(count, 0), tileWidth))
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			if again, err = appendEntry(again, e); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again, bundle) {
			t.Errorf("%x was put together as %x", bundle, again)
		}
	})
}

// Whatever data an event has, it is refused, or comes back as canonical JSON
// that says the same, and both databases read it.
func FuzzData(f *testing.F) {
	f.Add([]byte(`{"a":1.50,"b":[null,true,"\u00e9"],"c":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e := plain()
		e.Data = data
		if err := e.check(); err != nil {
			return
		}
		body, err := leaf(e, began, false, nil)
		if err != nil {
			return
		}
		entry, err := parseLeaf(body)
		if err != nil {
			t.Fatal(err)
		}
		again, err := leaf(entry.Event, began, false, nil)
		if err != nil || !bytes.Equal(again, body) {
			t.Errorf("%s\nwas written again as\n%s, %v", body, again, err)
		}
		if len(data) > 0 {
			var x, y any
			if json.Unmarshal(data, &x) != nil || json.Unmarshal(entry.Data, &y) != nil || !same(x, y) {
				t.Errorf("%s came back as %s", data, entry.Data)
			}
		}
	})
}

// A receipt of anybody's making is refused without a panic.
func FuzzReceipt(f *testing.F) {
	private, public, err := note.GenerateKey(rand.Reader, "example.com/log")
	if err != nil {
		f.Skip(err)
	}
	signer, _ := note.NewSigner(private)
	verifier, _ := note.NewVerifier(public)
	signed, err := checkpoint{origin: "example.com/log", size: 7}.sign(signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(int64(3), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
	f.Fuzz(func(t *testing.T, seq int64, hash, proof string) {
		r := Receipt{ID: "x", Seq: seq, LeafHash: hash, RecordedAt: time.Time{}, Checkpoint: signed, Proof: []string{proof, proof, proof}}
		if err := r.Verify(verifier); err == nil {
			t.Error("a receipt that proves nothing was accepted")
		}
	})
}
