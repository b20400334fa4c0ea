package language

import (
	"bytes"
	"encoding/binary"
)

const (
	elfMagic  = "\x7fELF"
	peMagic   = "MZ"
	wasmMagic = "\x00asm\x01\x00\x00\x00"

	maxSegments = 4096 // of a program; real ones have some dozen
)

// layout is what the headers at the front of a program give. What they do not
// give is zero: linkers of C write some of them at the end.
type layout struct {
	data     int64     // offset of the first data that can be written to, where Go's build information is
	segments []segment // where addresses are in the file

	// ELF's symbols and the texts that they are named by.
	symbols, names extent
	order          binary.ByteOrder
	wide           bool // 64 bits
}

// segment is a part of the file that is loaded at an address, in bytes.
type segment struct {
	address uint64
	extent
}

// extent is a part of the file, in bytes.
type extent struct{ offset, size int64 }

// offset is where the byte at address is in the file.
func (l *layout) offset(address uint64) (int64, bool) {
	for _, s := range l.segments {
		if address >= s.address && address-s.address < uint64(s.size) { // #nosec G115 -- a size is not negative
			return s.offset + int64(address-s.address), true // #nosec G115 -- smaller than the size
		}
	}
	return 0, false
}

func (l *layout) add(address, offset, size uint64) {
	if len(l.segments) < maxSegments {
		l.segments = append(l.segments, segment{address, extent{bounded(offset), bounded(size)}})
	}
}

// bounded makes an offset or a size of a file that claims what it likes one that
// can be added to another.
func bounded(n uint64) int64 { return int64(min(n, 1<<61)) } // #nosec G115 -- at most 1<<61

// mayBeProgram reports whether a file that begins so is worth a window: scripts are
// not.
func mayBeProgram(head []byte) bool {
	for _, magic := range []string{elfMagic, peMagic, wasmMagic, "\xfe\xed\xfa", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba"} {
		if len(head) >= smallestProgram && bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// layoutOf reads the headers at the front of a program. It is not ok for other files.
func layoutOf(front []byte) (*layout, bool) {
	if len(front) < smallestProgram {
		return nil, false
	}
	if l, ok := machoLayout(front, 0); ok {
		return l, true
	}
	switch {
	case bytes.HasPrefix(front, []byte(elfMagic)):
		return elfLayout(front), true
	case bytes.HasPrefix(front, []byte(peMagic)):
		return peLayout(front), true
	case bytes.HasPrefix(front, []byte(wasmMagic)):
		return &layout{}, true
	}
	// A Java class begins like a Mach-O of several processors, and has its version,
	// at least 45, where that has their number. Of several the first is read, as
	// Trivy does.
	switch magic, n := binary.BigEndian.Uint32(front), binary.BigEndian.Uint32(front[4:]); {
	case n == 0 || n > 40:
		return nil, false
	case magic == 0xcafebabe:
		return fatLayout(front, bounded(uint64(binary.BigEndian.Uint32(front[16:])))), true
	case magic == 0xcafebabf:
		return fatLayout(front, bounded(binary.BigEndian.Uint64(front[16:]))), true
	}
	return nil, false
}

func fatLayout(front []byte, at int64) *layout {
	if at+smallestProgram <= int64(len(front)) {
		if l, ok := machoLayout(front[at:], at); ok {
			return l
		}
	}
	return &layout{data: at}
}

// elfLayout reads the segments that are loaded, and the sections of symbols. The
// first segment to be written to and not to be run is Go's data.
func elfLayout(front []byte) *layout {
	l := &layout{order: binary.LittleEndian, wide: front[4] == 2}
	if front[5] == 2 {
		l.order = binary.BigEndian
	}
	order := l.order
	programs, sections, counts := uint64(order.Uint32(front[28:])), uint64(order.Uint32(front[32:])), front[42:]
	if l.wide {
		programs, sections, counts = order.Uint64(front[32:]), order.Uint64(front[40:]), front[54:]
	}
	for header := range table(front, programs, order.Uint16(counts), order.Uint16(counts[2:])) {
		const load, execute, write = 1, 1, 2
		if len(header) < 32 || l.wide && len(header) < 56 || order.Uint32(header) != load {
			continue
		}
		flags, offset, address, size := order.Uint32(header[24:]), uint64(order.Uint32(header[4:])), uint64(order.Uint32(header[8:])), uint64(order.Uint32(header[16:]))
		if l.wide {
			flags, offset, address, size = order.Uint32(header[4:]), order.Uint64(header[8:]), order.Uint64(header[16:]), order.Uint64(header[32:])
		}
		l.add(address, offset, size)
		if flags&(execute|write) == write && l.data == 0 {
			l.data = bounded(offset)
		}
	}
	l.elfSymbols(front, table(front, sections, order.Uint16(counts[4:]), order.Uint16(counts[6:])))
	return l
}

// elfSymbols finds the table of symbols, and that of their names, to which it
// links.
func (l *layout) elfSymbols(front []byte, sections func(func([]byte) bool)) {
	var all []extent
	link := -1
	for header := range sections {
		if len(header) < 40 || l.wide && len(header) < 64 {
			return
		}
		const symbols = 2
		e := extent{bounded(uint64(l.order.Uint32(header[16:]))), bounded(uint64(l.order.Uint32(header[20:])))}
		to := l.order.Uint32(header[24:])
		if l.wide {
			e = extent{bounded(l.order.Uint64(header[24:])), bounded(l.order.Uint64(header[32:]))}
			to = l.order.Uint32(header[40:])
		}
		if l.order.Uint32(header[4:]) == symbols && link < 0 {
			l.symbols, link = e, int(to)
		}
		all = append(all, e)
	}
	if link >= 0 && link < len(all) {
		l.names = all[link]
	}
}

// table gives each header of a table that is at the front.
func table(front []byte, at uint64, size, count uint16) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for range count {
			if at > uint64(len(front)) || uint64(size) > uint64(len(front))-at || size == 0 {
				return
			}
			if !yield(front[at : at+uint64(size)]) {
				return
			}
			at += uint64(size)
		}
	}
}

