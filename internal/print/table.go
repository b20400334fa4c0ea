package print

import (
	"slices"
	"strings"
)

// gap is between two columns.
const gap = "  "

// Table is rows of cells in columns.
type Table struct {
	Indent  string   // before each row
	Columns []Column // by place; a column that is not listed is as wide as its widest cell
	Title   []string // names of the columns, if any; they begin without the indent
	Rows    [][]string

	// Narrow is a row as a sentence, for a sheet in which not even the cells before
	// the last one fit. The first row, which names the columns, is then left out.
	// Nil: the cells, one after another.
	Narrow func(row []string) string
}

// Column says how wide a column is.
type Column struct {
	Min, Max int  // in characters; a cell over Max moves the rest of its row. 0: no limit
	Right    bool // numbers: the spaces come first
}

// Table prints t. A last cell that does not fit gets a line of its own.
func (s *Sheet) Table(t Table) {
	columns := t.widths()
	total := width(t.Indent) - len(gap)
	for _, column := range columns[:max(0, len(columns)-1)] {
		total += len(gap) + column
	}
	if total > s.width {
		s.sentences(t)
		return
	}
	if t.Title != nil {
		title := slices.Clone(columns)
		title[0] += width(t.Indent)
		s.cells("", t.Title, title, t.Columns)
	}
	for _, row := range t.Rows {
		s.cells(t.Indent, row, columns, t.Columns)
	}
}

// cells prints one row.
func (s *Sheet) cells(indent string, row []string, widths []int, columns []Column) {
	var b strings.Builder
	for i, cell := range row {
		padded := pad(cell, widths[i])
		if i < len(columns) && columns[i].Right {
			padded = strings.Repeat(" ", max(0, widths[i]-width(cell))) + cell
		}
		switch {
		case i == 0:
			b.WriteString(indent + padded)
		case i == len(row)-1 && width(b.String())+len(gap)+width(cell) > s.width:
			s.Line(b.String())
			b.Reset()
			b.WriteString(indent + "  " + cell)
		default:
			b.WriteString(gap + padded)
		}
	}
	s.Line(b.String())
}

// widths are the columns of t in characters.
func (t Table) widths() []int {
	var columns []int
	for _, row := range append([][]string{t.Title}, t.Rows...) {
		for i, cell := range row {
			column := Column{}
			if i < len(t.Columns) {
				column = t.Columns[i]
			}
			if i == len(columns) {
				columns = append(columns, column.Min)
			}
			n := width(cell)
			if column.Max > 0 {
				n = min(n, column.Max)
			}
			columns[i] = max(columns[i], n)
		}
	}
	return columns
}

// sentences prints each row without columns.
func (s *Sheet) sentences(t Table) {
	rows := t.Rows
	if t.Narrow != nil {
		rows = rows[1:]
	}
	for _, row := range rows {
		sentence := strings.Join(row, "  ")
		if t.Narrow != nil {
			sentence = t.Narrow(row)
		}
		s.Set(t.Indent, t.Indent+"  ", sentence)
	}
}
