package metrics

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Report is what was counted. Times are UTC.
type Report struct {
	Period   Period     `json:"period"`
	Trail    Checkpoint `json:"trail"`
	Measures Measures   `json:"measures"`
	Places   []Place    `json:"places"` // per service and environment, sorted
	Weeks    []Week     `json:"weeks"`
	Gate     Gate       `json:"gate"`

	Emergencies Emergencies `json:"emergencies"`
	Remarks     Remarks     `json:"remarks"`
}

// Period is what was asked for, and from when on it can be answered.
type Period struct {
	Since       time.Time  `json:"since"`
	Until       time.Time  `json:"until"`
	Recorded    *time.Time `json:"recorded_since"` // when the trail began, if that is later than Since: then no rate is given; else null
	Service     string     `json:"service"`        // "": all
	Environment string     `json:"environment"`    // "": all but staging
}

// Checkpoint is the state of the trail that the numbers rest on.
type Checkpoint struct {
	Size int64  `json:"size"` // entries
	Head string `json:"head"` // the signed checkpoint
}

// Measures are the five of the specification.
type Measures []Measure

// Measure is one number against its target.
type Measure struct {
	Name        string   `json:"name"` // deployment_frequency, …
	Title       string   `json:"title"`
	Unit        string   `json:"unit"`  // per week, percent, seconds
	Value       *float64 `json:"value"` // null: no data, or not enough history
	Target      Target   `json:"target"`
	Met         *bool    `json:"met"` // null: no data, or not enough history
	Numerator   float64  `json:"numerator"`
	Denominator float64  `json:"denominator"`
	Of          string   `json:"of"` // what is counted of what

	// NotEnough says from when on is recorded, where that is within the period:
	// then there is no value of a rate, and no target is met or missed.
	NotEnough *time.Time `json:"not_enough_history,omitempty"`

	// Median and P90 are of the time to deploy alone.
	Median *float64 `json:"median,omitempty"`
	P90    *float64 `json:"p90,omitempty"`
}

// Target is what the specification asks for.
type Target struct {
	Is    string  `json:"is"` // ≥, > or <
	Value float64 `json:"value"`
}

// met compares.
func (t Target) met(value float64) bool {
	switch t.Is {
	case "≥":
		return value >= t.Value
	case ">":
		return value > t.Value
	default:
		return value < t.Value
	}
}

// Place is the same for one service and environment.
type Place struct {
	Service     string   `json:"service"`
	Environment string   `json:"environment"`
	Measures    Measures `json:"measures"`
}

// Week is one calendar week of the period, from Monday 00:00 UTC.
type Week struct {
	Starts       time.Time `json:"starts"`
	Whole        bool      `json:"whole"` // false where the period or the trail covers a part of it
	Live         int       `json:"live"`
	Failed       int       `json:"failed"` // of those that ended in it: failed, taken back, or with an incident
	TimeToDeploy *float64  `json:"time_to_deploy_seconds"`
}

// Remarks are what a reader should know before believing the rest.
type Remarks struct {
	InFlight      int `json:"in_flight"`      // begun in the period, no end recorded
	Rollbacks     int `json:"rollbacks"`      // deployments that brought an earlier version back; no changes of their own
	LateRollbacks int `json:"late_rollbacks"` // in the period, of what had ended before it: they count there
	Repeated      int `json:"repeated"`       // deploy.live of what was live; counted once
	Orphans       int `json:"orphans"`        // incidents of no recorded deployment; counted nowhere
	ClaimsAhead   int `json:"claims_ahead"`   // steps said to be later than they were recorded; taken as of then
	NoApproval    int `json:"no_approval"`    // went live without a recorded approval; left out of the time to deploy
}

// report counts what was added.
func (c *counter) report() (*Report, error) {
	o := c.options
	end := o.Until
	if o.Now.Before(end) {
		end = o.Now
	}
	owed, err := c.emergencies.report(o.Now)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Period:      Period{Since: o.Since.UTC(), Until: o.Until.UTC(), Service: o.Service, Environment: o.Environment},
		Gate:        c.gate.report(),
		Emergencies: owed,
		Places:      []Place{},
	}
	began := c.began().UTC()
	if began.After(o.Since) {
		r.Period.Recorded = &began
	}
	r.Remarks = Remarks{Orphans: c.deployments.settle(), Repeated: c.deployments.repeated, ClaimsAhead: c.claimsAhead}
	counted := map[place]*tally{}
	total := &tally{}
	for _, d := range c.deployments.all {
		c.remark(&r.Remarks, d)
		if d.rollback {
			continue
		}
		if counted[d.place] == nil {
			counted[d.place] = &tally{}
		}
		for _, t := range []*tally{total, counted[d.place]} {
			t.known = true
			if c.within(d.ended()) {
				t.add(d)
			}
		}
	}
	weeks := max(0, end.Sub(began).Hours()/(7*24))
	if o.Began == nil {
		weeks = 0
	}
	r.Measures = total.measures(weeks).since(r.Period.Recorded)
	for at, t := range counted {
		r.Places = append(r.Places, Place{Service: at.service, Environment: at.environment, Measures: t.measures(weeks).since(r.Period.Recorded)})
	}
	slices.SortFunc(r.Places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Environment, b.Environment))
	})
	r.Weeks = c.weeks(began, end)
	return r, nil
}

