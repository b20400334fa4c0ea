package collectors_test

import (
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/collectors"
)

// sources reads what stands under "sources" in prodgate.yaml.
func sources(text string) (collectors.Config, error) {
	var cfg collectors.Config
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	return cfg, decoder.Decode(&cfg)
}

func TestTheSkeletonConfigurationSurvivesYAML(t *testing.T) {
	want := collectors.SkeletonConfig("evidence")
	want.Timeout = collectors.Duration(90 * time.Second)
	text, err := yaml.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sources(string(text))
	if err != nil || got.Timeout != want.Timeout || got.OnCall != want.OnCall || got.Vulnerabilities.Reports[0] != want.Vulnerabilities.Reports[0] {
		t.Errorf("read %+v, %v from\n%s", got, err, text)
	}
}

func TestATimeoutHasAUnitAndABound(t *testing.T) {
	for text, want := range map[string]time.Duration{"timeout: 90s": 90 * time.Second, "timeout: 2m": 2 * time.Minute} {
		if got, err := sources(text); err != nil || time.Duration(got.Timeout) != want {
			t.Errorf("%s: %v, %v", text, got.Timeout, err)
		}
	}
	for _, text := range []string{"timeout: 10", "timeout: 0s", "timeout: -5s", "timeout: 24h", "timeout: soon", "timeout: [1s]"} {
		if got, err := sources(text); err == nil || !strings.Contains(err.Error(), "line 1") {
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
