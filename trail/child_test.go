package trail

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// long is the form of the fault tests that make faults runs.
var long = flag.Bool("faults", false, "run the fault tests in their long form, many minutes")

// TestMain lets the test's binary be a writer as well: fault tests run it again
// and kill it.
func TestMain(m *testing.M) {
	if job := os.Getenv("TRAIL_TEST_CHILD"); job != "" {
		child(job)
		return
	}
	m.Run()
}

// child opens a log and appends events, printing each receipt once it has it.
// Every third append is of two events, every fifth has blobs.
func child(job string) {
	ctx := context.Background()
	count, _ := strconv.Atoi(os.Getenv("TRAIL_TEST_COUNT"))
	say := func(word string, value any) {
		b, _ := json.Marshal(value)
		fmt.Printf("%s %s\n", word, b)
	}
	arm := prepareFault(job)
	if os.Getenv("TRAIL_TEST_WHEN") == "first" {
		arm()
	}
	l, err := Open(ctx, os.Getenv("TRAIL_TEST_LOCATION"), Options{Key: os.Getenv("TRAIL_TEST_KEY")})
	if err != nil {
		say("error", err.Error())
		return
	}
	defer l.Close()
	if os.Getenv("TRAIL_TEST_WHEN") != "first" {
		for range 3 {
			receipts, err := l.Append(ctx, plain())
			if err != nil {
				say("error", err.Error())
				return
			}
			say("ack", receipts[0])
		}
		arm()
	}
	for i := range count {
		events := []Event{plain()}
		if i%3 == 0 {
			events = append(events, plain())
		}
		if i%5 == 0 {
			events = append(events, event())
		}
		receipts, err := l.Append(ctx, events...)
		if err != nil {
			say("error", err.Error())
			if job == "write" || i > 20 {
				return
			}
			continue
		}
		for _, r := range receipts {
			say("ack", r)
		}
	}
	say("done", count)
	if os.Getenv("TRAIL_TEST_HOLD") != "" { // closing would move the write-ahead log into the file
		time.Sleep(time.Minute)
	}
}

// writer is a child process that writes to a log.
type writer struct {
	cmd   *exec.Cmd
	first chan struct{} // closed when the first receipt is there
	ended chan struct{}

	receipts []Receipt // valid after ended
	errors   []string
	done     bool
}

// startWriter starts a child. Environment entries say what it does.
func startWriter(t *testing.T, job, location, key string, count int, more ...string) *writer {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TRAIL_TEST_CHILD="+job, "TRAIL_TEST_LOCATION="+location, "TRAIL_TEST_KEY="+key, fmt.Sprintf("TRAIL_TEST_COUNT=%d", count))
	cmd.Env = append(cmd.Env, more...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w := &writer{cmd: cmd, first: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		var once sync.Once
		for lines := bufio.NewReader(out); ; {
			line, err := lines.ReadString('\n')
			if err != nil { // a line without its end was not said
				break
			}
			word, value, _ := strings.Cut(line, " ")
			switch word {
			case "ack":
				var r Receipt
				if err := json.Unmarshal([]byte(value), &r); err != nil {
					w.errors = append(w.errors, err.Error())
				}
				w.receipts = append(w.receipts, r)
				once.Do(func() { close(w.first) })
			case "error":
				w.errors = append(w.errors, value)
			case "done":
				w.done = true
			default:
				w.errors = append(w.errors, line)
			}
		}
		cmd.Wait()
		once.Do(func() { close(w.first) })
	}()
	t.Cleanup(func() { w.kill() })
	return w
}

// kill ends the child at once, and waits for what it had said.
func (w *writer) kill() {
	w.cmd.Process.Kill()
	<-w.ended
}

// wait waits for the child's own end.
func (w *writer) wait(t *testing.T, longest time.Duration) {
	t.Helper()
	select {
	case <-w.ended:
	case <-time.After(longest):
		w.kill()
		t.Errorf("a writer did not end within %s; %d receipts, errors %v", longest, len(w.receipts), w.errors)
	}
}

// holds asks that a log is intact, has each acknowledged entry at its place and
// none twice, and that each checkpoint that was handed out is consistent.
func holds(t *testing.T, location, public string, receipts []Receipt) *Report {
	t.Helper()
	seen := map[string]int64{}
	for _, r := range receipts {
		if seq, twice := seen[r.ID]; twice && seq != r.Seq {
			t.Errorf("event %s was acknowledged as entries %d and %d", r.ID, seq, r.Seq)
		}
		seen[r.ID] = r.Seq
	}
	r := verify(t, location, VerifyOptions{Key: public, Receipts: receipts})
	if r.Verdict != Intact {
		t.Fatalf("%s after %d acknowledged: %+v", r.Verdict, len(receipts), r.Problems)
	}
	return r
}
