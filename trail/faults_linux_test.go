package trail

import (
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calls are the calls of the system that a log's files are made and written by.
var calls = map[string]uint32{
	"fsync": unix.SYS_FSYNC, "fdatasync": unix.SYS_FDATASYNC, "pwrite64": unix.SYS_PWRITE64, "pread64": unix.SYS_PREAD64,
	"openat": unix.SYS_OPENAT, "renameat": unix.SYS_RENAMEAT, "linkat": unix.SYS_LINKAT, "unlinkat": unix.SYS_UNLINKAT,
	"ftruncate": unix.SYS_FTRUNCATE, "fallocate": unix.SYS_FALLOCATE, "fstat": unix.SYS_FSTAT, "fchmod": unix.SYS_FCHMOD, "flock": unix.SYS_FLOCK,
}

// prepareFault returns what lets a child's calls fail from then on: "fail
// CALL", "full BYTES" for files that cannot grow beyond, "files N" for at most
// so many open ones.
func prepareFault(job string) func() {
	word, value, _ := strings.Cut(job, " ")
	number, _ := strconv.ParseUint(value, 10, 64)
	limit := func(what int) func() {
		return func() {
			signal.Ignore(syscall.SIGXFSZ)
			if err := unix.Setrlimit(what, &unix.Rlimit{Cur: number, Max: number}); err != nil {
				fmt.Println("fault", err)
			}
		}
	}
	switch word {
	case "full":
		return limit(unix.RLIMIT_FSIZE)
	case "files":
		return limit(unix.RLIMIT_NOFILE)
	case "fail":
		return func() {
			if err := refuseCall(calls[value]); err != nil {
				fmt.Println("fault", err)
			}
		}
	}
	return func() {}
}

// refuseCall lets a call of the system end with EIO, in every thread, from now
// on.
func refuseCall(number uint32) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: number},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EIO)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}

// survives lets a fault happen to a child, and asks that what it acknowledged is
// there, and that the log goes on once the fault is over.
func survives(t *testing.T, job, when string) (errors int) {
	t.Helper()
	location := filepath.Join(t.TempDir(), "T.db")
	count := 200
	if !*long && !strings.HasPrefix(job, "full") {
		count = 50 // only a disk takes many to fill
	}
	w := startWriter(t, job, location, "", count, "TRAIL_TEST_WHEN="+when)
	w.wait(t, time.Minute)
	for _, e := range w.errors {
		if strings.HasPrefix(e, "fault") {
			t.Skipf("this system does not let a child have the fault: %s", e)
		}
	}
	l, err := Open(t.Context(), location, Options{})
	if err != nil {
		t.Fatalf("%s: once it was over: %v", job, err)
	}
	defer l.Close()
	add(t, l, plain())
	holds(t, location, publicOf(t, l), w.receipts)
	return len(w.errors)
}

func TestFaultCallsOfTheSystemFail(t *testing.T) {
	failed := 0
	for i, name := range slices.Sorted(maps.Keys(calls)) {
		for _, when := range []string{"later", "first"} {
			if testing.Short() && (when == "first" || name > "ftruncate") {
				continue
			}
			if !*long && when == "first" && i%2 > 0 { // "make faults" tries all
				continue
			}
			failed += survives(t, "fail "+name, when)
		}
	}
	if failed == 0 {
		t.Error("no child had an error: this test does not try what it says")
	}
}

func TestFaultTheDiskIsFullAndThenNot(t *testing.T) {
	step := 40_000
	switch {
	case *long:
		step = 2_000
	case testing.Short():
		step = 120_000
	}
	failed := 0
	for size := 0; size < 260_000; size += step {
		for _, when := range []string{"first", "later"} {
			failed += survives(t, fmt.Sprintf("full %d", size), when)
		}
	}
	if failed == 0 {
		t.Error("no child had an error: this test does not try what it says")
	}
}

func TestFaultTooManyOpenFiles(t *testing.T) {
	failed := 0
	step := 3
	switch {
	case *long:
		step = 1
	case testing.Short():
		step = 8
	}
	for n := 8; n < 24; n += step {
		failed += survives(t, fmt.Sprintf("files %d", n), "first")
	}
	if failed == 0 {
		t.Error("no child had an error: this test does not try what it says")
	}
}

func TestFaultASmallFileSystemIsFull(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Mount("none", folder, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("this user cannot mount a small tmpfs (%v): run make faults as root", err)
	}
	defer unix.Unmount(folder, 0)
	location := filepath.Join(folder, "T.db")
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	w := startWriter(t, "write", location, "", 1_000_000)
	w.wait(t, 2*time.Minute)
	if len(w.errors) == 0 || !strings.Contains(w.errors[0], "full") {
		t.Errorf("%d acknowledged, errors %v: nothing says that the disk is full", len(w.receipts), w.errors)
	}
	public := publicBeside(t, location, "")
	holds(t, location, public, w.receipts)
	os.Remove(ballast)
	l := open(t, location, Options{})
	add(t, l, plain())
	holds(t, location, public, w.receipts)
	l.Close()
}

func TestNetworkFileSystemsAreKnownByTheirMount(t *testing.T) {
	const mounts = `22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 0:5 / /mnt/far\040away rw - fuse.sshfs host:/ rw
24 23 0:6 / /mnt/far\040away/near rw - fuse.ntfs-3g /dev/sdb rw
`
	for folder, want := range map[string]string{
		"/mnt": "ext4", "/mnt/far away": "fuse.sshfs", "/mnt/far away/x": "fuse.sshfs",
		"/mnt/far away/near/x": "fuse.ntfs-3g", "/mnt/far awayx": "ext4",
	} {
		if got := mountedAs(mounts, folder); got != want {
			t.Errorf("%s is on %q, want %q", folder, got, want)
		}
	}
	if err := refuseNetwork(filepath.Join(t.TempDir(), "T.db")); err != nil {
		t.Errorf("the folder of the tests: %v", err)
	}
}
