package evaluator

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/zone"
)

// checkSettings rejects invalid settings of an organisation: an unknown key, a
// value of another type than the shipped one, an emptied list, an invalid time or
// zone. The error lists every such place.
func checkSettings(rules *ruleSet) error {
	shipped, err := normalise(rules.settings)
	if err != nil {
		return fmt.Errorf("read shipped settings: %w", err)
	}
	l := &settingsLint{shipped: shipped.(map[string]any), environments: listedNames(rules).environments}
	l.table(nil, withoutNames(rules.own), withoutNames(l.shipped))
	for _, kind := range []string{"environments", "services"} {
		names, ok := rules.own[kind].(map[string]any)
		if !ok && rules.own[kind] != nil {
			l.problem(settingPath{kind}, "must be a table of names")
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			l.named(settingPath{kind, name}, names[name])
		}
	}
	l.waivers(rules.own)
	if len(l.problems) == 0 {
		return nil
	}
	return fmt.Errorf("settings under %s:\n  %s", organisationPath, strings.Join(l.problems, "\n  "))
}

// withoutNames returns the settings without those of single environments and
// services.
func withoutNames(settings map[string]any) map[string]any {
	rest := maps.Clone(settings)
	delete(rest, "environments")
	delete(rest, "services")
	return rest
}

type settingsLint struct {
	shipped      map[string]any
	environments []string // listed in the settings
	problems     []string
}

func (l *settingsLint) problem(path settingPath, format string, args ...any) {
	l.problems = append(l.problems, path.String()+" "+fmt.Sprintf(format, args...))
}

var settingName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// named checks the settings of one environment or service; path has its kind and
// its name.
func (l *settingsLint) named(path settingPath, value any) {
	if !settingName.MatchString(path[1]) {
		l.problem(path, "is not a valid name (lower case, no spaces)")
	}
	table, ok := value.(map[string]any)
	if !ok {
		l.problem(path, "must be a table; write {} to set nothing")
		return
	}
	if own, ok := table["environments"]; ok && path[0] == "services" {
		l.inEnvironments(path.key("environments"), own)
		table = withoutNames(table)
	}
	l.table(path, table, withoutNames(l.shipped))
}

// inEnvironments checks a service's settings for single environments. The
// settings must list each of them.
func (l *settingsLint) inEnvironments(path settingPath, value any) {
	tables, ok := value.(map[string]any)
	if !ok {
		l.problem(path, "must be a table of environments")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if !slices.Contains(l.environments, name) {
			l.problem(path.key(name), "is not an environment listed in the settings%s", didYouMean(name, l.environments))
			continue
		}
		table, ok := tables[name].(map[string]any)
		if !ok {
			l.problem(path.key(name), "must be a table; write {} to set nothing")
			continue
		}
		l.table(path.key(name), table, withoutNames(l.shipped))
	}
}

// openTables are tables to which an organisation can add keys; each value has the
// type of the shipped ones.
var openTables = map[string]bool{"window.named": true, "waivers.allowed": true, "sources.accepted": true}

// table compares the settings below path with the shipped ones.
func (l *settingsLint) table(path settingPath, set, shipped map[string]any) {
	known := slices.Sorted(maps.Keys(shipped))
	for _, key := range slices.Sorted(maps.Keys(set)) {
		at := path.key(key)
		like, ok := shipped[key]
		if !ok && openTables[path.setting().String()] && len(known) > 0 {
			like, ok = shipped[known[0]], true
		}
		if !ok {
			l.problem(at, "is unknown%s", didYouMean(key, known))
			continue
		}
		l.value(at, set[key], like)
	}
}

func (l *settingsLint) value(path settingPath, set, like any) {
	switch like := like.(type) {
	case map[string]any:
		for _, name := range []string{"keys", "identities", "roots"} {
			if path.setting().matches("signatures", name) {
				l.signatures(path, name, set)
				return
			}
		}
		table, ok := set.(map[string]any)
		if !ok {
			l.problem(path, "must be a table")
			return
		}
		l.table(path, table, like)
	case []any:
		l.list(path, set, like)
	case bool:
		if _, ok := set.(bool); !ok {
			l.problem(path, "must be true or false")
		}
	case json.Number:
		n, ok := set.(json.Number)
		zero := ok && n.String() == "0"
		if !ok || strings.HasPrefix(n.String(), "-") || zero && !mayBeZero[path.setting().String()] {
			l.problem(path, "must be a number above 0")
		}
	case string:
		l.text(path, set, like)
	}
}

