package registry

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/prodgate/prodgate/internal/packing"
)

// maxPlain bounds what a packed archive unpacks to, in bytes.
const maxPlain = 64 << 30

// plain is an archive's bytes, unpacked once where they are packed (docker save |
// gzip): into an unlinked temporary file, for an archive is read in many places.
type plain struct {
	once sync.Once
	kept *os.File // nil: the archive is not packed
	size int64    // of what is kept
	err  error
}

func newTarball(file string) tarball { return tarball{file: file, plain: &plain{}} }

// reader reads the archive from its beginning.
func (t tarball) reader() (io.ReadCloser, error) {
	info, err := os.Stat(t.file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no ordinary file", t.file)
	}
	t.once.Do(func() { t.err = t.unpack(t.file) })
	switch {
	case t.err != nil:
		return nil, fmt.Errorf("archive %q: %w", t.file, t.err)
	case t.kept != nil:
		return section{io.NewSectionReader(t.kept, 0, t.size)}, nil
	}
	return os.Open(t.file)
}

// section is a part of a file that stays open.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }

// unpack unpacks the archive called name, if it is packed. What breaks the
// unpacker is an error.
func (p *plain) unpack(name string) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("unpack it: %v", reason)
		}
	}()
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	packed := &counter{inner: f}
	buffered := bufio.NewReaderSize(packed, 256<<10)
	head, err := buffered.Peek(tarMagic + len("ustar"))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	how := packing.Of(head)
	if how == "" || len(head) > tarMagic && bytes.Equal(head[tarMagic:], []byte("ustar")) {
		return nil
	}
	if how != "gzip" && how != "zstd" {
		return packing.Unread(how)
	}
	unpacked, end, err := packing.Unpack(buffered, how)
	if err != nil {
		return fmt.Errorf("unpack it (%s): %w", how, err)
	}
	defer end()
	if err := p.spool(&ratio{inner: unpacked, packed: packed}); err != nil {
		return fmt.Errorf("unpack it (%s): %w", how, err)
	}
	return nil
}

// tarMagic is the position of "ustar" in a tar archive.
const tarMagic = 257

// spool copies r into the temporary file.
func (p *plain) spool(r io.Reader) error {
	f, err := os.CreateTemp("", "prodgate-")
	if err != nil {
		return fmt.Errorf("it waits on disk while it is read: %s", err) //nolint:errorlint // not that a file of the archive is missing
	}
	_ = os.Remove(f.Name()) // where a file that is open can't be removed, it is left
	size, err := io.Copy(f, io.LimitReader(r, maxPlain+1))
	if err == nil && size > maxPlain {
		err = fmt.Errorf("it unpacks to more than %d bytes", int64(maxPlain))
	}
	if err != nil {
		f.Close()
		return err
	}
	p.kept, p.size = f, size // the collector of garbage closes it
	return nil
}
