package main

import (
	"cmp"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
)

// writer is who records an entry in the trail, as far as the environment of this
// process shows it: the repository whose workflow or pipeline runs, or the account of the
// operating system. Whoever started the process can forge both; the settings
// (audit.writers) define how far they are trusted.
func writer(std stdio) trail.Writer {
	if repository := std.getenv("GITHUB_REPOSITORY"); std.getenv("GITHUB_ACTIONS") == "true" && repository != "" {
		return trail.Writer{
			Subject:   "repo:" + strings.ToLower(repository),
			Issuer:    cmp.Or(std.getenv("GITHUB_SERVER_URL"), "https://github.com"),
			Assurance: trail.AssuranceCI,
		}
	}
	if project := std.getenv("CI_PROJECT_PATH"); std.getenv("GITLAB_CI") == "true" && project != "" {
		return trail.Writer{
			Subject:   "repo:" + strings.ToLower(project),
			Issuer:    cmp.Or(std.getenv("CI_SERVER_URL"), "https://gitlab.com"),
			Assurance: trail.AssuranceCI,
		}
	}
	machine, err := os.Hostname()
	if err != nil {
		machine = "" // the account is still known
	}
	return trail.Writer{Subject: "user:" + account(), Issuer: machine, Assurance: trail.AssuranceUser}
}

// account is the name of the account that runs this process, looked up by its
// number instead of a variable. If the name is not valid in a document, it is the
// number.
func account() string {
	id := strconv.Itoa(os.Getuid())
	if found, err := user.LookupId(id); err == nil {
		name := strings.ToLower(found.Username)
		if _, ok := facts.Accepts("person", "user:"+name); ok {
			return name
		}
	}
	return id
}

// claimed returns the writer that the user gives.
func claimed(subject string) (trail.Writer, error) {
	person, err := step.Person.ReadText(subject)
	if err != nil {
		return trail.Writer{}, usage("", "--writer %w", err)
	}
	return trail.Writer{Subject: person, Assurance: trail.AssuranceClaimed}, nil
}

// runAddress returns the URL of this CI run; "" outside of CI.
func runAddress(std stdio) string {
	if project, id := std.getenv("CI_PROJECT_PATH"), std.getenv("CI_PIPELINE_ID"); std.getenv("GITLAB_CI") == "true" && project != "" && id != "" {
		return cmp.Or(std.getenv("CI_SERVER_URL"), "https://gitlab.com") + "/" + project + "/-/pipelines/" + id
	}
	repository, id := std.getenv("GITHUB_REPOSITORY"), std.getenv("GITHUB_RUN_ID")
	if std.getenv("GITHUB_ACTIONS") != "true" || repository == "" || id == "" {
		return ""
	}
	address := cmp.Or(std.getenv("GITHUB_SERVER_URL"), "https://github.com") + "/" + repository + "/actions/runs/" + id
	if attempt := std.getenv("GITHUB_RUN_ATTEMPT"); attempt != "" {
		address += "/attempts/" + attempt
	}
	return address
}

// isPerson reports whether a writer is a person: an account, not a repository whose
// workflow runs.
func isPerson(w trail.Writer) bool {
	scheme, _, _ := strings.Cut(w.Subject, ":")
	return scheme != "" && scheme != "repo"
}
