package language

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
)

// zlibMethod is the first byte of everything that cargo-auditable compresses:
// deflate with a window of 32 KiB.
const zlibMethod = 0x78

// maxRustList bounds the list of crates, unpacked, in bytes; a crate takes about
// a hundred.
const maxRustList = 8 << 20

// unpacker tries what a compressed text begins with. It is used again and again:
// something that could be one begins every 16 KiB of a program.
type unpacker struct {
	in   bytes.Reader
	zlib io.ReadCloser
	head [64]byte
}

// isAuditable reports whether b begins with a compressed list of crates: what counts
// is what comes out.
func (u *unpacker) isAuditable(b []byte) bool {
	if len(b) < 8 || (uint(b[0])<<8|uint(b[1]))%31 != 0 || b[1]&0x20 != 0 || b[2]&6 == 6 {
		return false
	}
	u.in.Reset(b[:min(len(b), 4<<10)])
	var err error
	if again, ok := u.zlib.(zlib.Resetter); ok {
		err = again.Reset(&u.in, nil)
	} else {
		u.zlib, err = zlib.NewReader(&u.in)
	}
	if err != nil {
		return false
	}
	n, _ := io.ReadFull(u.zlib, u.head[:])
	return beginsList(u.head[:n])
}

// beginsList reports whether the text is JSON that begins with packages.
func beginsList(text []byte) bool {
	for _, word := range []string{"{", `"packages"`, ":", "["} {
		var ok bool
		if text, ok = bytes.CutPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte(word)); !ok {
			return false
		}
	}
	return true
}

// readRust reads the list of crates that begins i bytes further on.
func (p *program) readRust(i int) error {
	p.kind = &kind{name: "rustbinary"}
	if err := p.skip(i); err != nil {
		return err
	}
	r, err := zlib.NewReader(p.in)
	if err != nil {
		return fmt.Errorf("the list of crates in the Rust program is damaged: %w", err)
	}
	raw, err := readAll(r, maxRustList)
	if err != nil {
		return fmt.Errorf("the list of crates in the Rust program is damaged: %w", err)
	}
	return p.addRust(raw)
}

// addRust adds the crates that are in the program, not those that built it.
func (f *file) addRust(raw []byte) error {
	var list struct {
		Packages []struct {
			Name    string  `json:"name"`
			Version string  `json:"version"`
			Kind    *string `json:"kind"` // runtime where it is missing
		} `json:"packages"`
	}
	if err := decodeJSON(raw, &list); err != nil {
		return fmt.Errorf("the list of crates in the Rust program: %w", err)
	}
	for _, crate := range list.Packages {
		if crate.Kind == nil || *crate.Kind == "runtime" {
			f.add(crate.Name, crate.Version)
		}
	}
	return nil
}
