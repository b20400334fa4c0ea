package trail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// maxBundle is how large a bundle of entries can be.
const maxBundle = tileWidth * (2 + maxLeaf)

// exportCheck verifies a folder that Export wrote.
type exportCheck struct {
	*verification
	folder string
	tree   tree
	stored []tlog.Hash
	tiles  [][]byte // by level: the hashes of the tile that is not complete yet
}

// export looks at every file that the export's checkpoint covers.
func (v *verification) export(folder string) error {
	c := &exportCheck{verification: v, folder: folder}
	signed, err := readBounded(filepath.Join(folder, checkpointFile), 1<<16)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("it has no checkpoint: it is no export, or one that was interrupted the first time: export again")
	}
	if err != nil {
		return err
	}
	p, err := parseCheckpoint(unsigned(string(signed)))
	if err != nil {
		v.problem(checkpointFile, "%v", err)
		return nil
	}
	if v.verifier != nil {
		if p, err = openCheckpoint(string(signed), v.verifier); err != nil {
			v.problem(checkpointFile, "%v", err)
			return nil
		}
	}
	v.report.Origin, v.report.Size, v.report.Checkpoint, v.report.Checkpoints = p.origin, p.size, string(signed), 1
	v.checkClaims(0, c.tree.root())
	for n := int64(0); n*tileWidth < p.size; n++ {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		whole, err := c.bundle(n, int(min(p.size-n*tileWidth, tileWidth)))
		if err != nil || !whole {
			return err // without an entry, nothing after it can be verified
		}
	}
	for level := range c.tiles {
		c.partialTile(level)
	}
	if root := c.tree.root(); root != p.root {
		v.problem(checkpointFile, "it signs root %s, and the entries give %s", p.root, root)
	}
	return nil
}

// bundle reads entries, and adds them to the tree; false if one is missing.
func (c *exportCheck) bundle(n int64, width int) (whole bool, err error) {
	name := bundlePath(n, width)
	b, err := readBounded(filepath.Join(c.folder, filepath.FromSlash(name)), maxBundle)
	if errors.Is(err, fs.ErrNotExist) {
		c.problem(name, "it is missing")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	entries, broken := splitBundle(b, width)
	for _, body := range entries {
		seq, hash := c.tree.size, tlog.RecordHash(body)
		if _, err := parseLeaf(body); err != nil {
			c.problem(name, "entry %d: %v", seq, err)
		}
		c.report.Entries++
		c.checkLeaf(seq, hash)
		c.stored = c.tree.add(hash, c.stored)
		for level := 0; level*tileHeight < len(c.stored); level++ {
			c.hash(level, c.stored[level*tileHeight])
		}
		if len(c.roots[c.tree.size]) > 0 {
			c.checkClaims(c.tree.size, c.tree.root())
		}
	}
	if broken != nil {
		c.problem(name, "%v", broken)
	}
	return len(entries) == width, nil
}

// hash adds one to the tile of a level, and compares the tile when it is full.
func (c *exportCheck) hash(level int, h tlog.Hash) {
	if level == len(c.tiles) {
		c.tiles = append(c.tiles, nil)
	}
	c.tiles[level] = append(c.tiles[level], h[:]...)
	if len(c.tiles[level]) == tileWidth*tlog.HashSize {
		c.compareTile(tilePath(level, c.tree.size>>((level+1)*tileHeight)-1, tileWidth), c.tiles[level])
		c.tiles[level] = c.tiles[level][:0]
	}
}

// partialTile compares the last tile of a level, which is not full.
func (c *exportCheck) partialTile(level int) {
	if width := len(c.tiles[level]) / tlog.HashSize; width > 0 {
		c.compareTile(tilePath(level, c.tree.size>>((level+1)*tileHeight), width), c.tiles[level])
	}
}

func (c *exportCheck) compareTile(name string, want []byte) {
	b, err := readBounded(filepath.Join(c.folder, filepath.FromSlash(name)), tileWidth*tlog.HashSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.problem(name, "it is missing")
	case err != nil:
		c.unseen(name, err)
	case !bytes.Equal(b, want):
		c.problem(name, "its hashes are not those of the entries")
	}
}

// readBounded reads a file that may be as large as limit. Of anything but a
// file, such as a pipe, the end is not known.
func readBounded(file string, limit int64) ([]byte, error) {
	if info, err := os.Stat(file); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%q is longer than %d bytes", file, limit)
	}
	return b, err
}
