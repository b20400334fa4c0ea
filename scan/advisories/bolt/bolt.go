// Package bolt reads files in bbolt's format, and only reads: it never creates,
// locks, maps or writes one. Whatever the bytes are, a read ends, in an answer
// or in an error, and uses no more memory than the file's own pages; bbolt's own
// reader follows a damaged file into faults and endless recursion that no Go
// program survives (docs/adr/0014-own-reader-of-advisories.md).
//
// It knows nothing of advisories.
package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// ErrDamaged is in every error that says the bytes are not a valid bbolt file.
var ErrDamaged = errors.New("the file is damaged")

// ErrChanged says that another process wrote to the file since it was opened, so
// that what was read may be of both states.
var ErrChanged = errors.New("the file was changed while it was read")

const (
	magic   = 0xED0CDAED
	version = 2

	metaSize   = 64
	headerSize = 16 // of a page, and of each element in it
	minPage    = 1 << 9
	maxPage    = 1 << 16
)

// File is an open file. It is safe for concurrent use.
type File struct {
	source io.ReaderAt
	closer io.Closer
	size   uint64 // bytes of a page
	pages  uint64 // pages that are in use, counted from the start of the file
	root   uint64 // the page of the root bucket
	metas  [2][metaSize]byte
	cache  cache
}

// Open opens the file at path for reading. A file that is missing, is none or is
// shorter than it says is an error.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f, err := Read(file, info.Size())
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.closer = file
	return f, nil
}

// Read reads a file of size bytes from source.
func Read(source io.ReaderAt, size int64) (*File, error) {
	f := &File{source: source}
	if size < 2*minPage {
		return nil, fmt.Errorf("%w: it has %d bytes, too few for a bbolt file", ErrDamaged, size)
	}
	if err := f.findMetas(size); err != nil {
		return nil, err
	}
	newest := f.metas[0]
	if txid(f.metas[1]) > txid(newest) {
		newest = f.metas[1]
	}
	f.root = binary.LittleEndian.Uint64(newest[16:])
	f.pages = binary.LittleEndian.Uint64(newest[40:])
	switch {
	case f.pages > uint64(size)/f.size:
		return nil, fmt.Errorf("%w: it is cut off: it has %d bytes, and %d pages of %d bytes are in use", ErrDamaged, size, f.pages, f.size)
	case f.root < 2 || f.root >= f.pages:
		return nil, fmt.Errorf("%w: its first bucket is at page %d of %d", ErrDamaged, f.root, f.pages)
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// findMetas reads the two pages that describe the file. Both must be sound: bbolt
// goes on with one, which may be of an older state.
func (f *File) findMetas(size int64) error {
	first, err := f.meta(0)
	if err != nil {
		return err
	}
	f.size = uint64(binary.LittleEndian.Uint32(first[8:]))
	if f.size < minPage || f.size > maxPage || f.size&(f.size-1) != 0 || 2*int64(f.size) > size { //nolint:gosec // at most 32 bits
		return fmt.Errorf("%w: invalid page size %d", ErrDamaged, f.size)
	}
	second, err := f.meta(int64(f.size))
	if err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(second[8:]) != uint32(f.size) || txid(first) == txid(second) {
		return fmt.Errorf("%w: its two descriptions contradict each other", ErrDamaged)
	}
	f.metas = [2][metaSize]byte{first, second}
	return nil
}

// meta reads the description of the file in the page at offset.
func (f *File) meta(offset int64) (meta [metaSize]byte, err error) {
	if _, err := f.source.ReadAt(meta[:], offset+headerSize); err != nil {
		return meta, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	sum := fnv.New64a()
	sum.Write(meta[:56])
	switch {
	case binary.LittleEndian.Uint32(meta[:]) != magic:
		return meta, fmt.Errorf("%w: not a bbolt file", ErrDamaged)
	case binary.LittleEndian.Uint32(meta[4:]) != version:
		return meta, fmt.Errorf("%w: bbolt version %d, must be %d", ErrDamaged, binary.LittleEndian.Uint32(meta[4:]), version)
	case binary.LittleEndian.Uint64(meta[56:]) != sum.Sum64():
		return meta, fmt.Errorf("%w: the checksum of its description is wrong", ErrDamaged)
	}
	return meta, nil
}

func txid(meta [metaSize]byte) uint64 { return binary.LittleEndian.Uint64(meta[48:]) }

// Unchanged says, after reading, whether all that was read is of one state: a
// writer describes a new state before it reuses the pages of the one before it.
func (f *File) Unchanged() error {
	for i, offset := range []int64{0, int64(f.size)} { //nolint:gosec // at most maxPage
		meta, err := f.meta(offset)
		if err != nil {
			return err
		}
		if meta != f.metas[i] {
			return ErrChanged
		}
	}
	return nil
}

// Root is the bucket that holds all others.
func (f *File) Root() Bucket { return Bucket{file: f, root: f.root} }
