package gate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
)

func TestAnEmergencyNamesWhoAskedAndWhoApproved(t *testing.T) {
	digest, other := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	ticket := "INC-7"
	doc := &facts.Document{Request: facts.Request{Ticket: &ticket, RequestedBy: "github:1", TriggeredBy: "github:2"}, Approvals: []facts.Approval{
		{Approver: "user:a", Decision: "approved", Digest: &digest}, {Approver: "user:a", Decision: "approved", Digest: &digest},
		{Approver: "user:b", Decision: "rejected", Digest: &digest}, {Approver: "user:c", Decision: "approved", Digest: &other}, {Approver: "user:d", Decision: "approved"},
	}}
	got := emergencyData(doc, digest)
	if got.Ticket != ticket || !slices.Equal(got.RequestedBy, []string{"github:1", "github:2"}) || !slices.Equal(got.ApprovedBy, []string{"user:a"}) {
		t.Errorf("%+v", got)
	}
}

// Who delegated the role is as little able to review the emergency as who used it.
func TestAnEmergencyNamesWhoDelegatedTheRole(t *testing.T) {
	digest, key := "sha256:"+strings.Repeat("a", 64), "leads"
	doc := &facts.Document{
		Approvals: []facts.Approval{{Approver: "mailto:deputy@example.com", Decision: "approved", Digest: &digest}},
		People:    []facts.Person{{IDs: []string{"github:6", "mailto:deputy@example.com"}}, {IDs: []string{"github:7"}}},
		Trail: &facts.Trail{Delegations: []facts.Delegation{
			{By: "github:2", To: "github:6", VerifiedBy: &key},
			{By: "github:3", To: "github:7", VerifiedBy: &key},
			{By: "github:4", To: "mailto:deputy@example.com", VerifiedBy: &key},
			{By: "github:2", To: "github:6", VerifiedBy: &key},
			{By: "github:8", To: "github:6"},
			{By: "github:9", To: "github:6", VerifiedBy: &key, Ended: []facts.Settlement{{}}},
		}},
	}
	if got := emergencyData(doc, digest).ApprovedBy; !slices.Equal(got, []string{"mailto:deputy@example.com", "github:2", "github:4"}) {
		t.Errorf("%q", got)
	}
	doc.Trail = nil
	if got := emergencyData(doc, digest).ApprovedBy; !slices.Equal(got, []string{"mailto:deputy@example.com"}) {
		t.Errorf("%q", got)
	}
}

func TestAnEntryHasRoomForAnyDecision(t *testing.T) {
	long := strings.Repeat("x\x00\xff", 10_000)
	d := &evaluator.Decision{Outcome: evaluator.Deny, ExitCode: 1}
	for i := range 6000 {
		effect := []evaluator.Effect{evaluator.EffectWarn, evaluator.EffectDeny, evaluator.EffectWaived}[i%3]
		d.Findings = append(d.Findings, evaluator.Finding{Code: fmt.Sprintf("vulnerabilities.denied%d", i), Effect: effect, Item: &long})
	}
	data := gateData(d, "1.0.0")
	text, err := json.Marshal(data)
	if err != nil || len(text) > 50<<10 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if data.LeftOut != 6000-len(data.Findings) || len(data.Findings) < 50 || data.Findings[len(data.Findings)-1].Effect != "deny" {
		t.Errorf("%d findings, %d left out", len(data.Findings), data.LeftOut)
	}
	if item := *data.Findings[0].Item; strings.Contains(item, "\x00") || len(item) > 4*longestItem {
		t.Errorf("an item of %d bytes: %q", len(item), item)
	}
}
