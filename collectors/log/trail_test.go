package log

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite" // to tamper with

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/legacy"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/trail"
)

var (
	noon     = time.Date(2026, 11, 24, 12, 0, 0, 250_000_000, time.UTC)
	pipeline = trail.Writer{Subject: "repo:acme/payments-api", Issuer: "https://github.com", Assurance: trail.AssuranceCI}
)

// written is a new log with events, as any version may have written them; each has
// what all have.
func written(t *testing.T, events ...trail.Event) (location string) {
	t.Helper()
	location = filepath.Join(t.TempDir(), "t.db")
	l, err := trail.Open(context.Background(), location, trail.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range events {
		e := &events[i]
		if e.ID == "" {
			e.ID = trail.NewID()
		}
		if e.OccurredAt.IsZero() {
			e.OccurredAt = noon
		}
		if e.Writer.Subject == "" {
			e.Writer = pipeline
		}
		if e.Service == "" {
			e.Service = "payments-api"
		}
		if e.Data == nil {
			e.Data = json.RawMessage("{}")
		}
	}
	if _, err := l.Append(legacy.Context(context.Background()), events...); err != nil {
		t.Fatal(err)
	}
	return location
}

const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

var request = facts.Request{Service: "payments-api", Environment: "production", Digest: zeros}

func collectFrom(location string) (*facts.Trail, facts.Observed, error) {
	section, err := Trail{Log: Location{Location: location}}.Collect(context.Background(), request)
	if err != nil {
		return nil, facts.Observed{}, err
	}
	observed := section.(facts.Observed)
	return observed.Section.(*facts.Trail), observed, nil
}

func pointer[T any](v T) *T { return &v }

// told are steps as "seq type", in their order.
func told(found *facts.Trail) []string {
	list := []string{}
	for _, s := range found.Steps {
		list = append(list, fmt.Sprintf("%d %s", *s.Seq, s.Type))
	}
	return list
}

func TestStepsOfTheTrailSayWhoWroteThem(t *testing.T) {
	id := trail.NewID()
	location := written(t, trail.Event{
		ID: id, Type: trail.TypeApprovalGranted, Digest: zeros, Environment: "production", Request: "acme/web/runs/7/attempts/2", Deployment: "acme/web/runs/7/attempts/2",
		Data: json.RawMessage(`{"approver":"mailto:lead@example.com","kind":"configuration","ticket":"INC-1","configuration":"` + zeros + `","lifts":[]}`),
	})
	got, observed, err := collectFrom(location)
	if err != nil {
		t.Fatal(err)
	}
	want := []facts.Step{{
		Type: "approval.granted", At: noon.Truncate(time.Second), Digest: zeros, ID: &id, Seq: pointer(0), Service: pointer("payments-api"), Environment: pointer("production"),
		Kind: pointer("configuration"), Ticket: pointer("INC-1"), Configuration: pointer(zeros), Approver: pointer("mailto:lead@example.com"),
		Request: pointer("acme/web/runs/7/attempts/2"), Deployment: pointer("acme/web/runs/7"),
		Writer: pointer("repo:acme/payments-api"), Assurance: pointer(facts.AssuranceCI),
	}}
	if diff := cmp.Diff(want, got.Steps); diff != "" {
		t.Error(diff)
	}
	if !*got.Complete || !strings.HasPrefix(*got.Origin, "prodgate.dev/trail/") {
		t.Errorf("complete %t, origin %q", *got.Complete, *got.Origin)
	}
	if observed.Kind != "trail" || observed.Evidence == nil || !strings.HasSuffix(observed.Evidence.URI, "#1") || len(observed.Evidence.SHA256) != 64 {
		t.Errorf("observed %+v with evidence %+v", observed, observed.Evidence)
	}
}

func TestACustomStepIsReadLikeAnyOther(t *testing.T) {
	location := written(t, trail.Event{
		Type: "custom.load-test", Digest: zeros, Environment: "production",
		Data: json.RawMessage(`{"result":"PASSED","ticket":"OPS-1","peak":1200,"kind":{"any":"thing"}}`),
	})
	got, _, err := collectFrom(location)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Steps) != 1 || got.Steps[0].Type != "custom.load-test" || *got.Steps[0].Result != "PASSED" || *got.Steps[0].Ticket != "OPS-1" ||
		got.Steps[0].Kind != nil || *got.Steps[0].Writer != pipeline.Subject || *got.Steps[0].Seq != 0 {
		t.Errorf("%+v", got.Steps)
	}
}

