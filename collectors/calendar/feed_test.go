package calendar

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/ical"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/internal/web"
)

// noon is when these tests collect.
const noon = "2026-11-24T12:00:00Z"

// events is an iCalendar of these VEVENTs' properties.
func events(list ...string) string {
	var text strings.Builder
	text.WriteString("BEGIN:VCALENDAR\nVERSION:2.0\n")
	for i, properties := range list {
		fmt.Fprintf(&text, "BEGIN:VEVENT\nUID:%d\n%s\nEND:VEVENT\n", i, properties)
	}
	return text.String() + "END:VCALENDAR\n"
}

// report reads a calendar with a feed beside it.
func report(t *testing.T, zone, feeds string, files map[string]string) (*Report, error) {
	t.Helper()
	return reportAt(t, noon, zone, feeds, files)
}

func reportAt(t *testing.T, now, zone, feeds string, files map[string]string) (*Report, error) {
	t.Helper()
	dir := t.TempDir()
	files["c.yaml"] = "timezone: " + zone + "\nfreezes: []\nholidays: []\nfeeds:\n" + feeds
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}, Clock: func() time.Time { return instant(t, now) }, Web: &web.Client{}}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	return c.Read(ctx, c.gateRange)
}

// shown is a list of intervals, one text each.
func shown(list []facts.Interval) []string {
	texts := []string{}
	for _, i := range list {
		texts = append(texts, fmt.Sprintf("%s %s/%s", i.Name, i.Start.Format(time.RFC3339), i.End.Format(time.RFC3339)))
	}
	return texts
}

const yearEnd = "SUMMARY:Year-end freeze\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227"

