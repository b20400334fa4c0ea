package server

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/oidctest"
	"github.com/prodgate/prodgate/trail"
)

// long is the form of the fault tests that make faults runs.
var long = flag.Bool("faults", false, "run the fault tests in their long form")

// TestMain lets the test's binary be a server or a writer as well: the fault test runs it
// again and kills it.
func TestMain(m *testing.M) {
	var err error
	switch os.Getenv("SERVER_TEST_CHILD") {
	case "server":
		err = serveChild(context.Background())
	case "writer":
		err = writeChild(context.Background())
	default:
		m.Run()
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serveChild serves the trail of a configuration until it is killed.
func serveChild(ctx context.Context) error {
	c, err := ReadConfig(ctx, os.Getenv("SERVER_TEST_CONFIG"))
	if err != nil {
		return err
	}
	log, err := trail.Open(ctx, c.Trail, trail.Options{})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	return New(c, log, slog.New(slog.DiscardHandler), nil).Serve(ctx, listener)
}

// writeChild appends events, printing each receipt once it has it. It sends an event
// again until it is acknowledged.
func writeChild(ctx context.Context) error {
	count, _ := strconv.Atoi(os.Getenv("SERVER_TEST_COUNT"))
	o := trail.Options{Key: os.Getenv("SERVER_TEST_KEY"), Token: func(context.Context) (string, error) { return os.Getenv("SERVER_TEST_TOKEN"), nil }}
	var l *trail.Log
	events := []trail.Event{staged()}
	for tries, done := 0, 0; done < count; {
		var receipts []trail.Receipt
		err := error(nil)
		if l == nil {
			l, err = trail.Open(ctx, os.Getenv("SERVER_TEST_ADDRESS"), o)
		}
		if err == nil {
			receipts, err = l.Append(ctx, events...)
		}
		if err != nil {
			if tries++; tries > 200 || !strings.Contains(err.Error(), "start the server") {
				return err
			}
			continue
		}
		for _, r := range receipts {
			text, _ := json.Marshal(r)
			fmt.Printf("%s\n", text)
		}
		done++
		if events = []trail.Event{staged()}; done%5 == 0 {
			events = []trail.Event{decision(), staged()}
		}
	}
	return nil
}

// again runs the test's binary as a child.
func again(t *testing.T, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	return cmd
}

// awaitReady waits until a server answers.
func awaitReady(t *testing.T, address string) {
	for range 1000 {
		if r, err := http.Get(address + "/readyz"); err == nil { //nolint:noctx // on this machine
			r.Body.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the server did not start")
}

// killable is a server in a process of its own, with its trail.
type killable struct {
	address, file string // of the server and its configuration
	location, key string // of the trail
	token         string // of the listed job
}

// newKillable makes a trail and the configuration of its server.
func newKillable(t *testing.T) killable {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	issuer, err := oidctest.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { issuer.Close() })
	free, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	dir := t.TempDir()
	k := killable{address: "http://" + free.Addr().String(), file: filepath.Join(dir, "server.yaml"), location: filepath.Join(dir, "T.db")}
	text := strings.Replace(configuration(k.address, issuer.URL), "127.0.0.1:0", free.Addr().String(), 1) + "\nrequests_per_minute: 1000000\n"
	if err := os.WriteFile(k.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	local, err := trail.Open(t.Context(), k.location, trail.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	if k.key, err = local.PublicKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k.token, err = issuer.Sign(issuer.GitHub(k.address, time.Now(), map[string]any{"exp": time.Now().Add(time.Hour).Unix()})); err != nil {
		t.Fatal(err)
	}
	return k
}

// run starts the server and kills it, so many times; then it lets it run until stop is
// closed. It returns how often the server was killed.
func (k killable) run(t *testing.T, kills int, stop <-chan struct{}) (count int) {
	for running := true; running; count++ {
		cmd := again(t, "SERVER_TEST_CHILD=server", "SERVER_TEST_CONFIG="+k.file)
		if err := cmd.Start(); err != nil {
			t.Error(err)
			return count
		}
		awaitReady(t, k.address)
		wait := time.Duration(50+rand.IntN(250)) * time.Millisecond
		if count >= kills {
			wait = time.Hour
		}
		select {
		case <-time.After(wait):
		case <-stop:
			running = false
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	return count
}

// write appends from a process of its own, and calls acknowledged with each receipt.
func (k killable) write(t *testing.T, appends int, acknowledged func(trail.Receipt)) {
	cmd := again(t, "SERVER_TEST_CHILD=writer", "SERVER_TEST_ADDRESS="+k.address, "SERVER_TEST_KEY="+k.key, "SERVER_TEST_TOKEN="+k.token, fmt.Sprintf("SERVER_TEST_COUNT=%d", appends))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		return
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var r trail.Receipt
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Errorf("a writer said %q", lines.Text())
			continue
		}
		acknowledged(r)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// Writers in processes of their own append over HTTP while the server is killed again and
// again. None of what was acknowledged is lost.
func TestFaultNothingAcknowledgedIsLostWhenTheServerIsKilled(t *testing.T) {
	writers, appends, kills := 4, 20, 4
	if *long {
		writers, appends, kills = 8, 125, 40
	}
	k := newKillable(t)
	stop, killed := make(chan struct{}), make(chan int)
	go func() { killed <- k.run(t, kills, stop) }()
	var mutex sync.Mutex
	var acknowledged []trail.Receipt
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			k.write(t, appends, func(r trail.Receipt) {
				mutex.Lock()
				defer mutex.Unlock()
				acknowledged = append(acknowledged, r)
			})
		})
	}
	group.Wait()
	close(stop)
	count := <-killed

	found, err := trail.Verify(t.Context(), k.location, trail.VerifyOptions{Receipts: acknowledged})
	if err != nil || found.Verdict != trail.Intact {
		t.Fatalf("%+v, %v", found, err)
	}
	want := writers * (appends + (appends-1)/5) // each fifth is followed by one of two events
	seen := map[string]bool{}
	for _, r := range acknowledged {
		seen[r.ID] = true
	}
	if len(seen) != len(acknowledged) || len(acknowledged) != want || found.Entries != int64(want) {
		t.Errorf("%d receipts of %d events, %d entries; want %d each: a retry is the same entry", len(acknowledged), len(seen), found.Entries, want)
	}
	t.Logf("%d acknowledged, the server was killed %d times", len(acknowledged), count)
}
