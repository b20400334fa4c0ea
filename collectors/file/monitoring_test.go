package file_test

import (
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/stricttest"
)

func TestMonitoring(t *testing.T) {
	stricttest.Run(t, reading("monitoring"), []stricttest.Case{
		{Name: "dashboards and alerts", Content: "dashboards: [{name: d, url: 'https://x/d'}]\nalerts: [{name: a, enabled: false}]\n",
			Section: &facts.Monitoring{Dashboards: []facts.Dashboard{{Name: "d", URL: "https://x/d"}}, Alerts: []facts.Alert{{Name: "a"}}}},
		{Name: "nothing watches", Content: "dashboards: []\nalerts: []\n", Section: &facts.Monitoring{Dashboards: []facts.Dashboard{}, Alerts: []facts.Alert{}}},
		{Name: "an alert that may be off", Content: "dashboards: []\nalerts: [{name: a}]\n", Error: "f.yaml:2: alerts[0].enabled is missing"},
		{Name: "no word of alerts", Content: "dashboards: []\n", Error: "f.yaml:1: alerts is missing"},
	})
}
