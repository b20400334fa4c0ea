package report_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
)

// The decisions that every format is tried on, built by hand.
var cases = map[string]func() *evaluator.Decision{
	"allow":        allowed,
	"recorded":     recorded,
	"deny":         denied,
	"wait":         waiting,
	"deny-then":    waitingInVain,
	"source-error": unreadable,
	"hostile":      func() *evaluator.Decision { return hostile(attack) },
	"empty":        func() *evaluator.Decision { return &evaluator.Decision{} },
}

var eastern = time.FixedZone("", -5*60*60)

func at(day, hour, minute int) time.Time {
	return time.Date(2026, time.November, day, hour, minute, 0, 0, eastern)
}

func ptr[T any](v T) *T { return &v }

const deploy = "registry.example.com/payments-api@sha256:7a3f9c2b5d1e8f604b1c2d3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f60718"

var shipped = []string{
	"approval", "audit", "freeze", "immutability", "incident", "monitoring", "notification",
	"request", "rollback", "soak", "staging", "vulnerabilities", "waiver", "window",
}

// allowed passes all checks, with mode enforce.
func allowed() *evaluator.Decision {
	return &evaluator.Decision{
		Outcome: evaluator.Allow, Mode: evaluator.ModeEnforce, Deploy: ptr(deploy),
		Request:    evaluator.Subject{ID: "run-8812", Service: "payments-api", Environment: "production", Kind: "promotion"},
		Now:        at(24, 11, 20),
		ValidUntil: ptr(at(24, 11, 35)),
		Required:   shipped, Passed: shipped,
		Policy:  evaluator.PolicyID{Version: "v1", Revision: "1.0.0", Digest: "sha256:51ce" + strings.Repeat("0d", 30)},
		Input:   evaluator.InputID{Digest: "sha256:90ab" + strings.Repeat("e1", 30)},
		Sources: map[string]facts.Source{"artifact": {Status: facts.StatusOK, Kind: "registry", ObservedAt: ptr(at(24, 11, 19))}},
	}
}

// recorded is allowed, and an entry of the trail.
func recorded() *evaluator.Decision {
	d := allowed()
	d.Trail = &evaluator.Recorded{Seq: 4711, LeafHash: "vOoO0FZSJCwYbxaeNCgU7wJp5yu/x90v06ogusTPK+E=", Checkpoint: "prodgate.dev/trail/ecb6f8c9\n4712\n…\n"}
	return d
}

// without gives the shipped checks but for names.
func without(names ...string) []string {
	var rest []string
	for _, check := range shipped {
		if !strings.Contains(strings.Join(names, " "), check) {
			rest = append(rest, check)
		}
	}
	return rest
}

func soak() evaluator.Finding {
	return evaluator.Finding{
		Code: "soak.too_short", Check: "soak", Title: "Minimum soak in staging",
		Message: "payments-api has been in staging for 41m; it must soak for 1h", Effect: evaluator.EffectDeny,
		Observed: "41m", Required: "1h", Path: "/staging/deployed_at", Cure: evaluator.CureWait,
		Remedy: "Wait; every new deployment to staging starts the soak again.", OpensAt: ptr(at(24, 11, 39)),
		Docs: "prodgate policy explain soak.too_short",
	}
}

func critical() evaluator.Finding {
	return evaluator.Finding{
		Code: "vulnerabilities.critical", Check: "vulnerabilities", Title: "No critical vulnerabilities",
		Message: "CVE-2026-1111 in openssl 3.2.1 is critical", Effect: evaluator.EffectDeny, Item: ptr("CVE-2026-1111"),
		Observed: map[string]any{"package": "openssl", "installed_version": "3.2.1", "severity": "CRITICAL"},
		Required: []any{"LOW", "MEDIUM", "HIGH"}, Path: "/vulnerabilities/scans/0/findings/3", Cure: evaluator.CureFix,
		Remedy: "Rebuild with openssl 3.2.4 or newer.", Who: []string{"the service's team"},
		Docs: "prodgate policy explain vulnerabilities.critical",
	}
}

// denied has one finding of every kind, in an order that printing must change.
func denied() *evaluator.Decision {
	d := allowed()
	d.Outcome, d.ExitCode, d.ValidUntil = evaluator.Deny, 1, nil
	d.Mode, d.Weakened = evaluator.ModeSimulate, []string{"--at 2026-11-24T11:20:00-05:00"}
	d.Passed = without("soak", "vulnerabilities", "approval", "incident")
	d.NotApplicable = []string{"incident"}
	waived := critical()
	waived.Effect, waived.Item = evaluator.EffectWaived, ptr("CVE-2026-2222")
	waived.Message = "CVE-2026-2222 in zlib 1.3 is critical; waived until Tue 2026-12-01 by OPS-7"
	warning := evaluator.Finding{
		Code: "window.discouraged", Check: "window", Title: "Outside the preferred window", Effect: evaluator.EffectWarn,
		Message: "Fri 15:10 is after the preferred window", Observed: "Fri 15:10", Required: "Tue-Thu 10:00-14:00",
		Path: "/now", Cure: evaluator.CureWait, Remedy: "Prefer Tue-Thu 10:00-14:00.",
	}
	approval := evaluator.Finding{
		Code: "approval.missing", Check: "approval", Title: "Approved by somebody else", Effect: evaluator.EffectDeny,
		Message: "no approval counts: mailto:ana@example.com is the requester", Observed: 0, Required: 1, Path: "/approvals",
		Cure: evaluator.CureAsk, Remedy: "Ask for an approval of this digest for production.",
		Who: []string{"platform-lead", "release-manager"}, Docs: "https://docs.example.com/approval",
	}
	d.Findings = []evaluator.Finding{waived, warning, soak(), approval, critical()}
	return d
}

