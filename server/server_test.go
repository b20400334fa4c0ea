package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/oidctest"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/trail"
)

const digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

const secret = "an-auditor's-random-secret"

// place is a server with its trail and its issuer.
type place struct {
	t       testing.TB
	file    string // of the trail
	local   *trail.Log
	issuer  *oidctest.Issuer
	server  *Server
	address string
	key     string // the trail's public key
	logged  *strings.Builder
	handler http.Handler // in front of the server; nil: none
}

// start starts a server with a trail and an issuer of GitHub's kind.
func start(t testing.TB) *place {
	t.Helper()
	return startAt(t, filepath.Join(t.TempDir(), "T.db"), "")
}

// startAt is start with a trail at a location.
func startAt(t testing.TB, location, key string) *place {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	issuer, err := oidctest.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { issuer.Close() })
	p := &place{t: t, issuer: issuer, file: location, logged: &strings.Builder{}}
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.handler != nil {
			p.handler.ServeHTTP(w, r)
			return
		}
		p.server.ServeHTTP(w, r)
	}))
	t.Cleanup(listening.Close)
	p.address = listening.URL
	if p.local, err = trail.Open(t.Context(), p.file, trail.Options{Key: key}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.local.Close() })
	if p.key, err = p.local.PublicKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig(strict.Of("server.yaml", []byte(configuration(p.address, issuer.URL))), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p.server = New(c, p.local, slog.New(slog.NewTextHandler(p.logged, nil)), nil)
	return p
}

// configuration lists one writer, which may read, and an auditor.
func configuration(address, issuer string) string {
	return strings.NewReplacer("ADDRESS", address, "ISSUER", issuer, "SUM", hash(secret)).Replace(`
version: 1
listen: 127.0.0.1:0
audience: ADDRESS
trail: T.db
issuers:
  - {name: github, kind: github, url: ISSUER, address: "https://github.com"}
writers:
  - name: payments
    who: {issuer: github, repository: Acme/payments-api, repository_id: "4711", refs: [refs/heads/main]}
    may: {services: [payments-api], environments: [staging, production], types: [gate.*, staging.*, deploy.*, policy.changed, approval.*, emergency.*, entry.dismissed, freeze.*]}
readers:
  - name: payments
    who: {issuer: github, repository: acme/payments-api, repository_id: "4711", refs: [refs/heads/main]}
tokens:
  - {name: auditor, sha256: SUM}
`)
}

