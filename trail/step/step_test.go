package step

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	digest  = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	another = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	entry   = "01940b5e-2f6a-7c61-9f3e-6a0c5d1be0aa"
	policyD = `{"version": "v1", "revision": "1.0.0", "digest": "` + digest + `"}`
)

// examples are the data of one complete step of each type: every field is there.
var examples = map[string]string{
	"gate.requested": `{"kind": "promotion", "trigger": "workflow_dispatch", "requested_by": "github:1", "triggered_by": "github:2", "emergency": false,
		"ticket": "INC-7", "attempt": 1, "configuration": "` + digest + `", "commit": "7a3f9c2", "built_at": "2026-11-24T09:00:00Z"}`,
	"gate.evaluated": exampleDecision, "gate.document": exampleDecision, "gate.simulated": exampleDecision,
	"approval.granted": exampleApproval, "approval.rejected": exampleObjection, "approval.withdrawn": exampleObjection,
	"staging.deployed": `{"version": "42", "approvers": ["github:1"], "reason": "nightly"}`,
	"staging.verified": `{"result": "PASSED", "version": "42", "approvers": ["github:1"], "reason": "nightly"}`,
	"deploy.started":   exampleDeployment, "deploy.live": exampleDeployment, "deploy.failed": exampleDeployment,
	"review.given":        `{"reviewer": "github:583231", "decision": "approved", "environments": ["production"], "reviewed_at": "2026-11-24T11:20:00-05:00"}`,
	"verification.passed": `{"version": "42", "reason": "smoke test", "attempt": 1}`,
	"verification.failed": `{"version": "42", "reason": "smoke test", "attempt": 1}`,
	"rollback.started":    exampleDeployment, "rollback.live": exampleDeployment, "rollback.failed": exampleDeployment,
	"incident.linked":    `{"incident": "INC-7", "reason": "it broke"}`,
	"emergency.used":     `{"ticket": "INC-7", "due_at": "2026-11-27T09:00:00Z", "reason": "down", "requested_by": ["github:1"], "approved_by": ["github:2"]}`,
	"emergency.reviewed": `{"settles": "` + entry + `", "reviewer": "github:3", "ticket": "INC-7", "reason": "read the log"}`,
	"entry.dismissed":    `{"entry": "` + entry + `", "by": "github:1", "reason": "a test"}`,
	"freeze.declared":    `{"reason": "INC-7", "services": ["a"], "environments": ["production"], "until": "2026-11-24T18:00:00-05:00", "by": "github:1"}`,
	"delegation.granted": `{"role": "platform-lead", "by": "github:1", "to": "github:2", "from": "2026-11-24T18:00:00-05:00", "until": "2026-11-30T18:00:00-05:00", "reason": "vacation", "bundle": {"dsseEnvelope": {}}}`,
	"delegation.ended":   `{"delegation": "` + entry + `", "reason": "back", "by": "github:1"}`,
	"freeze.lifted":      `{"freeze": "` + entry + `", "reason": "resolved", "by": "github:1"}`,
	"production.adopted": `{"version": "41", "live_at": "2026-11-01T09:00:00Z", "previous_digest": "` + another + `", "previous_version": "40",
		"previous_live_at": "2026-10-01T09:00:00Z", "requested_by": "github:1", "approver": "github:2", "approved_at": "2026-11-24T09:00:00Z", "reason": "the gate arrives"}`,
	"policy.changed": `{"from": ` + policyD + `, "to": ` + policyD + `}`,
	"blob.erased":    `{"digests": ["` + digest + `"], "reason": "older than 365d"}`,
	"custom.load-test": `{"version": "42", "result": "PASSED", "ticket": "OPS-1", "reason": "before the season",
		"requests": {"per_second": [100, 200]}, "by": null}`,
}

