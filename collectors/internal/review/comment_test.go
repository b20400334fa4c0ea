package review

import "testing"

func TestCommentsOfReviews(t *testing.T) {
	for _, tt := range []struct {
		name, text             string
		window, ticket, reason string
	}{
		{"nothing", "", "", "", ""},
		{"a reason", "looks good\n\nship it", "", "", "looks good\nship it"},
		{"a window", "  window  After-Hours \r\nmaintenance", "after-hours", "", "maintenance"},
		{"an emergency", "emergency INC-42\nthe site is down", "emergency", "INC-42", "the site is down"},
		{"the same twice", "window after-hours\nWindow after-hours", "after-hours", "", ""},
		{"two windows", "window after-hours\nwindow off-hours", "", "", "window after-hours\nwindow off-hours"},
		{"a window and an emergency", "window after-hours\nemergency INC-42", "", "", "window after-hours\nemergency INC-42"},
		{"a window in a sentence", "the window after-hours is fine", "", "", "the window after-hours is fine"},
		{"an emergency that is a window", "window emergency", "", "", "window emergency"},
		{"an emergency without a ticket", "emergency", "", "", "emergency"},
		{"a window that is no name", "window after/hours", "", "", "window after/hours"},
		{"a ticket with bidirectional characters", "emergency INC\u202e42", "", "", "emergency INC\u202e42"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := ReadComment(tt.text), (Comment{tt.window, tt.ticket, tt.reason}); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}
