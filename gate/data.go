package gate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// The room that an entry of the trail has; the decision itself is stored in a
// blob.
const (
	findingsRoom     = 40 << 10 // bytes of JSON
	longestItem      = 256      // bytes of what a finding is about
	longestProcedure = 4 << 10  // bytes of a rollback procedure
)

// gateData are the fields by which decisions are counted. Of too many findings
// those that deny come first.
func gateData(d *evaluator.Decision, program string) trail.GateData {
	data := trail.GateData{
		Kind: d.Request.Kind, Emergency: d.Request.Emergency, Outcome: string(d.Outcome), ExitCode: d.ExitCode,
		Required: d.Required, Passed: d.Passed, Findings: []trail.GateFinding{}, Weakened: d.Weakened, OpensAt: d.OpensAt,
		Policy: gatePolicy(d.Policy), InputDigest: d.Input.Digest, Prodgate: program,
	}
	room := findingsRoom
	for _, effect := range []evaluator.Effect{evaluator.EffectDeny, evaluator.EffectWaived, evaluator.EffectWarn} {
		for _, f := range d.Findings {
			if f.Effect != effect {
				continue
			}
			finding := trail.GateFinding{Code: f.Code, Check: f.Check, Effect: string(f.Effect), Item: shortItem(f.Item), Cure: string(f.Cure)}
			text, err := json.Marshal(finding)
			if room -= len(text) + 1; err != nil || room < 0 {
				data.LeftOut++
				continue
			}
			data.Findings = append(data.Findings, finding)
		}
	}
	return data
}

func gatePolicy(id evaluator.PolicyID) trail.GatePolicy {
	return trail.GatePolicy{Version: id.Version, Revision: id.Revision, Digest: id.Digest}
}

// requestData are what was asked for, with what the document knows of the
// artifact's build.
func requestData(input *evaluator.Input) trail.RequestData {
	request := input.Document().Request
	data := trail.RequestData{
		Kind: string(request.Kind), Emergency: request.Emergency, Ticket: request.Ticket, Trigger: request.Trigger,
		RequestedBy: request.RequestedBy, TriggeredBy: request.TriggeredBy,
		Attempt: request.Attempt, Configuration: request.Configuration,
	}
	var document struct {
		Build struct {
			Commit  string     `json:"commit"`
			BuiltAt *time.Time `json:"built_at"`
		} `json:"build"`
	}
	if json.Unmarshal(input.Canonical(), &document) == nil {
		data.Commit, data.BuiltAt = document.Build.Commit, document.Build.BuiltAt
	}
	return data
}

// reviewData are the approvals of an allow that were given as reviews of its run. The CI
// system keeps them; the trail keeps them too.
func reviewData(doc *facts.Document, d *evaluator.Decision) (list []trail.ApprovalData) {
	if d.Outcome != evaluator.Allow {
		return nil
	}
	kind, tag := string(doc.Request.Kind), ""
	if doc.Artifact != nil && doc.Artifact.Tag != nil {
		tag = *doc.Artifact.Tag
	}
	for i, a := range doc.Approvals {
		path := fmt.Sprintf("/approvals/%d", i)
		ignored := slices.ContainsFunc(d.Findings, func(f evaluator.Finding) bool { return f.Code == "approval.not_counted" && f.Path == path })
		if a.Run == nil || a.Decision != "approved" || ignored {
			continue
		}
		list = append(list, trail.ApprovalData{
			Artifact: tag, Approver: a.Approver, ApprovedAt: a.ApprovedAt, DeploymentWindow: a.DeploymentWindow, Ticket: a.Ticket, Reason: a.Comment,
			Kind: &kind, Configuration: doc.Request.Configuration,
		})
	}
	return list
}

// emergencyData are who asked for an emergency and who approved it, with those whose role
// an approver used: none of them can review it.
func emergencyData(doc *facts.Document, digest string) trail.EmergencyData {
	data := trail.EmergencyData{RequestedBy: []string{doc.Request.RequestedBy}}
	if doc.Request.Ticket != nil {
		data.Ticket = *doc.Request.Ticket
	}
	if by := doc.Request.TriggeredBy; by != doc.Request.RequestedBy {
		data.RequestedBy = append(data.RequestedBy, by)
	}
	for _, a := range doc.Approvals {
		if a.Decision == "approved" && (a.Run != nil || a.Digest != nil && *a.Digest == digest) && !slices.Contains(data.ApprovedBy, a.Approver) {
			data.ApprovedBy = append(data.ApprovedBy, a.Approver)
		}
	}
	for _, holder := range holders(doc, data.ApprovedBy) {
		if !slices.Contains(data.ApprovedBy, holder) {
			data.ApprovedBy = append(data.ApprovedBy, holder)
		}
	}
	return data
}

// holders are who delegated a role to one of the approvers, with a signature. An entry
// that somebody else wrote, or that was ended, keeps nobody from reviewing.
func holders(doc *facts.Document, approvers []string) (list []string) {
	if doc.Trail == nil {
		return nil
	}
	for _, d := range doc.Trail.Delegations {
		counts := d.VerifiedBy != nil && len(d.Ended) == 0
		if counts && slices.ContainsFunc(approvers, func(id string) bool { return samePerson(doc, id, d.To) }) {
			list = append(list, d.By)
		}
	}
	return list
}

// samePerson reports whether two ids are equal, or in one record of the directory.
func samePerson(doc *facts.Document, a, b string) bool {
	return a == b || slices.ContainsFunc(doc.People, func(p facts.Person) bool {
		return slices.Contains(p.IDs, a) && slices.Contains(p.IDs, b)
	})
}

// gateRollback is the rollback that is approved together with an allow; nil if the
// document names none.
func gateRollback(doc *facts.Document) *trail.GateRollback {
	if doc.Rollback == nil {
		return nil
	}
	way := &trail.GateRollback{}
	if p := doc.Rollback.Procedure; p != nil {
		text := shortText(*p, longestProcedure)
		way.Procedure = &text
	}
	if t := doc.Rollback.Target; t != nil {
		way.Version, way.Digest, way.Configuration = shortText(t.Version, longestItem), t.Digest, t.Configuration
	}
	return way
}

// shortItem is what a finding is about, as an entry can hold it.
func shortItem(item *string) *string {
	if item == nil {
		return nil
	}
	text := shortText(*item, longestItem)
	return &text
}

// shortText is text as an entry can hold it: at most so many bytes, without NUL.
func shortText(text string, longest int) string {
	if len(text) > longest {
		text = text[:longest]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\ufffd"), "\ufffd")
}
