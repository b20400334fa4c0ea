package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/prodgate/prodgate/internal/invented"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
)

var update = flag.Bool("update", false, "write testdata anew")

// noon is the middle of the period of the tests, a Wednesday.
var noon = time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)

func at(days float64) time.Time { return noon.Add(time.Duration(days * 24 * float64(time.Hour))) }

// around is a period of four weeks around noon, recorded as a whole.
func around() Options {
	began := at(-100)
	return Options{Since: at(-14), Until: at(14), Now: at(50), Began: &began}
}

// a is an entry about a deployment of web in production, at days from noon.
func a(kind, deployment string, days float64, change ...func(*trail.Entry)) trail.Entry {
	e := trail.Entry{Event: trail.Event{
		ID: fmt.Sprintf("%s %s %g", kind, deployment, days), Type: kind, OccurredAt: at(days),
		Service: "web", Environment: "production", Deployment: deployment, Request: deployment, Digest: "sha256:" + deployment,
	}, RecordedAt: at(days).Add(time.Second)}
	for _, c := range change {
		c(&e)
	}
	return e
}

func with(data any) func(*trail.Entry) {
	return func(e *trail.Entry) {
		text, err := json.Marshal(data)
		if err != nil {
			panic(err)
		}
		e.Data = text
	}
}

func gateSays(outcome string, code int, findings ...trail.GateFinding) func(*trail.Entry) {
	return func(e *trail.Entry) {
		e.Mode = "enforce"
		with(trail.GateData{Kind: "promotion", Outcome: outcome, ExitCode: code, Findings: findings})(e)
	}
}

func denial(code string) trail.GateFinding {
	check, _, _ := strings.Cut(code, ".")
	return trail.GateFinding{Code: code, Check: check, Effect: "deny"}
}

func kind(name string) func(*trail.Entry) { return with(trail.RequestData{Kind: name}) }

func by(name string) func(*trail.Entry) { return with(trail.ApprovalData{Approver: name}) }

