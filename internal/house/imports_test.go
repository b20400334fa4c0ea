package house

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers lists what each folder may import of the others, with all that is below
// it. A folder belongs to the longest name that it begins with; its own name is
// always allowed. Every folder of internal is listed.
var layers = map[string][]string{
	"cmd": {
		"gate", "collectors", "scan", "evaluator", "server", "trail", "facts", "policies", "registry", "signing",
		"internal/attestation", "internal/cassette", "internal/config", "internal/files", "internal/ical", "internal/ics", "internal/jobtoken", "internal/metrics", "internal/print", "internal/recheck",
		"internal/replay", "internal/report", "internal/strict", "internal/summary", "internal/timetable", "internal/web",
	},
	"gate":       {"internal/print", "collectors", "evaluator", "signing", "trail", "facts"},
	"collectors": {"facts", "internal/attestation", "internal/ical", "internal/jobtoken", "internal/strict", "internal/web", "registry"},
	"evaluator":  {"facts", "policies"},
	"facts":      {"internal/strict"},
	"policies":   {},
	"registry":   {"internal/lock", "internal/packing", "internal/retry"},
	"scan":       {"internal/attestation", "internal/lock", "internal/packing", "internal/strict", "registry"},
	"signing":    {"internal/attestation"},
	"trail":      {"internal/legacy", "internal/web", "trail/step"},
	"trail/step": {"facts"},
	"examples":   {},

	// Only what verifies keyless bundles pays for the library of Sigstore.
	"signing/keyless": {"signing", "internal/attestation"},

	// The server keeps a trail. It makes no decisions.
	"server":       {"internal/strict", "internal/web", "trail"},
	"server/token": {"internal/web"},

	// Steps, debts and history are facts of the trail (docs/adr/0013).
	"collectors/log": {"collectors/source", "trail", "facts", "internal/attestation", "internal/strict"},

	// The scanner is a library. These make facts of its findings.
	"collectors/internal/vulnerabilities": {"collectors/source", "scan", "facts", "internal/strict"},
	"collectors/report":                   {"collectors/internal/vulnerabilities", "collectors/source", "scan/finding", "facts", "internal/attestation", "internal/packing", "internal/strict"},
	"collectors/scan":                     {"collectors/internal/vulnerabilities", "collectors/source", "scan", "facts", "internal/strict"},

	"internal/attestation":     {},
	"internal/bench":           {"internal/githubtest", "internal/graphtest", "internal/invented", "internal/oidctest", "internal/replay", "scan/advisories", "evaluator", "server", "trail", "facts", "policies"},
	"internal/canonical":       {},
	"internal/cassette":        {},
	"internal/config":          {"internal/strict", "collectors", "facts"},
	"internal/files":           {},
	"internal/contracts":       {"collectors", "facts", "internal/githubtest", "internal/gitlabtest", "internal/graphtest"}, // a module of its own, of tests only
	"internal/fixture":         {},
	"internal/githubtest":      {},
	"internal/gitlabtest":      {},
	"internal/graphtest":       {},
	"internal/house":           {},
	"internal/ical":            {},
	"internal/ics":             {},
	"internal/inflate":         {},
	"internal/invented":        {"internal/fixture", "evaluator", "trail", "facts"},
	"internal/jobtoken":        {"internal/web"},
	"internal/kubetest":        {}, // its program is a module of its own
	"internal/legacy":          {},
	"internal/lock":            {},
	"internal/metrics":         {"internal/print", "facts", "trail"},
	"internal/mutants":         {"evaluator"},
	"internal/oidctest":        {},
	"internal/packing":         {"internal/inflate"},
	"internal/print":           {"internal/files"},
	"internal/race":            {},
	"internal/recheck":         {"internal/print", "evaluator", "trail"},
	"internal/replay":          {"internal/print", "evaluator", "trail"},
	"internal/report":          {"internal/print", "evaluator", "facts"},
	"internal/report/request":  {"internal/print", "evaluator", "facts"},
	"internal/report/scan":     {"internal/print", "scan"},
	"internal/report/schedule": {"internal/ics", "internal/print", "internal/report", "evaluator"},
	"internal/retry":           {},
	"internal/sigstoretest":    {"internal/attestation"},
	"internal/spelling":        {},
	"internal/strict":          {},
	"internal/stricttest":      {"internal/strict", "facts"},
	"internal/summary":         {"evaluator"},
	"internal/timetable":       {"internal/print", "facts"},
	"internal/web":             {"internal/retry"},
	"internal/zone":            {},
}

// alone lists what the package of a folder may import in addition, but not those
// below it.
var alone = map[string][]string{
	"collectors": {"scan"}, // it takes secrets out of the scanner's errors
}

// leaves know nothing of prodgate; every part may import them.
var leaves = []string{"internal/canonical", "internal/spelling", "internal/zone"}

// testLeaves are for every test.
var testLeaves = []string{"internal/fixture", "internal/race"}

