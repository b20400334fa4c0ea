package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// made is a file that bbolt wrote, with what tx put in.
func made(t testing.TB, put func(tx *bbolt.Tx) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: 1024, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(put); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// library puts three buckets in: a deep one of buckets, small and large, one of
// values up to some pages, and an empty one.
func library(tx *bbolt.Tx) error {
	random := rand.New(rand.NewSource(1))
	bytes := func(n int) []byte { b := make([]byte, random.Intn(n)); random.Read(b); return b }
	deep, err := tx.CreateBucketIfNotExists([]byte("deep"))
	if err != nil {
		return err
	}
	for i := range 300 {
		nested, err := deep.CreateBucketIfNotExists(fmt.Appendf(nil, "package-%03d", i))
		if err != nil {
			return err
		}
		for j := range i % 40 {
			if err := nested.Put(fmt.Appendf(nil, "CVE-%d", random.Intn(1000*(j+1))), bytes(60)); err != nil {
				return err
			}
		}
	}
	wide, err := tx.CreateBucketIfNotExists([]byte("wide"))
	if err != nil {
		return err
	}
	for range 400 {
		if err := wide.Put(fmt.Appendf(nil, "key-%d", random.Intn(10_000)), bytes(1<<uint(random.Intn(13)))); err != nil {
			return err
		}
	}
	_, err = tx.CreateBucketIfNotExists([]byte("empty"))
	return err
}

// dump is all that a bucket holds, and how often it was read.
func dump(b Bucket, prefix string) (lines []string, err error) {
	err = b.Each([]byte(prefix), func(key, value []byte, nested *Bucket) error {
		if nested == nil {
			lines = append(lines, fmt.Sprintf("%q = %x", key, value))
			return nil
		}
		lines = append(lines, fmt.Sprintf("%q {", key))
		more, err := dump(*nested, "")
		lines = append(append(lines, more...), "}")
		return err
	})
	return lines, err
}

func reference(t testing.TB, path string) (lines []string, get func(names ...string) []byte) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var walk func(b *bbolt.Bucket) error
	walk = func(b *bbolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if v != nil {
				lines = append(lines, fmt.Sprintf("%q = %x", k, v))
				return nil
			}
			lines = append(lines, fmt.Sprintf("%q {", k))
			defer func() { lines = append(lines, "}") }()
			return walk(b.Bucket(k))
		})
	}
	tx, err := db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	if err := walk(tx.Cursor().Bucket()); err != nil {
		t.Fatal(err)
	}
	return lines, func(names ...string) []byte {
		b := tx.Bucket([]byte(names[0]))
		for _, name := range names[1 : len(names)-1] {
			if b = b.Bucket([]byte(name)); b == nil {
				return nil
			}
		}
		return b.Get([]byte(names[len(names)-1]))
	}
}

func TestReadsWhatBboltReads(t *testing.T) {
	path := made(t, library)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, get := reference(t, path)
	got, err := dump(f.Root(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 1000 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d lines, and bbolt has %d", len(got), len(want))
	}
	wide, ok, err := f.Root().Bucket([]byte("wide"))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	for i := range 10_000 {
		key := fmt.Sprintf("key-%d", i)
		var value []byte
		ok, err := wide.Get([]byte(key), func(v []byte) error { value = bytes.Clone(v); return nil })
		if want := get("wide", key); err != nil || ok != (want != nil) || !bytes.Equal(value, want) {
			t.Fatalf("%s: %d bytes, %v, %v; bbolt has %d bytes", key, len(value), ok, err, len(want))
		}
	}
	if err := f.Unchanged(); err != nil {
		t.Error(err)
	}
}

func TestAPrefixGivesWhatBeginsWithIt(t *testing.T) {
	f, err := Open(made(t, library))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	deep, _, err := f.Root().Bucket([]byte("deep"))
	if err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]int{"": 300, "package-1": 100, "package-299": 1, "package-3": 0, "a": 0, "z": 0} {
		n := 0
		if err := deep.Each([]byte(prefix), func(_, _ []byte, _ *Bucket) error { n++; return nil }); err != nil || n != want {
			t.Errorf("%q: %d keys, %v; want %d", prefix, n, err, want)
		}
	}
}

func TestNoBucketIsNotAnEmptyOne(t *testing.T) {
	f, err := Open(made(t, library))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, ok, err := f.Root().Bucket([]byte("empty")); err != nil || !ok {
		t.Error("an empty bucket is there", ok, err)
	}
	if _, ok, err := f.Root().Bucket([]byte("none")); err != nil || ok {
		t.Error("no bucket is none", ok, err)
	}
	if ok, err := f.Root().Get([]byte("deep"), nil); !errors.Is(err, ErrDamaged) {
		t.Error("a bucket is no value", ok, err)
	}
	wide, _, err := f.Root().Bucket([]byte("wide"))
	if err != nil {
		t.Fatal(err)
	}
	err = wide.Each([]byte("key-1"), func(key, _ []byte, _ *Bucket) error {
		_, _, err := wide.Bucket(key)
		return err
	})
	if !errors.Is(err, ErrDamaged) {
		t.Error("a value is no bucket", err)
	}
}

