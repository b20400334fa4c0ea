package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// deploymentID is what joins the attempts of a request's deployment.
func deploymentID(request facts.Request) string {
	if request.Deployment != nil {
		return *request.Deployment
	}
	return trail.WithoutAttempt(request.ID)
}

// requestData are what was asked for, with what the document knows of the
// artifact's build.
func (r *recorder) requestData() trail.RequestData {
	request := r.e.decided.Document().Request
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
	if json.Unmarshal(r.e.decided.Canonical(), &document) == nil {
		data.Commit, data.BuiltAt = document.Build.Commit, document.Build.BuiltAt
	}
	return data
}

// emergencyData are who asked for an emergency and who approved it: nobody of
// them can review it.
func emergencyData(doc *facts.Document, digest string) trail.EmergencyData {
	data := trail.EmergencyData{RequestedBy: []string{doc.Request.RequestedBy}}
	if doc.Request.Ticket != nil {
		data.Ticket = *doc.Request.Ticket
	}
	if by := doc.Request.TriggeredBy; by != doc.Request.RequestedBy {
		data.RequestedBy = append(data.RequestedBy, by)
	}
	for _, a := range doc.Approvals {
		if a.Decision == "approved" && a.Digest != nil && *a.Digest == digest && !slices.Contains(data.ApprovedBy, a.Approver) {
			data.ApprovedBy = append(data.ApprovedBy, a.Approver)
		}
	}
	return data
}

// longestProcedure is how much of a procedure an entry has room for, in bytes.
const longestProcedure = 4 << 10

// gateRollback is the way back that is approved together with an allow; nil if
// the document names none.
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

// shortText is text as an entry can hold it: at most so many bytes, without NUL.
func shortText(text string, longest int) string {
	if len(text) > longest {
		text = text[:longest]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\ufffd"), "\ufffd")
}
