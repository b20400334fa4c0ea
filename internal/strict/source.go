package strict

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// source finds lines of a file by offset.
type source struct {
	name   string
	first  int     // number of its first line
	starts []int32 // offset of each line
}

func newSource(name string, data []byte, first int) *source {
	s := &source{name: name, first: first, starts: []int32{0}}
	for i, b := range data {
		if b == '\n' {
			s.starts = append(s.starts, int32(i+1))
		}
	}
	return s
}

// line is the line of an offset.
func (s *source) line(at int32) int {
	return s.first - 1 + sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > at })
}

// start is the offset at which a line begins, counted from 1.
func (s *source) start(line int) int32 {
	return s.starts[min(max(line-1, 0), len(s.starts)-1)]
}

// problems are what is wrong with a file.
type problems struct {
	list []problem
	more int
}

type problem struct {
	line int
	text string
}

func (p *problems) add(line int, text string) {
	if len(p.list) >= 5*MaxProblems {
		p.more++
		return
	}
	p.list = append(p.list, problem{line, text})
}

func (p *problems) count() int { return len(p.list) + p.more }

// err is an error of one line for each problem, in the order of the file; nil if
// there is none.
func (p *problems) err(name string) error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	var lines []string
	for _, one := range p.list[:min(len(p.list), MaxProblems)] {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", name, one.line, one.text))
	}
	if more := p.more + len(p.list) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(lines, "\n"))
}
