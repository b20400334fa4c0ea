package collectors

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
)

func TestAScanAndReportsExcludeEachOther(t *testing.T) {
	cfg := Config{Vulnerabilities: Scans{Scan: &OwnScan{}, Reports: []string{"trivy.json"}}}
	_, err := cfg.vulnerabilities().Collect(t.Context(), facts.Request{})
	if err == nil || !strings.Contains(err.Error(), "both scan and reports") {
		t.Errorf("%v", err)
	}
}

func TestOnlyAScanOfOnesOwnMayTakeLong(t *testing.T) {
	for kind, cfg := range map[string]Config{
		"scan": {Vulnerabilities: Scans{Scan: &OwnScan{}, VEX: []string{"vex.json"}}},
		"file": {Vulnerabilities: Scans{Reports: []string{"trivy.json"}}},
	} {
		limited := within(0, cfg.vulnerabilities())[0]
		if got := kindOf(limited); got != kind {
			t.Errorf("kind %q, want %q", got, kind)
		}
		if long := timeoutOf(limited) == scanTimeout; long != (kind == "scan") {
			t.Errorf("a source of kind %s may take %s", kind, timeoutOf(limited))
		}
	}
}