// token returns a token of the listed job, with changes of its claims.
func (p *place) token(changes map[string]any) string {
	p.t.Helper()
	text, err := p.issuer.Sign(p.issuer.GitHub(p.address, time.Now(), changes))
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// options are those of a client with a token.
func (p *place) options(token string) trail.Options {
	return trail.Options{Key: p.key, Token: func(context.Context) (string, error) { return token, nil }}
}

// client opens the trail over HTTP.
func (p *place) client() *trail.Log {
	p.t.Helper()
	l, err := trail.Open(p.t.Context(), p.address, p.options(p.token(nil)))
	if err != nil {
		p.t.Fatal(err)
	}
	return l
}

// staged is a step of the listed writer.
func staged(change ...func(*trail.Event)) trail.Event {
	e := trail.Event{
		ID: trail.NewID(), Type: trail.TypeStagingDeployed, OccurredAt: time.Now(), Service: "payments-api", Environment: "staging",
		Artifact: "registry.example.com/acme/payments-api", Digest: digest, Deployment: "d-1",
		Writer: trail.Writer{Subject: "user:jane", Assurance: trail.AssuranceUser},
		Data:   json.RawMessage(`{"version":"1.2.3","approvers":[],"reason":null}`),
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func decision() trail.Event { return decisionOf("acme/payments-api/runs/77") }

// decisionOf is an allow for a deployment.
func decisionOf(deployment string) trail.Event {
	return staged(func(e *trail.Event) {
		e.Deployment = deployment
		e.Type, e.Environment, e.Mode, e.Now = trail.TypeGateEvaluated, "production", "enforce", time.Now()
		e.Data = json.RawMessage(`{"exit_code":0,"input_digest":"` + digest + `","kind":"promotion","outcome":"allow","policy":{"digest":"` + digest + `"}}`)
		e.Blobs = map[string]trail.Blob{
			trail.BlobInput:  {MediaType: "application/json", Content: []byte(`{"a":1}`)},
			trail.BlobPolicy: {MediaType: "application/gzip", Content: []byte{0, 1, 2}},
		}
	})
}

func TestAClientAppendsAndReadsWhatTheServerKeeps(t *testing.T) { appendAndRead(t, start(t)) }

func appendAndRead(t *testing.T, p *place) {
	l, ctx := p.client(), t.Context()
	first, evaluated := staged(), decision()
	receipts, err := l.Append(ctx, first, evaluated)
	if err != nil || len(receipts) != 2 {
		t.Fatal(receipts, err)
	}
	again, err := l.Append(ctx, first, evaluated)
	if err != nil || again[1].Seq != receipts[1].Seq || again[1].Checkpoint != receipts[1].Checkpoint {
		t.Errorf("a retry returned %+v, %v; want the first receipt", again, err)
	}
	changed := first
	changed.Digest = strings.Replace(digest, ":a", ":b", 1)
	if _, err := l.Append(ctx, changed); !errors.Is(err, trail.ErrConflict) {
		t.Errorf("an id with another content: %v; want ErrConflict", err)
	}
	e, err := l.Entry(ctx, evaluated.ID)
	if err != nil || e.Writer != (trail.Writer{Subject: "repo:acme/payments-api", Issuer: p.issuer.URL, Assurance: trail.AssuranceOIDC}) {
		t.Errorf("writer %+v, %v; want what the token proves", e.Writer, err)
	}
	if e.Run != "https://github.com/acme/payments-api/actions/runs/77/attempts/1" {
		t.Errorf("run %q; want the token's", e.Run)
	}
	if b, err := l.Blob(ctx, e.Refs[trail.BlobInput]); err != nil || string(b) != `{"a":1}` {
		t.Errorf("blob %q, %v", b, err)
	}
	if r, err := l.Receipt(ctx, 1); err != nil || r.LeafHash != receipts[1].LeafHash {
		t.Errorf("receipt %+v, %v", r, err)
	}
	if _, err := l.Receipt(ctx, 9); !errors.Is(err, trail.ErrNotFound) {
		t.Errorf("a receipt of no entry: %v", err)
	}
	if _, err := l.Entry(ctx, trail.NewID()); !errors.Is(err, trail.ErrNotFound) {
		t.Errorf("no entry: %v", err)
	}
	count := 0
	for _, err := range l.Entries(ctx, trail.Filter{Service: "payments-api", NewestFirst: true}) {
		if count++; err != nil {
			t.Fatal(err)
		}
	}
	if count != 2 {
		t.Errorf("%d entries; want 2", count)
	}
	reading, err := l.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range reading.Entries(ctx) {
		if err != nil {
			t.Error(err)
		}
	}
	if strings.Contains(p.logged.String(), "eyJ") {
		t.Error("the log holds a token")
	}
}

func TestAViewOverHTTPIsCompleteAsOfItsBeginning(t *testing.T) { viewComplete(t, start(t)) }

func viewComplete(t *testing.T, p *place) {
	l, ctx := p.client(), t.Context()
	for range 5 {
		if _, err := l.Append(ctx, staged()); err != nil {
			t.Fatal(err)
		}
	}
	v, err := l.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if _, err := l.Append(ctx, staged()); err != nil {
		t.Fatal(err)
	}
	keys := []trail.Key{trail.ByServiceType("payments-api", trail.TypeStagingDeployed), trail.ByDigest(digest), trail.ByDeployment("none")}
	lists, complete, err := v.All(ctx, keys, 100)
	if err != nil || !complete || len(lists[0]) != 5 || len(lists[1]) != 5 || len(lists[2]) != 0 {
		t.Errorf("%d lists, complete %v, %v; want the five entries of the view", len(lists), complete, err)
	}
	if list, complete, err := v.Entries(ctx, keys[0], 3); err != nil || complete || len(list) != 2 { // the newest three, without the sixth
		t.Errorf("%d entries, complete %v, %v; want an incomplete list", len(list), complete, err)
	}
	if first, found, err := v.First(ctx); err != nil || !found || first.Seq != 0 {
		t.Errorf("first %+v, %v, %v", first, found, err)
	}
}

func TestVerifyAndExportReadTheWholeLogOverHTTP(t *testing.T) { verifyAndExport(t, start(t)) }

func verifyAndExport(t *testing.T, p *place) {
	l, ctx := p.client(), t.Context()
	for range 6 {
		var events []trail.Event
		for range 50 {
			events = append(events, staged())
		}
		if _, err := l.Append(ctx, events...); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "tiles")
	if done, err := l.Export(ctx, dir); err != nil || done.Size != 300 {
		t.Fatal(done, err)
	}
	receipts, err := l.Append(ctx, staged())
	if err != nil {
		t.Fatal(err)
	}
	if done, err := l.Export(ctx, dir); err != nil || done.Size != 301 || done.Before != 300 {
		t.Fatal(done, err)
	}
	verify := func(location string, o trail.VerifyOptions) *trail.Report {
		o.Key, o.Token = p.key, p.options(p.token(nil)).Token
		r, err := trail.Verify(ctx, location, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := verify(dir, trail.VerifyOptions{}); r.Verdict != trail.Intact {
		t.Errorf("the export: %+v", r)
	}
	if r := verify(p.address, trail.VerifyOptions{Receipts: receipts}); r.Verdict != trail.Intact || r.Entries != 301 {
		t.Errorf("the log: %+v", r)
	}
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		p.server.ServeHTTP(recorder, r)
		body := recorder.Body.Bytes()
		if strings.HasPrefix(r.URL.Path, "/tile/entries/") {
			body = []byte(strings.Replace(string(body), "1.2.3", "1.2.4", 1))
		}
		_, _ = w.Write(body)
	})
	if r := verify(p.address, trail.VerifyOptions{}); r.Verdict != trail.Altered {
		t.Errorf("an altered entry: %+v", r)
	}
	if _, err := l.Export(ctx, filepath.Join(t.TempDir(), "other")); err == nil || !strings.Contains(err.Error(), "not what its checkpoint signs") {
		t.Errorf("an export of an altered entry: %v", err)
	}
	_, err = os.Stat(filepath.Join(dir, "checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Error("the older export lost its checkpoint")
	}
}

func TestWhoIsNotListedIsRefusedWithWhatToList(t *testing.T) {
	p := start(t)
	for name, c := range map[string]struct {
		changes map[string]any
		change  func(*trail.Event)
		want    string
	}{
		"another repository":              {changes: map[string]any{"repository": "evil/payments-api"}, want: "repo:evil/payments-api of github (id 4711, ref refs/heads/main) is not listed: add it to writers"},
		"a repository that took the name": {changes: map[string]any{"repository_id": "9"}, want: "is not listed"},
		"another branch":                  {changes: map[string]any{"ref": "refs/heads/feature"}, want: "is not listed"},
		"another service":                 {change: func(e *trail.Event) { e.Service = "billing" }, want: `may not write staging.deployed of service "billing" in "staging": see may of writer payments`},
		"every service": {change: func(e *trail.Event) {
			e.Service, e.Type, e.Data = "", trail.TypeFreezeDeclared, json.RawMessage(`{"reason":"x"}`)
		}, want: `may not write freeze.declared of service ""`},
		"another type":        {change: func(e *trail.Event) { e.Type = trail.TypeRollbackLive }, want: "may not write rollback.live"},
		"another environment": {change: func(e *trail.Event) { e.Environment = "lab" }, want: `in "lab"`},
		"another run":         {change: func(e *trail.Event) { e.Run = "https://github.com/acme/payments-api/actions/runs/78/attempts/1" }, want: "is not the one of the token"},
	} {
		t.Run(name, func(t *testing.T) {
			e := staged()
			if c.change != nil {
				c.change(&e)
			}
			l, err := trail.Open(t.Context(), p.address, p.options(p.token(c.changes)))
			if err == nil {
				_, err = l.Append(t.Context(), e)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
	if size, err := p.local.Size(t.Context()); err != nil || size != 0 {
		t.Errorf("%d entries, %v; want none", size, err)
	}
}

func TestARequestIsOfTheRunAndThePersonOfTheToken(t *testing.T) {
	p := start(t)
	l := p.client()
	requested := func(request, deployment, by string, attempt int) trail.Event {
		return staged(func(e *trail.Event) {
			e.Type, e.Environment, e.Request, e.Deployment = trail.TypeGateRequested, "production", request, deployment
			e.Data = json.RawMessage(fmt.Sprintf(`{"kind":"promotion","emergency":false,"ticket":null,"trigger":"workflow_dispatch","requested_by":%q,"triggered_by":%q,"attempt":%d}`, by, by, attempt))
		})
	}
	const run = "acme/payments-api/runs/77"
	for name, c := range map[string]struct {
		event trail.Event
		want  string
	}{
		"its own":                                 {event: requested(run+"/attempts/1", run, "github:583231", 1)},
		"an id of its own":                        {event: requested("r-1", run, "github:583231", 1)},
		"no deployment":                           {requested(run+"/attempts/1", "", "github:583231", 1), "deployment \"\" must be " + run},
		"a deployment of its own":                 {requested("r-1", "d-1", "github:583231", 1), "deployment \"d-1\" must be " + run + ", the run of the token: set PRODGATE_DEPLOYMENT to it"},
		"its deployment in another case":          {requested(run+"/attempts/1", "Acme/payments-api/runs/77", "github:583231", 1), "deployment"},
		"its attempt as deployment":               {requested(run+"/attempts/1", run+"/attempts/1", "github:583231", 1), "deployment"},
		"its request in another case":             {requested("Acme/payments-api/runs/77/attempts/1", run, "github:583231", 1), "request"},
		"a decision without deployment":           {decisionOf(""), "must be " + run},
		"a decision on another deployment":        {decisionOf("d-1"), "must be " + run},
		"another run's request":                   {requested("acme/payments-api/runs/78/attempts/1", run, "github:583231", 1), "request"},
		"another attempt":                         {requested(run+"/attempts/2", run, "github:583231", 1), "request"},
		"another deployment":                      {requested(run+"/attempts/1", "Acme/payments-api/runs/78", "github:583231", 1), "deployment"},
		"another number":                          {requested("r-1", run, "github:583231", 2), "attempt 2"},
		"a re-run, whose person is known by name": {event: requested("r-1", run, "github:1", 1)},
		"another person":                          {requested("r-1", run, "github:1", 1), "the run was started by github:583231"},
	} {
		if name == "a re-run, whose person is known by name" {
			c.event.Data = json.RawMessage(strings.Replace(string(c.event.Data), `"triggered_by":"github:1"`, `"triggered_by":"github-login:alice"`, 1))
		}
		_, err := l.Append(t.Context(), c.event)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

// GitLab's token says who started the pipeline, too.
func TestARequestInGitLabIsOfThePersonOfTheTokenAndOfItsPipeline(t *testing.T) {
	p := start(t)
	text := strings.Replace(configuration(p.address, p.issuer.URL), "kind: github", "kind: gitlab", 1)
	c, err := parseConfig(strict.Of("server.yaml", []byte(text)), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p.server = New(c, p.local, slog.New(slog.DiscardHandler), nil)
	requested := func(request, deployment, by, started string) trail.Event {
		return staged(func(e *trail.Event) {
			e.Type, e.Environment, e.Request, e.Deployment = trail.TypeGateRequested, "production", request, deployment
			e.Data = json.RawMessage(fmt.Sprintf(`{"kind":"promotion","emergency":false,"ticket":null,"trigger":"web","requested_by":%q,"triggered_by":%q,"attempt":2}`, by, started))
		})
	}
	const run, pipeline, other = "acme/payments-api/runs/77", "acme/payments-api/pipelines/88", "acme/payments-api/pipelines/87"
	for name, c := range map[string]struct {
		claims map[string]any
		event  trail.Event
		want   string
	}{
		"who started it":            {event: requested(pipeline+"/jobs/99", pipeline, "gitlab:7", "gitlab:583231")},
		"who asked for it":          {event: requested("r-1", pipeline, "gitlab:583231", "gitlab:7")},
		"another person":            {nil, requested("r-1", pipeline, "gitlab:7", "gitlab:7"), "the run was started by gitlab:583231, who is neither requested_by nor triggered_by: set PRODGATE_TRIGGERED_BY"},
		"a token that names nobody": {map[string]any{"user_id": nil}, requested("r-1", pipeline, "gitlab:7", "gitlab:7"), "does not say who started the run"},
		"a request of another job":  {nil, requested(pipeline+"/jobs/98", pipeline, "gitlab:583231", "gitlab:583231"), "is not the one of the token, acme/payments-api/pipelines/88/jobs/99"},
		"a request of GitHub":       {nil, requested(run+"/attempts/1", pipeline, "gitlab:583231", "gitlab:583231"), "is not the one of the token"},
		"another pipeline":          {nil, requested("r-1", other, "gitlab:583231", "gitlab:583231"), "is not the one of the token, acme/payments-api/pipelines/88"},
		"another case":              {nil, requested("r-1", strings.ToUpper(pipeline), "gitlab:583231", "gitlab:583231"), "is not the one of the token"},
		"a run of GitHub":           {nil, requested("r-1", run, "gitlab:583231", "gitlab:583231"), "is not the one of the token"},
		"a name of one's own":       {nil, requested("r-1", "p-88", "gitlab:583231", "gitlab:583231"), "must be acme/payments-api/pipelines/88, the run of the token"},
		"a decision on another":     {nil, decisionOf(other), "is not the one of the token"},
	} {
		token, err := p.issuer.Sign(p.issuer.GitLab(p.address, time.Now(), c.claims))
		if err != nil {
			t.Fatal(err)
		}
		l, err := trail.Open(t.Context(), p.address, p.options(token))
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.Append(t.Context(), c.event)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

// The trail keeps the reviews that an allow rests on, without a permission to approve.
func TestAGateRecordsApprovalsOnlyWithItsAllow(t *testing.T) {
	p := start(t)
	p.server.config.Writers[0].May.Types = []string{"gate.*"}
	granted := func(change ...func(*trail.Event)) trail.Event {
		return staged(append([]func(*trail.Event){func(e *trail.Event) {
			e.Type, e.Environment, e.Deployment = trail.TypeApprovalGranted, "production", decision().Deployment
			e.Data = json.RawMessage(`{"artifact":"1.2.3","approver":"github:2","approved_at":"2026-11-30T12:00:00Z"}`)
		}}, change...)...)
	}
	data := func(old, replacement string) func(*trail.Event) {
		return func(e *trail.Event) {
			e.Data = json.RawMessage(strings.Replace(string(e.Data), old, replacement, 1))
		}
	}
	denied := decision()
	data(`"outcome":"allow"`, `"outcome":"deny"`)(&denied)
	const alone = "only together with its allow"
	for name, c := range map[string]struct {
		events []trail.Event
		want   string
	}{
		"with its allow":          {events: []trail.Event{granted(), decision()}},
		"alone":                   {[]trail.Event{granted()}, alone},
		"with a deny":             {[]trail.Event{granted(), denied}, alone},
		"of another digest":       {[]trail.Event{granted(func(e *trail.Event) { e.Digest = strings.Replace(digest, ":a", ":b", 1) }), decision()}, alone},
		"of another request":      {[]trail.Event{granted(func(e *trail.Event) { e.Request = "r-2" }), decision()}, alone},
		"of another deployment":   {[]trail.Event{granted(func(e *trail.Event) { e.Deployment = "d-2" }), decision()}, alone},
		"of another environment":  {[]trail.Event{granted(func(e *trail.Event) { e.Environment = "staging" }), decision()}, alone},
		"of another service":      {[]trail.Event{granted(func(e *trail.Event) { e.Service = "billing" }), decision()}, "may not write approval.granted"},
		"by who started the run":  {[]trail.Event{granted(data("github:2", "github:583231")), decision()}, "github:583231 started the run"},
		"by the name of that one": {[]trail.Event{granted(data("github:2", "github-login:alice")), decision()}, "github-login:alice started the run"},
		"that lifts a rejection":  {[]trail.Event{granted(data("{", `{"lifts":["github:3"],`)), decision()}, "lifts no rejection"},
		"that is a rejection":     {[]trail.Event{granted(func(e *trail.Event) { e.Type = trail.TypeApprovalRejected }), decision()}, "may not write approval.rejected"},
	} {
		_, err := p.client().Append(t.Context(), c.events...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

func TestAClaimedWriterStaysClaimed(t *testing.T) {
	p := start(t)
	e := staged(func(e *trail.Event) {
		e.Writer = trail.Writer{Subject: "user:vp", Issuer: "https://idp.example.com", Assurance: trail.AssuranceClaimed}
	})
	if _, err := p.client().Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	got, err := p.local.Entry(t.Context(), e.ID)
	if err != nil || got.Writer != (trail.Writer{Subject: "user:vp", Issuer: "repo:acme/payments-api", Assurance: trail.AssuranceClaimed}) {
		t.Errorf("%+v, %v", got.Writer, err)
	}
}

func TestNobodyEndsAnEntryOfAnotherService(t *testing.T) {
	p := start(t)
	freeze := staged(func(e *trail.Event) {
		e.Type, e.Service, e.Environment, e.Data = trail.TypeFreezeDeclared, "billing", "", json.RawMessage(`{"reason":"INC-7"}`)
		e.Artifact, e.Digest, e.Deployment = "", "", ""
	})
	if _, err := p.local.Append(t.Context(), freeze); err != nil {
		t.Fatal(err)
	}
	lift := staged(func(e *trail.Event) {
		e.Type, e.Environment, e.Data = trail.TypeFreezeLifted, "production", json.RawMessage(`{"freeze":"`+freeze.ID+`","reason":"over","by":"github:583231"}`)
		e.Artifact, e.Digest, e.Deployment = "", "", ""
	})
	if _, err := p.client().Append(t.Context(), lift); err == nil || !strings.Contains(err.Error(), `of service "billing"`) {
		t.Errorf("%v; want a refusal that names the other service", err)
	}
}

func TestReadersAndWritersAreListedApart(t *testing.T) {
	p := start(t)
	p.server.config.Readers = nil
	l := p.client() // a writer may read the checkpoint
	if _, err := l.Append(t.Context(), staged()); err != nil {
		t.Fatal(err)
	}
	for _, err := range l.Entries(t.Context(), trail.Filter{}) {
		if err == nil || !strings.Contains(err.Error(), "add it to readers") {
			t.Errorf("a writer reads: %v", err)
		}
	}
	auditor, err := trail.Open(t.Context(), p.address, p.options(secret))
	if err != nil {
		t.Fatal(err)
	}
	var seqs []int64
	for e, err := range auditor.Entries(t.Context(), trail.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, e.Seq)
	}
	if !slices.Equal(seqs, []int64{0}) {
		t.Errorf("an auditor reads %v", seqs)
	}
	if _, err := auditor.Append(t.Context(), staged()); err == nil || !strings.Contains(err.Error(), "may read, not write") {
		t.Errorf("an auditor writes: %v", err)
	}
}

func TestStatusPagesNeedNoTokenAndNameNobody(t *testing.T) {
	p := start(t)
	if _, err := p.client().Append(t.Context(), staged()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/metrics": "prodgate_trail_entries 1", "/": "there is no such page", "/v1/entries": "a token is required"} {
		r := httptest.NewRecorder()
		p.server.ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if !strings.Contains(r.Body.String(), want) || strings.Contains(r.Body.String(), "payments") {
			t.Errorf("%s: %d %s; want %q", path, r.Code, r.Body, want)
		}
	}
	p.local.Close()
	r := httptest.NewRecorder()
	p.server.ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	if r.Code != http.StatusServiceUnavailable {
		t.Errorf("/readyz without its trail: %d", r.Code)
	}
}

func TestTooManyRequestsAreRefused(t *testing.T) {
	p := start(t)
	p.server.rates = newRates(2, func() time.Time { return time.Unix(0, 0) })
	for n, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		r, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/checkpoint", nil)
		request.Header.Set("Authorization", "Bearer "+secret)
		p.server.ServeHTTP(r, request)
		if r.Code != want || want != http.StatusOK && r.Header().Get("Retry-After") != "30" {
			t.Errorf("request %d: %d, Retry-After %q; want %d", n, r.Code, r.Header().Get("Retry-After"), want)
		}
	}
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
