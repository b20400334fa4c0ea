package attestation

import (
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

const passed = "PASSED"

// testResult is what is read of a test-result predicate. The type has no times and no
// names: prodgate adds finished_at, service and environment.
type testResult struct {
	Result      string     `json:"result"`
	FinishedAt  *time.Time `json:"finished_at"`
	Service     *string    `json:"service" schema:"identifier"`
	Environment *string    `json:"environment" schema:"identifier"`
}

// place is where an artifact ran; nil is not known.
type place struct{ service, environment *string }

func (p place) complete() bool { return p.service != nil && p.environment != nil }

// fits reports whether both may be one place.
func (p place) fits(o place) bool {
	return fits(p.service, o.service) && fits(p.environment, o.environment)
}

func fits(a, b *string) bool { return a == nil || b == nil || *a == *b }

// verification is a result of tests in staging.
type verification struct {
	place
	result string
	at     *time.Time // nil: not known
	signer *string
	from   *statement
}

// stayReader collects what statements say of staging.
type stayReader struct {
	digest  string
	now     time.Time
	stays   []facts.Staging // each without its verification and earlier stays
	results []verification
}

// stays is the section staging. A signed statement of a stay names its place and says
// since when the artifact runs there and until when that was seen; a signed result
// verifies the newest stay in its place. The latest result of a place counts. Without a
// signature, a deployment, a restart, an end and a result that is not good count.
func stays(about []statement, digest string, now time.Time) (facts.Section, []facts.Contradiction, error) {
	r := stayReader{digest: digest, now: now}
	for i := range about {
		read := r.result
		if about[i].Statement.PredicateType == TypeStaging {
			read = r.stay
		}
		if err := read(&about[i]); err != nil {
			return nil, nil, err
		}
	}
	places := r.places()
	for _, place := range places {
		r.verify(place)
	}
	for _, result := range r.results {
		switch fits := slices.ContainsFunc(places, result.fits); {
		case result.result != passed && !fits:
			r.stays = append(r.stays, r.failed(result))
		case result.result != passed || result.from.reason != "":
		case !fits:
			result.from.reason = "there is no signed statement of a stay in its service and environment"
		case !result.complete() && !r.onePlace():
			result.from.reason = "it does not name service and environment, and there are several"
		}
	}
	if len(r.stays) == 0 {
		return nil, nil, unsigned(about, "a stay of "+digest+" in staging")
	}
	parts := make([]facts.Part, 0, len(r.stays))
	for i := range r.stays {
		parts = append(parts, facts.Part{System: fmt.Sprintf("statement-%d", i+1), Section: &r.stays[i], Attested: true})
	}
	return facts.Merge(parts)
}

// stayRules: a restart that is left out would be good news.
var stayRules = strict.Rules{Require: []string{"restarted_at"}, Refuse: strict.OwnStay}

// stay reads a statement of a stay.
func (r *stayReader) stay(s *statement) error {
	stay := facts.Staging{}
	document, err := s.Statement.Document()
	if err == nil {
		err = decode(s.Name+" (predicate)", withDigest(document, s.digest), &stay, stayRules)
	}
	if err != nil {
		return err
	}
	if stay.Digest != s.digest {
		return fmt.Errorf("%s: the stay is of %s, and the statement about %s", s.Name, stay.Digest, s.digest)
	}
	if s.signer != "" && (stay.Service == nil || stay.Environment == nil) {
		s.signer, s.reason = "", "it does not name service and environment of the stay"
	}
	earlier := stay.Earlier
	if s.signer == "" {
		earlier = nil // a finished stay can only be good news
	}
	stay.Digest = r.digest
	r.add(s, stay)
	for _, e := range earlier {
		r.add(s, facts.Staging{
			Digest: e.Digest, Service: e.Service, Environment: e.Environment, DeployedAt: e.DeployedAt,
			RestartedAt: e.RestartedAt, EndedAt: e.EndedAt, AsOf: e.AsOf, Verification: e.Verification,
		})
	}
	return nil
}

// add adds one stay of a statement. It vouches only for stays of which it names the
// place.
func (r *stayReader) add(s *statement, stay facts.Staging) {
	signer := s.verifiedBy()
	if stay.Service == nil || stay.Environment == nil {
		signer = nil
	}
	if v := stay.Verification; v != nil && stay.Digest == r.digest && (v.Result != passed || signer != nil) {
		at := v.FinishedAt
		r.results = append(r.results, verification{place{stay.Service, stay.Environment}, v.Result, &at, signer, s})
		if signer != nil {
			stay.AsOf = seen(stay.AsOf, &at)
		}
	}
	stay.AsOf = notAfter(r.now, seen(stay.AsOf, &stay.DeployedAt, stay.RestartedAt, stay.EndedAt))
	stay = facts.Staging{ // what only a trail or a platform knows is not taken over
		Digest: stay.Digest, Service: stay.Service, Environment: stay.Environment, DeployedAt: stay.DeployedAt,
		RestartedAt: stay.RestartedAt, EndedAt: stay.EndedAt, AsOf: stay.AsOf, VerifiedBy: signer,
	}
	if signer == nil { // what anyone can claim of the future is as bad now
		stay.DeployedAt = *notAfter(r.now, &stay.DeployedAt)
		stay.RestartedAt, stay.EndedAt = notAfter(r.now, stay.RestartedAt), notAfter(r.now, stay.EndedAt)
	}
	r.stays = append(r.stays, stay)
}

// notAfter is at, or now if that is earlier.
func notAfter(now time.Time, at *time.Time) *time.Time {
	if at != nil && at.After(now) {
		return &now
	}
	return at
}

// seen is until when a signed statement has seen a stay: the latest of these times, nil
// for those that it does not name. It knows nothing of what happened later.
func seen(times ...*time.Time) (latest *time.Time) {
	for _, at := range times {
		if at != nil && (latest == nil || at.After(*latest)) {
			latest = at
		}
	}
	return latest
}

// result reads a test result.
func (r *stayReader) result(s *statement) error {
	var result testResult
	if err := s.decode(&result, strict.Rules{Foreign: true}); err != nil {
		return err
	}
	if result.Result == passed && s.signer != "" && result.FinishedAt == nil {
		s.signer, s.reason = "", "it does not say when the tests finished (finished_at)"
	}
	if result.Result == passed && s.signer == "" {
		return nil
	}
	r.results = append(r.results, verification{place{result.Service, result.Environment}, result.Result, result.FinishedAt, s.verifiedBy(), s})
	return nil
}

// places are where signed stays of the digest are.
func (r *stayReader) places() (places []place) {
	for _, s := range r.stays {
		at := place{s.Service, s.Environment}
		if s.VerifiedBy != nil && s.Digest == r.digest && !slices.ContainsFunc(places, at.fits) {
			places = append(places, at)
		}
	}
	return places
}

// onePlace reports whether all that is signed names the same place.
func (r *stayReader) onePlace() bool {
	places := r.places()
	for _, v := range r.results {
		if v.signer != nil && v.complete() && !slices.ContainsFunc(places, v.fits) {
			places = append(places, v.place)
		}
	}
	return len(places) == 1
}

// verify adds the latest result in a place to its newest signed stay.
func (r *stayReader) verify(at place) {
	var stay *facts.Staging // the newest
	for i := range r.stays {
		s := &r.stays[i]
		if s.VerifiedBy != nil && s.Digest == r.digest && at.fits(place{s.Service, s.Environment}) && (stay == nil || s.DeployedAt.After(stay.DeployedAt)) {
			stay = s
		}
	}
	var latest *verification
	for i := range r.results {
		if v := &r.results[i]; r.applies(*v, at, stay.DeployedAt) && (latest == nil || v.after(*latest)) {
			latest = v
		}
	}
	if latest == nil {
		return
	}
	finished := r.now
	if latest.at != nil {
		finished = *latest.at
	}
	stay.Verification = &facts.Verification{Result: latest.result, FinishedAt: finished, VerifiedBy: latest.signer}
	if latest.signer != nil {
		stay.AsOf = notAfter(r.now, seen(stay.AsOf, latest.at))
	}
}

// applies reports whether a result is about the stay in a place that began at since. A
// good one has to name the place, unless there is only one. One that is not good applies
// wherever it may be from, unless it is older.
func (r *stayReader) applies(v verification, at place, since time.Time) bool {
	if !v.fits(at) {
		return false
	}
	if v.result != passed {
		return v.at == nil || !v.at.Before(since)
	}
	return v.complete() || r.onePlace()
}

// after reports whether v counts rather than o: it is later, or as late and not good.
// A result without a time may be the latest.
func (v verification) after(o verification) bool {
	switch {
	case o.at == nil:
		return v.at == nil && v.result != passed
	case v.at == nil || v.at.After(*o.at):
		return true
	}
	return v.at.Equal(*o.at) && v.result != passed
}

// failed is a stay of which nothing is known but a result that is not good.
func (r *stayReader) failed(v verification) facts.Staging {
	at := r.now
	if v.at != nil {
		at = *notAfter(r.now, v.at)
	}
	return facts.Staging{
		Digest: r.digest, Service: v.service, Environment: v.environment, DeployedAt: at,
		Verification: &facts.Verification{Result: v.result, FinishedAt: at, VerifiedBy: v.signer},
	}
}
