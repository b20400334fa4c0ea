package language

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// goMagic begins the build information of a Go program, at a multiple of goAlign.
var goMagic = []byte("\xff Go buildinf:")

const (
	goAlign      = 16
	goHeaderSize = 32

	maxGoVersion = 1 << 10 // of the text that names the Go version, in bytes
	maxGoModules = 8 << 20 // of the text that lists the modules, in bytes: some 80,000 of them
)

// goHeader is the header of the build information.
type goHeader struct {
	version string
	size    int    // of header and version, in bytes
	pointer bool   // Go 1.17 and older: the header only points to the texts
	raw     []byte // the header itself
}

// parseGoHeader reads the header at the beginning of b, if it is one: the magic
// is in every program that reads build information, too.
func parseGoHeader(b []byte) (goHeader, bool) {
	if len(b) < goHeaderSize {
		return goHeader{}, false
	}
	const inline = 2
	h := goHeader{raw: bytes.Clone(b[:goHeaderSize])}
	if flags := b[15]; flags&inline == 0 {
		h.pointer, h.size = true, goHeaderSize
		return h, flags <= 1 && (b[14] == 4 || b[14] == 8)
	}
	n, rest, ok := uvarint(b[goHeaderSize:])
	if !ok || n == 0 || n > maxGoVersion || n > uint64(len(rest)) {
		return goHeader{}, false
	}
	h.version = string(rest[:n])
	h.size = len(b) - len(rest) + int(n) // #nosec G115 -- n is at most maxGoVersion
	return h, strings.HasPrefix(h.version, "go") || strings.HasPrefix(h.version, "devel")
}

// readGo reads the build information whose header begins i bytes further on.
func (p *program) readGo(i int, h goHeader) error {
	p.kind = &kind{name: "gobinary"}
	if h.pointer {
		return p.readOldGo(i, h)
	}
	if err := p.skip(i + h.size); err != nil {
		return err
	}
	modules, err := p.goText()
	if err != nil {
		return fmt.Errorf("the build information of the Go program (%s) is damaged: %w", clean(h.version), err)
	}
	return p.addGo(h.version, modules)
}

// goText reads a text with its length before it.
func (p *program) goText() (string, error) {
	head, err := p.in.Peek(10)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	n, rest, ok := uvarint(head)
	if !ok {
		return "", io.ErrUnexpectedEOF
	}
	if n > maxGoModules {
		return "", fmt.Errorf("its list of modules claims to be %d bytes long", n)
	}
	if err := p.skip(len(head) - len(rest)); err != nil {
		return "", err
	}
	text := make([]byte, n)
	m, err := io.ReadFull(p.in, text)
	p.at += int64(m)
	if err != nil {
		return "", io.ErrUnexpectedEOF
	}
	return string(text), nil
}

// addGo adds the modules that Go's build information lists, and Go itself as
// stdlib. A replaced module has the name of its replacement.
func (p *program) addGo(version, modules string) error {
	info, err := debug.ParseBuildInfo(unframe(modules))
	if err != nil {
		return fmt.Errorf("the build information of the Go program (%s) cannot be read: %w", clean(version), err)
	}
	p.add("stdlib", stdlibVersion(version))
	for _, dep := range info.Deps {
		if dep.Path == "" {
			continue // some old programs name themselves so
		}
		if dep.Replace != nil {
			dep = dep.Replace
		}
		p.add(dep.Path, moduleVersion(dep.Version))
	}
	if info.Main.Path != "" {
		recorded := moduleVersion(info.Main.Version)
		stamped := stampedVersion(info.Main.Path, info.Settings)
		if stamped == "" && !isRelease(recorded) {
			if stamped, err = p.symbolVersion(info.Main.Path); err != nil {
				return err
			}
		}
		p.add(info.Main.Path, mainVersion(recorded, stamped))
	}
	return nil
}

// unframe removes the 16 bytes that Go writes before and after the list. A list
// without them is not a list of modules.
func unframe(modules string) string {
	if len(modules) < 33 || modules[len(modules)-17] != '\n' {
		return ""
	}
	return modules[16 : len(modules)-16]
}

// stdlibVersion is Go's version in the form that its modules have, without the
// experiments it was built with.
func stdlibVersion(goVersion string) string {
	v := strings.TrimPrefix(goVersion, "go")
	v, _, _ = strings.Cut(v, " X:")
	v, _, _ = strings.Cut(v, "-X:")
	return "v" + v
}

// moduleVersion is empty for a module that was built from its working copy.
func moduleVersion(v string) string {
	if v == "(devel)" {
		return ""
	}
	return v
}
