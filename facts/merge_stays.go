package facts

import (
	"cmp"
	"errors"
	"slices"
)

// mergeStays makes one list of stays: what systems report of one stay is joined,
// whether it is the newest or an earlier one. Entries of a trail stay separate: each can
// be dismissed, and whether its writer counts is a setting. Only a trail has entries,
// whatever another system says.
func mergeStays(parts []Part) (*Staging, error) {
	reported, recorded := reportedStays(parts)
	var stays []Stay
	for _, j := range joinStays(reported) {
		stays = append(stays, j.result())
	}
	stays = append(stays, recorded...)
	if len(stays) == 0 {
		return nil, ErrNoStays
	}
	merged := NewStaging(stays)
	for _, p := range parts {
		s := p.Section.(*Staging)
		if p.Recorded {
			merged.Verifications = distinct(append(merged.Verifications, s.Verifications...))
		}
		if s.Complete != nil && (!*s.Complete || p.Recorded && merged.Complete == nil) {
			merged.Complete = s.Complete
		}
		if p.Attested {
			continue
		}
		merged.Reported = distinct(append(merged.Reported, s.Reported...))
		if merged.ReportedSince == nil || s.ReportedSince != nil && s.ReportedSince.After(*merged.ReportedSince) {
			merged.ReportedSince = s.ReportedSince
		}
	}
	return merged, nil
}

// ErrNoStays is the error for a section staging whose systems name no digest.
var ErrNoStays = errors.New("the deployments name no digest: read staging from another system, too, as in staging: [trail, github]")

// reportedStay is a stay as one system reports it.
type reportedStay struct {
	Stay
	part    int  // whose it is
	onlyBad bool // nobody vouches for it
}

// reportedStays are all stays of all systems, the newest first, those of one time in
// the order of the systems. Those of a trail are apart.
func reportedStays(parts []Part) (stays []reportedStay, recorded []Stay) {
	add := func(part int, s Stay) {
		if parts[part].Recorded {
			recorded = append(recorded, s)
			return
		}
		s.ID, s.Seq, s.Writer, s.Assurance = nil, nil, nil, nil
		r := reportedStay{Stay: s, part: part, onlyBad: parts[part].Attested && s.VerifiedBy == nil}
		if r.onlyBad && r.Verification != nil && r.Verification.Result == passed {
			r.Verification = nil
		}
		stays = append(stays, r)
	}
	for i, p := range parts {
		if s := p.Section.(*Staging); s.HasStays() {
			add(i, s.Stays()[0])
		}
	}
	for i, p := range parts {
		for _, s := range p.Section.(*Staging).Earlier {
			add(i, s)
		}
	}
	slices.SortStableFunc(stays, func(a, b reportedStay) int { return b.DeployedAt.Compare(a.DeployedAt) })
	return stays, recorded
}

// joinedStay is what several systems report of one stay.
type joinedStay struct {
	Stay
	of []reportedStay
}

// joinStays joins the stays that are one: of different systems, the same digest in the
// same place, and none ended before the other began. A stay without the name of its
// service or environment is joined into the newest stay that fits in every place where
// it may have been. If there are several places, a good verification counts in none of
// them, because it may be of another one. Stays for which nobody vouches come last: they
// make others worse, and alone they were only seen for a moment.
func joinStays(reported []reportedStay) []*joinedStay {
	var joined, unnamed, unsigned []*joinedStay
	for _, r := range reported {
		to := &joined
		switch {
		case r.onlyBad:
			unsigned = append(unsigned, &joinedStay{Stay: r.Stay, of: []reportedStay{r}})
			continue
		case r.Service == nil || r.Environment == nil:
			to = &unnamed
		}
		at := slices.IndexFunc(*to, func(j *joinedStay) bool {
			return samePlace(j.Stay, r.Stay) && j.takes(r)
		})
		if at < 0 {
			*to = append(*to, &joinedStay{Stay: r.Stay, of: []reportedStay{r}})
			continue
		}
		(*to)[at].join(r)
	}
	// Those with one name first: they can take those with none.
	slices.SortStableFunc(unnamed, func(a, b *joinedStay) int { return cmp.Compare(names(b.Stay), names(a.Stay)) })
	for _, u := range unnamed {
		joined = u.into(joined)
	}
	for _, u := range unsigned {
		if u.AsOf == nil || u.AsOf.After(u.DeployedAt) {
			u.AsOf = &u.DeployedAt
			u.of[0].AsOf = u.AsOf
		}
		joined = u.into(joined)
	}
	slices.SortStableFunc(joined, func(a, b *joinedStay) int { return b.DeployedAt.Compare(a.DeployedAt) })
	return joined
}

