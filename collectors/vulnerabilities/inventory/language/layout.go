package language

import (
	"bytes"
	"encoding/binary"
)

const (
	elfMagic  = "\x7fELF"
	peMagic   = "MZ"
	wasmMagic = "\x00asm\x01\x00\x00\x00"
)

// layout is what a program's headers tell.
type layout struct {
	data int64 // offset of the first data that can be written to, where Go's build information stands; 0: anywhere
}

// layoutOf reads the headers that stand at the front of a program, or says that
// it is none. What they do not tell is 0.
func layoutOf(front []byte) (layout, bool) {
	if len(front) < smallestProgram {
		return layout{}, false
	}
	switch {
	case bytes.HasPrefix(front, []byte(elfMagic)):
		return layout{data: elfData(front)}, true
	case bytes.HasPrefix(front, []byte(peMagic)):
		return layout{data: peData(front)}, true
	case bytes.HasPrefix(front, []byte(wasmMagic)):
		return layout{}, true
	}
	if order, wide := machoOrder(front); order != nil {
		return layout{data: machoData(front, order, wide)}, true
	}
	// A Java class begins like a Mach-O of several processors, and has its version,
	// at least 45, where that has their number.
	switch magic, n := binary.BigEndian.Uint32(front), binary.BigEndian.Uint32(front[4:]); {
	case n == 0 || n > 40:
		return layout{}, false
	case magic == 0xcafebabe:
		return fatData(front, int64(binary.BigEndian.Uint32(front[16:]))), true
	case magic == 0xcafebabf:
		return fatData(front, int64(binary.BigEndian.Uint64(front[16:]))&(1<<62-1)), true // #nosec G115 -- the mask leaves a positive number
	}
	return layout{}, false
}

// fatData takes the first processor's program, as Trivy does.
func fatData(front []byte, at int64) layout {
	if at+smallestProgram > int64(len(front)) {
		return layout{data: at}
	}
	if order, wide := machoOrder(front[at:]); order != nil {
		return layout{data: at + machoData(front[at:], order, wide)}
	}
	return layout{data: at}
}

// elfData is the offset of the first segment that is loaded to be written to and
// not to be run.
func elfData(front []byte) int64 {
	var order binary.ByteOrder = binary.LittleEndian
	if front[5] == 2 {
		order = binary.BigEndian
	}
	wide := front[4] == 2
	var table uint64
	var size, count int
	if wide {
		table, size, count = order.Uint64(front[32:]), int(order.Uint16(front[54:])), int(order.Uint16(front[56:]))
	} else {
		table, size, count = uint64(order.Uint32(front[28:])), int(order.Uint16(front[42:])), int(order.Uint16(front[44:]))
	}
	if size < 32 || wide && size < 56 {
		return 0
	}
	for i := range count {
		at := table + uint64(i)*uint64(size) // #nosec G115 -- both are small and positive
		if at+uint64(size) > uint64(len(front)) || at > uint64(len(front)) {
			return 0
		}
		header := front[at:]
		const load, execute, write = 1, 1, 2
		if order.Uint32(header) != load {
			continue
		}
		flags, offset := order.Uint32(header[24:]), uint64(order.Uint32(header[4:]))
		if wide {
			flags, offset = order.Uint32(header[4:]), order.Uint64(header[8:])
		}
		if flags&(execute|write) == write {
			return int64(offset & (1<<62 - 1)) // #nosec G115 -- the mask leaves a positive number
		}
	}
	return 0
}

// peData is the offset of the first section of initialised data that can be
// written to.
func peData(front []byte) int64 {
	order := binary.LittleEndian
	header := uint64(order.Uint32(front[60:]))
	if header+24 > uint64(len(front)) {
		return 0
	}
	count := uint64(order.Uint16(front[header+6:]))
	table := header + 24 + uint64(order.Uint16(front[header+20:]))
	for i := range count {
		at := table + i*40
		if at+40 > uint64(len(front)) {
			return 0
		}
		const data, alignment = 0xc0000040, 0x00600000
		section := front[at:]
		if order.Uint32(section[12:]) != 0 && order.Uint32(section[16:]) != 0 && order.Uint32(section[36:])&^alignment == data {
			return int64(order.Uint32(section[20:]))
		}
	}
	return 0
}

func machoOrder(front []byte) (order binary.ByteOrder, wide bool) {
	switch {
	case bytes.HasPrefix(front, []byte("\xfe\xed\xfa\xce")), bytes.HasPrefix(front, []byte("\xfe\xed\xfa\xcf")):
		return binary.BigEndian, front[3] == 0xcf
	case bytes.HasPrefix(front, []byte("\xce\xfa\xed\xfe")), bytes.HasPrefix(front, []byte("\xcf\xfa\xed\xfe")):
		return binary.LittleEndian, front[0] == 0xcf
	}
	return nil, false
}

// machoData is the offset of the section that Go names for it, or of the first
// segment that can be read and written.
func machoData(front []byte, order binary.ByteOrder, wide bool) int64 {
	at, header, section, want := 28, 56, 68, uint32(1) // LC_SEGMENT
	if wide {
		at, header, section, want = 32, 72, 80, 0x19 // LC_SEGMENT_64
	}
	first := int64(0)
	for range order.Uint32(front[16:]) {
		if at+8 > len(front) {
			break
		}
		size := int(order.Uint32(front[at+4:]))
		if size < 8 || size > len(front)-at {
			break
		}
		command := front[at : at+size]
		at += size
		if order.Uint32(command) != want || size < header {
			continue
		}
		offset, rights := uint64(order.Uint32(command[32:])), 40
		if wide {
			offset, rights = order.Uint64(command[40:]), 56
		}
		const readWrite = 3
		if first == 0 && order.Uint32(command[rights:]) == readWrite && order.Uint32(command[rights+4:]) == readWrite {
			first = int64(offset & (1<<62 - 1)) // #nosec G115 -- the mask leaves a positive number
		}
		for s := header; s+section <= size; s += section {
			if bytes.HasPrefix(command[s:], []byte("__go_buildinfo\x00")) {
				return int64(order.Uint32(command[s+section-32+offsetShift(wide):]))
			}
		}
	}
	return first
}

// offsetShift is where a section's offset in the file stands, counted from 32
// bytes before the section header's end.
func offsetShift(wide bool) int {
	if wide {
		return 0 // 48 of 80
	}
	return 4 // 40 of 68
}
