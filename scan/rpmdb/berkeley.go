package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A Berkeley DB hash, as rpm up to 4.15 keeps it (db_page.h of libdb).
const (
	berkeleyMagic = 0x061561

	pageHeader = 26 // bytes of every page but the first

	pageHashOld  = 2 // unsorted, before 4.6
	pageOverflow = 7
	pageHashMeta = 8
	pageHash     = 13

	itemInline  = 1 // a key or a value that is in the page
	itemOffPage = 3 // one that fills pages of its own
)

// berkeley is a hash that is being read.
type berkeley struct {
	*file
	order binary.ByteOrder
	size  int64 // of a page
	last  uint32
}

// readBerkeley gives every value of the hash but the one that is not a header.
func readBerkeley(f *file, head []byte, parse func([]byte) error) error {
	b := &berkeley{file: f, order: binary.LittleEndian}
	if b.order.Uint32(head[12:]) != berkeleyMagic {
		b.order = binary.BigEndian
	}
	b.size, b.last = int64(b.order.Uint32(head[20:])), b.order.Uint32(head[32:])
	switch {
	case b.order.Uint32(head[12:]) != berkeleyMagic || head[25] != pageHashMeta:
		return errors.New("not an rpm database: neither SQLite nor NDB nor Berkeley DB")
	case head[24] != 0:
		return errors.New("it is encrypted")
	case b.size < 512 || b.size > 65536 || b.size&(b.size-1) != 0:
		return fmt.Errorf("its pages have %d bytes", b.size)
	case int64(b.last)+1 > f.size/b.size:
		return fmt.Errorf("it has %d pages, and the file ends after %d: it was cut short", int64(b.last)+1, f.size/b.size)
	}
	page := make([]byte, b.size)
	for n := int64(0); n <= int64(b.last); n++ {
		if err := f.at(page, n*b.size); err != nil {
			return err
		}
		if kind := page[25]; n == 0 || kind != pageHash && kind != pageHashOld {
			continue
		}
		if err := b.page(page, parse); err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
	}
	return nil
}

// page gives the values of one page of the hash. Items come in pairs and fill the
// page from its end.
func (b *berkeley) page(page []byte, parse func([]byte) error) error {
	items := int(b.order.Uint16(page[20:]))
	if items%2 != 0 || pageHeader+2*items > len(page) {
		return fmt.Errorf("it claims %d keys and values", items)
	}
	end := len(page)
	item := func(i int) ([]byte, error) {
		start := int(b.order.Uint16(page[pageHeader+2*i:]))
		if start < pageHeader+2*items || start >= end {
			return nil, fmt.Errorf("item %d has the invalid offset %d", i, start)
		}
		found := page[start:end]
		end = start
		return found, nil
	}
	for i := 0; i < items; i += 2 {
		key, err := item(i)
		if err != nil {
			return err
		}
		value, err := item(i + 1)
		if err != nil {
			return err
		}
		header, err := b.value(key, value)
		if err != nil {
			return err
		}
		if header == nil {
			continue
		}
		if err := parse(header); err != nil {
			return err
		}
	}
	return nil
}

// value is the header that an item refers to, or nil: the record with the key 0
// counts the others.
func (b *berkeley) value(key, value []byte) ([]byte, error) {
	switch {
	case value[0] == itemInline:
		if key[0] == itemInline && len(key) == 5 && b.order.Uint32(key[1:]) == 0 {
			return nil, nil
		}
		return value[1:], nil
	case value[0] != itemOffPage || len(value) < 12:
		return nil, fmt.Errorf("a value has the type %d", value[0])
	}
	number, length := b.order.Uint32(value[4:]), int64(b.order.Uint32(value[8:]))
	if length > maxHeader || length > b.file.size {
		return nil, fmt.Errorf("a header claims %d bytes", length)
	}
	header, page := make([]byte, 0, length), make([]byte, b.size)
	for int64(len(header)) < length {
		if number == 0 || number > b.last {
			return nil, fmt.Errorf("a header ends after %d of %d bytes", len(header), length)
		}
		if err := b.at(page, int64(number)*b.size); err != nil {
			return nil, err
		}
		used := int(b.order.Uint16(page[22:]))
		if page[25] != pageOverflow || used == 0 || used > len(page)-pageHeader {
			return nil, fmt.Errorf("page %d should hold a part of a header and does not", number)
		}
		header, number = append(header, page[pageHeader:pageHeader+used]...), b.order.Uint32(page[16:])
	}
	return header[:length], nil
}
