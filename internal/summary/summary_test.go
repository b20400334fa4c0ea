package summary

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
)

const (
	digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	policy = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.FixedZone("", -5*60*60))

func text(s string) *string { return &s }

// allow is a decision that has a summary.
func allow() *evaluator.Decision {
	until := noon.Add(time.Hour)
	deploy := "registry.example.com:5000/team/payments-api@" + digest
	return &evaluator.Decision{
		Outcome: evaluator.Allow, Mode: evaluator.ModeEnforce, Deploy: &deploy, Now: noon, ValidUntil: &until,
		Request: evaluator.Subject{ID: "r-1", Service: "payments-api", Environment: "production", Kind: "promotion"},
		Policy:  evaluator.PolicyID{Version: "v1", Revision: "1.2.0", Digest: policy},
		Input:   evaluator.InputID{Digest: digest},
		Findings: []evaluator.Finding{
			{Code: "vulnerabilities.critical", Effect: evaluator.EffectWaived, Item: text("CVE-2026-1"), Message: "secret"},
			{Code: "approval.not_counted", Effect: evaluator.EffectWarn, Item: text("mailto:jane@example.com")},
			{Code: "approval.not_counted", Effect: evaluator.EffectWarn, Item: text("mailto:pat@example.com")},
		},
		Trail: &evaluator.Recorded{Seq: 7, LeafHash: "abc="},
	}
}