func waiting() *evaluator.Decision {
	d := allowed()
	d.Outcome, d.ExitCode, d.ValidUntil = evaluator.Deny, 3, nil
	d.Mode, d.OpensAt = evaluator.ModeDocument, ptr(at(24, 11, 39))
	d.Passed = without("soak")
	d.Findings = []evaluator.Finding{soak()}
	return d
}

// waitingInVain is a decision in which something else denies once the waiting
// is over.
func waitingInVain() *evaluator.Decision {
	d := waiting()
	d.ExitCode, d.OpensAt, d.Mode = 1, nil, evaluator.ModeEnforce
	d.Then = []evaluator.Finding{{
		Code: "vulnerabilities.stale", Check: "vulnerabilities", Title: "A recent scan", Effect: evaluator.EffectDeny,
		Message: "the scan will be older than 24h", Path: "/vulnerabilities/scans/0/scanned_at",
		Cure: evaluator.CureFix, Remedy: "Scan the image again.",
	}}
	return d
}

// unreadable could not read two sources.
func unreadable() *evaluator.Decision {
	d := allowed()
	d.Outcome, d.ExitCode, d.ValidUntil, d.Deploy = evaluator.Deny, 1, nil, nil
	d.Passed = without("immutability", "monitoring")
	d.Sources = map[string]facts.Source{
		"artifact":   {Status: facts.StatusError, Kind: "registry", Error: ptr(`get "localhost:5000/payments-api:7a3f9c2": connection refused`)},
		"monitoring": {Status: facts.StatusUnconfigured},
		"staging":    {Status: facts.StatusOK, Kind: "file"},
	}
	d.Findings = []evaluator.Finding{{
		Code: "immutability.no_artifact", Check: "immutability", Title: "The artifact can be read", Effect: evaluator.EffectDeny,
		Message: "the source artifact could not be read: connection refused", Path: "/artifact", Cure: evaluator.CureFix,
		Remedy: "Make the registry reachable and run again.",
	}}
	return d
}

// attack tries every format at once.
const attack = "::error::pwned\r\n::add-mask::x\n##[set-env name=A]b ##vso[task.complete]\x1b[2J\x1b]0;t\x07" +
	"\u202eLLA\u2066\u200b\x00\x9b31m\xff\xfe | `x` <script>alert(1)</script> ![i](http://evil.example/i.png) [l](javascript:x) @security-team #1 ]]> &lt; %0A%25 {0} {{.x}} www.evil.example\uffff\nALLOW  payments-api"

// hostile is a decision in which every text is s.
func hostile(s string) *evaluator.Decision {
	finding := func(effect evaluator.Effect, cure evaluator.Cure) evaluator.Finding {
		return evaluator.Finding{
			Code: s, Check: s, Title: s, Message: s, Effect: effect, Item: &s, Observed: map[string]any{s: []any{s, 1, nil}},
			Required: []any{s, s}, Path: s, Cure: cure, Remedy: s, Who: []string{s, s}, OpensAt: ptr(at(25, 10, 0)), Docs: s,
		}
	}
	return &evaluator.Decision{
		Outcome: evaluator.Outcome(s), ExitCode: 1, Mode: evaluator.Mode(s), Deploy: &s, Now: at(24, 11, 20),
		Request:  evaluator.Subject{ID: s, Service: s, Environment: s, Kind: s, Emergency: true},
		Required: []string{s, s + "2"}, Passed: []string{s, s + "3"}, NotApplicable: []string{s + "4"},
		Findings: []evaluator.Finding{
			finding(evaluator.EffectDeny, evaluator.CureFix), finding(evaluator.EffectDeny, evaluator.CureAsk),
			finding(evaluator.EffectDeny, evaluator.CureWait), finding(evaluator.EffectWarn, evaluator.CureFix),
			finding(evaluator.EffectWaived, evaluator.CureFix), finding(evaluator.Effect(s), evaluator.Cure(s)),
		},
		Then:     []evaluator.Finding{finding(evaluator.EffectDeny, evaluator.CureAsk)},
		Policy:   evaluator.PolicyID{Version: s, Revision: s, Digest: s},
		Input:    evaluator.InputID{Digest: s},
		Sources:  map[string]facts.Source{s: {Status: facts.Status(s), Kind: s, Error: &s}},
		Weakened: []string{s},
		Trail:    &evaluator.Recorded{LeafHash: s, Checkpoint: s},
	}
}

// crowd is a decision with n findings like f.
func crowd(n int, f evaluator.Finding) *evaluator.Decision {
	d := denied()
	d.Findings = slices.Repeat([]evaluator.Finding{f}, n)
	return d
}

// options print as the command line does on a saved document.
func options() report.Options {
	lines := map[string]int{"/staging/deployed_at": 41, "/vulnerabilities/scans/0/findings/3": 230}
	return report.Options{
		InputName: "release.json",
		Lines:     func(pointer string) int { return lines[pointer] },
	}
}

// render prints d or fails loudly; it is used where an error is not expected.
func render(format string, d *evaluator.Decision, o report.Options) string {
	out, err := report.Render(print.Output{Format: format}, d, o)
	if err != nil {
		panic(fmt.Sprintf("render %s: %v", format, err))
	}
	return string(out)
}
