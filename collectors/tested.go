package collectors

import (
	"context"
	"maps"
	"slices"

	"github.com/prodgate/prodgate/collectors/source"
)

// Need is what the systems of a section cannot be read without.
func (c Config) Need(section string) (need source.Need) {
	for _, k := range c.kindsOf(section) {
		if k.Needs != nil {
			need |= k.Needs(section)
		}
	}
	return need
}

// ByHand reports whether any of a section's systems is a file that people write.
func (c Config) ByHand(section string) bool {
	return slices.ContainsFunc(c.kindsOf(section), func(k *kind) bool { return k.Name == "file" })
}

// kindsOf are the kinds of the systems of a section.
func (c Config) kindsOf(section string) (kinds []*kind) {
	uses := c.Sources[section]
	if len(uses) == 0 {
		uses = c.implied(section)
	}
	for _, u := range uses {
		if s, err := c.system(u); err == nil {
			kinds = append(kinds, kindNamed(s.Kind))
		}
	}
	return kinds
}

// Tested is the result of a test of a system.
type Tested struct {
	Name, Kind string
	Err        error  // nil: it works; source.NoSecret in it: a secret is not there. It holds no secrets
	Missing    string // what it cannot be tried without, such as the service; empty: it was tried
}

// Test tests the named systems that can be tested without a request, by name.
func (c Config) Test(ctx context.Context) (tested []Tested) {
	for _, name := range slices.Sorted(maps.Keys(c.Systems)) {
		s := c.Systems[name]
		k := kindNamed(s.Kind)
		if k == nil || k.Test == nil {
			continue
		}
		settings, err := c.expanded(s.Settings)
		if err != nil {
			tested = append(tested, Tested{Name: name, Kind: s.Kind, Missing: err.Error()})
			continue
		}
		if err = c.try(ctx, k, "systems."+name, settings); err != nil {
			err = redacted{err}
		}
		tested = append(tested, Tested{Name: name, Kind: s.Kind, Err: err})
	}
	return tested
}

func (c Config) try(ctx context.Context, k *kind, key string, settings any) error {
	ctx, cancel := context.WithTimeout(ctx, orDefault(c.Timeout))
	defer cancel()
	return k.Test(ctx, c.env("", key), settings)
}
