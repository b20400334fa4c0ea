package evaluator

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
)

// Bad news counts from anyone: each allowed story gets a second voice in its
// trail that contradicts one fact, by a writer who does not count, and is allowed
// no more. What a rollback does not wait for is listed.
func TestASecondVoiceClosesTheGate(t *testing.T) {
	e := shippedRules(t)
	for _, s := range someStories(t) {
		if s.decision(t).Outcome != Allow {
			continue
		}
		for _, v := range voices {
			t.Run(s.name+"/"+v.name, func(t *testing.T) {
				document := v.said(t, s.document)
				decision, err := e.Replay(context.Background(), document)
				if err != nil {
					t.Fatal(err)
				}
				request := decision.Request
				spared := request.Kind == string(facts.KindRollback) && !v.ofRollbacks || request.Emergency && v.notEmergencies ||
					request.Kind == string(facts.KindConfiguration) && v.ofReleases
				if allowed := decision.Outcome == Allow; allowed != spared {
					t.Errorf("outcome %s, and the voice is to be overheard: %v; %s", decision.Outcome, spared, effectsAndCodes(decision))
				}
			})
		}
	}
}

func effectsAndCodes(d Decision) string {
	var codes []string
	for _, f := range d.Findings {
		codes = append(codes, string(f.Effect)+" "+f.Code)
	}
	return strings.Join(codes, ", ")
}

// voice is bad news in the trail.
type voice struct {
	name           string
	list           string // key of the trail's section that it is added to
	entry          map[string]any
	ofRollbacks    bool // it holds a rollback back as well
	ofReleases     bool // it holds promotions and first releases back, and nothing else
	notEmergencies bool // an emergency goes through it
}

const claimedWriter = "user:mallory"

// voices name the artifact by ARTIFACT, one of its platforms by PLATFORM, and say
// when by JUST, a minute before now, and EARLIER, when the stay in staging was
// verified.
var voices = []voice{
	{name: "a rejection", list: "steps", ofRollbacks: true, entry: map[string]any{
		"type": "approval.rejected", "at": "JUST", "digest": "ARTIFACT", "environment": "production", "approver": "mailto:release-manager@example.com", "kind": "KIND"}},
	{name: "a rejection of a platform in an environment that nobody knows", list: "steps", entry: map[string]any{
		"type": "approval.withdrawn", "at": "JUST", "digest": "PLATFORM", "environment": "prod", "approver": "github:424242", "kind": "KIND"}, ofRollbacks: true},
	{name: "a verification that failed", list: "steps", entry: map[string]any{
		"type": "staging.verified", "at": "JUST", "digest": "ARTIFACT", "environment": "staging", "result": "FAILED"}},
	{name: "a deployment to staging just now", list: "steps", entry: map[string]any{
		"type": "staging.deployed", "at": "JUST", "digest": "ARTIFACT", "environment": "staging"}},
	{name: "another deployment in progress", list: "deployments", entry: map[string]any{
		"version": "x", "digest": "sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", "id": "acme/payments-api/runs/1",
		"started_at": "JUST", "live_at": "JUST", "status": "in_progress", "approvers": []any{},
		"events": []any{map[string]any{"type": "deploy.started", "at": "JUST"}}}},
	{name: "the artifact was rolled back", list: "deployments", ofReleases: true, entry: map[string]any{
		"version": "x", "digest": "ARTIFACT", "id": "acme/payments-api/runs/1",
		"live_at": "2026-11-01T10:00:00Z", "status": "rolled_back", "approvers": []any{},
		"events": []any{map[string]any{"type": "rollback.live", "at": "2026-11-01T11:00:00Z"}}}},
	{name: "a failure that cannot be joined", list: "unjoined", ofReleases: true, entry: map[string]any{
		"type": "verification.failed", "at": "2026-11-01T11:00:00Z", "digest": "ARTIFACT"}},
	{name: "the line is stopped", list: "stops", notEmergencies: true, entry: map[string]any{
		"id": "stop-1", "reason": "payments are down", "from": "JUST", "until": nil}},
	{name: "the approver started an earlier attempt", list: "requests", ofRollbacks: true, entry: map[string]any{
		"id": "12345678901-0", "at": "EARLIER", "kind": "KIND", "digest": "ARTIFACT", "environment": "production",
		"requested_by": "APPROVER", "triggered_by": "APPROVER"}},
}

// said returns the document with the voice in it.
func (v voice) said(t *testing.T, document []byte) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	read := func(keys ...string) string {
		var value any = doc
		for _, key := range keys {
			switch holder := value.(type) {
			case map[string]any:
				value = holder[key]
			case []any:
				value = holder[len(holder)-1]
			}
		}
		text, _ := value.(string)
		return text
	}
	words := map[string]string{
		"ARTIFACT": read("artifact", "digest"), "PLATFORM": read("artifact", "platforms", "-", "digest"),
		"KIND": read("request", "kind"), "APPROVER": read("approvals", "-", "approver"),
		"JUST": read("collected_at"), "EARLIER": read("request", "requested_at"),
	}
	entry := fill(v.entry, words).(map[string]any)
	for _, one := range append([]any{entry}, toList(entry["events"])...) {
		one := one.(map[string]any)
		one["writer"], one["assurance"] = claimedWriter, "claimed"
	}
	trail := doc["trail"].(map[string]any)
	trail[v.list] = append(slices.Clone(toList(trail[v.list])), entry)
	changed, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func toList(value any) []any {
	list, _ := value.([]any)
	return list
}

// fill copies a value with its words replaced.
func fill(value any, words map[string]string) any {
	switch value := value.(type) {
	case map[string]any:
		copied := map[string]any{}
		for key, child := range value {
			copied[key] = fill(child, words)
		}
		return copied
	case []any:
		copied := []any{}
		for _, child := range value {
			copied = append(copied, fill(child, words))
		}
		return copied
	case string:
		if word, ok := words[value]; ok {
			return word
		}
	}
	return value
}
