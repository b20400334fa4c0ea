package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/githubtest"
	"github.com/rogpeppe/go-internal/testscript"
)

// startGitHub starts a GitHub with the people of the scripts and run 77, which octocat
// (583231) started, and gives the script the variables of that run.
func startGitHub(ts *testscript.TestScript, _ bool, _ []string) {
	s := githubtest.New(time.Now)
	ts.Defer(s.Close)
	s.Tokens["ghs_scripts"] = githubtest.All
	s.Reviewers["production"] = []string{"production-approvers"}
	s.Add(githubtest.Account{ID: 583231, Login: "octocat"}, githubtest.Account{ID: 2, Login: "lead"},
		githubtest.Account{ID: 3, Login: "former"}, githubtest.Account{ID: 4, Login: "deploy[bot]", Type: "Bot"})
	for _, login := range []string{"lead", "octocat", "deploy[bot]"} {
		s.Join("production-approvers", login, "active")
		s.Join("platform-leads", login, "active")
	}
	s.Join("release-managers", "former", "pending")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	s.App = &githubtest.App{ID: "813", Key: &key.PublicKey, Permissions: []string{githubtest.Members, githubtest.Administration}, Installed: true}
	ts.Setenv("PRODGATE_APP_ID", "813")
	ts.Setenv("PRODGATE_APP_KEY", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	ts.Value(hubs{}).(*hubsOf).server = s
	startRun(ts, false, []string{"77", "1", "octocat", "octocat"})
	writeCommit(ts, false, []string{"7a3f9c2", "octocat"})
	ts.Setenv("GITHUB_API", s.URL)
	for name, value := range map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": "ghs_scripts", "GITHUB_SERVER_URL": s.URL, "GITHUB_REPOSITORY": "acme/payments-api",
		"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_ACTOR": "octocat",
		"GITHUB_ACTOR_ID": "583231", "GITHUB_TRIGGERING_ACTOR": "octocat",
		"GITHUB_STEP_SUMMARY": ts.MkAbs("summary.md"), "GITHUB_OUTPUT": ts.MkAbs("output"),
		"PRODGATE_TRIGGER": "", "PRODGATE_REQUESTED_BY": "", "PRODGATE_TRIGGERED_BY": "",
	} {
		ts.Setenv(name, value)
	}
}

// actProgram is the variable with the path of act.
const actProgram = "PRODGATE_TEST_ACT"

// hubs holds the GitHub of a script.
type hubs struct{}

type hubsOf struct{ server *githubtest.Server }

func github(ts *testscript.TestScript) *githubtest.Server {
	s := ts.Value(hubs{}).(*hubsOf).server
	if s == nil {
		ts.Fatalf("start a GitHub first")
	}
	return s
}

func runNumber(ts *testscript.TestScript, text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	ts.Check(err)
	return id
}

func startRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: run ID ATTEMPT ACTOR TRIGGERING-ACTOR")
	}
	attempt, err := strconv.Atoi(args[1])
	ts.Check(err)
	github(ts).Start(githubtest.Run{
		ID: runNumber(ts, args[0]), Attempt: attempt, Event: "workflow_dispatch", SHA: strings.Repeat("7a", 20),
		Actor: args[2], TriggeringActor: args[3],
	})
}

func reviewRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: review ID LOGIN STATE [COMMENT]")
	}
	id := runNumber(ts, args[0])
	github(ts).Wait(id, "production")
	github(ts).Review(id, args[1], args[2], strings.Join(args[3:], "\n"), "production")
}

// deliverReview sends the event deployment_review to the server, as GitHub does when a run
// is reviewed.
func deliverReview(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: deliver SECRET RUN REVIEWER STATE")
	}
	now := time.Now().UTC().Format(time.RFC3339)
	body, err := json.Marshal(map[string]any{
		"action": args[3], "since": now, "approver": map[string]any{"id": json.Number(args[2])},
		"workflow_run":      map[string]any{"id": runNumber(ts, args[1]), "updated_at": now},
		"workflow_job_runs": []map[string]any{{"environment": "production"}},
		"repository":        map[string]any{"id": 4711, "full_name": "acme/payments-api"},
	})
	ts.Check(err)
	mac := hmac.New(sha256.New, []byte(args[0]))
	mac.Write(body)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+ts.Getenv("SERVED")+"/v1/webhooks/github", bytes.NewReader(body))
	ts.Check(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-GitHub-Event", "deployment_review")
	request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d %s\n", answer.StatusCode, text)
	ts.Check(err)
}

func pauseRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pause ID")
	}
	github(ts).Wait(runNumber(ts, args[0]), "production")
}

func approveRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: approve ID LOGIN")
	}
	github(ts).Review(runNumber(ts, args[0]), args[1], "approved", "", "production")
}

func joinTeam(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: join TEAM LOGIN STATE")
	}
	github(ts).Join(args[0], args[1], args[2])
}

func writeCommit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || !strings.HasPrefix(demoCommit, args[0]) {
		ts.Fatalf("usage: commit HASH LOGIN, where HASH is the beginning of %s", demoCommit)
	}
	github(ts).Commit(demoCommit, args[1])
}

// deployOnGitHub begins a job with an environment, some time ago, and reports its states.
func deployOnGitHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: deploys RUN ENVIRONMENT AGO [STATE…]")
	}
	ago, err := time.ParseDuration(args[2])
	ts.Check(err)
	s := github(ts)
	set := func(clock func() time.Time) {
		s.Lock()
		defer s.Unlock()
		s.Clock = clock
	}
	set(func() time.Time { return time.Now().Add(-ago) })
	defer set(time.Now)
	if args[0] != "-" {
		s.Deploy(runNumber(ts, args[0]), args[1], args[3:]...)
		return
	}
	id := s.Create(strings.Repeat("7a", 20), args[1], nil)
	for _, state := range args[3:] {
		s.Report(id, state)
	}
}
