package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"an unknown key", "service: app\nenviroment: production\n", `prodgate.yaml:2: enviroment is an unknown key; did you mean "environment"?`},
		{"a key like no other", "thresholds: {}\n", `prodgate.yaml:1: thresholds is an unknown key; known keys are environment, policies, service, sources, systems, timeout`},
		{"a key that stands twice", "service: a\ntimeout: 1m\nservice: b\n", "prodgate.yaml:3: the key \"service\" is given twice"},
		{"a key without a value", "service:\n", "prodgate.yaml:1: service is null, and must be a text"},
		{"a list where one value belongs", "service: [a, b]\n", "prodgate.yaml:1: service is a list, and must be a text"},
		{"one value where a list belongs", "policies: pack\n", "prodgate.yaml:1: policies is a text, and must be a list"},
		{"a list at the top", "- service: app\n", "prodgate.yaml:1: the file is a list, and must be a mapping"},
		{"a switch that loosens the gate", "sources:\n  artifact: {insecure: true}\n", "prodgate.yaml:2: sources.artifact.insecure weakens the gate"},
		{"a word where a number belongs", "sources: {timeout: soon}\n", `prodgate.yaml:1: sources.timeout is "soon": not a timeout`},
		{"an alias", "service: &a app\nenvironment: *a\n", "aliases (*a) are not read"},
		{"two documents", "service: a\n---\nservice: b\n", "a second document begins here"},
		{"a tab as indentation", "service: app\n\tenvironment: x\n", "prodgate.yaml:2: not YAML"},
		{"bytes that are not text", "service: \xff\xfe\n", "not UTF-8"},
		{"a file too large", "service: " + strings.Repeat("x", maxBytes), "larger than 1024 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(Filename, ".", []byte(tt.content))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v\nwant    %q", err, tt.want)
			}
		})
	}
}

func TestParseReportsEveryProblemAtOnce(t *testing.T) {
	_, err := Parse(Filename, ".", []byte("servce: a\ntimout: 1m\n"))
	if err == nil || strings.Count(err.Error(), "did you mean") != 2 {
		t.Errorf("error = %v", err)
	}
}

func TestParseAnEmptyFile(t *testing.T) {
	for _, content := range []string{"", "# only a comment\n", "---\n"} {
		f, err := Parse(Filename, ".", []byte(content))
		if err != nil || f.Service != "" {
			t.Errorf("Parse(%q) = %+v, %v", content, f, err)
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"service: app\nenvironment: production\npolicies: [pack]\ntimeout: 30s\nsources: {calendar: calendar.yaml}\n",
		"servce: a\n", "a: &a [*a]\n", "? [x]\n: y\n", "<<: {service: a}\n", "service: !!binary aGk=\n", "\xff", "- - - -", "---\n---\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := Parse(Filename, ".", content)
		if err != nil && !strings.Contains(err.Error(), Filename) {
			t.Errorf("the error does not name the file: %v", err)
		}
		if err != nil && (file.Service != "" || file.Policies != nil) {
			t.Errorf("an error came with a configuration: %+v", file)
		}
	})
}

func TestEvidenceWithPlaceholdersIsFoundInAnyFolder(t *testing.T) {
	for _, folder := range []string{"plain", "[a]", "a*b?", `a\b`} {
		dir := filepath.Join(t.TempDir(), folder)
		for _, name := range []string{"payments-api/approvals.yaml", "other"} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("[]"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Parse(Filename, dir, []byte("sources: {approvals: {file: '{service}/approvals.yaml'}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{filepath.Join(dir, "payments-api/approvals.yaml")}; !slices.Equal(f.SourceFiles(), want) {
			t.Errorf("in %s: files %q, want %q", folder, f.SourceFiles(), want)
		}
	}
}
