package config

import "testing"

func TestGitLabProvidesTheRequest(t *testing.T) {
	job := []string{
		"GITLAB_CI=true", "CI_PIPELINE_SOURCE=web", "GITLAB_USER_ID=583231", "CI_PROJECT_PATH=Acme/Shop/Payments", "CI_PIPELINE_ID=77", "CI_JOB_ID=9001",
	}
	for _, tt := range []struct {
		name string
		env  []string
		want map[string]string
	}{
		{"a job", job, map[string]string{
			"trigger": "web", "requested-by": "gitlab:583231", "triggered-by": "gitlab:583231",
			"request-id": "acme/shop/payments/pipelines/77/jobs/9001", "deployment": "acme/shop/payments/pipelines/77", "attempt": "",
		}},
		{"the same variables outside GitLab", job[1:], map[string]string{
			"trigger": "", "requested-by": "", "triggered-by": "", "request-id": "", "deployment": "",
		}},
		{"a job whose starter is not told", append(append([]string{}, job...), "GITLAB_USER_ID="), map[string]string{"requested-by": "", "triggered-by": ""}},
		{"a run of GitHub that imitates a job", append(append([]string{}, job...), "GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=a/b", "GITHUB_RUN_ID=1", "GITHUB_ACTOR_ID=2"), map[string]string{
			"requested-by": "github:2", "deployment": "a/b/runs/1",
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