// peLayout reads the sections. The first of initialised data that can be written
// to is Go's.
func peLayout(front []byte) *layout {
	l := &layout{}
	order := binary.LittleEndian
	header := uint64(order.Uint32(front[60:]))
	if header+24+32 > uint64(len(front)) {
		return l
	}
	options := front[header+24:]
	base := uint64(order.Uint32(options[28:]))
	if order.Uint16(options) == 0x20b { // 64 bits
		base = order.Uint64(options[24:])
	}
	sections := header + 24 + uint64(order.Uint16(front[header+20:]))
	for section := range table(front, sections, 40, order.Uint16(front[header+6:])) {
		const data, alignment = 0xc0000040, 0x00600000
		address, size, offset := order.Uint32(section[12:]), order.Uint32(section[16:]), order.Uint32(section[20:])
		l.add(base+uint64(address), uint64(offset), uint64(size))
		if l.data == 0 && address != 0 && size != 0 && order.Uint32(section[36:])&^alignment == data {
			l.data = int64(offset)
		}
	}
	return l
}

// machoLayout reads the segments of a Mach-O that begins at an offset of the
// file. Go's data is the section that it names so, or the first segment that can
// be read and written.
func machoLayout(front []byte, at int64) (*layout, bool) {
	var order binary.ByteOrder = binary.LittleEndian
	switch magic := string(front[:4]); magic {
	case "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf":
		order = binary.BigEndian
	case "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe":
	default:
		return nil, false
	}
	l := &layout{order: order, wide: front[0] == 0xcf || front[3] == 0xcf}
	next, segment, want := 28, 56, uint32(1) // LC_SEGMENT
	if l.wide {
		next, segment, want = 32, 72, 0x19 // LC_SEGMENT_64
	}
	for range order.Uint32(front[16:]) {
		if next+8 > len(front) {
			break
		}
		size := int(order.Uint32(front[next+4:]))
		if size < 8 || size > len(front)-next {
			break
		}
		if command := front[next : next+size]; order.Uint32(command) == want && size >= segment {
			l.machoSegment(command, at)
		}
		next += size
	}
	return l, true
}

func (l *layout) machoSegment(command []byte, at int64) {
	const readWrite = 3
	header, section, place, rights := 56, 68, 40, 40
	address, offset, size := uint64(l.order.Uint32(command[24:])), uint64(l.order.Uint32(command[32:])), uint64(l.order.Uint32(command[36:]))
	if l.wide {
		header, section, place, rights = 72, 80, 48, 56
		address, offset, size = l.order.Uint64(command[24:]), l.order.Uint64(command[40:]), l.order.Uint64(command[48:])
	}
	l.add(address, uint64(at+bounded(offset)), size) // #nosec G115 -- neither is negative
	if l.data == 0 && size != 0 && l.order.Uint32(command[rights:]) == readWrite && l.order.Uint32(command[rights+4:]) == readWrite {
		l.data = at + bounded(offset)
	}
	for s := header; s+section <= len(command); s += section {
		if bytes.HasPrefix(command[s:], []byte("__go_buildinfo\x00")) {
			l.data = at + int64(l.order.Uint32(command[s+place:]))
		}
	}
}
