package language

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// Go 1.13 to 1.17 let the build information only point to its two texts, which
// have streamed by when it is found. What looks like one of them is kept on the
// way, by its offset: versions as they begin, lists of modules by the marks
// around them.
var (
	goVersionFront = [][]byte{[]byte("go1."), []byte("devel ")}
	goListFront    = []byte("\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6")
	goListBack     = []byte("\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2")
)

const (
	maxKept      = 4096 // texts of each kind
	keptVersion  = 64   // of a version, in bytes
	maxLists     = 8
	behind       = 64                 // bytes before a window's end that are looked at again with the next
	maxListBytes = 128 << 10          // a list of modules of an old program: some 1,200 of them
	oldGo        = "Go 1.17 or older" // who leaves pointers
)

// passed is what was kept of a Go program on the way to its build information.
type passed struct {
	versions map[int64]string
	lists    map[int64]string
	releases map[int64]string // texts that end in a version and a NUL, by the offset of the NUL
}

// keepStrings keeps what in window, which is followed by more than until bytes, may be
// pointed to later.
func (p *program) keepStrings(window []byte, until int) {
	for _, front := range goVersionFront {
		for i := range each(window[:min(until+len(front), len(window))], front) {
			if len(p.passed.versions) < maxKept {
				p.passed.versions[p.at+int64(i)] = string(window[i:min(i+keptVersion, len(window))])
			}
		}
	}
	for i := range each(window[:min(until+len(goListFront), len(window))], goListFront) {
		list := window[i:]
		if end := bytes.Index(list, goListBack); end >= 0 && len(p.passed.lists) < maxLists {
			p.passed.lists[p.at+int64(i)] = string(list[:end+len(goListBack)])
		}
	}
	for i := range each(window[:until], []byte{'.'}) {
		p.keepRelease(window, i)
	}
}

// each gives every place at which b holds what.
func each(b, what []byte) func(func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			i := bytes.Index(b[at:], what)
			if i < 0 {
				return
			}
			if at += i; !yield(at) {
				return
			}
		}
	}
}

// readOldGo follows the two pointers of the header, which begins i bytes further
// on.
func (p *program) readOldGo(i int, h goHeader) error {
	size := int(h.raw[14])
	var order binary.ByteOrder = binary.LittleEndian
	if h.raw[15]&1 != 0 {
		order = binary.BigEndian
	}
	pointer := func(b []byte) uint64 {
		if size == 4 {
			return uint64(order.Uint32(b))
		}
		return order.Uint64(b)
	}
	if err := p.skip(i + h.size); err != nil {
		return err
	}
	var offsets [2]int64
	for n := range offsets {
		at, ok := p.layout.offset(pointer(h.raw[16+n*size:]))
		if !ok {
			return errOldGo
		}
		offsets[n] = at
	}
	first, second := 0, 1
	if offsets[0] > offsets[1] {
		first, second = 1, 0
	}
	var texts [2]string
	for _, n := range []int{first, second} {
		b, err := p.peekAt(offsets[n], 2*size)
		if err != nil {
			return err
		}
		if address, length := pointer(b), pointer(b[size:]); length > 0 {
			at, _ := p.layout.offset(address)
			kept := p.passed.versions[at]
			if n == 1 {
				kept = p.passed.lists[at]
			}
			if uint64(len(kept)) < length {
				return errOldGo
			}
			texts[n] = kept[:length]
		}
	}
	if texts[0] == "" {
		return errOldGo
	}
	return p.addGo(texts[0], texts[1])
}

var errOldGo = errors.New("the program was built by " + oldGo + ", and where its build information points to nothing can be read: " +
	"build it again with a Go that is supported")

// peekAt advances to an offset and peeks at the bytes there.
func (p *program) peekAt(offset int64, size int) ([]byte, error) {
	if offset < p.at {
		return nil, errOldGo
	}
	for p.at < offset {
		if err := p.skip(int(min(offset-p.at, 1<<30))); err != nil {
			return nil, endIs(err, errOldGo)
		}
	}
	b, err := p.in.Peek(size)
	if err != nil {
		return nil, endIs(err, errOldGo)
	}
	return b, nil
}

// endIs gives another error in place of the file's end.
func endIs(err, other error) error {
	if errors.Is(err, io.EOF) {
		return other
	}
	return err
}
