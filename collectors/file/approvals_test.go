package file_test

import (
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/stricttest"
)

const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

func text(s string) *string { return &s }

func TestApprovals(t *testing.T) {
	minutes := 300.0
	specified := facts.Approval{
		Artifact: text("7a3f9c2"), Approver: "mailto:platform-lead@example.com", Decision: "approved", ApprovedAt: at,
		DeploymentWindow: text("business-hours"), ApprovalDurationSeconds: &minutes,
	}
	bound := specified
	bound.Digest, bound.Environment, bound.Role = text(zeros), text("production"), text("Platform Lead")
	const form = `{"artifact": "7a3f9c2", "approver": "Platform-Lead@example.com", "approved_at": "2026-11-24T10:00:00Z",
	"deployment_window": "business-hours", "approval_duration_seconds": 300`
	stricttest.Run(t, reading("approvals"), []stricttest.Case{
		{Name: "the specification's form, with a decision", Content: form + `, "decision": "approved"}`, Section: facts.Approvals{specified}},
		{Name: "a list of them, bound to an artifact", Content: "[" + form + `, "decision": "approved", "digest": "` + zeros + `", "environment": "Production", "role": "Platform Lead"}]`,
			Section: facts.Approvals{bound}},
		{Name: "a decision is kept as it came", Content: "[{approver: 'github:1', decision: Approved, approved_at: 2026-11-24T10:00:00Z}]",
			Section: facts.Approvals{{Approver: "github:1", Decision: "Approved", ApprovedAt: at}}},
		{Name: "nobody decided", Content: "[]", Section: facts.Approvals{}},
		{Name: "the specification's form without a decision", Content: form + "}", Error: "f.yaml:1: [0].decision is missing; write approved, rejected or withdrawn"},
		{Name: "nobody approved", Content: "- {decision: approved, approved_at: 2026-11-24T10:00:00Z}", Error: "f.yaml:1: [0].approver is missing"},
		{Name: "a signature that nobody checked", Content: "- approver: github:1\n  verified_by: me\n", Error: "f.yaml:2: [0].verified_by says whose signature prodgate checked"},
		{Name: "a run that a CI system does not know of", Content: "- approver: github:1\n  run: acme/web/runs/7\n", Error: "f.yaml:2: [0].run says which run was reviewed, and only the CI system knows it"},
		{Name: "an estimated time", Content: "- approver: github:1\n  latest: 2026-11-24T10:00:00Z\n", Error: "f.yaml:2: [0].latest is the end of an estimated time"},
		{Name: "an approver by name", Content: "- {approver: Pat, decision: approved, approved_at: 2026-11-24T10:00:00Z}", Error: `f.yaml:1: [0].approver is "Pat": must be a person`},
		{Name: "a digest without its algorithm", Content: "- {approver: 'github:1', digest: " + zeros[7:] + "}", Error: "f.yaml:1: [0].digest is "},
		{Name: "a null for the list", Content: "null", Error: "f.yaml:1: the file is null"},
	})
}