func TestBadNewsAboutAnotherArtifactIsRead(t *testing.T) {
	other := strings.Replace(zeros, "0", "1", 1)
	jane := trail.Writer{Subject: "user:jane", Assurance: trail.AssuranceClaimed}
	dismissed := trail.NewID()
	location := written(t,
		trail.Event{Type: trail.TypeStagingDeployed, Digest: other, Environment: "staging"}, // 0: before this one
		trail.Event{Type: trail.TypeStagingDeployed, Digest: zeros, Environment: "staging", OccurredAt: noon.Add(time.Hour)},
		trail.Event{Type: trail.TypeStagingDeployed, Digest: other, Environment: "uat", OccurredAt: noon.Add(2 * time.Hour)}, // 2: elsewhere
		trail.Event{ID: dismissed, Type: trail.TypeStagingDeployed, Digest: other, Environment: "staging", OccurredAt: noon.Add(3 * time.Hour), Writer: jane},
		trail.Event{Type: trail.TypeStagingDeployed, Digest: other, Environment: "staging", OccurredAt: noon.Add(4 * time.Hour), Writer: jane},
		trail.Event{Type: trail.TypeStagingDeployed, Digest: other, Environment: "staging", OccurredAt: noon.Add(5 * time.Hour), Writer: jane}, // 5: deployed last by jane
		trail.Event{Type: trail.TypeStagingDeployed, Digest: other, Environment: "staging", OccurredAt: noon.Add(6 * time.Hour)},
		trail.Event{Type: trail.TypeApprovalRejected, Digest: other, OccurredAt: noon.Add(7 * time.Hour)},
		trail.Event{Type: trail.TypeApprovalWithdrawn, Digest: other, Environment: "prod", OccurredAt: noon.Add(8 * time.Hour)},
		trail.Event{Type: trail.TypeApprovalRejected, Digest: other, Service: "search-api"}, // 9: of another artifact of another service
		trail.Event{Type: trail.TypeApprovalRejected, Digest: zeros, Service: "search-api", OccurredAt: noon.Add(9 * time.Hour)},
		trail.Event{Type: trail.TypeApprovalRejected, OccurredAt: noon.Add(10 * time.Hour)},
		trail.Event{Type: trail.TypeStagingVerified, Digest: zeros, Environment: "staging", OccurredAt: noon.Add(11 * time.Hour), Data: json.RawMessage(`{"result":"FAILED"}`)},
		trail.Event{Type: trail.TypeGateEvaluated, Digest: zeros, Environment: "production", Mode: "enforce", OccurredAt: noon.Add(12 * time.Hour), Data: json.RawMessage(`{"outcome":"deny"}`)},
		trail.Event{Type: trail.TypeGateDocument, Digest: zeros, Environment: "production", Mode: "document", OccurredAt: noon.Add(13 * time.Hour), Data: json.RawMessage(`{"outcome":"allow"}`)},
		trail.Event{Type: trail.TypeEntryDismissed, Digest: other, Environment: "staging", Data: json.RawMessage(`{"entry":"` + dismissed + `","by":"user:lead","reason":"it was a test"}`)},
	)
	got, _, err := collectFrom(location)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 staging.deployed", "3 staging.deployed", "4 staging.deployed", "5 staging.deployed", "6 staging.deployed", "7 approval.rejected", "8 approval.withdrawn",
		"10 approval.rejected", "11 approval.rejected", "12 staging.verified", "13 gate.evaluated",
	}
	if diff := cmp.Diff(want, told(got)); diff != "" {
		t.Error(diff)
	}
	if got.Steps[8].Digest != zeros || *got.Steps[9].Result != "FAILED" || *got.Steps[10].Outcome != "deny" {
		t.Errorf("%+v", got.Steps[8:])
	}
	if len(got.Dismissals) != 1 || got.Dismissals[0].Entry != dismissed || *got.Dismissals[0].Seq < 2 || got.Dismissals[0].By != "user:lead" || got.Dismissals[0].Assurance != facts.AssuranceCI {
		t.Errorf("%+v", got.Dismissals)
	}
}

