// Package inflate unpacks gzip, which is most of the work of reading an image. It
// decodes into one window that it returns, looks eleven bits at a time up and
// writes eight bytes at a time, in about half the time of compress/gzip.
//
// It reads gzip (RFC 1952, RFC 1951) and nothing else: members that follow each
// other are one stream, and each is held to its checksum and length.
package inflate

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

const (
	history = 32 << 10  // bytes back that a match may reach
	window  = 256 << 10 // bytes that are decoded before they are handed out
	slack   = 600       // bytes that one step may write, and more

	inputSize = 64 << 10
	padding   = 32 // bytes after the input that may be looked at
	stepInput = 32 // bytes that one step may take, and more
)

// ErrHeader says that what is read is no gzip.
var ErrHeader = errors.New("gzip: invalid header")

// errShort says that the packed bytes end too early.
var errShort = io.ErrUnexpectedEOF

// errCorrupt says that what is read was damaged.
var errCorrupt = errors.New("gzip: the packed bytes are damaged")

// Reader unpacks a stream.
type Reader struct {
	source io.Reader
	err    error // what Read says once all is handed out

	in    []byte // with padding after it
	ip    int    // the next byte of in
	end   int    // of what was read into in
	eof   bool   // nothing follows what is in in
	bits  uint64
	nbits uint

	out  []byte
	op   int // where decoding goes on
	rd   int // what is not handed out yet
	low  int // where the member begins, as far as it is still there
	crc  uint32
	size uint32

	state func(*Reader) error
	last  bool // of a member's blocks
	left  int  // bytes of a stored block
	lit   [8192]uint32
	dist  [4096]uint32
}

// NewReader unpacks r. An error says that r failed or is no gzip.
func NewReader(r io.Reader) (*Reader, error) {
	z := &Reader{source: r, in: make([]byte, inputSize+padding), out: make([]byte, history+window+slack), op: history, rd: history}
	if err := z.header(); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return z, nil
}

// Read returns unpacked bytes. At the end of damaged bytes it gives an error
// instead of io.EOF.
func (z *Reader) Read(p []byte) (int, error) {
	for z.rd == z.op {
		if z.err != nil {
			return 0, z.err
		}
		if z.op >= history+window {
			copy(z.out, z.out[z.op-history:z.op])
			z.low = max(0, z.low-(z.op-history))
			z.op, z.rd = history, history
		}
		from := z.op
		z.err = z.why(z.state(z))
		z.crc = crc32.Update(z.crc, crc32.IEEETable, z.out[from:z.op])
		z.size += uint32(z.op - from)
	}
	n := copy(p, z.out[z.rd:z.op])
	z.rd += n
	return n, nil
}

// why distinguishes damaged bytes from bytes that end too early, which are then
// followed by zeros.
func (z *Reader) why(err error) error {
	if errors.Is(err, errCorrupt) && z.eof && z.ip-int(z.nbits/8)+8 > z.end {
		return errShort
	}
	return err
}

// fill makes sure that stepInput bytes can be taken, or all that there are.
func (z *Reader) fill() error {
	for z.end-z.ip < stepInput && !z.eof {
		kept := min(z.ip, 8) // which may be given back
		z.end = copy(z.in, z.in[z.ip-kept:z.end])
		z.ip = kept
		n, err := z.source.Read(z.in[z.end:inputSize])
		z.end += n
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if z.eof = err != nil; z.eof {
			clear(z.in[z.end : z.end+padding])
		}
	}
	return nil
}

