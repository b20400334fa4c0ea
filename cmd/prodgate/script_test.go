package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/invented"
	"github.com/prodgate/prodgate/internal/race"
	"github.com/rogpeppe/go-internal/testscript"
	"gopkg.in/yaml.v3"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // compiled policies are large and live long
	testscript.Main(m, map[string]func(){"prodgate": main})
}

// TestScripts runs testdata/script/*.txtar against the built command. In addition to
// testscript's own commands they have:
//
//	prodgate ARG…             run prodgate in the process of the test
//	exits CODE prodgate ARG…  the same, and it must end with exactly CODE
//	exits CODE exec PROGRAM ARG…  run a program that must end with exactly CODE
//	registry                  start a registry; $REGISTRY is its host
//	push REPOSITORY:TAG TEXT  push a small image there; $DIGEST is its digest
//	pushdb REPOSITORY:TAG TIME  push a database of advisories as of that time
//	pushalpine REPOSITORY:TAG PACKAGE=VERSION…  push an image with those packages
//	attach REPOSITORY FILE    attach an SBOM to the last image pushed
//	attachbundle REPOSITORY FILE [TYPE]  attach a bundle to the last image pushed, as a referrer
//	keyless ROOT BUNDLE TYPE IDENTITY ISSUER [PREDICATE]  write a keyless bundle about that image, and its trusted root
//	savelayout DIR            write the last two images pushed into an OCI layout
//	attachenvelope REPOSITORY FILE TYPE  write the envelope of a bundle under its tag .att
//	pushindex REPOSITORY:TAG  push an index of the last image pushed; $INDEX is its digest
//	approvenow FILE           date the approvals in a file now
//	refusewrites              $REGISTRY refuses every write from now on
//	unsign BUNDLE FILE        write a bundle without its signatures
//	setkey VARIABLE FILE      set a variable to the content of a file
//	advisories DIR            create an advisory database for now
//	evidence DIR [at TIME]    good evidence about the last image pushed, for now
//	organisation PACK…        list payments-api and its repository in those packs
//	predicates DIR            write build, staging and approval of that evidence as predicates
//	trust PACK SECTION=FILE…  count only facts of those sections that the key in FILE signed
//	steps TRAIL               record the steps of that evidence in the trail, and configure that trail
//	invent TRAIL              invent half a year of production in that trail
//	alter TRAIL               change an allow in its database to a denial
//	sql TRAIL STATEMENT       change a trail's database with a SQL statement
//	lock TRAIL, unlock        hold a write transaction on a trail
//	zonefile FILE HOURS       write a zone file with that constant offset east of UTC
//	ci FILE                   start an issuer of job tokens, choose $SERVED for a trail's server
//	awaitserver               wait until the server at $SERVED answers
//	github                    start a GitHub; $GITHUB_API is its API, with run 77 of acme/payments-api
//	run ID ATTEMPT ACTOR TRIGGERING-ACTOR  start a run there, or its next attempt
//	review ID LOGIN STATE [COMMENT]  let the run wait for production, and record a review
//	pause ID                  let the run wait for production
//	approve ID LOGIN          record that the run is approved that waits for production
//	commit HASH LOGIN         name the author of the commit of the evidence, by the start of its hash
//	join TEAM LOGIN STATE     change a membership there
//	gitlab                    start a GitLab; $GITLAB_API is its API, with pipeline 77 of acme/payments-api and its job
//	pipeline ID USER          start a pipeline there
//	job PIPELINE NAME USER [ENVIRONMENT]  start a job there, and set its variables
//	decide USER STATUS [COMMENT]  decide about the deployment of the last job
//	idtokens FILE             as ci, for the jobs of GitLab that follow
//	mergerequest USER         name the author of the merge request of the commit of the evidence
//	entra                     start an Entra ID at $ENTRA, which trusts the tokens of this job
//	directory CHANGE ID…      change it: user, disable, enable, mfa, no-mfa, group, role, permissions
//	hang                      start a server that never answers; $HANG is its host
//
// $REPOSITORY is the folder of the source, $CASES of the stories, $ORGANISATION their policy pack, $KEYS of recorded keys, $DIGEST and $OTHER are two digests. With
// [postgres], $POSTGRES is the location of a trail in PostgreSQL. With [act], $ACT is act,
// which runs workflows of GitHub. With [gitlab-ci-local], $GITLAB_CI_LOCAL is the folder
// with the programs node and gitlab-ci-local.
//
// With the race detector, where compiling the policies is several times slower, the
// short tests run only the scripts about parallel code.
func TestScripts(t *testing.T) {
	// Absolute, because commands inside change the working folder.
	dir, err := filepath.Abs("testdata/script")
	if err != nil {
		t.Fatal(err)
	}
	cases, files := filepath.Join(dir, "../../../../fixtures/cases"), []string(nil)
	if race.Enabled && testing.Short() {
		for _, name := range []string{"audit_gate", "db", "eval_image", "interrupt", "replay", "scan"} {
			files = append(files, filepath.Join(dir, name+".txtar"))
		}
		dir = ""
	}
	t.Cleanup(pool.close)
	testscript.Run(t, testscript.Params{
		Dir: dir, Files: files,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Values[held{}] = &holding{}
			env.Values[hubs{}] = &hubsOf{}
			env.Values[labs{}] = &labOf{}
			env.Values[tenants{}] = &tenantOf{}
			env.Setenv("CASES", cases)
			env.Setenv("REPOSITORY", filepath.Join(cases, "../.."))
			env.Setenv("GITLAB_CI_LOCAL", os.Getenv(gitlabCILocal))
			env.Setenv("ORGANISATION", filepath.Join(filepath.Dir(cases), "organisation"))
			env.Setenv("KEYS", filepath.Join(cases, "../../signing/testdata"))
			env.Setenv("DIGEST", "sha256:"+strings.Repeat("0", 64))
			env.Setenv("OTHER", "sha256:"+strings.Repeat("1", 64))
			env.Setenv("ACT", os.Getenv(actProgram))
			if server := os.Getenv(postgresServer); server != "" {
				return placeInPostgres(env, server)
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "postgres":
				return os.Getenv(postgresServer) != "", nil
			case "act":
				return os.Getenv(actProgram) != "", nil
			case "gitlab-ci-local":
				return os.Getenv(gitlabCILocal) != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "prodgate": prodgateInside, "registry": serve, "push": push, "pushdb": pushDatabase, "evidence": writeEvidence, "hang": hang, "invent": invent, "steps": recordSteps, "alter": alter, "organisation": listService,
			"zonefile": writeZoneFile, "advisories": writeAdvisories, "predicates": writePredicates, "trust": trustKeys, "pushalpine": pushAlpine, "attach": attach,
			"attachbundle": attachBundleFile, "attachenvelope": attachEnvelope, "keyless": signKeyless, "savelayout": saveLayout, "pushindex": pushIndex, "refusewrites": refuseWrites, "approvenow": approveNow, "unsign": unsign, "setkey": setKey,
			"ci": startCI, "awaitserver": awaitServer, "sql": alterBySQL, "lock": lockTrail, "unlock": unlockTrail,
			"github": startGitHub, "run": startRun, "pause": pauseRun, "approve": approveRun, "review": reviewRun, "deliver": deliverReview, "join": joinTeam, "commit": writeCommit, "deploys": deployOnGitHub,
			"gitlab": startGitLab, "pipeline": startPipeline, "job": startJob, "decide": decideDeployment, "mergerequest": writeGitLabCommit, "idtokens": startGitLabTokens,
			"cluster": serveCluster, "entra": startEntra, "directory": changeEntra,
		},
	})
}

