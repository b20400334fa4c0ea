package rpmdb

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite" // writes the databases that are read
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tag is one tag of a header: a string, a list of strings, or numbers.
type tag struct {
	number uint32
	value  any
}

// header is a header as rpm exports it.
func header(tags ...tag) []byte {
	var index, data bytes.Buffer
	for _, t := range tags {
		kind, count, bytes := uint32(0), uint32(1), []byte(nil)
		switch v := t.value.(type) {
		case string:
			kind, bytes = typeString, append([]byte(v), 0)
		case []string:
			kind, count = typeStringArray, uint32(len(v))
			for _, s := range v {
				bytes = append(append(bytes, s...), 0)
			}
		case []int32:
			kind, count = typeInt32, uint32(len(v))
			for data.Len()%4 != 0 {
				data.WriteByte(0)
			}
			for _, n := range v {
				bytes = binary.BigEndian.AppendUint32(bytes, uint32(n))
			}
		}
		for _, n := range []uint32{t.number, kind, uint32(data.Len()), count} {
			index.Write(binary.BigEndian.AppendUint32(nil, n))
		}
		data.Write(bytes)
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	out = binary.BigEndian.AppendUint32(out, uint32(data.Len()))
	return append(append(out, index.Bytes()...), data.Bytes()...)
}

// named is the header of a package with so many files.
func named(name string, files int) []byte {
	tags := []tag{{tagName, name}, {tagVersion, "1.0"}, {tagRelease, "2.el9"}, {tagArch, "x86_64"}, {tagSourceRPM, name + "-1.0-2.el9.src.rpm"}, {tagVendor, "Red Hat, Inc."}}
	if files > 0 {
		index, bases := make([]int32, files), make([]string, files)
		for i := range files {
			index[i], bases[i] = int32(i%2), name+"-file-"+string(rune('a'+i%26))
		}
		tags = append(tags, tag{tagDirIndexes, index}, tag{tagBaseNames, bases}, tag{tagDirNames, []string{"/usr/lib/", "/usr/bin/"}})
	}
	return header(tags...)
}

// ndb is a database in rpm's own format.
func ndb(headers ...[]byte) []byte {
	pages := 1 + (len(headers)+2)/256
	slots := make([]byte, pages*ndbSlotPage)
	for at := 2 * ndbSlot; at < len(slots); at += ndbSlot {
		copy(slots[at:], ndbSlotMagic)
	}
	copy(slots, ndbMagic)
	binary.LittleEndian.PutUint32(slots[12:], uint32(pages))
	out := slots
	for i, h := range headers {
		slot := out[(i+2)*ndbSlot:]
		blocks := (ndbBlobHead + len(h) + ndbBlobTail + ndbBlock - 1) / ndbBlock
		binary.LittleEndian.PutUint32(slot[4:], uint32(i+1))
		binary.LittleEndian.PutUint32(slot[8:], uint32(len(out)/ndbBlock))
		binary.LittleEndian.PutUint32(slot[12:], uint32(blocks))
		blob := make([]byte, blocks*ndbBlock)
		copy(blob, ndbBlobMagic)
		binary.LittleEndian.PutUint32(blob[4:], uint32(i+1))
		binary.LittleEndian.PutUint32(blob[12:], uint32(len(h)))
		copy(blob[ndbBlobHead:], h)
		out = append(out, blob...)
	}
	return out
}

// berkeleyDB is a Berkeley DB hash of one page of items, whose values stand in
// pages of their own unless they are small.
func berkeleyDB(order binary.ByteOrder, size int, headers ...[]byte) []byte {
	meta, items := make([]byte, size), make([]byte, size)
	order.PutUint32(meta[12:], berkeleyMagic)
	order.PutUint32(meta[20:], uint32(size))
	meta[25], items[25] = pageHashMeta, pageHash
	order.PutUint32(items[8:], 1)
	out := append(meta, items...)
	end, n := size, 0
	put := func(item []byte) {
		end -= len(item)
		copy(out[size+end:], item)
		order.PutUint16(out[size+pageHeader+2*n:], uint16(end))
		n++
	}
	number := func(i int) []byte {
		key := make([]byte, 5)
		key[0] = itemInline
		order.PutUint32(key[1:], uint32(i))
		return key
	}
	put(number(0))
	put(number(len(headers)))
	for i, h := range headers {
		put(number(i + 1))
		if len(h) < size/4 {
			put(append([]byte{itemInline}, h...))
			continue
		}
		item := make([]byte, 12)
		item[0] = itemOffPage
		order.PutUint32(item[4:], uint32(len(out)/size))
		order.PutUint32(item[8:], uint32(len(h)))
		put(item)
		for part := range slices.Chunk(h, size-pageHeader) {
			page := make([]byte, size)
			page[25] = pageOverflow
			order.PutUint16(page[22:], uint16(len(part)))
			copy(page[pageHeader:], part)
			out = append(out, page...)
			order.PutUint32(out[len(out)-size+16:], uint32(len(out)/size))
		}
		order.PutUint32(out[len(out)-size+16:], 0)
	}
	order.PutUint16(out[size+20:], uint16(n))
	order.PutUint32(out[32:], uint32(len(out)/size-1))
	return out
}

// sqliteDB is a database that SQLite itself wrote, with rpm's schema.
func sqliteDB(t testing.TB, pageSize string, headers ...[]byte) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rpmdb.sqlite")
	db, err := openSQLite(file)
	must(t, err)
	for _, statement := range []string{
		"PRAGMA page_size = " + pageSize, "PRAGMA synchronous = OFF", "PRAGMA journal_mode = OFF",
		"CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)",
		"CREATE TABLE IF NOT EXISTS 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum) ON UPDATE CASCADE ON DELETE CASCADE)",
		"CREATE INDEX IF NOT EXISTS 'Name_key_idx' ON 'Name'(key ASC)",
	} {
		_, err := db.Exec(statement)
		must(t, err)
	}
	for _, h := range headers {
		_, err := db.Exec("INSERT INTO Packages (blob) VALUES (?)", h)
		must(t, err)
	}
	must(t, db.Close())
	raw, err := os.ReadFile(file)
	must(t, err)
	return raw
}

// openSQLite opens a database with the one connection that settings belong to.
func openSQLite(file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", file)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}
