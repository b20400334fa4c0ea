package calendar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/ical"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/internal/web"
)

const (
	maxFeeds       = 50
	feedsAtOnce    = 4
	maxOccurrences = 10_000         // of one feed in the range; more are no calendar of people
	defaultMaxAge  = 24 * time.Hour // of a copy that something between us and the feed's server keeps
	mediaType      = "text/calendar, text/plain;q=0.5"
)

// feed is an iCalendar whose events are freezes or holidays.
type feed struct {
	Line         int       `json:"-"`
	Name         string    `json:"name" schema:"nonempty"`
	File         *string   `json:"file" schema:"nonempty"`
	URL          *string   `json:"url" schema:"nonempty"`
	URLEnv       *string   `json:"url_env" schema:"nonempty"` // the variable that holds the URL
	Means        meaning   `json:"means"`
	Environments []string  `json:"environments,omitempty" schema:"identifier"`
	Services     []string  `json:"services,omitempty" schema:"identifier"`
	Include      []pattern `json:"include,omitempty" schema:"min=1"`
	Exclude      []pattern `json:"exclude,omitempty"`
	Transparent  *treated  `json:"transparent"`
	MaxAge       *age      `json:"max_age"`

	// MinimumEvents is how many events the file must hold, whenever they are: an
	// empty calendar is else "none".
	MinimumEvents *int `json:"minimum_events"`
}

// fetched is a feed that was read, or why it could not be.
type fetched struct {
	text     strict.Text
	calendar *ical.Calendar
	events   []ical.Event
	err      error
}

// readFeeds adds the events of each feed to w and returns what was read, in the
// order of the file. One feed that cannot be read is an error.
func (c Collector) readFeeds(ctx context.Context, w *window, feeds []feed) ([]strict.Text, error) {
	if err := checkFeeds(feeds, w.source); err != nil {
		return nil, err
	}
	ctx, cancel := early(ctx)
	defer cancel()
	answers := make([]fetched, len(feeds))
	var running sync.WaitGroup
	slots := make(chan struct{}, feedsAtOnce)
	for i, f := range feeds {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answers[i] = c.readFeed(ctx, w, f)
		})
	}
	running.Wait()
	var texts []strict.Text
	var problems []error
	for i, f := range feeds {
		if err := answers[i].err; err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: feed %q: %w", w.source, f.Line, f.Name, err))
			continue
		}
		texts = append(texts, answers[i].text)
		w.take(f, answers[i])
	}
	return texts, errors.Join(problems...)
}

// checkFeeds returns an error for feeds that cannot all be meant.
func checkFeeds(feeds []feed, source string) error {
	if len(feeds) > maxFeeds {
		return fmt.Errorf("%s:%d: more than %d feeds; join some of them", source, feeds[maxFeeds].Line, maxFeeds)
	}
	lines := map[string]int{}
	for _, f := range feeds {
		if line, twice := lines[f.Name]; twice {
			return fmt.Errorf("%s:%d: a feed is called %q on line %d already; the names of feeds must be unique", source, f.Line, f.Name, line)
		}
		lines[f.Name] = f.Line
		if btoi(f.File != nil)+btoi(f.URL != nil)+btoi(f.URLEnv != nil) != 1 {
			return fmt.Errorf("%s:%d: feed %q: needs file, url or url_env, one of them", source, f.Line, f.Name)
		}
		if f.MinimumEvents != nil && *f.MinimumEvents < 1 {
			return fmt.Errorf("%s:%d: feed %q: minimum_events is %d; it must be 1 or more", source, f.Line, f.Name, *f.MinimumEvents)
		}
	}
	return nil
}

// early ends a little before ctx does, so that there is time to say which feed
// it was that did not answer.
func early(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(2*time.Second, time.Until(deadline)/4)))
}

