package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Setting is one thing a user can say, and every place where it can be said.
// The order is: flag, variable, file, what the CI system says, default.
type Setting struct {
	Name    string
	Flag    string                                  // without dashes; "" if there is none
	Env     string                                  // "" if there is none
	Key     string                                  // in prodgate.yaml; "" if it cannot stand there
	CI      func(env map[string]string) ciValue     // nil if no CI system knows it
	Default string                                  // "" for none
	List    bool                                    // repeatable; in the variable, separated as in PATH
	Empty   bool                                    // whether --flag "" says "none" rather than being a mistake
	file    func(f *File) (text string, l []string) // reads Key
	Doc     string
}

// configFile names the file to read; it cannot be set in the file.
var configFile = Setting{
	Name: "config", Flag: "config", Env: "PRODGATE_CONFIG",
	Doc: "the configuration file; default: the nearest " + Filename + " in this folder or above, up to the root of the repository",
}

// Settings are all of them, in the order they are shown.
var Settings = []Setting{
	configFile,
	{
		Name: "service", Flag: "service", Env: "PRODGATE_SERVICE", Key: "service",
		file: func(f *File) (string, []string) { return f.Service, nil },
		Doc:  "the service to deploy",
	},
	{
		Name: "environment", Flag: "environment", Env: "PRODGATE_ENVIRONMENT", Key: "environment",
		file: func(f *File) (string, []string) { return f.Environment, nil },
		Doc:  "the environment to deploy to",
	},
	{
		Name: "kind", Flag: "kind", Env: "PRODGATE_KIND", Default: "promotion",
		Doc: "the kind of deployment: initial, promotion, configuration or rollback",
	},
	{
		Name: "ticket", Flag: "ticket", Env: "PRODGATE_TICKET", Empty: true,
		Doc: "the ticket of the incident or change",
	},
	{
		Name: "trigger", Flag: "trigger", Env: "PRODGATE_TRIGGER", CI: firstOf(githubTrigger, gitlabTrigger),
		Doc: "the event that started the deployment, as the CI system names it; in GitHub Actions the event name, in GitLab CI_PIPELINE_SOURCE",
	},
	{
		Name: "requested-by", Flag: "requested-by", Env: "PRODGATE_REQUESTED_BY", CI: firstOf(githubRequester, gitlabUser),
		Doc: "who requested the deployment, as scheme:value; in GitHub Actions github:<GITHUB_ACTOR_ID>, in GitLab gitlab:<GITLAB_USER_ID>",
	},
	{
		Name: "triggered-by", Flag: "triggered-by", Env: "PRODGATE_TRIGGERED_BY", CI: firstOf(githubTriggerer, gitlabUser),
		Doc: "who started this run; in GitHub Actions github:<GITHUB_ACTOR_ID>, or on a re-run by another account github-login:<GITHUB_TRIGGERING_ACTOR>; in GitLab gitlab:<GITLAB_USER_ID>",
	},
	{
		Name: "requested-at", Flag: "requested-at", Env: "PRODGATE_REQUESTED_AT",
		Doc: "when the deployment was requested (RFC 3339); earlier approvals do not count; default: the start of this run",
	},
	{
		Name: "request-id", Flag: "request-id", Env: "PRODGATE_REQUEST_ID", CI: firstOf(githubRun, gitlabJob),
		Doc: "the id of the request; in GitHub Actions repository, run and attempt, in GitLab project, pipeline and job, elsewhere generated",
	},
	{
		Name: "deployment", Flag: "deployment", Env: "PRODGATE_DEPLOYMENT", CI: firstOf(githubDeployment, gitlabDeployment),
		Doc: "the id shared by all attempts and steps of one deployment; in GitHub Actions repository and run, in GitLab project and pipeline, elsewhere the request id",
	},
	{
		Name: "attempt", Flag: "attempt", Env: "PRODGATE_ATTEMPT", CI: githubAttempt,
		Doc: "the number of this attempt of the deployment, from 1; in GitHub Actions GITHUB_RUN_ATTEMPT",
	},
	{
		Name: "policies", Flag: "policies", Env: "PRODGATE_POLICIES", Key: "policies", List: true,
		file: func(f *File) (string, []string) { return strings.Join(f.Policies, ", "), f.Policies },
		Doc:  "policy packs to add to the shipped policies, folders or bundle.tar.gz; replaces packs from other origins",
	},
	{
		Name: "db", Flag: "db", Env: "PRODGATE_DB",
		Doc: "the folder of the advisory database (trivy.db, metadata.json); default: prodgate/db in the user's cache folder",
	},
	{
		Name: "timeout", Flag: "timeout", Env: "PRODGATE_TIMEOUT", Key: "timeout", Default: "1m",
		file: func(f *File) (string, []string) { return f.Timeout, nil },
		Doc:  "the time limit of the run",
	},
	{
		Name: "trail", Flag: "trail", Env: "PRODGATE_TRAIL", Key: "trail",
		file: func(f *File) (string, []string) { return f.Trail, nil },
		Doc:  "the audit trail that records decisions: the path of a SQLite file, postgres://…, or https://… of a prodgate server",
	},
	{
		Name: "trail-key", Flag: "trail-key", Env: "PRODGATE_TRAIL_KEY", Key: "trail_key",
		file: func(f *File) (string, []string) { return f.TrailKey, nil },
		Doc:  "the signing key file of the trail; default: next to the SQLite file, or in the user's configuration folder for PostgreSQL. For https, the public key that the server's trail must have, or a file with it",
	},
}

