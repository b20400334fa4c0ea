package language

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// An archive's directory is at its end, so the archive is buffered first:
// in memory up to maxHeld bytes for one file and all that is nested in it, in
// an unlinked temporary file beyond.
const (
	maxHeld      = 16 << 20
	maxSpooled   = 2 << 30  // an archive, in bytes; the largest real ones have some hundred megabytes
	maxDirectory = 16 << 20 // its directory, in bytes: some 150,000 entries, each 300 bytes of memory
)

// errTooLarge means that an archive, with what is nested in it, exceeds what
// is unpacked.
var errTooLarge = fmt.Errorf("the archive holds more than the %d GiB that are unpacked", maxSpooled>>30)

// buffered is the content of an archive while it is read.
type buffered struct {
	io.ReaderAt
	size  int64
	close func()
}

// buffer keeps all of r, of about size bytes, which is at most limit. Memory is the
// one budget that all of a file's archives share.
func (f *file) buffer(r io.Reader, size, limit int64) (buffered, error) {
	if size > limit {
		return buffered{}, errTooLarge
	}
	var buf bytes.Buffer
	room := min(maxHeld-f.buffered, limit)
	if size <= room {
		buf.Grow(int(max(size, 0)) + bytes.MinRead)
		n, err := io.Copy(&buf, io.LimitReader(r, room+1))
		if err != nil {
			return buffered{}, fmt.Errorf("the file cannot be read: %w", err)
		}
		if n <= room {
			f.buffered += n
			return buffered{bytes.NewReader(buf.Bytes()), n, func() { f.buffered -= n }}, nil
		}
	}
	return f.spool(io.MultiReader(&buf, r), limit)
}

// spool keeps all of r in a temporary file that has no name any more.
func (f *file) spool(r io.Reader, limit int64) (buffered, error) {
	file, err := os.CreateTemp("", "prodgate-")
	if err != nil {
		f.err = fmt.Errorf("a file larger than %d MiB waits on disk while it is read: %w", maxHeld>>20, err)
		return buffered{}, f.err
	}
	closing := func() { file.Close() }
	if os.Remove(file.Name()) != nil { // a system on which an open file keeps its name
		closing = func() { file.Close(); _ = os.Remove(file.Name()) }
	}
	n, err := io.Copy(file, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = errTooLarge
	}
	if err != nil {
		closing()
		var failed *os.PathError
		if f.err == nil && errors.As(err, &failed) { // a full disk says nothing about the file
			f.err = fmt.Errorf("a file larger than %d MiB waits on disk while it is read: %w", maxHeld>>20, err)
		}
		return buffered{}, fmt.Errorf("the file cannot be read: %w", err)
	}
	return buffered{file, n, closing}, nil
}

// openZip reads the directory of an archive, if that can be held.
func openZip(h buffered) (*zip.Reader, error) {
	if size, ok := directorySize(h); ok && size > maxDirectory {
		return nil, fmt.Errorf("the archive's directory is %d bytes long, and %d MiB are read", size, maxDirectory>>20)
	}
	r, err := zip.NewReader(h, h.size)
	if err != nil {
		return nil, fmt.Errorf("the file is not a readable archive: %w", err)
	}
	return r, nil
}

// directorySize is how many bytes package zip may read as a directory. What it
// refuses by itself is not ok.
func directorySize(h buffered) (int64, bool) {
	tail := make([]byte, min(h.size, 1<<16+22))
	if _, err := h.ReadAt(tail, h.size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return 0, false
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+22 > len(tail) {
		return 0, false
	}
	order := binary.LittleEndian
	end := h.size - int64(len(tail)-at)
	size, offset := uint64(order.Uint32(tail[at+12:])), uint64(order.Uint32(tail[at+16:]))
	if size == 0xffffffff || offset == 0xffffffff || order.Uint16(tail[at+10:]) == 0xffff {
		if at < 20 || !bytes.HasPrefix(tail[at-20:], []byte("PK\x06\x06\x07")[:2]) {
			return 0, false
		}
		var record [56]byte
		where := order.Uint64(tail[at-20+8:])
		if where >= uint64(h.size) { // #nosec G115 -- a size is not negative
			return 0, false
		}
		if _, err := h.ReadAt(record[:], int64(where)); err != nil { // #nosec G115 -- smaller than the size
			return 0, false
		}
		size, offset = order.Uint64(record[40:]), order.Uint64(record[48:])
	}
	return max(end-int64(min(offset, uint64(end))), int64(min(size, uint64(end)))), true // #nosec G115 -- bounded by end
}

// unpack reads an entry of at most limit bytes.
func unpack(entry *zip.File, limit int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readAll(r, limit)
}
