package collectors_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/file"
	"github.com/prodgate/prodgate/internal/config"
)

// sources reads the value of "sources" in prodgate.yaml.
func sources(text string) (collectors.Config, error) {
	parsed, err := config.Parse("prodgate.yaml", "", []byte("sources:\n  "+text+"\n"))
	return parsed.Sources, err
}

func TestATimeoutHasAUnitAndABound(t *testing.T) {
	for text, want := range map[string]time.Duration{"timeout: 90s": 90 * time.Second, "timeout: 2m": 2 * time.Minute} {
		if got, err := sources(text); err != nil || got.Timeout != want {
			t.Errorf("%s: %v, %v", text, got.Timeout, err)
		}
	}
	for _, text := range []string{"timeout: 10", "timeout: 0s", "timeout: -5s", "timeout: 24h", "timeout: soon", "timeout: [1s]"} {
		if got, err := sources(text); err == nil || !strings.Contains(err.Error(), "prodgate.yaml:2") {
			t.Errorf("%s: %v, %v", text, got.Timeout, err)
		}
	}
}

func TestAnUnknownKeyOfASourceIsAnError(t *testing.T) {
	for _, text := range []string{"stagging: {file: x}", "staging: {path: x}", "staging: {file: x, kind: y}", "vulnerabilities: {report: x}", "artifact: {keychain: x}", "dir: x", "clock: x"} {
		if _, err := sources(text); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func TestACheckOfTheConfigurationNamesWhatItCannotMean(t *testing.T) {
	inline := func(kind string) []collectors.Use {
		return []collectors.Use{{Inline: &collectors.System{Kind: kind, Settings: &file.Settings{File: "x"}}}}
	}
	optional := func(uses []collectors.Use) []collectors.Use {
		uses[0].Optional = true
		return uses
	}
	systems := map[string]collectors.System{"store": {Kind: "file", Settings: &file.Settings{File: "x"}}, "wrong": {Kind: "fiel"}}
	tests := []struct {
		section string
		uses    []collectors.Use
		want    string // "" if it is fine
	}{
		{"staging", collectors.File("x"), ""},
		{"staging", []collectors.Use{{System: "store"}}, ""},
		{"staging", slices.Concat(collectors.File("x"), []collectors.Use{{System: "store"}}), ""},
		{"staging", slices.Concat(collectors.File("x"), optional(collectors.File("y"))), ""},
		{"trail", []collectors.Use{{System: "trail"}}, ""},
		{"custom.cost", collectors.File("x"), ""},
		{"staging", nil, "names no system"},
		{"stagging", collectors.File("x"), `did you mean "staging"?`},
		{"custom", collectors.File("x"), "unknown section"},
		{"staging", []collectors.Use{{System: "stor"}}, `unknown system "stor"; did you mean "store"?`},
		{"staging", []collectors.Use{{System: "file"}}, `unknown system "file"`},
		{"staging", []collectors.Use{{System: "wrong"}}, `unknown kind of system "fiel"; did you mean "file"?`},
		{"staging", inline("nomad"), "unknown kind of system"},
		{"staging", []collectors.Use{{System: "store"}, {System: "store"}}, "names store twice"},
		{"build", []collectors.Use{{System: "trail"}}, "does not report it; kinds that do: file"},
		{"custom.cost", []collectors.Use{{System: "registry"}}, "does not report it"},
		{"trail", slices.Concat(collectors.File("x"), []collectors.Use{{System: "trail"}}), "names 2 systems"},
		{"custom.cost", slices.Concat(collectors.File("x"), collectors.File("y")), "names 2 systems"},
		{"staging", optional(collectors.File("x")), "can be optional"},
		{"people", slices.Concat(collectors.File("x"), optional(collectors.File("y"))), "can be optional"},
	}
	for _, tt := range tests {
		cfg := collectors.Config{Systems: systems, Sources: map[string][]collectors.Use{tt.section: tt.uses}}
		var got []string
		for _, p := range cfg.Check() {
			if p.Key == "sources."+tt.section {
				got = append(got, p.Text)
			}
		}
		if text := strings.Join(got, "; "); (tt.want == "") != (text == "") || !strings.Contains(text, tt.want) {
			t.Errorf("%s: %q, want %q", tt.section, text, tt.want)
		}
	}
	if problems := (collectors.Config{Systems: systems}).Check(); len(problems) != 1 || problems[0].Key != "systems.wrong" {
		t.Errorf("problems of systems: %v", problems)
	}
}

func TestADurationIsReadWithItsUnit(t *testing.T) {
	var d collectors.Duration
	if err := d.UnmarshalText([]byte("90s")); err != nil || time.Duration(d) != 90*time.Second {
		t.Errorf("%v, %v", d, err)
	}
}
