package files

import (
	"os"
	"path/filepath"
	"testing"
)

// folder has a file, a symbolic and a hard link to it, a link to a file that
// does not exist, and a linked folder.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "pack", "deep"), 0o755),
		os.WriteFile(filepath.Join(dir, "file"), []byte("allow"), 0o600),
		os.WriteFile(filepath.Join(dir, "other"), []byte("allow"), 0o600),
		os.WriteFile(filepath.Join(dir, "pack", "deep", "x.rego"), nil, 0o600),
		os.Symlink("file", filepath.Join(dir, "soft")),
		os.Symlink(filepath.Join(dir, "soft"), filepath.Join(dir, "twice")),
		os.Link(filepath.Join(dir, "file"), filepath.Join(dir, "hard")),
		os.Link(filepath.Join(dir, "pack", "deep", "x.rego"), filepath.Join(dir, "rule")),
		os.Symlink("missing", filepath.Join(dir, "dangling")),
		os.Symlink("loop", filepath.Join(dir, "loop")),
		os.Symlink("pack", filepath.Join(dir, "linked")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSame(t *testing.T) {
	dir := folder(t)
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"file", "file", true},
		{"file", "./pack/../file", true},
		{"file", "soft", true},
		{"twice", "hard", true},
		{"file", "hard", true},
		{"file", "other", false},
		{"missing", "dangling", true},
		{"pack/new", "linked/new", true},
		{"pack/new/deeper", "linked/../pack/new/deeper", true},
		{"missing", "missing2", false},
		{"loop", "file", false},
		{"loop", "loop", true},
	} {
		a, b := dir+"/"+tt.a, dir+"/"+tt.b
		if Same(a, b) != tt.want || Same(b, a) != tt.want {
			t.Errorf("Same(%s, %s) is not %t", tt.a, tt.b, tt.want)
		}
	}
}

func TestInside(t *testing.T) {
	dir := folder(t)
	for name, want := range map[string]bool{
		"pack/x": true, "linked/x/y": true, "pack": true, "pack/deep/x.rego": true, "rule": true, "file": false, "packs": false, "pack/../file": false,
	} {
		if Inside(dir+"/"+name, dir+"/pack") != want || Inside(dir+"/"+name, dir+"/linked") != want {
			t.Errorf("Inside(%s) is not %t", name, want)
		}
	}
}

func TestClearFollowsLinks(t *testing.T) {
	for _, name := range []string{"file", "soft", "twice"} {
		dir := folder(t)
		if err := Clear(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(filepath.Join(dir, name)); err == nil && len(content) > 0 {
			t.Errorf("%s still holds %q", name, content)
		}
	}
	dir := folder(t)
	for _, name := range []string{"missing", "dangling", "pack", "loop"} {
		if err := Clear(filepath.Join(dir, name)); err != nil {
			t.Errorf("Clear(%s) = %v", name, err)
		}
	}
	if err := Clear("/dev/null"); err != nil {
		t.Error(err)
	}
}

func TestBegins(t *testing.T) {
	dir := folder(t)
	if !Begins(filepath.Join(dir, "soft"), "x", "all") || Begins(filepath.Join(dir, "file"), "allowed") || Begins(filepath.Join(dir, "missing"), "") {
		t.Error("Begins is wrong")
	}
}