const (
	exampleDecision = `{"kind": "promotion", "emergency": false, "outcome": "deny", "exit_code": 1, "required": ["soak"], "passed": [], "weakened": [],
		"findings": [{"code": "soak.too_short", "check": "soak", "effect": "deny", "item": null, "cure": "wait"}], "findings_left_out": 0,
		"opens_at": "2026-11-24T18:00:00Z", "policy": ` + policyD + `, "input_digest": "` + digest + `", "prodgate": "0.1.0",
		"rollback": {"version": "41", "digest": "` + another + `", "configuration": "` + digest + `", "procedure": "helm rollback"}}`
	exampleReview = `{"artifact": "v42", "approver": "github:1", "approved_at": "2026-11-24T09:00:00.5Z", "deployment_window": "business-hours",
		"approval_duration_seconds": 300.5, "role": "platform-lead", "reason": "read", "kind": "promotion", "ticket": "INC-7",
		"configuration": "` + digest + `", "lifts": ["github:2", "` + entry + `"]`
	exampleApproval  = exampleReview + `}`
	exampleObjection = exampleReview + `, "platforms": ["` + another + `"]}`

	exampleDeployment = `{"version": "42", "approvers": ["github:1", "github:2"], "reason": "release", "kind": "promotion", "attempt": 2}`
)

// example is a complete step of a type.
func example(t *testing.T, name string) (Type, Step, map[string]any) {
	t.Helper()
	typ, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	s := Step{Type: name, Service: "payments-api", Environment: "production", Digest: digest, Deployment: "acme/web/runs/7", Mode: typ.Mode}
	if typ.Mode != "" {
		s.Now = time.Date(2026, 11, 24, 16, 20, 0, 0, time.UTC)
	}
	data := map[string]any{}
	if err := json.Unmarshal([]byte(examples[name]), &data); err != nil {
		t.Fatalf("%s: the example: %v", name, err)
	}
	return typ, with(t, s, data), data
}

func with(t *testing.T, s Step, data map[string]any) Step {
	t.Helper()
	var err error
	if s.Data, err = json.Marshal(data); err != nil {
		t.Fatal(err)
	}
	return s
}

// refused fails unless a step is refused for one field, which a problem names
// together with what it must be.
func refused(t *testing.T, s Step, field, must string, missing bool) {
	t.Helper()
	err := Check(s)
	var problems *Error
	if !errors.As(err, &problems) {
		t.Errorf("%s of %s: %v, want an Error", field, s.Type, err)
		return
	}
	at := slices.IndexFunc(problems.Problems, func(p Problem) bool { return p.Field == field })
	if at < 0 {
		t.Errorf("%v does not name %s", err, field)
		return
	}
	if p := problems.Problems[at]; p.Must != must || (p.Found == "") != missing || must == "" {
		t.Errorf("%+v: must be %q, missing %t", p, must, missing)
	}
	for _, want := range []string{s.Type + ": ", field, must} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %q", err, want)
		}
	}
}

func TestEachTypeHasAnExampleWithAllItsFields(t *testing.T) {
	for _, name := range append(Names(), "custom.load-test") {
		typ, s, data := example(t, name)
		if err := Check(s); err != nil {
			t.Error(err)
		}
		for _, f := range typ.Fields {
			if data[f.Name] == nil {
				t.Errorf("%s: the example has no %s", name, f.Name)
			}
		}
	}
	if len(examples) != len(Types)+1 {
		t.Errorf("%d examples of %d types and custom.NAME", len(examples), len(Types))
	}
}

