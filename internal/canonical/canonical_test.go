package canonical

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// The samples of RFC 8785, sections 3.2.2 to 3.2.4.
func TestTheSamplesOfTheRFC(t *testing.T) {
	for input, want := range map[string]string{
		`{
		  "numbers": [333333333.33333329, 1E30, 4.50,
		              2e-3, 0.000000000000000000000000001],
		  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
		  "literals": [null, true, false]
		}`: `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		`{
		  "\u20ac": "Euro Sign",
		  "\r": "Carriage Return",
		  "\ufb33": "Hebrew Letter Dalet With Dagesh",
		  "1": "One",
		  "\ud83d\ude00": "Emoji: Grinning Face",
		  "\u0080": "Control",
		  "\u00f6": "Latin Small Letter O With Diaeresis"
		}`: "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
	} {
		if got, err := Transform([]byte(input)); err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
}

// The numbers of RFC 8785, appendix B.
func TestTheNumbersOfTheRFC(t *testing.T) {
	for bits, want := range map[uint64]string{
		0x0000000000000000: "0", 0x8000000000000000: "0",
		0x0000000000000001: "5e-324", 0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308", 0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992", 0xc340000000000000: "-9007199254740992",
		0x4430000000000000: "295147905179352830000",
		0x44b52d02c7e14af5: "9.999999999999997e+22", 0x44b52d02c7e14af6: "1e+23", 0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000", 0x444b1ae4d6e2ef4f: "999999999999999900000", 0x444b1ae4d6e2ef50: "1e+21",
		0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7", 0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332", 0x41b3de4355555554: "333333333.33333325", 0x41b3de4355555555: "333333333.3333333",
		0x41b3de4355555556: "333333333.3333334", 0x41b3de4355555557: "333333333.33333343",
		0xbecbf647612f3696: "-0.0000033333333333333333",
		0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		literal := strconv.FormatFloat(math.Float64frombits(bits), 'g', 17, 64)
		got, err := Number(literal)
		byJCS, err2 := Transform([]byte(literal))
		if got != want || err != nil || string(byJCS) != want || err2 != nil {
			t.Errorf("%s: %s, %v; by Transform %s, %v; want %s", literal, got, err, byJCS, err2, want)
		}
	}
	for _, literal := range []string{"1e309", "-1e309", "NaN", "Infinity"} {
		if got, err := Number(literal); err == nil {
			t.Errorf("%s is %s", literal, got)
		}
	}
}

func TestKeysAreInTheOrderOfUTF16(t *testing.T) {
	want := []string{"", "\r", "1", "1a", "\u0080", "ö", "€", "\ud7ff", "\U0001f600", "\U0010ffff", "\ue000", "\ufb33", "\uffff"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, Compare)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// All functions agree with Transform, on whatever it takes.
func TestTheParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		number := rapid.Float64().Draw(t, "number")
		if a == b || !utf8.ValidString(a+b) {
			return
		}
		plain, err := json.Marshal(map[string]any{a: number, b: nil})
		if err != nil {
			t.Skip()
		}
		if _, err := Number(fmt.Sprintf("%e", number)); err != nil {
			t.Fatal(err)
		}
		digits, err := Number(strconv.FormatFloat(number, 'f', -1, 64))
		if err != nil {
			t.Fatal(err)
		}
		first := append(append(AppendString(nil, a), ':'), digits...)
		second := append(AppendString(nil, b), ":null"...)
		if Compare(a, b) > 0 {
			first, second = second, first
		}
		want := "{" + string(first) + "," + string(second) + "}"
		if got, err := Transform(plain); err != nil || string(got) != want {
			t.Errorf("%s is %s, %v; its parts are %s", plain, got, err, want)
		}
	})
}
