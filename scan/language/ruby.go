package language

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
)

// isGemspec recognises the specification of an installed gem.
func isGemspec(name, _ string) bool {
	_, after, ok := strings.Cut(name, "/specifications/")
	return ok && strings.HasSuffix(name, ".gemspec") && len(after) > len(".gemspec")
}

var (
	gemVariable = regexp.MustCompile(`Gem::Specification\.new.*\|\s*(\w+)\s*\|`)
	gemLiteral  = regexp.MustCompile(`^\s*=\s*(?:"([^"]*)"|'([^']*)')`)
)

// readGemspec reads the name and the version that RubyGems wrote as literals.
func readGemspec(f *file) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	var variable, name, version string
	for line := range bytes.Lines(raw) {
		text := strings.TrimSpace(string(line))
		if variable == "" {
			if m := gemVariable.FindStringSubmatch(text); m != nil {
				variable = m[1] + "."
			}
			continue
		}
		if rest, ok := strings.CutPrefix(text, variable+"name"); ok && name == "" {
			name = gemValue(rest)
		}
		if rest, ok := strings.CutPrefix(text, variable+"version"); ok && version == "" {
			version = gemValue(rest)
		}
	}
	if name == "" || version == "" {
		return errors.New("the gem's specification gives no name or no version as plain text")
	}
	f.add(name, version)
	return nil
}

func gemValue(text string) string {
	if m := gemLiteral.FindStringSubmatch(text); m != nil {
		return m[1] + m[2]
	}
	return ""
}
