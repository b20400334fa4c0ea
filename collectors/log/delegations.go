package log

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/trail"
)

// Signatures verifies what people signed in entries.
type Signatures struct {
	// Verifier returns what verifies signatures on approvals, which delegations are, too;
	// nil: no signature is verified.
	Verifier func(ctx context.Context, section string) (source.Verifier, error)
	Now      func() time.Time // the time at which keys must be in force; never nil
	Clock    func() time.Time // the time that is decided about; never nil
}

// shown is for how long a delegation is collected after its end. It does not count then; a
// decision can still say why.
const shown = 30 * 24 * time.Hour

// delegations are the roles that people delegated, with whatever entries say that a
// delegation was ended.
func (r *reader) delegations(found *facts.Trail) error {
	entries, err := r.Entries(r.ctx, trail.ByType(trail.TypeDelegationGranted), trail.ByType(trail.TypeDelegationEnded))
	if err != nil || len(entries) == 0 {
		return err
	}
	verifier, err := r.verifier()
	if err != nil {
		return err
	}
	list, at := []facts.Delegation{}, map[string]int{}
	for _, e := range entries {
		if e.Type == trail.TypeDelegationEnded {
			if err := end(e, list, at); err != nil {
				return err
			}
			continue
		}
		d, err := r.delegation(e, verifier)
		if err != nil {
			return err
		}
		if d != nil {
			at[e.ID] = len(list)
			list = append(list, *d)
		}
	}
	found.Delegations = list
	return nil
}

// verifier verifies the signatures that count for approvals.
func (r *reader) verifier() (source.Verifier, error) {
	if r.signatures.Verifier == nil {
		return nil, nil
	}
	return r.signatures.Verifier(r.ctx, "approvals")
}

// delegation is what an entry says; nil if it names no people or times that a document
// could hold, and so delegates nothing, or if it ended long ago.
func (r *reader) delegation(e trail.Entry, verifier source.Verifier) (*facts.Delegation, error) {
	var data trail.DelegationData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
	}
	by, to := recorded.Person(data.By), recorded.Person(data.To)
	from, until := recorded.Instant(&data.From), recorded.Instant(&data.Until)
	if by == nil || to == nil || from == nil || until == nil || recorded.Text(data.Role) == nil {
		return nil, nil
	}
	if until.Add(shown).Before(r.signatures.Clock()) {
		return nil, nil
	}
	d := &facts.Delegation{
		ID: e.ID, Seq: recorded.Seq(e), Role: data.Role, By: *by, To: *to, From: *from, Until: *until, Reason: recorded.Text(data.Reason),
		Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer), Ended: []facts.Settlement{},
	}
	signer, err := r.signer(data.Statement(e.ID, r.Origin()), data.Bundle, verifier)
	if err != nil {
		d.Unverified = recorded.Text(err.Error())
		return d, nil
	}
	d.VerifiedBy = &signer
	return d, nil
}

// signer returns who signed a delegation, or why no signature counts.
func (r *reader) signer(says trail.DelegationStatement, bundle []byte, verifier source.Verifier) (string, error) {
	if verifier == nil {
		return "", errors.New("no keys are configured to verify it with")
	}
	a, err := attestation.ReadOne("the bundle", bundle)
	if err != nil {
		return "", err
	}
	signed, err := trail.ReadDelegation(a.Statement.PredicateType, a.Statement.Predicate)
	if err != nil {
		return "", err
	}
	if signed != says {
		return "", errors.New("it signs another delegation than the entry says, or for another entry or trail")
	}
	return verifier.Verify(a, r.signatures.Now())
}

// end adds an entry delegation.ended to the delegation that it names.
func end(e trail.Entry, list []facts.Delegation, at map[string]int) error {
	var data trail.DelegationEndData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
	}
	position, known := at[data.Delegation]
	if !known {
		return nil // it ends nothing
	}
	settlement := facts.Settlement{At: recorded.Told(e), By: recorded.Person(data.By), Assurance: facts.Assurance(e.Writer.Assurance)}
	if writer := recorded.Person(e.Writer.Subject); writer != nil {
		settlement.Writer = *writer
	} else {
		// The end counts, whoever recorded it.
		settlement.Writer, settlement.Assurance = "unknown:writer", facts.AssuranceClaimed
	}
	list[position].Ended = append(list[position].Ended, settlement)
	return nil
}
