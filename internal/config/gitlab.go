package config

import "strings"

// onGitLab reports whether this is a job of GitLab CI/CD.
func onGitLab(env map[string]string) bool { return env["GITLAB_CI"] == "true" }

// gitlabRemains are variables of a job in GitLab. Where one is set without GITLAB_CI,
// somebody took that away.
var gitlabRemains = []string{
	"CI_PIPELINE_ID", "CI_PIPELINE_SOURCE", "CI_PROJECT_PATH", "CI_PROJECT_ID", "CI_JOB_ID", "CI_JOB_TOKEN", "CI_API_V4_URL", "GITLAB_USER_ID",
}

// gitlabTrigger is the source of the pipeline.
func gitlabTrigger(env map[string]string) ciValue {
	if !onGitLab(env) {
		return ciValue{}
	}
	return ciValue{env["CI_PIPELINE_SOURCE"], "CI_PIPELINE_SOURCE"}
}

// gitlabUser is who started this job: who started the pipeline, or ran the manual job, or
// retried it. GitLab provides no variable that names who started the pipeline.
func gitlabUser(env map[string]string) ciValue {
	if !onGitLab(env) || env["GITLAB_USER_ID"] == "" {
		return ciValue{}
	}
	return ciValue{"gitlab:" + strings.ToLower(env["GITLAB_USER_ID"]), "GITLAB_USER_ID"}
}

// gitlabDeployment names project and pipeline, without the job: a retried job belongs to
// the same deployment.
func gitlabDeployment(env map[string]string) ciValue {
	if !onGitLab(env) || env["CI_PIPELINE_ID"] == "" {
		return ciValue{}
	}
	name := env["CI_PROJECT_PATH"] + "/pipelines/" + env["CI_PIPELINE_ID"]
	return ciValue{strings.ToLower(strings.TrimPrefix(name, "/")), "CI_PIPELINE_ID"}
}

// gitlabJob names the pipeline and the job: a retried job is another request for a
// decision.
func gitlabJob(env map[string]string) ciValue {
	job := gitlabDeployment(env)
	if job.text != "" && env["CI_JOB_ID"] != "" {
		job.text += "/jobs/" + strings.ToLower(env["CI_JOB_ID"])
	}
	return job
}
