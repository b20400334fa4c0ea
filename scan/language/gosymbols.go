package language

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"
)

// With -trimpath, Go does not record what -ldflags stamped into a program. The
// linker still calls each such text by the variable's name and ".str" in the
// table of symbols, where that was not stripped. Table and names come after
// the texts, so each text that could be a version was kept on the way.

// maxRelease bounds a version that is stamped into a program, in bytes.
const maxRelease = behind - 1

// keepRelease keeps the text around the dot at window[i], if it ends in a NUL and
// looks like a version: 1.2, v1.2.3-rc.1.
func (p *program) keepRelease(window []byte, i int) {
	if i < 1 || i+1 >= len(window) || !isDigit(window[i-1]) || !isDigit(window[i+1]) || len(p.passed.releases) >= maxKept {
		return
	}
	end := i + 1
	for end < len(window) && end-i < maxRelease && isVersionByte(window[end]) {
		end++
	}
	if end == len(window) || window[end] != 0 {
		return
	}
	begin := i
	for begin > 0 && end-begin < maxRelease && isVersionByte(window[begin-1]) {
		begin--
	}
	p.passed.releases[p.at+int64(end)] = string(window[begin:end])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isVersionByte(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '+' || c == '-'
}

// stamp is a symbol of a text that may be a version.
type stamp struct {
	name  int64 // offset of its name in the file
	value string
}

// symbolVersion is the version of the main module according to the symbols of
// an ELF program, or "" if they have none.
func (p *program) symbolVersion(modulePath string) (string, error) {
	if p.layout.symbols.size == 0 || p.layout.names.size == 0 || len(p.passed.releases) == 0 {
		return "", nil
	}
	stamps, err := p.stamps()
	if err != nil {
		return "", ignoreEnd(err)
	}
	set := map[string]string{}
	slices.SortFunc(stamps, func(a, b stamp) int { return cmp.Compare(a.name, b.name) })
	for _, s := range stamps {
		name, err := p.text(s.name)
		if err != nil {
			return "", ignoreEnd(err)
		}
		if variable, ok := strings.CutSuffix(name, ".str"); ok {
			set[variable] = s.value
		}
	}
	return chooseStamp(modulePath, set), nil
}

// ignoreEnd drops the error of a text that is beyond the end of the program.
func ignoreEnd(err error) error {
	if errors.Is(err, errOldGo) {
		return nil
	}
	return err
}

// stamps reads the table of symbols, and returns those whose text was kept.
func (p *program) stamps() (list []stamp, err error) {
	size, order := 16, p.layout.order
	if p.layout.wide {
		size = 24
	}
	end := p.layout.symbols.offset + p.layout.symbols.size
	for at := p.layout.symbols.offset; at+int64(size) <= end; at += int64(size) {
		b, err := p.peekAt(at, size)
		if err != nil {
			return nil, err
		}
		name, value, length := order.Uint32(b), uint64(order.Uint32(b[4:])), uint64(order.Uint32(b[8:]))
		if p.layout.wide {
			value, length = order.Uint64(b[8:]), order.Uint64(b[16:])
		}
		if length < 4 || length > maxRelease+1 {
			continue
		}
		offset, ok := p.layout.offset(value)
		if !ok {
			continue
		}
		n := int(length) - 1 // #nosec G115 -- at most maxRelease+1
		if text := p.passed.releases[offset+int64(n)]; len(text) >= n && len(list) < maxKept {
			list = append(list, stamp{p.layout.names.offset + int64(name), text[len(text)-n:]})
		}
	}
	return list, nil
}

// text reads a name that ends in a NUL. One that is longer than names of
// variables are is empty.
func (p *program) text(offset int64) (string, error) {
	if _, err := p.peekAt(offset, 1); err != nil {
		return "", err
	}
	b, err := p.in.Peek(1 << 10)
	if err != nil && len(b) == 0 {
		return "", endIs(err, errOldGo)
	}
	if end := bytes.IndexByte(b, 0); end >= 0 {
		return string(b[:end]), nil
	}
	return "", nil
}
