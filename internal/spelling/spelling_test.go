package spelling

import "testing"

func TestNearest(t *testing.T) {
	words := []string{"service", "environment", "policies", "sources", "timeout"}
	for _, tt := range []struct{ name, word, want string }{
		{"a letter left out", "servce", "service"},
		{"a letter too many", "servicee", "service"},
		{"two letters swapped", "enviornment", "environment"},
		{"a plural forgotten", "source", "sources"},
		{"only the beginning", "env", "environment"},
		{"another word altogether", "banana", ""},
		{"nothing at all", "", ""},
		{"letters beyond ASCII", "sérvice", "service"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := Nearest(tt.word, words); got != tt.want || ok != (tt.want != "") {
				t.Errorf("Nearest(%q) = %q, %v; want %q", tt.word, got, ok, tt.want)
			}
		})
	}
}

func TestHintIsEmptyWhereNothingIsNear(t *testing.T) {
	if got := Hint("banana", []string{"service"}); got != "" {
		t.Errorf("Hint = %q, want nothing", got)
	}
	if got := Hint("eavl", []string{"doctor", "eval"}); got != `did you mean "eval"?` {
		t.Errorf("Hint = %q", got)
	}
}
