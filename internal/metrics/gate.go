package metrics

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/prodgate/prodgate/trail"
)

// Gate is what the gate answered in the period, where it was asked in earnest.
type Gate struct {
	Evaluations int `json:"evaluations"`
	Allow       int `json:"allow"`
	Deny        int `json:"deny"` // something had to be fixed, or someone had to act
	Wait        int `json:"wait"` // time alone opened it

	// Blocked is how long requests were denied between being requested and being
	// allowed, each time once, however many findings there were.
	Blocked Duration `json:"blocked"`
	Freed   int      `json:"freed"` // waits that ended with an allow
	Open    int      `json:"open"`  // that have not: waiting still, or given up

	ByCode  []Blocked `json:"by_code"`
	Waivers []Waiver  `json:"waivers"`
}

// Blocked is how long findings of one code blocked requests, from the denial to
// the next decision about the same artifact. Where there were several at once, the
// time is each one's: they do not add up.
type Blocked struct {
	Check   string   `json:"check"`
	Code    string   `json:"code"`
	Denials int      `json:"denials"`
	Time    Duration `json:"time"`
	Last    int      `json:"last"` // denials that no decision followed
}

// Waiver is how many findings of one code were waived in decisions that allow.
type Waiver struct {
	Code string `json:"code"`
	Used int    `json:"used"` // per artifact and item once
}

// Duration is a length of time in seconds.
type Duration float64

func seconds(d time.Duration) Duration { return Duration(d.Seconds()) }

// gate follows the decisions on each artifact.
type gate struct {
	total   Gate
	threads map[key]*thread
	byCode  map[codeKey]*Blocked
	waived  map[waivedKey]bool
}

type codeKey struct{ check, code string }

type waivedKey struct {
	key
	code, item string
}

// thread is the decisions on one artifact at one place, until one allows.
type thread struct {
	since   time.Time // the first denial of the period
	last    time.Time // the last denial of the period; zero: none
	counted []codeKey // what denied then
}

func newGate() *gate {
	return &gate{threads: map[key]*thread{}, byCode: map[codeKey]*Blocked{}, waived: map[waivedKey]bool{}}
}

// add counts a decision. The time since the last denial belongs to what denied
// then; a denial before the period is not counted, nor what followed it.
func (g *gate) add(s step, data *trail.GateData) {
	k := threadOf(s)
	if t := g.threads[k]; t != nil {
		g.passed(t, s)
		if data.Outcome == "allow" {
			g.total.Blocked += seconds(max(0, s.at.Sub(t.since)))
			g.total.Freed++
			delete(g.threads, k)
		}
	}
	if !s.within {
		return
	}
	g.total.Evaluations++
	switch {
	case data.Outcome == "allow":
		g.total.Allow++
		g.noteWaivers(k, data)
		return
	case data.ExitCode == 3:
		g.total.Wait++
	default:
		g.total.Deny++
	}
	t := g.threads[k]
	if t == nil {
		t = &thread{since: s.at}
		g.threads[k] = t
	}
	t.last, t.counted = s.at, denying(data)
	for _, code := range t.counted {
		g.blocked(code).Denials++
	}
}

// threadOf is what is requested again after a denial: the artifact, or else
// the deployment or the request.
func threadOf(s step) key {
	at := place{s.entry.Service, s.entry.Environment}
	if s.entry.Digest != "" {
		return key{at, s.entry.Digest}
	}
	return key{at, cmp.Or(s.entry.Deployment, s.entry.Request, s.entry.ID)}
}

// passed gives the time since the last denial to what denied then.
func (g *gate) passed(t *thread, s step) {
	for _, code := range t.counted {
		g.blocked(code).Time += seconds(max(0, s.at.Sub(t.last)))
	}
	t.counted = nil
}

func (g *gate) blocked(code codeKey) *Blocked {
	if g.byCode[code] == nil {
		g.byCode[code] = &Blocked{Check: code.check, Code: code.code}
	}
	return g.byCode[code]
}

// denying are the codes that denied, each once.
func denying(data *trail.GateData) []codeKey {
	var list []codeKey
	for _, f := range data.Findings {
		if code := (codeKey{f.Check, f.Code}); f.Effect == "deny" && !slices.Contains(list, code) {
			list = append(list, code)
		}
	}
	return list
}

func (g *gate) noteWaivers(k key, data *trail.GateData) {
	for _, f := range data.Findings {
		if f.Effect != "waived" {
			continue
		}
		item := ""
		if f.Item != nil {
			item = *f.Item
		}
		g.waived[waivedKey{k, f.Code, item}] = true
	}
}

// report sorts by time, the longest first, then by check and code.
func (g *gate) report() Gate {
	for _, t := range g.threads {
		g.total.Open++
		for _, code := range t.counted {
			g.blocked(code).Last++
		}
	}
	total := g.total
	total.ByCode = []Blocked{}
	for _, b := range g.byCode {
		total.ByCode = append(total.ByCode, *b)
	}
	slices.SortFunc(total.ByCode, func(a, b Blocked) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.Denials, a.Denials), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Check, b.Check))
	})
	used := map[string]int{}
	for w := range g.waived {
		used[w.code]++
	}
	total.Waivers = []Waiver{}
	for _, code := range slices.Sorted(maps.Keys(used)) {
		total.Waivers = append(total.Waivers, Waiver{Code: code, Used: used[code]})
	}
	return total
}