// mayBeEmpty lists the settings that can be an empty list: a team of two cannot
// require independence from the author.
var mayBeEmpty = map[string]bool{"approval.independent_of": true}

// mayBeZero lists the numbers for which 0 is a strict choice.
var mayBeZero = map[string]bool{"approval.retries": true}

func (l *settingsLint) list(path settingPath, set any, like []any) {
	list, ok := set.([]any)
	if !ok {
		l.problem(path, "must be a list")
		return
	}
	if len(list) == 0 && len(like) > 0 && !mayBeEmpty[path.setting().String()] {
		l.problem(path, "must not be empty: an empty list does not mean \"all\"; omit it to keep the shipped list")
	}
	for i, entry := range list {
		at := path.entry(i)
		if span, ok := entry.(map[string]any); ok && path.setting().matches("window", "named", "*") {
			l.span(at, span)
		} else if s, ok := entry.(string); !ok || s == "" {
			l.problem(at, "must be text")
		}
	}
	switch path.setting().String() {
	case "vulnerabilities.deny":
		l.words(path, list, "LOW", "MEDIUM", "HIGH", "CRITICAL")
	case "approval.independent_of":
		l.words(path, list, "author")
	case "vulnerabilities.inventories":
		l.words(path, list, "image", "sbom", "attached")
	case "vulnerabilities.vex.authors", "vulnerabilities.vex.products", "vulnerabilities.undetermined.tolerate":
		l.exact(path, list)
	}
	if path.setting().matches("audit", "writers", "*", "assurances") {
		l.words(path, list, countingAssurances...)
	}
}

// exact rejects entries that look like patterns, where only exact names count.
func (l *settingsLint) exact(path settingPath, list []any) {
	for i, entry := range list {
		if s, _ := entry.(string); strings.Contains(s, "*") || strings.TrimSpace(s) != s {
			l.problem(path.entry(i), "is %q; it must be an exact name, not a pattern", s)
		}
	}
}

// countingAssurances are the assurances of a writer that can count. A writer whose
// identity is only claimed never counts.
var countingAssurances = []string{string(facts.AssuranceUser), string(facts.AssuranceCI), string(facts.AssuranceWebhook), string(facts.AssuranceOIDC)}

func (l *settingsLint) words(path settingPath, list []any, known ...string) {
	for i, entry := range list {
		if s, _ := entry.(string); !slices.Contains(known, s) {
			l.problem(path.entry(i), "is %v; it must be one of %s%s", entry, strings.Join(known, ", "), didYouMean(s, known))
		}
	}
}

func (l *settingsLint) span(path settingPath, span map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(span)) {
		if !slices.Contains([]string{"days", "from", "to"}, key) {
			l.problem(path.key(key), "is unknown; a window has days, from, to")
		}
	}
	days, _ := span["days"].([]any)
	if len(days) == 0 {
		l.problem(path.key("days"), "must be a list of weekdays")
	}
	l.words(path.key("days"), days, "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
	from, to := l.clock(path.key("from"), span["from"]), l.clock(path.key("to"), span["to"])
	if from >= to {
		l.problem(path, "never opens: from must be before to; split a window that spans midnight into two")
	}
}

func (l *settingsLint) clock(path settingPath, value any) string {
	s, _ := value.(string)
	if !clockTime.MatchString(s) || s > "24:00" {
		l.problem(path, "must be a wall-clock time, \"00:00\" to \"24:00\"")
	}
	return s
}

// text compares a text with the shipped one: where the shipped one is a duration,
// it must be a duration, too.
func (l *settingsLint) text(path settingPath, set any, like string) {
	s, ok := set.(string)
	if !ok {
		l.problem(path, "must be text")
		return
	}
	if least, err := time.ParseDuration(like); err == nil {
		l.duration(path, s, least)
		return
	}
	switch path.setting().String() {
	case "window.timezone":
		if s != "calendar" {
			if !zone.Known(s) {
				l.problem(path, "is %q; it must be \"calendar\" or an IANA zone such as \"Europe/Berlin\"", s)
			}
		}
	case "immutability.tag_pattern":
		if _, err := regexp.Compile(s); err != nil {
			l.problem(path, "is not a valid regular expression: %v", err)
		}
	default:
		if s == "" {
			l.problem(path, "is empty")
		}
	}
}

// longest lists the durations that the rules limit, whatever is set (lib/delegations.rego).
var longest = map[string]time.Duration{"approval.delegation_max": 14 * 24 * time.Hour}

// mayBeNothing lists the durations for which 0 is a strict choice.
var mayBeNothing = map[string]bool{"approval.delegation_max": true}

