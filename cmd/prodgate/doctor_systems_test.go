package main

import "testing"

// Only the bare word is the placeholder that init writes.
func TestBareRevision(t *testing.T) {
	for procedure, want := range map[string]bool{
		"helm rollback payments-api REVISION -n production": true,
		"REVISION":                                       true,
		"kubectl rollout undo --to=REVISION":             true,
		"run {REVISION}":                                 true,
		"{REVISION}":                                     true,
		"rollback payments-REVISION":                     true,
		"use $REVISION, not REVISION":                    true,
		"helm rollback payments-api $REVISION":           false,
		"helm rollback payments-api ${REVISION}":         false,
		"helm rollback payments-api \"${REVISION:?}\"":   false,
		"helm rollback payments-api $LAST_REVISION":      false,
		"helm rollback payments-api ${REVISION_OF_HELM}": false,
		"LAST_REVISION of REVISIONS":                     false,
		"helm rollback payments-api 41":                  false,
		"":                                               false,
	} {
		if got := bareRevision.MatchString(procedure); got != want {
			t.Errorf("%q: placeholder %t, want %t", procedure, got, want)
		}
	}
}
