package recheck

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/trail"
)

var (
	noon     = time.Date(2027, 1, 5, 12, 0, 0, 0, time.UTC)
	digest   = "sha256:" + strings.Repeat("a", 64)
	platform = "sha256:" + strings.Repeat("d", 64)
)

// allow is a decision that still stands at noon.
func allow() *evaluator.Decision {
	deploy, until := "r.example.com/web@"+digest, noon.Add(10*time.Minute)
	return &evaluator.Decision{
		Outcome: evaluator.Allow, Mode: evaluator.ModeEnforce, Deploy: &deploy, Platforms: []string{platform}, Now: noon.Add(-time.Minute), ValidUntil: &until,
		Request: evaluator.Subject{ID: "7", Service: "web", Environment: "production", Kind: "promotion"},
	}
}

func TestCheckTakesAnAllowAway(t *testing.T) {
	for name, tt := range map[string]struct {
		change   func(*evaluator.Decision)
		question Question
		code     string // "" for an allow
	}{
		"as it was decided":                    {nil, Question{Repository: "r.example.com/web", Digest: digest, Service: "web", Environment: "production"}, ""},
		"nothing to compare":                   {nil, Question{}, ""},
		"a deny":                               {func(d *evaluator.Decision) { d.Outcome, d.ExitCode = evaluator.Deny, 1 }, Question{}, "check.outcome"},
		"an exit code that is not of an allow": {func(d *evaluator.Decision) { d.ExitCode = 3 }, Question{}, "check.outcome"},
		"an allow with a denial": {func(d *evaluator.Decision) {
			d.Findings = []evaluator.Finding{{Code: "x.y", Effect: evaluator.EffectDeny}}
		}, Question{}, "check.outcome"},
		"a simulation":           {func(d *evaluator.Decision) { d.Mode = evaluator.ModeSimulate }, Question{}, "check.mode"},
		"a saved document":       {func(d *evaluator.Decision) { d.Mode = evaluator.ModeDocument }, Question{}, "check.mode"},
		"no mode":                {func(d *evaluator.Decision) { d.Mode = "" }, Question{}, "check.mode"},
		"the instant of its end": {nil, Question{Now: noon.Add(10 * time.Minute)}, "check.expired"},
		"just before its end":    {nil, Question{Now: noon.Add(10*time.Minute - time.Nanosecond)}, ""},
		"no end":                 {func(d *evaluator.Decision) { d.ValidUntil = nil }, Question{}, "check.expired"},
		"made later than now":    {func(d *evaluator.Decision) { d.Now = noon.Add(6 * time.Minute) }, Question{}, "check.future"},
		"another digest":         {nil, Question{Digest: "sha256:" + strings.Repeat("b", 64)}, "check.artifact"},
		"another repository":     {nil, Question{Repository: "r.example.com/other"}, "check.artifact"},
		"no image":               {func(d *evaluator.Decision) { d.Deploy = nil }, Question{}, "check.artifact"},
		"another service":        {nil, Question{Service: "other"}, "check.service"},
		"another environment":    {nil, Question{Environment: "staging"}, "check.environment"},
	} {
		t.Run(name, func(t *testing.T) {
			d := allow()
			if tt.change != nil {
				tt.change(d)
			}
			if tt.question.Now.IsZero() {
				tt.question.Now = noon
			}
			a, err := Check(t.Context(), d, tt.question)
			if err != nil {
				t.Fatal(err)
			}
			if tt.code == "" && (a.Outcome != evaluator.Allow || a.ExitCode != 0 || len(a.Reasons) > 0) {
				t.Errorf("not allowed: %v", a.Reasons)
			}
			if tt.code != "" && (a.Outcome != evaluator.Deny || a.ExitCode != 1 || len(a.Reasons) != 1 || a.Reasons[0].Code != tt.code) {
				t.Errorf("outcome %s, exit code %d, reasons %v; want %s", a.Outcome, a.ExitCode, a.Reasons, tt.code)
			}
		})
	}
	d, err := Check(t.Context(), &evaluator.Decision{}, Question{Now: noon})
	if err != nil || d.Outcome == evaluator.Allow {
		t.Errorf("the zero decision: %v, %v", d, err)
	}
}

