package log_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/collectors/log"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/legacy"
	"github.com/prodgate/prodgate/trail"
)

// at is the instant of all records.
var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

var began = time.Date(2026, 6, 1, 8, 0, 0, 400_000_000, time.UTC)

// written is a new log that began then, with events an hour apart, as any version
// may have written them.
func written(t *testing.T, events ...trail.Event) (location string) {
	t.Helper()
	location = filepath.Join(t.TempDir(), "t.db")
	l, err := trail.Open(context.Background(), location, trail.Options{Clock: func() time.Time { return began }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range events {
		e := &events[i]
		e.ID, e.OccurredAt = trail.NewID(), at.Add(time.Duration(i)*time.Hour)
		if e.Service == "" {
			e.Service = "payments-api"
		}
		if e.Environment == "" {
			e.Environment = "production"
		}
		if e.Writer.Subject == "" {
			e.Writer = trail.Writer{Subject: "repo:acme/payments-api", Assurance: trail.AssuranceCI}
		}
	}
	if _, err := l.Append(legacy.Context(context.Background()), events...); err != nil {
		t.Fatal(err)
	}
	return location
}

func digest(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

func step(kind, digit, deployment string) trail.Event {
	return trail.Event{Type: kind, Digest: digest(digit), Deployment: deployment, Data: json.RawMessage(`{"version":"v` + digit + `","approvers":["mailto:pat@example.com"]}`)}
}

func collect(t *testing.T, location string) (*facts.Production, error) {
	t.Helper()
	section, err := log.Production{Log: log.Location{Location: location}}.Collect(
		context.Background(), facts.Request{Service: "payments-api", Environment: "production", Digest: digest("1")})
	if err != nil {
		return nil, err
	}
	observed := section.(facts.Observed)
	if observed.Kind != "trail" {
		t.Errorf("the kind is %q", observed.Kind)
	}
	return observed.Section.(*facts.Production), nil
}

// statuses are "version status", newest first.
func statuses(p *facts.Production) []string {
	var list []string
	for _, d := range p.History {
		list = append(list, d.Version+" "+d.Status)
	}
	return list
}

func TestHistoryOfTheTrail(t *testing.T) {
	for _, tt := range []struct {
		name    string
		events  []trail.Event
		want    []string
		current string
	}{
		{"one after another", []trail.Event{step("deploy.live", "1", "a"), step("deploy.live", "2", "b")}, []string{"v2 live", "v1 superseded"}, "v2"},
		{"one that failed", []trail.Event{step("deploy.live", "1", "a"), step("deploy.failed", "2", "b")}, []string{"v2 failed", "v1 live"}, "v1"},
		{"one that was rolled back", []trail.Event{step("deploy.live", "1", "a"), step("deploy.live", "2", "b"), step("rollback.live", "1", "b")},
			[]string{"v1 live", "v2 rolled_back", "v1 superseded"}, "v1"},
		{"one whose verification failed", []trail.Event{step("deploy.live", "1", "a"), step("deploy.live", "2", "b"), step("verification.failed", "2", "b")},
			[]string{"v2 verification_failed", "v1 superseded"}, "v2"},
		{"one whose verification passed in the end", []trail.Event{step("deploy.live", "2", "b"), step("verification.failed", "2", "b"), step("verification.passed", "2", "b")},
			[]string{"v2 live"}, "v2"},
		{"a rollback that failed", []trail.Event{step("deploy.live", "1", "a"), step("deploy.live", "2", "b"), step("rollback.failed", "1", "b")},
			[]string{"v2 failed", "v1 superseded"}, "v2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, written(t, tt.events...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, statuses(got)); diff != "" || got.Current == nil || got.Current.Version != tt.current {
				t.Errorf("current %+v\n%s", got.Current, diff)
			}
			if got.Since == nil || !got.Since.Equal(began.Truncate(time.Second)) {
				t.Errorf("it is said to be known since %v", got.Since)
			}
			d := got.History[0]
			if d.Writer == nil || *d.Writer != "repo:acme/payments-api" || *d.Assurance != facts.AssuranceCI || len(d.Approvers) != 1 || d.LiveAt.Nanosecond() != 0 {
				t.Errorf("read %+v", d)
			}
		})
	}
}

// by is a step that somebody else than the pipeline recorded.
func by(assurance trail.Assurance, e trail.Event) trail.Event {
	e.Writer = trail.Writer{Subject: "user:mallory", Assurance: assurance}
	return e
}

func TestALessEstablishedWriterLiftsNoFailedVerification(t *testing.T) {
	live, failed, passed := step("deploy.live", "2", "b"), step("verification.failed", "2", "b"), step("verification.passed", "2", "b")
	for _, tt := range []struct {
		name   string
		events []trail.Event
		want   string
	}{
		{"claimed after the pipeline's", []trail.Event{live, failed, by(trail.AssuranceClaimed, passed)}, "v2 verification_failed"},
		{"a user after the pipeline's", []trail.Event{live, failed, by(trail.AssuranceUser, passed)}, "v2 verification_failed"},
		{"a token after the pipeline's", []trail.Event{live, failed, by(trail.AssuranceOIDC, passed)}, "v2 live"},
		{"claimed after a claimed one", []trail.Event{live, by(trail.AssuranceClaimed, failed), by(trail.AssuranceClaimed, passed)}, "v2 verification_failed"},
		{"a user after a claimed one", []trail.Event{live, by(trail.AssuranceClaimed, failed), by(trail.AssuranceUser, passed)}, "v2 live"},
		{"the pipeline, and then somebody claims it again", []trail.Event{live, failed, passed, by(trail.AssuranceClaimed, passed)}, "v2 live"},
		{"before it failed", []trail.Event{live, passed, failed}, "v2 verification_failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, written(t, tt.events...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.want}, statuses(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An empty trail knows nothing of what went before, and says so.
func TestAnEmptyTrailKnowsOnlyFromNowOn(t *testing.T) {
	before := time.Now().Truncate(time.Second)
	got, err := collect(t, written(t))
	if err != nil || got.History == nil || len(got.History) != 0 || got.Current != nil || got.Since == nil || got.Since.Before(before) {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestADeploymentOfAnUnknownArtifactIsNotInTheHistory(t *testing.T) {
	e := step("deploy.live", "1", "a")
	e.Digest = ""
	if got, err := collect(t, written(t, e)); err == nil || !strings.Contains(err.Error(), "names no digest") {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestADeploymentWithoutAVersionIsCalledByItsDigest(t *testing.T) {
	e := step("deploy.live", "1", "a")
	e.Data = nil
	got, err := collect(t, written(t, e))
	if err != nil || got.History[0].Version != "111111111111" {
		t.Errorf("read %+v, %v", got, err)
	}
}
