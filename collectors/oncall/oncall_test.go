package oncall_test

import (
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors/oncall"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/internal/strict/stricttest"
)

func reading(path strict.Path) stricttest.Collector { return oncall.Collector{File: path} }

// at is the instant of all records.
var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func TestOnCall(t *testing.T) {
	stricttest.Run(t, reading, []stricttest.Case{
		{Name: "told", Content: "notified_at: 2026-11-24T10:00:00Z", Section: &facts.OnCall{NotifiedAt: &at}},
		{Name: "not told", Content: "notified_at: null", Section: &facts.OnCall{}},
		{Name: "no word of it", Content: "{}", Error: "f.yaml:1: notified_at is missing; write it, or null"},
		{Name: "yes is no time", Content: "notified_at: true", Error: "f.yaml:1: notified_at is true or false"},
	})
}
