package recheck

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/trail"
)

// badNews are the types of entries that take an allow away, whoever wrote them.
var badNews = []string{
	trail.TypeApprovalRejected, trail.TypeApprovalWithdrawn,
	trail.TypeDeployFailed, trail.TypeVerificationFailed,
	trail.TypeRollbackStarted, trail.TypeRollbackLive, trail.TypeRollbackFailed,
	trail.TypeStagingVerified, // only one that says FAILED
}

// newsSince lists the bad news that was recorded after the decision.
func newsSince(ctx context.Context, d *evaluator.Decision, q Question) (list []Reason, err error) {
	for entry, err := range q.Log.Entries(ctx, trail.Filter{From: d.Trail.Seq + 1, Types: badNews, Proven: true}) {
		if err != nil {
			return nil, fmt.Errorf("read the entries since the decision: %w", err)
		}
		if !concerns(d, entry) {
			continue
		}
		list = append(list, Reason{
			"check.bad_news", "the trail has bad news after the decision: run prodgate eval again",
			fmt.Sprintf("entry %d, %s by %s", entry.Seq, entry.Type, entry.Writer.Subject), "no bad news since entry " + fmt.Sprint(d.Trail.Seq),
		})
	}
	return list, nil
}

// concerns reports whether an entry of a type in badNews is bad news about what was
// decided: about the same image, an index that lists it or an image that it lists,
// whatever environment it names, or, where it names no image, about the same service.
func concerns(d *evaluator.Decision, entry trail.Entry) bool {
	if entry.Type == trail.TypeStagingVerified && !failed(entry) {
		return false
	}
	if entry.Digest == "" {
		return entry.Service == "" || entry.Service == d.Request.Service
	}
	return slices.ContainsFunc(append(platforms(entry), entry.Digest), func(digest string) bool {
		digest = strings.ToLower(digest)
		return slices.Contains(d.Platforms, digest) || d.Deploy != nil && strings.HasSuffix(*d.Deploy, "@"+digest)
	})
}

// platforms are the digests that a rejected index lists.
func platforms(entry trail.Entry) []string {
	var data struct {
		Platforms []string `json:"platforms"`
	}
	if err := json.Unmarshal(entry.Data, &data); err != nil {
		return nil // the digest of the entry is compared in any case
	}
	return data.Platforms
}

// failed reports whether a verification is not known to have passed. As for the
// policies, only the exact result PASSED is a success.
func failed(entry trail.Entry) bool {
	var data struct {
		Result *string `json:"result"`
	}
	if err := json.Unmarshal(entry.Data, &data); err != nil {
		return true
	}
	return data.Result == nil || *data.Result != "PASSED"
}
