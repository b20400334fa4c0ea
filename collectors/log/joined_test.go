package log_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

const run = "acme/payments-api/runs/7"

// asked is a request for a deployment as the gate records it.
func asked(kind, digit, deployment, more string) trail.Event {
	return trail.Event{Type: trail.TypeGateRequested, Digest: digest(digit), Deployment: deployment, Request: deployment,
		Data: json.RawMessage(`{"kind":"` + kind + `","requested_by":"github:1","triggered_by":"github:1"` + more + `}`)}
}

// in is a step in another environment.
func in(environment string, e trail.Event) trail.Event {
	e.Environment = environment
	return e
}

// A re-run of failed jobs is the same deployment, also where the steps were
// recorded when each attempt was a deployment of its own.
func TestAttemptsAreOneDeployment(t *testing.T) {
	for _, ids := range [][2]string{{run, run}, {run + "/attempts/1", run + "/attempts/2"}, {run + "/attempts/1", run}} {
		for _, tt := range []struct {
			name   string
			events []trail.Event
			want   []string
		}{
			{"failed, and then live", []trail.Event{step("deploy.failed", "1", ids[0]), step("deploy.live", "1", ids[1])}, []string{"v1 live"}},
			{"its verification failed, and then passed", []trail.Event{step("deploy.live", "1", ids[0]), step("verification.failed", "1", ids[0]), step("verification.passed", "1", ids[1])}, []string{"v1 live"}},
			{"begun, and then live", []trail.Event{step("deploy.started", "1", ids[0]), step("deploy.live", "1", ids[1])}, []string{"v1 live"}},
			{"live, and then failed", []trail.Event{step("deploy.live", "1", ids[0]), step("deploy.failed", "1", ids[1])}, []string{"v1 failed"}},
		} {
			t.Run(fmt.Sprint(tt.name, ids), func(t *testing.T) {
				got, err := collect(t, written(t, tt.events...))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, statuses(got)); diff != "" || *got.History[0].ID != run || len(got.History[0].Events) != len(tt.events) || len(got.Unjoined) > 0 {
					t.Errorf("%+v\n%s", got, diff)
				}
			})
		}
	}
}

func TestStatusIsTheWorstReadingOfAllEvents(t *testing.T) {
	claimed := func(e trail.Event) trail.Event { return by(trail.AssuranceClaimed, e) }
	live := step("deploy.live", "1", run)
	for _, tt := range []struct {
		name    string
		events  []trail.Event
		want    []string
		current bool
	}{
		{"begun", []trail.Event{step("deploy.started", "1", run)}, []string{"v1 in_progress"}, false},
		{"begun, and somebody claims that it is live", []trail.Event{step("deploy.started", "1", run), claimed(live)}, []string{"v1 in_progress"}, false},
		{"somebody claims that it is live", []trail.Event{claimed(live)}, []string{"v1 live"}, false},
		{"somebody claims that it failed", []trail.Event{live, claimed(step("deploy.failed", "1", run))}, []string{"v1 failed"}, true},
		{"failed, and somebody claims that it is live", []trail.Event{step("deploy.failed", "1", run), claimed(live)}, []string{"v1 failed"}, false},
		{"somebody claims that it was undone", []trail.Event{live, claimed(step("rollback.live", "2", run))}, []string{"v2 live", "v1 rolled_back"}, true},
		{"somebody tries to undo it", []trail.Event{live, step("rollback.started", "2", run)}, []string{"v1 in_progress"}, true},
		{"somebody tries to undo it in vain", []trail.Event{live, step("rollback.started", "2", run), claimed(step("rollback.failed", "2", run)), step("rollback.failed", "2", run)}, []string{"v1 failed"}, true},
		{"it runs elsewhere", []trail.Event{in("staging", step("deploy.started", "1", run))}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, written(t, tt.events...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, statuses(got)); diff != "" {
				t.Error(diff)
			}
			if (got.Current != nil) != tt.current || got.Current != nil && got.Current.Version != "v1" {
				t.Errorf("current is %+v", got.Current)
			}
		})
	}
}

func TestWhatNamesNoKnownDeploymentIsKept(t *testing.T) {
	got, err := collect(t, written(t, step("deploy.live", "1", run), step("verification.failed", "1", "another"), step("rollback.live", "2", "")))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Unjoined) != 1 || got.Unjoined[0].Type != "verification.failed" || *got.Unjoined[0].Digest != digest("1") || *got.Unjoined[0].Seq != 1 {
		t.Errorf("unjoined: %+v", got.Unjoined)
	}
	if diff := cmp.Diff([]string{"v2 live", "v1 rolled_back"}, statuses(got)); diff != "" {
		t.Error(diff) // a rollback that names no deployment undoes what ran
	}
	got, err = collect(t, written(t, step("rollback.live", "2", "unknown")))
	if err != nil || len(got.Unjoined) != 1 || got.Unjoined[0].Digest != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// A rollback that has a run of its own undoes the newest deployment, though it
// never went live, and is a deployment of its own.
func TestARollbackOfItsOwnRun(t *testing.T) {
	const back = "acme/payments-api/runs/9"
	got, err := collect(t, written(t,
		step("deploy.live", "1", "acme/payments-api/runs/5"), step("deploy.started", "2", run),
		asked("rollback", "1", back, `,"configuration":"`+digest("c")+`"`), step("rollback.started", "1", back), step("rollback.live", "1", back),
	))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"v1 live", "v2 rolled_back", "v1 superseded"}, statuses(got)); diff != "" {
		t.Error(diff)
	}
	first := got.History[0]
	if *first.ID != back || first.Kind == nil || *first.Kind != facts.KindRollback || first.Configuration == nil || *first.Configuration != digest("c") || *got.Current.ID != back {
		t.Errorf("%+v", first)
	}
}