func TestTheCalendarDefinesTheMeaningOfAFeed(t *testing.T) {
	const all = "SUMMARY:Called off freeze\nSTATUS:CANCELLED\nDTSTART:20261201T100000Z\nDURATION:PT1H"
	const transparent = "SUMMARY:Quiet day\nTRANSP:TRANSPARENT\nDTSTART:20261202T100000Z\nDURATION:PT1H"
	tests := []struct {
		name, feed        string
		freezes, holidays []string
	}{
		{"freezes, also transparent ones", "means: freezes",
			[]string{"Quiet day 2026-12-02T11:00:00+01:00/2026-12-02T12:00:00+01:00", "Year-end freeze 2026-12-24T00:00:00+01:00/2026-12-27T00:00:00+01:00"}, []string{}},
		{"holidays", "means: holidays, transparent: counted",
			[]string{}, []string{"Quiet day 2026-12-02T11:00:00+01:00/2026-12-02T12:00:00+01:00", "Year-end freeze 2026-12-24T00:00:00+01:00/2026-12-27T00:00:00+01:00"}},
		{"transparent ones left out", "means: freezes, transparent: ignored",
			[]string{"Year-end freeze 2026-12-24T00:00:00+01:00/2026-12-27T00:00:00+01:00"}, []string{}},
		{"some by name", "means: freezes, include: ['*FREEZE*']",
			[]string{"Year-end freeze 2026-12-24T00:00:00+01:00/2026-12-27T00:00:00+01:00"}, []string{}},
		{"all but some by name", "means: freezes, exclude: ['year-end*']",
			[]string{"Quiet day 2026-12-02T11:00:00+01:00/2026-12-02T12:00:00+01:00"}, []string{}},
		{"a pattern is no part of a name", "means: freezes, include: [freeze]", []string{}, []string{}},
		{"a pattern's other signs mean themselves", "means: freezes, include: ['.ear-end freeze']", []string{}, []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := report(t, "Europe/Berlin", "  - {name: Company, file: f.ics, "+tt.feed+"}\n", map[string]string{"f.ics": events(all, transparent, yearEnd)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]string{tt.freezes, tt.holidays}, [][]string{shown(r.Calendar.Freezes), shown(r.Calendar.Holidays)}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAFeedKeepsItsScopeAndItsSource(t *testing.T) {
	r, err := report(t, "UTC", "  - {name: Company, file: f.ics, means: freezes, environments: [production], services: [payments-api]}\n",
		map[string]string{"f.ics": events(yearEnd, "DTSTART:20261201T100000Z\nDURATION:PT1H")})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Calendar.Freezes[0]
	if f.Name != "Company" || f.Source != "f.ics" || f.Environments[0] != "production" || f.Services[0] != "payments-api" {
		t.Errorf("read %+v", f)
	}
	if len(r.Files) != 1 || r.Files[0] != "f.ics" {
		t.Errorf("the files are %q", r.Files)
	}
	if r.Evidence.URI != "c.yaml,f.ics" {
		t.Errorf("the evidence is %q", r.Evidence.URI)
	}
	if len(r.Scopes) != 2 || r.Scopes[1].Name != "payments-api" || r.Scopes[1].Line != 5 {
		t.Errorf("the scopes are %+v", r.Scopes)
	}
}

func TestAllDayEventsLastFromMidnightToMidnightOfTheSite(t *testing.T) {
	tests := []struct{ name, zone, event, want string }{
		{"a short day", "America/New_York", "DTSTART;VALUE=DATE:20270314", "2027-03-14T00:00:00-05:00/2027-03-15T00:00:00-04:00"},
		{"a holiday without an end, as feeds write it", "Europe/Berlin", "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", "2026-12-25T00:00:00+01:00/2026-12-26T00:00:00+01:00"},
		{"a file with a zone of its own", "Asia/Tokyo", "DTSTART;VALUE=DATE:20261225", "2026-12-25T00:00:00+09:00/2026-12-26T00:00:00+09:00"},
		{"already on, since long before", "UTC", "DTSTART;VALUE=DATE:18000101\nDTEND;VALUE=DATE:20261201", "1970-01-01T00:00:00Z/2026-12-01T00:00:00Z"},
		{"for ever", "UTC", "DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:99991231", "2026-12-01T00:00:00Z/2201-01-01T00:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			content := strings.Replace(events("SUMMARY:x\n"+tt.event), "VERSION:2.0", "VERSION:2.0\nX-WR-TIMEZONE:America/Los_Angeles", 1)
			r, err := report(t, tt.zone, "  - {name: Company, file: f.ics, means: freezes}\n", map[string]string{"f.ics": content})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.TrimPrefix(strings.Join(shown(r.Calendar.Freezes), ""), "x ")
			if got != tt.want {
				t.Errorf("read %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAnAllDayFreezeOnTheNightOfTheChangeLastsAsLongAsTheDay(t *testing.T) {
	tests := []struct {
		zone, day string
		want      time.Duration
	}{
		{"Europe/Berlin", "2026-03-29", 23 * time.Hour},
		{"Europe/Berlin", "2026-10-25", 25 * time.Hour},
		{"America/New_York", "2026-03-08", 23 * time.Hour},
		{"America/New_York", "2026-11-01", 25 * time.Hour},
		{"Australia/Lord_Howe", "2026-04-05", 24*time.Hour + 30*time.Minute},
		{"Australia/Lord_Howe", "2026-10-04", 23*time.Hour + 30*time.Minute},
		{"America/Santiago", "2026-09-06", 23 * time.Hour}, // its midnight does not exist
	}
	for _, tt := range tests {
		t.Run(tt.zone+" "+tt.day, func(t *testing.T) {
			day := strings.ReplaceAll(tt.day, "-", "")
			feed := "  - {name: Company, file: f.ics, means: freezes}\n"
			r, err := reportAt(t, tt.day+"T12:00:00Z", tt.zone, feed, map[string]string{"f.ics": events("SUMMARY:x\nDTSTART;VALUE=DATE:" + day)})
			if err != nil {
				t.Fatal(err)
			}
			yaml, err := collect(t, "timezone: "+tt.zone+"\nholidays: []\nfreezes: [{name: x, date: "+tt.day+", repeat: yearly}]\n", tt.day+"T12:00:00Z")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(shown(r.Calendar.Freezes), shown(yaml.Freezes)); diff != "" {
				t.Errorf("the feed and the file disagree (-feed +file)\n%s", diff)
			}
			if f := r.Calendar.Freezes[0]; f.End.Sub(f.Start) != tt.want || f.Start.Format(time.DateOnly) != tt.day {
				t.Errorf("read %s, want %s", shown(r.Calendar.Freezes), tt.want)
			}
		})
	}
}

func TestAFeedThatCannotBeReadIsAnErrorThatNamesItAndItsLine(t *testing.T) {
	tests := []struct{ name, feed, content, want string }{
		{"a broken line", "file: f.ics", events("DTSTART:yesterday"), `c.yaml:5: feed "Company": read calendar "f.ics": line 5: `},
		{"a zone nobody can place", "file: f.ics", events("DTSTART;TZID=Gotham:20261224T100000"), `line 5: the zone "Gotham" is unknown`},
		{"empty", "file: f.ics", "", "the file is empty"},
		{"cut off", "file: f.ics", strings.TrimSuffix(events(yearEnd), "END:VCALENDAR\n"), "it was cut off"},
		{"a page", "file: f.ics", "<html><body>Sign in</body></html>", "line 1: "},
		{"bytes", "file: f.ics", "\x00\x01\x02\xff", "line 1: "},
		{"endless", "file: f.ics", events("SUMMARY:x\nDTSTART:20200101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY"), "has more occurrences"},
		{"more than people keep", "file: f.ics", events("SUMMARY:x\nDTSTART:20200101T000000Z\nDURATION:PT1S\nRRULE:FREQ=MINUTELY"), "has more occurrences"},
		{"too large", "file: f.ics", strings.Repeat("X", ical.DefaultMaxBytes+1), "which is the limit"},
		{"missing", "file: nowhere.ics", "", `read "nowhere.ics": there is no such file; write it, or correct feeds[].file in c.yaml`},
		{"neither file nor URL", "services: [a]", "", `feed "Company": needs file, url or url_env, one of them`},
		{"both", "file: f.ics, url: 'https://example.com/f.ics'", "", "needs file, url or url_env, one of them"},
		{"a variable that is not set", "url_env: NOBODY_SETS_THIS", "", `feed "Company": the variable NOBODY_SETS_THIS, which is to hold its url, is not set`},
		{"http over the network", "url: 'http://example.com/f.ics'", "", `c.yaml:5: feed "Company": its url: http is read from this machine only`},
		{"an unknown meaning", "file: f.ics, means: parties", "", "c.yaml:5: feeds[0].means"},
		{"an empty pattern", "file: f.ics, include: ['']", "", "c.yaml:5: feeds[0].include[0]"},
		{"no pattern at all", "file: f.ics, include: []", "", "empty list"},
		{"an age without its unit", "file: f.ics, max_age: '24'", "", "as in 90m or 24h"},
		{"an unknown key", "file: f.ics, etag: x", "", "is an unknown key"},
		{"an unknown treatment", "file: f.ics, transparent: yes", "", "transparent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			feed := "  - {name: Company, means: freezes, " + tt.feed + "}\n"
			if strings.Contains(tt.feed, "means:") {
				feed = "  - {name: Company, " + tt.feed + "}\n"
			}
			r, err := report(t, "UTC", feed, map[string]string{"f.ics": tt.content})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "c.yaml") {
				t.Errorf("read %+v, %v\nwant %q", r, err, tt.want)
			}
		})
	}
}

func TestTwoFeedsOfOneNameAreAnError(t *testing.T) {
	const one = "  - {name: Company, file: f.ics, means: freezes}\n"
	_, err := report(t, "UTC", one+one, map[string]string{"f.ics": events()})
	if err == nil || !strings.Contains(err.Error(), `c.yaml:6: a feed is called "Company" on line 5 already`) {
		t.Errorf("got %v", err)
	}
}

func TestEachFeedThatCannotBeReadIsNamed(t *testing.T) {
	_, err := report(t, "UTC", "  - {name: A, file: a.ics, means: freezes}\n  - {name: B, file: b.ics, means: freezes}\n  - {name: C, file: c.ics, means: holidays}\n",
		map[string]string{"a.ics": "x", "b.ics": events(yearEnd), "c.ics": "y"})
	if err == nil || !strings.Contains(err.Error(), `feed "A"`) || !strings.Contains(err.Error(), `feed "C"`) || strings.Contains(err.Error(), `feed "B"`) {
		t.Errorf("got %v", err)
	}
}

func TestAStaleFeedIsAnError(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"f.ics": events(yearEnd), "c.yaml": "timezone: UTC\nfreezes: []\nholidays: []\nfeeds: [{name: Company, file: f.ics, means: freezes, max_age: 24h}]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	now := instant(t, noon)
	for age, fine := range map[time.Duration]bool{24 * time.Hour: true, 24*time.Hour + time.Second: false} {
		if err := os.Chtimes(filepath.Join(dir, "f.ics"), now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}, Clock: func() time.Time { return now }}
		_, err := c.Collect(t.Context(), facts.Request{})
		if fine != (err == nil) || err != nil && !strings.Contains(err.Error(), `feed "Company": "f.ics" was written 24h0m1s ago, and max_age is 24h0m0s`) {
			t.Errorf("written %s ago: %v", age, err)
		}
	}
}

func TestAFeedOverHTTPIsReportedByItsHostOnly(t *testing.T) {
	fine := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fine || r.URL.Path != "/private-token/f.ics" {
			http.Redirect(w, r, "https://evil.example/token", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/calendar")
		fmt.Fprint(w, events(yearEnd))
	}))
	defer server.Close()
	feed := "  - {name: Company, url: '" + server.URL + "/private-token/f.ics', means: freezes}\n"
	r, err := report(t, "UTC", feed, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Company (" + server.URL + ")"; r.Calendar.Freezes[0].Source != want || r.Evidence.URI != "c.yaml,"+want {
		t.Errorf("source %q, evidence %q", r.Calendar.Freezes[0].Source, r.Evidence.URI)
	}
	t.Setenv("FREEZE_FEED", server.URL+"/private-token/f.ics")
	if r, err = report(t, "UTC", "  - {name: Company, url_env: FREEZE_FEED, means: freezes}\n", map[string]string{}); err != nil || len(r.Calendar.Freezes) != 1 {
		t.Errorf("by a variable: %+v, %v", r, err)
	}
	t.Setenv("FREEZE_FEED", "private-token")
	if _, err = report(t, "UTC", "  - {name: Company, url_env: FREEZE_FEED, means: freezes}\n", map[string]string{}); err == nil || strings.Contains(err.Error(), "token") {
		t.Errorf("by a variable that holds no URL: %v", err)
	}
	fine = false
	_, err = report(t, "UTC", feed, map[string]string{})
	if err == nil || !strings.Contains(err.Error(), `feed "Company": read `+server.URL+": redirects to another host, https://evil.example;") {
		t.Errorf("got %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "token") {
		t.Errorf("the error tells the address: %v", err)
	}
}

func TestAFeedThatNeverEndsIsNamedWithinTheDeadline(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "BEGIN:VCALENDAR\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer func() { server.CloseClientConnections(); server.Close() }()
	began := time.Now()
	_, err := report(t, "UTC", "  - {name: Company, url: '"+server.URL+"', means: freezes}\n", map[string]string{})
	if err == nil || !strings.Contains(err.Error(), `feed "Company": read `+server.URL+": no complete answer in time") {
		t.Errorf("got %v", err)
	}
	if spent := time.Since(began); spent > 3*time.Second {
		t.Errorf("it took %s, longer than the collector has", spent)
	}
}

func TestWhatAFeedLacksIsWarnedOf(t *testing.T) {
	tests := []struct{ name, feed, content, want string }{
		{"nothing ahead", "means: holidays", events("SUMMARY:Christmas\nDTSTART;VALUE=DATE:20251225"), `c.yaml:5: the feed "Company" has no holidays from 2026-11-23 to 2027-03-24; is it still maintained?`},
		{"nothing at all", "means: freezes", events(), `has no freezes`},
		{"a pattern without an event", "means: freezes, exclude: ['*party*']", events(yearEnd), `no event that the pattern "*party*" matches`},
		{"a task and busy time", "means: holidays", events(yearEnd, "SUMMARY:x\nDTSTART:20261201\nEND:VEVENT\nBEGIN:VTODO\nSUMMARY:Clear the desk\nDUE:20261201\nEND:VTODO\nBEGIN:VFREEBUSY\nEND:VFREEBUSY\nBEGIN:VEVENT\nDTSTART:20261202"),
			"c.yaml:5: the feed \"Company\" has the VTODO \"Clear the desk\" (line 14), which is not an event and closes nothing\nc.yaml:5: the feed \"Company\" has the VFREEBUSY \"\" (line 18), which"},
		{"a task without a time", "means: freezes", events(yearEnd, "SUMMARY:x\nDTSTART:20261201\nEND:VEVENT\nBEGIN:VTODO\nSUMMARY:Clear the desk\nEND:VTODO\nBEGIN:VEVENT\nDTSTART:20261202"), `the VTODO "Clear the desk"`},
		{"a line that says nothing of time", "means: freezes", events(yearEnd, "SUMMARY:x\nDTSTART:20261201\nATTENDEE;CN=Jo"), `c.yaml:5: the feed "Company", line 13: "ATTENDEE;CN=Jo" is no iCalendar property (NAME:value); it says nothing of time and was passed over`},
		{"an event without length", "means: holidays", events(yearEnd, "SUMMARY:Deadline\nDTSTART:20261201T100000Z"), `the event "Deadline" at 2026-12-01T10:00:00Z (line 9), which has no length`},
		{"nothing amiss", "means: freezes, include: ['*freeze*']", events(yearEnd), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := report(t, "UTC", "  - {name: Company, file: f.ics, "+tt.feed+"}\n", map[string]string{"f.ics": tt.content})
			if err != nil {
				t.Fatal(err)
			}
			var list []string
			for _, w := range r.Warnings {
				list = append(list, w.String())
			}
			if text := strings.Join(list, "\n"); !strings.Contains(text, tt.want) || (tt.want == "") != (text == "") {
				t.Errorf("warned %q, want %q", text, tt.want)
			}
		})
	}
}

func TestAFreezeWithoutAVisibleEnd(t *testing.T) {
	const deadline = "SUMMARY:Deadline\nDTSTART:20261201T100000Z"
	task := func(properties string) string {
		return events(yearEnd, "DTSTART:20261201\nEND:VEVENT\nBEGIN:VTODO\nSUMMARY:Move the ledger\n"+properties+"\nEND:VTODO\nBEGIN:VEVENT\nDTSTART:20261202")
	}
	const noLength = `c.yaml:5: feed "Company": line 9: the event "Deadline" at 2026-12-01T10:00:00Z has no end and no length`
	tests := []struct{ name, feed, content, want string }{
		{"a time without an end", "means: freezes", events(yearEnd, deadline), noLength},
		{"an end that is the start", "means: freezes", events(yearEnd, deadline+"\nDTEND:20261201T100000Z"), noLength},
		{"no duration", "means: freezes", events(yearEnd, deadline+"\nDURATION:PT0S"), noLength},
		{"a series without an end", "means: freezes", events(yearEnd, "SUMMARY:Deadline\nDTSTART:20260101T100000Z\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1"), noLength},
		{"a day without an end", "means: freezes", events(yearEnd, "SUMMARY:Day\nDTSTART;VALUE=DATE:20261201"), ""},
		{"long ago", "means: freezes", events(yearEnd, "SUMMARY:Deadline\nDTSTART:20251201T100000Z"), ""},
		{"called off", "means: freezes", events(yearEnd, deadline+"\nSTATUS:CANCELLED"), ""},
		{"excluded", "means: freezes, exclude: [deadline]", events(yearEnd, deadline), ""},
		{"a holiday", "means: holidays", events(yearEnd, deadline), ""},
		{"a task that is due", "means: freezes", task("DUE:20261201T100000Z"), `c.yaml:5: feed "Company": line 13: VTODO "Move the ledger" has a time and is not an event`},
		{"a task that lasts", "means: freezes", task("DTSTART:20261201T100000Z\nDURATION:PT5H"), `VTODO "Move the ledger" has a time`},
		{"a task without a time", "means: freezes", task("PRIORITY:1"), ""},
		{"an excluded task", "means: freezes, exclude: [move*]", task("DUE:20261201T100000Z"), ""},
		{"a task among holidays", "means: holidays", task("DUE:20261201T100000Z"), ""},
		{"busy time", "means: freezes", events(yearEnd, "DTSTART:20261201\nEND:VEVENT\nBEGIN:VFREEBUSY\nFREEBUSY:20261201T100000Z/PT5H\nEND:VFREEBUSY\nBEGIN:VEVENT\nDTSTART:20261202"), `VFREEBUSY "" has a time and is not an event`},
		{"as many as required", "means: freezes, minimum_events: 1", events(yearEnd), ""},
		{"too few", "means: freezes, minimum_events: 2", events(yearEnd), `c.yaml:5: feed "Company": it has 1 events, and minimum_events is 2; was it emptied?`},
		{"none, of holidays", "means: holidays, minimum_events: 1", events(), `it has 0 events, and minimum_events is 1`},
		{"none", "means: freezes", events(), ""},
		{"a minimum of none", "means: freezes, minimum_events: 0", events(yearEnd), `c.yaml:5: feed "Company": minimum_events is 0; it must be 1 or more`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := report(t, "UTC", "  - {name: Company, file: f.ics, "+tt.feed+"}\n", map[string]string{"f.ics": tt.content})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// What lies in the hour of a change of the clocks closes at least what the wall
// clock says; where two readings are left, the one that closes more.
func TestFreezesThatBeginOrEndInAChangeOfTheClocks(t *testing.T) {
	const berlin, newYork = "Europe/Berlin", "America/New_York"
	tests := []struct{ name, zone, day, start, end, from, to string }{
		{"begins in the gap, ends after it", berlin, "2027-03-28", "0230", "0330", "03:00+02:00", "03:30+02:00"},
		{"begins in the gap, ends an hour after it", berlin, "2027-03-28", "0230", "0400", "03:00+02:00", "04:00+02:00"},
		{"begins early in the gap", berlin, "2027-03-28", "0215", "0315", "03:00+02:00", "03:15+02:00"},
		{"begins late in the gap", berlin, "2027-03-28", "0245", "0315", "03:00+02:00", "03:15+02:00"},
		{"ends in the gap", berlin, "2027-03-28", "0130", "0230", "01:30+01:00", "03:30+02:00"},
		{"lies in the gap", berlin, "2027-03-28", "0215", "0245", "03:00+02:00", "03:45+02:00"},
		{"is the gap", berlin, "2027-03-28", "0200", "0300", "03:00+02:00", "04:00+02:00"},
		{"begins in the hour that comes twice", berlin, "2026-10-25", "0230", "0400", "02:30+02:00", "04:00+01:00"},
		{"ends in the hour that comes twice", berlin, "2026-10-25", "0100", "0230", "01:00+02:00", "02:30+01:00"},
		{"lies in the hour that comes twice", berlin, "2026-10-25", "0215", "0245", "02:15+02:00", "02:45+01:00"},
		{"begins in the gap of New York", newYork, "2027-03-14", "0230", "0330", "03:00-04:00", "03:30-04:00"},
		{"half an hour's gap of Lord Howe", "Australia/Lord_Howe", "2026-10-04", "0215", "0245", "02:30+11:00", "02:45+11:00"},
		{"midnight skipped in Santiago", "America/Santiago", "2026-09-06", "0000", "0200", "01:00-03:00", "02:00-03:00"},
	}
	for _, tt := range tests {
		day := strings.ReplaceAll(tt.day, "-", "")
		before := instant(t, tt.day+"T12:00:00Z").AddDate(0, 0, -3)
		clock := func(text string) string { return text[:2] + ":" + text[2:] }
		want := "x " + tt.day + "T" + tt.from[:5] + ":00" + tt.from[5:] + "/" + tt.day + "T" + tt.to[:5] + ":00" + tt.to[5:]
		edges := func(on string) string {
			return "SUMMARY:x\nDTSTART;TZID=" + tt.zone + ":" + on + "T" + tt.start + "00\nDTEND;TZID=" + tt.zone + ":" + on + "T" + tt.end + "00"
		}
		nightly := fmt.Sprintf("freezes: [{name: x, start: %[1]sT%[2]s, end: %[1]sT%[3]s, repeat: daily, until: %[4]s}]\n", before.Format(time.DateOnly), clock(tt.start), clock(tt.end), tt.day)
		for form, files := range map[string][2]string{
			"a single event":  {"freezes: []\n", edges(day)},
			"a nightly event": {"freezes: []\n", edges(before.Format("20060102")) + "\nRRULE:FREQ=DAILY;COUNT=4"},
			"nightly in YAML": {nightly, "SUMMARY:y\nDTSTART:20200101"},
			"once in YAML":    {fmt.Sprintf("freezes: [{name: x, start: %[1]sT%[2]s, end: %[1]sT%[3]s}]\n", tt.day, clock(tt.start), clock(tt.end)), "SUMMARY:y\nDTSTART:20200101"},
		} {
			t.Run(tt.name+", "+form, func(t *testing.T) {
				dir := t.TempDir()
				yaml := "timezone: " + tt.zone + "\nholidays: []\n" + files[0] + "feeds: [{name: a, file: f.ics, means: freezes}]\n"
				for name, content := range map[string]string{"c.yaml": yaml, "f.ics": events(files[1])} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}, Clock: func() time.Time { return before }}
				r, err := c.Read(t.Context(), c.gateRange)
				if err != nil {
					t.Fatal(err)
				}
				last := shown(r.Calendar.Freezes)
				if len(last) == 0 || last[len(last)-1] != want {
					t.Errorf("got %q, want %s", last, want)
				}
			})
		}
	}
}

// BenchmarkAFeedOfFiveMegabytes collects a feed as large as one may be, over
// HTTP, among them a year of hourly events.
func BenchmarkAFeedOfFiveMegabytes(b *testing.B) {
	var list []string
	for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); len(list) < 12_000; at = at.Add(time.Hour) {
		list = append(list, "SUMMARY:Maintenance\nDTSTART;TZID=Europe/Berlin:"+at.Format(stamp)+"\nDURATION:PT30M\nDESCRIPTION:"+strings.Repeat("long words ", 25))
	}
	content := []byte(events(list...))
	if len(content) > ical.DefaultMaxBytes || len(content) < ical.DefaultMaxBytes*9/10 {
		b.Fatalf("the feed has %d bytes", len(content))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "f.ics", time.Time{}, bytes.NewReader(content))
	}))
	defer server.Close()
	dir := b.TempDir()
	yaml := "timezone: Europe/Berlin\nfreezes: []\nholidays: []\nfeeds: [{name: Company, url: '" + server.URL + "/f.ics', means: freezes}]\n"
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(yaml), 0o644); err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}, Clock: func() time.Time { return now }, Web: &web.Client{}}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := c.Read(context.Background(), c.gateRange)
		if err != nil || len(r.Calendar.Freezes) < 2800 {
			b.Fatal(err)
		}
	}
}

func TestADayThatHasBegunIsStillOn(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"f.ics":  events("SUMMARY:x\nDTSTART;VALUE=DATE:20270501\nDTEND;VALUE=DATE:20270501"),
		"c.yaml": "timezone: UTC\nfreezes: []\nholidays: []\nfeeds: [{name: a, file: f.ics, means: holidays}]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}, Clock: func() time.Time { return instant(t, "2028-01-01T00:00:00Z") }}
	r, err := c.Read(t.Context(), func(*time.Location) (from, to time.Time, err error) {
		return instant(t, "2027-05-01T12:00:00Z"), instant(t, "2027-05-02T12:00:00Z"), nil
	})
	if err != nil || len(r.Calendar.Holidays) != 1 {
		t.Errorf("read %+v, %v", r, err)
	}
}
