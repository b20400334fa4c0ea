package evaluator

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/internal/race"
	"github.com/prodgate/prodgate/policies"
)

// shippedFiles is a copy of the shipped policies that can be tampered with.
func shippedFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, "_test.rego") {
			return err
		}
		text, err := fs.ReadFile(policies.FS, name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// allowsAny names the first of the stories that the policies allow, if any.
// Policies that do not load, and stories that get no decision, allow nothing.
func allowsAny(t *testing.T, from fs.FS, all []story) (name string) {
	t.Helper()
	e, err := newFrom(context.Background(), from, organised)
	if err != nil {
		return ""
	}
	for _, s := range all {
		if outcomeOf(e, s.input(t)) == Allow {
			return s.name
		}
	}
	return ""
}

// outcomeOf decides without searching time. An error is a denial.
func outcomeOf(e *Evaluator, in *Input) Outcome {
	run, err := e.start(context.Background(), in)
	if err != nil {
		return Deny
	}
	result, err := run.whole(in.now, run.begin())
	if err != nil {
		return Deny
	}
	return result.outcome
}

// allowedStories has one for each kind, an emergency and a waiver.
func allowedStories(t *testing.T) []story {
	var all []story
	for _, name := range []string{"allow", "allow-first-release", "allow-configuration", "allow-rollback", "allow-emergency", "allow-waived-cve"} {
		all = append(all, storyNamed(t, name))
	}
	return all
}

func TestUntouchedCopyOfThePoliciesAllows(t *testing.T) {
	for _, s := range allowedStories(t) {
		if allowsAny(t, shippedFiles(t), []story{s}) == "" {
			t.Errorf("%s is not allowed", s.name)
		}
	}
}

// checksOfNoRollback are the folders of checks that a rollback does not ask for.
var checksOfNoRollback = []string{"emergency", "freeze", "incident", "monitoring", "sequence", "soak", "staging", "vulnerabilities", "window"}

// Without one of its files, whether lost, emptied or under another package, the
// policy set allows nothing: it does not compile, or the check is not there.
// What a rollback does not ask for is no loss to it.
func TestNothingIsAllowedWithoutAPolicyFile(t *testing.T) {
	race.SkipSweep(t)
	tampered := map[string]func(files fstest.MapFS, name string){
		"removed": func(files fstest.MapFS, name string) { delete(files, name) },
		"emptied": func(files fstest.MapFS, name string) { files[name] = &fstest.MapFile{} },
		"without rules": func(files fstest.MapFS, name string) {
			head, rest, _ := strings.Cut(string(files[name].Data), "\npackage ")
			line, _, _ := strings.Cut(rest, "\n")
			files[name] = &fstest.MapFile{Data: []byte(head + "\npackage " + line + "\n")}
		},
		"in another package": func(files fstest.MapFS, name string) {
			text := strings.Replace(string(files[name].Data), "package prodgate.v1.", "package prodgate.v1.other.", 1)
			files[name] = &fstest.MapFile{Data: []byte(text)}
		},
	}
	for _, name := range slices.Sorted(maps.Keys(shippedFiles(t))) {
		for how, tamper := range tampered {
			if path.Ext(name) != ".rego" && how != "removed" && how != "emptied" {
				continue
			}
			if !*everyStory && hashed(name+how)%12 > 0 || leftOut(name+how) {
				continue // each compiles the policies: "make proof" tries all
			}
			files := shippedFiles(t)
			tamper(files, name)
			stories := slices.DeleteFunc(allowedStories(t), func(s story) bool {
				return s.name == "allow-rollback" && slices.ContainsFunc(checksOfNoRollback, func(check string) bool {
					return strings.Contains(name, "/checks/"+check+"/")
				})
			})
			if allowed := allowsAny(t, files, stories); allowed != "" {
				t.Errorf("%s %s: %s is allowed", name, how, allowed)
			}
		}
	}
}

// Without one of its settings no story is allowed that was denied, and each
// setting is missed by some story that was allowed, or stands in unmissed. Each
// setting tries one in sixteen of the denied stories, so that together they try
// all of them.
func TestAMissingSettingNeverAllows(t *testing.T) {
	if race.Enabled {
		t.Skip("decides many thousand times: run it without -race")
	}
	base := shippedRules(t)
	all := stories(t)
	inputs := make([]*Input, len(all))
	for i, s := range all {
		inputs[i] = s.input(t)
	}
	for path := range walkSettings(shippedSettings(t), nil) {
		for how, value := range map[string]any{"removed": missing, "null": nil, "emptied": emptied(shippedSettings(t), path)} {
			where := strings.Join(path, ".") + " " + how
			if !*everyStory && hashed(where)%48 > 0 || leftOut(where) {
				continue // "make proof" tries every setting
			}
			e := withSetting(t, base, path, value)
			lost := 0
			for i, s := range all {
				was := s.decision(t).Outcome
				if was == Deny && hashed(where+s.name)%16 > 0 {
					continue
				}
				switch now := outcomeOf(e, inputs[i]); {
				case now == Allow && was == Deny:
					t.Errorf("%s: %s is allowed", where, s.name)
				case now == Deny && was == Allow:
					lost++
				}
			}
			if listed := matches(unmissed, where); (lost == 0) != listed {
				t.Errorf("%s: %d allowed stories are denied without it; listed as unmissed: %t", where, lost, listed)
			}
		}
	}
}

// unmissed are the settings whose loss costs no story its allow: lists that are
// empty as shipped, the zone of the windows, which the stories' organisation
// names, leeway, which is none as shipped (fixtures/looser has
// stories that need them), hours in which no story deploys, and how long an
// allow lasts, without which there is no decision (see below). No key is trusted as shipped
// (fixtures/signed), and so no role is delegated. Types of steps
// whose writers are not said fall to the writers of all others.
const unmissed = "approval.delegation_max *|additional_checks removed|additional_checks emptied|environments.production emptied|services emptied|repositories emptied|" +
	"immutability.tag_pattern emptied|window.named.after-hours *|window.timezone emptied|decision*|vulnerabilities.vex*|" +
	"vulnerabilities.undetermined removed|vulnerabilities.undetermined null|vulnerabilities.undetermined emptied|" +
	"vulnerabilities.undetermined.tolerate removed|vulnerabilities.undetermined.tolerate emptied|" +
	"vulnerabilities.leeway* removed|vulnerabilities.leeway null|vulnerabilities.leeway emptied|" +
	"vulnerabilities.leeway.CRITICAL null|vulnerabilities.leeway.HIGH null|vulnerabilities.leeway.MEDIUM null|vulnerabilities.leeway.LOW null|" +
	"vulnerabilities.leeway.CRITICAL emptied|vulnerabilities.leeway.HIGH emptied|vulnerabilities.leeway.MEDIUM emptied|vulnerabilities.leeway.LOW emptied" + "|" +
	"approval.independent_of emptied|approval.rejection_lifted_by *|deploy.ended_statuses *|deploy.max_duration *|emergency.max_open_debts emptied|rollback.preapproved *|audit.trail_origins emptied|audit.writers.approval.granted removed|audit.writers.deploy.live removed|audit.writers.emergency.reviewed removed|" +
	"audit.writers.staging.deployed removed|audit.writers.staging.verified removed|sources.signers*|signatures*"

func TestAnAllowWithoutValidityIsNoDecision(t *testing.T) {
	allow := storyNamed(t, "allow").input(t)
	for _, value := range []any{missing, nil, "", "soon", "-1h", "0s"} {
		e := withSetting(t, shippedRules(t), []string{"decision", "validity"}, value)
		if decision, err := e.Decide(context.Background(), allow); err == nil || decision.Outcome == Allow {
			t.Errorf("decision.validity %v: outcome %q, error %v", value, decision.Outcome, err)
		}
	}
}

type absent struct{}

var missing = absent{}

func shippedSettings(t *testing.T) map[string]any {
	t.Helper()
	var settings map[string]any
	if err := yaml.Unmarshal(shippedFiles(t)[settingsFile].Data, &settings); err != nil {
		t.Fatal(err)
	}
	return settings
}

// walkSettings gives the path of every table and every setting.
func walkSettings(table map[string]any, above []string) func(yield func([]string, any) bool) {
	return func(yield func([]string, any) bool) {
		for _, key := range slices.Sorted(maps.Keys(table)) {
			path := append(slices.Clone(above), key)
			if !yield(path, table[key]) {
				return
			}
			if below, ok := table[key].(map[string]any); ok {
				for p, v := range walkSettings(below, path) {
					if !yield(p, v) {
						return
					}
				}
			}
		}
	}
}

// emptied is the empty value of the setting's type.
func emptied(table map[string]any, path []string) any {
	var value any = table
	for _, key := range path {
		value = value.(map[string]any)[key]
	}
	switch value.(type) {
	case map[string]any:
		return map[string]any{}
	case []any:
		return []any{}
	case string:
		return ""
	case bool:
		return false
	default:
		return 0
	}
}

// withSetting makes an evaluator of the same rules with one shipped setting
// replaced, or taken out.
func withSetting(t *testing.T, base *Evaluator, path []string, value any) *Evaluator {
	t.Helper()
	settings := shippedSettings(t)
	table := settings
	for _, key := range path[:len(path)-1] {
		table = table[key].(map[string]any)
	}
	last := path[len(path)-1]
	if value == missing {
		delete(table, last)
	} else {
		table[last] = value
	}
	rules := *base.rules
	rules.settings = settings
	data, err := normalise(rules.data())
	if err != nil {
		t.Fatal(err)
	}
	e := &Evaluator{
		rules: &rules, compiler: base.compiler, query: base.query, policy: base.policy, names: listedNames(&rules), known: base.known,
		store: inmem.NewFromObjectWithOpts(data.(map[string]any), inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true)),
	}
	e.catalog.rules = &rules
	return e
}
