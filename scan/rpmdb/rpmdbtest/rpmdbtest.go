// Package rpmdbtest makes small databases of rpm for tests, byte by byte: it
// shares nothing with package rpmdb, which reads them. Nothing but tests may use
// it.
package rpmdbtest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The tags of a header that tests set (rpm's lib/rpmtag.h).
const (
	TagName            = 1000
	TagVersion         = 1001
	TagRelease         = 1002
	TagEpoch           = 1003
	TagVendor          = 1011
	TagArch            = 1022
	TagSourceRPM       = 1044
	TagDirIndexes      = 1116
	TagBaseNames       = 1117
	TagDirNames        = 1118
	TagModularityLabel = 5096
)

// Sizes in NDB, in bytes.
const (
	slotPage = 4096
	slot     = 16
	block    = 16
	blobHead = 16
	blobTail = 12

	pageHeader = 26 // of a page of Berkeley DB
)

// Tag is one tag of a header: a string, a list of strings, or numbers.
type Tag struct {
	Number uint32
	Value  any
}

// Header is a header as rpm exports it.
func Header(tags ...Tag) []byte {
	var index, data bytes.Buffer
	for _, t := range tags {
		kind, count, bytes := uint32(0), uint32(1), []byte(nil)
		switch v := t.Value.(type) {
		case string:
			kind, bytes = 6, append([]byte(v), 0)
		case []string:
			kind, count = 8, uint32(len(v))
			for _, s := range v {
				bytes = append(append(bytes, s...), 0)
			}
		case []int32:
			kind, count = 4, uint32(len(v))
			for data.Len()%4 != 0 {
				data.WriteByte(0)
			}
			for _, n := range v {
				bytes = binary.BigEndian.AppendUint32(bytes, uint32(n))
			}
		}
		for _, n := range []uint32{t.Number, kind, uint32(data.Len()), count} {
			index.Write(binary.BigEndian.AppendUint32(nil, n))
		}
		data.Write(bytes)
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	out = binary.BigEndian.AppendUint32(out, uint32(data.Len()))
	return append(append(out, index.Bytes()...), data.Bytes()...)
}

// Named is the header of a package with so many files.
func Named(name string, files int) []byte {
	tags := []Tag{{TagName, name}, {TagVersion, "1.0"}, {TagRelease, "2.el9"}, {TagArch, "x86_64"}, {TagSourceRPM, name + "-1.0-2.el9.src.rpm"}, {TagVendor, "Red Hat, Inc."}}
	if files > 0 {
		index, bases := make([]int32, files), make([]string, files)
		for i := range files {
			index[i], bases[i] = int32(i%2), name+"-file-"+string(rune('a'+i%26))
		}
		tags = append(tags, Tag{TagDirIndexes, index}, Tag{TagBaseNames, bases}, Tag{TagDirNames, []string{"/usr/lib/", "/usr/bin/"}})
	}
	return Header(tags...)
}

// NDB is a database in rpm's own format.
func NDB(headers ...[]byte) []byte {
	pages := 1 + (len(headers)+2)/256
	slots := make([]byte, pages*slotPage)
	for at := 2 * slot; at < len(slots); at += slot {
		copy(slots[at:], "Slot")
	}
	copy(slots, "RpmP")
	binary.LittleEndian.PutUint32(slots[12:], uint32(pages))
	out := slots
	for i, h := range headers {
		place := out[(i+2)*slot:]
		blocks := (blobHead + len(h) + blobTail + block - 1) / block
		binary.LittleEndian.PutUint32(place[4:], uint32(i+1))
		binary.LittleEndian.PutUint32(place[8:], uint32(len(out)/block))
		binary.LittleEndian.PutUint32(place[12:], uint32(blocks))
		blob := make([]byte, blocks*block)
		copy(blob, "BlbS")
		binary.LittleEndian.PutUint32(blob[4:], uint32(i+1))
		binary.LittleEndian.PutUint32(blob[12:], uint32(len(h)))
		copy(blob[blobHead:], h)
		out = append(out, blob...)
	}
	return out
}

// Berkeley is a Berkeley DB hash of one page of items, whose values are in
// pages of their own unless they are small.
func Berkeley(order binary.ByteOrder, size int, headers ...[]byte) []byte {
	meta, items := make([]byte, size), make([]byte, size)
	order.PutUint32(meta[12:], 0x061561)
	order.PutUint32(meta[20:], uint32(size))
	meta[25], items[25] = 8, 13
	order.PutUint32(items[8:], 1)
	out := append(meta, items...)
	end, n := size, 0
	put := func(item []byte) {
		end -= len(item)
		copy(out[size+end:], item)
		order.PutUint16(out[size+pageHeader+2*n:], uint16(end))
		n++
	}
	number := func(i int) []byte {
		key := make([]byte, 5)
		key[0] = 1
		order.PutUint32(key[1:], uint32(i))
		return key
	}
	put(number(0))
	put(number(len(headers)))
	for i, h := range headers {
		put(number(i + 1))
		if len(h) < size/4 {
			put(append([]byte{1}, h...))
			continue
		}
		item := make([]byte, 12)
		item[0] = 3
		order.PutUint32(item[4:], uint32(len(out)/size))
		order.PutUint32(item[8:], uint32(len(h)))
		put(item)
		for part := range slices.Chunk(h, size-pageHeader) {
			page := make([]byte, size)
			page[25] = 7
			order.PutUint16(page[22:], uint16(len(part)))
			copy(page[pageHeader:], part)
			out = append(out, page...)
			order.PutUint32(out[len(out)-size+16:], uint32(len(out)/size))
		}
		order.PutUint32(out[len(out)-size+16:], 0)
	}
	order.PutUint16(out[size+20:], uint16(n))
	order.PutUint32(out[32:], uint32(len(out)/size-1))
	return out
}

// SQLite is a database of SQLite with the table Packages, whose rows are in one
// page of 32 KiB; what of a row does not fit is in pages of its own.
func SQLite(headers ...[]byte) []byte {
	const size = 32768
	first, root := make([]byte, size), make([]byte, size)
	copy(first, "SQLite format 3\x00")
	copy(first[16:], []byte{size >> 8, 0, 1, 1, 0, 64, 32, 32})
	binary.BigEndian.PutUint32(first[56:], 1)
	schema := "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"
	kind := number(13 + 2*len(schema))
	row := append(append([]byte{byte(5 + len(kind)), 23, 29, 29, 1}, kind...), "tablePackagesPackages\x02"+schema...)
	out := append(first, root...)
	leaf(out[:size], 100, append(append(number(len(row)), 1), row...))
	var cells [][]byte
	for i, h := range headers {
		kind := number(12 + 2*len(h))
		row := append(append([]byte{byte(2 + len(kind)), 0}, kind...), h...)
		cell := append(number(len(row)), number(i+1)...)
		local := len(row)
		if local > size-35 {
			least := (size-12)*32/255 - 23
			if local = least + (len(row)-least)%(size-4); local > size-35 {
				local = least
			}
		}
		cell = append(cell, row[:local]...)
		if rest := row[local:]; len(rest) > 0 {
			cell = binary.BigEndian.AppendUint32(cell, uint32(len(out)/size+1))
			for part := range slices.Chunk(rest, size-4) {
				page := make([]byte, size)
				copy(page[4:], part)
				out = append(out, page...)
				binary.BigEndian.PutUint32(out[len(out)-size:], uint32(len(out)/size+1))
			}
			binary.BigEndian.PutUint32(out[len(out)-size:], 0)
		}
		cells = append(cells, cell)
	}
	leaf(out[size:2*size], 0, cells...)
	binary.BigEndian.PutUint32(out[28:], uint32(len(out)/size))
	return out
}

// leaf fills a page of a table with cells, from its end.
func leaf(page []byte, start int, cells ...[]byte) {
	page[start] = 13
	binary.BigEndian.PutUint16(page[start+3:], uint16(len(cells)))
	end := len(page)
	for i, c := range cells {
		end -= len(c)
		copy(page[end:], c)
		binary.BigEndian.PutUint16(page[start+8+2*i:], uint16(end))
	}
	binary.BigEndian.PutUint16(page[start+5:], uint16(end))
}

// number is n as SQLite writes it.
func number(n int) []byte {
	out := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		out = append([]byte{byte(n&0x7f | 0x80)}, out...)
	}
	return out
}