func TestARejectionOfAnIndexIsOneOfItsImages(t *testing.T) {
	index, sibling := strings.Replace(zeros, "0", "1", 1), strings.Replace(zeros, "0", "2", 1)
	of := func(digests string) trail.Event {
		return trail.Event{Type: trail.TypeApprovalRejected, Digest: index, Environment: "production",
			Data: json.RawMessage(`{"approver":"user:jane","reason":"it leaks","platforms":` + digests + `}`)}
	}
	withdrawn := of(`["` + zeros + `"]`)
	withdrawn.Type = trail.TypeApprovalWithdrawn
	granted := of(`["` + zeros + `"]`)
	granted.Type = trail.TypeApprovalGranted
	got, _, err := collectFrom(written(t, of(`["`+sibling+`","`+zeros+`"]`), of(`["`+sibling+`"]`), withdrawn, granted, of(`"`+zeros+`"`)))
	if err != nil {
		t.Fatal(err)
	}
	var digests []string
	for _, s := range got.Steps {
		digests = append(digests, fmt.Sprint(*s.Seq, " ", s.Digest))
		if s.Reason == nil || *s.Reason != "it leaks" || *s.Approver != "user:jane" {
			t.Errorf("%+v", s)
		}
	}
	if diff := cmp.Diff([]string{"0 " + zeros, "1 " + index, "2 " + zeros, "4 " + index}, digests); diff != "" {
		t.Error(diff)
	}
}

func TestAttemptsOfTheDeploymentAreRead(t *testing.T) {
	asked := func(request, deployment, service string, hours int, more string) trail.Event {
		return trail.Event{Type: trail.TypeGateRequested, Digest: zeros, Environment: "production", Service: service, Request: request, Deployment: deployment,
			OccurredAt: noon.Add(time.Duration(hours) * time.Hour), Data: json.RawMessage(`{"kind":"promotion","requested_by":"github:1","triggered_by":"github:2"` + more + `}`)}
	}
	location := written(t,
		asked("r/7/attempts/2", "r/7", "", 2, `,"attempt":2,"emergency":true,"ticket":"INC-7"`), asked("r/7/attempts/1", "r/7/attempts/1", "", 1, ""),
		asked("r/8", "r/8", "", 0, ""), asked("r/7/attempts/3", "r/7", "search-api", 0, ""),
	)
	section, err := Trail{Log: Location{Location: location}}.Collect(context.Background(),
		facts.Request{ID: "r/7/attempts/3", Deployment: pointer("r/7"), Service: "payments-api", Environment: "production", Digest: zeros})
	if err != nil {
		t.Fatal(err)
	}
	got := section.(facts.Observed).Section.(*facts.Trail).Requests
	if len(got) != 3 || *got[0].Service != "search-api" || got[0].ID != "r/7/attempts/3" {
		t.Fatalf("%+v", got)
	}
	got = got[1:]
	if got[0].ID != "r/7/attempts/1" || *got[0].Attempt != 1 || got[1].ID != "r/7/attempts/2" || *got[1].Attempt != 2 || got[1].TriggeredBy != "github:2" ||
		*got[1].Service != "payments-api" || !*got[1].Emergency || *got[1].Ticket != "INC-7" || got[1].RecordedAt == nil || got[1].RecordedAt.Before(got[1].At) || *got[0].Emergency || got[0].Ticket != nil {
		t.Errorf("%+v", got)
	}
	if got[0].Entry == nil || got[0].Seq == nil || *got[0].Seq != 1 || *got[1].Seq != 0 || *got[0].Entry == *got[1].Entry {
		t.Errorf("entries of %+v", got)
	}
}

