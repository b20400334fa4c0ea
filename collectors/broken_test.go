package collectors_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// foreign are the files that other tools write, in which unknown keys are
// nobody's mistake.
var foreign = map[string]bool{"provenance.json": true, "trivy.json": true, "trivy-database.json": true}

// asJSON is a skeleton as one line of JSON, with an unknown key put into the
// first mapping if there is to be one.
func asJSON(t *testing.T, content, unknown string) string {
	t.Helper()
	first, _, lines := strings.Cut(content, "}\n{") // of JSON lines
	if lines {
		first += "}"
	}
	var value any
	if err := yaml.Unmarshal([]byte(first), &value); err != nil {
		t.Fatal(err)
	}
	into := value
	if list, ok := value.([]any); ok {
		into = list[0]
	}
	if unknown != "" {
		into.(map[string]any)[unknown] = 1
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileThatCannotBeReadIsAnErrorThatNamesIt(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, path, content string) bool // false: does not apply
		says  string
	}{
		{"missing", func(t *testing.T, path, _ string) bool { return os.Remove(path) == nil }, "there is no such file"},
		{"a folder", func(t *testing.T, path, _ string) bool { return os.Remove(path) == nil && os.Mkdir(path, 0o755) == nil }, "no ordinary file"},
		{"empty", func(t *testing.T, path, _ string) bool {
			return !strings.HasSuffix(path, ".jsonl") && os.WriteFile(path, nil, 0o644) == nil
		}, ""},
		{"not UTF-8", replacedBy("\xff\xfe{"), "not UTF-8"},
		{"garbage", replacedBy("]]]\n"), ":1:"},
		{"another type", replacedBy("42\n"), ":1:"},
		{"a list of lists", replacedBy("[[[1]]]\n"), ":1:"},
		{"a page of HTML", replacedBy("<!DOCTYPE html><html><body>Sign in</body></html>\n"), ":1:"},
		{"cut half-way", func(t *testing.T, path, content string) bool {
			whole := asJSON(t, content, "")
			return os.WriteFile(path, []byte(whole[:len(whole)*2/3]), 0o644) == nil
		}, ""},
		{"too long", func(t *testing.T, path, _ string) bool {
			return os.Truncate(path, strict.MaxReport+1) == nil
		}, "which is the limit"},
		{"an unknown key", func(t *testing.T, path, content string) bool {
			return !foreign[filepath.Base(path)] && os.WriteFile(path, []byte(asJSON(t, content, "bogus_key")), 0o644) == nil
		}, "bogus_key is an unknown key"},
		{"a key twice", func(t *testing.T, path, content string) bool {
			whole := asJSON(t, content, "")
			i := strings.IndexByte(whole, '{')
			return os.WriteFile(path, []byte(whole[:i]+`{"x":1,"x":2,`+whole[i+1:]), 0o644) == nil
		}, `the key "x" is given twice`},
		{"too deep", replacedBy(strings.Repeat("[", 5000)), ""},
	}
	image := layoutImage(t)
	for _, s := range collectors.Skeletons() {
		for _, tt := range tests {
			t.Run(s.Filename+" "+tt.name, func(t *testing.T) {
				cfg := writeSkeletons(t)
				if !tt.spoil(t, filepath.Join(cfg.Dir, "evidence", s.Filename), s.Content) {
					t.Skip("does not apply")
				}
				doc := collectors.Gather(context.Background(), clock, request(image), only(collectors.All(cfg), s.Section))
				source := doc.Sources[s.Section]
				if source.Status != facts.StatusError {
					t.Fatalf("the source is %s", source.Status)
				}
				if !strings.Contains(*source.Error, s.Filename) || !strings.Contains(*source.Error, tt.says) {
					t.Errorf("the error is %q, want %q and %q in it", *source.Error, s.Filename, tt.says)
				}
				if _, err := facts.FromDocument(doc); err != nil {
					t.Errorf("the document is not valid: %v", err)
				}
			})
		}
	}
}

// replacedBy puts text in the place of the file.
func replacedBy(text string) func(*testing.T, string, string) bool {
	return func(_ *testing.T, path, _ string) bool { return os.WriteFile(path, []byte(text), 0o644) == nil }
}

// only are the collectors of one section.
func only(list []collectors.Collector, section string) []collectors.Collector {
	for _, c := range list {
		if c.Name() == section {
			return []collectors.Collector{c}
		}
	}
	return nil
}
