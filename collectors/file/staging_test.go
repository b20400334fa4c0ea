package file_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/stricttest"
)

const (
	deployed = "digest: " + zeros + "\ndeployed_at: 2026-11-24T10:00:00Z\n"
)

func TestStaging(t *testing.T) {
	stricttest.Run(t, reading("staging"), []stricttest.Case{
		{Name: "deployed and verified", Content: deployed + "restarted_at: 2026-11-24T10:00:00Z\nverification: {result: PASSED, finished_at: 2026-11-24T10:00:00Z}\n",
			Section: &facts.Staging{Digest: zeros, DeployedAt: at, RestartedAt: &at, Verification: &facts.Verification{Result: "PASSED", FinishedAt: at}}},
		{Name: "not verified yet", Content: deployed + "restarted_at: null\n", Section: &facts.Staging{Digest: zeros, DeployedAt: at}},
		{Name: "a result is kept as it came", Content: deployed + "restarted_at: null\nverification: {result: passed, finished_at: 2026-11-24T10:00:00Z}\n",
			Section: &facts.Staging{Digest: zeros, DeployedAt: at, Verification: &facts.Verification{Result: "passed", FinishedAt: at}}},
		{Name: "restarts were not looked for", Content: deployed, Error: "f.yaml:1: restarted_at is missing; write it, or null if it was looked for and there is none"},
		{Name: "a verification without a result", Content: deployed + "restarted_at: null\nverification: {finished_at: 2026-11-24T10:00:00Z}\n", Error: "f.yaml:4: verification.result is missing"},
		{Name: "a signature that nobody checked", Content: deployed + "restarted_at: null\nverification: {result: PASSED, finished_at: 2026-11-24T10:00:00Z, verified_by: me}\n",
			Error: "f.yaml:4: verification.verified_by says whose signature prodgate checked"},
		{Name: "a writer", Content: deployed + "restarted_at: null\nverification: null\nwriter: repo:acme/payments-api\n", Error: "f.yaml:5: writer is what the audit trail records, and no file"},
		{Name: "entries of a trail", Content: deployed + "restarted_at: null\nverifications: []\n", Error: "f.yaml:4: verifications is what the audit trail records, and no file"},
		{Name: "deployments on a platform", Content: deployed + "restarted_at: null\nreported: []\n", Error: "f.yaml:4: reported is what a platform such as GitHub reports, and no file"},
		{Name: "a tag for a digest", Content: "digest: v1\n", Error: `f.yaml:1: digest is "v1": must be a digest`},
		{Name: "no time of deployment", Content: "digest: " + zeros + "\nrestarted_at: null\n", Error: "f.yaml:1: deployed_at is missing"},
	})
}

// What only a trail or a platform knows is in no file, of no stay.
func TestAStagingFileHasNoEntries(t *testing.T) {
	for _, key := range []string{"id", "seq", "writer", "assurance", "verifications", "complete", "reported", "reported_since"} {
		stay := deployed + "restarted_at: null\n" + key + ": null\n"
		earlier := deployed + "restarted_at: null\nearlier:\n- " + strings.ReplaceAll(strings.TrimSpace(stay), "\n", "\n  ") + "\n"
		for where, content := range map[string]string{key: stay, "earlier[0]." + key: earlier} {
			if got, err := stricttest.Collect(t, content, reading("staging")); err == nil || !strings.Contains(err.Error(), fmt.Sprintf(": %s is what ", where)) {
				t.Errorf("%s: %+v, %v", where, got, err)
			}
		}
	}
}
