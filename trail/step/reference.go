package step

import (
	"encoding/json"
	"slices"
)

// Refers returns the field and the id of the entry that s refers to: the emergency
// that was reviewed, the freeze that is lifted, the delegation that ends, the entry that
// is dismissed. ok is false for all other types.
func Refers(s Step) (field, id string, ok bool) {
	field = map[string]string{"emergency.reviewed": "settles", "freeze.lifted": "freeze", "entry.dismissed": "entry", "delegation.ended": "delegation"}[s.Type]
	if field == "" {
		return "", "", false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(s.Data, &fields) == nil {
		_ = json.Unmarshal(fields[field], &id) // Check says what is wrong with it
	}
	return "data." + field, id, true
}

// CheckReference returns an error if s cannot refer to an entry: only an emergency
// is reviewed, by somebody else than who asked for it or approved it, only a freeze
// is lifted, only a delegation is ended, only bad news is dismissed. s must have passed Check.
func CheckReference(s, to Step) error {
	field, _, ok := Refers(s)
	if !ok {
		return nil
	}
	must := ""
	switch s.Type {
	case "emergency.reviewed":
		if to.Type == "emergency.used" {
			return checkReview(s, to)
		}
		must = "the id of an emergency.used"
	case "freeze.lifted":
		if to.Type != "freeze.declared" {
			must = "the id of a freeze.declared"
		}
	case "delegation.ended":
		if to.Type != "delegation.granted" {
			must = "the id of a delegation.granted"
		}
	case "entry.dismissed":
		typ, err := Find(to.Type)
		switch {
		case err == nil && typ.Undo != "":
			must = "the id of bad news that nothing else takes back (here: " + typ.Undo + ")"
		case err != nil || !typ.BadNews:
			must = "the id of bad news"
		}
	}
	if must == "" {
		return nil
	}
	return &Error{Type: s.Type, Problems: []Problem{{field, must, "that of a " + to.Type}}}
}

// checkReview checks a review against the emergency that it settles.
func checkReview(s, used Step) error {
	if s.Service != used.Service {
		return &Error{Type: s.Type, Problems: []Problem{{"service", found(used.Service) + ", as of the emergency", found(s.Service)}}}
	}
	var review struct {
		Reviewer string `json:"reviewer"`
	}
	var emergency struct {
		RequestedBy []string `json:"requested_by"`
		ApprovedBy  []string `json:"approved_by"`
	}
	if err := json.Unmarshal(s.Data, &review); err != nil {
		return err
	}
	_ = json.Unmarshal(used.Data, &emergency) // an older version may have recorded something else
	if slices.Contains(slices.Concat(emergency.RequestedBy, emergency.ApprovedBy), review.Reviewer) {
		return &Error{Type: s.Type, Problems: []Problem{{"data.reviewer", "a person who neither asked for the emergency nor approved it", found(review.Reviewer)}}}
	}
	return nil
}
