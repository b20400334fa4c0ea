package strict

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/prodgate/prodgate/internal/canonical"
)

// Limits of what is read. They apply before anything is decoded.
const (
	MaxDepth = 64 // objects and lists within each other

	maxNumber   = 64  // characters of a number
	maxExponent = 308 // of a number, towards zero; the other way a 64-bit float sets the limit
)

// Form is how JSON is to be read.
type Form struct {
	// Values is how many values there may be; 0: any number.
	Values int

	// Spell brings numbers to their one spelling (canonical.Exact); else they stay
	// as they are written.
	Spell bool

	// Lenient reads half a surrogate pair as U+FFFD, as encoding/json does.
	Lenient bool
}

// scanner reads JSON (RFC 8259) into nodes. It is stricter than encoding/json:
// keys are case-sensitive and unique, escaped surrogates come in pairs.
type scanner struct {
	src    string
	form   Form
	pos    int
	depth  int
	values int
	place  Place
	twice  Faults // keys given twice
	stack  []Node // the kids read so far of each list and object that is open
}

// SyntaxError says where bytes stop being JSON, or exceed a limit.
type SyntaxError struct {
	At      int // offset
	Message string
	Limit   bool // it is JSON, but too much of it
}

// Error makes SyntaxError an error.
func (b *SyntaxError) Error() string { return b.Message }

// Scan reads the one JSON value that src, which is UTF-8, consists of. Twice lists
// the keys that are given twice. The error is a *SyntaxError.
func Scan(src string, form Form) (root Node, twice Faults, err error) {
	s := scanner{src: src, form: form}
	err = s.whole(&root)
	return root, s.twice, err
}

// scanStream reads the JSON values that src consists of, one after another.
func scanStream(src string, form Form) (values []Node, twice Faults, err error) {
	s := scanner{src: src, form: form}
	for {
		if s.space(); s.pos == len(s.src) && len(values) > 0 {
			return values, s.twice, nil
		}
		var n Node
		n.NameAt = int32(s.pos)
		if err := s.value(&n); err != nil {
			return nil, s.twice, err
		}
		values = append(values, n)
	}
}

func (s *scanner) whole(root *Node) error {
	const begins = `{["-0123456789tfn`
	s.space()
	switch {
	case s.pos == len(s.src):
		return &SyntaxError{0, "is empty; want one JSON object", false}
	case strings.HasPrefix(s.src, "\uFEFF"):
		return &SyntaxError{0, "begins with a byte order mark; want UTF-8 without one", false}
	case strings.IndexByte(begins, s.src[s.pos]) < 0:
		return s.unexpected("one JSON object")
	}
	if err := s.value(root); err != nil {
		return err
	}
	if s.space(); s.pos < len(s.src) {
		return s.unexpected("nothing after the document")
	}
	return nil
}

