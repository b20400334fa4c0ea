package file_test

import (
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/stricttest"
)

func TestNotifications(t *testing.T) {
	stricttest.Run(t, reading("notifications"), []stricttest.Case{
		{Name: "a team was told", Content: "- {team: Payments, channel: 'slack:#Releases', sent_at: 2026-11-24T10:00:00Z}",
			Section: facts.Notifications{{Team: "payments", Channel: "slack:#Releases", SentAt: at}}},
		{Name: "nobody was", Content: "[]", Section: facts.Notifications{}},
		{Name: "no time", Content: "- {team: payments, channel: x}", Error: "f.yaml:1: [0].sent_at is missing"},
		{Name: "an empty channel", Content: "- {team: payments, channel: '', sent_at: 2026-11-24T10:00:00Z}", Error: `f.yaml:1: [0].channel is ""`},
	})
}
