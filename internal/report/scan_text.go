package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/match"
)

// scanText prints a scan for a terminal: what was looked at, the findings by
// severity, what is not known, and the one upgrade that clears most.
func scanText(s *Scan, options Options) []byte {
	t := newSheet(options)
	t.paragraph("", scanHeadline(s))
	t.fields(s.particulars())
	for _, severity := range s.severities() {
		t.blank()
		found := s.of(severity)
		t.paragraph("", fmt.Sprintf("%s (%d)", t.color(or(line(severity), "no severity")), len(found)))
		t.table(s.rowsOf(found))
	}
	t.blank()
	if len(s.Findings) == 0 {
		t.paragraph("", "No advisory matches a package that could be judged.")
	} else {
		t.paragraph("", s.upgrade())
	}
	s.rest(t)
	return t.buffer.Bytes()
}

// scanHeadline says what was found in one line.
func scanHeadline(s *Scan) string {
	var parts []string
	for _, severity := range s.severities() {
		parts = append(parts, fmt.Sprintf("%d %s", len(s.of(severity)), or(line(severity), "no severity")))
	}
	text := count(len(s.Findings), "finding")
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	in := ""
	if s.Packages > 0 { // a report has none
		in = count(s.Packages, "package") + " of "
	}
	return fmt.Sprintf("%s, %d not determined, in %s%s", text, len(s.Undetermined), in, or(line(s.Subject), "what was scanned"))
}

// particulars are what to know about the scan as a whole.
func (s *Scan) particulars() []field {
	var list []field
	for _, one := range s.Scanned {
		words := []string{line(one.Digest), line(one.Platform), line(one.OS)}
		if one.Packages > 0 {
			words = append(words, count(one.Packages, "package"))
		}
		words = append(words, "from the "+inventoryWords(one.Inventory))
		list = append(list, field{"scanned", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", ")})
	}
	for _, e := range s.NotImages {
		list = append(list, field{"no image", line(e.Digest) + ", not scanned: " + line(e.Reason)})
	}
	advisories := "of unknown age"
	if at := s.Database.UpdatedAt; at != nil {
		advisories = "of " + instant(*at)
		if s.ScannedAt != nil && s.ScannedAt.Before(*at) {
			advisories += " (after the scan: a clock or the database is wrong)"
		}
		if s.ScannedAt != nil && s.ScannedAt.After(*at) {
			advisories += " (" + span(s.ScannedAt.Sub(*at)) + " old)"
		}
	}
	return append(list, field{"advisories", advisories}, field{"by", line(s.ScannedBy)})
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
func (s *Scan) severities() []string {
	var list []string
	for _, f := range s.Findings {
		if !slices.Contains(list, f.Severity) {
			list = append(list, f.Severity)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return list
}

func (s *Scan) of(severity string) []ScanFinding {
	var list []ScanFinding
	for _, f := range s.Findings {
		if f.Severity == severity {
			list = append(list, f)
		}
	}
	return list
}

// noFix begins what replaces a fixed version.
const noFix = "no fix: "

// rowsOf are findings as the cells of a table, each once however many places it
// was found in.
func (s *Scan) rowsOf(findings []ScanFinding) [][]string {
	rows := [][]string{{"package", "installed", "fixed in", "advisory", "where"}}
	at := map[string]int{}
	for _, f := range findings {
		fixed := noFix + or(line(f.Status), "unknown")
		if f.FixedVersion != nil {
			fixed = line(*f.FixedVersion)
		}
		row := []string{line(f.Package), line(f.InstalledVersion), fixed, line(f.ID), s.place(f)}
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
func (s *Scan) place(f ScanFinding) string {
	target := finding.Value(f.Target)
	if inner, ok := strings.CutPrefix(target, s.Subject+" ("); ok && strings.HasSuffix(inner, ")") {
		return line(strings.TrimSuffix(inner, ")"))
	}
	return line(or(target, finding.Value(f.Ecosystem)))
}

// widestCell is how many columns a cell may take before its row loses its line.
const widestCell = 36

// table sets rows in columns, the first row being their names. The last cell of
// one that is too wide gets a line of its own. Where not even the others fit,
// each row is a sentence.
func (s *sheet) table(rows [][]string) {
	columns, total := make([]int, len(rows[0])), 0
	for i := range columns {
		for _, row := range rows {
			columns[i] = max(columns[i], min(width(row[i]), widestCell))
		}
		if i < len(columns)-1 {
			total += 2 + columns[i]
		}
	}
	if total > s.width {
		for _, row := range rows[1:] {
			fix := row[2]
			if !strings.HasPrefix(fix, noFix) {
				fix = "fixed in " + fix
			}
			s.set("  ", "    ", fmt.Sprintf("%s in %s %s, %s (%s)", row[3], row[0], row[1], fix, row[4]))
		}
		return
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			padded := "  " + cell + strings.Repeat(" ", max(0, columns[i]-width(cell)))
			if i > 0 && i == len(row)-1 && utf8.RuneCountInString(b.String())+2+width(cell) > s.width {
				s.row(b.String())
				b.Reset()
				padded = "    " + cell
			}
			b.WriteString(padded)
		}
		s.row(b.String())
	}
}

// upgrade is the one upgrade that clears most.
func (s *Scan) upgrade() string {
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
	to := "a version that has " + lineOf(best.fixes)
	if newest, ok := match.Newest(best.ecosystem, best.fixes); ok {
		to = strings.ReplaceAll(line(newest), ", ", " or ")
	}
	return fmt.Sprintf("Upgrade first: %s %s to %s, which clears %d of %s.", line(best.pkg), line(best.installed), to, best.clears, count(len(s.Findings), "finding"))
}

// rest prints what is not known and what was taken away.
func (s *Scan) rest(t *sheet) {
	if len(s.Undetermined) > 0 {
		t.blank()
		t.paragraph("", "Not determined, which is not the same as clean:")
		for _, u := range s.Undetermined {
			t.set("  ", "    ", strings.TrimSpace(line(u.Package)+" "+line(u.Version))+": "+line(u.Reason))
		}
	}
	if len(s.NotAffected) > 0 {
		t.blank()
		t.paragraph("", "Taken away by VEX; whether that counts at the gate is a setting:")
		for _, n := range s.NotAffected {
			t.set("  ", "    ", fmt.Sprintf("%s %s in %s %s: %s, says %s", line(n.Severity), line(n.ID), line(n.Package), line(n.InstalledVersion), line(n.Reason), or(line(n.By), "nobody")))
		}
	}
	if len(s.Requested) > 0 {
		t.blank()
		t.paragraph("", "Asked to be ignored, which waives nothing until somebody who may has approved it:")
		for _, r := range s.Requested {
			t.set("  ", "    ", fmt.Sprintf("%s: %s (%s)", line(r.ID), or(line(r.Reason), "no reason given"), line(r.Source)))
		}
	}
}
