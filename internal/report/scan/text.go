package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/match"
)

// text prints for a terminal: what was looked at, the findings by
// severity, what is not known, and the one upgrade that clears most.
func (s *Report) text(o print.Options) []byte {
	t := print.NewSheet(o)
	t.Paragraph("", s.headline())
	t.Fields(s.particulars())
	for _, severity := range s.severities() {
		t.Blank()
		found := s.of(severity)
		t.Paragraph("", fmt.Sprintf("%s (%d)", t.Color(cmp.Or(print.Value(severity), "no severity"), colors[severity]), len(found)))
		t.Table(s.table(found, t.Width()))
	}
	t.Blank()
	if len(s.Findings) == 0 {
		t.Paragraph("", "No advisory matches a package that could be checked.")
	} else {
		t.Paragraph("", s.upgrade())
	}
	s.rest(t)
	return t.Bytes()
}

// headline is what was found, in one line.
func (s *Report) headline() string {
	var parts []string
	for _, severity := range s.severities() {
		parts = append(parts, fmt.Sprintf("%d %s", len(s.of(severity)), cmp.Or(print.Value(severity), "no severity")))
	}
	text := print.Count(len(s.Findings), "finding")
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	in := ""
	if s.Packages > 0 { // a report has none
		in = print.Count(s.Packages, "package") + " of "
	}
	return fmt.Sprintf("%s, %d not determined, in %s%s", text, len(s.Undetermined), in, cmp.Or(print.Value(s.Subject), "what was scanned"))
}

// particulars are what to know about the scan as a whole.
func (s *Report) particulars() []print.Field {
	var list []print.Field
	for _, one := range s.Scanned {
		words := []string{print.Value(one.Digest), print.Value(one.Platform), print.Value(one.OS)}
		if one.Packages > 0 {
			words = append(words, print.Count(one.Packages, "package"))
		}
		words = append(words, "from the "+inventoryWords(one.Inventory))
		list = append(list, print.Label("scanned", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", ")))
	}
	for _, e := range s.NotImages {
		list = append(list, print.Label("no image", print.Value(e.Digest)+", not scanned: "+print.Value(e.Reason)))
	}
	advisories := "of unknown age"
	if at := s.Database.UpdatedAt; at != nil {
		advisories = "of " + print.Instant(*at)
		if s.ScannedAt != nil && s.ScannedAt.Before(*at) {
			advisories += " (after the scan: a clock or the database is wrong)"
		}
		if s.ScannedAt != nil && s.ScannedAt.After(*at) {
			advisories += " (" + print.Span(s.ScannedAt.Sub(*at)) + " old)"
		}
	}
	return append(list, print.Label("advisories", advisories), print.Label("by", print.Value(s.ScannedBy)))
}

// inventoryWords say what a list of packages was read from.
func inventoryWords(kind string) string {
	switch kind {
	case "image":
		return "image itself"
	case "sbom":
		return "SBOM"
	case "attached":
		return "attached SBOM, signature not verified"
	}
	return "report"
}

