package deployments

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// adopt takes in what ran before the gate: the first adoption by a writer who does
// more than claim it, or else the first.
func (j *joiner) adopt(e trail.Entry) error {
	if known := j.found.Adoption; known != nil && (!claimed(known.Assurance) || e.Writer.Assurance == trail.AssuranceClaimed) {
		return nil
	}
	var data trail.AdoptionData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
	}
	by, approver, approved := recorded.Person(data.RequestedBy), recorded.Person(data.Approver), recorded.Instant(&data.ApprovedAt)
	if by == nil || approver == nil || approved == nil || recorded.Digest(e.Digest) == nil {
		return fmt.Errorf("entry %d (%s) does not say what was adopted, who asked for it and who approved it", e.Seq, e.Type)
	}
	at, writer := recorded.OccurredAt(e), recorded.Person(e.Writer.Subject)
	j.found.Adoption = &facts.Adoption{
		At: at, RequestedBy: *by, Approver: *approver, ApprovedAt: *approved, Writer: writer, Assurance: recorded.Assurance(e.Writer),
	}
	var items []*item
	for _, i := range j.items {
		if i.adopted == nil {
			items = append(items, i)
		}
	}
	yes := true
	adopted := func(digest, version string, liveAt *time.Time, unknown time.Time, status string) facts.Deployment {
		d := facts.Deployment{
			Service: recorded.Identifier(e.Service), Environment: recorded.Identifier(e.Environment), Adopted: &yes,
			Version: cmp.Or(strings.TrimSpace(version), versionOf(digest)), Digest: digest, LiveAt: unknown, Status: status,
			Approvers: []string{*approver}, Writer: writer, Assurance: recorded.Assurance(e.Writer),
		}
		if known := recorded.Instant(liveAt); known != nil && known.Before(unknown) {
			d.LiveAt = *known
		}
		return d
	}
	now := adopted(e.Digest, data.Version, data.LiveAt, at, statusLive)
	now.ID = &e.ID
	items = append(items, &item{id: e.ID, digest: e.Digest, adopted: &now, order: e.Seq})
	if recorded.Digest(data.PreviousDigest) != nil {
		// It went before what runs, whatever is known of when.
		was := adopted(data.PreviousDigest, data.PreviousVersion, data.PreviousLiveAt, now.LiveAt.Add(-time.Second), statusSuperseded)
		items = append(items, &item{digest: data.PreviousDigest, adopted: &was, order: e.Seq - 1})
	}
	j.items = items
	return nil
}