// What an entry does not say is not filled in: it would be what nobody requested.
func TestARequestOfAnUnknownDigestIsOfNone(t *testing.T) {
	data := json.RawMessage(`{"kind":"promotion","requested_by":"github:1","triggered_by":"github:2"}`)
	location := written(t,
		trail.Event{Type: trail.TypeGateRequested, Environment: "production", Service: "payments-api", Request: "r/7/attempts/1", Deployment: "r/7", OccurredAt: noon, Data: data},
		trail.Event{Type: trail.TypeGateRequested, Digest: zeros, Environment: "Staging EU", Service: "payments-api", Request: "r/7/attempts/1", Deployment: "r/7", OccurredAt: noon, Data: data},
	)
	section, err := Trail{Log: Location{Location: location}}.Collect(context.Background(),
		facts.Request{ID: "r/7/attempts/1", Deployment: pointer("r/7"), Service: "payments-api", Environment: "production", Digest: zeros})
	if err != nil {
		t.Fatal(err)
	}
	got := section.(facts.Observed).Section.(*facts.Trail).Requests
	if len(got) != 2 || got[0].Digest != nil || *got[0].Environment != "production" || *got[1].Digest != zeros || got[1].Environment != nil {
		t.Errorf("%+v", got)
	}
}

func TestReviewsOfTheRunAreRead(t *testing.T) {
	given := func(run string, environments string) trail.Event {
		return trail.Event{Type: trail.TypeReviewGiven, Deployment: run, OccurredAt: noon, Writer: trail.Writer{Subject: "webhook:github", Assurance: trail.AssuranceWebhook},
			Data: json.RawMessage(`{"reviewer":"github:2","decision":"approved","environments":[` + environments + `],"reviewed_at":"2026-11-24T11:02:00-05:00"}`)}
	}
	location := written(t, given("r/7", `"Production","EU west"`), given("r/8", `"production"`))
	section, err := Trail{Log: Location{Location: location}}.Collect(context.Background(),
		facts.Request{ID: "r/7/attempts/1", Deployment: pointer("r/7"), Service: "payments-api", Environment: "production", Digest: zeros})
	if err != nil {
		t.Fatal(err)
	}
	got := section.(facts.Observed).Section.(*facts.Trail).Reviews
	if len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	want := []facts.RecordedReview{{
		ID: got[0].ID, Run: "r/7", Reviewer: "github:2", Decision: "approved", Environments: []string{"production"},
		At: time.Date(2026, 11, 24, 16, 2, 0, 0, time.UTC), Writer: pointer("webhook:github"), Assurance: pointer(facts.AssuranceWebhook),
	}}
	if diff := cmp.Diff(want, got); diff != "" || got[0].ID == "" {
		t.Error(diff)
	}
}

func TestFreezesOfEverybodyAreRead(t *testing.T) {
	id := trail.NewID()
	location := written(t,
		trail.Event{ID: id, Type: trail.TypeFreezeDeclared, Service: "search-api", Data: json.RawMessage(`{"reason":"fire","services":["payments-api"],"until":null,"by":"user:jane"}`)},
		trail.Event{Type: trail.TypeFreezeLifted, Service: "search-api", Data: json.RawMessage(`{"freeze":"` + id + `","reason":"it is out"}`)},
		trail.Event{Type: trail.TypeFreezeDeclared, Data: json.RawMessage(`{"reason":" ","until":"2026-11-30T10:00:00Z"}`)},
	)
	got, _, err := collectFrom(location)
	if err != nil || len(got.Stops) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if first := got.Stops[0]; first.ID != id || len(first.Lifted) != 1 || first.Until != nil || first.Services[0] != "payments-api" || *first.By != "user:jane" {
		t.Errorf("%+v", first)
	}
	if second := got.Stops[1]; second.Reason == " " || second.Until.Day() != 30 || second.Lifted == nil {
		t.Errorf("%+v", second)
	}
}

