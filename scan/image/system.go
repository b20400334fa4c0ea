package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// kind is one kind of file that describes the distribution or its packages.
type kind struct {
	group string // files of one group say the same, in any place
	max   int64  // bytes
	read  func(f *found, r io.Reader, size int64) error
}

// The groups with additional requirements.
const (
	groupDpkg = "dpkg"
	groupApk  = "apk"
	groupRPM  = "rpm"
	groupSums = "sums"
)

const (
	maxText     = 1 << 20  // of a file that names a release
	maxManifest = 16 << 20 // of one that lists packages or content sets
	maxList     = 256 << 20
	maxDatabase = 1 << 30
)

// kinds are the files that are recognised by their whole path: those that Trivy
// v0.74 reads.
var kinds = map[string]*kind{
	"etc/os-release":     osRelease,
	"usr/lib/os-release": osRelease,
	"aarch64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release": osRelease,
	"x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release":  osRelease,

	"etc/alpine-release":     {"alpine-release", maxText, releases(alpineRelease)},
	"etc/debian_version":     {"debian_version", maxText, releases(debianVersion)},
	"etc/lsb-release":        {"lsb-release", maxText, releases(ubuntuRelease)},
	"etc/system-release":     amazon,
	"usr/lib/system-release": amazon,
	"etc/redhat-release":     {"redhat-release", maxText, releases(redhatRelease)},
	"etc/almalinux-release":  {"almalinux-release", maxText, releases(only("alma", "alma", "almalinux", "alma linux"))},
	"etc/centos-release":     {"centos-release", maxText, releases(only("centos", "centos", "centos linux"))},
	"etc/rocky-release":      {"rocky-release", maxText, releases(only("rocky", "rocky", "rocky linux"))},
	"etc/oracle-release":     {"oracle-release", maxText, releases(only("oracle"))},
	"etc/fedora-release":     fedora,
	"usr/lib/fedora-release": fedora,

	"etc/apk/repositories":                 {"apk-repositories", maxText, readRepositories},
	"var/lib/ubuntu-advantage/status.json": {"esm", maxManifest, readESM},

	"var/lib/dpkg/status":      {groupDpkg, maxList, readDpkg},
	"lib/apk/db/installed":     installed,
	"usr/lib/apk/db/installed": installed,

	"var/lib/rpm/Packages":                  rpmDatabase,
	"var/lib/rpm/Packages.db":               rpmDatabase,
	"var/lib/rpm/rpmdb.sqlite":              rpmDatabase,
	"usr/lib/sysimage/rpm/Packages":         rpmDatabase,
	"usr/lib/sysimage/rpm/Packages.db":      rpmDatabase,
	"usr/lib/sysimage/rpm/rpmdb.sqlite":     rpmDatabase,
	"usr/share/rpm/rpmdb.sqlite":            rpmDatabase,
	"var/lib/rpm/rpmdb.sqlite-wal":          rpmLog,
	"usr/lib/sysimage/rpm/rpmdb.sqlite-wal": rpmLog,
	"usr/share/rpm/rpmdb.sqlite-wal":        rpmLog,

	"var/lib/rpmmanifest/container-manifest-2": {"rpm-manifest", maxManifest, readRPMManifest},

	"aarch64-bottlerocket-linux-gnu/sys-root/usr/share/bottlerocket/application-inventory.json": bottlerocket,
	"x86_64-bottlerocket-linux-gnu/sys-root/usr/share/bottlerocket/application-inventory.json":  bottlerocket,
}

var (
	osRelease    = &kind{"os-release", maxText, readOSReleaseID}
	amazon       = &kind{"system-release", maxText, releases(amazonRelease)}
	fedora       = &kind{"fedora-release", maxText, releases(only("fedora", "fedora", "fedora linux"))}
	installed    = &kind{groupApk, maxList, readApk}
	rpmDatabase  = &kind{groupRPM, maxDatabase, readRPM}
	rpmLog       = &kind{"rpm-log", maxDatabase, readRPMLog}
	bottlerocket = &kind{"bottlerocket", maxManifest, readBottlerocket}

	dpkgPart   = &kind{groupDpkg, maxList, readDpkg}
	dpkgSums   = &kind{groupSums, maxList, readSums}
	contents   = &kind{"content-sets", maxManifest, readContentSets}
	dockerfile = &kind{"dockerfile", maxManifest, readDockerfile}
)

