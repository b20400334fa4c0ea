// Package rpmdb reads what rpm has installed from rpm's own database, in each of
// its three formats: Berkeley DB (Packages), NDB (Packages.db) and SQLite
// (rpmdb.sqlite).
//
// It reads packages and nothing else, follows no index, and trusts no length
// and no pointer before it checked it against the file: a database that is
// damaged or cut short is an error, never a shorter list. That, and that nothing
// of it runs in a goroutine whose panic cannot be recovered, is why it is our own
// and not knqyf263/go-rpmdb, whose SQLite reader ends without an error where the
// file is damaged.
package rpmdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Package is one installed package, as its header has it.
type Package struct {
	Name    string
	Version string
	Release string
	Epoch   int
	Arch    string // empty: gpg-pubkey has none

	SourceRPM       string // the file of the source package: bash-5.1.8-6.el9.src.rpm; empty: not said
	Vendor          string
	ModularityLabel string // module:stream:version:context; empty: not modular

	dirs  []string // with a slash at the end
	bases []string
	index []int32 // of dirs, for each of bases
}

// Files calls yield with the path of every file of the package, with its leading
// slash.
func (p *Package) Files(yield func(path string)) {
	for i, base := range p.bases {
		yield(p.dirs[p.index[i]] + base)
	}
}

// maxHeader bounds one package's header, in bytes; rpm's own bound is 256 MiB,
// and large packages have 5.
const maxHeader = 64 << 20

// maxRead bounds the headers of one database together, so that a small file
// whose parts point at each other is not read endlessly.
const maxRead = 4 << 30

// errTooMuch says that a database is made to exhaust who reads it.
var errTooMuch = errors.New("its packages are larger than the file")

// Read calls each with every package of the database of size bytes that r holds,
// until each returns an error, which is returned. Any other error says that the
// database is damaged or of no known format; what was called with before is then
// not all there is.
func Read(r io.ReaderAt, size int64, each func(*Package) error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the database can't be read: %v", reason)
		}
	}()
	head := make([]byte, 512)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f := &file{r: r, size: size}
	parse := func(header []byte) error {
		if f.given += int64(len(header)); f.given > min(maxRead, 4*size) {
			return errTooMuch
		}
		p, err := parseHeader(header)
		if err != nil {
			return err
		}
		return each(p)
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte(sqliteMagic)):
		return readSQLite(f, head, parse)
	case bytes.HasPrefix(head, []byte(ndbMagic)):
		return readNDB(f, head, parse)
	case len(head) == 512:
		return readBerkeley(f, head, parse)
	}
	return fmt.Errorf("a file of %d bytes is not an rpm database", size)
}

// file is the database's file.
type file struct {
	r     io.ReaderAt
	size  int64
	given int64 // bytes of headers that were read
}

// at fills buffer from offset on. That the file ends before is an error.
func (f *file) at(buffer []byte, offset int64) error {
	if offset < 0 || offset > f.size-int64(len(buffer)) {
		return fmt.Errorf("the database is truncated: bytes %d to %d are beyond its end, %d", offset, offset+int64(len(buffer)), f.size)
	}
	n, err := f.r.ReadAt(buffer, offset)
	if n == len(buffer) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