// A step that differs in anything but its time is kept; of others the first and
// the last.
func TestOfEqualStepsTheFirstAndTheLastAreReported(t *testing.T) {
	approved := func(hours int, data string) trail.Event {
		return trail.Event{Type: trail.TypeApprovalGranted, Digest: zeros, OccurredAt: noon.Add(time.Duration(hours) * time.Hour), Data: json.RawMessage(data)}
	}
	got, _, err := collectFrom(written(t, approved(5, "{}"), approved(2, "{}"), approved(9, "{}"), approved(7, "{}"), approved(6, `{"ticket":"INC-1"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1 approval.granted", "4 approval.granted", "2 approval.granted"}, told(got)); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmergencyLeavesADebtAndReviewsSettleIt(t *testing.T) {
	used, foreign := trail.NewID(), trail.NewID()
	reviewed := func(settles string) json.RawMessage {
		return json.RawMessage(`{"ticket":"INC-1","settles":"` + settles + `","reviewer":"user:joe"}`)
	}
	location := written(t,
		trail.Event{ID: used, Type: trail.TypeEmergencyUsed, Environment: "production", Data: json.RawMessage(`{"ticket":"INC-1","due_at":null,"requested_by":["github:1","github:1","x"],"approved_by":["mailto:vp@example.com"]}`)},
		trail.Event{ID: foreign, Type: trail.TypeEmergencyUsed, Service: "search-api"},
		trail.Event{Type: trail.TypeEmergencyReviewed, OccurredAt: noon.Add(time.Hour), Writer: trail.Writer{Subject: "user:jane", Assurance: trail.AssuranceClaimed}, Data: reviewed(used)},
		trail.Event{Type: trail.TypeEmergencyReviewed, OccurredAt: noon.Add(2 * time.Hour), Data: reviewed(used)},
		trail.Event{Type: trail.TypeEmergencyReviewed, Data: reviewed(trail.NewID())},
		trail.Event{Type: trail.TypeEmergencyReviewed, Data: reviewed(used), Writer: trail.Writer{Subject: "nobody in particular", Assurance: trail.AssuranceUser}},
	)
	got, _, err := collectFrom(location)
	second := noon.Truncate(time.Second)
	want := []facts.Debt{{
		Type: "emergency.review", ID: &used, Service: pointer("payments-api"), IncurredAt: &second,
		Ticket: pointer("INC-1"), RequestedBy: []string{"github:1"}, ApprovedBy: []string{"mailto:vp@example.com"},
		Settlements: []facts.Settlement{
			{At: second.Add(time.Hour), By: pointer("user:joe"), Writer: "user:jane", Assurance: facts.AssuranceClaimed},
			{At: second.Add(2 * time.Hour), By: pointer("user:joe"), Writer: "repo:acme/payments-api", Assurance: facts.AssuranceCI},
		},
	}}
	if diff := cmp.Diff(want, got.Debts); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A clock that is ahead, or somebody's word, must leave no debt that nothing can
// settle until then.
func TestAnEmergencyIsUsedByWhenItIsRecorded(t *testing.T) {
	got, _, err := collectFrom(written(t, trail.Event{Type: trail.TypeEmergencyUsed, OccurredAt: time.Date(2091, 1, 1, 0, 0, 0, 0, time.UTC)}))
	if err != nil || len(got.Debts) != 1 {
		t.Fatalf("read %+v, %v", got, err)
	}
	if at := got.Debts[0].IncurredAt; at == nil || time.Since(*at).Abs() > time.Hour {
		t.Errorf("the debt is said to be incurred at %v", at)
	}
}

func TestAnEmptyLogSaysThatNothingIsRecorded(t *testing.T) {
	got, observed, err := collectFrom(written(t))
	if err != nil || got.Steps == nil || got.Debts == nil || len(got.Steps)+len(got.Debts) != 0 || observed.Evidence != nil {
		t.Errorf("read %+v with evidence %v, %v", got, observed.Evidence, err)
	}
}

func TestATrailThatCannotBeLookedAtIsAnError(t *testing.T) {
	t.Run("nobody said where", func(t *testing.T) {
		if _, _, err := collectFrom(""); !errors.Is(err, strict.ErrUnconfigured) {
			t.Error(err)
		}
	})
	t.Run("there is none", func(t *testing.T) {
		location := filepath.Join(t.TempDir(), "none.db")
		if _, _, err := collectFrom(location); err == nil || !strings.Contains(err.Error(), "none.db") {
			t.Error(err)
		}
		if _, err := os.Stat(location); err == nil {
			t.Error("a collector made a trail")
		}
	})
	t.Run("no database", func(t *testing.T) {
		location := filepath.Join(t.TempDir(), "t.db")
		if err := os.WriteFile(location, []byte(strings.Repeat("no database ", 500)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := collectFrom(location); err == nil {
			t.Error("it was read")
		}
	})
}

func TestAnAlteredTrailIsAnError(t *testing.T) {
	for name, statement := range map[string]string{
		"a step's body":        `UPDATE entries SET body = replace(body, '"claimed"', '"ci"') WHERE seq = 1`,
		"the checkpoint":       `UPDATE checkpoints SET note = replace(note, char(10), ' ') WHERE size > 0`,
		"another's checkpoint": `UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 0) WHERE size > 0`,
		"a missing row":        `DELETE FROM entries WHERE seq = 0`,
		"the chains":           `DELETE FROM chains`,
	} {
		t.Run(name, func(t *testing.T) {
			location := written(t,
				trail.Event{Type: trail.TypeStagingDeployed, Digest: zeros, Environment: "staging"},
				trail.Event{Type: trail.TypeStagingVerified, Digest: zeros, Environment: "staging", Writer: trail.Writer{Subject: "user:jane", Assurance: trail.AssuranceClaimed}},
			)
			tamper(t, location, statement)
			if got, _, err := collectFrom(location); err == nil {
				t.Errorf("read %+v", got)
			}
		})
	}
}

// tamper changes a log as somebody with a SQLite shell would.
func tamper(t *testing.T, location, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", location)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	var triggers []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		triggers = append(triggers, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range triggers {
		if _, err := db.Exec("DROP TRIGGER " + name); err != nil {
			t.Fatal(err)
		}
	}
	result, err := db.Exec(statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

func TestAssurancesAreTheTrails(t *testing.T) {
	ours := []trail.Assurance{}
	for _, a := range facts.Assurances {
		ours = append(ours, trail.Assurance(a))
	}
	want := []trail.Assurance{trail.AssuranceClaimed, trail.AssuranceUser, trail.AssuranceCI, trail.AssuranceWebhook, trail.AssuranceOIDC}
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkSteps reads one promotion's steps among 20,000 entries.
func BenchmarkSteps(b *testing.B) {
	location := filepath.Join(b.TempDir(), "t.db")
	l, err := trail.Open(context.Background(), location, trail.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for batch := range 20 {
		var events []trail.Event
		for i := range 1000 {
			digest := "sha256:" + fmt.Sprintf("%064x", (batch*1000+i)/8)
			events = append(events, trail.Event{
				ID: trail.NewID(), Type: trail.TypeStagingVerified, OccurredAt: noon.Add(time.Duration(i) * time.Second), Writer: pipeline,
				Service: "payments-api", Environment: "staging", Digest: digest, Data: json.RawMessage("{}"),
			})
		}
		if _, err := l.Append(legacy.Context(context.Background()), events...); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got, _, err := collectFrom(location); err != nil || len(got.Steps) != 2 {
			b.Fatalf("%+v, %v", got, err)
		}
	}
}
