package main

import (
	"fmt"
	"os"
	"strings"
)

// list is the reviewed mutants that change no answer.
type list struct {
	file    string
	reasons map[string]string // by the mutant's name
	order   []string
}

// readList reads lines of the form "file: rule: change # reason"; empty lines and
// those that begin with # do not count.
func readList(file string) (*list, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read equivalent mutants: %w", err)
	}
	l := &list{file: file, reasons: map[string]string{}}
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cut := strings.LastIndex(line, " # ")
		if cut < 0 || strings.TrimSpace(line[cut+3:]) == "" {
			return nil, fmt.Errorf("%s:%d: missing reason: write \"file: rule: change # reason\"", file, i+1)
		}
		name := strings.TrimSpace(line[:cut])
		if _, twice := l.reasons[name]; twice {
			return nil, fmt.Errorf("%s:%d: listed twice: %s", file, i+1, name)
		}
		l.reasons[name] = strings.TrimSpace(line[cut+3:])
		l.order = append(l.order, name)
	}
	return l, nil
}

// has reports whether the mutant is listed.
func (l *list) has(m mutant) bool {
	_, ok := l.reasons[m.String()]
	return ok
}