func TestReadRejectsAmbiguousInput(t *testing.T) {
	content, err := json.Marshal(allow())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(content); err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for name, bad := range map[string]string{
		"nothing":                  "",
		"null":                     "null",
		"no object":                "[]",
		"no JSON":                  "allow",
		"cut off":                  text[:len(text)-1],
		"something behind it":      text + "{}",
		"an unknown key":           strings.Replace(text, `{`, `{"approved":true,`, 1),
		"a key in another case":    strings.Replace(text, `"outcome"`, `"Outcome"`, 1),
		"a key twice":              strings.Replace(text, `{`, `{"outcome":"deny",`, 1),
		"a key twice deep down":    strings.Replace(text, `"service":"web"`, `"service":"web","service":"other"`, 1),
		"a missing key":            strings.Replace(text, `"weakened":null,`, ``, 1),
		"a missing key at the end": strings.Replace(text, `,"weakened":null`, ``, 1),
		"another type":             strings.Replace(text, `"exit_code":0`, `"exit_code":"0"`, 1),
	} {
		if bad == text {
			continue
		}
		if d, err := Read([]byte(bad)); err == nil {
			t.Errorf("%s: read %v", name, d)
		}
	}
}

func TestConcerns(t *testing.T) {
	for name, tt := range map[string]struct {
		event trail.Event
		want  bool
	}{
		"a rejection of the image anywhere":  {trail.Event{Type: trail.TypeApprovalRejected, Digest: digest, Environment: "prod"}, true},
		"a rejection of an index with it":    {trail.Event{Type: trail.TypeApprovalRejected, Digest: "sha256:b", Data: []byte(`{"platforms":["sha256:c","` + digest + `"]}`)}, true},
		"a rejection of another image":       {trail.Event{Type: trail.TypeApprovalRejected, Digest: "sha256:b", Service: "web"}, false},
		"a rejection of a platform of it":    {trail.Event{Type: trail.TypeApprovalRejected, Digest: platform, Environment: "prod", Service: "other"}, true},
		"a rejection of the service":         {trail.Event{Type: trail.TypeApprovalRejected, Service: "web"}, true},
		"a rejection of another service":     {trail.Event{Type: trail.TypeApprovalRejected, Service: "other"}, false},
		"a verification without a result":    {trail.Event{Type: trail.TypeStagingVerified, Digest: digest, Data: []byte(`{}`)}, true},
		"a verification in other letters":    {trail.Event{Type: trail.TypeStagingVerified, Digest: digest, Data: []byte(`{"result":"passed"}`)}, true},
		"a verification that passed":         {trail.Event{Type: trail.TypeStagingVerified, Digest: digest, Data: []byte(`{"result":"PASSED"}`)}, false},
		"a verification that failed":         {trail.Event{Type: trail.TypeStagingVerified, Digest: digest, Data: []byte(`{"result":"FAILED"}`)}, true},
		"a verification with another result": {trail.Event{Type: trail.TypeStagingVerified, Digest: digest, Data: []byte(`{"result":"aborted"}`)}, true},
		"a verification that cannot be read": {trail.Event{Type: trail.TypeStagingVerified, Digest: digest, Data: []byte(`{"result":1}`)}, true},
	} {
		if concerns(allow(), trail.Entry{Event: tt.event}) != tt.want {
			t.Errorf("%s: concerns is not %t", name, tt.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	content, err := json.Marshal(allow())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte(`{"outcome":"allow","outcome":"deny"}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := Read(content)
		if err != nil {
			return
		}
		if _, err := Check(t.Context(), d, Question{Now: noon}); err != nil {
			t.Fatal(err)
		}
	})
}
