package collectors_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/trail"
)

// gathered writes files and gathers one section as prodgate.yaml says.
func gathered(t *testing.T, configuration, section string, files map[string]string) *facts.Document {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := config.Parse("prodgate.yaml", dir, []byte(configuration))
	if err != nil {
		t.Fatal(err)
	}
	cfg := parsed.Sources
	cfg.Log.Location = parsed.Trail
	cfg.Clock, cfg.Service, cfg.Environment = clock, "payments-api", "production"
	doc := collectors.Gather(context.Background(), clock, request("oci:image"), only(collectors.All(cfg), section))
	if _, err := facts.FromDocument(doc); err != nil {
		t.Fatalf("the document is not valid: %v", err)
	}
	return doc
}

const (
	open     = "- {id: INC-1, service: payments-api, status: open, opened_at: 2026-11-24T09:00:00Z}\n"
	resolved = "- {id: INC-1, service: payments-api, status: resolved, opened_at: 2026-11-24T09:00:00Z}\n"
	deployed = "digest: sha256:1111111111111111111111111111111111111111111111111111111111111111\ndeployed_at: 2026-11-24T09:00:00Z\nrestarted_at: null\n"
)

func TestASectionIsMergedOfEverySystemThatIsNamed(t *testing.T) {
	doc := gathered(t, "systems:\n  pager: {kind: file, file: pager.yaml}\nsources:\n  incidents: [pager, {file: tracker.yaml}]\n", "incidents",
		map[string]string{"pager.yaml": open, "tracker.yaml": resolved})
	source := doc.Sources["incidents"]
	if source.Status != facts.StatusOK || source.Kind != facts.KindMerged || len(doc.Incidents) != 2 {
		t.Errorf("the source is %+v, the incidents are %+v", source, doc.Incidents)
	}
	var names []string
	for _, s := range source.Systems {
		if s.Kind != "file" || s.Status != facts.StatusOK || s.Evidence == nil || s.ObservedAt == nil {
			t.Errorf("the system is %+v", s)
		}
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"pager", "file"}, names); diff != "" {
		t.Error(diff)
	}
}

// The entries of a trail are known by where they come from.
func TestAStayInATrailStaysAnEntryBesideAFile(t *testing.T) {
	location := filepath.Join(t.TempDir(), "trail.db")
	log, err := trail.Open(t.Context(), location, trail.Options{})
	if err != nil {
		t.Fatal(err)
	}
	event := trail.Event{
		Type: trail.TypeStagingDeployed, ID: trail.NewID(), Service: "payments-api", Environment: "staging", Digest: "sha256:" + strings.Repeat("1", 64),
		OccurredAt: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), Writer: trail.Writer{Subject: "repo:acme/payments-api", Assurance: trail.AssuranceCI}, Data: []byte("{}"),
	}
	if _, err := log.Append(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	doc := gathered(t, "trail: "+location+"\nsources:\n  staging: [trail, {file: staging.yaml}]\n", "staging", map[string]string{"staging.yaml": deployed + "verification: null\n"})
	if doc.Staging == nil {
		t.Fatalf("%+v", doc.Sources["staging"])
	}
	stays := doc.Staging.Stays()
	if len(stays) != 2 || stays[0].ID != nil || stays[0].Writer != nil || stays[1].ID == nil || *stays[1].ID != event.ID || *stays[1].Writer != event.Writer.Subject {
		t.Errorf("%+v", stays)
	}
}

