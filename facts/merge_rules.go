package facts

import (
	"reflect"
	"strings"
)

// The rules by which a field is merged, as merge tags name them. With ",null"
// behind it, null is a value like any other; else it means "not known", and what
// is known counts.
const (
	ruleFirst    = "first"    // fields without a tag
	ruleAll      = "all"      // lists
	ruleAgreed   = "agreed"   // roles and teams
	ruleWorst    = "worst"    // results, booleans
	ruleLatest   = "latest"   // times, and what happened at that time
	ruleEarliest = "earliest" // times
	ruleEqual    = "equal"    // everything else
)

// mergeMeanings explains each rule.
var mergeMeanings = map[string]string{
	ruleFirst:    "the value of the first system in prodgate.yaml that has one",
	ruleAll:      "every entry of every system, each once",
	ruleAgreed:   "every entry of every system that knows the person, if no such system looked it up and did not find it",
	ruleWorst:    "the worst value counts, whichever system reports it",
	ruleLatest:   "the latest",
	ruleEarliest: "the earliest",
	ruleEqual:    "the systems must agree: otherwise the section does not count, and the finding shows the value of each system",
}

// MergeRule says how one fact is merged where several systems report its section.
type MergeRule struct {
	Path    string // JSON Pointer into the document, "*" for any entry of a list
	Rule    string // first, all, agreed, worst, latest, earliest or equal
	Meaning string // in a sentence
}

// MergeRules are the rules of all fields that have one of their own, in the order
// of the document. Fields that are not listed have the rule first.
func MergeRules() []MergeRule {
	var rules []MergeRule
	document := reflect.TypeFor[Document]()
	for i := range document.NumField() {
		field := document.Field(i)
		key := keyOf(field)
		if !SeveralSystems(key) {
			continue
		}
		of := field.Type
		path := "/" + key
		if of.Kind() == reflect.Slice {
			rules = append(rules, MergeRule{path, ruleAll, mergeMeanings[ruleAll]})
			of, path = of.Elem(), path+"/*"
		}
		rules = append(rules, rulesOf(of, path)...)
	}
	return rules
}

// rulesOf are the rules of a struct's fields.
func rulesOf(of reflect.Type, path string) (rules []MergeRule) {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of == timeType {
		return nil
	}
	for i := range of.NumField() {
		field := of.Field(i)
		if field.Tag.Get("merge") == "" {
			continue
		}
		rule, _ := ruleOf(field)
		at := path + "/" + keyOf(field)
		rules = append(rules, MergeRule{at, rule, mergeMeanings[rule]})
		if rule == ruleEqual {
			rules = append(rules, rulesOf(field.Type, at)...)
		}
	}
	return rules
}

// ruleOf is the rule of a field, and whether null counts as a value.
func ruleOf(field reflect.StructField) (rule string, null bool) {
	rule, option, _ := strings.Cut(field.Tag.Get("merge"), ",")
	if rule == "" {
		rule = ruleFirst
	}
	return rule, option == "null"
}

func keyOf(field reflect.StructField) string {
	key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return key
}
