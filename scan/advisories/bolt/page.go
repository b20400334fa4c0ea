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

	// maxCached bounds the branches that are kept, in bytes; those of Trivy's
	// database are a hundredth of it.
	maxCached = 8 << 20
)

// page is one page whose every element was checked to lie within it, with keys
// in rising order.
type page struct {
	data  []byte
	leaf  bool
	count int
	lent  bool // from buffers
}

// ahead is how many bytes are read at once: most leaves are continued by a page
// or two.
const ahead = 12 << 10

// buffers are pages of leaves that are no longer used.
var buffers = sync.Pool{New: func() any { return &page{} }}

// release gives a page back, after which nothing of it may be used. Branches are
// kept, and what is in another page is not read at all.
func (p *page) release() {
	if p.lent && cap(p.data) <= 4*ahead {
		p.lent = false
		buffers.Put(p)
	}
}

// page reads the page of that number. The caller releases it.
func (f *File) page(number uint64) (*page, error) {
	if p := f.cache.get(number); p != nil {
		return p, nil
	}
	if number < 2 || number >= f.pages {
		return nil, fmt.Errorf("%w: it points to page %d of %d", ErrDamaged, number, f.pages)
	}
	p := buffers.Get().(*page) //nolint:errcheck,forcetypeassert // nothing else is put in
	if err := f.fill(p, number); err != nil {
		return nil, err
	}
	if err := p.parse(); err != nil {
		return nil, fmt.Errorf("page %d: %w", number, err)
	}
	p.lent = true
	if p.leaf {
		return p, nil
	}
	kept := &page{data: bytes.Clone(p.data), count: p.count}
	p.release()
	f.cache.put(number, kept)
	return kept, nil
}

// fill reads the bytes of the page of that number, and of those that continue it.
func (f *File) fill(p *page, number uint64) error {
	if cap(p.data) < ahead {
		p.data = make([]byte, ahead)
	}
	begin := int64(number * f.size) //nolint:gosec // below the file's size, as Read checked
	// What is in use ends with a whole page, so that less is read at its end only.
	most := min(uint64(ahead)/f.size, f.pages-number) * f.size
	p.data = p.data[:max(most, f.size)]
	if _, err := f.source.ReadAt(p.data, begin); err != nil {
		return fmt.Errorf("%w: page %d: %w", ErrDamaged, number, err)
	}
	if id := binary.LittleEndian.Uint64(p.data); id != number {
		return fmt.Errorf("%w: page %d has the number %d", ErrDamaged, number, id)
	}
	more := uint64(binary.LittleEndian.Uint32(p.data[12:]))
	length := (more + 1) * f.size
	if more >= f.pages-number || length > maxPageBytes {
		return fmt.Errorf("%w: page %d has %d overflow pages", ErrDamaged, number, more)
	}
	if have := uint64(len(p.data)); length > have {
		p.data = append(p.data, make([]byte, length-have)...)
		if _, err := f.source.ReadAt(p.data[have:], begin+int64(have)); err != nil { //nolint:gosec // below the file's size
			return fmt.Errorf("%w: page %d: %w", ErrDamaged, number, err)
		}
	}
	p.data = p.data[:length]
	return nil
}

// parse checks a page's bytes.
func (p *page) parse() error {
	if len(p.data) < headerSize {
		return fmt.Errorf("%w: a page has %d bytes", ErrDamaged, len(p.data))
	}
	p.count = int(binary.LittleEndian.Uint16(p.data[10:]))
	switch flags := binary.LittleEndian.Uint16(p.data[8:]); flags {
	case branchPage:
		p.leaf = false
		if p.count == 0 {
			return fmt.Errorf("%w: a branch without twigs", ErrDamaged)
		}
	case leafPage:
		p.leaf = true
		if rest := p.data[headerSize:min(2*headerSize, len(p.data))]; p.count == 0 && bytes.ContainsFunc(rest, func(r rune) bool { return r != 0 }) {
			return fmt.Errorf("%w: a page is marked as empty and is not", ErrDamaged)
		}
	default:
		return fmt.Errorf("%w: page type %#x, must be a branch or a leaf", ErrDamaged, flags)
	}
	if headerSize*(p.count+1) > len(p.data) {
		return fmt.Errorf("%w: %d elements do not fit into %d bytes", ErrDamaged, p.count, len(p.data))
	}
	return p.parseElements()
}

func (p *page) parseElements() error {
	var last []byte
	next := uint64(headerSize) * uint64(p.count+1) //nolint:gosec // count is not negative
	for i := range p.count {
		// They are written one after the other, so that a changed length shows.
		begin, _, end := p.span(i)
		if begin != next || end > uint64(len(p.data)) {
			return fmt.Errorf("%w: element %d is not where it should be in its page", ErrDamaged, i)
		}
		if p.leaf && binary.LittleEndian.Uint32(p.element(i)) > bucketElement {
			return fmt.Errorf("%w: element %d is of no known kind", ErrDamaged, i)
		}
		next = end
		key := p.key(i)
		if i > 0 && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("%w: the keys of a page are out of order", ErrDamaged)
		}
		last = key
	}
	return nil
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

// cache keeps branches that were read and checked. The zero value is empty.
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
// pages that are requested in rising order.
func (c *cache) put(number uint64, p *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil || c.bytes+len(p.data) > maxCached {
		c.pages, c.bytes = map[uint64]*page{}, 0
	}
	c.pages[number] = p
	c.bytes += len(p.data)
}
