package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigurationDigestDependsOnTheContent(t *testing.T) {
	std := stdio{dir: t.TempDir()}
	write := func(name, content string) {
		t.Helper()
		file := filepath.Join(std.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sum := func(content string) string {
		h := sha256.Sum256([]byte(content))
		return hex.EncodeToString(h[:])
	}
	write("values.yaml", "a")
	write("charts/b.yaml", "b")
	write("charts/.hidden", "h")
	write("charts/sub/c.yaml", "c")
	write("bad/a\\b", "x")
	if err := os.Mkdir(filepath.Join(std.dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(std.dir, "linked"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../values.yaml", filepath.Join(std.dir, "linked", "a")); err != nil {
		t.Fatal(err)
	}
	own := "sha256:" + strings.Repeat("a", 64)
	list := func(lines ...string) string { return "sha256:" + sum(strings.Join(lines, "")) }
	line := func(content, name string) string { return fmt.Sprintf("%s  %s\n", sum(content), name) }
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{[]string{"values.yaml"}, "sha256:" + sum("a")},
		{[]string{own}, own},
		{[]string{"charts"}, list(line("h", ".hidden"), line("b", "b.yaml"), line("c", "sub/c.yaml"))},
		{[]string{"./charts/"}, list(line("h", ".hidden"), line("b", "b.yaml"), line("c", "sub/c.yaml"))},
		{[]string{"values.yaml", "charts/b.yaml"}, list(line("b", "charts/b.yaml"), line("a", "values.yaml"))},
		{[]string{"values.yaml", "charts"}, list(line("h", "charts/.hidden"), line("b", "charts/b.yaml"), line("c", "charts/sub/c.yaml"), line("a", "values.yaml"))},
		{[]string{"empty"}, ""}, {[]string{"linked"}, ""}, {[]string{"bad"}, ""}, {[]string{"nowhere"}, ""}, {[]string{""}, ""},
		{[]string{"sha256:abc"}, ""}, {[]string{own, "values.yaml"}, ""}, {[]string{"charts", "charts/b.yaml"}, ""},
	} {
		got, err := configurationDigest(std, tt.names)
		if (err != nil) != (tt.want == "") || err == nil && got != tt.want {
			t.Errorf("%q: %s, %v; want %q", tt.names, got, err, tt.want)
		}
	}
}