func (s *scanner) space() {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// unexpected is the error for a position where want was expected.
func (s *scanner) unexpected(want string) error {
	if s.pos >= len(s.src) {
		return &SyntaxError{len(s.src), "ends too early; want " + want, false}
	}
	r, _ := utf8.DecodeRuneInString(s.src[s.pos:])
	return &SyntaxError{s.pos, fmt.Sprintf("has %q in column %d; want %s", r, Column(s.src, s.pos), want), false}
}

func (s *scanner) value(n *Node) error {
	if s.values++; s.form.Values > 0 && s.values > s.form.Values {
		return &SyntaxError{s.pos, fmt.Sprintf("has more than %d values", s.form.Values), true}
	}
	n.At = int32(s.pos)
	if s.pos >= len(s.src) {
		return s.unexpected("a value")
	}
	switch c := s.src[s.pos]; {
	case c == '{':
		return s.nested(n, Object)
	case c == '[':
		return s.nested(n, List)
	case c == '"':
		n.Kind = String
		return s.str(&n.Text)
	case c == '-' || '0' <= c && c <= '9':
		n.Kind = Number
		return s.number(n)
	}
	return s.literal(n)
}

func (s *scanner) literal(n *Node) error {
	for _, word := range [...]string{"null", "true", "false"} {
		if strings.HasPrefix(s.src[s.pos:], word) {
			s.pos += len(word)
			if n.Kind = Bool; word == "null" {
				n.Kind = Null
			}
			n.Text = word
			return nil
		}
	}
	return s.unexpected("a value")
}

// nested reads a list or an object, unless it is nested too deeply.
func (s *scanner) nested(n *Node, k Kind) (err error) {
	if s.depth++; s.depth > MaxDepth {
		return &SyntaxError{s.pos, fmt.Sprintf("nests more than %d objects and lists within each other", MaxDepth), true}
	}
	n.Kind = k
	s.pos++
	first := len(s.stack)
	if k == List {
		err = s.list(first)
	} else {
		err = s.object(first)
	}
	n.Kids = slices.Clone(s.stack[first:])
	s.stack = s.stack[:first]
	s.depth--
	return err
}

// list puts the items of a list onto the stack, from first up.
func (s *scanner) list(first int) error {
	if s.space(); s.take(']') {
		return nil
	}
	for {
		s.space()
		item := Node{NameAt: int32(s.pos)}
		s.place.PushItem(len(s.stack) - first)
		if err := s.value(&item); err != nil {
			return err
		}
		s.place.Pop()
		s.stack = append(s.stack, item)
		if s.space(); s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.unexpected(`"," or "]"`)
		}
	}
}

// object puts the members of an object onto the stack, from first up.
func (s *scanner) object(first int) error {
	if s.space(); s.take('}') {
		return nil
	}
	var seen keys
	for {
		s.space()
		m := Node{NameAt: int32(s.pos)}
		if err := s.key(&m.Name); err != nil {
			return err
		}
		s.place.Push(m.Name)
		if at, ok := seen.add(s.stack[first:], &m); ok && !s.twice.Full() {
			s.twice.Add(m.NameAt, s.place.Pointer(), fmt.Sprintf("is given twice, first on line %d", LineOf(s.src, int(at))), "")
		}
		if err := s.value(&m); err != nil {
			return err
		}
		s.place.Pop()
		s.stack = append(s.stack, m)
		if s.space(); s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.unexpected(`"," or "}"`)
		}
	}
}

// key reads a key and what parts it from its value.
func (s *scanner) key(name *string) error {
	if s.pos >= len(s.src) || s.src[s.pos] != '"' {
		return s.unexpected("a key in double quotes")
	}
	if err := s.str(name); err != nil {
		return err
	}
	if s.space(); !s.take(':') {
		return s.unexpected(`":"`)
	}
	s.space()
	return nil
}

// keys finds out whether a key was given before: by looking at each member
// while there are few, by a map from then on.
type keys map[string]int32

// add returns where the key of m, which is about to join members, was given
// first.
func (k *keys) add(members []Node, m *Node) (first int32, twice bool) {
	const few = 16
	if len(members) < few {
		for i := range members {
			if members[i].Name == m.Name {
				return members[i].NameAt, true
			}
		}
		return 0, false
	}
	if *k == nil {
		*k = keys{}
		for i := range members {
			(*k)[members[i].Name] = members[i].NameAt
		}
	}
	if first, twice = (*k)[m.Name]; !twice {
		(*k)[m.Name] = m.NameAt
	}
	return first, twice
}

