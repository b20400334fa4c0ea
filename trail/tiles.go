package trail

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// An export is a folder of C2SP tlog-tiles: checkpoint, tile/<L>/<N>[.p/<W>]
// with 256 hashes of level 8·L each, tile/entries/<N>[.p/<W>] with 256 entries.

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// checkpointFile is what an export begins with, and what is written last.
const checkpointFile = "checkpoint"

// tilePath is the path of a tile of hashes, with slashes; one of less than 256
// is a partial one.
func tilePath(level int, n int64, width int) string {
	return path.Join("tile", strconv.Itoa(level), tileNumber(n, width))
}

// bundlePath is the path of a bundle of entries.
func bundlePath(n int64, width int) string { return path.Join("tile", "entries", tileNumber(n, width)) }

// tileNumber writes 1234067 as x001/x234/067.
func tileNumber(n int64, width int) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	if width < tileWidth {
		s += ".p/" + strconv.Itoa(width)
	}
	return s
}

// tileOf is one tile of hashes of an export of so many entries.
type tileOf struct {
	level int
	n     int64
	width int
}

// tilesBetween are the tiles that a tree of size has and one of before has not,
// the lowest level first.
func tilesBetween(before, size int64) []tileOf {
	var list []tileOf
	for level, was, is := 0, before, size; is > 0; level, was, is = level+1, was/tileWidth, is/tileWidth {
		for n := was / tileWidth; n*tileWidth < is; n++ {
			width := int(min(is-n*tileWidth, tileWidth))
			if n == was/tileWidth && int64(width) == was%tileWidth {
				continue // the same partial tile
			}
			list = append(list, tileOf{level, n, width})
		}
	}
	return list
}

// positions are where the log stores a tile's hashes.
func (t tileOf) positions() []int64 {
	list := make([]int64, t.width)
	for i := range list {
		list[i] = tlog.StoredHashIndex(t.level*tileHeight, t.n*tileWidth+int64(i))
	}
	return list
}

// read returns the tile's hashes one after the other.
func (t tileOf) read(from tlog.HashReader) ([]byte, error) {
	hashes, err := from.ReadHashes(t.positions())
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b, nil
}

// Tile returns the file of an export at a path: checkpoint, or tile/… as C2SP
// tlog-tiles names them. ErrNotFound if an export of the log has no such file.
func (l *Log) Tile(ctx context.Context, name string) (b []byte, err error) {
	defer contain("read tile", &err)
	h, c, err := l.head(ctx, l.store.db, Asked{})
	if err != nil {
		return nil, err
	}
	if name == checkpointFile {
		return []byte(h.Checkpoint), nil
	}
	level, n, width, ok := parseTilePath(name)
	if !ok || n > c.size || level > 0 && c.size>>(level*tileHeight) == 0 {
		return nil, fmt.Errorf("tile %q: %w", name, ErrNotFound)
	}
	if has := c.size>>(max(level, 0)*tileHeight) - n*tileWidth; int64(width) > has {
		return nil, fmt.Errorf("tile %q: %w", name, ErrNotFound)
	}
	if level < 0 {
		return l.bundle(ctx, n, width)
	}
	return tileOf{level, n, width}.read(&treeReader{ctx: ctx, q: l.store.db, cache: newHashCache(), fresh: map[int64]tlog.Hash{}})
}

// parseTilePath reads a path that tilePath or bundlePath wrote; of a bundle the level is
// -1.
func parseTilePath(name string) (level int, n int64, width int, ok bool) {
	rest, found := strings.CutPrefix(name, "tile/")
	word, number, parted := strings.Cut(rest, "/")
	if !found || !parted || len(name) > 64 {
		return 0, 0, 0, false
	}
	if level = -1; word != "entries" {
		var err error
		if level, err = strconv.Atoi(word); err != nil || level < 0 || level > 63/tileHeight {
			return 0, 0, 0, false
		}
	}
	width = tileWidth
	number, text, partial := strings.Cut(number, ".p/")
	if partial {
		width, _ = strconv.Atoi(text)
	}
	for part := range strings.SplitSeq(number, "/") {
		digits, err := strconv.ParseInt(strings.TrimPrefix(part, "x"), 10, 64)
		if err != nil || digits < 0 || digits > 999 || n > 1<<40 {
			return 0, 0, 0, false
		}
		n = n*1000 + digits
	}
	written := bundlePath(n, width)
	if level >= 0 {
		written = tilePath(level, n, width)
	}
	return level, n, width, width > 0 && width <= tileWidth && written == name // one spelling
}

// appendEntry appends an entry to a bundle: its length in two bytes, big end
// first, and itself.
func appendEntry(bundle, body []byte) ([]byte, error) {
	if len(body) > maxLeaf {
		return nil, fmt.Errorf("it has %d bytes, more than a bundle can hold", len(body))
	}
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(body))) //nolint:gosec // compared just now
	return append(bundle, body...), nil
}

var errBundle = errors.New("the bundle is cut off")

// splitBundle takes a bundle of count entries apart.
func splitBundle(bundle []byte, count int) ([][]byte, error) {
	list := make([][]byte, 0, min(count, tileWidth))
	for range count {
		if len(bundle) < 2 {
			return list, errBundle
		}
		length := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+length {
			return list, errBundle
		}
		list = append(list, bundle[2:2+length:2+length])
		bundle = bundle[2+length:]
	}
	if len(bundle) > 0 {
		return list, fmt.Errorf("%d bytes too many are in the bundle", len(bundle))
	}
	return list, nil
}

// isTiles reports whether a name is of an export, or of one that was
// interrupted.
func isTiles(name string) bool {
	return name == checkpointFile || name == "tile" || strings.HasPrefix(name, "."+checkpointFile+"-")
}
