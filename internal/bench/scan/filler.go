package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// filler makes what fills an image: text, like sources and documentation, and
// records like those of programs, each about half of it. Gzip makes about two
// fifths of it, as it does of a Debian image with an application.
type filler struct {
	random *rand.Rand
	words  []string
}

func newFiller(seed byte) *filler {
	f := &filler{random: rand.New(rand.NewChaCha8([32]byte{seed}))}
	const letters = "etaoinshrdlucmfwypvbgkjqxz_"
	for range 6000 {
		word := make([]byte, 2+f.random.IntN(9))
		for i := range word {
			word[i] = letters[min(f.random.IntN(len(letters)), f.random.IntN(len(letters)))]
		}
		f.words = append(f.words, string(word))
	}
	return f
}

// file is a file of that many bytes.
func (f *filler) file(size int) []byte {
	out := make([]byte, 0, size+64)
	for len(out) < size {
		end := min(size, len(out)+64<<10)
		if f.random.IntN(2) == 0 {
			out = f.text(out, end)
		} else {
			out = f.records(out, end)
		}
	}
	return out[:size]
}

// text is lines of words, of which few are frequent.
func (f *filler) text(out []byte, end int) []byte {
	for len(out) < end {
		for range 4 + f.random.IntN(10) {
			at := f.random.IntN(len(f.words))
			at = at * at / len(f.words) * f.random.IntN(len(f.words)) / len(f.words)
			out = append(out, f.words[at]...)
			out = append(out, ' ')
		}
		if f.random.IntN(4) == 0 {
			out = fmt.Appendf(out, "(%d);", f.random.IntN(1000))
		}
		out = append(out, '\n')
		if f.random.IntN(5) == 0 {
			out = f.again(out, 100)
		}
	}
	return out
}

// again repeats a stretch of what was written shortly before, as sources repeat
// phrases and compilers sequences: about so many bytes.
func (f *filler) again(out []byte, about int) []byte {
	if len(out) < 20<<10 {
		return out
	}
	at := len(out) - 1<<10 - f.random.IntN(16<<10)
	return append(out, out[at:at+about/2+f.random.IntN(about)]...)
}

// records are like the instructions and tables of a program: short, with some
// fields out of few, small offsets, and now and then an address.
func (f *filler) records(out []byte, end int) []byte {
	opcodes := [...]string{"\x48\x8b", "\x48\x89", "\xe8", "\x0f\x84", "\x4c\x8d", "\x31\xc0", "\xc3", "\x55"}
	for len(out) < end {
		out = append(out, opcodes[min(f.random.IntN(len(opcodes)), f.random.IntN(len(opcodes)))]...)
		switch f.random.IntN(4) {
		case 0:
			out = append(out, byte(f.random.IntN(256)))
		case 1:
			out = binary.LittleEndian.AppendUint32(out, uint32(f.random.IntN(1<<16)))
		case 2:
			out = append(out, byte(8*f.random.IntN(16)), 0)
		}
		if f.random.IntN(8) == 0 {
			out = f.again(out, 24)
		}
	}
	return out
}
