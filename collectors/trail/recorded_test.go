package trail

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

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/collectors/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	log "github.com/prodgate/prodgate/trail"
)

var (
	noon     = time.Date(2026, 11, 24, 12, 0, 0, 250_000_000, time.UTC)
	pipeline = log.Writer{Subject: "repo:acme/payments-api", Issuer: "https://github.com", Assurance: log.AssuranceCI}
)

// written is a new log with events; each has what all have.
func written(t *testing.T, events ...log.Event) (location string) {
	t.Helper()
	location = filepath.Join(t.TempDir(), "t.db")
	l, err := log.Open(context.Background(), location, log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range events {
		e := &events[i]
		if e.ID == "" {
			e.ID = log.NewID()
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
	if _, err := l.Append(context.Background(), events...); err != nil {
		t.Fatal(err)
	}
	return location
}

var request = facts.Request{Service: "payments-api", Environment: "production", Digest: zeros}

func collectFrom(location string) (*facts.Trail, facts.Observed, error) {
	section, err := Collector{Recorded: true, Log: recorded.Log{Location: location}}.Collect(context.Background(), request)
	if err != nil {
		return nil, facts.Observed{}, err
	}
	observed := section.(facts.Observed)
	return observed.Section.(*facts.Trail), observed, nil
}

func pointer[T any](v T) *T { return &v }

func TestStepsOfTheTrailSayWhoWroteThem(t *testing.T) {
	other := strings.Replace(zeros, "0", "1", 1)
	location := written(t,
		log.Event{Type: log.TypeStagingDeployed, Digest: zeros, Environment: "staging"},
		log.Event{Type: log.TypeStagingVerified, Digest: zeros, Environment: "staging", OccurredAt: noon.Add(time.Hour),
			Writer: log.Writer{Subject: "user:jane", Assurance: log.AssuranceClaimed}},
		log.Event{Type: log.TypeStagingVerified, Digest: zeros, OccurredAt: noon.Add(2 * time.Hour), Writer: log.Writer{Subject: "Jane Doe", Assurance: log.AssuranceUser}},
		log.Event{Type: log.TypeGateEvaluated, Digest: zeros, Environment: "production", Mode: "enforce", OccurredAt: noon.Add(3 * time.Hour), Data: json.RawMessage(`{"outcome":"deny"}`)},
		log.Event{Type: log.TypeStagingVerified, Digest: other, Environment: "staging"},
		log.Event{Type: log.TypeStagingVerified, Digest: zeros, Environment: "staging", Service: "search-api"},
	)
	got, observed, err := collectFrom(location)
	if err != nil {
		t.Fatal(err)
	}
	second := noon.Truncate(time.Second)
	want := &facts.Trail{Debts: []facts.Debt{}, Steps: []facts.Step{
		{Type: "staging.deployed", At: second, Digest: zeros, Environment: pointer("staging"), Writer: pointer("repo:acme/payments-api"), Assurance: pointer(facts.AssuranceCI)},
		{Type: "staging.verified", At: second.Add(time.Hour), Digest: zeros, Environment: pointer("staging"), Writer: pointer("user:jane"), Assurance: pointer(facts.AssuranceClaimed)},
		{Type: "staging.verified", At: second.Add(2 * time.Hour), Digest: zeros, Assurance: pointer(facts.AssuranceUser)},
		{Type: "gate.evaluated", At: second.Add(3 * time.Hour), Digest: zeros, Environment: pointer("production"), Outcome: pointer("deny"), Writer: pointer("repo:acme/payments-api"), Assurance: pointer(facts.AssuranceCI)},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if observed.Kind != "trail" || observed.Evidence == nil || !strings.HasSuffix(observed.Evidence.URI, "#6") || len(observed.Evidence.SHA256) != 64 {
		t.Errorf("observed %+v with evidence %+v", observed, observed.Evidence)
	}
}

func TestOfTheSameStepsTheFirstAndTheLastAreTold(t *testing.T) {
	var events []log.Event
	for _, hours := range []int{5, 2, 9, 7} {
		events = append(events, log.Event{Type: log.TypeStagingVerified, Digest: zeros, Environment: "staging", OccurredAt: noon.Add(time.Duration(hours) * time.Hour)})
	}
	got, _, err := collectFrom(written(t, events...))
	if err != nil || len(got.Steps) != 2 || got.Steps[0].At.Hour() != 14 || got.Steps[1].At.Hour() != 21 {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestAnEmergencyLeavesADebtAndReviewsSettleIt(t *testing.T) {
	used, foreign := log.NewID(), log.NewID()
	reviewed := func(settles string) json.RawMessage {
		return json.RawMessage(`{"ticket":"INC-1","settles":"` + settles + `"}`)
	}
	location := written(t,
		log.Event{ID: used, Type: log.TypeEmergencyUsed, Environment: "production", Data: json.RawMessage(`{"ticket":"INC-1","due_at":null}`)},
		log.Event{ID: foreign, Type: log.TypeEmergencyUsed, Service: "search-api"},
		log.Event{Type: log.TypeEmergencyReviewed, OccurredAt: noon.Add(time.Hour), Writer: log.Writer{Subject: "user:jane", Assurance: log.AssuranceClaimed}, Data: reviewed(used)},
		log.Event{Type: log.TypeEmergencyReviewed, OccurredAt: noon.Add(2 * time.Hour), Data: reviewed(used)},
		log.Event{Type: log.TypeEmergencyReviewed, Data: reviewed(log.NewID())},
		log.Event{Type: log.TypeEmergencyReviewed, Data: reviewed(used), Writer: log.Writer{Subject: "nobody in particular", Assurance: log.AssuranceUser}},
	)
	got, _, err := collectFrom(location)
	second := noon.Truncate(time.Second)
	want := &facts.Trail{Steps: []facts.Step{}, Debts: []facts.Debt{{
		Type: "emergency.review", ID: &used, Service: pointer("payments-api"), IncurredAt: &second,
		Settlements: []facts.Settlement{
			{At: second.Add(time.Hour), Writer: "user:jane", Assurance: facts.AssuranceClaimed},
			{At: second.Add(2 * time.Hour), Writer: "repo:acme/payments-api", Assurance: facts.AssuranceCI},
		},
	}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A clock that is ahead, or somebody's word, must leave no debt that nothing can
// settle until then.
func TestAnEmergencyIsUsedByWhenItIsRecorded(t *testing.T) {
	got, _, err := collectFrom(written(t, log.Event{Type: log.TypeEmergencyUsed, OccurredAt: time.Date(2091, 1, 1, 0, 0, 0, 0, time.UTC)}))
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
		if _, _, err := collectFrom(""); !errors.Is(err, file.ErrUnconfigured) {
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
		"a hash":               `UPDATE hashes SET hash = zeroblob(32)`,
	} {
		t.Run(name, func(t *testing.T) {
			location := written(t,
				log.Event{Type: log.TypeStagingDeployed, Digest: zeros, Environment: "staging"},
				log.Event{Type: log.TypeStagingVerified, Digest: zeros, Environment: "staging", Writer: log.Writer{Subject: "user:jane", Assurance: log.AssuranceClaimed}},
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
	ours := []log.Assurance{}
	for _, a := range facts.Assurances {
		ours = append(ours, log.Assurance(a))
	}
	want := []log.Assurance{log.AssuranceClaimed, log.AssuranceUser, log.AssuranceCI, log.AssuranceOIDC}
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkSteps reads one promotion's steps among 20,000 entries.
func BenchmarkSteps(b *testing.B) {
	location := filepath.Join(b.TempDir(), "t.db")
	l, err := log.Open(context.Background(), location, log.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for batch := range 20 {
		var events []log.Event
		for i := range 1000 {
			digest := "sha256:" + fmt.Sprintf("%064x", (batch*1000+i)/8)
			events = append(events, log.Event{
				ID: log.NewID(), Type: log.TypeStagingVerified, OccurredAt: noon.Add(time.Duration(i) * time.Second), Writer: pipeline,
				Service: "payments-api", Environment: "staging", Digest: digest, Data: json.RawMessage("{}"),
			})
		}
		if _, err := l.Append(context.Background(), events...); err != nil {
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
