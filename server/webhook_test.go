package server

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prodgate/prodgate/trail"
)

const hookSecret = "a secret of the webhook, at random"

// delivery is a deployment_review as GitHub sends it, without what is not read.
func delivery(t testing.TB, change func(map[string]any)) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/deployment_review.json")
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(d)
	}
	text, err = json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func signature(body []byte) string {
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// hooked is a server with a webhook.
func hooked(t *testing.T) *place {
	t.Helper()
	p := start(t)
	p.server.config.Webhooks = []WebhookConfig{{
		Name: "github", Issuer: "github", Repository: "acme/payments-api", RepositoryID: "4711", secret: []byte(hookSecret), address: "https://github.com",
	}}
	return p
}

func (p *place) deliver(body []byte, header map[string]string) *httptest.ResponseRecorder {
	r, request := httptest.NewRecorder(), httptest.NewRequestWithContext(p.t.Context(), http.MethodPost, "/v1/webhooks/github", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-GitHub-Event", "deployment_review")
	request.Header.Set("X-Hub-Signature-256", signature(body))
	for name, value := range header {
		request.Header.Set(name, value)
	}
	p.server.ServeHTTP(r, request)
	return r
}

// reviews are the entries of reviews in the trail.
func (p *place) reviews() (list []trail.Event) {
	p.t.Helper()
	for e, err := range p.local.Entries(p.t.Context(), trail.Filter{}) {
		if err != nil {
			p.t.Fatal(err)
		}
		if e.Type == trail.TypeReviewGiven {
			list = append(list, e.Event)
		}
	}
	return list
}

func TestAReviewIsRecordedWhenItIsGiven(t *testing.T) {
	p := hooked(t)
	body := delivery(t, nil)
	for range 2 { // GitHub can send a delivery again
		if r := p.deliver(body, nil); r.Code != http.StatusOK || strings.TrimSpace(r.Body.String()) != `{"recorded":true}` {
			t.Fatal(r.Code, r.Body)
		}
	}
	list := p.reviews()
	if len(list) != 1 {
		t.Fatalf("%d entries", len(list))
	}
	e := list[0]
	if id, err := uuid.Parse(e.ID); err != nil || id.Version() != 7 {
		t.Errorf("id %s: %v", e.ID, err)
	}
	want := trail.Event{
		ID: e.ID, Type: trail.TypeReviewGiven, OccurredAt: time.Date(2026, 11, 24, 16, 2, 11, 0, time.UTC),
		Deployment: "acme/payments-api/runs/77", Run: "https://github.com/acme/payments-api/actions/runs/77",
		Writer: trail.Writer{Subject: "webhook:github", Issuer: "https://github.com", Assurance: trail.AssuranceWebhook},
		Data:   json.RawMessage(`{"decision":"approved","environments":["production"],"reviewed_at":"2026-11-24T16:02:11Z","reviewer":"github:2"}`),
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}

	// Another review is another entry.
	later := delivery(t, func(d map[string]any) { d["since"] = "2026-11-24T16:03:00Z" })
	if r := p.deliver(later, nil); r.Code != http.StatusOK || len(p.reviews()) != 2 {
		t.Error(r.Code, r.Body)
	}
}

func TestADeliveryThatIsNoReviewIsNotRecorded(t *testing.T) {
	set := func(key string, value any) func(map[string]any) { return func(d map[string]any) { d[key] = value } }
	in := func(object, key string, value any) func(map[string]any) {
		return func(d map[string]any) { d[object].(map[string]any)[key] = value }
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		header map[string]string
		status int
		want   string
	}{
		"a ping":                 {nil, map[string]string{"X-GitHub-Event": "ping"}, 200, `{"recorded":false,"why":"the event \"ping\" is not used`},
		"nobody reviewed yet":    {set("action", "requested"), nil, 200, "nobody has reviewed yet"},
		"no signature":           {nil, map[string]string{"X-Hub-Signature-256": ""}, 401, "not the signature of this body by the secret of the webhook github"},
		"SHA-1":                  {nil, map[string]string{"X-Hub-Signature-256": "sha1=" + strings.Repeat("0", 40)}, 401, "not the signature"},
		"a signature of nothing": {nil, map[string]string{"X-Hub-Signature-256": signature(nil)}, 401, "not the signature"},
		"the digits alone":       {nil, map[string]string{"X-Hub-Signature-256": strings.TrimPrefix(signature(delivery(t, nil)), "sha256=")}, 401, "not the signature"},
		"a form":                 {nil, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415, "set the webhook's content type to application/json"},
		"another action":         {set("action", "Approved"), nil, 422, `the action is \"Approved\"`},
		"another repository":     {in("repository", "full_name", "acme/search"), nil, 422, `of the repository \"acme/search\" (4711)`},
		"a name that moved":      {in("repository", "id", 4712), nil, 422, "(4712), and the webhook github is for acme/payments-api (4711)"},
		"nobody":                 {set("approver", nil), nil, 422, "does not say who reviewed"},
		"no run":                 {in("workflow_run", "id", 0), nil, 422, "does not say what was reviewed"},
		"no environment":         {func(d map[string]any) { delete(d, "workflow_job_run"); d["workflow_job_runs"] = []any{} }, nil, 422, "no run or no environment"},
		"no time":                {func(d map[string]any) { delete(d, "since") }, nil, 422, "does not say when"},
		"no time of the run":     {func(d map[string]any) { delete(d["workflow_run"].(map[string]any), "updated_at") }, nil, 422, "does not say when"},
		"a review of the future": {set("since", "2126-11-24T16:03:00Z"), nil, 422, "later than now"},
		"text where a number is": {in("approver", "id", "2"), nil, 422, "not a deployment_review"},
	} {
		t.Run(name, func(t *testing.T) {
			p := hooked(t)
			r := p.deliver(delivery(t, c.change), c.header)
			if r.Code != c.status || !strings.Contains(r.Body.String(), c.want) {
				t.Errorf("%d %s; want %d %q", r.Code, r.Body, c.status, c.want)
			}
			if list := p.reviews(); len(list) != 0 {
				t.Errorf("%+v", list)
			}
		})
	}
	p := hooked(t)
	if r := p.ask(http.MethodPost, "/v1/webhooks/gitlab", "", delivery(t, nil)); r.Code != http.StatusNotFound {
		t.Error(r.Code, r.Body)
	}
	large := append(delivery(t, nil), bytes.Repeat([]byte(" "), maxQuery)...)
	if r := p.deliver(large, nil); r.Code != http.StatusRequestEntityTooLarge {
		t.Error(r.Code, r.Body)
	}
	ping := map[string]string{"X-GitHub-Event": "ping"}
	r := p.deliver(delivery(t, nil), ping)
	for n := 0; r.Code == http.StatusOK && n < 3*p.server.config.RequestsPerMinute; n++ {
		r = p.deliver(delivery(t, nil), ping)
	}
	if r.Code != http.StatusTooManyRequests || r.Header().Get("Retry-After") == "" {
		t.Error(r.Code, r.Body)
	}
}

// Of the two times the later one counts, and never the time of the delivery.
func TestTheTimeOfAReview(t *testing.T) {
	hook := hooked(t).server.config.Webhooks[0]
	for _, times := range [][3]string{
		{"2026-11-24T15:58:00Z", "2026-11-24T16:02:11.9Z", "2026-11-24T16:02:11Z"},
		{"2026-11-24T16:02:11Z", "2026-11-24T15:58:00Z", "2026-11-24T16:02:11Z"},
	} {
		r, err := readReview(delivery(t, func(d map[string]any) {
			d["since"] = times[0]
			d["workflow_run"].(map[string]any)["updated_at"] = times[1]
		}))
		if err != nil {
			t.Fatal(err)
		}
		for _, now := range []time.Time{time.Date(2026, 11, 24, 16, 2, 12, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)} {
			if e, err := hook.entry(r, now); err != nil || e.OccurredAt.Format(time.RFC3339) != times[2] {
				t.Errorf("%v, %v; want %s", e.OccurredAt, err, times[2])
			}
		}
	}
}

func TestWebhooksAreChecked(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"secret": hookSecret + "\n", "short": "hunter2\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := WebhookConfig{Name: "github", Issuer: "gh", SecretFile: filepath.Join(dir, "secret"), Repository: "Acme/payments-api", RepositoryID: "4711"}
	for want, change := range map[string]func(*WebhookConfig){
		"":                                  func(*WebhookConfig) {},
		"must be there, be unique":          func(w *WebhookConfig) { w.Name = "Git Hub" },
		"must be one of issuers":            func(w *WebhookConfig) { w.Issuer = "other" },
		"of kind github":                    func(w *WebhookConfig) { w.Issuer = "gl" },
		"must be OWNER/NAME":                func(w *WebhookConfig) { w.Repository = "payments-api" },
		"its name can be taken over":        func(w *WebhookConfig) { w.RepositoryID = "" },
		"secret_file is missing":            func(w *WebhookConfig) { w.SecretFile = "" },
		"no such file":                      func(w *WebhookConfig) { w.SecretFile = filepath.Join(dir, "none") },
		"has 7 characters; a secret has at": func(w *WebhookConfig) { w.SecretFile = filepath.Join(dir, "short") },
	} {
		w := good
		change(&w)
		c := &Config{Issuers: []IssuerConfig{{Name: "gh", Kind: "github"}, {Name: "gl", Kind: "gitlab"}}, Webhooks: []WebhookConfig{w}}
		err := c.checkWebhooks()
		if got := fmt.Sprint(err); (err == nil) != (want == "") || err != nil && !strings.Contains(got, want) {
			t.Errorf("%v; want %q", err, want)
		}
		if err == nil && (c.Webhooks[0].Repository != "acme/payments-api" || string(c.Webhooks[0].secret) != hookSecret || c.Webhooks[0].address != "https://github.com") {
			t.Errorf("%+v", c.Webhooks[0])
		}
	}
}

func FuzzReview(f *testing.F) {
	f.Add(delivery(f, nil))
	f.Add([]byte(`{"action":"approved","workflow_job_runs":[{"environment":"` + strings.Repeat("x", 999) + `"}]}`))
	f.Add([]byte(`{"since":"0001-01-01T00:00:00Z","repository":null}`))
	hook := WebhookConfig{Name: "github", Repository: "acme/payments-api", RepositoryID: "4711", address: "https://github.com"}
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := readReview(body)
		if err != nil {
			return
		}
		e, err := hook.entry(r, now)
		if err != nil {
			return
		}
		again, err := hook.entry(r, now.AddDate(1, 0, 0))
		if err != nil || again.ID != e.ID || e.OccurredAt.After(now.Add(clockTolerance)) || e.Deployment == "" {
			t.Errorf("%+v, %+v, %v", e, again, err)
		}
	})
}
