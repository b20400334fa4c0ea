package collectors

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/artifact"
	"github.com/prodgate/prodgate/collectors/attestation"
	"github.com/prodgate/prodgate/collectors/calendar"
	"github.com/prodgate/prodgate/collectors/entra"
	"github.com/prodgate/prodgate/collectors/file"
	"github.com/prodgate/prodgate/collectors/github"
	"github.com/prodgate/prodgate/collectors/gitlab"
	"github.com/prodgate/prodgate/collectors/kubernetes"
	"github.com/prodgate/prodgate/collectors/log"
	"github.com/prodgate/prodgate/collectors/report"
	"github.com/prodgate/prodgate/collectors/rollback"
	"github.com/prodgate/prodgate/collectors/scan"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
)

// Kinds lists the kinds of system that facts can be read from. It is the only list: a
// kind that is not in it is never read. "prodgate doctor" and "init", docs/sources.md
// and error messages are generated from it.
var Kinds = []source.Kind{
	artifact.Kind,
	file.Kind,
	scan.Kind,
	report.Kind,
	log.System,
	attestation.Kind,
	github.Kind,
	entra.Kind,
	gitlab.Kind,
	kubernetes.Kind,
	calendar.Kind,
	rollback.Kind,
}

const customPrefix = "custom."

// kindNamed is the kind with that name, or nil.
func kindNamed(name string) *kind {
	for i := range Kinds {
		if Kinds[i].Name == name {
			return (*kind)(&Kinds[i])
		}
	}
	return nil
}

// KindOf is the kind whose key is in a mapping with these keys: the kind of a
// system that a section describes in place. False: no kind, or more than one.
func KindOf(keys []string, section string) (source.Kind, bool) {
	var found []source.Kind
	for _, k := range Kinds {
		if k.Key != "" && slices.Contains(keys, k.Key) && reports((*kind)(&k), section) {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		return source.Kind{}, false
	}
	return found[0], true
}

// kind is a source.Kind with what the registry needs of it.
type kind source.Kind

func (k *kind) settings() any {
	if k.Settings == nil {
		return nil
	}
	return k.Settings()
}

func kindNames() []string {
	names := make([]string, 0, len(Kinds))
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}

// KindsFor are the kinds of system that can report a section (JSON key, or
// custom.NAME).
func KindsFor(section string) []string {
	var names []string
	for _, k := range Kinds {
		if reports((*kind)(&k), section) {
			names = append(names, k.Name)
		}
	}
	return names
}

func reports(k *kind, section string) bool {
	if k == nil {
		return false
	}
	if strings.HasPrefix(section, customPrefix) {
		section = "custom"
	}
	return slices.Contains(k.Sections, section)
}

// All returns the collectors of every section: those of the document in its order,
// then those of custom facts (custom.NAME) by name.
func All(cfg Config) []Collector {
	sections := slices.Clone(facts.Sections)
	for _, name := range slices.Sorted(maps.Keys(cfg.Sources)) {
		if strings.HasPrefix(name, customPrefix) {
			sections = append(sections, name)
		}
	}
	list := make([]Collector, 0, len(sections))
	for _, section := range sections {
		list = append(list, cfg.collector(section))
	}
	return list
}

// collector reads a section from the systems that the configuration names for it.
func (c Config) collector(section string) Collector {
	uses := c.Sources[section]
	if len(uses) == 0 {
		uses = c.implied(section)
	}
	if len(uses) == 1 {
		return c.open(section, uses[0], "sources."+section)
	}
	m := merged{section: section, clock: c.now}
	for _, u := range uses {
		m.systems = append(m.systems, system{
			Collector: c.open(section, u, "sources."+section), name: m.unused(c.nameOf(u)), optional: u.Optional,
		})
	}
	return m
}

// implied returns the default systems of a section.
func (c Config) implied(section string) []Use {
	switch {
	case section == "artifact":
		return []Use{{System: artifact.Kind.Name}}
	case section == "trail" && c.Log.Location != "":
		return []Use{{System: log.Kind}}
	case section == "vulnerabilities":
		return []Use{{Inline: &System{Kind: report.Kind.Name, Settings: report.Kind.Settings()}}}
	}
	return File("")
}

// nameOf returns the name of a system in the document.
func (c Config) nameOf(u Use) string {
	if u.System != "" {
		return u.System
	}
	return u.Inline.Kind
}

// open is the collector of one system for a section, within its deadline.
func (c Config) open(section string, u Use, key string) Collector {
	s, err := c.system(u)
	if err == nil && !reports(kindNamed(s.Kind), section) {
		err = fmt.Errorf("a system of kind %s does not report %s", s.Kind, section)
	}
	if err != nil {
		return broken{section, err}
	}
	if u.System != "" {
		if _, named := c.Systems[u.System]; named {
			key = "systems." + u.System
		}
	}
	settings, err := c.expanded(s.Settings)
	if err != nil {
		return broken{section, fmt.Errorf("%s: %w", key, err)}
	}
	k := kindNamed(s.Kind)
	limit := orDefault(c.Timeout)
	if k.Name == scan.Kind.Name && c.Timeout <= 0 {
		limit = scanTimeout
	}
	return Limit(k.Open(c.env(section, key), settings), limit)
}

func (c Config) env(section, key string) source.Env {
	return source.Env{
		Section: section, Environment: c.Environment, Key: key, Dir: c.Dir, Config: cmp.Or(c.File, "prodgate.yaml"), Registry: c.Registry, Log: c.Log, AdvisoryDatabase: c.AdvisoryDatabase, Verifier: c.Verifier,
		Now: c.now, Clock: c.clock, Redact: redact, Getenv: c.getenv, Carrier: c.Carrier,
	}
}

func (c Config) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c Config) getenv(name string) string {
	if c.Getenv == nil {
		return os.Getenv(name)
	}
	return c.Getenv(name)
}

