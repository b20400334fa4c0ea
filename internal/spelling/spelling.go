// Package spelling finds the word a user meant. It knows nothing about what
// the words stand for.
package spelling

import "github.com/agnivade/levenshtein"

// Nearest returns the candidate that word is most likely a misspelling of, and
// false if none is near. Of equally near candidates the first wins.
func Nearest(word string, candidates []string) (string, bool) {
	best, distance := "", len(word)/3+2
	for _, candidate := range candidates {
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
