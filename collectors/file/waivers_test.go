package file_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/stricttest"
)

const (
	one = `- code: vulnerabilities.denied
  item: CVE-2026-1
  service: payments-api
  environment: production
  digest: ` + zeros + `
  reason: not reachable
  ticket: SEC-77
  issued_at: 2026-11-24T10:00:00Z
  expires_at: 2026-11-24T10:00:00Z
  approver: vp@example.com
`
)

func without(key string) string {
	var kept []string
	for line := range strings.Lines(one) {
		if !strings.Contains(line, key+":") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestWaivers(t *testing.T) {
	read := facts.Waiver{
		Code: "vulnerabilities.denied", Item: text("CVE-2026-1"), Service: "payments-api", Environment: "production", Digest: text(zeros),
		Reason: "not reachable", Ticket: "SEC-77", IssuedAt: at, ExpiresAt: at, Approver: "mailto:vp@example.com",
	}
	cases := []stricttest.Case{
		{Name: "whole", Content: one, Section: facts.Waivers{read}},
		{Name: "none", Content: "[]", Section: facts.Waivers{}},
		{Name: "a star for a service", Content: strings.Replace(one, "payments-api", "'*'", 1), Error: `f.yaml:3: [0].service is "*": must be an identifier`},
		{Name: "a code that is none", Content: strings.Replace(one, "vulnerabilities.denied", "everything", 1), Error: `f.yaml:1: [0].code is "everything"`},
		{Name: "a signature that nobody checked", Content: one + "  verified_by: me\n", Error: "f.yaml:11: [0].verified_by says whose signature prodgate checked"},
	}
	for _, key := range []string{"service", "environment", "reason", "ticket", "issued_at", "expires_at", "approver"} {
		cases = append(cases, stricttest.Case{Name: "without " + key, Content: without(key), Error: "f.yaml:1: [0]." + key + " is missing"})
	}
	stricttest.Run(t, reading("waivers"), cases)
}