func TestASectionIsReadableOnlyIfEverySystemIs(t *testing.T) {
	tests := []struct {
		name, configuration, section string
		status                       facts.Status
		says                         string
	}{
		{"one is missing", "sources:\n  incidents: [{file: here.yaml}, {file: gone.yaml}]\n", "incidents", facts.StatusError, `file-2: read "gone.yaml": there is no such file`},
		{"an optional one is missing", "systems:\n  second: {kind: file, file: gone.yaml}\nsources:\n  staging: [{file: staging.yaml}, {system: second, optional: true}]\n", "staging", facts.StatusOK, ""},
		{"only the optional one is there", "systems:\n  second: {kind: file, file: staging.yaml}\nsources:\n  staging: [{file: gone.yaml}, {system: second, optional: true}]\n", "staging", facts.StatusError, "file: read"},
		{"all are optional and missing", "systems:\n  one: {kind: file, file: gone.yaml}\n  two: {kind: file, file: gone2.yaml}\nsources:\n  staging: [{system: one, optional: true}, {system: two, optional: true}]\n", "staging", facts.StatusError, "none of the systems"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := gathered(t, tt.configuration, tt.section, map[string]string{"here.yaml": "[]\n", "staging.yaml": deployed}).Sources[tt.section]
			if source.Status != tt.status || tt.says != "" && !strings.Contains(*source.Error, tt.says) {
				t.Errorf("the source is %+v (%v)", source, source.Error)
			}
			if tt.status == facts.StatusOK && (len(source.Systems) != 2 || source.Systems[1].Status != facts.StatusError || source.Systems[1].Optional == nil) {
				t.Errorf("the systems are %+v", source.Systems)
			}
		})
	}
}

func TestAContradictionIsInTheSource(t *testing.T) {
	with := func(commit string) string {
		return "timezone: " + commit + "\nfreezes: []\nholidays: []\n"
	}
	doc := gathered(t, "sources:\n  calendar: [{file: a.yaml}, {file: b.yaml}]\n", "calendar", map[string]string{"a.yaml": with("UTC"), "b.yaml": with("Europe/Berlin")})
	source := doc.Sources["calendar"]
	if len(source.Contradictions) != 1 || source.Contradictions[0].Path != "/calendar/timezone" || *source.Contradictions[0].Values[1].Value != "Europe/Berlin" {
		t.Errorf("the contradictions are %+v", source.Contradictions)
	}
}

func TestNamesAreExpandedInSettings(t *testing.T) {
	doc := gathered(t, "systems:\n  store: {kind: file, file: \"{environment}/{service}.yaml\"}\nsources:\n  staging: store\n", "staging", map[string]string{"production/payments-api.yaml": deployed})
	if doc.Staging == nil {
		t.Errorf("the source is %v", *doc.Sources["staging"].Error)
	}
	for service, want := range map[string]string{"": "--service", "../secret": "must be an identifier", "a/b": "must be an identifier"} {
		cfg := collectors.Config{Dir: t.TempDir(), Service: service, Environment: "production", Sources: map[string][]collectors.Use{"staging": collectors.File("{service}.yaml")}}
		doc := collectors.Gather(context.Background(), clock, request("oci:image"), only(collectors.All(cfg), "staging"))
		if source := doc.Sources["staging"]; source.Status != facts.StatusError || !strings.Contains(*source.Error, want) {
			t.Errorf("%q: the source is %+v (%v)", service, source, source.Error)
		}
	}
}

func TestCustomFactsComeFromAFile(t *testing.T) {
	doc := gathered(t, "sources:\n  custom.cost: {file: cost.yaml}\n", "custom.cost", map[string]string{"cost.yaml": "monthly: 12.50\nby: [a, b]\nnone: null\n"})
	if doc.Sources["custom.cost"].Status != facts.StatusOK || doc.Custom["cost"] == nil {
		t.Errorf("the source is %+v", doc.Sources["custom.cost"])
	}
	for name, content := range map[string]string{"a key twice": "{a: 1, a: 2}", "not a number of JSON": "a: .inf", "empty": "", "garbage": "]]"} {
		doc := gathered(t, "sources:\n  custom.cost: {file: cost.yaml}\n", "custom.cost", map[string]string{"cost.yaml": content})
		if source := doc.Sources["custom.cost"]; source.Status != facts.StatusError || !strings.Contains(*source.Error, "cost.yaml") {
			t.Errorf("%s: the source is %+v", name, source)
		}
	}
}