// severities are those that were found, the worst first. An
// unknown severity comes before all of them.
func (s *Report) severities() []string {
	var list []string
	for _, f := range s.Findings {
		if !slices.Contains(list, f.Severity) {
			list = append(list, f.Severity)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return list
}

func (s *Report) of(severity string) []Finding {
	var list []Finding
	for _, f := range s.Findings {
		if f.Severity == severity {
			list = append(list, f)
		}
	}
	return list
}

// noFix begins what replaces a fixed version.
const noFix = "no fix: "

// colors of the severities.
var colors = map[string]print.Color{"CRITICAL": print.Red, "HIGH": print.Red, "MEDIUM": print.Yellow, "LOW": print.Cyan}

// widestCell is how many columns a cell may take at the usual width before it moves
// the rest of its row.
const widestCell = 36

// table has a row for each finding, once however many places it was found in. A
// wider sheet has wider columns.
func (s *Report) table(findings []Finding, width int) print.Table {
	column := print.Column{Max: max(widestCell, width*widestCell/100)}
	return print.Table{
		Indent: "  ", Rows: s.rowsOf(findings), Columns: []print.Column{column, column, column, column, column},
		Narrow: func(row []string) string {
			fix := row[2]
			if !strings.HasPrefix(fix, noFix) {
				fix = "fixed in " + fix
			}
			return fmt.Sprintf("%s in %s %s, %s (%s)", row[3], row[0], row[1], fix, row[4])
		},
	}
}

// rowsOf are findings as the cells of a table, after a row of names.
func (s *Report) rowsOf(findings []Finding) [][]string {
	rows := [][]string{{"package", "installed", "fixed in", "advisory", "where"}}
	at := map[string]int{}
	for _, f := range findings {
		fixed := noFix + cmp.Or(print.Value(f.Status), "unknown")
		if f.FixedVersion != nil {
			fixed = print.Value(*f.FixedVersion)
		}
		row := []string{print.Value(f.Package), print.Value(f.InstalledVersion), fixed, print.Value(f.ID), s.place(f)}
		key := strings.Join(row[:4], "\x00")
		if n, known := at[key]; known {
			if places := strings.Split(rows[n][4], ", "); !slices.Contains(places, row[4]) {
				rows[n][4] += ", " + row[4]
			}
			continue
		}
		at[key] = len(rows)
		rows = append(rows, row)
	}
	return rows
}

// place is where a finding is. Of a package of the distribution that is the
// distribution: the image is named above.
func (s *Report) place(f Finding) string {
	target := finding.Value(f.Target)
	if inner, ok := strings.CutPrefix(target, s.Subject+" ("); ok && strings.HasSuffix(inner, ")") {
		return print.Value(strings.TrimSuffix(inner, ")"))
	}
	return print.Value(cmp.Or(target, finding.Value(f.Ecosystem)))
}

// upgrade is the one upgrade that clears most.
func (s *Report) upgrade() string {
	type candidate struct {
		pkg, installed, ecosystem string
		fixes                     []string
		clears                    int
	}
	var candidates []*candidate
	for _, f := range s.Findings {
		if f.FixedVersion == nil {
			continue
		}
		ecosystem := finding.Value(f.Ecosystem)
		i := slices.IndexFunc(candidates, func(c *candidate) bool {
			return c.pkg == f.Package && c.installed == f.InstalledVersion && c.ecosystem == ecosystem
		})
		if i < 0 {
			i = len(candidates)
			candidates = append(candidates, &candidate{pkg: f.Package, installed: f.InstalledVersion, ecosystem: ecosystem})
		}
		c := candidates[i]
		c.clears++
		if !slices.Contains(c.fixes, *f.FixedVersion) {
			c.fixes = append(c.fixes, *f.FixedVersion)
		}
	}
	if len(candidates) == 0 {
		return "No finding has a fix yet."
	}
	// Of several that clear as much, the first has the worst finding.
	best := slices.MaxFunc(candidates, func(a, b *candidate) int { return cmp.Compare(a.clears, b.clears) })
	to := "a version that has " + print.Values(best.fixes)
	if newest, ok := match.Newest(best.ecosystem, best.fixes); ok {
		to = strings.ReplaceAll(print.Value(newest), ", ", " or ")
	}
	return fmt.Sprintf("Upgrade first: %s %s to %s, which clears %d of %s.", print.Value(best.pkg), print.Value(best.installed), to, best.clears, print.Count(len(s.Findings), "finding"))
}

// rest prints what is not known and what was suppressed.
func (s *Report) rest(t *print.Sheet) {
	if len(s.Undetermined) > 0 {
		t.Blank()
		t.Paragraph("", "Not determined (these packages can have vulnerabilities):")
		for _, u := range s.Undetermined {
			t.Set("  ", "    ", strings.TrimSpace(print.Value(u.Package)+" "+print.Value(u.Version))+": "+print.Value(u.Reason))
		}
	}
	if len(s.NotAffected) > 0 {
		t.Blank()
		t.Paragraph("", "Excluded by VEX (a setting defines whether the gate accepts this):")
		for _, n := range s.NotAffected {
			t.Set("  ", "    ", fmt.Sprintf("%s %s in %s %s: %s, says %s", print.Value(n.Severity), print.Value(n.ID), print.Value(n.Package), print.Value(n.InstalledVersion), print.Value(n.Reason), cmp.Or(print.Value(n.By), "nobody")))
		}
	}
	if len(s.Requested) > 0 {
		t.Blank()
		t.Paragraph("", "Requested to ignore (has no effect until an authorized person approves it):")
		for _, r := range s.Requested {
			t.Set("  ", "    ", fmt.Sprintf("%s: %s (%s)", print.Value(r.ID), cmp.Or(print.Value(r.Reason), "no reason given"), print.Value(r.Source)))
		}
	}
}
