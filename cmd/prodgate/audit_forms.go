package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// recordForm is what a step of one type says, by the flags of stepFields.
type recordForm struct {
	image      bool   // it is about an image
	deployment bool   // it belongs to a deployment
	approval   bool   // it is a reviewer's
	attempt    bool   // it says which attempt of the deployment it belongs to
	tag        string // the field that the image's tag is told in; "" for none
	required   []string
	optional   []string
}

// recordForms are the types that can be recorded by hand. What prodgate records
// itself is not among them: a gate's decision, the change of its rules, an erasure.
var recordForms = map[string]recordForm{
	trail.TypeApprovalGranted:    approvalForm,
	trail.TypeApprovalRejected:   approvalForm,
	trail.TypeApprovalWithdrawn:  approvalForm,
	trail.TypeStagingDeployed:    {image: true, tag: "version", optional: []string{"version", "approver", "reason"}},
	trail.TypeStagingVerified:    {image: true, tag: "version", required: []string{"result"}, optional: []string{"version", "approver", "reason"}},
	trail.TypeDeployStarted:      deployForm,
	trail.TypeDeployLive:         deployForm,
	trail.TypeDeployFailed:       deployForm,
	trail.TypeVerificationPassed: {image: true, deployment: true, attempt: true, optional: []string{"version", "reason"}},
	trail.TypeVerificationFailed: {image: true, deployment: true, attempt: true, optional: []string{"version", "reason"}},
	trail.TypeRollbackStarted:    rollbackForm,
	trail.TypeRollbackLive:       rollbackForm,
	trail.TypeRollbackFailed:     rollbackForm,
	trail.TypeIncidentLinked:     {deployment: true, required: []string{"incident"}, optional: []string{"reason"}},
	trail.TypeEmergencyUsed:      {required: []string{"ticket"}, optional: []string{"reason"}},
	trail.TypeEmergencyReviewed:  {required: []string{"settles", "reviewer"}, optional: []string{"ticket", "reason"}},
}

var (
	approvalForm = recordForm{
		image: true, approval: true, tag: "artifact", required: []string{"approver"},
		optional: []string{"tag", "approved-at", "window", "duration", "role", "reason", "kind", "ticket", "lifts", configurationFlag},
	}
	deployForm   = recordForm{image: true, attempt: true, tag: "version", optional: []string{"version", "approver", "reason", "kind"}}
	rollbackForm = recordForm{image: true, deployment: true, attempt: true, tag: "version", optional: []string{"version", "approver", "reason", "kind"}}
)

// recordable are the types of recordForms, in the trail's order.
var recordable = slices.DeleteFunc(slices.Clone(trail.Types), func(name string) bool {
	_, ok := recordForms[name]
	return !ok
})

// ownCommands are the commands that record a type which needs more than a form.
var ownCommands = map[string]string{
	trail.TypeEntryDismissed:    "prodgate audit dismiss",
	trail.TypeFreezeDeclared:    "prodgate freeze now",
	trail.TypeFreezeLifted:      "prodgate freeze lift",
	trail.TypeProductionAdopted: "prodgate adopt",
}

// recordableType returns an error for a type that nobody can record by hand.
func recordableType(kind string) error {
	if command := ownCommands[kind]; command != "" {
		return usage("use "+command, "%s cannot be recorded by hand", kind)
	}
	if slices.Contains(trail.Types, kind) && !slices.Contains(recordable, kind) {
		return usage("it is recorded by what makes it, and by nobody else", "%s cannot be recorded by hand", kind)
	}
	return knownType(kind, recordable)
}

// stepField is something a step can say.
type stepField struct {
	flag, name, doc string
	read            func(text string) (any, error)
}

// stepFields are all of them; approver is a list where several have approved.
var stepFields = []stepField{
	{"approver", "approver", "who approved, as an e-mail address or scheme:value; of a deployment several, separated by commas", readText},
	{"approved-at", "approved_at", "when it was approved (RFC 3339); without it, when the step was taken", readTime},
	{"duration", "approval_duration_seconds", "how long the review took, such as 5m", readSeconds},
	{"incident", "incident", "the incident that the deployment caused", readText},
	{"kind", "kind", "the kind of request that it is about: initial, promotion, configuration or rollback", readKind},
	{"lifts", "lifts", "rejections that the approval lifts, separated by commas: who rejected, or the id of the entry", readLifted},
	{"reason", "reason", "why, in a sentence", readText},
	{"result", "result", "of a verification, as its system words it: PASSED, FAILED … Only exactly PASSED is good", readText},
	{"reviewer", "reviewer", "who held the review; without it, the account that records", readOne},
	{"role", "role", "the approver's role, as claimed; the directory's counts", readText},
	{"settles", "settles", "the id of the emergency.used that was reviewed", readText},
	{"tag", "artifact", "the tag that the reviewer saw", readText},
	{"ticket", "ticket", "the ticket of the emergency or incident", readText},
	{"version", "version", "the version, as people call it", readText},
	{"window", "deployment_window", "the deployment window that the approval is for", readText},
}

// ownFields are names in an entry's data that are not a flag's.
var ownFields = []string{"approvers", "due_at", "attempt", "configuration", "requested_by", "approved_by"}

var fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func fieldOf(flag string) stepField {
	return stepFields[slices.IndexFunc(stepFields, func(f stepField) bool { return f.flag == flag })]
}

func readText(text string) (any, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("it is blank")
	}
	return text, nil
}

func readKind(text string) (any, error) {
	if !slices.Contains(kinds(), text) {
		return nil, fmt.Errorf("%q is not one of %s", text, strings.Join(kinds(), ", "))
	}
	return text, nil
}

// readOne reads one person.
func readOne(text string) (any, error) { return readPerson(text) }

// readLifted reads persons and ids of entries.
func readLifted(text string) (any, error) {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if _, err := uuid.Parse(part); err != nil {
			if part, err = readPerson(part); err != nil {
				return nil, err
			}
		}
		list = append(list, part)
	}
	return list, nil
}

func readTime(text string) (any, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time with an offset (RFC 3339)", text)
	}
	return at.UTC().Format(time.RFC3339Nano), nil
}

func readSeconds(text string) (any, error) {
	length, err := time.ParseDuration(text)
	if err != nil || length < 0 {
		if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e9 {
			return seconds, nil
		}
		return nil, fmt.Errorf("%q is no length of time; write it as 5m or 300s", text)
	}
	return length.Seconds(), nil
}

// readApprovers brings approvers to the form of their type: a review has one, a
// deployment a list.
func readApprovers(data map[string]any, form recordForm) error {
	text, ok := data["approver"].(string)
	if !ok {
		return nil
	}
	var people []string
	for part := range strings.SplitSeq(text, ",") {
		person, err := readPerson(part)
		if err != nil {
			return err
		}
		people = append(people, person)
	}
	if !form.approval {
		delete(data, "approver")
		data["approvers"] = people
		return nil
	}
	if len(people) > 1 {
		return errors.New("a review is one person's; record one for each")
	}
	data["approver"] = people[0]
	return nil
}

// readPerson brings a person to the one spelling of documents.
func readPerson(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if !strings.Contains(text, ":") && strings.Count(text, "@") == 1 {
		text = "mailto:" + text
	}
	if wanted, ok := facts.Accepts("person", text); !ok {
		return "", fmt.Errorf("%q names nobody; want %s", text, wanted)
	}
	return text, nil
}