// whole gives back the bits that are no whole byte, and the bytes that were taken
// too early.
func (z *Reader) whole() error {
	z.ip -= int(z.nbits / 8)
	z.bits, z.nbits = 0, 0
	if z.ip > z.end {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// next is the next byte. Only between whole bytes.
func (z *Reader) next() (byte, error) {
	if z.ip == z.end {
		if err := z.fill(); err != nil {
			return 0, err
		}
		if z.ip == z.end {
			return 0, io.EOF
		}
	}
	z.ip++
	return z.in[z.ip-1], nil
}

// number32 is the next four bytes.
func (z *Reader) number32() (uint32, error) {
	var raw [4]byte
	for i := range raw {
		b, err := z.next()
		if err != nil {
			return 0, cut(err)
		}
		raw[i] = b
	}
	return binary.LittleEndian.Uint32(raw[:]), nil
}

// cut is err, where an end is one too early.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// maxText bounds the name and the comment of a member, in bytes.
const maxText = 512

// header reads a member's head. io.EOF: there is no further member.
func (z *Reader) header() error {
	head, err := z.some(nil, 10)
	if errors.Is(err, io.EOF) && len(head) == 0 {
		return io.EOF
	}
	if err != nil {
		return cut(err)
	}
	if head[0] != 0x1f || head[1] != 0x8b || head[2] != 8 {
		return ErrHeader
	}
	flags := head[3]
	if flags&4 != 0 { // extra
		if head, err = z.some(head, 2); err != nil {
			return cut(err)
		}
		if head, err = z.some(head, int(binary.LittleEndian.Uint16(head[10:]))); err != nil {
			return cut(err)
		}
	}
	for _, text := range []byte{8, 16} { // a name, a comment
		if flags&text == 0 {
			continue
		}
		for n := 0; n == 0 || head[len(head)-1] != 0; n++ {
			if n == maxText {
				return ErrHeader
			}
			if head, err = z.some(head, 1); err != nil {
				return cut(err)
			}
		}
	}
	if flags&2 != 0 {
		sum := uint16(crc32.ChecksumIEEE(head))
		if head, err = z.some(head, 2); err != nil {
			return cut(err)
		}
		if binary.LittleEndian.Uint16(head[len(head)-2:]) != sum {
			return ErrHeader
		}
	}
	z.crc, z.size, z.last, z.low, z.state = 0, 0, false, z.op, (*Reader).block
	return nil
}

// some adds the next n bytes to head.
func (z *Reader) some(head []byte, n int) ([]byte, error) {
	for range n {
		b, err := z.next()
		if err != nil {
			return head, err
		}
		head = append(head, b)
	}
	return head, nil
}

// trailer holds a member to its checksum and length, and begins the next.
func (z *Reader) trailer() error {
	if err := z.whole(); err != nil {
		return err
	}
	crc, err := z.number32()
	if err != nil {
		return err
	}
	size, err := z.number32()
	if err != nil {
		return err
	}
	if crc != z.crc || size != z.size {
		return errors.New("gzip: invalid checksum")
	}
	return z.header()
}

// block reads a block's head.
func (z *Reader) block() error {
	if z.last {
		return z.trailer()
	}
	head, err := z.take(3)
	if err != nil {
		return err
	}
	z.last = head&1 != 0
	switch head >> 1 {
	case 0:
		return z.stored()
	case 1:
		err = z.fixed()
	case 2:
		err = z.dynamic()
	default:
		err = errCorrupt
	}
	if err != nil {
		return err
	}
	z.state = (*Reader).decode
	return nil
}

// take is the next n bits, 16 at most.
func (z *Reader) take(n uint) (uint32, error) {
	if z.nbits < n {
		if err := z.refill(); err != nil {
			return 0, err
		}
	}
	value := uint32(z.bits & (1<<n - 1))
	z.bits >>= n
	z.nbits -= n
	return value, nil
}

// stored begins a block that is not packed.
func (z *Reader) stored() error {
	if err := z.whole(); err != nil {
		return err
	}
	n, err := z.number32()
	if err != nil {
		return err
	}
	if uint16(n) != ^uint16(n>>16) {
		return errCorrupt
	}
	z.left, z.state = int(n&0xffff), (*Reader).copy
	return nil
}

// copy goes on with such a block.
func (z *Reader) copy() error {
	for z.left > 0 && z.op < history+window {
		if z.ip == z.end {
			if err := z.fill(); err != nil {
				return err
			}
			if z.ip == z.end {
				return io.ErrUnexpectedEOF
			}
		}
		n := copy(z.out[z.op:history+window], z.in[z.ip:min(z.end, z.ip+z.left)])
		z.op, z.ip, z.left = z.op+n, z.ip+n, z.left-n
	}
	if z.left == 0 {
		z.state = (*Reader).block
	}
	return nil
}

// An entry of a table: how many bits it takes (0-4), how many more follow (8-12),
// what it is (13-15), and the literal, the length or the distance (16-31).
const (
	literal = 1 << 13
	deeper  = 1 << 14 // the bits that follow choose from another part of the table
	special = 1 << 15 // the end of a block, or, with any value, no code
	invalid = special | 1<<16
)

const (
	litBits  = 11
	distBits = 8
)

// decode unpacks until the window is full or the block ends.
func (z *Reader) decode() error {
	for z.op < history+window {
		if err := z.fill(); err != nil {
			return err
		}
		limit := z.end - stepInput
		if z.eof {
			limit = z.end + 8 // what is left may be in z.bits
		}
		done, err := z.steps(limit)
		if err != nil {
			return err
		}
		if z.ip-int(z.nbits/8) > z.end {
			return io.ErrUnexpectedEOF
		}
		if done {
			z.state = (*Reader).block
			return nil
		}
	}
	return nil
}

// steps decodes while no more than limit of the input was taken, and says whether
// the block ended.
func (z *Reader) steps(limit int) (done bool, err error) {
	in, ip, b, n := z.in, z.ip, z.bits, z.nbits
	out, op := z.out, z.op
	low, lit, dist := z.low, &z.lit, &z.dist
	for ip <= limit && op < history+window {
		b |= binary.LittleEndian.Uint64(in[ip:]) << (n & 63)
		ip += int((63 - n) >> 3)
		n |= 56
		e := lit[b&(1<<litBits-1)]
		for i := 0; i < 3 && e&literal != 0; i++ {
			b >>= e & 31
			n -= uint(e & 31)
			out[op] = byte(e >> 16)
			op++
			e = lit[b&(1<<litBits-1)]
		}
		if e&literal != 0 {
			continue
		}
		if e&deeper != 0 {
			b >>= litBits
			n -= litBits
			e = lit[(e>>16+uint32(b)&(1<<(e>>8&31)-1))&8191]
			if e&literal != 0 {
				b >>= e & 31
				n -= uint(e & 31)
				out[op] = byte(e >> 16)
				op++
				continue
			}
		}
		if e&special != 0 {
			if e>>16 != 0 {
				err = errCorrupt
				break
			}
			b >>= e & 31
			n -= uint(e & 31)
			done = true
			break
		}
		var length, back int
		length, b, n = number(e, b, n)
		if n < 32 {
			b |= binary.LittleEndian.Uint64(in[ip:]) << (n & 63)
			ip += int((63 - n) >> 3)
			n |= 56
		}
		e = dist[b&(1<<distBits-1)]
		if e&deeper != 0 {
			b >>= distBits
			n -= distBits
			e = dist[(e>>16+uint32(b)&(1<<(e>>8&31)-1))&4095]
		}
		if e&special != 0 {
			err = errCorrupt
			break
		}
		back, b, n = number(e, b, n)
		from := op - back
		if from < low {
			err = errCorrupt
			break
		}
		repeat(out, op, from, length)
		op += length
	}
	z.ip, z.bits, z.nbits, z.op = ip, b, n, op
	return done, err
}

// number is the length or the distance of an entry, with the bits that belong to
// it, and what is left of the n bits in b.
func number(e uint32, b uint64, n uint) (int, uint64, uint) {
	extra := e >> 8 & 31
	b >>= e & 31
	return int(e>>16) + int(b&(1<<extra-1)), b >> extra, n - uint(e&31+extra)
}
