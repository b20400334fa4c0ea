package evaluator

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/race"
)

// pack is the files of a policy pack, by name.
type pack map[string]string

// folder writes the pack into a folder.
func (p pack) folder(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range p {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// bundle writes the pack as "opa build" does.
func (p pack) bundle(t *testing.T) string {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(p)) {
		header := &tar.Header{Name: "/" + name, Mode: 0o644, Size: int64(len(p[name]))}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(p[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "bundle.tar.gz")
	if err := os.WriteFile(file, buffer.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// licenceCheck is a check of an organisation's own.
const licenceCheck = `# METADATA
# title: Licences
# description: Legal has looked at the licences.
package prodgate.v1.checks.acme_licence

default pass := false

needs := set()

pass if input.request.id == "12345678901-1"

needs := set()

# METADATA
# title: Nobody looked at the licences
# description: The request is none that Legal has seen.
# custom:
#   code: acme_licence.not_seen
#   cure: ask
#   remedy: Ask Legal.
#   who: [Legal]
deny contains {
	"code": "acme_licence.not_seen",
	"path": "/request/id",
	"message": sprintf("Legal has not seen %s", [input.request.id]),
	"required": "a request that Legal has seen",
} if {
	not pass
}
`

// ownPack has the check above and these settings, with the service that the
// stories are about among them.
func ownPack(settings string) pack {
	var table map[string]any
	if err := json.Unmarshal([]byte(settings), &table); err != nil {
		return pack{"acme/licence.rego": licenceCheck, "prodgate/organisation/data.json": settings}
	}
	return pack{"acme/licence.rego": licenceCheck, "prodgate/organisation/data.json": withService(table)}
}

// withService is an organisation's settings as JSON, with payments-api listed and
// the zone of the windows named.
func withService(settings map[string]any) string {
	services, ok := settings["services"].(map[string]any)
	if !ok {
		services = map[string]any{}
		settings["services"] = services
	}
	service, ok := services["payments-api"].(map[string]any)
	if !ok {
		service = map[string]any{}
		services["payments-api"] = service
	}
	if _, ok := settings["window"]; !ok {
		settings["window"] = map[string]any{"timezone": "America/New_York"}
	}
	service["repositories"] = []string{"registry.example.com/payments/payments-api"}
	text, err := json.Marshal(settings)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestOwnCheckIsRequiredFromFolderAndBundle(t *testing.T) {
	own := ownPack(`{"additional_checks": ["acme_licence"]}`)
	allow := storyNamed(t, "allow")
	unseen := bytes.Replace(allow.document, []byte("12345678901-1"), []byte("12345678901-2"), 1)
	for how, place := range map[string]string{"folder": own.folder(t), "bundle": own.bundle(t)} {
		e, err := New(context.Background(), Options{Packs: []string{place}})
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		decision := replay(t, e, allow.document)
		if decision.Outcome != Allow || !slices.Contains(decision.Required, "acme_licence") || !slices.Contains(decision.Passed, "acme_licence") {
			t.Errorf("%s: outcome %q, required %v, passed %v", how, decision.Outcome, decision.Required, decision.Passed)
		}
		denied := replay(t, e, unseen)
		if len(denied.Findings) != 1 || denied.Findings[0].Code != "acme_licence.not_seen" || denied.Findings[0].Remedy != "Ask Legal." {
			t.Errorf("%s: outcome %q, findings %v", how, denied.Outcome, denied.Findings)
		}
		if e.Policy().Digest == shippedRules(t).Policy().Digest {
			t.Errorf("%s: the digest is that of the shipped rules alone", how)
		}
	}
}

// A service's settings for the environment go over the service's, those over the
// environment's, those over the organisation's,
// those over the shipped ones.
func TestNearestSettingsAreInForce(t *testing.T) {
	race.SkipSweep(t)
	allow := storyNamed(t, "allow") // two hours and 24 minutes in staging
	for settings, want := range map[string]Outcome{
		`{"soak": {"minimum": "3h"}}`: Deny,
		`{"soak": {"minimum": "3h"}, "environments": {"production": {"soak": {"minimum": "2h"}}}}`:                                          Allow,
		`{"environments": {"production": {"soak": {"minimum": "2h"}}}, "services": {"payments-api": {"soak": {"minimum": "3h"}}}}`:          Deny,
		`{"services": {"search-api": {"soak": {"minimum": "3h"}}}}`:                                                                         Allow,
		`{"services": {"payments-api": {"soak": {"minimum": "3h"}, "environments": {"production": {"soak": {"minimum": "2h"}}}}}}`:          Allow,
		`{"services": {"payments-api": {"environments": {"production": {"soak": {"minimum": "3h"}}}}}}`:                                     Deny,
		`{"environments": {"canary": {}}, "services": {"payments-api": {"environments": {"canary": {"soak": {"minimum": "3h"}}}}}}`:         Allow,
		`{"environments": {"canary": {"soak": {"minimum": "3h"}}}}`:                                                                         Allow,
		`{"environments": {"production": {"vulnerabilities": {"deny": ["CRITICAL", "HIGH", "MEDIUM"]}}}}`:                                   Deny,
		`{"services": {"payments-api": {"window": {"named": {"business-hours": [{"days": ["Friday"], "from": "10:00", "to": "12:00"}]}}}}}`: Deny,
	} {
		e, err := New(context.Background(), Options{Packs: []string{ownPack(settings).folder(t)}})
		if err != nil {
			t.Errorf("%s: %v", settings, err)
			continue
		}
		if got := replay(t, e, allow.document); got.Outcome != want {
			t.Errorf("%s: %q, want %q, findings %v", settings, got.Outcome, want, got.Findings)
		}
	}
}

// Whose entries in the trail count is a setting.
func TestWritersInForce(t *testing.T) {
	race.SkipSweep(t)
	recorded := storyNamed(t, "allow-recorded-steps") // by repo:acme/payments-api, ci
	for settings, want := range map[string]Outcome{
		`{"audit": {"writers": {"staging.verified": {"assurances": ["ci"]}}}}`:                                          Allow,
		`{"audit": {"writers": {"staging.verified": {"assurances": ["oidc"]}}}}`:                                        Deny,
		`{"audit": {"writers": {"staging.verified": {"subjects": ["repo:acme/payments-api"]}}}}`:                        Allow,
		`{"audit": {"writers": {"staging.verified": {"subjects": ["repo:acme/payments"]}}}}`:                            Deny,
		`{"audit": {"writers": {"other": {"assurances": ["oidc"]}}}}`:                                                   Allow,
		`{"audit": {"writers": {"deploy.live": {"assurances": ["oidc"]}}}}`:                                             Deny,
		`{"audit": {"required_steps": ["staging.deployed", "staging.verified", "approval.granted", "gate.evaluated"]}}`: Deny,
		`{"staging": {"environments": ["uat"]}}`:                                                                        Deny,
		`{"sources": {"accepted": {"trail": ["file"]}}}`:                                                                Deny,
	} {
		e, err := New(context.Background(), Options{Packs: []string{ownPack(settings).folder(t)}})
		if err != nil {
			t.Errorf("%s: %v", settings, err)
			continue
		}
		if got := replay(t, e, recorded.document); got.Outcome != want {
			t.Errorf("%s: %q, want %q, findings %v", settings, got.Outcome, want, got.Findings)
		}
	}
}

func TestAdditionalChecksOfAllLayersAddUp(t *testing.T) {
	own := ownPack(`{"additional_checks": ["acme_licence"], "services": {"payments-api": {"additional_checks": []}}}`)
	e, err := New(context.Background(), Options{Packs: []string{own.folder(t)}})
	if err != nil {
		t.Fatal(err)
	}
	if decision := replay(t, e, storyNamed(t, "allow").document); !slices.Contains(decision.Required, "acme_licence") {
		t.Errorf("required %v; want acme_licence, which the organisation asks for", decision.Required)
	}
}

// refusedPacks are what a pack must not do, and the words of the refusal.
var refusedPacks = map[string]struct {
	pack  pack
	words string
}{
	"rewrite a built-in check": {pack{"x.rego": "package prodgate.v1.checks.soak\n\npass := true\n"},
		"package prodgate.v1.checks.soak is not allowed in a pack"},
	"rewrite a library rule": {pack{"x.rego": "package prodgate.v1.lib.people\n\none(_) := 0\n"},
		"package prodgate.v1.lib.people is not allowed in a pack"},
	"rewrite the required list": {pack{"x.rego": "package prodgate.v1.deploy\n\n_checks := set()\n"},
		"package prodgate.v1.deploy is not allowed in a pack"},
	"decide by itself": {pack{"x.rego": "package prodgate.v1.deploy.decision\n\noutcome := \"allow\"\n"},
		"is not allowed in a pack"},
	"add to the set of what passed": {pack{"x.rego": "package prodgate.v1.deploy\n\npassed contains \"soak\"\n"},
		"is not allowed in a pack"},
	"reach up with a rule's name": {pack{"x.rego": "package prodgate.v1\n\ndeploy.passed contains \"soak\"\n"},
		"is not allowed in a pack"},
	"reach into checks with a rule's name": {pack{"x.rego": "package prodgate.v1.checks\n\nsoak.pass := true\n"},
		"is not allowed in a pack"},
	"stand below a check": {pack{"x.rego": "package prodgate.v1.checks.acme_x.deep\n\npass := true\n"},
		"is not allowed in a pack"},
	"be somewhere else": {pack{"x.rego": "package acme\n\npass := true\n"},
		"package acme is not allowed in a pack"},
	"replace the settings by rules": {pack{"x.rego": "package prodgate.v1.settings\n\nsoak := {}\n"},
		"package prodgate.v1.settings is not allowed in a pack"},
	"make settings by rules": {pack{"x.rego": "package prodgate.organisation\n\nsoak := {}\n"},
		"package prodgate.organisation is not allowed in a pack"},
	"replace the settings by data": {pack{"data.json": `{"prodgate": {"v1": {"settings": {"soak": {"minimum": "0s"}}}}}`},
		"it sets data.prodgate.v1"},
	"put data elsewhere": {pack{"data.json": `{"acme": {"x": 1}}`},
		"it sets data.acme"},
	"put data beside its settings": {pack{"acme/data.json": `{"x": 1}`},
		"it sets data.acme"},
	"give a built-in check's result by data": {pack{"prodgate/v1/checks/soak/data.json": `{"pass": true}`},
		"it sets data.prodgate.v1"},
	"give its own check's result by data": {pack{"prodgate/v1/checks/acme_x/data.json": `{"pass": true}`},
		"it sets data.prodgate.v1"},
	"hide settings in another file": {pack{"x.rego": licenceCheck, "settings.yaml": "soak: {}\n"},
		"settings must be in a file named data.yaml or data.json"},
	"ask the network": {ownRule(`pass if http.send({"method": "get", "url": "http://localhost"}).status_code == 200`),
		"undefined function http.send"},
	"ask the clock": {ownRule("pass if time.now_ns() > 0"),
		"undefined function time.now_ns"},
	"ask for randomness": {ownRule(`pass if rand.intn("x", 2) == 1`),
		"undefined function rand.intn"},
	"ask the machine": {ownRule("pass if opa.runtime().env.PASS"),
		"undefined function opa.runtime"},
	"mistake a library": {ownRule("pass if data.prodgate.v1.lib.clock.now > 0", "import data.prodgate.v1.lib.clok"),
		"it imports data.prodgate.v1.lib.clok, which no rule is in"},
	"hold a check without pass": {ownRule("deny := set()"),
		"prodgate.v1.checks.acme_x has no rule pass"},
	"be no Rego": {pack{"x.rego": "package prodgate.v1.checks.acme_x\n\npass if {\n"},
		"parse policy"},
	"be empty": {pack{"readme.md": "nothing"},
		"it contains neither rules nor settings"},
	"hold an empty file": {pack{"x.rego": ""},
		"empty module"},
	"ask for a check that nobody has": {ownPack(`{"additional_checks": ["acme_license"]}`),
		`additional_checks lists "acme_license", which no pack defines; did you mean "acme_licence"?`},
	"set what does not exist": {ownPack(`{"soak": {"minimun": "2h"}}`),
		`soak.minimun is unknown; did you mean "minimum"?`},
	"set what does not exist for a service": {ownPack(`{"services": {"payments-api": {"soack": {"minimum": "2h"}}}}`),
		`services.payments-api.soack is unknown; did you mean "soak"?`},
	"set what does not exist for a service in an environment": {ownPack(`{"services": {"payments-api": {"environments": {"production": {"soack": {}}}}}}`),
		`services.payments-api.environments.production.soack is unknown; did you mean "soak"?`},
	"set something for a service in no environment": {ownPack(`{"services": {"payments-api": {"environments": {"prodution": {}}}}}`),
		`services.payments-api.environments.prodution is not an environment listed in the settings; did you mean "production"?`},
	"set null for a service in an environment": {ownPack(`{"services": {"payments-api": {"environments": {"production": null}}}}`),
		"services.payments-api.environments.production must be a table"},
	"set a list for a service's environments": {ownPack(`{"services": {"payments-api": {"environments": ["production"]}}}`),
		"services.payments-api.environments must be a table of environments"},
	"invent a severity for a service with a dot in its name": {ownPack(`{"services": {"payments.api": {"vulnerabilities": {"deny": ["CRITCAL"]}}}}`),
		`services.payments.api.vulnerabilities.deny[0] is CRITCAL; it must be one of LOW, MEDIUM, HIGH, CRITICAL; did you mean "CRITICAL"?`},
	"invent a weekday for a service with a dot in its name, in an environment": {ownPack(`{"services": {"payments.api": {"environments": {"production": {"window": {"named": {"late.hours": [{"days": ["Mon"], "from": "10:00", "to": "14:00"}]}}}}}}}`),
		`services.payments.api.environments.production.window.named.late.hours[0].days[0] is Mon; it must be one of Monday`},
	"set what does not exist for an environment with a dot in its name": {ownPack(`{"environments": {"production.eu": {"soack": {}}}}`),
		`environments.production.eu.soack is unknown; did you mean "soak"?`},
	"ask for a check that nobody has, of a service in an environment": {ownPack(`{"services": {"payments-api": {"environments": {"production": {"additional_checks": ["acme_license"]}}}}}`),
		`additional_checks lists "acme_license", which no pack defines`},
	"empty a list": {ownPack(`{"vulnerabilities": {"deny": []}}`),
		`vulnerabilities.deny must not be empty: an empty list does not mean "all"`},
	"empty a list for an environment": {ownPack(`{"environments": {"production": {"audit": {"required_steps": []}}}}`),
		"environments.production.audit.required_steps must not be empty"},
	"set a duration to nothing": {ownPack(`{"soak": {"minimum": "0s"}}`),
		`soak.minimum is "0s"; it must be a duration above 0`},
	"let a role be delegated for longer than the rules allow": {ownPack(`{"approval": {"delegation_max": "336h0m1s"}}`),
		`approval.delegation_max is "336h0m1s"; it must be at most "336h": the rules allow no more`},
	"let a role be delegated for longer, for a service in an environment": {ownPack(`{"services": {"payments-api": {"environments": {"production": {"approval": {"delegation_max": "720h"}}}}}}`),
		`services.payments-api.environments.production.approval.delegation_max is "720h"; it must be at most "336h"`},
	"set a wrong type": {ownPack(`{"notification": {"teams": "on-call"}}`),
		"notification.teams must be a list"},
	"set null": {ownPack(`{"soak": null}`),
		"soak must be a table"},
	"waive an approval": {ownPack(`{"waivers": {"allowed": {"approval.missing": {"roles": ["vp-engineering"], "max": "1h"}}}}`),
		"waivers.allowed.approval.missing cannot be waived"},
	"ask for no dashboard": {ownPack(`{"monitoring": {"minimum_dashboards": 0}}`),
		"monitoring.minimum_dashboards must be a number above 0"},
	"invent a severity": {ownPack(`{"vulnerabilities": {"deny": ["CRITCAL"]}}`),
		`did you mean "CRITICAL"?`},
	"give leeway to a severity that is none": {ownPack(`{"vulnerabilities": {"leeway": {"SEVERE": {"fixed": "72h"}}}}`),
		"vulnerabilities.leeway.SEVERE is unknown"},
	"give leeway for another reason": {ownPack(`{"vulnerabilities": {"leeway": {"CRITICAL": {"unfxied": "72h"}}}}`),
		`vulnerabilities.leeway.CRITICAL.unfxied is unknown; did you mean "unfixed"?`},
	"give leeway in days": {ownPack(`{"vulnerabilities": {"leeway": {"CRITICAL": {"fixed": "3d"}}}}`),
		`vulnerabilities.leeway.CRITICAL.fixed is "3d"; it must be a duration`},
	"give leeway backwards": {ownPack(`{"vulnerabilities": {"leeway": {"CRITICAL": {"fixed": "-1h"}}}}`),
		`vulnerabilities.leeway.CRITICAL.fixed is "-1h"; it must be a duration`},
	"believe every author": {ownPack(`{"vulnerabilities": {"vex": {"authors": ["*"]}}}`),
		`vulnerabilities.vex.authors[0] is "*"; it must be an exact name`},
	"tolerate every package": {ownPack(`{"vulnerabilities": {"undetermined": {"tolerate": ["lib*"]}}}`),
		`vulnerabilities.undetermined.tolerate[0] is "lib*"`},
	"accept an inventory that is none": {ownPack(`{"vulnerabilities": {"inventories": ["images"]}}`),
		`did you mean "image"?`},
	"accept no inventory": {ownPack(`{"vulnerabilities": {"inventories": []}}`),
		"vulnerabilities.inventories must not be empty"},
	"count who only claims to be somebody": {ownPack(`{"audit": {"writers": {"staging.verified": {"assurances": ["ci", "claimed"]}}}}`),
		"audit.writers.staging.verified.assurances[1] is claimed; it must be one of user, ci, webhook, oidc"},
	"misspell a type of step": {ownPack(`{"audit": {"writers": {"staging.verifed": {"assurances": ["oidc"]}}}}`),
		`audit.writers.staging.verifed is unknown; did you mean "staging.verified"?`},
	"count nobody": {ownPack(`{"audit": {"writers": {"other": {"subjects": []}}}}`),
		"audit.writers.other.subjects must not be empty"},
	"be independent of a role that is none": {ownPack(`{"approval": {"independent_of": ["autor"]}}`),
		`did you mean "author"?`},
	"ask for the approval of nobody": {ownPack(`{"approval": {"quorum": 0}}`),
		"approval.quorum must be a number above 0"},
	"tell people apart by nothing": {ownPack(`{"approval": {"identified_by": []}}`),
		"approval.identified_by must not be empty"},
}

// A team of two approves its own commits; retries without a new approval are a
// convenience.
func TestAPackCanRequireNoIndependence(t *testing.T) {
	own := ownPack(`{"approval": {"independent_of": [], "retries": 0, "delegation_max": "0s"}}`)
	if _, err := New(context.Background(), Options{Packs: []string{own.folder(t)}}); err != nil {
		t.Error(err)
	}
}

// Leeway is shipped as none, and a service may go back to none.
func TestAPackMayTakeLeewayBack(t *testing.T) {
	own := ownPack(`{"vulnerabilities": {"leeway": {"CRITICAL": {"fixed": "72h"}}}, "services": {"payments-api": {"vulnerabilities": {"leeway": {"CRITICAL": {"fixed": "0h"}}}}}}`)
	if _, err := New(context.Background(), Options{Packs: []string{own.folder(t)}}); err != nil {
		t.Error(err)
	}
}

// A key can contain dots. It still counts as one key.
func TestAPackCanExtendOpenTablesBelowNamesWithDots(t *testing.T) {
	const open = `{
		"approval": {"independent_of": [], "retries": 0, "delegation_max": "336h"},
		"window": {"named": {"late.hours": [{"days": ["Monday"], "from": "10:00", "to": "14:00"}]}},
		"waivers": {"allowed": {"acme.reason": {"roles": ["vp-engineering"], "max": "24h"}}},
		"sources": {"accepted": {"custom.cost": ["file"]}}
	}`
	for what, own := range map[string]string{
		"a service":                   `{"services": {"payments.api": ` + open + `}}`,
		"an environment":              `{"environments": {"production.eu.west": ` + open + `}}`,
		"a service in an environment": `{"services": {"payments.api": {"environments": {"production": ` + open + `}}}}`,
		"a service called like a key": `{"services": {"x.environments": ` + open + `}}`,
	} {
		t.Run(what, func(t *testing.T) {
			if _, err := New(context.Background(), Options{Packs: []string{ownPack(own).folder(t)}}); err != nil {
				t.Error(err)
			}
		})
	}
}

// ownRule is a pack with a check of one rule.
func ownRule(rule string, imports ...string) pack {
	lines := append([]string{"package prodgate.v1.checks.acme_x", ""}, imports...)
	return pack{"x.rego": strings.Join(append(lines, rule, ""), "\n")}
}

func TestPacksThatExceedTheirPackagesAreRejected(t *testing.T) {
	race.SkipSweep(t)
	for what, refused := range refusedPacks {
		t.Run(what, func(t *testing.T) {
			e, err := New(context.Background(), Options{Packs: []string{refused.pack.folder(t)}})
			if err == nil || !strings.Contains(err.Error(), refused.words) {
				t.Errorf("error %v, want one with %q", err, refused.words)
			}
			if e != nil {
				t.Error("there is an evaluator nevertheless")
			}
		})
	}
}

func TestBundlesThatExceedTheirPackagesAreRejected(t *testing.T) {
	race.SkipSweep(t)
	for what, refused := range refusedPacks {
		if e, err := New(context.Background(), Options{Packs: []string{refused.pack.bundle(t)}}); (err == nil || e != nil) && !looserInBundles[what] {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

// looserInBundles is what a bundle does not hold: OPA writes none of it there
// and does not read it.
var looserInBundles = map[string]bool{"hide settings in another file": true}

func TestTwoPacksWithSettingsAreRefused(t *testing.T) {
	settings := pack{"data.json": `{"prodgate": {"organisation": {"soak": {"minimum": "2h"}}}}`}
	_, err := New(context.Background(), Options{Packs: []string{settings.folder(t), settings.folder(t)}})
	if err == nil || !strings.Contains(err.Error(), "another pack has settings, too") {
		t.Errorf("error %v", err)
	}
}

// slowRule counts to ten thousand million, in a check of a pack.
const slowRule = `default pass := false

needs := set()

pass if {
	some a in numbers.range(1, 100000)
	some b in numbers.range(1, 100000)
	a + b < 0
}`

func TestDeadlineEndsADecision(t *testing.T) {
	slow := ownRule(slowRule)
	slow["prodgate/organisation/data.json"] = withService(map[string]any{"additional_checks": []string{"acme_x"}})
	e, err := New(context.Background(), Options{Packs: []string{slow.folder(t)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	decision, err := e.Replay(ctx, storyNamed(t, "allow").document)
	if err == nil || decision.Outcome == Allow || ctx.Err() == nil {
		t.Errorf("outcome %q, error %v", decision.Outcome, err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}
