package language

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const crates = `{"packages":[{"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[1]},` +
	`{"name":"serde","version":"1.0.1","source":"crates.io"},{"name":"cc","version":"1.0.2","source":"crates.io","kind":"build"},` +
	`{"name":"libc","version":"0.2.3","source":"crates.io","kind":"runtime"}]}`

// crateList is what cargo-auditable leaves in the section .dep-v0.
func crateList(t *testing.T, list string, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(list)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// noise is what compiled code looks like from here, with the first byte of zlib
// in it many times.
func noise(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
		if i > 0 && b[i-1] == zlibMethod && random.IntN(2) == 0 {
			b[i] = 0x9c
		}
	}
	return b
}

// elf is a program of one section after the code, .dep-v0, whose headers stand
// at the end, as linkers of C and Rust write them.
func elf(code, section []byte) []byte {
	const header, headerSize = 64, 64
	names := []byte("\x00.dep-v0\x00.shstrtab\x00")
	b := make([]byte, header)
	copy(b, "\x7fELF\x02\x01\x01")
	b = append(b, code...)
	at := len(b)
	b = append(b, section...)
	namesAt := len(b)
	b = append(b, names...)
	sectionsAt := len(b)
	add := func(name, kind uint32, offset, size int) {
		s := make([]byte, headerSize)
		binary.LittleEndian.PutUint32(s, name)
		binary.LittleEndian.PutUint32(s[4:], kind)
		binary.LittleEndian.PutUint64(s[24:], uint64(offset))
		binary.LittleEndian.PutUint64(s[32:], uint64(size))
		b = append(b, s...)
	}
	add(0, 0, 0, 0)
	add(1, 1, at, len(section))
	add(9, 3, namesAt, len(names))
	binary.LittleEndian.PutUint16(b[16:], 2)
	binary.LittleEndian.PutUint16(b[18:], 62)
	binary.LittleEndian.PutUint32(b[20:], 1)
	binary.LittleEndian.PutUint64(b[40:], uint64(sectionsAt))
	binary.LittleEndian.PutUint16(b[52:], header)
	binary.LittleEndian.PutUint16(b[58:], headerSize)
	binary.LittleEndian.PutUint16(b[60:], 3)
	binary.LittleEndian.PutUint16(b[62:], 2)
	return b
}

func TestRustPrograms(t *testing.T) {
	want := []string{"rustbinary app 0.1.0", "rustbinary serde 1.0.1", "rustbinary libc 0.2.3"}
	many := `{"packages":[` + strings.Repeat(`{"name":"a","version":"1"},`, 20_000) + `{"name":"z","version":"1"}]}`
	section := crateList(t, crates, 9)
	for _, tt := range []struct {
		name   string
		file   []byte
		want   []string
		unread string
	}{
		{"a small one", elf(noise(100), section), want, ""},
		{"compressed in haste", elf(noise(100), crateList(t, crates, 1)), want, ""},
		{"not compressed at all", elf(noise(100), crateList(t, crates, 0)), want, ""},
		{"a list at the border of two windows", elf(noise(windowSize-lookAhead-64-3), section), want, ""},
		{"a list at a window's end", elf(noise(windowSize-64-3), section), want, ""},
		{"a large one", elf(noise(5<<20), section), want, ""},
		{"a list with blanks", elf(noise(100), crateList(t, "{ \"packages\": [\n{\"name\":\"a\",\"version\":\"1\"}]}", 9)), []string{"rustbinary a 1"}, ""},
		{"for Windows", append([]byte("MZ"+strings.Repeat("\x00", 200)), section...), want, ""},
		{"for macOS", append([]byte("\xcf\xfa\xed\xfe"+strings.Repeat("\x00", 200)), section...), want, ""},
		{"for macOS on two processors", append([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x02"+strings.Repeat("\x00", 200)), section...), want, ""},
		{"for WebAssembly", append([]byte("\x00asm\x01\x00\x00\x00"+strings.Repeat("\x00", 200)), section...), want, ""},
		{"one that cargo-auditable did not build", elf(noise(1<<20), []byte("x")), nil, ""},
		{"a list that is cut off", elf(noise(100), section[:len(section)-20])[:64+100+len(section)-20], nil, "damaged"},
		{"a list that is damaged", elf(noise(100), append(section[:60:60], noise(1000)...)), nil, "damaged"},
		{"a list of something else", elf(noise(100), crateList(t, `{"packages":[{"name":1}]}`, 9)), nil, "JSON"},
		{"a Java class", append([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x3d"+strings.Repeat("\x00", 200)), section...), nil, ""},
		{"a script", append([]byte("#!/bin/sh\n"+strings.Repeat("# \n", 60)), section...), nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, unread := analyze(t, "usr/bin/app", tt.file)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			checkUnread(t, "usr/bin/app", unread, tt.unread)
		})
	}
	t.Run("many crates", func(t *testing.T) {
		if got, unread := analyze(t, "usr/bin/app", elf(noise(100), crateList(t, many, 6))); len(got) != 20_001 || len(unread) > 0 {
			t.Errorf("%d packages, %v", len(got), unread)
		}
	})
}

func TestAListOfCratesIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name   string
		size   int
		unread string
	}{
		{"as large as is read", maxRustList, ""},
		{"one byte larger", maxRustList + 1, "larger than the 8 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := crates + strings.Repeat(" ", tt.size-len(crates))
			_, unread := analyze(t, "usr/bin/app", elf(nil, crateList(t, list, 1)))
			checkUnread(t, "usr/bin/app", unread, tt.unread)
		})
	}
}
