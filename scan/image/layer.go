package image

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/language"
)

// The limits of one image. Memory grows with what is counted here, and with
// nothing else.
const (
	maxEntries  = 3_000_000 // files, folders and links of all layers
	maxFound    = 500_000   // files that name packages, and hard links to them
	maxPackages = 2_000_000 // of all layers
	maxPath     = 4096      // bytes; no runtime makes a longer one
)

// layer is what was read in one layer. Paths have no leading slash and are kept
// as sorted hashes: they are only used to look up whether one is there.
type layer struct {
	name string // for messages

	files   []uint64 // everything but folders: it replaces what is there, and what is below
	folders []uint64
	deleted []uint64 // by a whiteout
	opaque  []uint64 // folders whose contents in older layers are hidden
	read    []uint64 // files that were read for the packages of a language

	links map[string]string // the symbolic links that a relevant path may lead through
	hard  map[string]string // the hard links that are relevant themselves
	found map[string]*found

	unsupported map[string]bool   // the folders of unsupported package managers that hold something
	aliases     map[string]string // the symbolic links named like a language's files, and where they lead
}

// found is what a file says, by its path.
type found struct {
	path string // as which it was read

	release    *release
	osID       string // the ID of os-release, whether it is known or not
	repository string // of apk
	extended   bool   // Ubuntu's ESM
	build      *build
	database   *database
	damaged    bool     // it should have given a database, and could not be read
	sums       []uint64 // the files that dpkg's info/NAME.md5sums lists
	language   language.Result
	owners     map[string]string // a path of language, and the database whose package has it
	unread     []finding.Undetermined
}

// database is what a package manager has installed.
type database struct {
	packages []inventory.Package
	owned    []uint64 // sorted: the files of those that come from the distribution
}

// seed makes the hashes of paths unpredictable, so that collisions cannot be prepared.
var seed = maphash.MakeSeed()

func hashOf(p string) uint64 { return maphash.String(seed, p) }

// reader reads the layers of one image.
type reader struct {
	ref      registry.Reference
	image    *registry.Image
	options  Options
	progress *progress

	wanted  func(path string, mode fs.FileMode, size int64) bool
	analyze func(ctx context.Context, path string, size int64, r io.Reader) (language.Result, error)

	mutex                     sync.Mutex
	entries, files, installed int
}

