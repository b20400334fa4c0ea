package language

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
)

// zlibMethod is the first byte of everything that cargo-auditable compresses:
// deflate with a window of 32 KiB.
const zlibMethod = 0x78

// maxRustList bounds the list of crates, unpacked, in bytes; a crate takes about
// a hundred.
const maxRustList = 16 << 20

// isAuditable says whether b begins with a compressed list of crates. Some
// compressed data begin in every large program: what counts is what comes out.
func isAuditable(b []byte) bool {
	if len(b) < 8 || (uint(b[0])<<8|uint(b[1]))%31 != 0 || b[1]&0x20 != 0 || b[2]&6 == 6 {
		return false
	}
	r, err := zlib.NewReader(bytes.NewReader(b[:min(len(b), 4<<10)]))
	if err != nil {
		return false
	}
	head := make([]byte, 64)
	n, _ := io.ReadFull(r, head)
	return strings.HasPrefix(strings.Join(strings.Fields(string(head[:n])), ""), `{"packages":[`)
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