// The folders in which a file's name gives its kind.
const (
	statusDir    = "var/lib/dpkg/status.d"
	infoDir      = "var/lib/dpkg/info"
	buildDir     = "root/buildinfo"
	manifestsDir = "root/buildinfo/content_manifests"
	shareDir     = "usr/share/buildinfo"

	sumsSuffix = ".md5sums"
)

// kindOf returns which kind of the distribution's files is at name; nil: none.
func kindOf(name string) *kind {
	if k := kinds[name]; k != nil {
		return k
	}
	dir, base := path.Split(name)
	switch strings.TrimSuffix(dir, "/") {
	case statusDir:
		if strings.HasSuffix(base, sumsSuffix) {
			return dpkgSums
		}
		return dpkgPart
	case infoDir:
		if strings.HasSuffix(base, sumsSuffix) {
			return dpkgSums
		}
	case manifestsDir, shareDir:
		if path.Ext(base) == ".json" {
			return contents
		}
	case buildDir:
		if strings.HasPrefix(base, "Dockerfile") {
			return dockerfile
		}
	}
	return nil
}

// relevantPaths holds every relevant path and folder, and all that leads to one: what
// of it is a symbolic link has to be known.
var relevantPaths = makeRelevantPaths()

func makeRelevantPaths() map[string]bool {
	all := map[string]bool{}
	for _, name := range wantedPaths() {
		for ; name != "."; name = path.Dir(name) {
			all[name] = true
		}
	}
	return all
}

// wantedPaths are the files and the folders that are relevant.
func wantedPaths() []string {
	list := []string{statusDir, infoDir, buildDir, manifestsDir, shareDir}
	for name := range kinds {
		list = append(list, name)
	}
	return list
}

// readInto reads a file of kind k into f. An error says that it can't be
// understood, unless r failed.
func (k *kind) readInto(f *found, r io.Reader, size int64) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("it can't be read: %v", reason)
		}
	}()
	if size > k.max {
		return fmt.Errorf("it has %d bytes, and at most %d are read", size, k.max)
	}
	return k.read(f, r, size)
}

// maxLine bounds one line of a list. The longest that are known are lists of what
// a package provides, some 100 KiB.
const maxLine = 8 << 20

// lines calls each with every line of r, without its end. The bytes are those of
// the next call, too.
func lines(r io.Reader, each func(line []byte) error) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	var long []byte
	for {
		part, err := buffered.ReadSlice('\n')
		last := errors.Is(err, io.EOF)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if long = append(long, part...); len(long) > maxLine {
				return fmt.Errorf("a line has more than %d bytes", maxLine)
			}
			continue
		case err != nil && !last:
			return err
		}
		line := part
		if len(long) > 0 {
			line = append(long, part...)
			long = line[:0]
		}
		if len(line) > 0 {
			if err := each(trimEnd(line)); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// trimEnd takes the end of a line away.
func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// inMemory is how large a file that needs random access may be to be kept in
// memory, in bytes.
const inMemory = 16 << 20

// spool keeps r, of size bytes, so that it can be read at random: in memory, or
// in a temporary file that has no name any more.
func spool(r io.Reader, size int64) (io.ReaderAt, func(), error) {
	if size <= inMemory {
		kept := make([]byte, size)
		if _, err := io.ReadFull(r, kept); err != nil {
			return nil, nil, err
		}
		return bytesAt(kept), func() {}, nil
	}
	f, err := os.CreateTemp("", "prodgate-*")
	if err != nil {
		return nil, nil, fmt.Errorf("a place for %d bytes: %w", size, err)
	}
	drop := func() { f.Close() }
	if err := os.Remove(f.Name()); err != nil {
		drop = func() { f.Close(); _ = os.Remove(f.Name()) } // a system where an open file keeps its name
	}
	if _, err := io.CopyN(f, r, size); err != nil {
		drop()
		return nil, nil, fmt.Errorf("a place for %d bytes: %w", size, err)
	}
	return f, drop, nil
}

// bytesAt is bytes to be read at random.
type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset > int64(len(b)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, b[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
