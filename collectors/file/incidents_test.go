package file_test

import (
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/stricttest"
)

func TestIncidents(t *testing.T) {
	stricttest.Run(t, reading("incidents"), []stricttest.Case{
		{Name: "a status is kept as it came", Content: "- {id: INC-1, service: Payments-API, status: Resolved, opened_at: 2026-11-24T10:00:00Z}",
			Section: facts.Incidents{{ID: "INC-1", Service: "payments-api", Status: "Resolved", OpenedAt: at}}},
		{Name: "none", Content: "[]", Section: facts.Incidents{}},
		{Name: "one without a status", Content: "- {id: INC-1, service: x, opened_at: 2026-11-24T10:00:00Z}", Error: "f.yaml:1: [0].status is missing"},
		{Name: "a page of a tracker", Content: "{\"incidents\": []}", Error: "f.yaml:1: the file is a mapping, and must be a list"},
		{Name: "a time in seconds", Content: "- {id: INC-1, service: x, status: open, opened_at: 1764000000}", Error: "f.yaml:1: [0].opened_at is a number"},
	})
}
