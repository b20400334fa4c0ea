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
	Open     int `json:"open"`    // not reviewed, and not yet due
	Overdue  int `json:"overdue"` // not reviewed, and due before now
}

type emergencies struct {
	used     map[string]*time.Time // id of the emergency.used in the period → when its review is due
	reviewed map[string]bool
}

func newEmergencies() *emergencies {
	return &emergencies{used: map[string]*time.Time{}, reviewed: map[string]bool{}}
}

func (e *emergencies) add(s step, data *trail.EmergencyData) {
	switch {
	case s.entry.Type == trail.TypeEmergencyReviewed:
		e.reviewed[data.Settles] = true
	case s.within:
		e.used[s.entry.ID] = data.DueAt
	}
}

func (e *emergencies) report(now time.Time) Emergencies {
	total := Emergencies{Used: len(e.used)}
	for id, due := range e.used {
		switch {
		case e.reviewed[id]:
			total.Reviewed++
		case due != nil && due.Before(now):
			total.Overdue++
		default:
			total.Open++
		}
	}
	return total
}