// besides are imports that tests have in addition.
var besides = map[string][]string{
	"cmd":                      {"internal/githubtest", "internal/gitlabtest", "internal/graphtest", "internal/invented", "internal/oidctest", "internal/sigstoretest"},
	"collectors":               {"internal/cassette", "internal/config", "internal/githubtest", "internal/gitlabtest", "internal/graphtest", "internal/kubetest", "internal/oidctest", "internal/stricttest", "signing", "trail"},
	"evaluator":                {},
	"examples":                 {"evaluator", "facts"},
	"gate":                     {"internal/attestation", "internal/sigstoretest"},
	"internal/house":           {"evaluator"},
	"internal/ics":             {"internal/ical"},
	"internal/metrics":         {"internal/invented"},
	"internal/replay":          {"internal/invented", "facts"},
	"internal/report/schedule": {"internal/ical"},
	"internal/timetable":       {"evaluator"},
	"policies":                 {"evaluator"},
	"server":                   {"internal/oidctest"},
	"server/token":             {"internal/oidctest"},
	"signing/keyless":          {"internal/sigstoretest"},

	// It reads entries of older versions, and compares its words with those of the
	// rules.
	"collectors/log": {"internal/legacy", "policies", "signing"},
}

func TestImportsRunOneWay(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		layer := layerOf(s.folder)
		if layer == "" {
			t.Errorf("%s: the folder is in no layer; add it to layers, with what it may import", s.file)
			continue
		}
		allowed := slices.Concat([]string{layer}, layers[layer], leaves, alone[s.folder])
		if s.test {
			allowed = slices.Concat(allowed, testLeaves, besides[layer])
		}
		for _, name := range s.imports {
			to, ours := strings.CutPrefix(name, module+"/")
			if ours && !slices.ContainsFunc(allowed, within(to)) {
				t.Errorf("%s imports %s, which a package under %s must not: see layers", s.file, to, layer)
			}
			for _, may := range allowed {
				used[layer+" "+may] = used[layer+" "+may] || ours && within(to)(may)
			}
		}
	}
	for _, table := range []map[string][]string{layers, alone, besides} {
		for layer, allowed := range table {
			for _, may := range allowed {
				if !used[layer+" "+may] {
					t.Errorf("no file under %s imports %s: remove it from the table", layer, may)
				}
			}
		}
	}
}

// layerOf is the longest name in layers that folder begins with; "" if none.
func layerOf(folder string) string {
	best := ""
	for name := range layers {
		if within(folder)(name) && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// within tells for a name whether folder is it or lies below it.
func within(folder string) func(name string) bool {
	return func(name string) bool { return folder == name || strings.HasPrefix(folder, name+"/") }
}

// A program that decides must be small and quick to start, and nothing in it may
// reach for the network or the clock behind our back.
func TestNoServerOfOPAIsLinkedIn(t *testing.T) {
	const opa = "github.com/open-policy-agent/opa/"
	forbidden := []string{"v1/sdk", "v1/runtime", "v1/server", "v1/plugins", "v1/download", "v1/repl", "sdk", "runtime", "rego"}
	for _, name := range linked(t, "./cmd/prodgate", "./evaluator", "./collectors") {
		rest, ok := strings.CutPrefix(name, opa)
		server := slices.ContainsFunc(forbidden, within(rest)) || rest == "cmd"
		if ok && server {
			t.Errorf("%s is linked in", name)
		}
	}
}

// The library of Sigstore is large and slow to start (docs/adr/0023).
func TestOnlyKeylessLinksSigstore(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.folder == "signing/keyless" || s.folder == "internal/sigstoretest" {
			continue
		}
		for _, name := range s.imports {
			if strings.HasPrefix(name, "github.com/sigstore/") {
				t.Errorf("%s imports %s; use signing/keyless", s.file, name)
			}
			if name == module+"/signing/keyless" && layerOf(s.folder) != "cmd" && layerOf(s.folder) != "gate" {
				t.Errorf("%s imports signing/keyless; take a signing.Keyless instead", s.file)
			}
		}
	}
	for _, name := range linked(t, "./signing", "./evaluator", "./scan") {
		if strings.HasPrefix(name, "github.com/sigstore/") {
			t.Errorf("%s is linked into packages that do not need it", name)
		}
	}
}

func TestDecisionCodeDoesNoIO(t *testing.T) {
	for _, name := range linked(t, "./evaluator") {
		if strings.HasPrefix(name, module+"/") && !slices.Contains(append([]string{"evaluator", "facts", "policies", "internal/strict"}, leaves...), strings.TrimPrefix(name, module+"/")) {
			t.Errorf("the evaluator links in %s", name)
		}
	}
	for _, s := range sources(t) {
		if s.test || !slices.Contains([]string{"evaluator", "facts", "policies"}, s.folder) {
			continue
		}
		for _, name := range s.imports {
			if name == "net" || strings.HasPrefix(name, "net/http") || name == "os/exec" || strings.HasPrefix(name, "math/rand") {
				t.Errorf("%s imports %s; what decides has no I/O, no clock and no randomness", s.file, name)
			}
		}
	}
}

// linked lists every package that is linked into the named ones.
func linked(t *testing.T, packages ...string) []string {
	t.Helper()
	list := exec.Command("go", append([]string{"list", "-deps"}, packages...)...)
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	names := strings.Fields(string(out))
	if len(names) < 100 {
		t.Fatalf("go list named only %d packages", len(names))
	}
	return names
}
