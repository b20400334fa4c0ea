package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Identity is the job that a token is of.
type Identity struct {
	Issuer string // its name in the configuration
	URL    string // of the issuer, the claim iss
	Kind   string

	Repository   string // acme/payments-api, in lower case; of GitLab the project's path
	RepositoryID string // the number that no other repository gets
	Ref          string // refs/heads/main
	Environment  string // of the CI system; empty: the job has none
	Workflow     string // file and ref that define the job: acme/web/.github/workflows/deploy.yml@refs/heads/main
	Event        string // that started the run: workflow_dispatch, push; of GitLab the pipeline's source

	RunID   string // number of the run or pipeline
	Attempt int    // from 1; 0: the system counts none
	Run     string // address of the run and attempt
	Request string // id of the run's request, as prodgate makes it in this CI system
	// Deployment is the run or pipeline without its attempt or job, as prodgate makes it.
	Deployment string
	Actor      string // person, as documents spell it: github:583231; empty: not known
	Login      string // the same person by name: github-login:alice; empty: not known
}

// Subject is the identity as the trail and the setting audit.writers spell it.
func (i Identity) Subject() string { return "repo:" + i.Repository }

// String describes the identity for messages.
func (i Identity) String() string {
	text := fmt.Sprintf("%s of %s (id %s, ref %s", i.Subject(), i.Issuer, i.RepositoryID, i.Ref)
	if i.Environment != "" {
		text += ", environment " + i.Environment
	}
	return text + ")"
}

// claims are those of both systems.
type claims struct {
	// GitHub.
	Repository   word `json:"repository"`
	RepositoryID word `json:"repository_id"`
	RunID        word `json:"run_id"`
	RunAttempt   word `json:"run_attempt"`
	EventName    word `json:"event_name"`
	JobWorkflow  word `json:"job_workflow_ref"`
	ActorID      word `json:"actor_id"`
	Actor        word `json:"actor"`

	// GitLab.
	ProjectPath    word `json:"project_path"`
	ProjectID      word `json:"project_id"`
	PipelineID     word `json:"pipeline_id"`
	PipelineSource word `json:"pipeline_source"`
	JobID          word `json:"job_id"`
	RefPath        word `json:"ref_path"`
	Configuration  word `json:"ci_config_ref_uri"`
	UserID         word `json:"user_id"`

	// Both.
	Ref         word `json:"ref"`
	Environment word `json:"environment"`
}

// word is a text, or a number, which some versions write.
type word string

// UnmarshalJSON reads either.
func (w *word) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '"' {
		var n json.Number
		if err := json.Unmarshal(b, &n); err != nil {
			return err
		}
		*w = word(n)
		return nil
	}
	var text string
	err := json.Unmarshal(b, &text)
	*w = word(text)
	return err
}

// identity reads the claims of the issuer's kind. A claim that is missing is an error:
// without it, nothing could be compared.
func (i *issuer) identity(c claims) (Identity, error) {
	id := Identity{Issuer: i.Name, URL: i.URL, Kind: i.Kind, Environment: string(c.Environment)}
	switch i.Kind {
	case GitHub:
		id.Repository, id.RepositoryID, id.Ref = strings.ToLower(string(c.Repository)), string(c.RepositoryID), string(c.Ref)
		id.Event, id.Workflow, id.RunID = string(c.EventName), string(c.JobWorkflow), string(c.RunID)
		id.Attempt, _ = strconv.Atoi(string(c.RunAttempt))
		if id.Attempt < 1 {
			return Identity{}, errors.New("the token has no claim run_attempt")
		}
		if digits(c.ActorID) {
			id.Actor = "github:" + string(c.ActorID)
		}
		if c.Actor != "" {
			id.Login = "github-login:" + strings.ToLower(string(c.Actor))
		}
		id.Run = fmt.Sprintf("%s/%s/actions/runs/%s/attempts/%d", i.address("https://github.com"), c.Repository, c.RunID, id.Attempt)
		id.Deployment = fmt.Sprintf("%s/runs/%s", id.Repository, id.RunID)
		id.Request = fmt.Sprintf("%s/attempts/%d", id.Deployment, id.Attempt)
	case GitLab:
		id.Repository, id.RepositoryID, id.Ref = strings.ToLower(string(c.ProjectPath)), string(c.ProjectID), string(c.RefPath)
		id.Event, id.Workflow, id.RunID = string(c.PipelineSource), string(c.Configuration), string(c.PipelineID)
		if digits(c.UserID) {
			id.Actor = "gitlab:" + string(c.UserID)
		}
		if !digits(c.JobID) {
			return Identity{}, errors.New("the token has no claim job_id")
		}
		id.Run = fmt.Sprintf("%s/%s/-/pipelines/%s", i.address(i.URL), c.ProjectPath, c.PipelineID)
		id.Deployment = fmt.Sprintf("%s/pipelines/%s", id.Repository, id.RunID)
		id.Request = fmt.Sprintf("%s/jobs/%s", id.Deployment, c.JobID)
	default:
		return Identity{}, fmt.Errorf("issuer %s has the unknown kind %q", i.Name, i.Kind)
	}
	if !strings.Contains(id.Repository, "/") || strings.ContainsAny(id.Repository, " \t\r\n\x00") {
		return Identity{}, fmt.Errorf("the token names no repository: these are not claims of %s", i.Kind)
	}
	if !digits(word(id.RepositoryID)) || !digits(word(id.RunID)) || id.Ref == "" {
		return Identity{}, fmt.Errorf("the token lacks the repository's id, the run or the ref: these are not claims of %s", i.Kind)
	}
	return id, nil
}

// address is where the system's web pages are.
func (i *issuer) address(public string) string {
	if i.Address != "" {
		return strings.TrimSuffix(i.Address, "/")
	}
	if server, own := strings.CutSuffix(i.URL, "/_services/token"); own { // GitHub Enterprise Server
		return server
	}
	if rest, found := strings.CutPrefix(i.URL, "https://token.actions."); found && i.Kind == GitHub {
		if host, _, _ := strings.Cut(rest, "/"); strings.HasSuffix(host, ".ghe.com") {
			return "https://" + host
		}
	}
	return strings.TrimSuffix(public, "/")
}

func digits(w word) bool {
	return w != "" && len(w) < 20 && strings.Trim(string(w), "0123456789") == ""
}