func (c Config) clock() time.Time {
	if c.Clock == nil {
		return time.Now()
	}
	return c.Clock()
}

// expanded is a copy of settings with {service} and {environment} replaced.
func (c Config) expanded(settings any) (any, error) {
	if settings == nil {
		return nil, nil
	}
	e := expander{"{service}": c.Service, "{environment}": c.Environment}
	copied, err := e.value(reflect.ValueOf(settings))
	if err != nil {
		return nil, err
	}
	return copied.Interface(), nil
}

// unused returns name, followed by a number if a system of m already has that name.
func (m merged) unused(name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(m.systems, func(s system) bool { return s.name == name })
	}
	unused := name
	for n := 2; taken(unused); n++ {
		unused = fmt.Sprintf("%s-%d", name, n)
	}
	return unused
}

// orDefault is timeout, or DefaultTimeout where it is not positive.
func orDefault(timeout time.Duration) time.Duration {
	return cmp.Or(max(timeout, 0), DefaultTimeout)
}

// calendar is the collector of the calendar, to be shown.
func (c Config) calendar() (calendar.Collector, error) {
	switch reader := c.collector("calendar").(type) {
	case limited:
		if found, ok := reader.Collector.(calendar.Collector); ok {
			return found, nil
		}
	case broken:
		return calendar.Collector{}, reader.err
	}
	return calendar.Collector{}, fmt.Errorf("the calendar is read from several systems; prodgate calendar shows only a calendar from one file")
}

// Verifies reports whether a section is read from a system that may verify signatures: a
// scan verifies those on attached SBOMs.
func (c Config) Verifies() bool {
	for _, uses := range c.Sources {
		if slices.ContainsFunc(uses, func(u Use) bool {
			s, err := c.system(u)
			return err == nil && (s.Kind == attestation.Kind.Name || s.Kind == scan.Kind.Name)
		}) {
			return true
		}
	}
	return false
}

// Scans reports whether prodgate scans the artifact itself.
func (c Config) Scans() bool {
	return slices.ContainsFunc(c.Sources["vulnerabilities"], func(u Use) bool {
		s, err := c.system(u)
		return err == nil && s.Kind == scan.Kind.Name
	})
}