// since clears what a part of the period cannot show for the whole: rates, and whether
// a target is met. Recorded is nil where all of it is recorded.
func (m Measures) since(recorded *time.Time) Measures {
	if recorded == nil {
		return m
	}
	for i := range m {
		if m[i].Value == nil {
			continue // of that, nothing is recorded
		}
		m[i].NotEnough, m[i].Met = recorded, nil
		if m[i].Unit != "seconds" {
			m[i].Value = nil
		}
	}
	return m
}

// remark counts what is out of the ordinary about one deployment.
func (c *counter) remark(r *Remarks, d *deployment) {
	ended := d.ended()
	switch {
	case d.rollback:
		if c.within(ended) {
			r.Rollbacks++
		}
		return
	case ended.IsZero():
		if c.within(d.started) {
			r.InFlight++
		}
		return
	case c.within(d.taken) && ended.Before(c.options.Since):
		r.LateRollbacks++
	}
	if c.within(d.live) && d.approved.IsZero() {
		r.NoApproval++
	}
}

// tally counts deployments that ended in the period.
type tally struct {
	known                                             bool // a deployment is recorded, in the period or not
	ended, live, succeeded, reached, taken, changeBad int
	times                                             []float64 // approval to live, in seconds
}

func (t *tally) add(d *deployment) {
	count := func(into *int, is bool) {
		if is {
			*into++
		}
	}
	t.ended++
	count(&t.live, !d.live.IsZero())
	count(&t.succeeded, d.succeeded())
	count(&t.reached, d.reached())
	count(&t.taken, d.reached() && !d.taken.IsZero())
	count(&t.changeBad, d.reached() && d.changeFailed())
	if !d.live.IsZero() && !d.approved.IsZero() {
		t.times = append(t.times, d.live.Sub(d.approved).Seconds())
	}
}

// measures are the five, in the specification's order. Weeks is how long was
// recorded.
func (t *tally) measures(weeks float64) Measures {
	slices.Sort(t.times)
	sum := 0.0
	for _, time := range t.times {
		sum += time
	}
	frequency := Measure{
		Name: "deployment_frequency", Title: "Deployment frequency", Unit: "per week", Target: Target{"≥", 1},
		Numerator: float64(t.live), Denominator: round(weeks), Of: "deployments that went live, per recorded week",
	}
	if t.known && weeks > 0 {
		frequency.is(float64(t.live) / weeks)
	}
	mean := Measure{
		Name: "time_to_deploy", Title: "Mean time to deploy", Unit: "seconds", Target: Target{"<", 30 * 60},
		Numerator: round(sum), Denominator: float64(len(t.times)), Of: "seconds from approval to live, of deployments with both",
	}
	if n := len(t.times); n > 0 {
		mean.is(sum / float64(n))
		mean.Median, mean.P90 = percentile(t.times, 50), percentile(t.times, 90)
	}
	return Measures{
		frequency,
		percent("success_rate", "Deployment success rate", Target{">", 95}, t.succeeded, t.ended,
			"deployments that went live and stayed live, of those that ended"),
		mean,
		percent("rollback_frequency", "Rollback frequency", Target{"<", 5}, t.taken, t.reached,
			"deployments rolled back, of those that reached production"),
		percent("change_failure_rate", "Change failure rate", Target{"<", 3}, t.changeBad, t.reached,
			"deployments with an incident or a rollback, of those that reached production"),
	}
}

func percent(name, title string, target Target, numerator, denominator int, of string) Measure {
	m := Measure{Name: name, Title: title, Unit: "percent", Target: target, Numerator: float64(numerator), Denominator: float64(denominator), Of: of}
	if denominator > 0 {
		m.is(100 * float64(numerator) / float64(denominator))
	}
	return m
}

// is gives a measure its value.
func (m *Measure) is(value float64) {
	met := m.Target.met(value)
	value = round(value)
	m.Value, m.Met = &value, &met
}

// percentile is the smallest of the sorted values that p percent do not exceed.
func percentile(sorted []float64, p int) *float64 {
	value := round(sorted[(len(sorted)*p+99)/100-1])
	return &value
}

// round keeps three decimals, so that a number has one spelling.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// weeks lists the calendar weeks that what is recorded of the period touches.
func (c *counter) weeks(began, end time.Time) []Week {
	list := []Week{}
	if c.options.Began == nil || !began.Before(end) {
		return list
	}
	first := monday(began)
	for start := first; start.Before(end); start = start.AddDate(0, 0, 7) {
		list = append(list, Week{Starts: start, Whole: !start.Before(began) && !start.AddDate(0, 0, 7).After(end)})
	}
	times := make([]tally, len(list))
	for _, d := range c.deployments.all {
		ended := d.ended()
		at := int(monday(ended).Sub(first) / (7 * 24 * time.Hour))
		if d.rollback || ended.IsZero() || !c.within(ended) || at < 0 || at >= len(list) {
			continue
		}
		times[at].add(d)
		if !d.succeeded() || d.hurt {
			list[at].Failed++
		}
	}
	for i := range list {
		list[i].Live = times[i].live
		list[i].TimeToDeploy = times[i].measures(1).of("time_to_deploy").Value
	}
	return list
}

// of is the measure of that name.
func (m Measures) of(name string) Measure {
	return m[slices.IndexFunc(m, func(m Measure) bool { return m.Name == name })]
}

// monday is the start of the week that at is in, in UTC.
func monday(at time.Time) time.Time {
	at = at.UTC().Truncate(24 * time.Hour)
	return at.AddDate(0, 0, -(int(at.Weekday())+6)%7)
}
