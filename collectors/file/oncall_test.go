package file_test

import (
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/stricttest"
)

func TestOnCall(t *testing.T) {
	stricttest.Run(t, reading("on_call"), []stricttest.Case{
		{Name: "told", Content: "notified_at: 2026-11-24T10:00:00Z", Section: &facts.OnCall{NotifiedAt: &at}},
		{Name: "not told", Content: "notified_at: null", Section: &facts.OnCall{}},
		{Name: "no word of it", Content: "{}", Error: "f.yaml:1: notified_at is missing; write it, or null"},
		{Name: "yes is no time", Content: "notified_at: true", Error: "f.yaml:1: notified_at is true or false"},
	})
}