// into joins u into the newest stay that fits in each place; if none does, it is one
// more stay.
func (j *joinedStay) into(joined []*joinedStay) []*joinedStay {
	var fit []*joinedStay // the newest stay of each place
	for _, other := range joined {
		if other.mayHold(j) && !slices.ContainsFunc(fit, func(f *joinedStay) bool { return samePlace(f.Stay, other.Stay) }) {
			fit = append(fit, other)
		}
	}
	if len(fit) == 0 {
		return append(joined, j)
	}
	if len(fit) > 1 && j.Verification != nil && j.Verification.Result == passed {
		j.Verification = nil
	}
	for _, other := range fit {
		for _, r := range j.of {
			r.Verification = j.Verification
			other.join(r)
		}
	}
	return joined
}

// names is how many names of its place a stay has.
func names(s Stay) int {
	n := 0
	for _, name := range []*string{s.Service, s.Environment} {
		if name != nil {
			n++
		}
	}
	return n
}

// takes reports whether r, which is not newer than the newest of j, may be the same
// stay.
func (j *joinedStay) takes(r reportedStay) bool {
	return r.Digest == j.Digest && !j.reportedBy(r.part) && (r.EndedAt == nil || r.EndedAt.After(j.DeployedAt))
}

// mayHold reports whether u, which names less of its place or for which nobody vouches,
// may be the same stay.
func (j *joinedStay) mayHold(u *joinedStay) bool {
	return u.Digest == j.Digest && sameName(j.Service, u.Service) && sameName(j.Environment, u.Environment) &&
		!slices.ContainsFunc(u.of, func(r reportedStay) bool { return !r.onlyBad && j.reportedBy(r.part) }) &&
		(u.EndedAt == nil || u.EndedAt.After(j.DeployedAt)) && (j.EndedAt == nil || j.EndedAt.After(u.DeployedAt))
}

// samePlace reports whether two stays name the same place, or the same part of it.
func samePlace(a, b Stay) bool {
	return equalName(a.Service, b.Service) && equalName(a.Environment, b.Environment)
}

func (j *joinedStay) reportedBy(part int) bool {
	return slices.ContainsFunc(j.of, func(o reportedStay) bool { return o.part == part })
}

// join adds another report: the later beginning and restart, the earlier end and the
// worse verification count.
func (j *joinedStay) join(r reportedStay) {
	j.of = append(j.of, r)
	if r.DeployedAt.After(j.DeployedAt) {
		j.DeployedAt = r.DeployedAt
	}
	if r.RestartedAt != nil && (j.RestartedAt == nil || r.RestartedAt.After(*j.RestartedAt)) {
		j.RestartedAt = r.RestartedAt
	}
	if r.EndedAt != nil && (j.EndedAt == nil || r.EndedAt.Before(*j.EndedAt)) {
		j.EndedAt = r.EndedAt
	}
	j.Verification = worseVerification(j.Verification, r.Verification)
}

// result is the stay with its signer and the time until when it was seen. Only those
// who signed that it began can say how long it ran; nobody else can make it longer.
func (j *joinedStay) result() Stay {
	stay := j.Stay
	vouching := slices.DeleteFunc(slices.Clone(j.of), func(r reportedStay) bool { return r.VerifiedBy == nil })
	stay.VerifiedBy = nil
	if len(vouching) > 0 {
		stay.VerifiedBy = vouching[0].VerifiedBy
	} else {
		vouching = slices.DeleteFunc(slices.Clone(j.of), func(r reportedStay) bool { return r.onlyBad })
	}
	if len(vouching) == 0 {
		return stay
	}
	stay.AsOf = vouching[0].AsOf
	for _, r := range vouching[1:] {
		if stay.AsOf == nil || r.AsOf == nil {
			stay.AsOf = nil
		} else if r.AsOf.After(*stay.AsOf) {
			stay.AsOf = r.AsOf
		}
	}
	return stay
}

// equalName reports whether two names are the same, or both not known.
func equalName(a, b *string) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// sameName reports whether two names do not differ; nil is not known.
func sameName(a, b *string) bool { return a == nil || b == nil || *a == *b }
