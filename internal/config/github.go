package config

import "strings"

// onGitHub reports whether this is a step of GitHub Actions.
func onGitHub(env map[string]string) bool { return env["GITHUB_ACTIONS"] == "true" }

// githubRemains are variables of a GitHub Actions run. Where one is set without
// GITHUB_ACTIONS, somebody took that away.
var githubRemains = []string{
	"GITHUB_RUN_ID", "GITHUB_ACTOR", "GITHUB_ACTOR_ID", "GITHUB_EVENT_NAME", "GITHUB_REPOSITORY", "GITHUB_TRIGGERING_ACTOR",
	"GITHUB_WORKFLOW", "GITHUB_WORKFLOW_REF", "GITHUB_SHA", "GITHUB_JOB", "GITHUB_WORKSPACE", "GITHUB_OUTPUT", "RUNNER_OS", "RUNNER_TEMP",
}

// githubTrigger is the event that started the workflow.
func githubTrigger(env map[string]string) ciValue {
	if !onGitHub(env) {
		return ciValue{}
	}
	return ciValue{env["GITHUB_EVENT_NAME"], "GITHUB_EVENT_NAME"}
}

// githubRequester is who started the workflow's first attempt, by the id that
// does not change when an account is renamed.
func githubRequester(env map[string]string) ciValue {
	if !onGitHub(env) || env["GITHUB_ACTOR_ID"] == "" {
		return ciValue{}
	}
	return ciValue{"github:" + strings.ToLower(env["GITHUB_ACTOR_ID"]), "GITHUB_ACTOR_ID"}
}

// githubTriggerer is who started this attempt. GitHub provides the id of the
// first attempt's actor only; of another one it provides the name, which is kept
// as a name (the directory of people can list github-login:NAME). If GitHub
// does not name the person, nobody is assumed.
func githubTriggerer(env map[string]string) ciValue {
	name := env["GITHUB_TRIGGERING_ACTOR"]
	if !onGitHub(env) || name == "" {
		return ciValue{}
	}
	if name == env["GITHUB_ACTOR"] {
		return githubRequester(env)
	}
	return ciValue{"github-login:" + strings.ToLower(name), "GITHUB_TRIGGERING_ACTOR"}
}

// githubDeployment names repository and run, without the attempt: a re-run of
// failed jobs is the same deployment.
func githubDeployment(env map[string]string) ciValue {
	if !onGitHub(env) || env["GITHUB_RUN_ID"] == "" {
		return ciValue{}
	}
	name := env["GITHUB_REPOSITORY"] + "/runs/" + env["GITHUB_RUN_ID"]
	return ciValue{strings.ToLower(strings.TrimPrefix(name, "/")), "GITHUB_RUN_ID"}
}

// githubRun names the run, and its attempt: a re-run is another request for a
// decision.
func githubRun(env map[string]string) ciValue {
	run := githubDeployment(env)
	if attempt := githubAttempt(env).text; run.text != "" && attempt != "" {
		run.text += "/attempts/" + strings.ToLower(attempt)
	}
	return run
}

// githubAttempt is the number of the run's attempt, from 1.
func githubAttempt(env map[string]string) ciValue {
	if !onGitHub(env) {
		return ciValue{}
	}
	return ciValue{env["GITHUB_RUN_ATTEMPT"], "GITHUB_RUN_ATTEMPT"}
}
