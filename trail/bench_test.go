package trail

import (
	"path/filepath"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	l, err := Open(b.Context(), filepath.Join(b.TempDir(), "T.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		e := event()
		e.Blobs = nil
		if _, err := l.Append(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	path := filepath.Join(b.TempDir(), "T.db")
	l, err := Open(b.Context(), path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	const entries = 20 * 1000
	for range entries / 1000 {
		events := make([]Event, 1000)
		for i := range events {
			events[i] = event(func(e *Event) { e.Blobs = nil })
		}
		if _, err := l.Append(b.Context(), events...); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if r, err := Verify(b.Context(), path, VerifyOptions{}); err != nil || r.Verdict != Intact {
			b.Fatal(err, r)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/entries, "ns/entry")
}
