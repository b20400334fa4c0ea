package rpmdb

import (
	"encoding/binary"
	"fmt"
)

// rpm's own "new" format (lib/backend/ndb/rpmpkg.c): a header of two slots, slots
// that fill whole pages, and blobs in blocks of 16 bytes.
const (
	ndbMagic     = "RpmP"
	ndbSlotMagic = "Slot"
	ndbBlobMagic = "BlbS"
	ndbVersion   = 0

	ndbSlotPage = 4096
	ndbSlot     = 16
	ndbBlock    = 16
	ndbBlobHead = 16
	ndbBlobTail = 12

	ndbMaxPages = 4096 // a million packages
)

// readNDB gives the blob of every slot that is in use.
func readNDB(f *file, head []byte, parse func([]byte) error) error {
	if len(head) < 32 {
		return fmt.Errorf("it has %d bytes: it was cut short", len(head))
	}
	version, pages := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[12:])
	if version != ndbVersion || pages == 0 || pages > ndbMaxPages {
		return fmt.Errorf("it is of version %d with %d pages of slots", version, pages)
	}
	page := make([]byte, ndbSlotPage)
	for n := range int64(pages) {
		if err := f.at(page, n*ndbSlotPage); err != nil {
			return err
		}
		slots := page
		if n == 0 {
			slots = page[2*ndbSlot:]
		}
		for ; len(slots) > 0; slots = slots[ndbSlot:] {
			if string(slots[:4]) != ndbSlotMagic {
				return fmt.Errorf("a slot begins with %q", slots[:4])
			}
			number, offset, blocks := binary.LittleEndian.Uint32(slots[4:]), binary.LittleEndian.Uint32(slots[8:]), binary.LittleEndian.Uint32(slots[12:])
			if number == 0 {
				continue
			}
			blob, err := f.blob(number, int64(offset)*ndbBlock, int64(blocks)*ndbBlock)
			if err != nil {
				return fmt.Errorf("package %d: %w", number, err)
			}
			if err := parse(blob); err != nil {
				return fmt.Errorf("package %d: %w", number, err)
			}
		}
	}
	return nil
}

// blob reads the blob of a package, of size bytes with all that frames it.
func (f *file) blob(number uint32, offset, size int64) ([]byte, error) {
	head := make([]byte, ndbBlobHead)
	if err := f.at(head, offset); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(head[12:]))
	switch {
	case string(head[:4]) != ndbBlobMagic || binary.LittleEndian.Uint32(head[4:]) != number:
		return nil, fmt.Errorf("there is no package %d at byte %d", number, offset)
	case length > maxHeader || length+ndbBlobHead+ndbBlobTail > size || length > f.size:
		return nil, fmt.Errorf("a header of %d bytes in a slot of %d", length, size)
	}
	blob := make([]byte, length)
	return blob, f.at(blob, offset+ndbBlobHead)
}
