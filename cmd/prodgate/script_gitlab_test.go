package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/gitlabtest"
	"github.com/prodgate/prodgate/internal/oidctest"
	"github.com/rogpeppe/go-internal/testscript"
)

// gitlabCILocal is the variable that names a folder with the programs node (22 or later)
// and gitlab-ci-local, as in node_modules/.bin. Without it, the component is not run:
// .ci/gitlab-component installs both and sets it.
const gitlabCILocal = "PRODGATE_TEST_GITLAB_CI_LOCAL"

// labs holds the GitLab of a script.
type labs struct{}

type labOf struct {
	server *gitlabtest.Server
	issuer *oidctest.Issuer // of the tokens for the trail's server; nil: none
}

func gitlab(ts *testscript.TestScript) *gitlabtest.Server {
	s := ts.Value(labs{}).(*labOf).server
	if s == nil {
		ts.Fatalf("start a GitLab first")
	}
	return s
}

// newGitLab starts a GitLab with the people of the scripts: octocat (583231), lead (2),
// former (3) and a bot (4), and an access token that may read all of it.
func newGitLab() *gitlabtest.Server {
	s := gitlabtest.New(time.Now)
	s.Add(gitlabtest.Account{ID: 583231, Username: "octocat"}, gitlabtest.Account{ID: 2, Username: "lead"},
		gitlabtest.Account{ID: 3, Username: "former"}, gitlabtest.Account{ID: 4, Username: "project_4711_bot_1a2b", Bot: true})
	for _, name := range []string{"lead", "octocat", "project_4711_bot_1a2b"} {
		s.Join("acme/production-approvers", name, gitlabtest.Member{Level: gitlabtest.Developer})
		s.Join("acme/platform-leads", name, gitlabtest.Member{Level: gitlabtest.Developer})
	}
	s.Join("acme/release-managers", "former", gitlabtest.Member{Level: gitlabtest.Developer, Expires: "2020-01-01"})
	s.Groups["acme"].Requires = true
	s.Tokens["glpat-scripts"] = s.All()
	return s
}

// startGitLab starts a GitLab with pipeline 77, which octocat started, and gives the
// script the variables of a job of that pipeline.
func startGitLab(ts *testscript.TestScript, _ bool, _ []string) {
	s := newGitLab()
	ts.Defer(s.Close)
	ts.Value(labs{}).(*labOf).server = s
	ts.Setenv("GITLAB_API", s.API())
	for name, value := range map[string]string{
		"GITLAB_CI": "true", "GITLAB_TOKEN": "glpat-scripts", "CI_SERVER_URL": s.URL, "CI_API_V4_URL": s.API(), "CI_PROJECT_PATH": s.Project,
		"CI_PIPELINE_SOURCE": "web", "PRODGATE_TRIGGER": "", "PRODGATE_REQUESTED_BY": "", "PRODGATE_TRIGGERED_BY": "",
	} {
		ts.Setenv(name, value)
	}
	startPipeline(ts, false, []string{"77", "octocat"})
	startJob(ts, false, []string{"77", "request", "octocat"})
}

func startPipeline(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pipeline ID USER")
	}
	gitlab(ts).Start(gitlabtest.Pipeline{ID: runNumber(ts, args[0]), Source: "web", SHA: demoCommit, User: args[1]})
}

// startJob starts a job and gives the script its variables.
func startJob(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: job PIPELINE NAME USER [ENVIRONMENT]")
	}
	s, users := gitlab(ts), map[string]string{"octocat": "583231", "lead": "2", "former": "3"}
	environment := strings.Join(args[3:], "")
	s.Lock()
	if environment != "" && s.Tiers[environment] == "" { // the first job that names it creates it
		s.Tiers[environment], s.Protected[environment] = "production", 1
	}
	s.Unlock()
	id := s.Run(runNumber(ts, args[0]), args[1], args[2], environment)
	token := fmt.Sprintf("glcbt-%d", id)
	s.Lock()
	s.JobTokens[token] = id
	s.Unlock()
	for name, value := range map[string]string{
		"CI_JOB_ID": fmt.Sprint(id), "CI_JOB_TOKEN": token, "CI_PIPELINE_ID": args[0], "GITLAB_USER_ID": users[args[2]],
	} {
		ts.Setenv(name, value)
	}
	issuer := ts.Value(labs{}).(*labOf).issuer
	if issuer == nil {
		return
	}
	signed, err := issuer.Sign(issuer.GitLab("http://"+ts.Getenv("SERVED"), time.Now(), map[string]any{
		"pipeline_id": args[0], "job_id": fmt.Sprint(id), "user_id": users[args[2]],
	}))
	ts.Check(err)
	ts.Setenv("PRODGATE_TRAIL_TOKEN", signed)
}

// startGitLabTokens gives the jobs that follow tokens for the trail's server.
func startGitLabTokens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: idtokens FILE")
	}
	ts.Value(labs{}).(*labOf).issuer = startIssuer(ts, args[0])
}

func decideDeployment(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: decide USER STATUS [COMMENT], about the deployment of the last job")
	}
	gitlab(ts).Decide(runNumber(ts, ts.Getenv("CI_JOB_ID")), args[0], args[1], strings.Join(args[2:], "\n"))
}

func writeGitLabCommit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mergerequest USER, the author of the merge request of the commit of the evidence")
	}
	gitlab(ts).Write(demoCommit, gitlabtest.Commit{MergeRequests: args})
}
