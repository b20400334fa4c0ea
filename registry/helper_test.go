//go:build unix

package registry

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helper puts a credential helper called docker-credential-test into a PATH that
// begins with its folder.
func helper(t *testing.T, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "docker-credential-test"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return dir
}

func TestACredentialHelperIsCalled(t *testing.T) {
	helper(t, `[ "$1" = get ] || exit 3
case "$(cat)" in
r.example.com) echo '{"ServerURL":"r.example.com","Username":"helped","Secret":"hunter2"}' ;;
r.example.com/pay) echo '{"Username":"<token>","Secret":"token"}' ;;
https://index.docker.io/v1/) echo '{"Username":"hub","Secret":"hunter2"}' ;;
*) echo "credentials not found in native keychain"; exit 1 ;;
esac
`)
	all := `"auths":{"r.example.com":` + login("file") + `,"n.example.com":` + login("file") + `,"r.example.com/own":` + login("own") + `}`
	tests := []struct{ config, repository, want string }{
		{`{"credsStore":"test",` + all + `}`, "r.example.com/x", "helped"},
		{`{"credHelpers":{"r.example.com":"test"},` + all + `}`, "r.example.com/x", "helped"},
		{`{"credHelpers":{"r.example.com":"test"},"credsStore":"not-there",` + all + `}`, "r.example.com/x", "helped"},
		{`{"credHelpers":{"r.example.com/pay":"test"},` + all + `}`, "r.example.com/pay/api", "token"},
		{`{"credHelpers":{"r.example.com/pay":"test"},` + all + `}`, "r.example.com/x", "file"},
		{`{"credsStore":"test",` + all + `}`, "r.example.com/own/x", "own"},
		{`{"credsStore":"test",` + all + `}`, "n.example.com/x", "file"},
		{`{"credsStore":"test"}`, "unknown.example.com/x", ""},
		{`{"credsStore":"test"}`, "nginx", "hub"},
	}
	for _, tt := range tests {
		configured(t, tt.config)
		if got, err := user(t, tt.repository); err != nil || got != tt.want {
			t.Errorf("%s: %s: the credentials of %q, %v; want %q", tt.config, tt.repository, got, err, tt.want)
		}
	}
}

func TestWhatAHelperPrintsIsNeverQuoted(t *testing.T) {
	configured(t, `{"credsStore":"test","auths":{"r.example.com":`+login("file")+`}}`)
	tests := map[string]struct{ script, want string }{
		"it fails":                             {"echo hunter2; echo hunter2 >&2; exit 7", "helper docker-credential-test failed (exit status 7); to see why: echo r.example.com | docker-credential-test get"},
		"it prints no JSON":                    {"echo hunter2", "its answer is not the JSON of a credential helper"},
		"it prints half of it":                 {`echo '{"Username":"a","Secret":"hunter2'`, "its answer is not the JSON"},
		"it prints too much":                   {"yes hunter2 | head -c 2000000", "printed more than 1048576 bytes"},
		"it is no program":                     {"\x00", "helper docker-credential-test"},
		"it says it found none, and ends well": {"echo credentials not found in native keychain", "its answer is not the JSON"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			helper(t, tt.script)
			got, err := user(t, "r.example.com/x")
			if err == nil || !strings.Contains(err.Error(), "credentials for r.example.com: ") || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the credentials of %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// hanging is a helper that never answers, and a process that it started. Both
// hold the pipe's write end; it is at its end when neither runs.
func hanging(t *testing.T) (alive string) {
	t.Helper()
	dir := helper(t, `exec 3>"$ALIVE"
sleep 1000 &
echo '{"Username":"half'
wait
`)
	alive = filepath.Join(dir, "alive")
	must(t, syscall.Mkfifo(alive, 0o600))
	t.Setenv("ALIVE", alive)
	return alive
}

func TestAHelperIsKilledWithAllThatItStarted(t *testing.T) {
	ends := map[string]struct {
		end  func(context.Context) (context.Context, func())
		want string
		is   error
	}{
		"at the deadline": {func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			t.Cleanup(cancel)
			return ctx, func() {}
		}, "helper docker-credential-test timed out after ", context.DeadlineExceeded},
		"when nobody waits any more": {func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel
		}, "helper docker-credential-test was killed", context.Canceled},
	}
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			alive := hanging(t)
			host := inProcess(t)
			configured(t, `{"credHelpers":{"`+host+`":"test"}}`)
			ref, err := Parse(host+"/app:v1", Options{})
			must(t, err)
			ctx, end := tt.end(context.Background())
			gone := make(chan error, 1)
			go func() {
				pipe, err := os.Open(alive)
				if err == nil {
					end()
					_, err = io.Copy(io.Discard, pipe)
				}
				gone <- err
			}()
			_, err = ref.Resolve(ctx)
			if err == nil || errors.Is(err, ErrAbsent) || !errors.Is(err, tt.is) || !strings.Contains(err.Error(), "credentials for "+host+": "+tt.want) || strings.Contains(err.Error(), "half") {
				t.Errorf("resolve: %v, want %q", err, tt.want)
			}
			if err := <-gone; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatAHelperLeavesRunningDoesNotHoldItUp(t *testing.T) {
	configured(t, `{"credsStore":"test"}`)
	dir := helper(t, "sleep 1000 & echo $! >\"$0.pid\"\necho '{\"Username\":\"helped\",\"Secret\":\"hunter2\"}'\n")
	got, err := user(t, "r.example.com/x")
	if err != nil || got != "helped" {
		t.Errorf("the credentials of %q, %v", got, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "docker-credential-test.pid"))
	must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGKILL)) // it goes on after its parent
}
