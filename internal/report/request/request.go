// Package request prints what an approver reviews before a deployment: version and
// commit, staging results, recent production stability and timing
// (production-readiness.md, "How Approval Works"). It shows the facts and what the gate
// reports now; it decides nothing.
package request

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/zone"
)

// Page is a request and what is known about it.
type Page struct {
	Document *facts.Document
	Decision *evaluator.Decision // about Document, before anyone approved
	Digest   string              // that is requested
	Review   string              // address where the run is reviewed; empty: not known
	Entry    int64               // of the request in the trail
}

// limit is below the size at which GitHub drops a step summary, in bytes.
const limit = 900 << 10

// history is how many earlier deployments are shown.
const history = 5

// Markdown is the page for $GITHUB_STEP_SUMMARY.
func (p Page) Markdown() []byte {
	w := &writer{Ledger: print.Ledger{Limit: limit}}
	r := p.Document.Request
	w.Add("## Approval requested: " + print.Markdown(r.Service) + " to " + print.Markdown(r.Environment) + "\n\n")
	w.item("kind", string(r.Kind))
	if r.Emergency {
		w.item("emergency", "yes")
	}
	w.item("ticket", text(r.Ticket))
	w.item("requested by", r.RequestedBy)
	if r.TriggeredBy != r.RequestedBy {
		w.item("started by", r.TriggeredBy)
	}
	w.item("recorded", fmt.Sprintf("entry %d of the audit trail", p.Entry))
	p.version(w)
	p.staging(w)
	p.production(w)
	p.timing(w)
	p.findings(w)
	p.approving(w)
	return w.Bytes()
}

// writer adds lines to a page.
type writer struct{ print.Ledger }

func (w *writer) heading(title string) { w.Add("\n### " + title + "\n\n") }

// item is a line "label: value"; none without a value.
func (w *writer) item(label, value string) {
	if value != "" {
		w.Add("- " + label + ": " + print.Markdown(value) + "\n")
	}
}

// read reports whether a section was read, and says so if it was not.
func (p Page) read(w *writer, section string) bool {
	source, known := p.Document.Sources[section]
	switch {
	case known && source.Status == facts.StatusOK:
		return true
	case known && source.Error != nil:
		w.item("**"+section+"**", "could not be read: "+*source.Error)
	default:
		w.item("**"+section+"**", "could not be read")
	}
	return false
}

// ago is an instant and how long before the decision it was.
func (p Page) ago(at time.Time) string {
	return fmt.Sprintf("%s, %s ago", print.Instant(at), print.Span(p.Document.Now.Sub(at)))
}

func (p Page) version(w *writer) {
	w.heading("Version and commit")
	w.item("digest", p.Digest)
	if a := p.Document.Artifact; a != nil {
		w.item("image", a.Repository)
		w.item("version", text(a.Tag))
	}
	w.item("configuration", text(p.Document.Request.Configuration))
	if b := p.Document.Build; p.read(w, "build") && b != nil {
		w.item("commit", b.Commit)
		w.item("repository", text(b.Repository))
		w.item("author", text(b.Author))
		if b.BuiltAt != nil {
			w.item("built", p.ago(*b.BuiltAt))
		}
	}
}

func (p Page) staging(w *writer) {
	w.heading("Staging verification results")
	s := p.Document.Staging
	if !p.read(w, "staging") || s == nil {
		return
	}
	stay := s.Stays()[0]
	if i := slices.IndexFunc(s.Stays(), func(s facts.Stay) bool { return s.Digest == p.Digest }); i >= 0 {
		stay = s.Stays()[i]
	} else {
		w.item("digest", s.Digest+", which is another one")
	}
	w.item("deployed", p.ago(stay.DeployedAt))
	if stay.RestartedAt != nil {
		w.item("restarted", p.ago(*stay.RestartedAt))
	}
	if stay.EndedAt != nil {
		w.item("replaced", p.ago(*stay.EndedAt))
	}
	if stay.Verification != nil {
		w.item("verification", stay.Verification.Result+" at "+p.ago(stay.Verification.FinishedAt))
	}
	of := slices.DeleteFunc(slices.Clone(s.Verifications), func(v facts.RecordedVerification) bool { return v.Digest != p.Digest || v.Result == nil })
	for _, v := range of[max(0, len(of)-history):] {
		w.item("verification", *v.Result+" at "+p.ago(v.At)+", recorded by "+text(v.Writer))
	}
	if stay.Verification == nil && len(of) == 0 {
		w.item("verification", "none")
	}
}