// A page says how many elements it has, and where each begins and ends. A
// changed bit of that is an error, or changes nothing; but for the end of the
// last element, which nothing else tells. (Whether an element is a value or a
// bucket is seen by the one that wants the other.)
func TestADamagedPageIsSeen(t *testing.T) {
	raw, err := os.ReadFile(made(t, library))
	if err != nil {
		t.Fatal(err)
	}
	read := func(raw []byte) (string, error) {
		f, err := Read(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return "", err
		}
		lines, err := dump(f.Root(), "")
		return strings.Join(lines, "\n"), err
	}
	want, err := read(raw)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewSource(3))
	refused := 0
	for range 400 {
		page := 1024 * (2 + random.Intn(len(raw)/1024-2))
		count := int(binary.LittleEndian.Uint16(raw[page+10:]))
		if raw[page+8] != leafPage || count < 2 || binary.LittleEndian.Uint64(raw[page:]) != uint64(page/1024) {
			continue // it is a branch, or continues another
		}
		at := random.Intn(headerSize * count)
		if at >= headerSize && at%headerSize < 4 {
			continue
		}
		broken := bytes.Clone(raw)
		broken[page+at] ^= 1 << random.Intn(8)
		got, err := read(broken)
		if err == nil && got != want {
			t.Fatalf("a bit of byte %d of the page at %d changed the answer, and no error says so", at, page)
		}
		if err != nil {
			refused++
		}
	}
	if refused < 50 {
		t.Errorf("only %d changes were refused: this test looks at the wrong bytes", refused)
	}
}

func TestACutOffFileIsRefused(t *testing.T) {
	path := made(t, library)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{0, 1, 64, 1023, 1024, 1100, 2047, 2048, 4096, int(f.pages-1) * 1024, int(f.pages)*1024 - 1} {
		if _, err := Read(bytes.NewReader(raw[:size]), int64(size)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := Read(bytes.NewReader(raw[:f.pages*1024]), int64(f.pages*1024)); err != nil {
		t.Errorf("bytes that are not in use are not missed: %v", err)
	}
}

func TestADamagedDescriptionIsRefused(t *testing.T) {
	raw, err := os.ReadFile(made(t, library))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []int{0, 1024} {
		for i := range 64 {
			broken := bytes.Clone(raw)
			broken[page+headerSize+i] ^= 0x40
			if _, err := Read(bytes.NewReader(broken), int64(len(broken))); !errors.Is(err, ErrDamaged) {
				t.Errorf("byte %d of the description at %d: %v", i, page, err)
			}
		}
	}
}

// describe gives the file's newest description another root, with its checksum.
func describe(raw []byte, root uint64) []byte {
	broken := bytes.Clone(raw)
	for _, page := range []int{0, 1024} {
		meta := broken[page+headerSize : page+headerSize+metaSize]
		binary.LittleEndian.PutUint64(meta[16:], root)
		sum := fnv.New64a()
		sum.Write(meta[:56])
		binary.LittleEndian.PutUint64(meta[56:], sum.Sum64())
	}
	return broken
}

func TestACircleOfPagesEnds(t *testing.T) {
	raw, err := os.ReadFile(made(t, library))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	// A branch with one twig that leads back to it.
	number := f.root
	circle := describe(raw, number)
	page := circle[number*1024 : (number+1)*1024]
	clear(page)
	binary.LittleEndian.PutUint64(page, number)
	binary.LittleEndian.PutUint16(page[8:], branchPage)
	binary.LittleEndian.PutUint16(page[10:], 1)
	binary.LittleEndian.PutUint32(page[16:], 16)
	binary.LittleEndian.PutUint64(page[24:], number)
	if f, err = Read(bytes.NewReader(circle), int64(len(circle))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Root().Bucket([]byte("deep")); !errors.Is(err, ErrDamaged) {
		t.Errorf("get: %v", err)
	}
	if _, err := dump(f.Root(), ""); !errors.Is(err, ErrDamaged) {
		t.Errorf("each: %v", err)
	}
}

func TestAnotherWritersChangeIsSeen(t *testing.T) {
	path := made(t, library)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal("reading must lock nobody out", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("wide")).Put([]byte("a"), []byte("b")) })
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if err := f.Unchanged(); !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
}

func TestOnlyAnOrdinaryFileIsOpened(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
	missing := filepath.Join(t.TempDir(), "none.db")
	if _, err := Open(missing); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Error("reading created a file")
	}
}

// consume reads all there is, and looks some keys up.
func consume(raw []byte) error {
	f, err := Read(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return err
	}
	for _, name := range []string{"deep", "wide", "empty", "none"} {
		b, ok, err := f.Root().Bucket([]byte(name))
		if err != nil {
			return err
		}
		if ok {
			if _, err := b.Get([]byte("key-500"), func([]byte) error { return nil }); err != nil {
				return err
			}
			if _, _, err := b.Bucket([]byte("package-150")); err != nil {
				return err
			}
		}
	}
	_, err = dump(f.Root(), "")
	return err
}

// Whatever bytes are changed, reading ends soon, in all that was there or in an
// error.
func FuzzDamage(f *testing.F) {
	raw, err := os.ReadFile(made(f, library))
	if err != nil {
		f.Fatal(err)
	}
	random := rand.New(rand.NewSource(2))
	for range 30 {
		change := make([]byte, 8*(1+random.Intn(4)))
		random.Read(change)
		f.Add(change)
	}
	f.Fuzz(func(t *testing.T, changes []byte) {
		broken := bytes.Clone(raw)
		for ; len(changes) >= 4; changes = changes[4:] {
			at := int(binary.LittleEndian.Uint32(changes)&0xffffff) % len(broken)
			broken[at] = changes[3]
		}
		begin := time.Now()
		if err := consume(broken); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("no error of a damaged file: %v", err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