func TestTheSummaryOfAnAllow(t *testing.T) {
	s, about, err := Of(allow(), "0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "verifier": {
  "id": "https://prodgate.dev/verifier/v1",
  "version": {
   "prodgate": "0.1.0"
  }
 },
 "timeVerified": "2026-11-24T17:00:00Z",
 "resourceUri": "pkg:oci/payments-api@sha256%3Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?repository_url=registry.example.com%3A5000/team/payments-api",
 "policy": {
  "uri": "https://prodgate.dev/policies/v1",
  "digest": {
   "sha256": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
  },
  "annotations": {
   "revision": "1.2.0"
  }
 },
 "verificationResult": "PASSED",
 "verifiedLevels": [
  "PRODGATE_ALLOW/payments-api/production/promotion"
 ],
 "https://prodgate.dev/attestation/decision/v1": {
  "service": "payments-api",
  "environment": "production",
  "kind": "promotion",
  "request": "r-1",
  "emergency": false,
  "validUntil": "2026-11-24T18:00:00Z",
  "findings": [
   {
    "code": "vulnerabilities.critical",
    "effect": "waived",
    "item": "CVE-2026-1"
   },
   {
    "code": "approval.not_counted",
    "effect": "warn",
    "item": null
   }
  ],
  "inputDigest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "trail": {
   "seq": 7,
   "leafHash": "abc="
  }
 }
}`
	if string(got) != want || about != digest {
		t.Errorf("%s about %s", got, about)
	}
	again, err := Read(got)
	if err != nil || fmt.Sprint(again.Decision.ValidUntil, again.Levels, again.Policy) != fmt.Sprint(s.Decision.ValidUntil, s.Levels, s.Policy) {
		t.Errorf("read back %+v: %v", again, err)
	}
	if reasons := again.Reasons(want24()); len(reasons) > 0 {
		t.Error(reasons)
	}
}

func TestNothingElseHasASummary(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(d *evaluator.Decision)
		want   string
	}{
		"a denial":                 {func(d *evaluator.Decision) { d.Outcome = evaluator.Deny }, "not an allow"},
		"a denial for now":         {func(d *evaluator.Decision) { d.ExitCode = 3 }, "not an allow"},
		"a saved document":         {func(d *evaluator.Decision) { d.Mode = evaluator.ModeDocument }, "mode document"},
		"a simulation":             {func(d *evaluator.Decision) { d.Mode = evaluator.ModeSimulate }, "mode simulate"},
		"an unknown mode":          {func(d *evaluator.Decision) { d.Mode = "shadow" }, "mode shadow"},
		"no mode":                  {func(d *evaluator.Decision) { d.Mode = "" }, "mode"},
		"a weakened gate":          {func(d *evaluator.Decision) { d.Weakened = []string{"--insecure-registry"} }, "weakened: --insecure-registry"},
		"no image":                 {func(d *evaluator.Decision) { d.Deploy = nil }, "names no image"},
		"an image without digest":  {func(d *evaluator.Decision) { d.Deploy = text("registry.example.com/a:1") }, "no digest"},
		"a denial among the finds": {func(d *evaluator.Decision) { d.Findings[0].Effect = evaluator.EffectDeny }, "a denial"},
		"the zero decision":        {func(d *evaluator.Decision) { *d = evaluator.Decision{} }, "not an allow"},
	} {
		d := allow()
		tt.change(d)
		if s, _, err := Of(d, "0.1.0"); err == nil || !strings.Contains(err.Error(), tt.want) || s.Result != "" {
			t.Errorf("%s: %v, %+v", name, err, s)
		}
	}
}

// want24 is what allow says, at its time.
func want24() Want {
	return Want{
		Policies: []string{digest, policy}, Service: "payments-api", Environment: "production",
		Resource: ResourceURI("registry.example.com:5000/team/payments-api", digest), Now: noon.Add(time.Minute),
	}
}

func TestReasons(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(s *Summary, w *Want)
		want   string // "": none
	}{
		"as it was":               {func(*Summary, *Want) {}, ""},
		"the kind, too":           {func(_ *Summary, w *Want) { w.Kind = "promotion" }, ""},
		"another kind":            {func(_ *Summary, w *Want) { w.Kind = "rollback" }, `it is for the kind "promotion", not for rollback`},
		"no kind":                 {func(s *Summary, w *Want) { s.Decision.Kind, w.Kind = "", "rollback" }, "it names no kind"},
		"another environment":     {func(_ *Summary, w *Want) { w.Environment = "staging" }, `it is for the environment "production", not for staging`},
		"no environment":          {func(s *Summary, _ *Want) { s.Decision.Environment = "" }, "it names no environment"},
		"no environment at all":   {func(s *Summary, w *Want) { s.Decision.Environment, w.Environment = "", "" }, "it names no environment"},
		"another service":         {func(_ *Summary, w *Want) { w.Service = "search-api" }, `it is for the service "payments-api", not for search-api`},
		"another verifier":        {func(s *Summary, _ *Want) { s.Verifier.ID = "https://example.com" }, `the verifier is "https://example.com", not https://prodgate.dev/verifier/v1`},
		"another resource":        {func(s *Summary, _ *Want) { s.ResourceURI = "pkg:oci/b" }, `it is about the resource "pkg:oci/b", not about pkg:oci/payments-api@`},
		"another policy":          {func(_ *Summary, w *Want) { w.Policies = []string{digest} }, "it was decided by the policies " + policy + ", not by " + digest},
		"no policy":               {func(s *Summary, _ *Want) { s.Policy.Digest = nil }, "without a sha256 digest"},
		"no policy, none wanted":  {func(s *Summary, w *Want) { s.Policy.Digest, w.Policies = nil, nil }, "without a sha256 digest"},
		"failed":                  {func(s *Summary, _ *Want) { s.Result = Failed }, `its result is "FAILED", not PASSED`},
		"another spelling":        {func(s *Summary, _ *Want) { s.Result = "passed" }, `its result is "passed", not PASSED`},
		"the last second":         {func(_ *Summary, w *Want) { w.Now = noon.Add(time.Hour - 1) }, ""},
		"the end":                 {func(_ *Summary, w *Want) { w.Now = noon.Add(time.Hour) }, "the allow was valid until 2026-11-24T18:00:00Z"},
		"no end":                  {func(s *Summary, _ *Want) { s.Decision.ValidUntil = nil }, "it does not say until when the allow is valid"},
		"an age instead":          {func(_ *Summary, w *Want) { w.Now, w.MaxAge = noon.Add(5*time.Hour), 5*time.Hour }, ""},
		"too old":                 {func(_ *Summary, w *Want) { w.Now, w.MaxAge = noon.Add(5*time.Hour+1), 5*time.Hour }, "it was decided at 2026-11-24T17:00:00Z, more than 5h0m0s ago"},
		"a clock that is ahead":   {func(_ *Summary, w *Want) { w.Now = noon.Add(-5 * time.Minute) }, ""},
		"the future":              {func(_ *Summary, w *Want) { w.Now = noon.Add(-5*time.Minute - 1) }, "which is in the future"},
		"the future, with an age": {func(_ *Summary, w *Want) { w.Now, w.MaxAge = noon.Add(-time.Hour), time.Hour }, "which is in the future"},
	} {
		s, _, err := Of(allow(), "0.1.0")
		if err != nil {
			t.Fatal(err)
		}
		w := want24()
		tt.change(&s, &w)
		reasons := s.Reasons(w)
		if (tt.want == "") != (len(reasons) == 0) || tt.want != "" && (len(reasons) != 1 || !strings.Contains(reasons[0], tt.want)) {
			t.Errorf("%s: %q", name, reasons)
		}
	}
}

