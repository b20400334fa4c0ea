package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The file format of SQLite (sqlite.org/fileformat2.html), as much of it as one
// table needs. A real SQLite would run what the schema of a stranger's database
// says: views, triggers, computed columns.
const (
	sqliteMagic = "SQLite format 3\x00"

	sqliteHead = 100 // bytes, at the start of the first page

	sqliteInner = 5
	sqliteLeaf  = 13

	sqliteDepth = 32 // pages between the root of a table and a row
)

// sqlite is a database that is being read.
type sqlite struct {
	*file
	size    int64 // of a page
	usable  int64 // of it
	pages   int64
	visited int64
}

// readSQLite gives the blob of every row of the table Packages.
func readSQLite(f *file, head []byte, parse func([]byte) error) error {
	if len(head) < sqliteHead {
		return fmt.Errorf("it has %d bytes: it was cut short", len(head))
	}
	s := &sqlite{file: f, size: int64(binary.BigEndian.Uint16(head[16:]))}
	if s.size == 1 {
		s.size = 65536
	}
	if s.size < 512 || s.size&(s.size-1) != 0 {
		return fmt.Errorf("its pages have %d bytes", s.size)
	}
	s.usable, s.pages = s.size-int64(head[20]), f.size/s.size
	claimed := int64(binary.BigEndian.Uint32(head[28:]))
	switch {
	case s.usable < 480:
		return fmt.Errorf("%d bytes of its pages are in use", s.usable)
	case binary.BigEndian.Uint32(head[56:]) > 1:
		return errors.New("its texts are not UTF-8")
	case claimed > s.pages && binary.BigEndian.Uint32(head[24:]) == binary.BigEndian.Uint32(head[92:]):
		return fmt.Errorf("it has %d pages, and the file ends after %d: it was cut short", claimed, s.pages)
	}
	var root int64
	err := s.table(1, func(row []any) error {
		if len(row) < 5 || row[0] != "table" {
			return nil
		}
		if name, _ := row[1].(string); strings.EqualFold(name, "Packages") {
			root, _ = row[3].(int64)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("its schema: %w", err)
	}
	if root == 0 {
		return errors.New("not an rpm database: it has no table Packages")
	}
	s.visited = 0
	return s.table(root, func(row []any) error {
		if len(row) != 2 {
			return fmt.Errorf("a row of Packages has %d columns", len(row))
		}
		switch blob := row[1].(type) {
		case []byte:
			return parse(blob)
		case string:
			return parse([]byte(blob))
		}
		return fmt.Errorf("a row of Packages holds %T and no header", row[1])
	})
}

// table calls each with every row of the table whose root is that page.
func (s *sqlite) table(root int64, each func(row []any) error) error {
	return s.walk(root, 0, each)
}

// walk reads the page with that number and those below it. No page of a tree
// appears in it twice, so there are no more of them than the file has.
func (s *sqlite) walk(number int64, depth int, each func(row []any) error) error {
	if s.visited++; s.visited > s.pages || depth > sqliteDepth {
		return errors.New("its pages point at each other in a circle")
	}
	page := make([]byte, s.size)
	if err := s.page(number, page); err != nil {
		return err
	}
	start := 0
	if number == 1 {
		start = sqliteHead
	}
	kind, cells, first := page[start], int(binary.BigEndian.Uint16(page[start+3:])), start+8
	if kind == sqliteInner {
		first += 4
	}
	if kind != sqliteInner && kind != sqliteLeaf || first+2*cells > int(s.usable) {
		return fmt.Errorf("page %d is not a table page (type %d, %d cells)", number, kind, cells)
	}
	for i := range cells {
		at := int(binary.BigEndian.Uint16(page[first+2*i:]))
		if at < first+2*cells || at > int(s.usable)-4 {
			return fmt.Errorf("page %d: cell %d has the invalid offset %d", number, i, at)
		}
		cell := page[at:s.usable]
		if kind == sqliteInner {
			if err := s.walk(int64(binary.BigEndian.Uint32(cell)), depth+1, each); err != nil {
				return err
			}
			continue
		}
		row, err := s.row(cell)
		if err != nil {
			return fmt.Errorf("page %d, cell %d: %w", number, i, err)
		}
		if err := each(row); err != nil {
			return err
		}
	}
	if kind == sqliteInner {
		return s.walk(int64(binary.BigEndian.Uint32(page[start+8:])), depth+1, each)
	}
	return nil
}

// page reads the page with that number; the first is 1.
func (s *sqlite) page(number int64, page []byte) error {
	if number < 1 || number > s.pages {
		return fmt.Errorf("page %d is outside the %d pages", number, s.pages)
	}
	return s.at(page, (number-1)*s.size)
}

// row reads the row of a cell: what of it is in the page, and the rest from
// pages of its own.
func (s *sqlite) row(cell []byte) ([]any, error) {
	length, cell, err := varint(cell)
	if err != nil {
		return nil, err
	}
	if _, cell, err = varint(cell); err != nil { // the row's number
		return nil, err
	}
	if length < 0 || length > maxHeader+sqliteHead || length > s.file.size {
		return nil, fmt.Errorf("a row claims %d bytes", length)
	}
	local, most := length, s.usable-35
	if length > most {
		least := (s.usable-12)*32/255 - 23
		if local = least + (length-least)%(s.usable-4); local > most {
			local = least
		}
	}
	if local > int64(len(cell)) || local < length && local+4 > int64(len(cell)) {
		return nil, fmt.Errorf("a row of %d bytes does not fit its page", length)
	}
	payload := append(make([]byte, 0, length), cell[:local]...)
	if local < length {
		next, page := int64(binary.BigEndian.Uint32(cell[local:])), make([]byte, s.size)
		for int64(len(payload)) < length {
			if err := s.page(next, page); err != nil {
				return nil, fmt.Errorf("the rest of a row: %w", err)
			}
			next = int64(binary.BigEndian.Uint32(page))
			payload = append(payload, page[4:min(s.usable, 4+length-int64(len(payload)))]...)
		}
	}
	return record(payload)
}

// record reads the columns of a row: nil, int64, string or []byte. Of other
// numbers than whole ones nothing is needed.
func record(payload []byte) ([]any, error) {
	size, rest, err := varint(payload)
	if err != nil {
		return nil, err
	}
	if size < int64(len(payload)-len(rest)) || size > int64(len(payload)) {
		return nil, fmt.Errorf("the head of a row claims %d bytes", size)
	}
	types, data := payload[len(payload)-len(rest):size], payload[size:]
	var row []any
	for len(types) > 0 {
		var kind int64
		if kind, types, err = varint(types); err != nil {
			return nil, err
		}
		width := int64(0)
		switch {
		case kind >= 12:
			width = (kind - 12) / 2
		case kind >= 1 && kind <= 4:
			width = kind
		case kind == 5:
			width = 6
		case kind == 6, kind == 7:
			width = 8
		}
		if kind < 0 || width > int64(len(data)) {
			return nil, fmt.Errorf("a column claims %d bytes", width)
		}
		row, data = append(row, column(kind, data[:width])), data[width:]
	}
	return row, nil
}

// column is a column's value.
func column(kind int64, data []byte) any {
	switch {
	case kind >= 12 && kind%2 == 0:
		return data
	case kind >= 13:
		return string(data)
	case kind == 8, kind == 9:
		return kind - 8
	case kind >= 1 && kind <= 6:
		value := int64(0)
		for i, b := range data {
			if i == 0 && b >= 0x80 {
				value = -1 // the sign is the first bit's
			}
			value = value<<8 | int64(b)
		}
		return value
	}
	return nil
}

// varint reads a number of up to nine bytes.
func varint(b []byte) (int64, []byte, error) {
	var value uint64
	for i := range min(9, len(b)) {
		if i == 8 {
			return int64(value<<8 | uint64(b[i])), b[9:], nil // by the format's two's complement
		}
		value = value<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return int64(value), b[i+1:], nil // 56 bits
		}
	}
	return 0, nil, errors.New("a number has no end")
}