// writeZoneFile writes a zone of one offset (RFC 8536).
func writeZoneFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: zonefile FILE HOURS")
	}
	hours, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := append([]byte("TZif"), make([]byte, 40)...)
	data[39], data[43] = 1, 2 // one offset, two bytes of names
	data = binary.BigEndian.AppendUint32(data, uint32(hours*60*60))
	data = append(data, 0, 0, 'X', 0)
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o755))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 && !slices.Contains(args, "prodgate") {
		ts.Fatalf("usage: exits CODE prodgate ARG… | exits CODE exec PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	switch args[1] {
	case "prodgate":
		got = runInside(ts, args[2:])
	case "exec":
		err := ts.Exec(args[2], args[3:]...)
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			got = exit.ExitCode()
		} else {
			ts.Check(err)
		}
	default:
		ts.Fatalf("exits %s: %s is neither prodgate nor exec", args[0], args[1])
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

func serve(ts *testscript.TestScript, _ bool, _ []string) {
	host, err := pool.next()
	ts.Check(err)
	ts.Setenv("REGISTRY", host)
}

func hang(ts *testscript.TestScript, _ bool, _ []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Setenv("HANG", strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1))
}

func invent(ts *testscript.TestScript, _ bool, args []string) {
	gate, err := compiled.get(context.Background(), evaluator.Options{Packs: []string{ts.Getenv("ORGANISATION")}})
	ts.Check(err)
	judge := &invented.Judge{Gate: gate}
	ts.Check(judge.Stories(ts.Getenv("CASES")))
	past := invented.Past{
		// The scripts need an allow with a HIGH vulnerability; new stories change which are chosen.
		Seed: 8, From: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Weeks: 24, Deployments: 60,
		Service: "payments-api", Environment: "production", Judge: judge,
	}
	_, err = past.Record(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
}

// listService adds payments-api, whose images are in the repository of that name of
// each script's registry, to the settings of packs.
func listService(ts *testscript.TestScript, _ bool, packs []string) {
	hosts, err := pool.open()
	ts.Check(err)
	var repositories []string
	for _, host := range hosts {
		repositories = append(repositories, host+"/payments-api")
	}
	if host := ts.Getenv("REGISTRY"); !slices.Contains(hosts, host) {
		repositories = append(repositories, host+"/payments-api")
	}
	service := map[string]any{"repositories": repositories}
	for _, pack := range packs {
		name, whole := ts.MkAbs(pack+"/data.yaml"), map[string]any{}
		settings := whole
		if exists(name) {
			ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(name)), &whole))
			settings = whole["prodgate"].(map[string]any)["organisation"].(map[string]any)
		} else {
			name = ts.MkAbs(pack + "/prodgate/organisation/data.yaml")
			ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(name)), &whole))
		}
		settings["services"] = map[string]any{"payments-api": service}
		text, err := yaml.Marshal(whole)
		ts.Check(err)
		ts.Check(os.WriteFile(name, text, 0o600))
	}
}

