package evaluator

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What lies in a pack and would not be loaded may be what makes the gate
// stricter: it is refused, not passed over.
func TestNoFileOfAPackIsPassedOverInSilence(t *testing.T) {
	own := "prodgate: {organisation: {soak: {minimum: 2h}}}\n"
	elsewhere := t.TempDir()
	for name, tt := range map[string]struct {
		add  func(dir string) error
		want string
	}{
		"settings in capitals": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "DATA.YAML"), []byte(own), 0o600)
		}, "must be in a file named data.yaml"},
		"rules in capitals": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "check.REGO"), []byte("package x"), 0o600)
		}, "ends in .rego"},
		"a second YAML document": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "data.yaml"), []byte(own+"---\n"+own), 0o600)
		}, "more than one YAML document"},
		"a link to a folder": {func(dir string) error {
			return os.Symlink(elsewhere, filepath.Join(dir, "more"))
		}, "link to a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newPack(t, earlyCheck, "")
			if err := tt.add(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := New(context.Background(), Options{Packs: []string{dir}}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v; want one with %q", err, tt.want)
			}
		})
	}
}

// A pack that is named by a relative path has files called as shipped ones.
func TestNoFileOfAPackTakesTheNameOfAnother(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	folder := filepath.Join("prodgate", "v1", "lib")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "waivers.rego"), []byte(earlyCheck), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(context.Background(), Options{Packs: []string{"prodgate"}}); err == nil || !strings.Contains(err.Error(), "take the other's place") {
		t.Errorf("the error is %v", err)
	}
}
