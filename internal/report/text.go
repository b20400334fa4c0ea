package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
)

// text prints for a terminal. It begins with ALLOW, DENY or WAIT and ends with
// the count and the next thing to do.
func text(p *page) ([]byte, error) {
	s := print.NewSheet(p.options.Options)
	s.Paragraph("", s.Color(p.verdict, colors[p.verdict])+strings.TrimPrefix(p.headline(), p.verdict))
	s.Fields(p.particulars())
	for _, e := range p.findings {
		writeEntry(s, e)
	}
	if len(p.then) > 0 {
		s.Blank()
		s.Paragraph("", "After the wait, this still blocks the deployment:")
		for _, e := range p.then {
			writeEntry(s, e)
		}
	}
	if names := p.unexplained(); len(names) > 0 {
		s.Blank()
		s.Paragraph("  ", "Failed without a reason: "+strings.Join(names, ", "))
	}
	if list := p.unreadable(); len(list) > 0 {
		s.Blank()
		s.Paragraph("", "Sources that could not be read:")
		s.Fields(list)
	}
	s.Blank()
	s.Paragraph("  ", p.tally())
	s.Paragraph("  ", p.next())
	return s.Bytes(), nil
}

// particulars are what to know about the decision as a whole.
func (p *page) particulars() []print.Field {
	d := p.decision
	artifact, opens, valid, recorded := "", "", "", ""
	if d.Deploy != nil {
		artifact = print.Value(*d.Deploy)
	}
	request := print.Values([]string{d.Request.ID, d.Request.Kind})
	if d.Request.Emergency {
		request = print.Values([]string{request, "emergency"})
	}
	if p.verdict == wait {
		opens = print.Opening(d.Now, *d.OpensAt) + ", clears by itself"
	}
	if p.verdict == allow && d.ValidUntil != nil {
		valid = "until " + print.Closing(d.Now, *d.ValidUntil)
	}
	if d.Trail != nil {
		recorded = fmt.Sprintf("entry %d, leaf %s", d.Trail.Seq, print.Value(d.Trail.LeafHash))
	}
	return print.Fields(
		"artifact", cmp.Or(artifact, "not known"),
		"request", request,
		"opens", opens,
		"valid", valid,
		"mode", p.modeNote(),
		"weakened", print.Values(d.Weakened),
		"trail", recorded,
	)
}

// unreadable are the sources that are not ok, by name.
func (p *page) unreadable() []print.Field {
	var list []print.Field
	for _, name := range slices.Sorted(maps.Keys(p.decision.Sources)) {
		source := p.decision.Sources[name]
		if source.Status == facts.StatusOK {
			continue
		}
		why := cmp.Or(print.Value(string(source.Status)), "no status")
		if source.Kind != "" {
			why += " (" + print.Value(source.Kind) + ")"
		}
		if source.Error != nil {
			why += ": " + print.Value(*source.Error)
		}
		list = append(list, print.Label(cmp.Or(print.Value(name), "unnamed"), why))
	}
	return list
}

// writeEntry prints one finding.
func writeEntry(s *print.Sheet, e entry) {
	s.Blank()
	s.Paragraph("    ", s.Color(e.word, colors[e.word])+" "+e.heading())
	s.Fields(e.fields)
}

// colors of the words that a line begins with.
var colors = map[string]print.Color{
	allow: print.Green, deny: print.Red, wait: print.Yellow,
	wordFix: print.Red, wordAsk: print.Magenta, wordWarn: print.Yellow, wordWaived: print.Cyan,
}