func alter(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(`UPDATE entries SET body = replace(body, '"outcome":"allow"', '"outcome":"deny"') WHERE seq = (SELECT max(seq) FROM entries WHERE body LIKE '%"outcome":"allow"%')`)
	ts.Check(err)
}

func push(ts *testscript.TestScript, _ bool, args []string) {
	r := &embeddedRegistry{host: ts.Getenv("REGISTRY")}
	digest, err := r.push(context.Background(), r.host+"/"+args[0], args[1])
	ts.Check(err)
	ts.Setenv("TARGET", ts.Getenv("DIGEST"))
	ts.Setenv("DIGEST", digest)
}

func writeEvidence(ts *testscript.TestScript, _ bool, args []string) {
	now := time.Now()
	if len(args) == 3 {
		var err error
		now, err = time.Parse(time.RFC3339, args[2])
		ts.Check(err)
	}
	e := goodEvidence(ts.Getenv("REGISTRY")+"/payments-api", ts.Getenv("DIGEST"), ts.Getenv("TARGET"), now)
	ts.Check(e.write(ts.MkAbs(args[0])))
	listService(ts, false, []string{args[0] + "/organisation"})
	for name, text := range map[string]string{
		"TRIGGER": "workflow_dispatch", "REQUESTED_BY": "github:583231", "TRIGGERED_BY": "github:583231", "REQUESTED_AT": e.RequestedAt,
	} {
		ts.Setenv("PRODGATE_"+name, text)
	}
}
