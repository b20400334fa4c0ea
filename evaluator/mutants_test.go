package evaluator

import (
	"flag"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// go test ./evaluator -run TestNoBrokenFact -every takes minutes instead of one.
var everyType = flag.Bool("every", false, "mutate every value to every other type, not to one of them")

// mutant is one document with one thing wrong.
type mutant struct {
	path     string // JSON Pointer of what was changed
	mutation string // delete, null, retype, fill, flip, empty, case, move, swap; what follows a space says how
	changed  *ast.Term
	rebuild  func(*ast.Term) *ast.Term
}

// document is the mutant as a whole.
func (m mutant) document() *ast.Term { return m.rebuild(m.changed) }

func (m mutant) String() string { return m.path + " " + m.mutation }

// mutantsOf changes every value of a document in every way, one at a time.
//
// Of the types and the empty values that a value can be changed to, a story
// tries one at each path, chosen by its name, so that together the stories try
// all of them.
func mutantsOf(story string, document *ast.Term, yield func(mutant)) {
	chosen := func(m mutant) {
		if matches(origins, m.path) && hashed(story)%8 > 0 && !*everyType {
			return
		}
		kind, which, _ := strings.Cut(m.mutation, " ")
		all := variants[kind]
		if *everyType || !slices.Contains(all, which) || which == all[hashed(story+m.path)%uint32(len(all))] {
			yield(m)
		}
	}
	descend(document, "", func(changed *ast.Term) *ast.Term { return changed }, chosen)
}

// origins say where facts are from. No rule reads them, so one story in eight
// tries them.
const origins = "/sources/*/evidence*|/sources/*/observed_at"

// variants are what a value is changed to by turns.
var variants = map[string][]string{
	"retype": {"number", "text", "list", "object"},
}

func hashed(text string) uint32 {
	hash := fnv.New32a()
	fmt.Fprint(hash, text)
	return hash.Sum32()
}

// descend changes value and all below it. Rebuild gives the document with value
// replaced, or taken out where it is nil.
func descend(value *ast.Term, path string, rebuild func(*ast.Term) *ast.Term, yield func(mutant)) {
	if path != "" {
		yield(mutant{path, "delete", nil, rebuild})
		for mutation, changed := range changes(value) {
			yield(mutant{path, mutation, changed, rebuild})
		}
		for mutation, changed := range swapsOf(path, value.Value) {
			yield(mutant{path, mutation, changed, rebuild})
		}
	}
	switch holder := value.Value.(type) {
	case ast.Object:
		holder.Foreach(func(key, child *ast.Term) {
			name := string(key.Value.(ast.String))
			descend(child, path+"/"+name, func(changed *ast.Term) *ast.Term {
				return rebuild(withKey(holder, key, changed))
			}, yield)
		})
	case *ast.Array:
		for i := range holder.Len() {
			descend(holder.Elem(i), path+"/"+strconv.Itoa(i), func(changed *ast.Term) *ast.Term {
				return rebuild(withElement(holder, i, changed))
			}, yield)
		}
	}
}

func withKey(object ast.Object, key, changed *ast.Term) *ast.Term {
	copied := ast.NewObjectWithCapacity(object.Len())
	object.Foreach(func(k, v *ast.Term) {
		if !k.Equal(key) {
			copied.Insert(k, v)
		} else if changed != nil {
			copied.Insert(k, changed)
		}
	})
	return ast.NewTerm(copied)
}

func withElement(array *ast.Array, at int, changed *ast.Term) *ast.Term {
	terms := make([]*ast.Term, 0, array.Len())
	for i := range array.Len() {
		if i != at {
			terms = append(terms, array.Elem(i))
		} else if changed != nil {
			terms = append(terms, changed)
		}
	}
	return ast.ArrayTerm(terms...)
}

// changes are the values that stand in for one.
func changes(value *ast.Term) map[string]*ast.Term {
	all := map[string]*ast.Term{
		"null":          ast.NullTerm(),
		"retype number": ast.IntNumberTerm(1),
		"retype text":   ast.StringTerm(value.Value.String()),
		"retype list":   ast.ArrayTerm(value),
		"retype object": ast.ObjectTerm(ast.Item(ast.StringTerm("0"), value)),
	}
	switch v := value.Value.(type) {
	case ast.Null:
		return map[string]*ast.Term{
			"fill text":    ast.StringTerm("null"),
			"fill number":  ast.IntNumberTerm(0),
			"fill true":    ast.BooleanTerm(true),
			"empty text":   ast.StringTerm(""),
			"empty list":   ast.ArrayTerm(),
			"empty object": ast.ObjectTerm(),
		}
	case ast.Boolean:
		all["flip true"], all["flip false"] = ast.BooleanTerm(true), ast.BooleanTerm(false)
	case ast.String:
		all["empty text"] = ast.StringTerm("")
		delete(all, "retype text")
		textChanges(string(v), all)
	case *ast.Array:
		all["empty list"], all["empty object"] = ast.ArrayTerm(), ast.ObjectTerm()
	case ast.Object:
		all["empty object"], all["empty list"] = ast.ObjectTerm(), ast.ArrayTerm()
	}
	for mutation, changed := range all {
		if changed.Equal(value) {
			delete(all, mutation)
		}
	}
	return all
}

// textChanges adds the other spellings of a text, and of a time other times.
func textChanges(text string, all map[string]*ast.Term) {
	if !looksLikeTime(text) {
		all["case upper"] = ast.StringTerm(strings.ToUpper(text))
		all["case lower"] = ast.StringTerm(strings.ToLower(text))
		return
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return
	}
	all["case lower"] = ast.StringTerm(strings.ToLower(text))
	for name, moved := range map[string]time.Time{
		"+1s":  instant.Add(time.Second),
		"-1s":  instant.Add(-time.Second),
		"+1d":  instant.AddDate(0, 0, 1),
		"-1d":  instant.AddDate(0, 0, -1),
		"+10y": instant.AddDate(10, 0, 0),
		"-10y": instant.AddDate(-10, 0, 0),
	} {
		all["move "+name] = ast.StringTerm(moved.Format(time.RFC3339))
	}
}

// needless is a mutation that may leave an answer as open as it was, or open
// it, with the reason.
type needless struct {
	stories   string // names, "|" between; * stands for any text; after a "!" all but these
	paths     string // pointers, "|" between; * stands for any text
	mutations string // words, "|" between; * stands for any text
	reason    string
}

func (n needless) covers(story string, m mutant) bool {
	if others, ok := strings.CutPrefix(n.stories, "!"); ok == matches(others, story) {
		return false
	}
	return matches(n.paths, m.path) && matches(n.mutations, m.mutation)
}

// matches reports whether one of the patterns describes text.
func matches(patterns, text string) bool {
	for pattern := range strings.SplitSeq(patterns, "|") {
		if glob(pattern, text) {
			return true
		}
	}
	return false
}

func glob(pattern, text string) bool {
	head, rest, found := strings.Cut(pattern, "*")
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	if !found {
		return text == ""
	}
	for i := range len(text) + 1 {
		if glob(rest, text[i:]) {
			return true
		}
	}
	return false
}

func (n needless) String() string {
	return fmt.Sprintf("%s in %s of %s", n.mutations, n.paths, n.stories)
}
