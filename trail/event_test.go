package trail_test

import (
	"testing"

	"github.com/prodgate/prodgate/trail"
)

func TestTheDeploymentOfARequest(t *testing.T) {
	for id, want := range map[string]struct {
		deployment string
		attempt    int
	}{
		"acme/web/runs/77/attempts/2":           {"acme/web/runs/77", 2},
		"acme/web/runs/77":                      {"acme/web/runs/77", 0},
		"acme/web/runs/77/attempts/x":           {"acme/web/runs/77/attempts/x", 0},
		"/attempts/2":                           {"/attempts/2", 0},
		"acme/shop/web/pipelines/77/jobs/9001":  {"acme/shop/web/pipelines/77", 0},
		"acme/shop/web/pipelines/77":            {"acme/shop/web/pipelines/77", 0},
		"acme/web/pipelines/77/jobs/x":          {"acme/web/pipelines/77/jobs/x", 0},
		"acme/web/pipelines/x/jobs/1":           {"acme/web/pipelines/x/jobs/1", 0},
		"acme/jobs/7":                           {"acme/jobs/7", 0},
		"acme/pipelines/jobs/pipelines/7/jobs/": {"acme/pipelines/jobs/pipelines/7/jobs/", 0},
		"run-0f":                                {"run-0f", 0},
	} {
		if got := trail.WithoutAttempt(id); got != want.deployment || trail.Attempt(id) != want.attempt {
			t.Errorf("%s: %s and attempt %d, want %+v", id, got, trail.Attempt(id), want)
		}
	}
}
