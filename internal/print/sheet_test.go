package print

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAFoldedTextHasTheSameWords(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		width int
		want  string
	}{
		"no width":                  {strings.Repeat("word ", 50), 0, strings.Repeat("word ", 50)},
		"a line that fits":          {"  a   b  c\n", 20, "  a   b  c\n"},
		"spaces between words stay": {"  entry 5  payments-api  to production\n", 28, "  entry 5  payments-api  to\n    production\n"},
		"no line feed at the end":   {"one two three four five six", 20, "one two three four\n  five six"},
		"a word that is to be copied": {"see " + strings.Repeat("x", 30) + " for more", 20,
			"see\n  " + strings.Repeat("x", 30) + "\n  for more"},
		"one long word":       {strings.Repeat("x", 30), 20, strings.Repeat("x", 30)},
		"indented long word":  {"    " + strings.Repeat("x", 30), 20, "    " + strings.Repeat("x", 30)},
		"exactly the width":   {"12345678901234567890", 20, "12345678901234567890"},
		"letters, not bytes":  {"ÄÄÄÄÄÄÄÄÄÄ ÖÖÖÖÖÖÖÖÖ", 20, "ÄÄÄÄÄÄÄÄÄÄ ÖÖÖÖÖÖÖÖÖ"},
		"several lines":       {"short\n\none two three four five six\n", 20, "short\n\none two three four\n  five six\n"},
		"narrower than words": {"a b c", 1, "a b c"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Fold(tt.text, tt.width); got != tt.want {
				t.Errorf("Fold(%q, %d) =\n%q, want\n%q", tt.text, tt.width, got, tt.want)
			}
		})
	}
}

func FuzzFold(f *testing.F) {
	f.Add("  a  b\n\n   "+strings.Repeat("long ", 40), 30)
	f.Add(strings.Repeat(" ", 200)+"x y", 20)
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = width % 200
		folded := Fold(text, width)
		if strings.Join(strings.Fields(folded), " ") != strings.Join(strings.Fields(text), " ") {
			t.Fatalf("Fold(%q, %d) has other words: %q", text, width, folded)
		}
	})
}

func TestATableFollowsTheWidth(t *testing.T) {
	table := Table{
		Indent:  "  ",
		Columns: []Column{{Min: 9}, {Right: true}},
		Rows:    [][]string{{"name", "n", "what"}, {"a", "1", "short"}, {"b", "1000", "something that is longer than the rest"}},
		Narrow:  func(row []string) string { return row[0] + " has " + row[1] + ": " + row[2] },
	}
	for width, want := range map[int]string{
		100: "  name          n  what\n  a             1  short\n  b          1000  something that is longer than the rest\n",
		40:  "  name          n  what\n  a             1  short\n  b          1000\n    something that is longer than the\n        rest\n",
	} {
		s := NewSheet(Options{Width: width})
		s.Table(table)
		if got := string(s.Bytes()); got != want {
			t.Errorf("width %d:\n%s\nwant\n%s", width, got, want)
		}
	}
	table.Columns = []Column{{Min: 19}}
	s := NewSheet(Options{Width: 20})
	s.Table(table)
	if got, want := string(s.Bytes()), "  a has 1: short\n  b has 1000:\n    something that\n    is longer than\n    the rest\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestACellThatIsTooWideMovesItsRowOnly(t *testing.T) {
	s := NewSheet(Options{})
	s.Table(Table{Columns: []Column{{Max: 3}}, Rows: [][]string{{"abcdef", "1"}, {"a", "2"}}})
	if got, want := string(s.Bytes()), "abcdef  1\na    2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoLineOfASheetIsACommand(t *testing.T) {
	s := NewSheet(Options{Width: 20})
	s.Line("::error::x")
	s.Hang("  ", "a\n::error::x")
	s.Set("", "", "twenty columns wide, then ::error::x")
	s.Table(Table{Rows: [][]string{{"::error", "x"}}})
	for row := range strings.Lines(string(s.Bytes())) {
		if strings.HasPrefix(strings.TrimSpace(row), "::") {
			t.Errorf("%q is a command", row)
		}
	}
}

func TestWhatHangsGoesOnBelowItsBeginning(t *testing.T) {
	for width, want := range map[int]string{
		Unbroken: "  ok  one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n",
		60:       "  ok  one two three four five six seven eight nine ten\n      eleven twelve thirteen fourteen\n",
	} {
		s := NewSheet(Options{Width: width})
		s.Hang("  ok  ", "one two three four five six seven eight nine ten eleven twelve thirteen fourteen")
		if got := string(s.Bytes()); got != want {
			t.Errorf("width %d:\n%s", width, got)
		}
	}
}

func TestTheWidthIsThatOfTheVariable(t *testing.T) {
	for columns, want := range map[string]int{"": 0, "72": 72, "-1": 0, "0": 0, "1001": 0, "wide": 0} {
		if got := Columns(&bytes.Buffer{}, columns); got != want {
			t.Errorf("COLUMNS=%q: %d columns, want %d", columns, got, want)
		}
	}
}

func TestAFileHasTheUsualWidthAndNoColour(t *testing.T) {
	o := Options{Width: 40, Color: true}
	if got := o.For(Output{Path: "x"}); got != (Options{}) {
		t.Errorf("a file has %+v", got)
	}
	if got := o.For(Output{}); got != o {
		t.Errorf("standard output has %+v", got)
	}
}

func TestALedgerCountsOmittedParts(t *testing.T) {
	m := &Ledger{Limit: 10}
	for range 3 {
		m.Add(strings.Repeat("x", 6))
	}
	m.Add("yy")
	m.Note("2 left out")
	if got := string(m.Bytes()); got != "xxxxxxyy2 left out" || m.Left != 2 {
		t.Errorf("%q, %d left out", got, m.Left)
	}
}

func TestTextsAreBounded(t *testing.T) {
	for _, n := range []int{2001, 1 << 20} {
		for name, got := range map[string]string{"value": Value(strings.Repeat("ä", n)), "line": Line(strings.Repeat("ä", n)), "list": Values([]string{strings.Repeat("ä", n), "b"})} {
			if length := utf8.RuneCountInString(got); length > 2020 || !strings.HasSuffix(got, "ä... (cut)") {
				t.Errorf("%s of %d characters has %d", name, n, length)
			}
		}
	}
}
