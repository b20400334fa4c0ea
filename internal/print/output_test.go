package print

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnOutputIsAFormatAndAFile(t *testing.T) {
	for value, want := range map[string]Output{
		"text":              {Format: "text"},
		"json=out.json":     {Format: "json", Path: "out.json"},
		"yaml=a=b/out.yaml": {Format: "yaml", Path: "a=b/out.yaml"},
	} {
		got, err := formats.Parse(value)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", value, got, err, want)
		}
		if got.String() != value {
			t.Errorf("Parse(%q).String() = %q", value, got.String())
		}
	}
}

// formats are those of a report in these tests.
var formats = Formats{Names: []string{"text", "json", "yaml", "template"}}

func TestAWrongOutputIsAnErrorWithACure(t *testing.T) {
	accepted := "use one of " + strings.Join(formats.Names, ", ")
	for value, want := range map[string]string{
		"":                  `unknown output format "": ` + accepted,
		"jsn":               `unknown output format "jsn": ` + accepted + `; did you mean "json"?`,
		"JSON=x":            `unknown output format "JSON": ` + accepted + `; did you mean "json"?`,
		"yml":               `unknown output format "yml": ` + accepted + `; did you mean "yaml"?`,
		"pdf-with-pictures": `unknown output format "pdf-with-pictures": ` + accepted,
		"json=":             `output "json=" names no file after the equals sign; write json for standard output or json=PATH`,
	} {
		if _, err := formats.Parse(value); err == nil || err.Error() != want {
			t.Errorf("Parse(%q):\n got %v\nwant %s", value, err, want)
		}
	}
}

func TestOutputsNeverShareAPlace(t *testing.T) {
	if got, err := formats.ParseAll(nil); err != nil || len(got) != 1 || got[0].Format != "text" {
		t.Errorf("no -o gives %+v, %v; want text", got, err)
	}
	if got, err := formats.ParseAll([]string{"text", "json=a", "yaml=b"}); err != nil || len(got) != 3 {
		t.Errorf("three outputs: %+v, %v", got, err)
	}
	for _, values := range [][]string{{"text", "json"}, {"json=a", "yaml=a"}, {"json=a", "yaml=./a"}, {"text", "text"}} {
		if _, err := formats.ParseAll(values); err == nil || !strings.Contains(err.Error(), "both go to") {
			t.Errorf("%q: %v", values, err)
		}
	}
	if _, err := formats.ParseAll([]string{"text", "nope"}); err == nil {
		t.Error("an unknown format among others is accepted")
	}
}

func TestAReportReplacesAFileInOneStep(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "decision.json")
	for _, old := range []string{"", "old"} {
		if old != "" {
			must(t, os.WriteFile(path, []byte(old), 0o644))
			must(t, os.Chmod(path, 0o600))
		}
		must(t, Output{Format: "json", Path: path}.Write(nil, []byte("new")))
		if got := read(t, path); got != "new" {
			t.Errorf("file holds %q", got)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; the old file's was 0600", info.Mode(), err)
	}
	if names, _ := os.ReadDir(folder); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

func TestAnErrorLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	for _, bad := range []string{filepath.Join(folder, "missing", "x"), folder} {
		if err := (Output{Format: "json", Path: bad}).Write(nil, []byte("new")); err == nil || !strings.HasPrefix(err.Error(), "write report") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if names, _ := os.ReadDir(folder); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestALinkIsFollowed(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "target"), filepath.Join(folder, "link")
	must(t, os.WriteFile(target, []byte("old"), 0o644))
	must(t, os.Symlink(target, link))
	must(t, Output{Format: "text", Path: link}.Write(nil, []byte("new")))
	if got := read(t, target); got != "new" {
		t.Errorf("the link's target holds %q", got)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
}

func TestStandardOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	err := Output{Format: "text"}.Write(broken{}, []byte("new"))
	if err == nil || err.Error() != "write text report to standard output: no space left" {
		t.Error(err)
	}
	var out bytes.Buffer
	must(t, Output{Format: "text"}.Write(&out, []byte("new")))
	if out.String() != "new" {
		t.Errorf("standard output got %q", out.String())
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}