// layers reads every layer, several at once. What appears twice is read once. It
// returns only if all of them were read to their end and are what they should.
func (r *reader) layers(ctx context.Context) ([]*layer, error) {
	list := make([]*layer, len(r.image.Layers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel())
	for _, i := range r.order() {
		list[i] = &layer{name: r.image.Layers[i].Digest}
		group.Go(func() error {
			err := r.layer(ctx, i, &walk{reader: r, layer: list[i]})
			if err != nil {
				return fmt.Errorf("layer %d of %d (%s): %w", i+1, len(list), list[i].name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, l := range r.image.Layers {
		list[i] = list[slices.Index(r.image.Layers, l)]
	}
	return list, nil
}

// order is in which the layers are read: the largest first, so that none is left
// alone at the end; each once.
func (r *reader) order() []int {
	var order []int
	for i, l := range r.image.Layers {
		if slices.Index(r.image.Layers, l) == i {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(r.image.Layers[b].Size>>16 - r.image.Layers[a].Size>>16) })
	return order
}

func (r *reader) parallel() int {
	if r.options.Parallel > 0 {
		return r.options.Parallel
	}
	return min(runtime.GOMAXPROCS(0), 4)
}

// layer reads one layer to its end.
func (r *reader) layer(ctx context.Context, i int, w *walk) error {
	s, err := open(ctx, r.ref, r.image.Layers[i], r.progress)
	if err != nil {
		return err
	}
	defer s.close()
	w.files = tar.NewReader(s)
	if err := w.all(ctx); err != nil {
		return err
	}
	if err := s.finish(); err != nil {
		return err
	}
	w.layer.sort()
	w.layer.own()
	return nil
}

// count adds to what was read of the image, and says when that is too much.
func (r *reader) count(entries, files, packages int) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.entries, r.files, r.installed = r.entries+entries, r.files+files, r.installed+packages
	switch {
	case r.entries > cmp.Or(r.options.entries, maxEntries):
		return fmt.Errorf("the image has more than %d files", cmp.Or(r.options.entries, maxEntries))
	case r.files > maxFound:
		return fmt.Errorf("the image has more than %d files that name packages", maxFound)
	case r.installed > maxPackages:
		return fmt.Errorf("the image's layers name more than %d packages", maxPackages)
	}
	return nil
}

// walk reads the entries of one layer in their order.
type walk struct {
	reader  *reader
	layer   *layer
	files   *tar.Reader
	skipped map[string]bool // folders whose files are left out, for a runtime mounts others over them

	// reread reads only the targets of links, under the names of the links; nil:
	// every file is read under its own name.
	reread *secondRead
}

// all reads every entry. The tar reader stops at the end of the archive; what
// follows counts for the digest alone.
func (w *walk) all(ctx context.Context) error {
	l := w.layer
	if l.found == nil {
		l.links, l.hard, l.aliases = map[string]string{}, map[string]string{}, map[string]string{}
		l.unsupported, l.found = map[string]bool{}, map[string]*found{}
	}
	w.skipped = map[string]bool{}
	for pending := 1; ; pending++ {
		header, err := w.files.Next()
		if errors.Is(err, io.EOF) {
			return w.reader.count(pending%1000, 0, 0)
		}
		if err != nil {
			return err
		}
		if pending == 1000 && w.reread == nil {
			if err := w.reader.count(pending, 0, 0); err != nil {
				return err
			}
			pending = 0
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if len(header.Name) > maxPath {
			return fmt.Errorf("a path has %d bytes", len(header.Name))
		}
		if err := w.entry(ctx, clean(header.Name), header); err != nil {
			return err
		}
	}
}

// clean is the path that a runtime gives an entry: inside the image, whatever
// dots it has.
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// entry takes one entry.
func (w *walk) entry(ctx context.Context, name string, header *tar.Header) error {
	if w.reread != nil {
		return w.rereadFile(ctx, name, header)
	}
	l := w.layer
	if dir, base := path.Split(name); strings.HasPrefix(base, ".wh.") {
		return l.hide(strings.TrimSuffix(dir, "/"), strings.TrimPrefix(base, ".wh."))
	}
	delete(l.found, name) // of two entries the later one counts
	delete(l.links, name)
	delete(l.hard, name)
	delete(l.aliases, name)
	hash := hashOf(name)
	if header.Typeflag == tar.TypeDir {
		if name == "proc" || name == "sys" || name == "dev" {
			w.skipped[name] = true
		}
		l.folders = append(l.folders, hash)
		return nil
	}
	l.files = append(l.files, hash)
	l.recordUnsupported(name)
	switch header.Typeflag {
	case tar.TypeReg:
		return w.file(ctx, name, name, header)
	case tar.TypeSymlink:
		if relevantPaths[name] {
			l.links[name] = header.Linkname
		} else if w.reader.wanted(name, plainMode, assumedSize) && !w.skips(name) {
			return w.alias(name, header.Linkname)
		}
	case tar.TypeLink:
		if kindOf(name) != nil || w.reader.wanted(name, header.FileInfo().Mode(), assumedSize) && !w.skips(name) {
			l.hard[name] = clean(header.Linkname)
			return w.reader.count(0, 1, 0)
		}
	case tar.TypeCont, tar.TypeGNUSparse:
		if kindOf(name) != nil || w.reader.wanted(name, header.FileInfo().Mode(), assumedSize) {
			l.note(name, name, "it is stored in a way (tar type %q) that no runtime reads", header.Typeflag)
		}
	}
	return nil
}

// assumedSize is used for a file behind a hard link, whose size tar does not contain.
const assumedSize = 64 << 20

// plainMode is the mode of a file of which only the name is relevant.
const plainMode = 0o644

// alias takes a symbolic link whose name is one of a language's files. Where it
// leads to a file whose own name is not, that file is read under the link's name.
func (w *walk) alias(name, target string) error {
	if !path.IsAbs(target) {
		target = path.Join("/", path.Dir(name), target)
	}
	if target = clean(target); w.reader.wanted(target, plainMode, assumedSize) {
		return nil
	}
	w.layer.aliases[name] = target
	return w.reader.count(0, 1, 0)
}

// hide takes a whiteout.
func (l *layer) hide(dir, base string) error {
	switch {
	case base == ".wh..opq":
		l.opaque = append(l.opaque, hashOf(dir))
	case base == "" || base == "." || base == "..":
		return fmt.Errorf("%s/.wh.%s deletes nothing that can be named", dir, base)
	default:
		l.deleted = append(l.deleted, hashOf(path.Join(dir, base)))
	}
	return nil
}

// skips reports whether name is in a folder that is left out.
func (w *walk) skips(name string) bool {
	if len(w.skipped) == 0 {
		return false
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if w.skipped[dir] {
			return true
		}
	}
	return false
}

// file reads the file at name as if it were at as.
func (w *walk) file(ctx context.Context, name, as string, header *tar.Header) error {
	kind := kindOf(as)
	if kind == nil && (w.skips(name) || !w.reader.wanted(as, header.FileInfo().Mode(), header.Size)) {
		return nil
	}
	if sparse(header) {
		w.layer.note(name, as, "it is stored as a sparse file")
		return w.reader.count(0, 1, 0)
	}
	f := &found{path: as}
	if kind != nil {
		return w.system(kind, name, f, header.Size)
	}
	w.layer.read = append(w.layer.read, hashOf(name))
	result, err := w.language(ctx, as, header.Size)
	if err != nil {
		return err
	}
	if len(result.Packages)+len(result.Unread) > 0 {
		f.language = result
		w.layer.found[name] = f
		return w.reader.count(0, 1, len(result.Packages))
	}
	return nil
}

// sparse reports whether a file claims bytes that are not in the layer: it could
// claim any number.
func sparse(header *tar.Header) bool {
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// language reads a file for the packages of a language. A panic there is a file
// that can't be understood.
func (w *walk) language(ctx context.Context, as string, size int64) (result language.Result, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			result, err = language.Result{Unread: []finding.Undetermined{{Package: as, Reason: fmt.Sprintf("it can't be read: %v", reason)}}}, nil
		}
	}()
	return w.reader.analyze(ctx, as, size, w.files)
}

// system reads a file of the distribution.
func (w *walk) system(k *kind, name string, f *found, size int64) error {
	source := &errorReader{inner: w.files}
	err := k.readInto(f, source, size)
	if source.err != nil {
		return source.err
	}
	if err != nil {
		f.note(f.path, "%s", err)
	}
	f.damaged = err != nil
	w.layer.found[name] = f
	packages := 0
	if f.database != nil {
		packages = len(f.database.packages)
	}
	return w.reader.count(0, 1, packages)
}

// errorReader remembers an error of inner: it is about the layer, not the file.
type errorReader struct {
	inner io.Reader
	err   error
}

func (w *errorReader) Read(p []byte) (int, error) {
	n, err := w.inner.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// note records why a file could not be read.
func (f *found) note(name, format string, args ...any) {
	f.unread = append(f.unread, finding.Undetermined{Package: name, Reason: fmt.Sprintf(format, args...)})
}

// note records why the file at name, read as another, could not be read.
func (l *layer) note(name, as, format string, args ...any) {
	f := &found{path: as}
	f.note(as, format, args...)
	l.found[name] = f
}

// sort makes the lists ones that can be searched.
func (l *layer) sort() {
	for _, list := range []*[]uint64{&l.files, &l.folders, &l.deleted, &l.opaque, &l.read} {
		slices.Sort(*list)
		*list = slices.Clip(slices.Compact(*list))
	}
}

func has(sorted []uint64, hash uint64) bool {
	_, ok := slices.BinarySearch(sorted, hash)
	return ok
}
