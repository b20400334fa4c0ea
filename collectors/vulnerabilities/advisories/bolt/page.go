package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"
	"sync"
)

// Kinds of pages, and of elements in a leaf.
const (
	branchPage = 1
	leafPage   = 2

	bucketElement = 1
)

const (
	// maxPageBytes bounds one page with those that continue it, in bytes: the
	// largest description of a vulnerability has some hundred thousand.
	maxPageBytes = 16 << 20

	// maxCached bounds the pages that are kept, in bytes.
	maxCached = 8 << 20
)

// page is one page whose every element was checked to lie within it, with keys
// in rising order.
type page struct {
	data  []byte
	leaf  bool
	count int
}

// page reads the page of that number.
func (f *File) page(number uint64) (*page, error) {
	if p := f.cache.get(number); p != nil {
		return p, nil
	}
	if number < 2 || number >= f.pages {
		return nil, fmt.Errorf("%w: it points to page %d of %d", ErrDamaged, number, f.pages)
	}
	data := make([]byte, f.size)
	if _, err := f.source.ReadAt(data, int64(number*f.size)); err != nil { //nolint:gosec // below the file's size, as Read checked
		return nil, fmt.Errorf("%w: page %d: %w", ErrDamaged, number, err)
	}
	if id := binary.LittleEndian.Uint64(data); id != number {
		return nil, fmt.Errorf("%w: page %d says that it is page %d", ErrDamaged, number, id)
	}
	if more := uint64(binary.LittleEndian.Uint32(data[12:])); more > 0 {
		length := (more + 1) * f.size
		if more >= f.pages-number || length > maxPageBytes {
			return nil, fmt.Errorf("%w: page %d says that %d pages continue it", ErrDamaged, number, more)
		}
		data = append(data, make([]byte, length-f.size)...)
		if _, err := f.source.ReadAt(data[f.size:], int64((number+1)*f.size)); err != nil { //nolint:gosec // likewise
			return nil, fmt.Errorf("%w: page %d: %w", ErrDamaged, number, err)
		}
	}
	p, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("page %d: %w", number, err)
	}
	f.cache.put(number, p)
	return p, nil
}

// parse checks a page's bytes.
func parse(data []byte) (*page, error) {
	if len(data) < headerSize {
		return nil, fmt.Errorf("%w: a page has %d bytes", ErrDamaged, len(data))
	}
	p := &page{data: data, count: int(binary.LittleEndian.Uint16(data[10:]))}
	switch flags := binary.LittleEndian.Uint16(data[8:]); flags {
	case branchPage:
		if p.count == 0 {
			return nil, fmt.Errorf("%w: a branch without twigs", ErrDamaged)
		}
	case leafPage:
		p.leaf = true
		if rest := data[headerSize:min(2*headerSize, len(data))]; p.count == 0 && bytes.ContainsFunc(rest, func(r rune) bool { return r != 0 }) {
			return nil, fmt.Errorf("%w: a page says that it is empty and is not", ErrDamaged)
		}
	default:
		return nil, fmt.Errorf("%w: a page of kind %#x where a branch or a leaf is wanted", ErrDamaged, flags)
	}
	if headerSize*(p.count+1) > len(data) {
		return nil, fmt.Errorf("%w: %d elements do not fit into %d bytes", ErrDamaged, p.count, len(data))
	}
	var last []byte
	next := uint64(headerSize) * uint64(p.count+1) //nolint:gosec // count is not negative
	for i := range p.count {
		// They are written one after the other, so that a changed length shows.
		begin, _, end := p.span(i)
		if begin != next || end > uint64(len(p.data)) {
			return nil, fmt.Errorf("%w: element %d is not where it should be in its page", ErrDamaged, i)
		}
		if p.leaf && binary.LittleEndian.Uint32(p.element(i)) > bucketElement {
			return nil, fmt.Errorf("%w: element %d is of no known kind", ErrDamaged, i)
		}
		next = end
		key := p.key(i)
		if i > 0 && bytes.Compare(last, key) >= 0 {
			return nil, fmt.Errorf("%w: the keys of a page are out of order", ErrDamaged)
		}
		last = key
	}
	return p, nil
}

// element is the fixed part of element i; its positions count from there.
func (p *page) element(i int) []byte { return p.data[headerSize*(i+1):] }

// span gives where the key of element i begins, where it ends and, in a leaf,
// where its value ends.
func (p *page) span(i int) (begin, middle, end uint64) {
	e := p.element(i)
	base := uint64(headerSize) * uint64(i+1) //nolint:gosec // i counts elements
	if p.leaf {
		begin = base + uint64(binary.LittleEndian.Uint32(e[4:]))
		middle = begin + uint64(binary.LittleEndian.Uint32(e[8:]))
		return begin, middle, middle + uint64(binary.LittleEndian.Uint32(e[12:]))
	}
	begin = base + uint64(binary.LittleEndian.Uint32(e))
	middle = begin + uint64(binary.LittleEndian.Uint32(e[4:]))
	return begin, middle, middle
}

func (p *page) key(i int) []byte {
	begin, end, _ := p.span(i)
	return p.data[begin:end:end]
}

func (p *page) value(i int) []byte {
	_, begin, end := p.span(i)
	return p.data[begin:end:end]
}

func (p *page) isBucket(i int) bool {
	return binary.LittleEndian.Uint32(p.element(i))&bucketElement != 0
}

// child is the page that element i of a branch leads to.
func (p *page) child(i int) uint64 { return binary.LittleEndian.Uint64(p.element(i)[8:]) }

// find gives the first element whose key is not below key.
func (p *page) find(key []byte) (i int, exact bool) {
	i = sort.Search(p.count, func(i int) bool { return bytes.Compare(p.key(i), key) >= 0 })
	return i, i < p.count && bytes.Equal(p.key(i), key)
}

// cache keeps pages that were read and checked. The zero value is empty.
type cache struct {
	mu    sync.RWMutex
	pages map[uint64]*page
	bytes int
}

func (c *cache) get(number uint64) *page {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.pages[number]
}

// put keeps p; a full cache is emptied first, which is as good as any order for
// pages that are asked for in rising order.
func (c *cache) put(number uint64, p *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil || c.bytes+len(p.data) > maxCached {
		c.pages, c.bytes = map[uint64]*page{}, 0
	}
	c.pages[number] = p
	c.bytes += len(p.data)
}