func entries(list []trail.Entry) iter.Seq2[trail.Entry, error] {
	return func(yield func(trail.Entry, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func compute(t *testing.T, options Options, list ...trail.Entry) *Report {
	t.Helper()
	r, err := Compute(entries(list), options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// short is a measure as "numerator/denominator", or "no data".
func (m Measure) short() string {
	if m.Value == nil {
		return "no data"
	}
	return fmt.Sprintf("%g/%g", m.Numerator, m.Denominator)
}

const (
	live         = trail.TypeDeployLive
	failed       = trail.TypeDeployFailed
	started      = trail.TypeDeployStarted
	taken        = trail.TypeRollbackLive
	linked       = trail.TypeIncidentLinked
	granted      = trail.TypeApprovalGranted
	gateAsked    = trail.TypeGateRequested
	gateAnswered = trail.TypeGateEvaluated
)

func TestDeploymentsAreCountedOnceAndInTheirPeriod(t *testing.T) {
	unnamed := func(e *trail.Entry) { e.Deployment, e.Request = "", "" }
	nowhere := func(e *trail.Entry) { e.Service, e.Environment, e.Request, e.Digest = "", "", "", "" }
	in := func(environment string) func(*trail.Entry) {
		return func(e *trail.Entry) { e.Environment = environment }
	}
	for name, tt := range map[string]struct {
		list []trail.Entry
		// frequency, success, rollback, change failure
		want    [4]string
		remarks Remarks
	}{
		"nothing recorded": {nil, [4]string{"no data", "no data", "no data", "no data"}, Remarks{}},
		"one that went live and stayed": {
			[]trail.Entry{a(started, "d", 0), a(live, "d", 0.01)},
			[4]string{"1/4", "1/1", "0/1", "0/1"}, Remarks{NoApproval: 1},
		},
		"one before the period alone": {
			[]trail.Entry{a(live, "d", -20)},
			[4]string{"0/4", "no data", "no data", "no data"}, Remarks{},
		},
		"the first instant counts and the end does not": {
			[]trail.Entry{a(live, "d", -14), a(live, "e", 14)},
			[4]string{"1/4", "1/1", "0/1", "0/1"}, Remarks{NoApproval: 1},
		},
		"live said twice": {
			[]trail.Entry{a(live, "d", 0), a(live, "d", 1)},
			[4]string{"1/4", "1/1", "0/1", "0/1"}, Remarks{Repeated: 1, NoApproval: 1},
		},
		"one that failed": {
			[]trail.Entry{a(started, "d", 0), a(failed, "d", 0.1)},
			[4]string{"0/4", "0/1", "no data", "no data"}, Remarks{},
		},
		"one that failed and then went live": {
			[]trail.Entry{a(failed, "d", 0), a(live, "d", 0.1)},
			[4]string{"1/4", "1/1", "0/1", "0/1"}, Remarks{NoApproval: 1},
		},
		"one that went live and then failed": {
			[]trail.Entry{a(live, "d", 0), a(failed, "d", 0.1)},
			[4]string{"1/4", "0/1", "0/1", "0/1"}, Remarks{NoApproval: 1},
		},
		"one in flight": {
			[]trail.Entry{a(started, "d", 0)},
			[4]string{"0/4", "no data", "no data", "no data"}, Remarks{InFlight: 1},
		},
		"one rolled back": {
			[]trail.Entry{a(live, "d", 0), a(taken, "d", 0.1), a(live, "e", 1)},
			[4]string{"2/4", "1/2", "1/2", "1/2"}, Remarks{NoApproval: 2},
		},
		"a rollback that failed is one all the same": {
			[]trail.Entry{a(live, "d", 0), a(trail.TypeRollbackFailed, "d", 0.1)},
			[4]string{"1/4", "0/1", "1/1", "1/1"}, Remarks{NoApproval: 1},
		},
		"one rolled back before it was said to be live": {
			[]trail.Entry{a(started, "d", 0), a(trail.TypeRollbackStarted, "d", 0.1)},
			[4]string{"0/4", "0/1", "1/1", "1/1"}, Remarks{},
		},
		"a late rollback counts where its deployment does": {
			[]trail.Entry{a(live, "d", 13), a(taken, "d", 30)},
			[4]string{"1/4", "0/1", "1/1", "1/1"}, Remarks{NoApproval: 1},
		},
		"a rollback of what was live before the period": {
			[]trail.Entry{a(live, "d", -15), a(taken, "d", 0)},
			[4]string{"0/4", "no data", "no data", "no data"}, Remarks{LateRollbacks: 1},
		},
		"a deployment that brings an earlier version back": {
			[]trail.Entry{a(live, "d", 0), a(gateAsked, "r", 1, kind("rollback")), a(live, "r", 1.1)},
			[4]string{"1/4", "0/1", "1/1", "1/1"}, Remarks{Rollbacks: 1, NoApproval: 1},
		},
		"a rollback told both ways is one": {
			[]trail.Entry{a(live, "d", 0), a(gateAsked, "r", 1, kind("rollback")), a(taken, "d", 1.1), a(taken, "r", 1.1), a(live, "r", 1.2)},
			[4]string{"1/4", "0/1", "1/1", "1/1"}, Remarks{Rollbacks: 1, NoApproval: 1},
		},
		"an incident": {
			[]trail.Entry{a(live, "d", 0), a(linked, "d", 20), a(linked, "d", 21)},
			[4]string{"1/4", "1/1", "0/1", "1/1"}, Remarks{NoApproval: 1},
		},
		"an incident that names the deployment alone": {
			[]trail.Entry{a(linked, "d", 0, nowhere), a(live, "d", 0.5)},
			[4]string{"1/4", "1/1", "0/1", "1/1"}, Remarks{NoApproval: 1},
		},
		"an incident of a deployment that two services have": {
			[]trail.Entry{a(live, "d", 0), a(live, "d", 0, func(e *trail.Entry) { e.Service = "api" }), a(linked, "d", 1, nowhere)},
			[4]string{"2/4", "2/2", "0/2", "0/2"}, Remarks{Orphans: 1, NoApproval: 2},
		},
		"an incident and a rollback of nothing": {
			[]trail.Entry{a(live, "d", 0), a(linked, "x", 0), a(taken, "y", 0, nowhere)},
			[4]string{"1/4", "1/1", "0/1", "0/1"}, Remarks{Orphans: 2, NoApproval: 1},
		},
		"staging is not counted": {
			[]trail.Entry{a(live, "d", 0, in("staging")), a(live, "e", 0)},
			[4]string{"1/4", "1/1", "0/1", "0/1"}, Remarks{NoApproval: 1},
		},
		"a step that claims to be from the future": {
			[]trail.Entry{a(live, "d", 0, func(e *trail.Entry) { e.OccurredAt = at(400) })},
			[4]string{"1/4", "1/1", "0/1", "0/1"}, Remarks{ClaimsAhead: 1, NoApproval: 1},
		},
		"steps recorded out of order": {
			[]trail.Entry{a(taken, "d", 1, func(e *trail.Entry) { e.RecordedAt = at(2) }), a(live, "d", 0, func(e *trail.Entry) { e.RecordedAt = at(3) })},
			[4]string{"1/4", "0/1", "1/1", "1/1"}, Remarks{NoApproval: 1},
		},
		"steps that name the digest alone": {
			[]trail.Entry{a(started, "d", 0, unnamed), a(live, "d", 0.1, unnamed), a(taken, "d", 1, unnamed), a(live, "e", 2)},
			[4]string{"2/4", "1/2", "1/2", "1/2"}, Remarks{NoApproval: 2},
		},
		"a rollback that names the digest alone": {
			[]trail.Entry{a(live, "d", 0), a(taken, "d", 1, unnamed), a(live, "e", 2)},
			[4]string{"2/4", "1/2", "1/2", "1/2"}, Remarks{NoApproval: 2},
		},
		"a decision alone is no deployment": {
			[]trail.Entry{a(gateAnswered, "d", 0, gateSays("allow", 0)), a(granted, "d", 0, by("jane"))},
			[4]string{"no data", "no data", "no data", "no data"}, Remarks{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := compute(t, around(), tt.list...)
			got := [4]string{
				r.Measures.of("deployment_frequency").short(), r.Measures.of("success_rate").short(),
				r.Measures.of("rollback_frequency").short(), r.Measures.of("change_failure_rate").short(),
			}
			if got != tt.want {
				t.Errorf("frequency, success, rollbacks, change failures are %v; want %v", got, tt.want)
			}
			if diff := cmp.Diff(tt.remarks, r.Remarks); diff != "" {
				t.Errorf("remarks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimeToDeployRunsFromTheLastApprovalThatCounted(t *testing.T) {
	const hour = 1.0 / 24
	elsewhere := func(e *trail.Entry) { e.Deployment, e.Request = "other", "other" }
	for name, tt := range map[string]struct {
		list []trail.Entry
		want string // seconds/deployments
	}{
		"one approval":                    {[]trail.Entry{a(granted, "d", 0, by("jane")), a(live, "d", hour)}, "3600/1"},
		"the last of two":                 {[]trail.Entry{a(granted, "d", 0, by("jane")), a(granted, "d", hour, by("joe")), a(live, "d", 2*hour)}, "3600/1"},
		"one given again":                 {[]trail.Entry{a(granted, "d", 0, by("jane")), a(granted, "d", hour, by("jane")), a(live, "d", 2*hour)}, "3600/1"},
		"one that was withdrawn":          {[]trail.Entry{a(granted, "d", 0, by("jane")), a(granted, "d", hour, by("joe")), a(trail.TypeApprovalWithdrawn, "d", 1.5*hour, by("joe")), a(live, "d", 2*hour)}, "7200/1"},
		"one withdrawn everywhere":        {[]trail.Entry{a(granted, "d", 0, by("jane")), a(granted, "d", hour, by("joe")), a(trail.TypeApprovalWithdrawn, "d", 1.5*hour, by("joe"), func(e *trail.Entry) { e.Environment = "" }), a(live, "d", 2*hour)}, "7200/1"},
		"one after it was live":           {[]trail.Entry{a(live, "d", 0), a(granted, "d", hour, by("jane"))}, "no data"},
		"one recorded late":               {[]trail.Entry{a(live, "d", hour), a(granted, "d", 0, by("jane"), func(e *trail.Entry) { e.RecordedAt = at(1) })}, "3600/1"},
		"one of the digest, elsewhere":    {[]trail.Entry{a(granted, "d", 0, by("jane"), elsewhere), a(live, "d", hour)}, "3600/1"},
		"its own before the digest's":     {[]trail.Entry{a(granted, "d", 0, by("jane")), a(granted, "d", hour, by("joe"), elsewhere), a(live, "d", 2*hour)}, "7200/1"},
		"none":                            {[]trail.Entry{a(live, "d", hour)}, "no data"},
		"of one of two":                   {[]trail.Entry{a(granted, "d", 0, by("jane")), a(live, "d", hour), a(live, "e", hour)}, "3600/1"},
		"before the period, live in it":   {[]trail.Entry{a(granted, "d", -15, by("jane")), a(live, "d", -13)}, "172800/1"},
		"of a deployment before":          {[]trail.Entry{a(granted, "d", -20, by("jane")), a(live, "d", -19)}, "no data"},
		"of what brings a version back":   {[]trail.Entry{a(gateAsked, "d", 0, kind("rollback")), a(granted, "d", 0, by("jane")), a(live, "d", hour)}, "no data"},
		"of a deployment that then fails": {[]trail.Entry{a(granted, "d", 0, by("jane")), a(live, "d", hour), a(failed, "d", 2*hour)}, "3600/1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := compute(t, around(), tt.list...).Measures.of("time_to_deploy").short(); got != tt.want {
				t.Errorf("it is %s; want %s", got, tt.want)
			}
		})
	}
}

func TestMedianAndNinetiethPercentileAreDurationsThatWere(t *testing.T) {
	var list []trail.Entry
	for i := 1; i <= 10; i++ {
		d := fmt.Sprint("d", i)
		list = append(list, a(granted, d, 0, by("jane")), a(live, d, float64(i)/24))
	}
	m := compute(t, around(), list...).Measures.of("time_to_deploy")
	if *m.Median != 5*3600 || *m.P90 != 9*3600 || math.Abs(*m.Value-5.5*3600) > 1 {
		t.Errorf("mean %v, median %v, p90 %v", *m.Value, *m.Median, *m.P90)
	}
}

func TestTargetsAreMetOrMissedOnTheRightSideOfTheirEdge(t *testing.T) {
	for name, tt := range map[string]struct {
		good, bad int
		success   bool // > 95 %
		rollbacks bool // < 5 %
	}{
		"95 of 100": {95, 5, false, false},
		"96 of 100": {96, 4, true, true},
	} {
		var list []trail.Entry
		for i := range tt.good + tt.bad {
			d := fmt.Sprint("d", i)
			list = append(list, a(live, d, 0))
			if i < tt.bad {
				list = append(list, a(taken, d, 1))
			}
		}
		r := compute(t, around(), list...)
		if got := *r.Measures.of("success_rate").Met; got != tt.success {
			t.Errorf("%s: success rate met: %v", name, got)
		}
		if got := *r.Measures.of("rollback_frequency").Met; got != tt.rollbacks {
			t.Errorf("%s: rollback frequency met: %v", name, got)
		}
	}
	four := compute(t, around(), a(live, "a", 0), a(live, "b", 0), a(live, "c", 0), a(live, "d", 0)).Measures.of("deployment_frequency")
	if !*four.Met || *four.Value != 1 {
		t.Errorf("four in four weeks: %v, met %v", *four.Value, *four.Met)
	}
}

func TestTheTimeBeforeTheTrailBeganIsNotCountedAsQuiet(t *testing.T) {
	o := around()
	began := at(0)
	o.Began = &began
	r := compute(t, o, a(live, "d", 1), a(live, "e", 2))
	if got := r.Measures.of("deployment_frequency"); of(got) != "2/2" || r.Period.Recorded == nil {
		t.Errorf("frequency %s, recorded since %v", of(got), r.Period.Recorded)
	}
	if got := of(compute(t, o, a(live, "d", -7, func(e *trail.Entry) { e.RecordedAt = at(1) })).Measures.of("deployment_frequency")); got != "1/3" {
		t.Errorf("with a step written down afterwards: %s", got)
	}
	o.Now = at(7)
	if got := of(compute(t, o, a(live, "d", 1)).Measures.of("deployment_frequency")); got != "1/1" {
		t.Errorf("with a future that is not over: %s", got)
	}
}

// of is what is counted of what, with or without a value.
func of(m Measure) string { return fmt.Sprintf("%g/%g", m.Numerator, m.Denominator) }

// A week of a quarter says nothing about the quarter.
func TestNoRateIsGivenBeforeAFullPeriodIsRecorded(t *testing.T) {
	o := around()
	began := o.Since.Add(time.Hour)
	o.Began = &began
	r := compute(t, o, a(granted, "d", 0), a(live, "d", 1))
	for _, m := range append(slices.Clone(r.Measures), r.Places[0].Measures...) {
		if m.NotEnough == nil || m.Met != nil || (m.Value == nil) != (m.Unit != "seconds") {
			t.Errorf("%s: value %v, met %v, not enough %v", m.Name, m.Value, m.Met, m.NotEnough)
		}
	}
	since := "not enough history: recorded since " + print.Minute(began)
	for format, want := range map[string]string{"text": since, "html": since, "json": `"not_enough_history"`, "prometheus": "prodgate_recorded_since_seconds"} {
		if out := string(printed(t, r, format)); !strings.Contains(out, want) {
			t.Errorf("%s lacks %q:\n%s", format, want, out)
		}
	}
	if out := string(printed(t, r, "prometheus")); strings.Contains(out, "ratio") || strings.Contains(out, "per_week") {
		t.Error("Prometheus gets a rate")
	}
	began = o.Since
	if m := compute(t, o, a(live, "d", 1)).Measures.of("success_rate"); m.Value == nil || m.Met == nil || m.NotEnough != nil {
		t.Errorf("of a full period: %+v", m)
	}
}

// The steps of one run belong together, whatever their attempt.
func TestAttemptsOfOneRunAreOneDeployment(t *testing.T) {
	r := compute(t, around(), a(started, "acme/a/runs/1/attempts/1", 0), a(failed, "acme/a/runs/1/attempts/1", 1), a(live, "acme/a/runs/1/attempts/2", 2),
		a(started, "acme/a/runs/2", 3), a(live, "acme/a/runs/2/attempts/2", 4))
	if got := r.Measures.of("success_rate").short(); got != "2/2" || r.Remarks.InFlight != 0 {
		t.Errorf("success %s, remarks %+v", got, r.Remarks)
	}
}

func TestOnlyDecisionsInEarnestAreCounted(t *testing.T) {
	denied := gateSays("deny", 1, denial("soak.too_short"))
	mode := func(mode string) func(*trail.Entry) { return func(e *trail.Entry) { e.Mode = mode } }
	r := compute(t, around(),
		a(gateAnswered, "d", 0, denied, mode("document")),
		a(gateAnswered, "d", 0, denied, mode("simulate")),
		a(gateAnswered, "d", 0, denied, mode("")),
		a(trail.TypeGateDocument, "d", 0, denied, mode("document")),
		a(trail.TypeGateSimulated, "d", 0, denied, mode("simulate")))
	if r.Gate.Evaluations != 0 || len(r.Gate.ByCode) != 0 {
		t.Errorf("counted: %+v", r.Gate)
	}
}

func TestTimeBlockedRunsFromADenialToTheNextDecision(t *testing.T) {
	const hour = 1.0 / 24
	soak, missing := denial("soak.too_short"), denial("approval.missing")
	waived := trail.GateFinding{Code: "vulnerabilities.denied", Check: "vulnerabilities", Effect: "waived"}
	r := compute(t, around(),
		a(gateAnswered, "d", 0, gateSays("deny", 1, soak, missing, missing, waived)),
		a(gateAnswered, "d", 1*hour, gateSays("deny", 3, soak)),
		a(gateAnswered, "other", 1.5*hour, gateSays("deny", 1, missing)),
		a(gateAnswered, "d", 3*hour, gateSays("allow", 0, waived)),
		a(gateAnswered, "d", 4*hour, gateSays("allow", 0, waived)),
		a(gateAnswered, "before", -15, gateSays("deny", 1, soak)),
		a(gateAnswered, "before", 5*hour, gateSays("allow", 0)),
	)
	want := Gate{
		Evaluations: 6, Allow: 3, Deny: 2, Wait: 1, Blocked: 3 * 3600, Freed: 1, Open: 1,
		ByCode: []Blocked{
			{Check: "soak", Code: "soak.too_short", Denials: 2, Time: 3 * 3600},
			{Check: "approval", Code: "approval.missing", Denials: 2, Time: 3600, Last: 1},
		},
		Waivers: []Waiver{{Code: "vulnerabilities.denied", Used: 1}},
	}
	if diff := cmp.Diff(want, r.Gate); diff != "" {
		t.Errorf("the gate (-want +got):\n%s", diff)
	}
}

func TestAClockThatGoesBackGivesNoNegativeTime(t *testing.T) {
	r := compute(t, around(),
		a(gateAnswered, "d", 1, gateSays("deny", 1, denial("soak.too_short"))),
		a(gateAnswered, "d", 0, gateSays("allow", 0)))
	if r.Gate.Blocked != 0 || r.Gate.ByCode[0].Time != 0 {
		t.Errorf("blocked %v, by code %+v", r.Gate.Blocked, r.Gate.ByCode)
	}
}

func TestEmergenciesAreReviewedOpenOrOverdue(t *testing.T) {
	due := func(days float64) func(*trail.Entry) {
		d := at(days)
		return with(trail.EmergencyData{Ticket: "INC-1", DueAt: &d})
	}
	used, reviewed := trail.TypeEmergencyUsed, trail.TypeEmergencyReviewed
	list := []trail.Entry{
		a(used, "a", 0, due(7)), a(reviewed, "a", 40, with(trail.EmergencyData{Settles: "emergency.used a 0"})),
		a(used, "b", 0, due(7)), a(used, "c", 0, due(60)), a(used, "d", 0), a(used, "before", -15, due(0)),
	}
	o := around()
	for name, tt := range map[string]struct {
		within func(string, string) (time.Duration, error)
		want   Emergencies
	}{
		"nobody knows when a review is due": {nil, Emergencies{Used: 4, Reviewed: 1, Open: 2, Overdue: 1, Undated: 1}},
		"the settings do not say":           {func(string, string) (time.Duration, error) { return 0, nil }, Emergencies{Used: 4, Reviewed: 1, Open: 2, Overdue: 1, Undated: 1}},
		"the settings say, and it is past":  {func(string, string) (time.Duration, error) { return 72 * time.Hour, nil }, Emergencies{Used: 4, Reviewed: 1, Open: 1, Overdue: 2}},
		"the settings say, and it is to be": {func(string, string) (time.Duration, error) { return 9999 * time.Hour, nil }, Emergencies{Used: 4, Reviewed: 1, Open: 2, Overdue: 1}},
	} {
		o.ReviewWithin = tt.within
		if got := compute(t, o, list...).Emergencies; got != tt.want {
			t.Errorf("%s: %+v; want %+v", name, got, tt.want)
		}
	}
	lost := errors.New("no settings")
	o.ReviewWithin = func(string, string) (time.Duration, error) { return 0, lost }
	if _, err := Compute(entries(list), o); !errors.Is(err, lost) {
		t.Errorf("the error is %v", err)
	}
}

func TestServicesAndEnvironmentsAreDistinguished(t *testing.T) {
	of := func(service, environment string) func(*trail.Entry) {
		return func(e *trail.Entry) { e.Service, e.Environment = service, environment }
	}
	list := []trail.Entry{
		a(live, "d", 0), a(live, "e", 0, of("api", "production")), a(taken, "e", 1, of("api", "production")),
		a(live, "f", 0, of("web", "production-eu")), a(live, "g", 0, of("web", "staging")),
	}
	names := func(r *Report) (all []string) {
		for _, p := range r.Places {
			all = append(all, p.Service+"/"+p.Environment+" "+p.Measures.of("success_rate").short())
		}
		return all
	}
	for _, tt := range []struct {
		service, environment string
		want                 []string
	}{
		{"", "", []string{"api/production 0/1", "web/production 1/1", "web/production-eu 1/1"}},
		{"web", "", []string{"web/production 1/1", "web/production-eu 1/1"}},
		{"", "staging", []string{"web/staging 1/1"}},
		{"api", "production", []string{"api/production 0/1"}},
		{"none", "", nil},
	} {
		o := around()
		o.Service, o.Environment = tt.service, tt.environment
		if got := names(compute(t, o, list...)); !slices.Equal(got, tt.want) {
			t.Errorf("service %q, environment %q: %v; want %v", tt.service, tt.environment, got, tt.want)
		}
	}
}

func TestWhatCannotBeReadIsAnErrorAndNoCount(t *testing.T) {
	broken := a(gateAnswered, "d", 0)
	broken.Data = json.RawMessage(`{"outcome": 3}`)
	if _, err := Compute(entries([]trail.Entry{broken}), around()); err == nil || !strings.Contains(err.Error(), "gate.evaluated") {
		t.Errorf("the error is %v", err)
	}
	lost := errors.New("the trail was altered")
	if _, err := Compute(func(yield func(trail.Entry, error) bool) { yield(trail.Entry{}, lost) }, around()); !errors.Is(err, lost) {
		t.Errorf("the error is %v", err)
	}
}

// invent is a year's report.
func invent(t *testing.T) *Report {
	t.Helper()
	past := invented.Past{Seed: 7, From: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Weeks: 24, Deployments: 120, Service: "payments-api", Environment: "production"}
	list, err := past.Entries(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2026, 6, 24, 0, 0, 0, 0, time.UTC)
	r := compute(t, Options{Since: time.Date(2026, 1, 12, 0, 0, 0, 0, time.UTC), Until: until, Now: until, Began: &list[0].RecordedAt}, list...)
	r.Trail = Checkpoint{Size: int64(len(list)), Head: "example.com/trail\n" + fmt.Sprint(len(list)) + "\nroot\n"}
	return r
}

func hostile(t *testing.T) *Report {
	t.Helper()
	const evil = "<script>alert(1)</script>\x1b[2J\u202e\"}\n::error::x"
	named := func(e *trail.Entry) { e.Service, e.Environment = evil, evil }
	r := compute(t, around(),
		a(live, "d", 0, named), a(live, "e", 0), a(gateAnswered, "d", 0, named, gateSays("deny", 1, denial(evil))),
		a(gateAnswered, "d", 1, named, gateSays("allow", 0, trail.GateFinding{Code: evil, Check: evil, Effect: "waived"})))
	r.Trail = Checkpoint{Size: 4, Head: evil}
	r.Period.Service, r.Period.Environment = evil, evil
	return r
}

func printed(t *testing.T, r *Report, format string) []byte {
	t.Helper()
	out, err := r.Print(format, print.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReportsAreAsTheyWere(t *testing.T) {
	for name, r := range map[string]*Report{"year": invent(t), "hostile": hostile(t), "empty": compute(t, Options{Since: at(-14), Until: at(14), Now: at(50)})} {
		for _, format := range Formats.Names {
			got := printed(t, r, format)
			file := filepath.Join("testdata", name+"."+map[string]string{"text": "txt", "json": "json", "prometheus": "prom", "html": "html"}[format])
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; write it with -update", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		}
	}
}

func TestTextFromOutsideStaysText(t *testing.T) {
	r := hostile(t)
	for _, format := range Formats.Names {
		out := printed(t, r, format)
		for _, bad := range []string{"<script>", "\x1b", "\u202e", "\n::error"} {
			if bytes.Contains(out, []byte(bad)) && (format != "json" || bad != "<script>") && (format != "prometheus" && format != "text" || bad != "<script>") {
				t.Errorf("%s holds %q", format, bad)
			}
		}
	}
	if !json.Valid(printed(t, r, "json")) {
		t.Error("the JSON is none")
	}
}

func TestPrometheusReadsTheExposition(t *testing.T) {
	for name, r := range map[string]*Report{"year": invent(t), "hostile": hostile(t), "empty": compute(t, Options{Since: at(-14), Until: at(14), Now: at(50)})} {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(printed(t, r, "prometheus")))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := map[string]bool{}
		for family, f := range families {
			if f.GetType() != dto.MetricType_GAUGE || f.GetHelp() == "" {
				t.Errorf("%s: %s is a %s, %q", name, family, f.GetType(), f.GetHelp())
			}
			for _, m := range f.Metric {
				if key := family + fmt.Sprint(m.Label); seen[key] {
					t.Errorf("%s: %s twice", name, key)
				} else {
					seen[key] = true
				}
			}
		}
		ratio := families["prodgate_success_rate_ratio"]
		if (ratio != nil) != (name != "empty") {
			t.Errorf("%s: the success rate is %v", name, ratio)
		}
	}
}

func TestThePageLoadsNothingAndDescribesItsChartsInText(t *testing.T) {
	page := string(printed(t, invent(t), "html"))
	for _, bad := range []string{"http:", "https:", "<script", "src=", "href=", "@import", "url(h", "url(\"", "ZgotmplZ"} {
		if strings.Contains(page, bad) {
			t.Errorf("it holds %q", bad)
		}
	}
	if drawn, told := strings.Count(page, "role=\"img\""), strings.Count(page, "aria-label="); drawn != 3 || told != drawn {
		t.Errorf("%d drawings, %d with words", drawn, told)
	}
	for _, want := range []string{"prefers-color-scheme: dark", "<html lang=\"en\">", "as a table", "target met", "Content-Security-Policy"} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %q", want)
		}
	}
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	if _, err := invent(t).Print("xml", print.Options{}); err == nil || !strings.Contains(err.Error(), "prometheus") {
		t.Errorf("the error is %v", err)
	}
}

func TestLengthsReadAsPeopleSayThem(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0s", 45.4: "45s", 60: "1m", 750: "12m30s", 3599.6: "1h", 11100: "3h05m", 187200: "2d4h", 172800: "2d"} {
		if got := length(seconds); got != want {
			t.Errorf("%v s: %q; want %q", seconds, got, want)
		}
	}
}
