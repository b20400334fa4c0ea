package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"gopkg.in/yaml.v3"
)

// writePredicates writes the build, the stay in staging and the approval of evidence as
// predicates that attest takes.
func writePredicates(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	read := func(name string) (value any) {
		ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(filepath.Join(dir, name))), &value))
		return value
	}
	stay := read("staging.yaml").(map[string]any)
	stay["service"], stay["environment"] = "payments-api", "staging"
	stay["as_of"] = time.Now().UTC().Format(time.RFC3339)
	for name, value := range map[string]any{
		"build":    read("build.json").(map[string]any)["predicate"],
		"staging":  stay,
		"approval": read("approvals.yaml").([]any)[0],
	} {
		text, err := json.Marshal(value)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(dir, name+".predicate.json"), text, 0o600))
	}
}

// trustKeys makes facts of sections count only if a key signed them (FILE, or FILE@PERSON
// if it is the key of one person), or, for an argument SECTION=ROOT,SUBJECT,ISSUER, an
// identity.
func trustKeys(ts *testscript.TestScript, _ bool, args []string) {
	name, whole := ts.MkAbs(args[0]+"/data.yaml"), map[string]any{}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(name)), &whole))
	settings := whole["prodgate"].(map[string]any)["organisation"].(map[string]any)
	keys, signers, unverified := map[string]any{}, map[string]any{}, map[string]any{}
	identities, roots := map[string]any{}, map[string]any{}
	for _, arg := range args[1:] {
		section, file, _ := strings.Cut(arg, "=")
		if parts := strings.Split(file, ","); len(parts) == 3 {
			roots["own"], identities["ci"] = ts.ReadFile(parts[0]), map[string]any{"root": "own", "subject": parts[1], "issuer": parts[2]}
			signers[section], unverified[section] = []string{"ci"}, false
			continue
		}
		file, person, ofPerson := strings.Cut(file, "@")
		key := strings.TrimSuffix(filepath.Base(file), ".key.pub")
		keys[key] = map[string]any{"public": ts.ReadFile(file)}
		if ofPerson {
			keys[key] = map[string]any{"public": ts.ReadFile(file), "person": person}
		}
		signers[section] = []string{key}
		if section != "waivers" && section != "vulnerabilities" { // these have no such setting
			unverified[section] = false
		}
	}
	settings["signatures"] = map[string]any{"keys": keys, "identities": identities, "roots": roots}
	settings["sources"] = map[string]any{"signers": signers, "unverified": unverified}
	text, err := yaml.Marshal(whole)
	ts.Check(err)
	ts.Check(os.WriteFile(name, text, 0o600))
}
