package log

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

func collectStaging(t *testing.T, events ...trail.Event) (*facts.Staging, error) {
	t.Helper()
	section, err := Staging{Log: Location{Location: written(t, events...)}}.Collect(context.Background(), request)
	if err != nil {
		return nil, err
	}
	return section.(facts.Observed).Section.(*facts.Staging), nil
}

func image(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

func claimedBy(e trail.Event) trail.Event {
	e.Writer = trail.Writer{Subject: "repo:acme/payments-api", Assurance: trail.AssuranceClaimed}
	return e
}

func elsewhere(environment string, e trail.Event) trail.Event {
	e.Environment = environment
	return e
}

func of(service string, e trail.Event) trail.Event {
	e.Service = service
	return e
}

// staged is a deployment to staging, some minutes after noon.
func staged(digest string, minutes int) trail.Event {
	return trail.Event{Type: trail.TypeStagingDeployed, Digest: digest, Environment: "staging", OccurredAt: noon.Add(time.Duration(minutes) * time.Minute)}
}

// tested is the result of a verification in staging.
func tested(digest string, minutes int, result string) trail.Event {
	return trail.Event{
		Type: trail.TypeStagingVerified, Digest: digest, Environment: "staging", OccurredAt: noon.Add(time.Duration(minutes) * time.Minute),
		Data: json.RawMessage(`{"result":"` + result + `"}`),
	}
}

// stayed are stays as "environment digest minutes writer".
func stayed(s *facts.Staging) (list []string) {
	for _, stay := range s.Stays() {
		environment := "?"
		if stay.Environment != nil {
			environment = *stay.Environment
		}
		list = append(list, fmt.Sprintf("%s %s %.0f %s", environment, stay.Digest[7:8], stay.DeployedAt.Sub(noon.Truncate(time.Second)).Minutes(), *stay.Assurance))
	}
	return list
}

func TestStaysAreTheDeploymentsToStaging(t *testing.T) {
	other := image("1")
	for _, tt := range []struct {
		name   string
		events []trail.Event
		want   []string
	}{
		{"one", []trail.Event{staged(zeros, 0)}, []string{"staging 0 0 ci"}},
		{"deployed twice", []trail.Event{staged(zeros, 0), staged(zeros, 5)}, []string{"staging 0 5 ci", "staging 0 0 ci"}},
		{"replaced", []trail.Event{staged(zeros, 0), staged(other, 5), staged(other, 6)}, []string{"staging 1 6 ci", "staging 1 5 ci", "staging 0 0 ci"}},
		{"replaced, and deployed again", []trail.Event{staged(zeros, 0), staged(other, 5), staged(zeros, 9)}, []string{"staging 0 9 ci", "staging 1 5 ci", "staging 0 0 ci"}},
		{"by a claim", []trail.Event{staged(zeros, 0), claimedBy(staged(zeros, 5)), claimedBy(staged(other, 6))}, []string{"staging 1 6 claimed", "staging 0 5 claimed", "staging 0 0 ci"}},
		{"elsewhere", []trail.Event{staged(zeros, 0), elsewhere("uat", staged(zeros, 7)), elsewhere("uat", staged(other, 8))}, []string{"uat 1 8 ci", "uat 0 7 ci", "staging 0 0 ci"}},
		{"another one only", []trail.Event{staged(other, 0), staged(image("2"), 5)}, []string{"staging 2 5 ci"}},
		{"in an unknown place", []trail.Event{staged(zeros, 0), elsewhere("Staging EU", staged(zeros, 5))}, []string{"? 0 5 ci", "staging 0 0 ci"}},
		{"in an unknown place only", []trail.Event{elsewhere("Staging EU", staged(zeros, 5)), staged(other, 6), elsewhere("", staged(other, 7))}, []string{"? 1 7 ci", "? 0 5 ci"}},
		{"replaced in an unknown place", []trail.Event{staged(zeros, 0), elsewhere("Staging EU", staged(other, 5)), elsewhere("", staged(other, 6)), staged(image("2"), 7)}, []string{"staging 2 7 ci", "? 1 6 ci", "? 1 5 ci", "staging 0 0 ci"}},
		{"replaced in an unknown place before", []trail.Event{elsewhere("Staging EU", claimedBy(staged(other, 0))), staged(zeros, 5)}, []string{"staging 0 5 ci"}},
		{"brought back in an unknown place", []trail.Event{staged(zeros, 0), staged(other, 5), elsewhere("Staging EU", staged(zeros, 6)), staged(other, 7)}, []string{"staging 1 7 ci", "? 0 6 ci", "staging 1 5 ci", "staging 0 0 ci"}},
		{"of another service", []trail.Event{staged(zeros, 0), of("search-api", staged(other, 5))}, []string{"staging 0 0 ci"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collectStaging(t, tt.events...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, stayed(got)); diff != "" || !*got.Complete {
				t.Error(diff)
			}
			for _, s := range got.Stays() {
				if s.EndedAt != nil || s.VerifiedBy != nil || *s.Service != "payments-api" || s.ID == nil || s.Seq == nil || *s.Writer != "repo:acme/payments-api" {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

func TestVerificationsAreThoseOfTheArtifact(t *testing.T) {
	nothing := tested(zeros, 9, "")
	got, err := collectStaging(t, staged(zeros, 0), claimedBy(tested(zeros, 8, "PASSED")), tested(zeros, 7, "FAILED"), tested(image("1"), 7, "PASSED"), nothing, of("search-api", tested(zeros, 7, "PASSED")))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, v := range got.Verifications {
		result := "none"
		if v.Result != nil {
			result = *v.Result
		}
		list = append(list, fmt.Sprintf("%s %s %s %s %d", result, v.Environment, v.Service, *v.Assurance, v.Seq))
	}
	if diff := cmp.Diff([]string{"FAILED staging payments-api ci 2", "PASSED staging payments-api claimed 1", "none staging payments-api ci 4"}, list); diff != "" {
		t.Error(diff)
	}
}

// What happened cannot be later than its record.
func TestAStayDoesNotBeginInTheFuture(t *testing.T) {
	got, err := collectStaging(t, staged(zeros, 60*24*365*10), tested(zeros, 60*24*365*10, "PASSED"))
	if err != nil || got.DeployedAt.After(time.Now()) || got.Verifications[0].At.After(time.Now()) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatRunsInStagingIsUnknown(t *testing.T) {
	unnamed := staged(zeros, 0)
	unnamed.Digest = ""
	for want, events := range map[string][]trail.Event{
		"no deployment of the service to staging": {tested(zeros, 0, "PASSED"), of("search-api", staged(zeros, 0))},
		"does not name the digest":                {unnamed},
	} {
		if got, err := collectStaging(t, events...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("read %+v, %v, want %q", got, err, want)
		}
	}
}

// The first deployments after the artifact may be those of its own platforms.
func TestAnotherArtifactIsNotHiddenByAPlatform(t *testing.T) {
	got, err := collectStaging(t, staged(zeros, 0), staged(image("1"), 1), staged(image("2"), 2), staged(image("1"), 3), staged(image("3"), 4))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"staging 3 4 ci", "staging 1 3 ci", "staging 2 2 ci", "staging 1 1 ci", "staging 0 0 ci"}
	if diff := cmp.Diff(want, stayed(got)); diff != "" {
		t.Error(diff)
	}
}

// sections are what a trail with events reports of deployments to staging in the section
// staging and in the section trail, as "digest minutes".
func sections(t *testing.T, events ...trail.Event) (stays, steps []string) {
	t.Helper()
	got, err := collectStaging(t, events...)
	if err != nil {
		t.Fatal(err)
	}
	shown := func(digest string, at time.Time) string {
		return fmt.Sprintf("%s %.0f", digest[7:8], at.Sub(noon.Truncate(time.Second)).Minutes())
	}
	for _, s := range got.Stays() {
		stays = append(stays, shown(s.Digest, s.DeployedAt))
	}
	section, err := Trail{Log: Location{Location: written(t, events...)}}.Collect(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range section.(facts.Observed).Section.(*facts.Trail).Steps {
		steps = append(steps, shown(s.Digest, s.At))
	}
	slices.Reverse(steps)
	return stays, steps
}

// A platform of the artifact that is deployed again begins the stay again.
func TestTheLastDeploymentOfAPlatformIsListed(t *testing.T) {
	stays, steps := sections(t, staged(zeros, 0), staged(image("1"), 1), staged(image("2"), 2), staged(image("1"), 5), staged(image("1"), 9), elsewhere("uat", staged(image("3"), 10)))
	if diff := cmp.Diff([]string{"3 10", "1 9", "2 2", "1 1", "0 0"}, stays); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1 9", "2 2", "1 1", "0 0"}, steps); diff != "" {
		t.Error(diff)
	}
}

// A runner's clock that is ahead does not hide what was deployed after it.
func TestAClockThatIsAheadHidesNoReplacement(t *testing.T) {
	later := int(time.Since(noon).Minutes()) + 60
	for _, ahead := range []int{later + 60*24*365, later + 60} {
		stays, steps := sections(t, staged(zeros, ahead), staged(image("1"), later), elsewhere("uat", staged(image("2"), later+120)))
		var digests string
		for _, s := range stays {
			digests += s[:1]
		}
		if !strings.Contains(digests, "1") || len(steps) != 2 {
			t.Errorf("ahead by %d: %v, %v", ahead, stays, steps)
		}
		for _, s := range steps {
			if strings.HasSuffix(s, fmt.Sprintf(" %d", ahead)) {
				t.Errorf("a step in the future: %v", steps)
			}
		}
	}
}