// take steps over c if it is next.
func (s *scanner) take(c byte) bool {
	if s.pos < len(s.src) && s.src[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// number reads a number and spells it the one way its value has.
func (s *scanner) number(n *Node) error {
	start := s.pos
	s.take('-')
	if !s.take('0') && !s.digits() {
		return s.unexpected("a digit")
	}
	plain := s.pos
	if s.take('.') && !s.digits() {
		return s.unexpected("a digit")
	}
	if s.take('e') || s.take('E') {
		if !s.take('-') {
			s.take('+')
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	n.Text = s.src[start:s.pos]
	if !fits(n.Text) {
		return &SyntaxError{start, fmt.Sprintf("has a number in column %d that is too long or too large; want at most %d characters and what a 64-bit float can hold",
			Column(s.src, start), maxNumber), true}
	}
	if s.form.Spell && (plain < s.pos || s.src[start] == '-') {
		n.Text = canonical.Exact(n.Text)
	}
	return nil
}

// fits keeps numbers to a size that costs nothing to calculate with.
func fits(literal string) bool {
	if len(literal) > maxNumber {
		return false
	}
	i := strings.IndexAny(literal, "eE")
	if i < 0 {
		return true
	}
	exponent, err := strconv.Atoi(literal[i+1:])
	if err != nil || exponent < -maxExponent {
		return false
	}
	_, err = strconv.ParseFloat(literal, 64)
	return err == nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// str reads a string, its quotes included, into text.
func (s *scanner) str(text *string) error {
	s.pos++
	start := s.pos
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '"':
			*text = s.src[start:s.pos]
			s.pos++
			return nil
		case c == '\\':
			return s.escaped(start, text)
		case c < ' ':
			return s.unexpected(`the rest of a string (line breaks and other control characters are escaped: \n)`)
		}
		s.pos++
	}
	return s.unexpected(`the end of a string: "\""`)
}

// escaped reads the rest of a string that began at start and has an escape.
func (s *scanner) escaped(start int, text *string) error {
	out := append(make([]byte, 0, s.pos-start+32), s.src[start:s.pos]...)
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == '"':
			s.pos++
			*text = string(out)
			return nil
		case c < ' ':
			return s.unexpected(`the rest of a string (line breaks and other control characters are escaped: \n)`)
		case c != '\\':
			out = append(out, c)
			s.pos++
			continue
		}
		r, err := s.escape()
		if err != nil {
			return err
		}
		out = utf8.AppendRune(out, r)
	}
	return s.unexpected(`the end of a string: "\""`)
}

const escapes = `"\/bfnrt`

// escape reads one escape sequence, or two that make one character.
func (s *scanner) escape() (rune, error) {
	s.pos++
	if s.pos >= len(s.src) {
		return 0, s.unexpected("an escape sequence")
	}
	c := s.src[s.pos]
	if c != 'u' {
		i := strings.IndexByte(escapes, c)
		if i < 0 {
			return 0, s.unexpected(`an escape sequence: \" \\ \/ \b \f \n \r \t or \u and four hex digits`)
		}
		s.pos++
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	r, err := s.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if strings.HasPrefix(s.src[s.pos:], `\u`) {
		s.pos++
		low, err := s.hex()
		if err != nil {
			return 0, err
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, nil
		}
	}
	if s.form.Lenient {
		return utf8.RuneError, nil
	}
	return 0, &SyntaxError{s.pos, fmt.Sprintf(`has half a surrogate pair before column %d; want \uD800 to \uDBFF followed by \uDC00 to \uDFFF`, Column(s.src, s.pos)), false}
}

// hex reads u and four hex digits.
func (s *scanner) hex() (rune, error) {
	s.pos++
	var r rune
	for range 4 {
		if s.pos >= len(s.src) {
			return 0, s.unexpected("a hex digit")
		}
		d, err := strconv.ParseUint(s.src[s.pos:s.pos+1], 16, 8)
		if err != nil {
			return 0, s.unexpected("a hex digit")
		}
		r = r<<4 | rune(d)
		s.pos++
	}
	return r, nil
}

// LineOf returns the line of an offset, counted from 1.
func LineOf(src string, at int) int {
	return strings.Count(src[:at], "\n") + 1
}

// Column returns the column of an offset in characters, counted from 1.
func Column(src string, at int) int {
	return utf8.RuneCountInString(src[strings.LastIndexByte(src[:at], '\n')+1:at]) + 1
}
