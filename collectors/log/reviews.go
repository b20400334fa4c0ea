package log

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// reviews are those of this run that the CI system reported when they were given.
func (r *reader) reviews(found *facts.Trail) error {
	entries, err := r.Entries(r.ctx, trail.ByDeployment(r.deployment()))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type != trail.TypeReviewGiven {
			continue
		}
		var data trail.ReviewData
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		reviewer := recorded.Person(data.Reviewer)
		if reviewer == nil || data.Decision == "" {
			return fmt.Errorf("entry %d (%s) does not say who decided what", e.Seq, e.Type)
		}
		review := facts.RecordedReview{
			ID: e.ID, Seq: int(e.Seq), Run: r.deployment(), Reviewer: *reviewer, Decision: data.Decision,
			Environments: []string{}, At: data.ReviewedAt.UTC(),
			Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
		}
		for _, name := range data.Environments {
			if of := recorded.Identifier(strings.ToLower(name)); of != nil {
				review.Environments = append(review.Environments, *of)
			}
		}
		found.Reviews = append(found.Reviews, review)
	}
	return nil
}