func (p Page) production(w *writer) {
	w.heading("Recent production stability")
	if d := p.Document.Production; p.read(w, "production") && d != nil {
		if d.Current == nil {
			w.item("live now", "nothing")
		} else {
			w.item("live now", fmt.Sprintf("version %s since %s", d.Current.Version, p.ago(d.Current.LiveAt)))
		}
		for _, v := range d.Running {
			w.item("runs", fmt.Sprintf("%s in %s since %s%s", v.Digest, v.Workload, p.ago(v.Since), p.health(v)))
		}
		for _, of := range d.History[:min(len(d.History), history)] {
			w.item("deployment", fmt.Sprintf("version %s: %s, %s", of.Version, of.Status, p.ago(of.LiveAt)))
		}
	}
	if !p.read(w, "incidents") {
		return
	}
	active := 0
	for _, i := range p.Document.Incidents {
		if i.Status == "resolved" {
			continue
		}
		active++
		w.item("incident", fmt.Sprintf("%s of %s: %s since %s", i.ID, i.Service, i.Status, p.ago(i.OpenedAt)))
	}
	if active == 0 {
		w.item("active incidents", "none")
	}
}

// health is what a system sees of a version that runs.
func (p Page) health(v facts.Running) string {
	said := ""
	if v.RestartedAt != nil {
		said = ", restarted " + p.ago(*v.RestartedAt)
	}
	if v.Trouble != nil {
		said += ": " + *v.Trouble
	}
	return said
}

// timed are the checks about time.
var timed = []string{"window", "freeze", "incident"}

func (p Page) timing(w *writer) {
	w.heading("Deployment timing")
	w.item("now", print.Instant(p.Document.Now))
	if c := p.Document.Calendar; p.read(w, "calendar") && c != nil {
		if location, err := zone.Load(c.Timezone); err == nil {
			w.item("local time", p.Document.Now.In(location).Format("Monday 15:04")+" in "+c.Timezone)
		}
	}
	quiet := true
	for _, f := range p.Decision.Findings {
		if slices.Contains(timed, f.Check) {
			quiet = false
			w.item(string(f.Effect), f.Title+": "+f.Message)
		}
	}
	if quiet && !slices.ContainsFunc(timed, func(check string) bool { return !slices.Contains(p.Decision.Passed, check) }) {
		w.item("window", "this is within the preferred window; there is no freeze and no incident")
	}
	if p.Decision.OpensAt != nil {
		w.item("opens", print.Instant(*p.Decision.OpensAt))
	}
}

// awaited are the checks that only the approval can satisfy.
var awaited = []string{"approval", "audit"}

func (p Page) findings(w *writer) {
	w.heading("What the gate reports now, besides the approval")
	rows := 0
	for _, f := range p.Decision.Findings {
		if slices.Contains(awaited, f.Check) || slices.Contains(timed, f.Check) {
			continue
		}
		if rows++; rows == 1 {
			w.Add("| | Finding | What to do |\n| --- | --- | --- |\n")
		}
		w.Add(fmt.Sprintf("| **%s** | **%s** %s | %s |\n", f.Effect, print.Markdown(f.Code), print.Markdown(f.Message), print.Markdown(f.Remedy)))
	}
	if rows == 0 {
		w.Add("Nothing.\n")
	}
}

func (p Page) approving(w *writer) {
	w.heading("How to approve")
	where := "the page of this run"
	if p.Review != "" {
		where = print.Markdown(p.Review)
	}
	w.Add("Review the deployment on " + where + ". The review counts for exactly this digest, kind and environment.\n" +
		"A line `window NAME` in the comment opens a window other than the preferred one, and a line\n" +
		"`emergency TICKET` approves an emergency. Everything else in the comment is the reason.\n")
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}
