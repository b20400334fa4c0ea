// Package spelling finds the word a user meant. It knows nothing about what
// the words stand for.
package spelling

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// longest bounds what is compared, in bytes: a longer word is no misspelling.
const longest = 64

// Nearest returns the candidate that word is most likely a misspelling or the
// beginning of, and false if none is near. Of equally near candidates the first
// wins.
func Nearest(word string, candidates []string) (string, bool) {
	if len(word) > longest {
		return "", false
	}
	word = strings.ToLower(word)
	best, distance := "", longest
	for _, candidate := range candidates {
		plain := strings.ToLower(candidate)
		if len(word) >= 3 && strings.HasPrefix(plain, word) {
			return candidate, true
		}
		if d := levenshtein.ComputeDistance(word, plain); d < distance && d <= allowed(word, plain) {
			best, distance = candidate, d
		}
	}
	return best, best != ""
}

// allowed is how far a misspelling of known may be from it: a third of its
// letters, or two letters swapped.
func allowed(word, known string) int {
	if len(word) == len(known) && len(word) > 3 {
		return max(2, len(word)/3)
	}
	return max(len(word), len(known)) / 3
}

// Hint returns `did you mean "x"?`, or "" if no candidate is near.
func Hint(word string, candidates []string) string {
	if near, ok := Nearest(word, candidates); ok {
		return `did you mean "` + near + `"?`
	}
	return ""
}
