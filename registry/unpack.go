package registry

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/prodgate/prodgate/internal/packing"
)

// What an archive's layer may unpack to: freely up to freeSize bytes, then to no
// more than maxRatio times what it has.
const (
	freeSize = 512 << 20
	maxRatio = 200
)

// unpacked is a layer of an archive as its uncompressed digest wants it: docker
// save packs none, crane packs all.
func unpacked(file io.ReadCloser, layer bool) (io.ReadCloser, error) {
	counted := &counter{inner: file}
	buffered := bufio.NewReaderSize(counted, 64<<10)
	head, err := buffered.Peek(packing.Head)
	if err != nil && !errors.Is(err, io.EOF) {
		file.Close()
		return nil, err
	}
	how := packing.Of(head)
	if !layer || how == "" {
		return archived{buffered, file}, nil
	}
	z, end, err := packing.Unpack(buffered, how)
	if err != nil {
		file.Close()
		return nil, err
	}
	return archived{&ratio{inner: z, packed: counted}, ending{file, end}}, nil
}

// ending also ends what reads from the file that it closes.
type ending struct {
	io.Closer
	end func()
}

func (e ending) Close() error {
	e.end()
	return e.Closer.Close()
}

// counter counts what is read.
type counter struct {
	inner io.Reader
	read  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.inner.Read(p)
	c.read += int64(n)
	return n, err
}

// ratio stops what unpacks to far more than it was packed.
type ratio struct {
	inner  io.Reader
	packed *counter
	read   int64
}

func (r *ratio) Read(p []byte) (int, error) {
	n, err := r.inner.Read(p)
	if r.read += int64(n); r.read > freeSize && r.read/maxRatio > r.packed.read {
		return 0, fmt.Errorf("it unpacks to more than %d times its size", maxRatio)
	}
	return n, err
}
