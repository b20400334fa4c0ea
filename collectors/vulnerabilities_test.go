package collectors

import (
	"testing"

	"github.com/prodgate/prodgate/collectors/report"
	"github.com/prodgate/prodgate/collectors/scan"
)

func TestOnlyProdgatesOwnScanHasALongTimeout(t *testing.T) {
	for kind, system := range map[string]*System{
		"scan": {Kind: scan.Kind.Name, Settings: &scan.Settings{Scan: scan.Own{}, VEX: []string{"vex.json"}}},
		"file": {Kind: report.Kind.Name, Settings: &report.Settings{Reports: []string{"trivy.json"}}},
	} {
		cfg := Config{Sources: map[string][]Use{"vulnerabilities": {{Inline: system}}}}
		limited := cfg.collector("vulnerabilities")
		if got := kindOf(limited); got != kind {
			t.Errorf("kind %q, want %q", got, kind)
		}
		if long := timeoutOf(limited) == scanTimeout; long != (kind == "scan") {
			t.Errorf("a source of kind %s may take %s", kind, timeoutOf(limited))
		}
	}
}