// readFeed reads a feed and lists what happens in w. A panic is an error: the
// bytes are not ours.
func (c Collector) readFeed(ctx context.Context, w *window, f feed) (answer fetched) {
	defer func() {
		if p := recover(); p != nil {
			answer.err = fmt.Errorf("reading it panicked: %v", p)
		}
	}()
	answer.text, answer.err = c.fetch(ctx, f)
	if answer.err != nil {
		return answer
	}
	answer.calendar, answer.err = ical.Parse(answer.text.Name, answer.text.Data, ical.Options{Site: w.zone, MaxOccurrences: maxOccurrences})
	if answer.err != nil {
		return answer
	}
	// What an event closes may begin before its own interval, and end after it.
	from, to := w.seen()
	if answer.events, answer.err = answer.calendar.ExpandContext(ctx, from.Add(-2*ahead), to.Add(2*ahead)); answer.err == nil {
		answer.err = f.sufficient(w, answer)
	}
	return answer
}

// sufficient returns an error for a feed that was read and still cannot say what
// is closed: too few events, or a freeze without a known end.
func (f feed) sufficient(w *window, answer fetched) error {
	if n := answer.calendar.Events(); f.MinimumEvents != nil && n < *f.MinimumEvents {
		return fmt.Errorf("it has %d events, and minimum_events is %d; was it emptied?", n, *f.MinimumEvents)
	}
	if f.Means != meansFreezes {
		return nil
	}
	for _, other := range answer.calendar.Others() {
		if other.Timed && f.chooses(other.Name, map[string]bool{}) {
			return fmt.Errorf("line %d: %s %q has a time and is not an event; write the freeze as a VEVENT, or take its name into exclude", other.Line, other.Kind, other.Name)
		}
	}
	from, to := w.seen()
	for _, e := range answer.events {
		if start, end := e.Occupied(); !end.After(start) && f.wants(e, map[string]bool{}) && !start.Before(from) && start.Before(to) {
			return fmt.Errorf("line %d: the event %q at %s has no end and no length, so the end of the freeze is not known; give it a DTEND or a DURATION, or add its name to exclude",
				e.Line, e.Name, start.Format(time.RFC3339))
		}
	}
	return nil
}

// seen is the range, and what the gate would be told today: whether a feed is
// still kept does not show in a day of it.
func (w *window) seen() (from, to time.Time) {
	from, to = w.now.AddDate(0, 0, -1), w.now.AddDate(0, 0, horizonDays)
	if w.from.Before(from) {
		from = w.from
	}
	if w.horizon.After(to) {
		to = w.horizon
	}
	return from, to
}

// fetch reads the feed's bytes.
func (c Collector) fetch(ctx context.Context, f feed) (strict.Text, error) {
	if f.File != nil {
		return c.fetchFile(ctx, f)
	}
	at, err := f.address()
	if err != nil {
		return strict.Text{}, err
	}
	limit := defaultMaxAge
	if f.MaxAge != nil {
		limit = time.Duration(*f.MaxAge)
	}
	client := c.Web
	if client == nil {
		client = &shared
	}
	data, err := client.Get(ctx, web.Request{URL: at, Accept: mediaType, Max: ical.DefaultMaxBytes, MaxAge: limit})
	if err != nil {
		return strict.Text{}, fmt.Errorf("read %s: %w", web.Host(at), err)
	}
	return strict.Of(label(f, at), data), nil
}

// address is where the feed is.
func (f feed) address() (*url.URL, error) {
	text, from := "", "its url"
	if f.URL != nil {
		text = *f.URL
	} else {
		from = "its url in the variable " + *f.URLEnv
		if text = os.Getenv(*f.URLEnv); text == "" {
			return nil, fmt.Errorf("the variable %s, which is to hold its url, is not set", *f.URLEnv)
		}
	}
	at, err := web.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return at, nil
}

// label is what a feed from elsewhere is called, in the document too. The path
// of its address may be its password.
func label(f feed, at *url.URL) string { return fmt.Sprintf("%s (%s)", f.Name, web.Host(at)) }

