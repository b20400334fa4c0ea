package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The tags of a header that are read (rpm's lib/rpmtag.h).
const (
	tagName            = 1000
	tagVersion         = 1001
	tagRelease         = 1002
	tagEpoch           = 1003
	tagVendor          = 1011
	tagArch            = 1022
	tagSourceRPM       = 1044
	tagDirIndexes      = 1116
	tagBaseNames       = 1117
	tagDirNames        = 1118
	tagModularityLabel = 5096
)

// The types of a tag's data that are read.
const (
	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
)

// maxTags bounds the tags of one header, as rpm does.
const maxTags = 0xffff

// parseHeader reads a header as rpm exports it into its database: the number of
// tags and of bytes of data, the tags (tag, type, offset, count), the data. A tag
// that appears twice was changed after the package was built; the later counts.
func parseHeader(raw []byte) (*Package, error) {
	if len(raw) < 8 {
		return nil, errors.New("a header has no length")
	}
	tags, size := binary.BigEndian.Uint32(raw), binary.BigEndian.Uint32(raw[4:])
	if tags == 0 || tags > maxTags || int64(tags)*16+int64(size)+8 > int64(len(raw)) {
		return nil, fmt.Errorf("a header of %d bytes claims %d tags and %d bytes of data", len(raw), tags, size)
	}
	index, data := raw[8:8+tags*16], raw[8+tags*16:][:size]
	p := &Package{}
	seen := map[uint32]bool{}
	for ; len(index) > 0; index = index[16:] {
		e := entry{
			kind:  binary.BigEndian.Uint32(index[4:]),
			count: binary.BigEndian.Uint32(index[12:]),
		}
		tag, offset := binary.BigEndian.Uint32(index), binary.BigEndian.Uint32(index[8:])
		if offset > size {
			if relevant(tag) {
				return nil, fmt.Errorf("tag %d of a header is outside its data", tag)
			}
			continue
		}
		e.data = data[offset:]
		if err := p.take(tag, e); err != nil {
			return nil, fmt.Errorf("tag %d of a header: %w", tag, err)
		}
		seen[tag] = true
	}
	for _, tag := range []uint32{tagName, tagVersion, tagRelease} {
		if !seen[tag] {
			return nil, fmt.Errorf("a header has no tag %d: it names no package", tag)
		}
	}
	if p.Name == "" || p.Version == "" {
		return nil, errors.New("a header has an empty name or version")
	}
	return p, p.checkFiles()
}

// relevant reports whether take reads tag.
func relevant(tag uint32) bool {
	switch tag {
	case tagName, tagVersion, tagRelease, tagEpoch, tagVendor, tagArch, tagSourceRPM, tagDirIndexes, tagBaseNames, tagDirNames, tagModularityLabel:
		return true
	}
	return false
}

// entry is a tag's data, and all that follows it.
type entry struct {
	kind, count uint32
	data        []byte
}

// take sets what tag says.
func (p *Package) take(tag uint32, e entry) (err error) {
	switch tag {
	case tagName:
		p.Name, err = e.text()
	case tagVersion:
		p.Version, err = e.text()
	case tagRelease:
		p.Release, err = e.text()
	case tagArch:
		p.Arch, err = e.text()
	case tagVendor:
		p.Vendor, err = e.some()
	case tagSourceRPM:
		p.SourceRPM, err = e.some()
	case tagModularityLabel:
		p.ModularityLabel, err = e.text()
	case tagEpoch:
		var list []int32
		if list, err = e.numbers(); err == nil && len(list) > 0 {
			p.Epoch = int(list[0])
		}
	case tagDirIndexes:
		p.index, err = e.numbers()
	case tagDirNames:
		p.dirs, err = e.texts()
	case tagBaseNames:
		p.bases, err = e.texts()
	}
	return err
}

// text is one string.
func (e entry) text() (string, error) {
	if e.kind != typeString {
		return "", fmt.Errorf("its type is %d, must be a string", e.kind)
	}
	end := bytes.IndexByte(e.data, 0)
	if end < 0 {
		return "", errors.New("it has no end")
	}
	return string(e.data[:end]), nil
}

// some is text, where "(none)" says that there is none.
func (e entry) some() (string, error) {
	text, err := e.text()
	if text == "(none)" {
		text = ""
	}
	return text, err
}

// texts is a list of strings.
func (e entry) texts() ([]string, error) {
	if e.kind != typeStringArray {
		return nil, fmt.Errorf("its type is %d, must be a list of strings", e.kind)
	}
	if int64(e.count) > int64(len(e.data)) {
		return nil, fmt.Errorf("it claims %d texts", e.count)
	}
	list, rest := make([]string, 0, e.count), e.data
	for range e.count {
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			return nil, errors.New("it has no end")
		}
		list, rest = append(list, string(rest[:end])), rest[end+1:]
	}
	return list, nil
}

// numbers is a list of 32-bit numbers.
func (e entry) numbers() ([]int32, error) {
	if e.kind != typeInt32 {
		return nil, fmt.Errorf("its type is %d, must be numbers", e.kind)
	}
	if int64(e.count)*4 > int64(len(e.data)) {
		return nil, fmt.Errorf("it claims %d numbers", e.count)
	}
	list := make([]int32, e.count)
	for i := range list {
		list[i] = int32(binary.BigEndian.Uint32(e.data[i*4:])) // the header's own 32 bits
	}
	return list, nil
}

// checkFiles holds the three lists of which a package's files are made against
// each other. A package without files has none of them.
func (p *Package) checkFiles() error {
	if len(p.dirs) == 0 || len(p.index) == 0 || len(p.bases) == 0 {
		p.dirs, p.index, p.bases = nil, nil, nil
		return nil
	}
	if len(p.index) != len(p.bases) {
		return fmt.Errorf("%s has %d names of files in %d folders", p.Name, len(p.bases), len(p.index))
	}
	for _, i := range p.index {
		if i < 0 || int(i) >= len(p.dirs) {
			return fmt.Errorf("%s has a file in folder %d of %d", p.Name, i, len(p.dirs))
		}
	}
	for i, dir := range p.dirs {
		if !strings.HasSuffix(dir, "/") {
			p.dirs[i] = dir + "/"
		}
	}
	return nil
}
