package inflate

import (
	"encoding/binary"
	"math/bits"
)

const (
	literals  = 286 // that may have codes
	distances = 30
	longest   = 15 // bits of a code
)

// lengthOf and distanceOf are what a symbol stands for: the least value, and how
// many bits are added to it (RFC 1951, 3.2.5).
var (
	lengthOf   = bases(29, 4, 3)
	distanceOf = bases(30, 2, 1)
)

// bases are n symbols of which every few take one bit more.
func bases(n, every, least int) [][2]uint32 {
	list := make([][2]uint32, n)
	for i := range list {
		extra := max(0, i/every-1)
		list[i] = [2]uint32{uint32(least), uint32(extra)}
		least += 1 << extra
	}
	if every == 4 {
		list[n-1] = [2]uint32{258, 0}
	}
	return list
}

// litEntry is the entry of a literal, of a length or of the block's end.
func litEntry(symbol int) uint32 {
	switch {
	case symbol < 256:
		return literal | uint32(symbol)<<16
	case symbol == 256:
		return special
	case symbol < literals:
		l := lengthOf[symbol-257]
		return l[0]<<16 | l[1]<<8
	}
	return invalid
}

// distEntry is the entry of a distance.
func distEntry(symbol int) uint32 {
	if symbol < distances {
		d := distanceOf[symbol]
		return d[0]<<16 | d[1]<<8
	}
	return invalid
}

// plainEntry is the entry of a symbol that stands for itself.
func plainEntry(symbol int) uint32 { return uint32(symbol) << 16 }

// build fills table for codes of those lengths, 0 for none. The first 1<<root
// entries are looked up; longer codes have parts of their own behind.
func build(table []uint32, root int, lengths []uint8, entry func(symbol int) uint32) error {
	var count, next [longest + 1]int
	most := 0
	for _, l := range lengths {
		count[l]++
		most = max(most, int(l))
	}
	count[0] = 0
	code, used := 0, 0
	for l := 1; l <= most; l++ {
		code = (code + count[l-1]) << 1
		next[l] = code
		used += count[l] << (longest - l)
	}
	// A code is complete, or is one bit alone, or is none at all.
	if used != 1<<longest && used != 0 && (used != 1<<(longest-1) || most != 1) {
		return errCorrupt
	}
	for i := range table[:1<<root] {
		table[i] = invalid
	}
	free, below := 1<<root, max(0, most-root)
	for symbol, l := range lengths {
		if l == 0 {
			continue
		}
		turned := int(bits.Reverse16(uint16(next[l])) >> (16 - l))
		next[l]++
		e, first, step, last := entry(symbol)|uint32(l), turned, 1<<l, 1<<root
		if int(l) > root {
			at := turned & (1<<root - 1)
			if table[at]&deeper == 0 {
				if free+1<<below > len(table) {
					return errCorrupt
				}
				table[at] = deeper | uint32(below)<<8 | uint32(free)<<16
				for i := range table[free : free+1<<below] {
					table[free+i] = invalid
				}
				free += 1 << below
			}
			part := int(table[at] >> 16)
			e = entry(symbol) | uint32(int(l)-root)
			first, step, last = part+turned>>root, 1<<(int(l)-root), part+1<<below
		}
		for ; first < last; first += step {
			table[first] = e
		}
	}
	return nil
}

// fixed sets the tables of blocks that bring none.
func (z *Reader) fixed() error {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	if err := build(z.lit[:], litBits, lengths[:], litEntry); err != nil {
		return err
	}
	var five [32]uint8
	for i := range five {
		five[i] = 5
	}
	return build(z.dist[:], distBits, five[:], distEntry)
}

// order is in which the lengths of the codes of lengths come.
var order = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the tables that a block brings.
func (z *Reader) dynamic() error {
	counts, err := z.take(14)
	if err != nil {
		return err
	}
	lits, dists, codes := int(counts&31)+257, int(counts>>5&31)+1, int(counts>>10)+4
	if lits > literals || dists > distances {
		return errCorrupt
	}
	var small [19]uint8
	for _, i := range order[:codes] {
		l, err := z.take(3)
		if err != nil {
			return err
		}
		small[i] = uint8(l)
	}
	if err := build(z.dist[:], distBits, small[:], plainEntry); err != nil {
		return err
	}
	var lengths [literals + distances]uint8
	last, begun := uint8(0), false
	for i := 0; i < lits+dists; {
		symbol, err := z.symbol()
		if err != nil {
			return err
		}
		if symbol < 16 {
			last, begun = uint8(symbol), true
			lengths[i] = last
			i++
			continue
		}
		times, width, value := 3, uint(2), uint8(0)
		switch symbol {
		case 16:
			if !begun {
				return errCorrupt
			}
			value = last
		case 17:
			width = 3
		default:
			times, width = 11, 7
		}
		more, err := z.take(width)
		if err != nil {
			return err
		}
		if times += int(more); i+times > lits+dists {
			return errCorrupt
		}
		last, begun = value, true
		for range times {
			lengths[i] = value
			i++
		}
	}
	if err := build(z.lit[:], litBits, lengths[:lits], litEntry); err != nil {
		return err
	}
	return build(z.dist[:], distBits, lengths[lits:lits+dists], distEntry)
}

// symbol reads the length of a code, or how often one is repeated.
func (z *Reader) symbol() (uint32, error) {
	if z.nbits < longest {
		if err := z.refill(); err != nil {
			return 0, err
		}
	}
	e := z.dist[z.bits&(1<<distBits-1)]
	if e&special != 0 {
		return 0, errCorrupt
	}
	z.bits >>= e & 31
	z.nbits -= uint(e & 31)
	return e >> 16, nil
}

// refill takes as many bits as there is room for.
func (z *Reader) refill() error {
	if err := z.fill(); err != nil {
		return err
	}
	if z.ip > z.end+8 {
		return errShort
	}
	z.bits |= binary.LittleEndian.Uint64(z.in[z.ip:]) << z.nbits
	z.ip += int((63 - z.nbits) >> 3)
	z.nbits |= 56
	return nil
}

// repeat writes length bytes at op that begin at from. It may write seven more.
func repeat(out []byte, op, from, length int) {
	switch back := op - from; {
	case back >= length && length > 32:
		copy(out[op:op+length], out[from:from+length])
	case back >= 8:
		for i := 0; i < length; i += 8 {
			binary.LittleEndian.PutUint64(out[op+i:], binary.LittleEndian.Uint64(out[from+i:]))
		}
	case length > 16: // a run: what is already there is copied again and again, twice as much each time
		for at, end := op, op+length; at < end; {
			at += copy(out[at:end], out[from:at])
		}
	default:
		for i := range length {
			out[op+i] = out[from+i]
		}
	}
}
