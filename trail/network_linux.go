package trail

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// networks are file systems that several machines may write at once, by the
// magic number of statfs(2). SQLite's write-ahead log needs memory that all its
// writers share, which they do not have there.
var networks = []struct {
	magic uint32
	name  string
}{
	{0x6969, "NFS"}, {0x517b, "SMB"}, {0xfe534d42, "SMB"}, {0xff534d42, "CIFS"}, {0x01021997, "9p"},
	{0x5346414f, "AFS"}, {0x6b414653, "AFS"}, {0x73757245, "Coda"}, {0x564c, "NCP"},
	{0x00c36400, "Ceph"}, {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"}, {0x01161970, "GFS2"}, {0x7461636f, "OCFS2"},
	{0x786f4256, "VirtualBox's shared folder"}, {0xbacbacbc, "VMware's shared folder"}, {0x013111a8, "IBRIX"},
}

const fuse = 0x65735546

// localFUSE are file systems in user space that are on a disk of this machine.
var localFUSE = []string{"fuseblk", "fuse.fuse-overlayfs", "fuse.ntfs-3g", "fuse.bindfs", "fuse.mergerfs", "fuse.lxcfs"}

// refuseNetwork says so if a path's folder is on a network file system.
func refuseNetwork(path string) error {
	folder := filepath.Dir(path)
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return fmt.Errorf("look at the file system of %q: %w", folder, err)
	}
	magic, kind := uint32(s.Type), "" //nolint:gosec // it has 32 bits on every machine
	for _, n := range networks {
		if n.magic == magic {
			kind = n.name
		}
	}
	if magic == fuse {
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		if err != nil {
			return fmt.Errorf("look at the file system of %q: %w", folder, err)
		}
		if name := mountedAs(string(mounts), folder); !slices.Contains(localFUSE, name) {
			kind = name
		}
	}
	if kind == "" {
		return nil
	}
	return fmt.Errorf("%q is on a network file system (%s), where SQLite loses what two machines write: keep the trail on a local disk, or in PostgreSQL (postgres://HOST/DATABASE)", folder, kind)
}

// mountedAs finds the type of the file system that a folder is on, in the
// lines of mountinfo: the longest mount point above it, the last of equals.
func mountedAs(mountinfo, folder string) string {
	best, kind := "", "FUSE"
	for line := range strings.Lines(mountinfo) {
		mount, rest, ok := strings.Cut(line, " - ")
		fields, types := strings.Fields(mount), strings.Fields(rest)
		if !ok || len(fields) < 5 || len(types) < 1 {
			continue
		}
		point := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(fields[4])
		above := folder == point || strings.HasPrefix(folder, strings.TrimSuffix(point, "/")+"/")
		if above && len(point) >= len(best) {
			best, kind = point, types[0]
		}
	}
	return kind
}
