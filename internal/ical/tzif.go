package ical

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// zoneType is a row of a TZif file: an offset, whether it is daylight saving
// time, and what it is called. Only the offset matters here.
type zoneType struct {
	offset   int32
	daylight byte
	_        byte // where its name begins among the names
}

// zoneData writes the changes, in order of time, as a TZif file (RFC 8536), so
// that the standard library can make a time.Location of a zone that has no name.
func zoneData(changes []change) ([]byte, error) {
	// The first type is what holds before the first change.
	types := []zoneType{{offset: int32(changes[0].from)}}
	indexes := make([]byte, 0, len(changes))
	instants := make([]int64, 0, len(changes))
	for _, c := range changes {
		t := zoneType{offset: int32(c.to)}
		if c.daylight {
			t.daylight = 1
		}
		index := slices.Index(types[1:], t) + 1
		if index == 0 {
			if len(types) == 255 {
				return nil, errors.New("it has more than 255 different offsets")
			}
			types = append(types, t)
			index = len(types) - 1
		}
		indexes = append(indexes, byte(index))
		instants = append(instants, c.at)
	}
	const names = "-\x00"
	var data bytes.Buffer
	header := func(changes, types, chars int) {
		data.WriteString("TZif2")
		data.Write(make([]byte, 15))
		for _, count := range []int{0, 0, 0, changes, types, chars} {
			_ = binary.Write(&data, binary.BigEndian, uint32(count))
		}
	}
	header(0, 0, 0) // the part for 32-bit readers, left empty
	header(len(instants), len(types), len(names))
	_ = binary.Write(&data, binary.BigEndian, instants)
	data.Write(indexes)
	_ = binary.Write(&data, binary.BigEndian, types)
	data.WriteString(names + "\n\n")
	return data.Bytes(), nil
}
