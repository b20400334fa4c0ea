package summary

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// clockTolerance is how far the clock of the verifier may be ahead of this one.
const clockTolerance = 5 * time.Minute

// Want is what a summary must say.
type Want struct {
	Policies    []string // digests of policies, sha256:…; one of them
	Service     string
	Environment string
	Kind        string // empty: any
	Resource    string
	Now         time.Time

	// MaxAge is how old the verification may be; 0: the allow must still be valid.
	MaxAge time.Duration
}

// Read reads a predicate. Fields that the specification does not require may be absent.
// An error means that it cannot be used.
func Read(predicate json.RawMessage) (s Summary, err error) {
	var fields map[string]json.RawMessage // exact names, unlike those of a struct
	if err := json.Unmarshal(predicate, &fields); err != nil {
		return s, fmt.Errorf("the predicate is not a JSON object: %w", err)
	}
	for _, f := range []struct {
		name     string
		into     any
		required bool
	}{
		{"verifier", &s.Verifier, true},
		{"timeVerified", &s.TimeVerified, true},
		{"resourceUri", &s.ResourceURI, true},
		{"policy", &s.Policy, true},
		{"verificationResult", &s.Result, true},
		{"verifiedLevels", &s.Levels, false},
		{extension, &s.Decision, false},
	} {
		text, given := fields[f.name]
		if given = given && string(text) != "null"; !given {
			if f.required {
				return s, fmt.Errorf("the predicate has no %s", f.name)
			}
			continue
		}
		if err := json.Unmarshal(text, f.into); err != nil {
			return s, fmt.Errorf("the %s of the predicate cannot be read: %w", f.name, err)
		}
	}
	return s, nil
}

// Reasons lists why s is not accepted; none: it is.
func (s Summary) Reasons(w Want) []string {
	reasons := s.Elsewhere(w)
	if s.Result != Passed {
		reasons = append(reasons, fmt.Sprintf("its result is %q, not %s", s.Result, Passed))
	}
	if digest := s.PolicyDigest(); !slices.Contains(w.Policies, digest) {
		reasons = append(reasons, fmt.Sprintf("it was decided by the policies %s, not by %s", cmp.Or(digest, "without a sha256 digest"), strings.Join(w.Policies, " or ")))
	}
	return append(reasons, s.untimely(w)...)
}

// Elsewhere lists why s is about something else than what was asked for, whatever its result
// is.
func (s Summary) Elsewhere(w Want) []string {
	reasons := []string{}
	if s.Verifier.ID != Verifier {
		reasons = append(reasons, fmt.Sprintf("the verifier is %q, not %s", s.Verifier.ID, Verifier))
	}
	for _, f := range []struct{ name, got, want string }{
		{"service", s.Decision.Service, w.Service},
		{"environment", s.Decision.Environment, w.Environment},
		{"kind", s.Decision.Kind, w.Kind},
	} {
		switch {
		case f.got == "" && (f.want != "" || f.name != "kind"):
			reasons = append(reasons, "it names no "+f.name)
		case f.want != "" && f.got != f.want:
			reasons = append(reasons, fmt.Sprintf("it is for the %s %q, not for %s", f.name, f.got, f.want))
		}
	}
	if s.ResourceURI != w.Resource {
		reasons = append(reasons, fmt.Sprintf("it is about the resource %q, not about %s", s.ResourceURI, w.Resource))
	}
	return reasons
}

// untimely lists why s does not count now.
func (s Summary) untimely(w Want) []string {
	at := s.TimeVerified.UTC().Format(time.RFC3339)
	switch until := s.Decision.ValidUntil; {
	case s.TimeVerified.After(w.Now.Add(clockTolerance)):
		return []string{"it was decided at " + at + ", which is in the future"}
	case w.MaxAge > 0 && w.Now.Sub(s.TimeVerified) > w.MaxAge:
		return []string{fmt.Sprintf("it was decided at %s, more than %s ago", at, w.MaxAge)}
	case w.MaxAge == 0 && until == nil:
		return []string{"it does not say until when the allow is valid; a maximum age can be given instead"}
	case w.MaxAge == 0 && !w.Now.Before(*until):
		return []string{"the allow was valid until " + until.UTC().Format(time.RFC3339)}
	}
	return nil
}

// Revokes reports whether s is a result about what was asked for that is not good, and not
// older than other.
func (s Summary) Revokes(other Summary, w Want) bool {
	return s.Result != Passed && len(s.Elsewhere(w)) == 0 && !s.TimeVerified.Before(other.TimeVerified)
}

// PolicyDigest is sha256:…; empty if s has none.
func (s Summary) PolicyDigest() string {
	if hex := s.Policy.Digest["sha256"]; hex != "" {
		return "sha256:" + hex
	}
	return ""
}