func TestAStepWithoutOptionalFieldsIsComplete(t *testing.T) {
	for name := range examples {
		typ, s, data := example(t, name)
		least := map[string]any{}
		for _, f := range typ.Fields {
			if f.Required {
				least[f.Name] = data[f.Name]
			} else {
				least[f.Name] = nil // null is as good as absent
			}
		}
		for _, empty := range []any{nil, ""} {
			for _, f := range typ.Fields {
				if !f.Required {
					least[f.Name] = empty
				}
			}
			if err := Check(with(t, s, least)); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAMissingFieldIsRefused(t *testing.T) {
	for name := range examples {
		typ, s, data := example(t, name)
		for _, f := range typ.Fields {
			if !f.Required {
				continue
			}
			less := maps.Clone(data)
			delete(less, f.Unless)
			delete(less, f.Name)
			refused(t, with(t, s, less), "data."+f.Name, f.Form.Must, true)
			for _, empty := range []any{nil, "", []any{}} {
				less[f.Name] = empty
				refused(t, with(t, s, less), "data."+f.Name, f.Form.Must, true)
			}
		}
	}
}

func TestAMalformedFieldIsRefused(t *testing.T) {
	for name := range examples {
		typ, s, data := example(t, name)
		for _, f := range typ.Fields {
			wrong := []any{json.RawMessage(`{"a": 1}`), json.RawMessage(`[{}]`), json.RawMessage(`[7]`), true, -1}
			switch {
			case f.Form.fields != nil:
				wrong = []any{"text", 7, json.RawMessage(`[7]`)}
			case f.Form.Must == Flag.Must:
				wrong = []any{"true", 1}
			case f.Form.Must == Texts.Must:
				wrong = []any{"text", json.RawMessage(`[7]`)}
			case f.Form.Must != Text.Must && f.Form.Must != Word.Must:
				wrong = append(wrong, "Pat Smith", "latest", "yesterday", " ")
			}
			for _, v := range wrong {
				other := maps.Clone(data)
				other[f.Name] = v
				refused(t, with(t, s, other), "data."+f.Name, f.Form.Must, false)
			}
		}
	}
}

func TestServiceEnvironmentImageAndDeploymentAreRequired(t *testing.T) {
	for name := range examples {
		typ, s, _ := example(t, name)
		environment := Text.Must
		if typ.Named {
			environment = Identifier.Must
		}
		for field, c := range map[string]struct {
			required bool
			change   func(*Step)
			must     string
		}{
			"service":     {typ.Place, func(s *Step) { s.Service = "" }, Text.Must},
			"environment": {typ.Place && !typ.Everywhere, func(s *Step) { s.Environment = "" }, environment},
			"digest":      {typ.Image, func(s *Step) { s.Digest = "" }, Digest.Must},
			"deployment":  {typ.Deployment, func(s *Step) { s.Deployment = "" }, Text.Must},
			"now":         {typ.Mode != "", func(s *Step) { s.Now = time.Time{} }, "the instant decided about"},
		} {
			less := s
			c.change(&less)
			if c.required {
				refused(t, less, field, c.must, true)
			} else if err := Check(less); err != nil {
				t.Errorf("without %s: %v", field, err)
			}
		}
		s.Digest = "latest"
		refused(t, s, "digest", Digest.Must, false)
	}
}

// The gate could not say where such a step was.
func TestAStepInStagingNamesAnIdentifier(t *testing.T) {
	for _, name := range []string{"staging.deployed", "staging.verified"} {
		_, s, _ := example(t, name)
		for _, environment := range []string{"Staging EU", "STAGING", "-", " "} {
			s.Environment = environment
			refused(t, s, "environment", Identifier.Must, false)
		}
	}
	_, s, _ := example(t, "deploy.live")
	s.Environment = "Production EU"
	if err := Check(s); err != nil {
		t.Error(err)
	}
}

func TestAModeBelongsToDecisions(t *testing.T) {
	_, s, _ := example(t, "gate.simulated")
	s.Mode = "enforce"
	refused(t, s, "mode", "simulate", false)
	_, s, _ = example(t, "deploy.live")
	s.Mode = "enforce"
	refused(t, s, "mode", "empty", false)
}

func TestFieldsInsideObjectsAreChecked(t *testing.T) {
	_, s, data := example(t, "gate.evaluated")
	data["policy"] = map[string]any{"version": "v1"}
	refused(t, with(t, s, data), "data.policy.digest", Digest.Must, true)
	_, s, data = example(t, "gate.evaluated")
	data["findings"] = []any{map[string]any{"code": "soak.too_short", "effect": "deny"}, map[string]any{"code": 7, "effect": "deny"}}
	refused(t, with(t, s, data), "data.findings[1].code", Word.Must, false)
}

func TestAnEmergencyThatNamesWhoAskedNeedsNoTicket(t *testing.T) {
	_, s, data := example(t, "emergency.used")
	delete(data, "ticket")
	if err := Check(with(t, s, data)); err != nil {
		t.Error(err)
	}
}

func TestAnAdoptionContradictsItself(t *testing.T) {
	for name, c := range map[string]struct {
		change      func(map[string]any)
		field, must string
		missing     bool
	}{
		"no version before":   {func(d map[string]any) { delete(d, "previous_version") }, "data.previous_version", "given together with previous_digest", true},
		"no digest before":    {func(d map[string]any) { d["previous_digest"] = "" }, "data.previous_digest", "given together with previous_version", true},
		"the same before":     {func(d map[string]any) { d["previous_digest"] = digest }, "data.previous_digest", "another image than the one that runs", false},
		"approved by oneself": {func(d map[string]any) { d["approver"] = "github:1" }, "data.approver", "another person than requested_by", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, s, data := example(t, "production.adopted")
			c.change(data)
			refused(t, with(t, s, data), c.field, c.must, c.missing)
		})
	}
}

func TestDataIsOneObjectWithoutNamesThatReadersConfuse(t *testing.T) {
	_, s, _ := example(t, "approval.granted")
	for text, want := range map[string]string{
		`[]`:                      "must be a JSON object, not []",
		`7`:                       "must be a JSON object, not 7",
		`{"a":`:                   "must be a JSON object",
		`{"a": 1, "a": 2}`:        `"a" is there twice`,
		`{"a": {"b": 1, "b": 2}}`: `"b" is there twice`,
		strings.Replace(exampleApproval, `"role"`, `"Role"`, 1):                              "data.Role must be spelled role",
		strings.Replace(exampleApproval, `{`, `{"Approver": "github:7",`, 1):                 "data.Approver must be spelled approver",
		strings.Replace(exampleApproval, `{`, `{"`+"\u212a"+`ind": "x",`, 1):                 "must be spelled kind",
		strings.Replace(exampleApproval, `"github:1"`, `"`+strings.Repeat("é", 1000)+`"`, 1): "…",
	} {
		s.Data = json.RawMessage(text)
		if err := Check(s); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "approval.granted: ") || len(err.Error()) > 400 {
			t.Errorf("%.60s: %v; want %q", text, err, want)
		}
	}
}

func TestUnknownTypesAreRefused(t *testing.T) {
	for name, want := range map[string]string{
		"":                 "use one of gate.requested, ",
		"aproval.granted":  `did you mean "approval.granted"`,
		"custom":           "or custom.NAME",
		"custom.":          "the part after \"custom.\" must be an identifier",
		"custom.Load Test": "the part after \"custom.\" must be an identifier",
		"Custom.x":         "unknown type",
	} {
		if _, err := Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", name, err, want)
		}
		if err := Check(Step{Type: name}); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestATextIsReadAsAPersonMeansIt(t *testing.T) {
	for _, c := range []struct {
		form       Form
		text, want string // as JSON; empty: refused
	}{
		{Text, "why not", `"why not"`},
		{Text, " ", ""},
		{Digest, digest, `"` + digest + `"`},
		{Digest, "latest", ""},
		{Person, " Jane@Example.com ", `"mailto:jane@example.com"`},
		{Person, "github:7", `"github:7"`},
		{Person, "Pat Smith", ""},
		{Person, "a@b.c,d@e.f", ""},
		{Person, "mailto:a@b.c,mailto:d@e.f", ""},
		{Persons, "a@b.c, github:7", `["mailto:a@b.c","github:7"]`},
		{Persons, "a@b.c,", ""},
		{Lifted, "Jane@Example.com," + strings.ToUpper(entry), `["mailto:jane@example.com","` + entry + `"]`},
		{Lifted, "Pat Smith", ""},
		{Kind, "rollback", `"rollback"`},
		{Kind, "promo", ""},
		{Entry, entry, `"` + entry + `"`},
		{Entry, "9b2f3a52-8a1f-4f0e-9d7c-0d7f3b1c2a11", ""},
		{Instant, "2026-11-24T11:20:00.5-05:00", `"2026-11-24T16:20:00.5Z"`},
		{Instant, "yesterday", ""},
		{Seconds, "5m", `300`},
		{Seconds, "0.5", `0.5`},
		{Seconds, "-5m", ""},
		{Seconds, "NaN", ""},
		{Seconds, "1e9", ""},
		{Seconds, "long", ""},
		{Attempt, "2", `2`},
		{Attempt, "0", ""},
		{Attempt, "1000001", ""},
		{Attempt, "first", ""},
		{Flag, "true", ""}, // nobody types it
		{policy, "v1", ""},
	} {
		v, err := c.form.Read(c.text)
		if c.want == "" {
			if err == nil || !strings.HasPrefix(err.Error(), "must be "+c.form.Must) {
				t.Errorf("%q is read as %v, %v", c.text, v, err)
			}
			continue
		}
		got, _ := json.Marshal(v)
		if err != nil || string(got) != c.want {
			t.Errorf("%q is read as %s, %v; want %s", c.text, got, err, c.want)
		}
	}
}

// What a person types and Read accepts is accepted when it is recorded.
func FuzzRead(f *testing.F) {
	f.Add("5m")
	f.Add("Jane@Example.com, github:7")
	f.Add("2026-11-24T11:20:00-05:00")
	f.Fuzz(func(t *testing.T, text string) {
		for name, typ := range map[string]string{"approver": "approval.granted", "approved_at": "approval.granted", "approval_duration_seconds": "approval.granted",
			"kind": "approval.granted", "lifts": "approval.granted", "approvers": "deploy.live", "attempt": "deploy.live", "settles": "emergency.reviewed"} {
			kind, s, data := example(t, typ)
			field, _ := kind.Field(name)
			v, err := field.Form.Read(text)
			if err != nil {
				continue
			}
			data[name] = v
			if err := Check(with(t, s, data)); err != nil {
				t.Errorf("%q is read as %v: %v", text, v, err)
			}
		}
	})
}

// No bytes make Check panic, and what it accepts says what its readers need.
func FuzzCheck(f *testing.F) {
	for name, data := range examples {
		f.Add(name, []byte(data))
	}
	f.Add("approval.granted", []byte(`{"approver": "github:1", "Approver": "x", "approved_at": "0001-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		typ, err := Find(name)
		if err != nil {
			return
		}
		s := Step{Type: name, Service: "s", Environment: "e", Digest: digest, Deployment: "d", Mode: typ.Mode, Now: time.Unix(1, 0), Data: data}
		err = Check(s)
		if err != nil {
			if !strings.HasPrefix(err.Error(), name+": ") {
				t.Errorf("%v does not name the type", err)
			}
			return
		}
		if again := Check(s); again != nil {
			t.Errorf("accepted, and then %v", again)
		}
		if len(data) == 0 {
			return
		}
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatalf("accepted, but %v", err)
		}
		for _, field := range typ.Fields {
			if field.Required && field.Unless == "" && len(fields[field.Name]) == 0 {
				t.Errorf("%s is accepted without %s: %s", name, field.Name, data)
			}
		}
		var approval struct {
			Approver   string    `json:"approver"`
			ApprovedAt time.Time `json:"approved_at"`
		}
		if strings.HasPrefix(name, "approval.") {
			if err := json.Unmarshal(data, &approval); err != nil || !isPerson(approval.Approver) || approval.ApprovedAt.IsZero() {
				t.Errorf("%s is read as %+v, %v", data, approval, err)
			}
		}
	})
}

func ExampleCheck() {
	err := Check(Step{Type: "incident.linked", Service: "web", Environment: "production", Deployment: "acme/web/runs/7", Data: json.RawMessage(`{"incident": 7}`)})
	fmt.Println(err)
	// Output: incident.linked: data.incident must be text that is not blank, not 7
}

func TestAStepRefersToWhatItCan(t *testing.T) {
	dismiss := func(of string) (Step, Step) {
		_, s, _ := example(t, "entry.dismissed")
		_, to, _ := example(t, of)
		return s, to
	}
	for name, c := range map[string]struct {
		steps func() (Step, Step)
		want  string // empty: it can
	}{
		"a dismissal of a failed verification": {func() (Step, Step) { return dismiss("verification.failed") }, ""},
		"a dismissal of good news":             {func() (Step, Step) { return dismiss("verification.passed") }, "data.entry must be the id of bad news, not that of a verification.passed"},
		"a dismissal of a decision":            {func() (Step, Step) { return dismiss("gate.evaluated") }, "must be the id of bad news"},
		"a dismissal of a freeze":              {func() (Step, Step) { return dismiss("freeze.declared") }, "use prodgate freeze lift"},
		"a dismissal of a rejection":           {func() (Step, Step) { return dismiss("approval.rejected") }, "--lifts"},
		"a dismissal of a step of one's own":   {func() (Step, Step) { return dismiss("custom.load-test") }, "must be the id of bad news"},
		"a dismissal of an unknown type":       {func() (Step, Step) { s, to := dismiss("deploy.live"); to.Type = "new.type"; return s, to }, "must be the id of bad news"},
		"an end of a delegation": {func() (Step, Step) {
			_, s, _ := example(t, "delegation.ended")
			_, to, _ := example(t, "delegation.granted")
			return s, to
		}, ""},
		"an end of a freeze": {func() (Step, Step) {
			_, s, _ := example(t, "delegation.ended")
			_, to, _ := example(t, "freeze.declared")
			return s, to
		}, "data.delegation must be the id of a delegation.granted"},
		"a dismissal of a delegation": {func() (Step, Step) { return dismiss("delegation.granted") }, "use prodgate delegate end"},
		"a lift of a freeze": {func() (Step, Step) {
			_, s, _ := example(t, "freeze.lifted")
			_, to, _ := example(t, "freeze.declared")
			return s, to
		}, ""},
		"a lift of a deployment": {func() (Step, Step) {
			_, s, _ := example(t, "freeze.lifted")
			_, to, _ := example(t, "deploy.live")
			return s, to
		}, "data.freeze must be the id of a freeze.declared"},
		"a review of a deployment": {func() (Step, Step) {
			_, s, _ := example(t, "emergency.reviewed")
			_, to, _ := example(t, "deploy.live")
			return s, to
		}, "data.settles must be the id of an emergency.used"},
		"a review of an emergency":                     {review("github:3", "payments-api", ""), ""},
		"a review by who asked":                        {review("github:1", "payments-api", ""), "data.reviewer must be a person who neither asked"},
		"a review by who approved":                     {review("github:2", "payments-api", ""), "data.reviewer must be a person who neither asked"},
		"a review of another service":                  {review("github:3", "web", ""), `service must be "payments-api", as of the emergency, not "web"`},
		"a review of an emergency of an older version": {review("github:3", "payments-api", `{"requested_by": "github:1"}`), ""},
		"a step that refers to nothing": {func() (Step, Step) {
			_, s, _ := example(t, "deploy.live")
			return s, s
		}, ""},
	} {
		s, to := c.steps()
		if err := CheckReference(s, to); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

// review is a review of an emergency that github:1 asked for and github:2 approved.
func review(reviewer, service, emergency string) func() (Step, Step) {
	if emergency == "" {
		emergency = examples["emergency.used"]
	}
	return func() (Step, Step) {
		return Step{Type: "emergency.reviewed", Service: service, Data: json.RawMessage(`{"settles": "` + entry + `", "reviewer": "` + reviewer + `"}`)},
			Step{Type: "emergency.used", Service: "payments-api", Data: json.RawMessage(emergency)}
	}
}

func TestADelegationIsToAnotherPersonAndEndsAfterItBegan(t *testing.T) {
	for data, field := range map[string]string{
		`{"role": "r", "by": "github:1", "to": "github:1", "from": "2026-11-24T18:00:00Z", "until": "2026-11-30T18:00:00Z", "bundle": {"dsseEnvelope": {}}}`:      "data.to",
		`{"role": "r", "by": "github:1", "to": "github:2", "from": "2026-11-24T18:00:00Z", "until": "2026-11-24T18:00:00Z", "bundle": {"dsseEnvelope": {}}}`:      "data.until",
		`{"role": "r", "by": "github:1", "to": "github:2", "from": "2026-11-24T18:00:00Z", "until": "2026-11-24T18:59:59+01:00", "bundle": {"dsseEnvelope": {}}}`: "data.until",
		`{"role": "r", "by": "github:1", "to": "github:2", "from": "2026-11-24T18:00:00Z", "until": "2026-11-24T18:00:01Z", "bundle": {"dsseEnvelope": {}}}`:      "",
	} {
		err := Check(Step{Type: "delegation.granted", Data: json.RawMessage(data)})
		var wrong *Error
		if field == "" && err != nil || field != "" && (!errors.As(err, &wrong) || len(wrong.Problems) != 1 || wrong.Problems[0].Field != field) {
			t.Errorf("%s: %v, want a problem of %q", data, err, field)
		}
	}
}
