package strict

import (
	"errors"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/spelling"
)

// Normalise brings value to the one spelling of its shape, which is what a
// "schema" tag says; the error says what is required instead. A person given as
// an e-mail address becomes a mailto:, persons and identifiers become lower
// case.
func Normalise(value, shape string) (string, error) {
	format, _, _ := strings.Cut(shape, ",")
	switch format {
	case "person":
		value = strings.ToLower(value)
		if !strings.Contains(value, ":") && strings.Count(value, "@") == 1 {
			value = "mailto:" + value
		}
	case "identifier", "commit":
		value = strings.ToLower(value)
	case "nonempty":
		if strings.TrimSpace(value) == "" {
			return "", errors.New("must not be empty")
		}
	}
	if wanted, ok := Accepts(format, value); !ok {
		return "", errors.New("must be " + wanted)
	}
	return value, nil
}

// suggest names the key that was probably meant, or all there are.
func suggest(key string, known map[string]field) string {
	var all []string
	for candidate := range known {
		all = append(all, candidate)
	}
	slices.Sort(all)
	if hint := spelling.Hint(key, all); hint != "" {
		return hint
	}
	return "known keys are " + strings.Join(all, ", ")
}