// flagsOnly are switches that loosen the gate or move its clock: a variable
// that leaks from one step into the next must not turn them on.
var flagsOnly = map[string]string{
	"PRODGATE_EMERGENCY":         "--emergency",
	"PRODGATE_AT":                "--at",
	"PRODGATE_INSECURE_REGISTRY": "--" + InsecureFlag,
}

// lookUp resolves one setting. A file of nil leaves the file out.
func lookUp(s Setting, flags map[string][]string, env map[string]string, file *File) (Value, error) {
	v := Value{Name: s.Name}
	if given, ok := flags[s.Flag]; ok && s.Flag != "" {
		for _, text := range given {
			if text == "" && !s.Empty {
				return v, fmt.Errorf("--%s needs a value: %s", s.Flag, s.Doc)
			}
		}
		v.Text, v.List, v.Origin = strings.Join(given, ", "), given, Origin{Kind: FromFlag, Where: "--" + s.Flag}
		v.Against = s.contradicted(env, v.Text)
		return v, nil
	}
	text, set := env[s.Env]
	if set && text == "" && s.Env != "" && (s.List || s.Name == configFile.Name) {
		return v, fmt.Errorf("variable %s is set and empty, which may be an expansion that failed: give it a value or unset it", s.Env)
	}
	if text != "" {
		if ci := s.contradicted(env, text); ci != "" {
			return v, fmt.Errorf("variable %s says %q and %s says %q: unset %s, or say it by --%s, which the decision shows", s.Env, text, ci, env[ci], s.Env, s.Flag)
		}
		v.Text, v.Origin = text, Origin{Kind: FromEnvironment, Where: s.Env}
		if s.List {
			v.List = strings.Split(text, string(os.PathListSeparator))
			v.Text = strings.Join(v.List, ", ")
		}
		return v, noBlank(v)
	}
	if s.file != nil && file != nil {
		if line, ok := file.lines[s.Key]; ok {
			v.Text, v.List = s.file(file)
			v.Origin = Origin{Kind: FromFile, Where: fileLine(file.path, line)}
			return v, noBlank(v)
		}
	}
	if s.CI != nil {
		if ci := s.CI(env); ci.text != "" {
			v.Text, v.Origin = ci.text, Origin{Kind: FromCI, Where: ci.from}
			return v, nil
		}
	}
	if s.Default != "" {
		v.Text, v.Origin = s.Default, Origin{Kind: FromDefault}
	}
	return v, nil
}

func fileLine(path string, line int) string { return fmt.Sprintf("%s:%d", path, line) }

// contradicted names the CI system's variable that says otherwise than text; ""
// if there is none. What a request is called is nobody's claim.
func (s Setting) contradicted(env map[string]string, text string) string {
	if s.CI == nil || s.Name == "request-id" {
		return ""
	}
	if ci := s.CI(env); ci.text != "" && ci.text != text {
		return ci.from
	}
	return ""
}

// noBlank returns an error if an item of a list is empty: it would name the
// folder that relative paths count from.
func noBlank(v Value) error {
	if slices.Contains(v.List, "") {
		return fmt.Errorf("%s (%s): has an empty item; take it out", v.Name, v.Origin)
	}
	return nil
}
