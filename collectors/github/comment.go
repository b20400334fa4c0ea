package github

import (
	"regexp"
	"strings"

	"github.com/prodgate/prodgate/facts"
)

// comment is what a reviewer wrote.
type comment struct {
	window string // window that the review names; "emergency" for an emergency
	ticket string // of the emergency
	reason string // the other lines
}

// emergencyWindow is the window of an approval of an emergency.
const emergencyWindow = "emergency"

var ticket = regexp.MustCompile(`^[!-~]{1,100}$`)

// readComment reads a comment: a line "window NAME" or "emergency TICKET" opens a
// window, every other line is the reason. Two different windows open none.
func readComment(text string) comment {
	var c comment
	var named []comment
	var reasons []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch of, ok := readWindow(line); {
		case ok:
			named = append(named, of)
		case line != "":
			reasons = append(reasons, line)
		}
	}
	c.reason = strings.Join(reasons, "\n")
	for i, of := range named {
		if i > 0 && of != named[0] {
			return comment{reason: strings.TrimSpace(text)}
		}
		c.window, c.ticket = of.window, of.ticket
	}
	return c
}

// readWindow reads one line that opens a window.
func readWindow(line string) (c comment, ok bool) {
	words := strings.Fields(line)
	if len(words) != 2 {
		return comment{}, false
	}
	switch strings.ToLower(words[0]) {
	case "window":
		name := strings.ToLower(words[1])
		if _, valid := facts.Accepts("identifier", name); !valid || name == emergencyWindow {
			return comment{}, false
		}
		return comment{window: name}, true
	case "emergency":
		if !ticket.MatchString(words[1]) {
			return comment{}, false
		}
		return comment{window: emergencyWindow, ticket: words[1]}, true
	}
	return comment{}, false
}