// duration checks a duration. One that is shipped as 0 can be 0.
func (l *settingsLint) duration(path settingPath, text string, shipped time.Duration) {
	setting := path.setting().String()
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d == 0 && shipped > 0 && !mayBeNothing[setting] {
		l.problem(path, "is %q; it must be a duration above 0 such as \"90m\" or \"24h\"", text)
		return
	}
	if most, limited := longest[setting]; limited && d > most {
		l.problem(path, "is %q; it must be at most \"%gh\": the rules allow no more", text, most.Hours())
	}
}

// neverWaived are the families of codes that can never be waived. The rules
// enforce the same (lib/waivers.rego).
var neverWaived = []string{"approval", "audit", "immutability", "waiver"}

func (l *settingsLint) waivers(own map[string]any) {
	waivers, _ := own["waivers"].(map[string]any)
	allowed, _ := waivers["allowed"].(map[string]any)
	for _, code := range slices.Sorted(maps.Keys(allowed)) {
		if family, _, _ := strings.Cut(code, "."); slices.Contains(neverWaived, family) {
			l.problem(settingPath{"waivers", "allowed", code}, "cannot be waived: %s codes can never be waived", family)
		}
	}
}

// checkPackChecks rejects checks of a pack that cannot work: a missing pass, a code
// without an annotation, a code of another check's family, or an additional check
// that no pack defines.
func (e *Evaluator) checkPackChecks() error {
	checks, err := e.Checks()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	var problems []error
	for _, file := range e.rules.packs {
		module := e.compiler.Modules[file.name]
		name := strings.TrimPrefix(module.Package.Path.String(), checksPath)
		known[name] = true
	}
	for name := range known {
		if len(e.compiler.GetRulesExact(ast.MustParseRef(checksPath+name+".pass"))) == 0 {
			problems = append(problems, fmt.Errorf("%s%s has no rule pass, so it can never pass", strings.TrimPrefix(checksPath, "data."), name))
		}
		if len(e.compiler.GetRulesExact(ast.MustParseRef(checksPath+name+".needs"))) == 0 {
			problems = append(problems, fmt.Errorf("%s%s has no rule needs, so it can never pass; needs must be the set of sections that the check reads, such as {\"staging\"}, or set()", strings.TrimPrefix(checksPath, "data."), name))
		}
	}
	for _, check := range checks {
		problems = append(problems, e.ownCodes(check)...)
	}
	problems = append(problems, e.additionalChecks(known)...)
	return errors.Join(problems...)
}

// ownCodes finds codes of a pack that are in another check's family.
func (e *Evaluator) ownCodes(check Check) (problems []error) {
	for _, code := range check.Codes {
		module := e.compiler.Modules[code.File]
		shipped := slices.ContainsFunc(e.rules.shipped, func(f ruleFile) bool { return f.name == code.File })
		if shipped || module == nil {
			continue
		}
		if own := strings.TrimPrefix(module.Package.Path.String(), checksPath); own != check.Name {
			problems = append(problems, fmt.Errorf("%s:%d: the code %q is outside the check's own family; name it %s.<reason>", code.File, code.Line, code.Code, own))
		}
	}
	return problems
}

// additionalChecks finds additional checks that do not exist. They would never
// pass, and the author should learn that at once.
func (e *Evaluator) additionalChecks(known map[string]bool) (problems []error) {
	layers := []any{e.rules.own}
	for _, kind := range []string{"environments", "services"} {
		names, _ := e.rules.own[kind].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			layers = append(layers, names[name])
			table, _ := names[name].(map[string]any)
			inEnvironments, _ := table["environments"].(map[string]any)
			for _, environment := range slices.Sorted(maps.Keys(inEnvironments)) {
				layers = append(layers, inEnvironments[environment])
			}
		}
	}
	for _, layer := range layers {
		table, _ := layer.(map[string]any)
		list, _ := table["additional_checks"].([]any)
		for _, entry := range list {
			name, _ := entry.(string)
			if !known[name] && len(e.compiler.GetRulesExact(ast.MustParseRef(checksPath+quoteName(name)+".pass"))) == 0 {
				problems = append(problems, fmt.Errorf("additional_checks lists %q, which no pack defines%s", name, didYouMean(name, slices.Sorted(maps.Keys(known)))))
			}
		}
	}
	return problems
}

// quoteName makes a name safe to be part of a reference.
func quoteName(name string) string {
	if !packCheck.MatchString(name) && !regexp.MustCompile(`^[a-z]+$`).MatchString(name) {
		return "_"
	}
	return name
}
