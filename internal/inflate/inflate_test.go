package inflate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// packed is b as compress/gzip packs it.
func packed(t testing.TB, level int, parts ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, b := range parts {
		w, err := gzip.NewWriterLevel(&out, level)
		if err != nil {
			t.Fatal(err)
		}
		w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// unpacked reads all of raw.
func unpacked(raw []byte) ([]byte, error) {
	z, err := NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// samples are bytes of many kinds.
func samples() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise, words, skewed := make([]byte, 700_000), &strings.Builder{}, make([]byte, 900_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for words.Len() < 2_000_000 {
		fmt.Fprintf(words, "%x ", random.Uint32N(5000))
	}
	for i := range skewed {
		for skewed[i] < 255 && random.Uint32N(3) > 0 {
			skewed[i]++
		}
	}
	return map[string][]byte{
		"nothing": nil, "a byte": {'x'}, "zeros": make([]byte, 3_000_000), "noise": noise, "words": []byte(words.String()), "skewed": skewed,
		"short repeats": bytes.Repeat([]byte("abc"), 300_000), "long repeats": bytes.Repeat(noise[:30_000], 20), "one window": noise[:history], "a byte less": noise[:window-1],
	}
}

func TestWhatWasPackedIsUnpacked(t *testing.T) {
	for name, sample := range samples() {
		for _, level := range []int{gzip.NoCompression, gzip.BestSpeed, gzip.DefaultCompression, gzip.BestCompression, gzip.HuffmanOnly} {
			raw := packed(t, level, sample)
			if got, err := unpacked(raw); err != nil || !bytes.Equal(got, sample) {
				t.Errorf("%s at level %d: %d of %d bytes, %v", name, level, len(got), len(sample), err)
			}
		}
	}
}

func TestItDoesNotMatterHowMuchIsReadAtOnce(t *testing.T) {
	sample := samples()["words"][:300_000]
	raw := packed(t, 6, sample[:100_000], nil, sample[100_000:])
	for name, source := range map[string]io.Reader{
		"a byte":             iotest.OneByteReader(bytes.NewReader(raw)),
		"half":               iotest.HalfReader(bytes.NewReader(raw)),
		"the end at once":    iotest.DataErrReader(bytes.NewReader(raw)),
		"bytes to go beyond": io.MultiReader(bytes.NewReader(raw[:5]), bytes.NewReader(raw[5:])),
	} {
		z, err := NewReader(source)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(iotest.OneByteReader(z)); err != nil || !bytes.Equal(got, sample) {
			t.Errorf("%s: %d of %d bytes, %v", name, len(got), len(sample), err)
		}
	}
}

func TestDamageIsAnError(t *testing.T) {
	sample := samples()["words"][:60_000]
	raw := packed(t, 6, sample)
	for cut := range len(raw) {
		if cut > 2000 && cut%97 != 0 && cut < len(raw)-100 {
			continue
		}
		if got, err := unpacked(raw[:cut]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %d bytes and %v", cut, len(got), err)
		}
	}
	for at := 40; at < len(raw); at += 41 {
		bad := bytes.Clone(raw)
		bad[at] ^= 0x10
		if got, err := unpacked(bad); err == nil {
			t.Errorf("byte %d flipped: %d bytes and no error", at, len(got))
		}
	}
	if _, err := unpacked(append(bytes.Clone(raw), "no member"...)); err == nil {
		t.Error("what follows is no error")
	}
	failed := errors.New("the line is broken")
	z, err := NewReader(io.MultiReader(bytes.NewReader(raw[:len(raw)/2]), iotest.ErrReader(failed)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(z); !errors.Is(err, failed) {
		t.Errorf("the error is %v, want %v", err, failed)
	}
}

// What compress/gzip takes and what it gives is what this gives.
func FuzzReader(f *testing.F) {
	for _, sample := range samples() {
		f.Add(packed(f, 6, sample[:min(len(sample), 4000)]))
	}
	f.Add(packed(f, 0, []byte("stored"), []byte("twice")))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		const most = 8 << 20
		want, wantErr := []byte(nil), error(nil)
		if z, err := gzip.NewReader(bytes.NewReader(raw)); err != nil {
			wantErr = err
		} else {
			want, wantErr = io.ReadAll(io.LimitReader(z, most))
		}
		got, err := []byte(nil), error(nil)
		if z, failed := NewReader(bytes.NewReader(raw)); failed != nil {
			err = failed
		} else {
			got, err = io.ReadAll(io.LimitReader(z, most))
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("the error is %v, compress/gzip says %v", err, wantErr)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%d bytes differ from the %d of compress/gzip", len(got), len(want))
		}
	})
}

func BenchmarkReader(b *testing.B) {
	sample := samples()["words"]
	raw := packed(b, 6, sample)
	for name, open := range map[string]func(io.Reader) (io.Reader, error){
		"inflate":       func(r io.Reader) (io.Reader, error) { return NewReader(r) },
		"compress/gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(sample)))
			for b.Loop() {
				z, err := open(bytes.NewReader(raw))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, struct{ io.Reader }{z}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
