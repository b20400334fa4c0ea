package step

import "slices"

// Type is what a step of one type must contain.
type Type struct {
	Name string

	// By is the command that records such a step; ByHand for audit record; empty
	// for what prodgate records itself.
	By string

	Place      bool   // it names a service and an environment
	Named      bool   // the name of the environment is an identifier
	Everywhere bool   // the environment of Place is optional: without one, the step is about all of them
	Image      bool   // it names the digest of an image
	Deployment bool   // it names the deployment that it belongs to
	Mode       string // of a decision; empty: it is none
	Fields     []Field
	Tag        string // field that takes the tag of the image; empty: none

	// BadNews says that prodgate audit dismiss can dismiss an entry of this type
	// by a writer who does not count; Undo is what takes another type back.
	BadNews bool
	Undo    string

	check func(s Step, data map[string]any) []Problem // over several fields that are well-formed
}

// ByHand is Type.By of what people and pipelines record.
const ByHand = "prodgate audit record"

// Field is a field of a type's data. A field that is null or empty text counts as
// missing.
type Field struct {
	Name     string
	Form     Form
	Required bool
	Unless   string // another field whose presence lifts Required
}

// Field returns the field with a name.
func (t Type) Field(name string) (f Field, known bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// CustomPrefix begins the names of types that users make up: custom.NAME, where
// NAME is an identifier.
const CustomPrefix = "custom."

// Types are all of them, in the order they are documented; custom.NAME is not
// among them.
var Types = []Type{
	{Name: "gate.requested", Place: true, BadNews: true, Fields: []Field{
		required("kind", Text), required("trigger", Word), required("requested_by", Person), required("triggered_by", Person),
		optional("emergency", Flag), optional("ticket", Text), optional("attempt", Attempt), optional("configuration", Digest),
		optional("commit", Text), optional("built_at", Instant),
	}},
	{Name: "gate.evaluated", Place: true, Mode: "enforce", Fields: decision},
	{Name: "gate.document", Place: true, Mode: "document", Fields: decision},
	{Name: "gate.simulated", Place: true, Mode: "simulate", Fields: decision},

	{Name: "review.given", Deployment: true, Fields: []Field{
		required("reviewer", Person), required("decision", Word), required("environments", Texts), required("reviewed_at", Instant),
	}},

	{Name: "approval.granted", By: ByHand, Place: true, Image: true, Fields: approval, Tag: "artifact"},
	{Name: "approval.rejected", By: ByHand, Place: true, Everywhere: true, Image: true, Fields: objection, Tag: "artifact",
		Undo: "record an approval.granted that names it with --lifts"},
	{Name: "approval.withdrawn", By: ByHand, Place: true, Everywhere: true, Image: true, Fields: objection, Tag: "artifact",
		Undo: "record another approval.granted"},

	{Name: "staging.deployed", By: ByHand, Place: true, Named: true, Image: true, BadNews: true, Tag: "version", Fields: []Field{
		optional("version", Text), optional("approvers", Persons), optional("reason", Text),
	}},
	{Name: "staging.verified", By: ByHand, Place: true, Named: true, Image: true, BadNews: true, Tag: "version", Fields: []Field{
		required("result", Text), optional("version", Text), optional("approvers", Persons), optional("reason", Text),
	}},

	{Name: "deploy.started", By: ByHand, Place: true, Image: true, BadNews: true, Fields: deployment, Tag: "version"},
	{Name: "deploy.live", By: ByHand, Place: true, Image: true, BadNews: true, Fields: deployment, Tag: "version"},
	{Name: "deploy.failed", By: ByHand, Place: true, Image: true, BadNews: true, Fields: deployment, Tag: "version"},

	{Name: "verification.passed", By: ByHand, Place: true, Image: true, Deployment: true, Fields: verification},
	{Name: "verification.failed", By: ByHand, Place: true, Image: true, Deployment: true, BadNews: true, Fields: verification},

	{Name: "rollback.started", By: ByHand, Place: true, Image: true, Deployment: true, BadNews: true, Fields: deployment, Tag: "version"},
	{Name: "rollback.live", By: ByHand, Place: true, Image: true, Deployment: true, BadNews: true, Fields: deployment, Tag: "version"},
	{Name: "rollback.failed", By: ByHand, Place: true, Image: true, Deployment: true, BadNews: true, Fields: deployment, Tag: "version"},

	{Name: "incident.linked", By: ByHand, Place: true, Deployment: true, BadNews: true, Fields: []Field{
		required("incident", Text), optional("reason", Text),
	}},
	{Name: "emergency.used", By: ByHand, Place: true, Undo: "review it: prodgate audit record emergency.reviewed --settles ID", Fields: []Field{
		requiredUnless("requested_by", "ticket", Text), // a rollback that was approved in advance may have no ticket
		optional("requested_by", Persons), optional("approved_by", Persons), optional("due_at", Instant), optional("reason", Text),
	}},
	{Name: "emergency.reviewed", By: ByHand, Place: true, Fields: []Field{
		required("settles", Entry), required("reviewer", Person), optional("ticket", Text), optional("reason", Text),
	}},
	{Name: "entry.dismissed", By: "prodgate audit dismiss", Fields: []Field{
		required("entry", Entry), required("by", Person), required("reason", Text),
	}},
	{Name: "freeze.declared", By: "prodgate freeze now", Undo: "use prodgate freeze lift", Fields: []Field{
		required("reason", Text), optional("services", Identifiers), optional("environments", Identifiers), optional("until", Instant), optional("by", Person),
	}},
	{Name: "freeze.lifted", By: "prodgate freeze lift", Fields: []Field{
		required("freeze", Entry), required("reason", Text), optional("by", Person),
	}},
	{Name: "delegation.granted", By: "prodgate delegate", Undo: "use prodgate delegate end", check: checkDelegation, Fields: []Field{
		required("role", Word), required("by", Person), required("to", Person), required("from", Instant), required("until", Instant),
		required("bundle", bundle), optional("reason", Text),
	}},
	{Name: "delegation.ended", By: "prodgate delegate end", Undo: "delegate the role again", Fields: []Field{
		required("delegation", Entry), required("reason", Text), optional("by", Person),
	}},
	{Name: "production.adopted", By: "prodgate adopt", Place: true, Image: true, check: checkAdoption, Fields: []Field{
		required("version", Text), optional("live_at", Instant),
		optional("previous_digest", Digest), optional("previous_version", Text), optional("previous_live_at", Instant),
		required("requested_by", Person), required("approver", Person), required("approved_at", Instant), required("reason", Text),
	}},
	{Name: "policy.changed", Place: true, Fields: []Field{
		optional("from", policy), required("to", policy),
	}},
	{Name: "blob.erased", Fields: []Field{
		required("digests", Digests), optional("reason", Text),
	}},
}

// custom is the type custom.NAME. Its fields are the user's own; those that a
// document shows of a step have the form that they have elsewhere.
var custom = Type{By: ByHand, Place: true, Image: true, Tag: "version", Fields: []Field{
	optional("version", Text), optional("result", Text), optional("ticket", Text), optional("reason", Text),
}}

// Fields that several types have.
var (
	policy = objects("the identity of policies: {version, revision, digest}",
		optional("version", Text), optional("revision", Text), required("digest", Digest))

	bundle = objects("a Sigstore bundle: {dsseEnvelope, …}", required("dsseEnvelope", objects("an envelope")))

	decision = []Field{
		required("kind", Text), required("outcome", Outcome), required("exit_code", Count), required("policy", policy), required("input_digest", Digest),
		optional("emergency", Flag), optional("required", Texts), optional("passed", Texts), optional("weakened", Texts),
		optional("findings", listOfObjects("a list of findings: {code, effect, …}", required("code", Word), required("effect", Word))),
		optional("findings_left_out", Count), optional("opens_at", Instant), optional("prodgate", Text),
		optional("rollback", objects("a way back: {version, digest, configuration, procedure}",
			optional("version", Text), optional("digest", Digest), optional("configuration", Digest), optional("procedure", Text))),
	}
	approval = []Field{
		required("approver", Person), required("approved_at", Instant), optional("artifact", Text),
		optional("deployment_window", Text), optional("approval_duration_seconds", Seconds), optional("role", Text), optional("reason", Text),
		optional("kind", Kind), optional("ticket", Text), optional("lifts", Lifted), optional("configuration", Digest),
	}
	objection  = append(slices.Clone(approval), optional("platforms", Digests))
	deployment = []Field{
		optional("version", Text), optional("approvers", Persons), optional("reason", Text), optional("kind", Kind), optional("attempt", Attempt),
	}
	verification = []Field{
		optional("version", Text), optional("reason", Text), optional("attempt", Attempt),
	}
)

func required(name string, form Form) Field { return Field{Name: name, Form: form, Required: true} }
func optional(name string, form Form) Field { return Field{Name: name, Form: form} }

func requiredUnless(other, name string, form Form) Field {
	return Field{Name: name, Form: form, Required: true, Unless: other}
}

// Names are the names of Types.
func Names() []string {
	names := make([]string, len(Types))
	for i, t := range Types {
		names[i] = t.Name
	}
	return names
}

// checkDelegation checks that the delegation is to another person, and ends after it began.
func checkDelegation(_ Step, data map[string]any) (problems []Problem) {
	if data["to"] == data["by"] {
		problems = append(problems, Problem{"data.to", "another person than by", found(data["to"])})
	}
	from, until := parsedInstant(data["from"]), parsedInstant(data["until"])
	if !from.Before(until) {
		problems = append(problems, Problem{"data.until", "later than from", found(data["until"])})
	}
	return problems
}

// checkAdoption checks what ran before, and that somebody else approved.
func checkAdoption(s Step, data map[string]any) (problems []Problem) {
	for _, pair := range [][2]string{{"previous_digest", "previous_version"}, {"previous_version", "previous_digest"}} {
		if !absent(data[pair[1]]) && absent(data[pair[0]]) {
			problems = append(problems, Problem{Field: "data." + pair[0], Must: "given together with " + pair[1]})
		}
	}
	if data["previous_digest"] == s.Digest {
		problems = append(problems, Problem{"data.previous_digest", "another image than the one that runs", found(s.Digest)})
	}
	if data["approver"] == data["requested_by"] {
		problems = append(problems, Problem{"data.approver", "another person than requested_by", found(data["approver"])})
	}
	return problems
}
