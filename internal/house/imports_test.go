package house

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers says what each part of the house may import of the others. A folder is
// under the longest name that it begins with; its own name is always allowed.
var layers = map[string][]string{
	"cmd":        {"gate", "internal", "collectors", "scan", "evaluator", "trail", "facts", "policies"},
	"gate":       {"internal/print", "collectors", "evaluator", "trail", "facts"},
	"collectors": append([]string{"internal/ical", "internal/web", "scan", "facts"}, tools...),
	"scan":       tools,
	"evaluator":  {"facts", "policies"},
	"trail":      {"internal/legacy", "facts"},
	"trail/step": {"facts"},
	"facts":      {"internal/strict"},
	"policies":   {},
	"examples":   {"evaluator", "facts", "collectors"},
	"fixtures":   {"evaluator", "facts"},

	// Steps, debts and history are facts of the trail (docs/adr/0013).
	"collectors/log": append([]string{"collectors/source", "trail", "facts"}, tools...),

	"internal":                 {"internal", "collectors", "scan", "evaluator", "trail", "facts"},
	"internal/attestation":     {},
	"internal/bench":           {"internal/invented", "internal/replay", "collectors", "scan", "evaluator", "trail", "facts", "policies"},
	"internal/files":           {},
	"internal/house":           {"evaluator"},
	"internal/ical":            {},
	"internal/ics":             {},
	"internal/inflate":         {},
	"internal/legacy":          {},
	"internal/metrics":         {"internal/print", "facts", "trail"},
	"internal/packing":         {"internal/inflate"},
	"internal/print":           {"internal/files"},
	"internal/recheck":         {"internal/print", "evaluator", "trail"},
	"internal/registry":        {"internal/packing", "internal/retry"},
	"internal/retry":           {},
	"internal/replay":          {"internal/print", "evaluator", "trail"},
	"internal/report":          {"internal/print", "evaluator", "facts"},
	"internal/report/scan":     {"internal/print", "scan"},
	"internal/report/schedule": {"internal/ics", "internal/print", "internal/report", "evaluator"},
	"internal/strict":          {},
	"internal/stricttest":      {"internal/strict", "facts"},
	"internal/timetable":       {"internal/print", "facts"},
	"internal/web":             {"internal/retry"},
}

// tools read what is not ours: files, registries, archives, attestations.
var tools = []string{"internal/attestation", "internal/packing", "internal/registry", "internal/strict"}

// leaves know nothing of prodgate; every part may import them.
var leaves = []string{"internal/canonical", "internal/spelling", "internal/fixture", "internal/race", "internal/zone"}

// besides are imports that tests have in addition.
var besides = map[string][]string{
	"internal":                 {"policies"},
	"internal/ics":             {"internal/ical"},
	"internal/metrics":         {"internal/invented"},
	"internal/replay":          {"internal/invented", "facts", "policies"},
	"internal/report/schedule": {"internal/ical"},
	"internal/timetable":       {"evaluator", "policies"},
	"collectors":               {"internal/config"},
	"evaluator":                {"collectors"},
	"policies":                 {"evaluator", "facts"},

	// It reads entries of older versions, and compares its words with those of the
	// rules.
	"collectors/log": {"internal/legacy", "internal/config", "policies"},

	"examples": {"policies"},
	"fixtures": {"policies", "collectors"},
}

func TestImportsRunOneWay(t *testing.T) {
	for _, s := range sources(t) {
		layer := layerOf(s.folder)
		if layer == "" {
			t.Errorf("%s: the folder stands in no layer; add it to layers, with what it may import", s.file)
			continue
		}
		allowed := slices.Concat([]string{layer}, layers[layer], leaves)
		if s.test {
			allowed = append(allowed, besides[layer]...)
		}
		for _, name := range s.imports {
			if to, ok := strings.CutPrefix(name, module+"/"); ok && !slices.ContainsFunc(allowed, within(to)) {
				t.Errorf("%s imports %s, which a package under %s must not: imports run cmd → internal → collectors, evaluator → facts, and evaluator → policies", s.file, to, layer)
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

func TestWhatDecidesReachesForNothing(t *testing.T) {
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
