package image

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"

	"github.com/prodgate/prodgate/internal/packing"
	"github.com/prodgate/prodgate/registry"
)

// What one layer may be, in bytes. Layers that unpack to very much more than
// they have are made to exhaust who reads them.
const (
	maxPacked   = 64 << 30
	maxUnpacked = 64 << 30
	maxRatio    = 200       // of unpacked to packed, beyond freeRatio
	freeRatio   = 512 << 20 // unpacked bytes to which maxRatio does not apply
)

// stream is a layer's uncompressed bytes. They are unpacked ahead of who reads
// them.
type stream struct {
	layer  registry.Layer
	packed *meter
	ahead  *ahead
	diff   hash.Hash // of what was unpacked; nil: the layer is not packed
	close  func()
}

// open starts to read a layer.
func open(ctx context.Context, ref registry.Reference, layer registry.Layer, p *progress) (*stream, error) {
	if err := readable(layer.MediaType); err != nil {
		return nil, err
	}
	size := int64(maxPacked)
	if layer.Size >= 0 {
		size = layer.Size
	}
	body, err := ref.Open(ctx, layer.Digest, size)
	if errors.Is(err, registry.ErrAbsent) && (strings.Contains(layer.MediaType, "foreign") || strings.Contains(layer.MediaType, "nondistributable")) {
		err = fmt.Errorf("it is of a kind (%s) that a registry need not hold: %w", layer.MediaType, err)
	}
	if err != nil {
		return nil, err
	}
	s := &stream{layer: layer, packed: &meter{inner: body, progress: p}, close: func() { body.Close() }}
	if err := s.start(); err != nil {
		body.Close()
		return nil, err
	}
	return s, nil
}

// start begins to unpack what the meter reads.
func (s *stream) start() error {
	// As for a runtime, the first bytes decide, never the media type.
	unpacked, end, err := packing.Stream(bufio.NewReaderSize(s.packed, 256<<10))
	if err != nil {
		return err
	}
	source := io.Reader(&bounded{inner: unpacked, packed: s.packed})
	if s.layer.Digest != s.layer.DiffID {
		s.diff = sha256.New()
		source = io.TeeReader(source, s.diff)
	}
	s.ahead = readAhead(source)
	drop := s.close
	s.close = func() {
		s.ahead.stop()
		end()
		drop()
	}
	return nil
}

// readable reports whether a layer of that media type holds files.
func readable(mediaType string) error {
	switch {
	case mediaType == "":
		return nil
	case strings.HasSuffix(mediaType, "+encrypted"):
		return fmt.Errorf("it is encrypted (%s), and what is in it can't be read", mediaType)
	case !strings.Contains(mediaType, ".tar"):
		return fmt.Errorf("not a file system layer (%s)", mediaType)
	}
	return nil
}

func (s *stream) Read(p []byte) (int, error) { return s.ahead.Read(p) }

// finish reads the rest and compares everything that was read with the layer's size and
// digests.
func (s *stream) finish() error {
	if _, err := io.Copy(io.Discard, s.ahead); err != nil {
		return err
	}
	if s.layer.Size >= 0 && s.packed.read != s.layer.Size {
		return fmt.Errorf("it has %d bytes, and the manifest says %d", s.packed.read, s.layer.Size)
	}
	if s.diff == nil {
		return nil
	}
	if got := "sha256:" + hex.EncodeToString(s.diff.Sum(nil)); got != s.layer.DiffID {
		return fmt.Errorf("it unpacks to %s, and the image's configuration says %s", got, s.layer.DiffID)
	}
	return nil
}

// meter counts the bytes of a layer as they are read. To the end of what is packed
// it is the body's end, too: only there its digest is known.
type meter struct {
	inner    io.Reader
	read     int64
	progress *progress
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.inner.Read(p)
	m.read += int64(n)
	m.progress.add(int64(n))
	return n, err
}

// bounded stops what unpacks to far more than it was packed. It reads in the
// same goroutine as the meter.
type bounded struct {
	inner  io.Reader
	packed *meter
	read   int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
	b.read += int64(n)
	switch {
	case b.read > maxUnpacked:
		return 0, fmt.Errorf("it unpacks to more than %d bytes", int64(maxUnpacked))
	case b.read > freeRatio && b.read/maxRatio > b.packed.read:
		return 0, fmt.Errorf("it unpacks to more than %d times its size", maxRatio)
	}
	return n, err
}

// ahead reads from another goroutine, a few blocks before they are requested.
type ahead struct {
	full  chan block
	empty chan []byte
	quit  chan struct{}
	once  sync.Once
	done  sync.WaitGroup

	now  block
	rest []byte
}

// block is what one read gave.
type block struct {
	bytes []byte
	err   error // after bytes
}

const (
	blockSize   = 256 << 10
	aheadBlocks = 4
)

// readAhead starts to read from r. Call stop.
func readAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan block, aheadBlocks), empty: make(chan []byte, aheadBlocks), quit: make(chan struct{})}
	for range aheadBlocks {
		a.empty <- make([]byte, blockSize)
	}
	a.done.Go(func() {
		for {
			var buffer []byte
			select {
			case <-a.quit:
				return
			case buffer = <-a.empty:
			}
			n, err := fill(r, buffer)
			select {
			case <-a.quit:
				return
			case a.full <- block{bytes: buffer[:n], err: err}:
			}
			if err != nil {
				return
			}
		}
	})
	return a
}

// fill reads until buffer is full or r gives an error. A panic of what unpacks
// is one.
func fill(r io.Reader, buffer []byte) (n int, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("it can't be unpacked: %v", reason)
		}
	}()
	for n < len(buffer) && err == nil {
		var more int
		more, err = r.Read(buffer[n:])
		n += more
	}
	return n, err
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.bytes != nil {
			a.empty <- a.now.bytes[:blockSize]
		}
		a.now = <-a.full
		a.rest = a.now.bytes
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// stop ends the goroutine, however far it is.
func (a *ahead) stop() {
	a.once.Do(func() { close(a.quit) })
	a.done.Wait()
}

// progress counts what is read of all layers.
type progress struct {
	sync.Mutex
	read, total, told int64
	tell              func(read, total int64)
}

// progressInterval is after how many bytes progress is reported again.
const progressInterval = 4 << 20

func newProgress(image *registry.Image, tell func(read, total int64)) *progress {
	p := &progress{tell: tell}
	for _, l := range image.Layers {
		if l.Size < 0 {
			p.total = 0
			break
		}
		p.total += l.Size
	}
	return p
}

func (p *progress) add(n int64) {
	if p.tell == nil {
		return
	}
	p.Lock()
	defer p.Unlock()
	p.read += n
	if p.read-p.told >= progressInterval || p.read == p.total && p.told != p.total {
		p.told = p.read
		p.tell(p.read, p.total)
	}
}
