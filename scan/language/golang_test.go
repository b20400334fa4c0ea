package language

import (
	"bytes"
	"debug/buildinfo"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// vendoredApp is a program with a module that is vendored, one that is replaced by
// another and one that is replaced by a folder.
const vendoredApp = `
-- go.mod --
module example.com/app

go 1.26

require (
	example.com/vendored v1.2.3
	example.com/replaced v1.0.0
	example.com/local v1.0.0
)

replace (
	example.com/replaced => example.com/fork v1.0.1
	example.com/local => ./local
)
-- main.go --
package main

import (
	_ "example.com/local"
	_ "example.com/replaced"
	_ "example.com/vendored"
)

var version = "unset"

func main() { println(version) }
-- local/go.mod --
module example.com/local
-- local/local.go --
package local
-- vendor/modules.txt --
# example.com/local v1.0.0 => ./local
## explicit
example.com/local
# example.com/replaced v1.0.0 => example.com/fork v1.0.1
## explicit
example.com/replaced
# example.com/vendored v1.2.3
## explicit
example.com/vendored
# example.com/replaced => example.com/fork v1.0.1
# example.com/local => ./local
-- vendor/example.com/local/local.go --
package local
-- vendor/example.com/replaced/replaced.go --
package replaced
-- vendor/example.com/vendored/vendored.go --
package vendored
`

// allTargets is the variable that lets programs be built for other systems than this one:
// for each of them, Go first compiles its library, half a minute in all.
const allTargets = "PRODGATE_TEST_TARGETS"

// buildGo builds the module for a system, given as os/arch, with more flags.
func buildGo(t *testing.T, target string, flags ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs: run it without -short")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("needs the go command in PATH to build what it reads")
	}
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(vendoredApp)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	system, processor, _ := strings.Cut(target, "/")
	if os.Getenv(allTargets) == "" && target != runtime.GOOS+"/"+runtime.GOARCH {
		t.Skipf("compiles Go's library for %s: run make test, or set %s=1", target, allTargets)
	}
	cmd := exec.Command(tool, append([]string{"build", "-buildvcs=false", "-mod=vendor", "-o", "app"}, flags...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "GOPROXY=off", "GOOS="+system, "GOARCH="+processor)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return filepath.Join(dir, "app")
}

func TestGoPrograms(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		flags        []string
		version      string // of the main module
	}{
		{"for Linux", "linux/amd64", nil, ""},
		{"for Linux, stripped", "linux/amd64", []string{"-ldflags=-s -w"}, ""},
		{"for Linux, position-independent", "linux/amd64", []string{"-buildmode=pie"}, ""},
		{"for Linux on ARM", "linux/arm64", []string{"-ldflags=-s -w"}, ""},
		{"for Linux on 32 bits, big-endian", "linux/mips", nil, ""},
		{"for Windows", "windows/amd64", nil, ""},
		{"for Windows, stripped", "windows/amd64", []string{"-ldflags=-s -w"}, ""},
		{"for macOS", "darwin/arm64", nil, ""},
		{"with a version stamped into it", "linux/amd64", []string{"-ldflags=-s -w -X main.version=1.4.0"}, "1.4.0"},
		{"with a version in quotes stamped into it", "linux/amd64", []string{"-ldflags=-X 'main.version=v1.4.0' -s"}, "v1.4.0"},
		{"with a version that only its symbols tell", "linux/amd64", []string{"-trimpath", "-ldflags=-X main.version=v1.4.0"}, "v1.4.0"},
		{"with a version that only its symbols tell, on 32 bits", "linux/mips", []string{"-trimpath", "-ldflags=-X main.version=v1.4.0"}, "v1.4.0"},
		{"with a version that is none", "linux/amd64", []string{"-trimpath", "-ldflags=-X main.version=1.4.0.0.x"}, ""},
		{"with a version that was stripped from it", "linux/amd64", []string{"-trimpath", "-ldflags=-s -w -X main.version=v1.4.0"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := buildGo(t, tt.target, tt.flags...)
			info, err := buildinfo.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				"gobinary stdlib v" + strings.TrimPrefix(info.GoVersion, "go"),
				"gobinary ./local ",
				"gobinary example.com/fork v1.0.1",
				"gobinary example.com/vendored v1.2.3",
				"gobinary example.com/app " + tt.version,
			}
			got, unread := analyze(t, path, readFile(t, path))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			checkUnread(t, path, unread, "")
		})
	}
}

// TestAProgramOfGo117 reads a program that Go keeps for its own tests.
func TestAProgramOfGo117(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("needs the go command in PATH, to find Go's own sources")
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src", "debug", "buildinfo", "testdata", "go117", "go117.base64"))
	if err != nil {
		t.Skipf("needs Go's own sources: %v", err)
	}
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	got, unread := analyze(t, "bin/app", raw)
	want := []string{"gobinary stdlib v" + strings.TrimPrefix(info.GoVersion, "go")}
	if info.Main.Path != "" {
		want = append(want, "gobinary "+info.Main.Path+" ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	checkUnread(t, "bin/app", unread, "")
}
