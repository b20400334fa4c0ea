package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// TestEightAttestationsInParallelAreListed runs eight commands at the same time. Without
// the referrers API they all write the index under the same tag.
func TestEightAttestationsInParallelAreListed(t *testing.T) {
	inProcess := func(referrers bool) func(t *testing.T) string {
		return func(t *testing.T) string {
			s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(referrers)))
			t.Cleanup(s.Close)
			return strings.TrimPrefix(s.URL, "http://")
		}
	}
	for name, start := range map[string]func(t *testing.T) string{
		"with the referrers API":    inProcess(true),
		"without the referrers API": inProcess(false),
		"debian's docker-registry": func(t *testing.T) string {
			host := os.Getenv("PRODGATE_TEST_REGISTRY")
			if host == "" {
				t.Skip("PRODGATE_TEST_REGISTRY is not set: apt-get install docker-registry, start it on loopback, and set the variable to its host:port")
			}
			return host
		},
	} {
		t.Run(name, func(t *testing.T) { attestInParallel(t, start(t), 8) })
	}
}

func attestInParallel(t *testing.T, host string, n int) {
	image := fmt.Sprintf("%s/team/parallel-%d:1", host, time.Now().UnixNano())
	if _, err := (&embeddedRegistry{host: host}).push(t.Context(), image, t.Name()); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	prodgate := func(args ...string) (string, error) {
		var out, errs bytes.Buffer
		std := stdio{in: strings.NewReader(""), out: &out, err: &errs, dir: folder, clock: time.Now, compile: compiled.get}
		if code := run(t.Context(), args, std); code != 0 {
			return "", fmt.Errorf("prodgate %s: exit code %d: %s", strings.Join(args, " "), code, errs.String())
		}
		return out.String(), nil
	}
	if _, err := prodgate("key", "new", "--out", "gate.key"); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		predicate := fmt.Sprintf("%d.json", i)
		if err := os.WriteFile(filepath.Join(folder, predicate), fmt.Appendf(nil, `{"result":"PASSED","configuration":[],"url":"https://ci.example.com/runs/%d"}`, i), 0o600); err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			<-ready
			if _, err := prodgate("attest", "test-result", image, "--predicate", predicate, "--key", "gate.key", "--push"); err != nil {
				t.Error(err)
			}
		})
	}
	close(ready)
	running.Wait()
	printed, err := prodgate("attest", "verify", image, "--type", "test-result", "--key", "gate.key.pub", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var report statementReport
	if err := json.Unmarshal([]byte(printed), &report); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, s := range report.Statements {
		if s.Counts {
			listed[s.Where] = true
		}
	}
	if len(listed) != n || len(report.Statements) != n {
		t.Errorf("%d of %d are listed: %s", len(listed), n, printed)
	}
}
