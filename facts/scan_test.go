package facts

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/strict"
)

// TestTextThatIsNotJSON pins the message and the line for each way in which
// text fails to be JSON.
func TestTextThatIsNotJSON(t *testing.T) {
	const controls = `want the rest of a string (line breaks and other control characters are escaped: \n)`
	const number = "a number in column 2 that is too long or too large; want at most 64 characters and what a 64-bit float can hold"
	const half = `half a surrogate pair before column 9; want \uD800 to \uDBFF followed by \uDC00 to \uDFFF`
	for _, c := range []struct {
		name, data string
		line       int
		want       string
	}{
		{"nothing", "", 1, "is empty; want one JSON object"},
		{"space", "\n\n ", 1, "is empty; want one JSON object"},
		{"a word", "\nyes", 2, "has 'y' in column 1; want one JSON object"},
		{"half a word", "[\n nul]", 2, "has 'n' in column 2; want a value"},
		{"an open list", "[1,\n2", 2, `ends too early; want "," or "]"`},
		{"a list without a comma", "[1 2]", 1, `has '2' in column 4; want "," or "]"`},
		{"a list with a comma too many", "[1,]", 1, "has ']' in column 4; want a value"},
		{"an open object", `{"a": 1`, 1, `ends too early; want "," or "}"`},
		{"an object without a comma", `{"a": 1 "b": 2}`, 1, `has '"' in column 9; want "," or "}"`},
		{"a key without a colon", `{"a" 1}`, 1, `has '1' in column 6; want ":"`},
		{"a key without a value", `{"a":}`, 1, "has '}' in column 6; want a value"},
		{"a key without quotes", `{a: 1}`, 1, "has 'a' in column 2; want a key in double quotes"},
		{"single quotes", `{'a': 1}`, 1, `has '\'' in column 2; want a key in double quotes`},
		{"a comment", "{\n// no\n}", 2, "has '/' in column 1; want a key in double quotes"},
		{"two values", "{}\n{}", 2, "has '{' in column 1; want nothing after the document"},
		{"columns are characters", `["äöü" x]`, 1, `has 'x' in column 8; want "," or "]"`},
		{"an open string", `["a`, 1, `ends too early; want the end of a string: "\""`},
		{"an open string with an escape", `["\n`, 1, `ends too early; want the end of a string: "\""`},
		{"a tab in a string", "[\"a\t\"]", 1, `has '\t' in column 4; ` + controls},
		{"a tab in a string with an escape", "[\"\\n\t\"]", 1, `has '\t' in column 5; ` + controls},
		{"an escape that is none", `["\x"]`, 1, `has 'x' in column 4; want an escape sequence: \" \\ \/ \b \f \n \r \t or \u and four hex digits`},
		{"an escape cut short", `["\`, 1, "ends too early; want an escape sequence"},
		{"hex digits that are none", `["\u00g0"]`, 1, "has 'g' in column 7; want a hex digit"},
		{"hex digits with a sign", `["\u+123"]`, 1, "has '+' in column 5; want a hex digit"},
		{"hex digits cut short", `["\u00`, 1, "ends too early; want a hex digit"},
		{"a high surrogate alone", `["\ud83d"]`, 1, "has " + half},
		{"a high surrogate before a letter", `["\ud83dx"]`, 1, "has " + half},
		{"a low surrogate alone", `["\ude00"]`, 1, "has " + half},
		{"two high surrogates", `["\ud83d\ud83d"]`, 1, "has " + strings.Replace(half, "9", "15", 1)},
		{"a minus alone", "[-]", 1, "has ']' in column 3; want a digit"},
		{"a leading zero", "[01]", 1, `has '1' in column 3; want "," or "]"`},
		{"a leading plus", "[+1]", 1, "has '+' in column 2; want a value"},
		{"a leading point", "[.5]", 1, "has '.' in column 2; want a value"},
		{"a trailing point", "[1.]", 1, "has ']' in column 4; want a digit"},
		{"an exponent without digits", "[1e+]", 1, "has ']' in column 5; want a digit"},
		{"not a number", "[NaN]", 1, "has 'N' in column 2; want a value"},
		{"a number too long", "[" + strings.Repeat("1", 64+1) + "]", 1, "has " + number},
		{"a number too large", "[1e309]", 1, "has " + number},
		{"a number too close to zero", "[1e-309]", 1, "has " + number},
		{"an exponent beyond an int", "[1e99999999999999999999]", 1, "has " + number},
		{"a byte order mark", "\uFEFF{}", 1, "begins with a byte order mark; want UTF-8 without one"},
		{"Latin-1", "{\n\"Bl\xe4ck", 2, "has byte 0xe4 in column 4; want UTF-8"},
		{"UTF-16", "\xff\xfe{\x00", 1, "has byte 0xff in column 1; want UTF-8"},
		{"a surrogate in UTF-8", "[\"\xed\xa0\x80\"]", 1, "has byte 0xed in column 3; want UTF-8"},
		{"a replacement character before a bad byte", "[\"\uFFFD\xff\"]", 1, "has byte 0xff in column 4; want UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := problems(t, []byte(c.data))
			if want := (Problem{Line: c.line, Message: c.want}); len(got) != 1 || got[0] != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	many := func(n int) string { return "[" + strings.Repeat("0,", n-2) + "0]" }
	const notAnObject = "is a list; want an object"
	for _, c := range []struct {
		name, data, want string
	}{
		{"as long as can be", strings.Repeat(" ", MaxBytes), "is empty; want one JSON object"},
		{"one byte longer", strings.Repeat(" ", MaxBytes+1), "is 16777217 bytes long; want at most 16777216"},
		{"as deep as can be", deep(MaxDepth), notAnObject},
		{"one level deeper", deep(MaxDepth + 1), "nests more than 64 objects and lists within each other"},
		{"far deeper", strings.Repeat("[", 1<<20), "nests more than 64 objects and lists within each other"},
		{"wide and flat", "[" + strings.Repeat("[],", 200) + "[]]", notAnObject},
		{"as many values as can be", many(maxValues), notAnObject},
		{"one value more", many(maxValues + 1), "has more than 1048576 values"},
		{"a number as long as can be", "[" + strings.Repeat("1", 64) + "]", notAnObject},
		{"a number as large as can be", "[1.7976931348623157e308]", notAnObject},
		{"a number as close to zero as can be", "[1e-308]", notAnObject},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := problems(t, []byte(c.data))
			if len(got) != 1 || got[0].Message != c.want {
				t.Errorf("got %v, want %q", got, c.want)
			}
		})
	}
}

func TestKeysAreUnique(t *testing.T) {
	many := ""
	for c := 'a'; c <= 'z'; c++ {
		many += "\"" + string(c) + "\": 0,\n"
	}
	for name, c := range map[string]struct {
		data string
		want []Problem
	}{
		"next to each other": {"{\"a\": 1,\n\"a\": 1}", []Problem{{Line: 2, Path: "/a", Message: "is given twice, first on line 1"}}},
		"one escaped":        {"{\"a\": 1,\n\"\\u0061\": 1}", []Problem{{Line: 2, Path: "/a", Message: "is given twice, first on line 1"}}},
		"three times":        {"{\"a\": 1,\n\"a\": 1,\n\"a\": 1}", []Problem{{Line: 2, Path: "/a", Message: "is given twice, first on line 1"}, {Line: 3, Path: "/a", Message: "is given twice, first on line 1"}}},
		"deep inside":        {"{\"a\": [1, {\"b\": {\"~/\": 1, \"~/\": 2}}]}", []Problem{{Line: 1, Path: "/a/1/b/~0~1", Message: "is given twice, first on line 1"}}},
		"among many, early":  {"{" + many + "\"a\": 1}", []Problem{{Line: 27, Path: "/a", Message: "is given twice, first on line 1"}}},
		"among many, late":   {"{" + many + "\"z\": 1}", []Problem{{Line: 27, Path: "/z", Message: "is given twice, first on line 26"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := problems(t, []byte(c.data))
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("got %v, want %v", got[i], c.want[i])
				}
			}
		})
	}
	if root, twice, err := strict.Scan(`{"a": {"b": 1}, "b": [{"b": 1}, {"b": 1}], "A": 1}`, form); err != nil || twice.List != nil || len(root.Kids) != 3 {
		t.Errorf("the same key in different objects: %v %v", twice.List, err)
	}
}
