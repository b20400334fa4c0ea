// Package language recognises the packages of programming languages in single
// files of an image: the build information of Go and Rust programs, jars, the
// manifests that npm, pip, RubyGems, Composer, NuGet, Conda and others leave
// with what they installed. It recognises what Trivy v0.74 recognises for
// `trivy image`, under the same names; docs/languages.md says where it
// differs and why.
//
// It reads one file as a stream, once, and never looks at another one. Which
// file belongs to a package of the distribution, and which layer hides which
// file, is package image's to say.
package language

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// Result is what one file names. Both empty: the file only looked as if it were
// of a kind that names packages (an executable of another language).
type Result struct {
	Packages []inventory.Package

	// Unread is what is of such a kind and could not be read, and why in plain
	// words. Package is the path.
	Unread []finding.Undetermined
}

// Wanted reports whether the file may name packages, by its path (without a
// leading slash), its mode and its size in bytes. It reads nothing.
func Wanted(path string, mode fs.FileMode, size int64) bool {
	if !mode.IsRegular() {
		return false
	}
	if kindOf(path) != nil {
		return true
	}
	return size >= smallestProgram && (mode.Perm()&0o111 != 0 || strings.HasSuffix(path, ".exe"))
}

// Analyze reads one file that is Wanted, of size bytes, from r: once, and only
// as far as it needs. An error says that r failed or that ctx ended; a file that
// cannot be understood is in Unread.
func Analyze(ctx context.Context, path string, size int64, r io.Reader) (Result, error) {
	f := &file{ctx: ctx, path: path, size: size, r: r, kind: kindOf(path)}
	if f.kind == nil {
		f.kind = &kind{read: readProgram}
	}
	err := f.parse()
	switch {
	case f.err != nil:
		return Result{}, fmt.Errorf("read %s: %w", path, f.err)
	case ctx.Err() != nil:
		return Result{}, fmt.Errorf("read %s: %w", path, context.Cause(ctx))
	case errors.Is(err, errOther):
		return Result{}, nil
	case err != nil:
		f.unread(path, "", "%v", err)
	}
	if f.flooded {
		f.found.Unread = append(f.found.Unread, finding.Undetermined{Package: path,
			Reason: fmt.Sprintf("the file names more than the %d packages that are listed of one file", maxNamed)})
	}
	return f.found, nil
}

// errOther says that a file is not of the kind that its name let expect.
var errOther = errors.New("the file is of another kind")

// parse runs the kind's reader, whose panics are an error of this file and of no
// other.
func (f *file) parse() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the file cannot be understood: %v", v)
		}
	}()
	return f.kind.read(f)
}

// file is one file while it is read.
type file struct {
	ctx  context.Context // of the one call of Analyze that it lives for
	path string
	size int64
	r    io.Reader
	kind *kind

	err      error // why r failed; it is not the file's fault
	buffered int64 // bytes of archives in memory
	found    Result

	flooded bool // it names more than is listed
}

// Read reads the file, and remembers that reading failed.
func (f *file) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		f.err = context.Cause(f.ctx)
		return 0, err
	}
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// maxWhole bounds a file that is held in memory as a whole, in bytes. The
// largest manifests (installed.json, deps.json) have some megabytes.
const maxWhole = 16 << 20

// whole reads all of the file.
func (f *file) whole() ([]byte, error) { return readAll(f, maxWhole) }

// readAll reads all of r, which is at most limit bytes long.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("the file is larger than the %d MiB that are read of its kind", limit>>20)
	}
	return raw, nil
}

// add adds a package under the file's own path.
func (f *file) add(name, version string) { f.addAt(f.path, name, version) }

// maxNamed bounds what one file may name, packages and what is unread of each. A
// Java server of everything has some thousand.
const maxNamed = 100_000

// addAt adds a package that was found at path, which may be within the file.
func (f *file) addAt(path, name, version string) {
	if name == "" {
		f.unread(path, version, "a package that the file lists has no name")
		return
	}
	if len(f.found.Packages) >= maxNamed {
		f.flooded = true
		return
	}
	f.found.Packages = append(f.found.Packages, inventory.Package{
		Class: inventory.ClassLanguage, Type: f.kind.name,
		Name: clean(name), Version: clean(version), FilePath: clean(path), Target: f.path,
	})
}

func (f *file) unread(path, version, format string, args ...any) {
	if len(f.found.Unread) >= maxNamed {
		f.flooded = true
		return
	}
	f.found.Unread = append(f.found.Unread, finding.Undetermined{
		Package: clean(path), Version: clean(version), Reason: clean(fmt.Sprintf(format, args...)),
	})
}

// clean makes text of others valid UTF-8 without a NUL, as reports need it.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
