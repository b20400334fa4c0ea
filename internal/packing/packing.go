// Package packing recognises how bytes are packed, by their first bytes, and
// unpacks gzip and zstd. It does not bound what it unpacks to, unless a function
// says so.
package packing

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/prodgate/prodgate/internal/inflate"
)

// Head is how many of the first bytes Of looks at.
const Head = 8

// maxWindow bounds the window of zstd, in bytes; its encoders use 8 MiB unless
// specified.
const maxWindow = 32 << 20

// magics are the first bytes of what is packed.
var magics = []struct{ name, magic string }{
	{"gzip", "\x1f\x8b"}, {"zstd", "\x28\xb5\x2f\xfd"}, {"bzip2", "BZh"}, {"xz", "\xfd7zXZ\x00"}, {"lz4", "\x04\x22\x4d\x18"}, {"zip", "PK\x03\x04"}, {"7z", "7z\xbc\xaf\x27\x1c"},
}

// Of is how what begins with head is packed: gzip, zstd, bzip2, xz, lz4, zip or
// 7z. It is empty for everything else. A skippable frame first (RFC 8878, 3.1.2)
// is zstd, as for container runtimes.
func Of(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.name
		}
	}
	if len(head) >= 4 && binary.LittleEndian.Uint32(head)&0xfffffff0 == 0x184d2a50 {
		return "zstd"
	}
	return ""
}

// Unpack is the unpacked bytes of r, which is packed as name says (Of). Of what
// is neither gzip nor zstd it is r itself. Call end.
func Unpack(r io.Reader, name string) (unpacked io.Reader, end func(), err error) {
	switch name {
	case "gzip":
		z, err := inflate.NewReader(r)
		return z, func() {}, err
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return r, func() {}, nil
}

// Stream is the unpacked bytes of r, however Of says that they are packed. Call end.
func Stream(r *bufio.Reader) (unpacked io.Reader, end func(), err error) {
	head, err := r.Peek(Head)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	return Unpack(r, Of(head))
}

// Bytes unpacks content to at most max bytes; more is an error, and so is a
// packing that is not read. What is not packed is returned as it is.
func Bytes(content []byte, max int64) (unpacked []byte, err error) {
	name := Of(content)
	switch name {
	case "":
		return content, nil
	case "gzip", "zstd":
	default:
		return nil, Unread(name)
	}
	defer func() {
		if reason := recover(); reason != nil {
			unpacked, err = nil, fmt.Errorf("unpack it (%s): %v", name, reason)
		}
	}()
	r, end, err := Unpack(bytes.NewReader(content), name)
	if err != nil {
		return nil, fmt.Errorf("unpack it (%s): %w", name, err)
	}
	defer end()
	unpacked, err = io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return nil, fmt.Errorf("unpack it (%s): %w", name, err)
	}
	if int64(len(unpacked)) > max {
		return nil, fmt.Errorf("it is packed (%s), and unpacks to more than %d bytes", name, max)
	}
	return unpacked, nil
}

// Unread is the error of a packing that is not read.
func Unread(name string) error {
	return fmt.Errorf("it is packed (%s): unpack it first; gzip and zstd are read packed", name)
}
