package metrics

import (
	"time"

	"github.com/prodgate/prodgate/trail"
)

// Emergencies are the emergencies used in the period and what became of the
// reviews that they owe. Whether the gate accepts who recorded a review is the
// audit check's to say.
type Emergencies struct {
	Used     int `json:"used"`
	Reviewed int `json:"reviewed"`
	Open     int `json:"open"`    // not reviewed, and not due yet or without a known due date
	Overdue  int `json:"overdue"` // not reviewed, and due before now
	Undated  int `json:"undated"` // of the open ones: without a known due date
}

type emergencies struct {
	within   func(service, environment string) (time.Duration, error)
	used     map[string]emergency // by the id of the emergency.used in the period
	reviewed map[string]bool
}

// emergency is one that was used.
type emergency struct {
	place
	at  time.Time
	due *time.Time // as recorded; nil: the settings say by when
}

func newEmergencies(within func(service, environment string) (time.Duration, error)) *emergencies {
	return &emergencies{within: within, used: map[string]emergency{}, reviewed: map[string]bool{}}
}

func (e *emergencies) add(s step, data *trail.EmergencyData) {
	switch {
	case s.entry.Type == trail.TypeEmergencyReviewed:
		e.reviewed[data.Settles] = true
	case s.within:
		e.used[s.entry.ID] = emergency{place{s.entry.Service, s.entry.Environment}, s.at, data.DueAt}
	}
}

// report asks the settings where nobody recorded when a review is due.
func (e *emergencies) report(now time.Time) (Emergencies, error) {
	total := Emergencies{Used: len(e.used)}
	for id, used := range e.used {
		if e.reviewed[id] {
			total.Reviewed++
			continue
		}
		if used.due == nil && e.within != nil {
			d, err := e.within(used.service, used.environment)
			if err != nil {
				return total, err
			}
			if due := used.at.Add(d); d > 0 {
				used.due = &due
			}
		}
		switch {
		case used.due == nil:
			total.Open++
			total.Undated++
		case used.due.Before(now):
			total.Overdue++
		default:
			total.Open++
		}
	}
	return total, nil
}
