package calendar_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
)

// inPlace is the section calendar of a prodgate.yaml in dir.
func inPlace(t *testing.T, dir, yaml string) (*facts.Document, error) {
	t.Helper()
	file, err := config.Parse("gate/"+config.Filename, dir, []byte(yaml))
	if err != nil {
		return nil, err
	}
	file.Sources.Clock = func() time.Time { return time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC) }
	return collectors.Gather(t.Context(), time.Now, facts.Request{Service: "payments-api", Environment: "production"}, collectors.All(file.Sources)), nil
}

func TestACalendarCanBeWrittenInTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	feed := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261210T000000Z\r\nDTEND:20261211T000000Z\r\nSUMMARY:Audit\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	if err := os.WriteFile(filepath.Join(dir, "freezes.ics"), []byte(feed), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, err := inPlace(t, dir, `sources:
  calendar:
    timezone: America/New_York
    freezes: [{name: Year-end, start: 2026-12-18T18:00, end: 2027-01-04}]
    holidays: []
    public_holidays: [{country: US}]
    feeds: [{name: Audits, file: freezes.ics, means: freezes}]
`)
	if err != nil {
		t.Fatal(err)
	}
	source := doc.Sources["calendar"]
	if source.Status != facts.StatusOK || source.Kind != "calendar" || source.Evidence == nil || source.Evidence.URI != "freezes.ics" {
		t.Fatalf("the source is %+v", source)
	}
	var names []string
	for _, list := range [][]facts.Interval{doc.Calendar.Freezes, doc.Calendar.Holidays} {
		for _, i := range list {
			names = append(names, i.Name+" ("+i.Source+")")
		}
	}
	text := strings.Join(names, ", ")
	for _, want := range []string{"Audit (freezes.ics)", "Year-end (prodgate.yaml)", "Thanksgiving Day (public holidays of US)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the calendar has %s; want %s", text, want)
		}
	}
}

func TestACalendarInTheConfigurationIsReadStrictly(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"an unknown key", "sources:\n  calendar:\n    timezone: UTC\n    freezes: []\n    holidays: []\n    holydays: []\n", "gate/prodgate.yaml:6: sources.calendar.holydays is an unknown key"},
		{"no freezes", "sources:\n  calendar: {timezone: UTC, holidays: []}\n", "sources.calendar.freezes"},
		{"an unknown zone", "sources:\n  calendar: {timezone: Mars/Olympus, freezes: [], holidays: []}\n", "sources.calendar.timezone"},
	} {
		if _, err := inPlace(t, t.TempDir(), tt.yaml); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	doc, err := inPlace(t, t.TempDir(), "sources:\n  calendar:\n    timezone: UTC\n    holidays: []\n    freezes:\n      - {name: Backwards, start: 2026-12-02, end: 2026-12-01}\n")
	if err != nil {
		t.Fatal(err)
	}
	if source := doc.Sources["calendar"]; source.Status != facts.StatusError || !strings.Contains(*source.Error, `prodgate.yaml:6: "Backwards" ends`) {
		t.Errorf("a freeze that ends before it begins: %+v", source)
	}
}