func TestARollbackOfAConfigurationKeepsTheDigest(t *testing.T) {
	got, err := collect(t, written(t, step("deploy.live", "1", "a"), step("deploy.live", "1", "b"), asked("rollback", "1", "c", ""), step("rollback.live", "1", "c"), step("rollback.live", "1", "c")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"v1 live", "v1 rolled_back", "v1 superseded"}, statuses(got)); diff != "" {
		t.Error(diff)
	}
}

func TestADeploymentIsJoinedWithItsRequest(t *testing.T) {
	got, err := collect(t, written(t,
		asked("promotion", "1", run+"/attempts/1", `,"built_at":"2026-11-20T08:00:00Z"`),
		step("deploy.started", "1", run), step("deploy.live", "1", run),
	))
	if err != nil || len(got.History) != 1 {
		t.Fatal(got, err)
	}
	d := got.History[0]
	if *d.Kind != facts.KindPromotion || d.BuiltAt == nil || d.BuiltAt.Day() != 20 || d.StartedAt == nil || *d.Service != "payments-api" || *d.Environment != "production" || !*got.Complete {
		t.Errorf("%+v", d)
	}
}

// Many steps of whatever writer hide no deployment.
func TestTheHistoryIsReadWhole(t *testing.T) {
	events := []trail.Event{step("deploy.live", "1", run)}
	for range 400 {
		events = append(events, by(trail.AssuranceClaimed, step("verification.passed", "2", "x")))
	}
	got, err := collect(t, written(t, events...))
	if err != nil || len(got.History) != 1 || got.Current == nil || !*got.Complete || len(got.Unjoined) != 400 {
		t.Errorf("%d deployments, current %v, %v", len(got.History), got.Current, err)
	}
}

func TestWhatRanBeforeTheGate(t *testing.T) {
	adopted := trail.Event{Type: trail.TypeProductionAdopted, Digest: digest("2"), Data: json.RawMessage(`{"version":"v2","previous_digest":"` + digest("1") +
		`","previous_version":"v1","requested_by":"user:jane","approver":"mailto:lead@example.com","approved_at":"2026-05-31T10:00:00Z","reason":"the gate arrives"}`)}
	got, err := collect(t, written(t, by(trail.AssuranceClaimed, adopted), adopted))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"v2 live", "v1 superseded"}, statuses(got)); diff != "" || got.Current == nil || !*got.Current.Adopted || *got.Adoption.Writer != "repo:acme/payments-api" {
		t.Errorf("%+v\n%s", got, diff)
	}
	if !got.History[1].LiveAt.Before(got.History[0].LiveAt) || got.Adoption.ApprovedAt.Month() != time.May {
		t.Errorf("%+v", got)
	}
	got, err = collect(t, written(t, adopted, step("deploy.live", "3", run)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"v3 live", "v2 superseded", "v1 superseded"}, statuses(got)); diff != "" {
		t.Error(diff)
	}
}

// of is a step that was recorded for another service.
func of(service string, e trail.Event) trail.Event {
	e.Service = service
	return e
}

// What was recorded under another name is no good news here, and may be bad news.
func TestWhatWasRecordedForAnotherNameIsKeptApart(t *testing.T) {
	live := step("deploy.live", "1", run)
	for _, tt := range []struct {
		name  string
		event trail.Event
		want  string // "type service environment deployment digest"
	}{
		{"another environment", in("prod", step("verification.failed", "1", run)), "verification.failed payments-api prod " + run + " 1"},
		{"a deployment to it", in("prod", step("deploy.started", "2", "x/attempts/2")), "deploy.started payments-api prod x 2"},
		{"one that failed", in("prod", step("deploy.failed", "1", "")), "deploy.failed payments-api prod - 1"},
		{"one that uses an approval up", in("prod", step("deploy.live", "1", "x")), "deploy.live payments-api prod x 1"},
		{"a rollback of what is known", in("prod", step("rollback.live", "2", run)), "rollback.live payments-api prod " + run + " 1"},
		{"a rollback of what ran", in("prod", step("rollback.failed", "2", "x")), "rollback.failed payments-api prod x 1"},
		{"what passed", in("prod", step("verification.passed", "1", run)), ""},
		{"a name that is none", in("Prod EU", step("verification.failed", "1", run)), "verification.failed payments-api - " + run + " 1"},
		{"another service", of("payments_api", step("deploy.failed", "1", run)), "deploy.failed payments_api production " + run + " 1"},
		{"another service's artifact", of("payments_api", step("deploy.failed", "2", run)), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, written(t, live, tt.event))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"v1 live"}, statuses(got)); diff != "" || len(got.History[0].Events) != 1 {
				t.Error(diff)
			}
			var list []string
			for _, e := range got.Unjoined {
				list = append(list, strings.Join([]string{e.Type, orDash(e.Service), orDash(e.Environment), orDash(e.Deployment), (*e.Digest)[7:8]}, " "))
			}
			if diff := cmp.Diff(tt.want, strings.Join(list, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
	got, err := collect(t, written(t, in("prod", step("rollback.live", "2", "x"))))
	if err != nil || len(got.Unjoined) != 1 || got.Unjoined[0].Digest != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func orDash(text *string) string {
	if text == nil {
		return "-"
	}
	return *text
}
