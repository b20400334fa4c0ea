package trail

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	log "github.com/prodgate/prodgate/trail"
)

// review is the type of the debt that an emergency leaves.
const review = "emergency.review"

// collectRecorded reads steps and debts from the trail itself.
func (c Collector) collectRecorded(ctx context.Context, req facts.Request) (section facts.Section, err error) {
	reading, err := c.Log.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := reading.Close(); err == nil && closed != nil {
			section, err = nil, closed
		}
	}()
	evidence, err := reading.Evidence(ctx)
	if err != nil {
		return nil, err
	}
	found := &facts.Trail{Steps: []facts.Step{}, Debts: []facts.Debt{}}
	if req.Digest != "" {
		if found.Steps, err = steps(ctx, reading, req); err != nil {
			return nil, err
		}
	}
	if found.Debts, err = debts(ctx, reading, req); err != nil {
		return nil, err
	}
	return facts.Observed{Section: found, Kind: recorded.Kind, Evidence: evidence}, nil
}

// steps are those of req's artifact and service, in any environment. Of steps
// that differ in nothing but their time, the first and the last are enough.
func steps(ctx context.Context, reading *recorded.Reading, req facts.Request) ([]facts.Step, error) {
	entries, err := reading.Entries(ctx, log.Filter{Service: req.Service, Digest: req.Digest})
	if err != nil {
		return nil, err
	}
	first, last := map[string]facts.Step{}, map[string]facts.Step{}
	for _, e := range entries {
		step, err := stepOf(e)
		if err != nil {
			return nil, err
		}
		key := kindOf(step)
		if known, ok := first[key]; !ok || step.At.Before(known.At) {
			first[key] = step
		}
		if known, ok := last[key]; !ok || step.At.After(known.At) {
			last[key] = step
		}
	}
	list := []facts.Step{}
	for key, step := range first {
		list = append(list, step)
		if !last[key].At.Equal(step.At) {
			list = append(list, last[key])
		}
	}
	slices.SortFunc(list, func(a, b facts.Step) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(kindOf(a), kindOf(b)))
	})
	return list, nil
}

func stepOf(e log.Entry) (facts.Step, error) {
	step := facts.Step{
		Type: e.Type, At: recorded.Second(e.OccurredAt), Digest: e.Digest,
		Environment: recorded.Identifier(e.Environment),
		Writer:      recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
	}
	if slices.Contains([]string{log.TypeGateEvaluated, log.TypeGateDocument, log.TypeGateSimulated}, e.Type) {
		var gate log.GateData
		if err := json.Unmarshal(e.Data, &gate); err != nil {
			return step, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		if gate.Outcome != "" {
			step.Outcome = &gate.Outcome
		}
	}
	return step, nil
}

// kindOf is all of a step but its time and digest.
func kindOf(s facts.Step) string {
	return strings.Join([]string{s.Type, text(s.Environment), text(s.Outcome), text(s.Writer), string(*s.Assurance)}, "\x00")
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// debts are the reviews that emergencies of req's service left, in any
// environment, with whatever entries say that they were held.
func debts(ctx context.Context, reading *recorded.Reading, req facts.Request) ([]facts.Debt, error) {
	entries, err := reading.Entries(ctx, log.Filter{Service: req.Service, Types: []string{log.TypeEmergencyUsed, log.TypeEmergencyReviewed}})
	if err != nil {
		return nil, err
	}
	list, at := []facts.Debt{}, map[string]int{}
	for _, e := range entries {
		var data log.EmergencyData
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return nil, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		if e.Type == log.TypeEmergencyUsed {
			incurred := recorded.Second(e.OccurredAt)
			if e.OccurredAt.After(e.RecordedAt) {
				incurred = recorded.Second(e.RecordedAt) // nobody records what is yet to come, and no review could settle it
			}
			at[e.ID] = len(list)
			list = append(list, facts.Debt{
				Type: review, ID: &e.ID, Service: recorded.Identifier(e.Service),
				IncurredAt: &incurred, DueAt: data.DueAt, Settlements: []facts.Settlement{},
			})
			continue
		}
		position, known := at[data.Settles]
		writer := recorded.Person(e.Writer.Subject)
		if !known || writer == nil {
			continue // it settles nothing
		}
		list[position].Settlements = append(list[position].Settlements, facts.Settlement{
			At: recorded.Second(e.OccurredAt), Writer: *writer, Assurance: facts.Assurance(e.Writer.Assurance),
		})
	}
	return list, nil
}
