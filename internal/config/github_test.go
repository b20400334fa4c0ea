package config

import "testing"

func TestGitHubActionsProvidesTheRequest(t *testing.T) {
	first := []string{
		"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=workflow_dispatch", "GITHUB_ACTOR=Octocat", "GITHUB_ACTOR_ID=583231",
		"GITHUB_TRIGGERING_ACTOR=Octocat", "GITHUB_REPOSITORY=Acme/Payments", "GITHUB_RUN_ID=77", "GITHUB_RUN_ATTEMPT=1",
	}
	rerun := append(append([]string{}, first...), "GITHUB_TRIGGERING_ACTOR=Hubot", "GITHUB_RUN_ATTEMPT=2")
	untold := append(append([]string{}, first...), "GITHUB_TRIGGERING_ACTOR=")
	for _, tt := range []struct {
		name string
		env  []string
		want map[string]string
	}{
		{"a first attempt", first, map[string]string{
			"trigger": "workflow_dispatch", "requested-by": "github:583231", "triggered-by": "github:583231",
			"request-id": "acme/payments/runs/77/attempts/1", "deployment": "acme/payments/runs/77", "attempt": "1",
		}},
		{"a re-run by somebody else", rerun, map[string]string{
			"requested-by": "github:583231", "triggered-by": "github-login:hubot", "request-id": "acme/payments/runs/77/attempts/2",
			"deployment": "acme/payments/runs/77", "attempt": "2",
		}},
		{"a run whose starter is not told", untold, map[string]string{"triggered-by": ""}},
		{"the same variables outside GitHub Actions", first[1:], map[string]string{
			"trigger": "", "requested-by": "", "triggered-by": "", "request-id": "",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load(Input{Dir: t.TempDir(), Env: tt.env})
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if got := c.Get(name).Text; got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestAFlagMayContradictGitHubAndIsNoted(t *testing.T) {
	env := []string{"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=push", "GITHUB_ACTOR_ID=1"}
	for _, tt := range []struct{ flag, text, against string }{
		{"trigger", "workflow_dispatch", "GITHUB_EVENT_NAME"},
		{"trigger", "push", ""},
		{"requested-by", "github:2", "GITHUB_ACTOR_ID"},
		{"request-id", "mine", ""},

		{"service", "web", ""},
	} {
		c, err := Load(Input{Dir: t.TempDir(), Env: env, Flags: map[string][]string{tt.flag: {tt.text}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Get(tt.flag).Against; got != tt.against {
			t.Errorf("--%s %s is against %q, want %q", tt.flag, tt.text, got, tt.against)
		}
	}
}
