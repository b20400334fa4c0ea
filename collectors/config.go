package collectors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/file"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/registry"
	"github.com/prodgate/prodgate/internal/spelling"
)

// DefaultTimeout is how long one source may take unless the configuration says
// otherwise.
const DefaultTimeout = 10 * time.Second

// scanTimeout is how long prodgate's own scan may take unless the configuration
// says otherwise: it reads an image to its end.
const scanTimeout = 10 * time.Minute

// Config says where each section's facts come from: "systems" and "sources" of
// prodgate.yaml. It holds no threshold; those are settings, and belong to whoever
// owns the policies. A section without an entry is unconfigured, and every check
// on it denies; but the artifact is read from where its reference points, and the
// steps from the audit trail at Log, if there is one.
type Config struct {
	Timeout time.Duration     // for each system; 0: DefaultTimeout
	Systems map[string]System // by name
	Sources map[string][]Use  // by section (JSON key, or custom.NAME), in order of precedence

	// Service and Environment are what {service} and {environment} in settings
	// become.
	Service, Environment string

	// Registry says how to reach image registries.
	Registry registry.Options

	// Log is the audit trail that sources of the kind trail read.
	Log Log

	// Dir is the folder that relative paths count from; empty: the working
	// directory.
	Dir string

	// AdvisoryDatabase is the folder of the advisory database where the settings of
	// a scan name none.
	AdvisoryDatabase string

	// Now dates what prodgate finds out itself; nil: time.Now.
	Now func() time.Time

	// Clock is the time around which the calendar is collected; nil: time.Now.
	Clock func() time.Time
}

// Log says where the audit trail is: the location of package trail (a path,
// postgres://…), and the file with its key where that is not the usual one.
type Log = source.Log

// System is a configured system: its kind, and a pointer to the settings that the
// kind has.
type System struct {
	Kind     string
	Settings any
}

// Use is one system that a section is read from.
type Use struct {
	// System is the name of one of Systems, or of a kind that needs no settings.
	// Empty: Inline.
	System string

	// Inline is a system for this section alone.
	Inline *System

	// Optional lets the section count without this system. Only a system that adds
	// bad news may be optional.
	Optional bool
}

// File is a section that is read from one file.
func File(name string) []Use {
	return []Use{{Inline: &System{Kind: file.Kind.Name, Settings: &file.Settings{File: name}}}}
}

// Problem is something that a configuration cannot mean.
type Problem struct {
	Key  string // of prodgate.yaml: sources.staging, systems.cluster
	Text string
}

func (p Problem) Error() string { return p.Key + ": " + p.Text }

// Check returns what the configuration cannot mean, in the order of its keys.
func (c Config) Check() []Problem {
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(c.Systems)) {
		if kindNamed(c.Systems[name].Kind) == nil {
			problems = append(problems, Problem{"systems." + name, unknownKind(c.Systems[name].Kind)})
		}
	}
	for _, section := range slices.Sorted(maps.Keys(c.Sources)) {
		for _, text := range c.checkSection(section) {
			problems = append(problems, Problem{"sources." + section, text})
		}
	}
	return problems
}

// never are sections of which every system must be read.
var never = []string{"approvals", "calendar", "incidents", "people"}

func (c Config) checkSection(section string) (problems []string) {
	uses, custom := c.Sources[section], strings.HasPrefix(section, customPrefix)
	if len(uses) == 0 {
		return []string{"names no system; name one, or leave the key out"}
	}
	if !custom && !slices.Contains(facts.Sections, section) {
		return []string{"unknown section; " + hintOr(section, facts.Sections, "known are "+strings.Join(facts.Sections, ", ")+" and custom.NAME")}
	}
	if len(uses) > 1 && !facts.SeveralSystems(section) {
		problems = append(problems, fmt.Sprintf("names %d systems, and it can be read from one alone", len(uses)))
	}
	seen := map[string]bool{}
	for _, u := range uses {
		system, err := c.system(u)
		switch {
		case err != nil:
			problems = append(problems, err.Error())
			continue
		case u.System != "" && seen[u.System]:
			problems = append(problems, fmt.Sprintf("names %s twice", u.System))
		case !reports(kindNamed(system.Kind), section):
			problems = append(problems, fmt.Sprintf("a system of kind %s does not report it; kinds that do: %s", system.Kind, strings.Join(KindsFor(section), ", ")))
		case u.Optional && (slices.Contains(never, section) || len(uses) == 1):
			problems = append(problems, "none of its systems can be optional: the section would count without what they know")
		}
		seen[u.System] = true
	}
	return problems
}

// system is the system that u names.
func (c Config) system(u Use) (System, error) {
	if u.Inline != nil {
		if kindNamed(u.Inline.Kind) == nil {
			return System{}, fmt.Errorf("%s", unknownKind(u.Inline.Kind))
		}
		return *u.Inline, nil
	}
	if s, ok := c.Systems[u.System]; ok {
		if kindNamed(s.Kind) == nil {
			return System{}, fmt.Errorf("%s", unknownKind(s.Kind))
		}
		return s, nil
	}
	if k := kindNamed(u.System); k != nil && k.Ready {
		return System{Kind: k.Name, Settings: k.settings()}, nil
	}
	names := slices.Sorted(maps.Keys(c.Systems))
	for _, k := range Kinds {
		if k.Ready {
			names = append(names, k.Name)
		}
	}
	return System{}, fmt.Errorf("unknown system %q; %s", u.System, hintOr(u.System, names, "define it under systems"))
}

func unknownKind(name string) string {
	return fmt.Sprintf("unknown kind of system %q; %s", name, hintOr(name, kindNames(), "known are "+strings.Join(kindNames(), ", ")))
}

// hintOr is "did you mean …", or other where nothing is near.
func hintOr(word string, known []string, other string) string {
	if hint := spelling.Hint(word, known); hint != "" {
		return hint
	}
	return other
}

// Duration is a time.Duration that is written with its unit: 90s, 2m.
type Duration time.Duration

// maxTimeout bounds how long one system may be waited for.
const maxTimeout = 10 * time.Minute

// UnmarshalText reads a duration with its unit. A bare number would be taken for
// nanoseconds, and is an error.
func (d *Duration) UnmarshalText(text []byte) error {
	read, err := time.ParseDuration(string(text))
	if err != nil || read <= 0 || read > maxTimeout {
		return fmt.Errorf("not a timeout; write a number with its unit, up to %s: 90s, 2m", maxTimeout)
	}
	*d = Duration(read)
	return nil
}
