package packing

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

const text = "what is packed"

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t testing.TB, content []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(content, nil)
}

// skippable is a frame of zstd that holds no content (RFC 8878, 3.1.2).
func skippable(nibble byte) []byte {
	return []byte{0x50 | nibble, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'a', 'b', 'c', 'd'}
}

func TestWhatIsPackedIsUnpacked(t *testing.T) {
	packed := map[string][]byte{"nothing": []byte(text), "gzip": gzipped(t, []byte(text)), "zstd": zstandard(t, []byte(text))}
	for nibble := range byte(16) {
		packed["zstd after a skippable frame "+string('a'+rune(nibble))] = append(skippable(nibble), packed["zstd"]...)
	}
	packed["two of them"] = append(append(skippable(0), skippable(15)...), packed["zstd"]...)
	for name, content := range packed {
		got, err := Bytes(content, 100)
		if err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		r, end, err := Stream(bufio.NewReader(bytes.NewReader(content)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != text {
			t.Errorf("%s, as a stream: %q, %v", name, got, err)
		}
		end()
	}
}

func TestErrorsOfUnpackingNameTheCompression(t *testing.T) {
	long := []byte(strings.Repeat(text, 1000))
	for name, tt := range map[string]struct {
		content []byte
		want    string
	}{
		"gzip that is cut off":   {gzipped(t, long)[:20], "gzip"},
		"zstd that is cut off":   {zstandard(t, long)[:20], "zstd"},
		"gzip that unpacks long": {gzipped(t, long), "it is packed (gzip), and unpacks to more than 100 bytes"},
		"zstd that unpacks long": {zstandard(t, long), "it is packed (zstd), and unpacks to more than 100 bytes"},
		"xz":                     {[]byte("\xfd7zXZ\x00\x00"), "it is packed (xz): unpack it first"},
		"bzip2":                  {[]byte("BZh91AY"), "it is packed (bzip2): unpack it first"},
		"a zip archive":          {[]byte("PK\x03\x04\x14"), "it is packed (zip): unpack it first"},
	} {
		if got, err := Bytes(tt.content, 100); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
		}
	}
}

// Whatever is unpacked, it ends within the limit.
func FuzzBytes(f *testing.F) {
	for _, seed := range [][]byte{nil, []byte(text), gzipped(f, []byte(text)), zstandard(f, []byte(text)), append(skippable(3), zstandard(f, []byte(text))...), []byte("BZh")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := Bytes(content, 1<<16)
		if err == nil && len(got) > 1<<16 && Of(content) != "" {
			t.Errorf("%d bytes", len(got))
		}
	})
}
