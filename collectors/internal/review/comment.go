// Package review has what the collectors of CI systems share: what a reviewer says in a
// comment, and the commit that an image is tagged with. It calls no system.
package review

import (
	"regexp"
	"strings"

	"github.com/prodgate/prodgate/facts"
)

// Comment is what a reviewer wrote. What is not there is empty.
type Comment struct {
	Window string // window that the review names; "emergency" for an emergency
	Ticket string // of the emergency
	Reason string // the other lines
}

// emergencyWindow is the window of an approval of an emergency.
const emergencyWindow = "emergency"

var ticket = regexp.MustCompile(`^[!-~]{1,100}$`)

// ReadComment reads a comment: a line "window NAME" or "emergency TICKET" opens a
// window, every other line is the reason. Two different windows open none.
func ReadComment(text string) Comment {
	var c Comment
	var named []Comment
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
	c.Reason = strings.Join(reasons, "\n")
	for i, of := range named {
		if i > 0 && of != named[0] {
			return Comment{Reason: strings.TrimSpace(text)}
		}
		c.Window, c.Ticket = of.Window, of.Ticket
	}
	return c
}

// readWindow reads one line that opens a window.
func readWindow(line string) (c Comment, ok bool) {
	words := strings.Fields(line)
	if len(words) != 2 {
		return Comment{}, false
	}
	switch strings.ToLower(words[0]) {
	case "window":
		name := strings.ToLower(words[1])
		if _, valid := facts.Accepts("identifier", name); !valid || name == emergencyWindow {
			return Comment{}, false
		}
		return Comment{Window: name}, true
	case "emergency":
		if !ticket.MatchString(words[1]) {
			return Comment{}, false
		}
		return Comment{Window: emergencyWindow, Ticket: words[1]}, true
	}
	return Comment{}, false
}
