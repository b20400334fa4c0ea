package language

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

const (
	// smallestProgram is the size in bytes under which no file is a program with
	// build information: headers alone take more.
	smallestProgram = 64

	// windowSize is how much of a program is looked at at a time, and lookAhead how
	// much of what follows is needed to recognise a hit: Go's header and version, the
	// first block of a Rust program's compressed list, the modules of an old Go
	// program. In bytes.
	windowSize = 512 << 10
	lookAhead  = maxListBytes
)

// program is an executable while it streams by.
type program struct {
	*file
	in *bufio.Reader
	at int64 // the offset of what in reads next

	layout *layout
	isGo   bool // it says that Go built it
	passed passed

	unpacker unpacker
}

// windows are there to be used again: most images have thousands of programs.
var windows = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, windowSize) }}

// readProgram looks for what Go and cargo-auditable leave in a program: ELF, PE,
// Mach-O, WebAssembly. It holds windowSize of it, however large it is.
func readProgram(f *file) error {
	head := make([]byte, smallestProgram)
	n, err := io.ReadFull(f, head)
	if err != nil && f.err != nil {
		return err
	}
	if !mayBeProgram(head[:n]) {
		return errOther
	}
	in, _ := windows.Get().(*bufio.Reader)
	in.Reset(io.MultiReader(bytes.NewReader(head[:n]), f))
	defer func() {
		in.Reset(nil)
		windows.Put(in)
	}()
	p := &program{file: f, in: in}
	front, err := p.in.Peek(windowSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	layout, ok := layoutOf(front)
	if !ok {
		return errOther
	}
	if bytes.Contains(front[:min(len(front), 4096)], []byte("UPX!")) {
		return errors.New("the program is packed by UPX: what it was built from can only be read before that")
	}
	p.layout, p.isGo = layout, isGoBinary(front)
	p.passed = passed{map[int64]string{}, map[int64]string{}, map[int64]string{}}
	return p.scan()
}

// scan goes through the program until it finds one of the two.
func (p *program) scan() error {
	for {
		window, err := p.in.Peek(windowSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		last := err != nil
		until := len(window)
		if !last {
			until -= lookAhead
		}
		if p.isGo {
			p.keepStrings(window, until)
		}
		if done, err := p.match(window, until); done {
			return err
		}
		if last {
			break
		}
		if err := p.skip(until - behind); err != nil {
			return err
		}
	}
	if p.isGo {
		return errors.New("a Go program without build information (built by Go 1.12 or older, or removed on purpose): " +
			"its modules are unknown; build it again with `go build`")
	}
	return errOther
}

// match reads what begins in the first until bytes of window, if that is
// something to read.
func (p *program) match(window []byte, until int) (done bool, err error) {
	for i := 0; i < until; i++ {
		j := bytes.Index(window[i:min(until+len(goMagic), len(window))], goMagic)
		if j < 0 {
			break
		}
		if i += j; (p.at+int64(i))%goAlign != 0 || p.at+int64(i) < p.layout.data {
			continue
		}
		if info, ok := parseGoHeader(window[i:]); ok {
			return true, p.readGo(i, info)
		}
	}
	for i := 0; i < until; i++ {
		j := bytes.IndexByte(window[i:until], zlibMethod)
		if j < 0 {
			break
		}
		if i += j; p.unpacker.isAuditable(window[i:]) {
			return true, p.readRust(i)
		}
	}
	return false, nil
}

// skip goes on by n bytes.
func (p *program) skip(n int) error {
	n, err := p.in.Discard(n)
	p.at += int64(n)
	return err
}

// isGoBinary recognises a Go program by the build id that its linker writes at the front:
// a note in ELF, a comment before the code elsewhere.
func isGoBinary(front []byte) bool {
	if bytes.HasPrefix(front, []byte(elfMagic)) {
		front := front[:min(len(front), 4096)]
		for _, kind := range []string{"\x04\x00\x00\x00", "\x00\x00\x00\x04"} { // in either byte order
			if bytes.Contains(front, []byte(kind+"Go\x00\x00")) {
				return true
			}
		}
	}
	return bytes.Contains(front[:min(len(front), 64<<10)], []byte("\xff Go build ID: \""))
}

// uvarint reads a length before a text, as Go writes it.
func uvarint(b []byte) (length uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
