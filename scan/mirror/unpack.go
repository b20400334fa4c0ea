package mirror

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prodgate/prodgate/scan/advisories"
)

// The bounds on what the layer unpacks to, in bytes.
const (
	maxDatabase = 8 << 30
	maxMetadata = 64 << 10
	maxTrailing = 1 << 20
)

// unpack writes the database that packed holds into a folder of its own below
// the store, on disk for good, and returns the folder. Nothing refers to it yet.
func (s store) unpack(ctx context.Context, packed part, from origin, now time.Time) (string, error) {
	folder, err := os.MkdirTemp(filepath.Join(s.dir, versionsName), strings.TrimPrefix(from.Digest, "sha256:")[:12]+"-")
	if err != nil {
		return "", err
	}
	if err := fill(ctx, folder, packed, from, now); err != nil {
		return "", errors.Join(fmt.Errorf("unpack the database: %w", err), s.drop(folder))
	}
	return folder, nil
}

// fill writes the database that packed holds, and where it came from, into folder.
func fill(ctx context.Context, folder string, packed part, from origin, now time.Time) error {
	if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // a database that everybody on the machine may read
		return err
	}
	if _, err := packed.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := unpackInto(ctx, folder, packed); err != nil {
		return err
	}
	if err := stamp(folder, now); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(from, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(folder, originName), strings.NewReader(string(raw)+"\n"), maxOrigin); err != nil {
		return err
	}
	return syncDir(folder)
}

// unpackInto writes the two files of a packed database into folder, and refuses
// one that holds anything else.
func unpackInto(ctx context.Context, folder string, packed io.Reader) error {
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return fmt.Errorf("not gzip: %w", err)
	}
	source := &interruptible{ctx, plain}
	limits := map[string]int64{advisories.FileName: maxDatabase, advisories.MetadataFileName: maxMetadata}
	files := tar.NewReader(source)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(header.Name, "./")
		if header.Typeflag == tar.TypeDir && (name == "" || name == ".") {
			continue
		}
		limit, ok := limits[name]
		switch {
		case !ok:
			return fmt.Errorf("it holds %q; it must hold %s and %s, once each", header.Name, advisories.FileName, advisories.MetadataFileName)
		case header.Typeflag != tar.TypeReg:
			return fmt.Errorf("%s in it is not a regular file", name)
		}
		delete(limits, name)
		if err := writeFile(filepath.Join(folder, name), files, limit); err != nil {
			return err
		}
	}
	for name := range limits {
		return fmt.Errorf("it does not hold %s", name)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(source, maxTrailing+1))
	if err == nil && n > maxTrailing {
		err = fmt.Errorf("more than %d bytes follow the archive", maxTrailing)
	}
	return err
}

// interruptible is a reader that ends with ctx.
type interruptible struct {
	ctx   context.Context
	inner io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.inner.Read(p)
}

// writeFile writes a new file of at most limit bytes, on disk for good.
func writeFile(path string, content io.Reader, limit int64) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // as the folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	n, err := io.Copy(f, io.LimitReader(content, limit+1))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if n > limit {
		return fmt.Errorf("%s has more than %d bytes", filepath.Base(path), limit)
	}
	return f.Sync()
}

// stamp writes into the metadata in folder when the database was fetched, and
// leaves the rest of it unchanged.
func stamp(folder string, now time.Time) error {
	path := filepath.Join(folder, advisories.MetadataFileName)
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if _, err := advisories.ParseMetadata(raw); err != nil {
		return fmt.Errorf("%s of the database: %w", advisories.MetadataFileName, err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	for key := range fields {
		if strings.EqualFold(key, "DownloadedAt") {
			delete(fields, key)
		}
	}
	if fields["DownloadedAt"], err = json.Marshal(now.UTC()); err != nil {
		return err
	}
	if raw, err = json.Marshal(fields); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return writeFile(path, strings.NewReader(string(raw)), maxMetadata)
}
