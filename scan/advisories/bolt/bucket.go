package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// maxDepth bounds the way from a bucket's first page to a leaf. A file of bbolt
// has two keys or more in each branch, so no sound one is as deep.
const maxDepth = 40

// bucketHeader is the length of a bucket's own description.
const bucketHeader = 16

// Bucket is a set of keys, each with a value or with a bucket of its own.
type Bucket struct {
	file   *File
	root   uint64 // its first page; 0: a small bucket, whose content is in inline
	inline *page
}

// Get calls f with the value of key, which must not be used later. Without the
// key, ok is false and f is not called; a bucket in its place is an error.
func (b Bucket) Get(key []byte, f func(value []byte) error) (ok bool, err error) {
	err = b.find(key, func(value []byte, nested bool) error {
		if nested {
			return fmt.Errorf("%w: %q is a bucket, must be a value", ErrDamaged, key)
		}
		ok = true
		return f(value)
	})
	return ok, err
}

// Bucket gives the bucket of that name. Without the name, ok is false; a value in
// its place is an error.
func (b Bucket) Bucket(name []byte) (nested Bucket, ok bool, err error) {
	err = b.find(name, func(value []byte, isBucket bool) error {
		if !isBucket {
			return fmt.Errorf("%w: %q is a value, must be a bucket", ErrDamaged, name)
		}
		nested, err = b.file.open(bytes.Clone(value))
		ok = err == nil
		return err
	})
	return nested, ok, err
}

// open reads the description of a bucket.
func (f *File) open(value []byte) (Bucket, error) {
	if len(value) < bucketHeader {
		return Bucket{}, fmt.Errorf("%w: a bucket is described in %d bytes", ErrDamaged, len(value))
	}
	b := Bucket{file: f, root: binary.LittleEndian.Uint64(value)}
	if b.root != 0 {
		return b, nil
	}
	b.inline = &page{data: value[bucketHeader:]}
	if err := b.inline.parse(); err != nil {
		return b, err
	}
	if !b.inline.leaf {
		return b, fmt.Errorf("%w: an inline bucket must be a leaf", ErrDamaged)
	}
	return b, nil
}

func (b Bucket) first() (*page, error) {
	if b.inline != nil {
		return b.inline, nil
	}
	return b.file.page(b.root)
}

// find calls f with what is at key, if anything does.
func (b Bucket) find(key []byte, f func(value []byte, nested bool) error) error {
	p, err := b.first()
	if err != nil {
		return err
	}
	var low, high []byte // of the keys that the page may hold
	for range maxDepth {
		if err := p.checkRange(low, high); err != nil {
			return err
		}
		i, exact := p.find(key)
		if p.leaf {
			if exact {
				err = f(p.value(i), p.isBucket(i))
			}
			p.release()
			return err
		}
		if !exact && i > 0 {
			i--
		}
		low, high = p.bounds(i, high)
		if p, err = b.file.page(p.child(i)); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: a bucket is more than %d pages deep", ErrDamaged, maxDepth)
}

// bounds are the lowest key below element i of a branch, and the one that all
// must be under (nil: none).
func (p *page) bounds(i int, high []byte) (low, under []byte) {
	if i+1 < p.count {
		high = p.key(i + 1)
	}
	return p.key(i), high
}

// checkRange reports whether the page's keys are those that the branch above it
// promised: a page in the wrong place would hide the keys that belong there.
func (p *page) checkRange(low, high []byte) error {
	if p.count == 0 {
		if low != nil {
			return fmt.Errorf("%w: a branch leads to an empty page", ErrDamaged)
		}
		return nil
	}
	if bytes.Compare(p.key(0), low) < 0 || (high != nil && bytes.Compare(p.key(p.count-1), high) >= 0) {
		return fmt.Errorf("%w: a page holds keys that belong elsewhere", ErrDamaged)
	}
	return nil
}

// Each calls f with every key that begins with prefix, in rising order, and with
// its value, or its bucket (then value is nil). It ends at the first error. What
// f is given must not be changed, and but for the bucket not be used later.
func (b Bucket) Each(prefix []byte, f func(key, value []byte, nested *Bucket) error) error {
	p, err := b.first()
	if err != nil {
		return err
	}
	return b.each(p, prefix, nil, nil, 0, f)
}

func (b Bucket) each(p *page, prefix, low, high []byte, depth int, f func(key, value []byte, nested *Bucket) error) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: a bucket is more than %d pages deep", ErrDamaged, maxDepth)
	}
	if err := p.checkRange(low, high); err != nil {
		return err
	}
	defer p.release()
	i, exact := p.find(prefix)
	if !p.leaf && !exact && i > 0 {
		i--
	}
	for ; i < p.count; i++ {
		key := p.key(i)
		if bytes.Compare(key, prefix) > 0 && !bytes.HasPrefix(key, prefix) {
			return nil
		}
		if !p.leaf {
			child, err := b.file.page(p.child(i))
			if err != nil {
				return err
			}
			low, high := p.bounds(i, high)
			if err := b.each(child, prefix, low, high, depth+1, f); err != nil {
				return err
			}
			continue
		}
		if err := b.visit(p, i, f); err != nil {
			return err
		}
	}
	return nil
}

// visit calls f with element i of a leaf.
func (b Bucket) visit(p *page, i int, f func(key, value []byte, nested *Bucket) error) error {
	if !p.isBucket(i) {
		return f(p.key(i), p.value(i), nil)
	}
	nested, err := b.file.open(bytes.Clone(p.value(i)))
	if err != nil {
		return err
	}
	return f(p.key(i), nil, &nested)
}