// beside returns a path relative to the folder of the calendar.
func (c Collector) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(c.File.Name), name)
}

// files are the feeds that are files, absolute or relative to File.Dir.
func (c Collector) files(feeds []feed) []string {
	var names []string
	for _, f := range feeds {
		if f.File != nil {
			names = append(names, c.beside(*f.File))
		}
	}
	return names
}

// fetchFile reads a feed that is a file next to the calendar.
func (c Collector) fetchFile(ctx context.Context, f feed) (strict.Text, error) {
	name := c.beside(*f.File)
	path := strict.Path{Dir: c.File.Dir, Name: name, Key: "feeds[].file", In: c.File.Name, Max: ical.DefaultMaxBytes}
	text, err := path.Read(ctx)
	if err != nil || f.MaxAge == nil {
		return text, err
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(c.File.Dir, name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return text, fmt.Errorf("read %q: %w", path.Name, errors.Unwrap(err))
	}
	if old := c.now().Sub(info.ModTime()); old > time.Duration(*f.MaxAge) {
		return text, fmt.Errorf("%q was written %s ago, and max_age is %s; is it still updated?", path.Name, old.Round(time.Second), time.Duration(*f.MaxAge))
	}
	return text, nil
}

// take adds what the feed's events mean to w.
func (w *window) take(f feed, answer fetched) {
	from, to := w.seen()
	w.passedOver(f, answer.calendar)
	matched := make(map[string]bool)
	taken := 0
	for _, e := range answer.events {
		if !f.wants(e, matched) {
			continue
		}
		start, end := e.Occupied()
		switch {
		case !start.Before(to):
			continue
		case !end.After(start):
			w.warn(f.Line, "the feed %q has the event %q at %s (line %d), which has no length and closes nothing", f.Name, e.Name, start.Format(time.RFC3339), e.Line)
			continue
		case end.After(from):
			taken++
		}
		if start, end = placed(start, w.zone), placed(end, w.zone); w.overlaps(start, end) {
			w.add(f, facts.Interval{
				Name: cmp.Or(e.Name, f.Name), Start: start, End: end, Source: answer.text.Evidence.URI,
				Environments: f.Environments, Services: f.Services,
			})
		}
	}
	first, last := from.In(w.zone).Format(time.DateOnly), to.In(w.zone).Format(time.DateOnly)
	for _, p := range slices.Concat(f.Include, f.Exclude) {
		if !matched[p.text] && len(answer.events) > 0 {
			w.warn(f.Line, "the feed %q has no event that the pattern %q matches, from %s to %s", f.Name, p.text, first, last)
		}
	}
	if taken == 0 {
		w.warn(f.Line, "the feed %q has no %s from %s to %s; is it still maintained?", f.Name, f.Means, first, last)
	}
}

// passedOver warns of what the feed holds and is no event.
func (w *window) passedOver(f feed, c *ical.Calendar) {
	for _, other := range c.Others() {
		if !f.chooses(other.Name, map[string]bool{}) {
			continue
		}
		w.warn(f.Line, "the feed %q has the %s %q (line %d), which is not an event and closes nothing", f.Name, other.Kind, other.Name, other.Line)
	}
	for _, damaged := range c.Warnings() {
		w.warn(f.Line, "the feed %q, line %d: %s", f.Name, damaged.Line, damaged.Text)
	}
}

// add puts an interval where the feed's events belong.
func (w *window) add(f feed, i facts.Interval) {
	if f.Means == meansHolidays {
		w.holidays = append(w.holidays, i)
		return
	}
	w.freezes = append(w.freezes, i)
}

// placed is at on the site's clock, within the years that a document may hold.
func placed(at time.Time, zone *time.Location) time.Time {
	switch year := at.UTC().Year(); {
	case year < 1970:
		at = time.Unix(0, 0)
	case year > maxYear:
		at = time.Date(maxYear+1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return at.In(zone)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