func TestALaterFailureRevokes(t *testing.T) {
	passed, _, err := Of(allow(), "0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(s *Summary)
		want   bool
	}{
		"at the same time":            {func(*Summary) {}, true},
		"later":                       {func(s *Summary) { s.TimeVerified = noon.Add(time.Hour) }, true},
		"earlier":                     {func(s *Summary) { s.TimeVerified = noon.Add(-1) }, false},
		"by another policy":           {func(s *Summary) { s.Policy.Digest = nil }, true},
		"for another environment":     {func(s *Summary) { s.Decision.Environment = "staging" }, false},
		"a result that is not known":  {func(s *Summary) { s.Result = "BLOCKED" }, true},
		"the same, with another pass": {func(s *Summary) { s.Result = Passed }, false},
	} {
		failed := passed
		failed.Result = Failed
		tt.change(&failed)
		if failed.Revokes(passed, want24()) != tt.want {
			t.Errorf("%s: revokes is not %t", name, tt.want)
		}
	}
}

func TestPredicatesThatCannotBeRead(t *testing.T) {
	s, _, err := Of(allow(), "0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(content)
	for name, tt := range map[string]struct{ predicate, want string }{
		"nothing":                  {"", "not a JSON object"},
		"null":                     {"null", "no verifier"},
		"a list":                   {"[]", "not a JSON object"},
		"a result in another case": {strings.Replace(whole, "verificationResult", "VerificationResult", 1), "no verificationResult"},
		"no time":                  {strings.Replace(whole, `"timeVerified":"2026-11-24T17:00:00Z"`, `"timeVerified":null`, 1), "no timeVerified"},
		"a time without zone":      {strings.Replace(whole, "17:00:00Z", "17:00:00", 1), "timeVerified of the predicate"},
		"a policy that is a text":  {strings.Replace(whole, `"policy":{`, `"policy":"x","p":{`, 1), "policy of the predicate"},
		"an extension with a list": {strings.Replace(whole, `"service":"payments-api"`, `"service":[]`, 1), extension},
	} {
		if s, err := Read(json.RawMessage(tt.predicate)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %+v", name, err, s)
		}
	}
	bare, err := Read(json.RawMessage(`{"verifier":{"id":"https://prodgate.dev/verifier/v1"},"timeVerified":"2026-11-24T17:00:00Z","resourceUri":"r","policy":{"uri":"p"},"verificationResult":"PASSED"}`))
	if err != nil || len(bare.Reasons(want24())) < 4 {
		t.Errorf("without the extension: %v, %q", err, bare.Reasons(want24()))
	}
}

func FuzzRead(f *testing.F) {
	s, _, err := Of(allow(), "0.1.0")
	if err != nil {
		f.Fatal(err)
	}
	content, err := json.Marshal(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte(`{"verifier":null,"policy":{"digest":{"sha256":""}},"verifiedLevels":[1]}`))
	f.Fuzz(func(t *testing.T, predicate []byte) {
		s, err := Read(predicate)
		if err != nil {
			return
		}
		if len(s.Reasons(want24())) == 0 && (s.Result != Passed || s.Decision.Environment != "production" || s.PolicyDigest() != policy && s.PolicyDigest() != digest) {
			t.Errorf("%s counts", predicate)
		}
	})
}
