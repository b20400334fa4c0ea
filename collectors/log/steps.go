package log

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// standAlone are types that are no steps of a promotion.
var standAlone = []string{trail.TypeGateDocument, trail.TypeGateSimulated, trail.TypePolicyChanged, trail.TypeEntryDismissed}

// steps are those of the request's artifact, of any service and environment, and
// of other artifacts of its service what counts against this one: rejections,
// verifications that failed, and staging deployments that replaced it.
func (r *reader) steps(found *facts.Trail) error {
	found.Steps = []facts.Step{}
	if r.req.Digest == "" {
		return nil
	}
	rejections, err := r.Entries(r.ctx, recorded.OfService(r.req.Service, trail.TypeApprovalRejected, trail.TypeApprovalWithdrawn)...)
	if err != nil {
		return err
	}
	staged, err := r.Entries(r.ctx, recorded.OfService(r.req.Service, trail.TypeStagingDeployed)...)
	if err != nil {
		return err
	}
	verified, err := r.Entries(r.ctx, recorded.OfService(r.req.Service, trail.TypeStagingVerified)...)
	if err != nil {
		return err
	}
	// What failed may name one of the artifact's platforms.
	verified = slices.DeleteFunc(slices.Clone(verified), func(e trail.Entry) bool {
		f, err := fieldsOf(e)
		result := f.text("result")
		return err == nil && (result == nil || *result == "PASSED")
	})
	entries := slices.Concat(r.artifact, rejections, verified, r.replacements(staged))
	slices.SortStableFunc(entries, func(a, b trail.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	entries = slices.CompactFunc(entries, func(a, b trail.Entry) bool { return a.Seq == b.Seq })
	for _, e := range entries {
		if slices.Contains(standAlone, e.Type) {
			continue
		}
		step, err := r.step(e)
		if err != nil {
			return err
		}
		found.Steps = append(found.Steps, step)
	}
	slices.SortStableFunc(found.Steps, func(a, b facts.Step) int { return a.At.Compare(b.At) })
	found.Steps = r.distinct(found.Steps)
	return nil
}

// maxPlatforms is how many digests by one writer may be those of the artifact's own
// platforms.
const maxPlatforms = 32

// replacements are the deployments to staging that ended a stay of the request's
// artifact: after each deployment of it, in each environment, the first ones of other
// artifacts by each writer, each artifact with its first and its last deployment. There
// are several because the first may be of a platform of the artifact, and the last ones
// because a platform can be deployed again. One that somebody dismissed does not hide the
// next.
func (r *reader) replacements(staged []trail.Entry) []trail.Entry {
	staged = slices.Clone(staged)
	slices.SortStableFunc(staged, inOrder)
	var list []trail.Entry
	stays := map[string]replaced{} // by environment: what replaced the artifact in this stay
	for _, e := range staged {
		known := recorded.Identifier(e.Environment) != nil
		switch stay, began := stays[e.Environment]; {
		case e.Digest == r.req.Digest && !known: // it begins no stay
		case !known:
			if replacedAnywhere(stays, e) || r.dismissed[e.ID] {
				list = append(list, e)
			}
		case e.Digest == r.req.Digest:
			list = append(list, stay.last()...)
			stays[e.Environment] = replaced{}
		case !began:
		case r.dismissed[e.ID]:
			list = append(list, e)
		case stay.add(e):
			list = append(list, e)
		}
	}
	for _, stay := range stays {
		list = append(list, stay.last()...)
	}
	return list
}

// inOrder compares entries by when they happened, and then by their place in the trail.
func inOrder(a, b trail.Entry) int {
	return cmp.Or(recorded.OccurredAt(a).Compare(recorded.OccurredAt(b)), cmp.Compare(a.Seq, b.Seq))
}

// replaced are the last deployments of other artifacts in a stay, by who recorded them and
// the digest.
type replaced map[trail.Writer]map[string]trail.Entry

// add adds a deployment. It reports whether it is the first one of its artifact by its
// writer.
func (r replaced) add(e trail.Entry) bool {
	by := r[e.Writer]
	if by == nil {
		by = map[string]trail.Entry{}
		r[e.Writer] = by
	}
	_, again := by[e.Digest]
	if !again && len(by) >= maxPlatforms {
		return false
	}
	by[e.Digest] = e
	return !again
}

// replacedAnywhere adds a deployment in an unknown place, which may be any of them. It
// reports whether it is the first one in any.
func replacedAnywhere(stays map[string]replaced, e trail.Entry) (first bool) {
	for _, stay := range stays {
		first = stay.add(e) || first
	}
	return first
}

// last are the last deployments, in any order.
func (r replaced) last() (list []trail.Entry) {
	for _, by := range r {
		list = slices.AppendSeq(list, maps.Values(by))
	}
	return list
}

// step returns an entry as in the document.
func (r *reader) step(e trail.Entry) (facts.Step, error) {
	data, err := fieldsOf(e)
	if err != nil {
		return facts.Step{}, err
	}
	at := recorded.Told(e)
	if strings.HasPrefix(e.Type, "staging.") {
		at = recorded.OccurredAt(e) // in the order of the section staging
	}
	step := facts.Step{
		Type: e.Type, At: at, Digest: e.Digest,
		ID: &e.ID, Seq: recorded.Seq(e), Service: recorded.Text(e.Service), Environment: recorded.Identifier(e.Environment),
		Request: recorded.Text(e.Request), Deployment: recorded.Text(recorded.Deployment(e)),
		Result: data.text("result"), Kind: data.text("kind"), Ticket: data.text("ticket"),
		Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
	}
	if step.Digest == "" {
		step.Digest = r.req.Digest // a rejection that names no artifact is one of all
	}
	switch e.Type {
	case trail.TypeGateEvaluated:
		step.Outcome = data.text("outcome")
	case trail.TypeApprovalRejected, trail.TypeApprovalWithdrawn:
		step.Reason = data.text("reason")
		if slices.Contains(data.texts("platforms"), r.req.Digest) {
			step.Digest = r.req.Digest // a rejection of an index is one of each of its images
		}
	}
	if approver := data.text("approver"); approver != nil {
		step.Approver = recorded.Person(*approver)
	}
	if digest := data.text("configuration"); digest != nil {
		step.Configuration = recorded.Digest(*digest)
	}
	return step, nil
}

// distinct leaves out of steps in their order those between two that differ in
// nothing but their time: the first and the last are enough. The order of staging is kept whole, and so is
// each step that somebody dismissed.
func (r *reader) distinct(steps []facts.Step) []facts.Step {
	last := map[string]int{} // of steps that nobody dismissed, by all that they say but when
	for i, s := range steps {
		if !r.dismissed[*s.ID] {
			last[allButTime(s)] = i
		}
	}
	list := []facts.Step{}
	seen := map[string]bool{}
	for i, s := range steps {
		if strings.HasPrefix(s.Type, "staging.") || r.dismissed[*s.ID] {
			list = append(list, s)
			continue
		}
		key := allButTime(s)
		if !seen[key] || last[key] == i {
			list = append(list, s)
		}
		seen[key] = true
	}
	return list
}

// allButTime is all that a step says but when it was taken and which entry it is.
func allButTime(s facts.Step) string {
	list := []string{s.Type, s.Digest, ""}
	if s.Assurance != nil {
		list[2] = string(*s.Assurance)
	}
	for _, field := range []*string{
		s.Service, s.Environment, s.Outcome, s.Result, s.Kind, s.Configuration, s.Request, s.Deployment, s.Approver, s.Reason, s.Ticket, s.Writer,
	} {
		if field == nil {
			list = append(list, "-")
			continue
		}
		list = append(list, strconv.Quote(*field))
	}
	return strings.Join(list, " ")
}
