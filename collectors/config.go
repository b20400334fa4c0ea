package collectors

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/file"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/registry"
)

// DefaultTimeout is the default timeout of a source.
const DefaultTimeout = 10 * time.Second

// scanTimeout is the default timeout of prodgate's own scan: it reads the whole image.
const scanTimeout = 10 * time.Minute

// Config defines where each section's facts come from: "systems" and "sources" of
// prodgate.yaml. It contains no thresholds; those are settings, and belong to the
// owner of the policies. A section without an entry is unconfigured, and every check
// on it denies. But the artifact is read from where its reference points, and the
// steps from the audit trail at Log, if there is one.
type Config struct {
	Timeout time.Duration     // for each system; 0: DefaultTimeout
	Systems map[string]System // by name
	Sources map[string][]Use  // by section (JSON key, or custom.NAME), in order of precedence

	// Service and Environment replace {service} and {environment} in settings.
	Service, Environment string

	// Registry has the options for access to image registries.
	Registry registry.Options

	// Carrier wraps what sends the requests to systems, to record or replay them; nil:
	// nothing does. Registry.Transport is not wrapped.
	Carrier func(http.RoundTripper) http.RoundTripper

	// Log is the audit trail that sources of the kind trail read.
	Log Log

	// Verifier returns what verifies signatures for a section; nil: no signature is verified.
	Verifier func(ctx context.Context, section string) (source.Verifier, error)

	// Dir is the folder that relative paths are relative to; empty: the working
	// directory.
	Dir string

	// File is the name of the configuration file in Dir, for messages; empty:
	// prodgate.yaml.
	File string

	// AdvisoryDatabase is the folder of the advisory database if the settings of a
	// scan have none.
	AdvisoryDatabase string

	// Now returns the time of prodgate's own observations; nil: time.Now.
	Now func() time.Time

	// Getenv reads the environment variables that settings name for secrets; nil:
	// os.Getenv.
	Getenv func(string) string

	// Clock is the time around which the calendar is collected; nil: time.Now.
	Clock func() time.Time
}

// Log is the location of the audit trail as in package trail (a path, postgres://…),
// and the file with its key if that is not the default one.
type Log = source.Log

// System is a configured system: its kind, and a pointer to the settings of the kind.
type System struct {
	Kind     string
	Settings any
}

// Use is a reference to a system that a section is read from.
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

// File returns the systems of a section that is read from one file.
func File(name string) []Use {
	return []Use{{Inline: &System{Kind: file.Kind.Name, Settings: &file.Settings{File: name}}}}
}

// Problem is an error in a configuration.
type Problem struct {
	Key  string // of prodgate.yaml: sources.staging, systems.cluster
	Text string
}

func (p Problem) Error() string { return p.Key + ": " + p.Text }

// Check returns the errors of the configuration, in the order of its keys.
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

// never lists sections whose systems cannot be optional.
var never = []string{"approvals", "calendar", "incidents", "people"}

func (c Config) checkSection(section string) (problems []string) {
	uses, custom := c.Sources[section], strings.HasPrefix(section, customPrefix)
	if len(uses) == 0 {
		return []string{"names no system; name one, or omit the key"}
	}
	if !custom && !slices.Contains(facts.Sections, section) {
		return []string{"unknown section; " + hintOr(section, facts.Sections, "known are "+strings.Join(facts.Sections, ", ")+" and custom.NAME")}
	}
	if len(uses) > 1 && !facts.SeveralSystems(section) {
		problems = append(problems, fmt.Sprintf("names %d systems, but it can be read only from one", len(uses)))
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
			problems = append(problems, "none of its systems can be optional: the section would count without their facts")
		}
		seen[u.System] = true
	}
	return problems
}

// system returns the system that u refers to.
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

// hintOr returns "did you mean …", or other if no word is similar.
func hintOr(word string, known []string, other string) string {
	if hint := spelling.Hint(word, known); hint != "" {
		return hint
	}
	return other
}

// Duration is a time.Duration, written with its unit: 90s, 2m.
type Duration time.Duration

// maxTimeout limits the timeout of one system.
const maxTimeout = 10 * time.Minute

// UnmarshalText reads a duration with its unit. A number without a unit is an error.
func (d *Duration) UnmarshalText(text []byte) error {
	read, err := time.ParseDuration(string(text))
	if err != nil || read <= 0 || read > maxTimeout {
		return fmt.Errorf("not a timeout; write a number with its unit, up to %s: 90s, 2m", maxTimeout)
	}
	*d = Duration(read)
	return nil
}
