package production_test

import (
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors/production"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/internal/stricttest"
)

func reading(path strict.Path) stricttest.Collector { return production.Collector{File: path} }

// at is the instant of all records.
var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

const (
	zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	one   = "{version: 41, digest: '" + zeros + "', live_at: 2026-11-24T10:00:00Z, status: Succeeded, approvers: [pat@example.com]}"
)

func TestProduction(t *testing.T) {
	read := facts.Deployment{Version: "41", Digest: zeros, LiveAt: at, Status: "Succeeded", Approvers: []string{"mailto:pat@example.com"}}
	stricttest.Run(t, reading, []stricttest.Case{
		{Name: "what runs and ran", Content: "current: " + one + "\nhistory: [" + one + "]\n", Section: &facts.Production{Current: &read, History: []facts.Deployment{read}}},
		{Name: "nothing ever ran", Content: "current: null\nhistory: []\n", Section: &facts.Production{History: []facts.Deployment{}}},
		{Name: "no word of what runs", Content: "history: []\n", Error: "f.yaml:1: current is missing; write it, or null"},
		{Name: "no history", Content: "current: null\n", Error: "f.yaml:1: history is missing"},
		{Name: "null for the history", Content: "current: null\nhistory: null\n", Error: "f.yaml:2: history is null, and must be a list ([] for none)"},
		{Name: "a history that is not whole", Content: "current: null\nhistory: []\nsince: 2026-11-24T10:00:00Z\n", Section: &facts.Production{History: []facts.Deployment{}, Since: &at}},
		{Name: "a writer whom nobody establishes", Content: "current: null\nhistory:\n- {version: 41, digest: '" + zeros + "', live_at: 2026-11-24T10:00:00Z, status: x, approvers: [], writer: 'repo:acme/web'}\n", Error: "f.yaml:3: history[0].writer says who recorded the deployment, and a file establishes nobody"},
		{Name: "a deployment of an unknown kind", Content: "current: null\nhistory:\n- {kind: promo, version: 41, digest: '" + zeros + "', live_at: 2026-11-24T10:00:00Z, status: x, approvers: []}\n", Error: `f.yaml:3: history[0].kind is "promo", and must be one of initial, promotion`},
		{Name: "a history that says that it is whole", Content: "current: null\nhistory: []\ncomplete: true\n", Error: "f.yaml:3: complete is the audit trail's to say"},
		{Name: "events", Content: "current: null\nhistory: []\nunjoined: []\n", Error: "f.yaml:3: unjoined are entries of the audit trail"},
		{Name: "a deployment without approvers", Content: "current: null\nhistory:\n- {version: 41, digest: '" + zeros + "', live_at: 2026-11-24T10:00:00Z, status: x}\n", Error: "f.yaml:3: history[0].approvers is missing"},
	})
}
