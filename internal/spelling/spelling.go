// Package spelling finds the word a user meant. It knows nothing about what
// the words stand for.
package spelling

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the candidate that word is most likely a misspelling or the
// beginning of, and false if none is near. Of equally near candidates the first
// wins.
func Nearest(word string, candidates []string) (string, bool) {
	best, distance := "", len(word)/3+2
	for _, candidate := range candidates {
		if len(word) >= 3 && strings.HasPrefix(candidate, word) {
			return candidate, true
		}
		if d := levenshtein.ComputeDistance(word, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	return best, best != ""
}

// Hint returns `did you mean "x"?`, or "" if no candidate is near.
func Hint(word string, candidates []string) string {
	if near, ok := Nearest(word, candidates); ok {
		return `did you mean "` + near + `"?`
	}
	return ""
}
