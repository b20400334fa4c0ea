//go:build unix

package trail

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// server is a PostgreSQL of a test's own, which it may kill.
type server struct {
	data, programs, address string
	port                    int
	as                      *syscall.Credential
	cmd                     *exec.Cmd
	log                     *os.File
}

// ownServer makes a PostgreSQL; as root it runs as user postgres.
func ownServer(t *testing.T) *server {
	t.Helper()
	if os.Getenv("PRODGATE_TEST_POSTGRES") == "" {
		t.Skip("set PRODGATE_TEST_POSTGRES, as .ci/postgres writes it, to run this on a PostgreSQL of its own")
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Skip("install PostgreSQL's server (Debian: postgresql) to run this on one of its own")
	}
	slices.Sort(found)
	s := &server{programs: found[len(found)-1]}
	if s.data, err = os.MkdirTemp(os.TempDir(), "prodgate-postgres-"); err != nil { //nolint:usetesting // another user's, who cannot look into t.TempDir
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.data) })
	if s.log, err = os.Create(filepath.Join(t.TempDir(), "log")); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		account, err := user.Lookup("postgres")
		if err != nil {
			t.Skipf("PostgreSQL refuses root, and there is no other user: %v", err)
		}
		uid, _ := strconv.Atoi(account.Uid)
		gid, _ := strconv.Atoi(account.Gid)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(s.data, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := s.program("initdb", "-D", s.data+"/db", "-U", "prodgate", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	s.address = fmt.Sprintf("postgres://prodgate@127.0.0.1:%d/postgres?sslmode=disable", s.port)
	t.Cleanup(s.kill)
	s.start(t)
	return s
}

func (s *server) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.programs, name), args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

// start starts it, and waits until it answers: processes of one that was killed
// may be in its way for a moment.
func (s *server) start(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		s.cmd = s.program("postgres", "-D", s.data+"/db", "-c", "listen_addresses=127.0.0.1", "-c", fmt.Sprintf("port=%d", s.port), "-c", "unix_socket_directories=")
		s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
		if err := s.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		cmd := s.cmd
		go func() { cmd.Wait(); close(ended) }()
		for alive := true; alive; {
			select {
			case <-ended:
				alive = false
			case <-time.After(50 * time.Millisecond):
				at, err := parseLocation(s.address, "x")
				if err != nil {
					t.Fatal(err)
				}
				store, err := openPostgres(at, nil)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				err = store.db.PingContext(ctx)
				cancel()
				store.db.Close()
				if err == nil {
					return
				}
			}
		}
		if time.Now().After(end) {
			b, _ := os.ReadFile(s.log.Name())
			t.Fatalf("PostgreSQL does not start:\n%s", b)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// kill ends the postmaster at once.
func (s *server) kill() { s.cmd.Process.Kill() }

// PostgreSQL's postmaster is killed while several write: they go on when it is
// back, and nothing they acknowledged is lost or there twice.
func TestFaultThePostmasterIsKilled(t *testing.T) {
	s := ownServer(t)
	key := filepath.Join(t.TempDir(), "trail.key")
	rounds := 2
	if *long {
		rounds = 12
	}
	var list []*writer
	for range 3 {
		list = append(list, startWriter(t, "write", s.address, key, 1_000_000))
	}
	for _, w := range list {
		<-w.first
	}
	for range rounds {
		time.Sleep(300 * time.Millisecond)
		s.kill()
		time.Sleep(300 * time.Millisecond)
		s.start(t)
		l := open(t, s.address, Options{Key: key})
		before, err := l.size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if now, err := l.size(t.Context()); err == nil && now > before {
				break
			}
			if time.Now().After(end) {
				t.Fatal("no writer went on after the server was back")
			}
		}
		l.Close()
	}
	var receipts []Receipt
	for _, w := range list {
		w.kill()
		if len(w.errors) > 0 {
			t.Errorf("a writer gave up: %v", w.errors)
		}
		receipts = append(receipts, w.receipts...)
	}
	holds(t, s.address, publicBeside(t, s.address, key), receipts)
	t.Logf("%d acknowledged, none lost, none twice", len(receipts))
}
