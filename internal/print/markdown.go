package print

import "strings"

// Ledger is Markdown of bounded size. GitHub drops what is too long without a
// message.
type Ledger struct {
	Limit int // bytes
	Left  int // parts that did not fit

	text strings.Builder
}

// Add writes part, which is already escaped, whole or not at all.
func (l *Ledger) Add(part string) {
	if l.Len()+len(part) > l.Limit {
		l.Left++
		return
	}
	l.text.WriteString(part)
}

// Fold writes a part that unfolds.
func (l *Ledger) Fold(title, body string) {
	l.Add("\n<details><summary>" + title + "</summary>\n\n" + body + "\n</details>\n")
}

// Note writes part even above the limit: what was left out.
func (l *Ledger) Note(part string) { l.text.WriteString(part) }

// Len is the number of bytes that are written.
func (l *Ledger) Len() int { return l.text.Len() }

// Bytes is what was written.
func (l *Ledger) Bytes() []byte { return []byte(l.text.String()) }
