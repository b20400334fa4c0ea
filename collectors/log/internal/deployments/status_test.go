package deployments

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/policies"
	"github.com/prodgate/prodgate/trail"
)

// The history and the policies must use the same word for how a deployment
// stands, whatever was recorded of it in whatever order and by whomever.
func TestTheHistoryAndThePoliciesAgreeOnEachStatus(t *testing.T) {
	document := &facts.Production{History: []facts.Deployment{}}
	for length := 1; length <= 3; length++ {
		for n := range power(len(types)*2-2, length) {
			i := &item{id: fmt.Sprintf("run %d.%d", length, n), digest: "sha256:" + strings.Repeat("1", 64)}
			for at := range length {
				i.events = append(i.events, eventOf(n%(len(types)*2-2), at))
				n /= len(types)*2 - 2
			}
			document.History = append(document.History, i.fact(requestsOf(nil)))
		}
	}
	words := statusByThePolicies(t, document)
	for n, d := range document.History {
		word, known := words[fmt.Sprintf("/production/history/%d", n)]
		if known && word != d.Status {
			t.Errorf("%s is %s here and %v to the policies", told(d), d.Status, word)
		}
		if !known && d.Status != statusLive {
			t.Errorf("%s is %s here and unknown to the policies", told(d), d.Status)
		}
	}
}

func power(base, exponent int) int {
	result := 1
	for range exponent {
		result *= base
	}
	return result
}

// eventOf is the nth of all types but the adoption, each by a pipeline and by
// somebody's claim; two of three happen in the same second.
func eventOf(n, at int) event {
	e := event{Entry: trail.Entry{Seq: int64(at), RecordedAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}}
	e.ID, e.Type, e.OccurredAt = fmt.Sprint(at), types[n/2], time.Date(2026, 11, 23, 10, 0, at/2, 0, time.UTC)
	e.Service, e.Environment, e.Digest = "payments-api", "production", "sha256:"+strings.Repeat("1", 64)
	e.Writer = trail.Writer{Subject: "repo:acme/web", Assurance: []trail.Assurance{trail.AssuranceCI, trail.AssuranceClaimed}[n%2]}
	return e
}

func told(d facts.Deployment) string {
	var list []string
	for _, e := range d.Events {
		list = append(list, fmt.Sprintf("%s (%s)", e.Type, *e.Assurance))
	}
	return strings.Join(list, ", ")
}

// statusByThePolicies is how each deployment stands, by its path in the document.
func statusByThePolicies(t *testing.T, production *facts.Production) map[string]any {
	t.Helper()
	options := []func(*rego.Rego){rego.Query("data.prodgate.v1.lib.deployments.status")}
	err := fs.WalkDir(policies.FS, "prodgate/v1/lib", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".rego") || strings.HasSuffix(path, "_test.rego") {
			return err
		}
		text, err := fs.ReadFile(policies.FS, path)
		options = append(options, rego.Module(path, string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(policies.FS, "prodgate/v1/settings/data.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var settings map[string]any
	if err := yaml.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	input := plain(t, map[string]any{
		"now": "2026-11-24T12:00:00Z", "collected_at": "2026-11-24T12:00:00Z",
		"request":    map[string]any{"id": "1", "service": "payments-api", "environment": "production", "kind": "promotion"},
		"production": production,
		"sources":    map[string]any{"production": map[string]any{"status": "ok", "kind": "trail"}},
	})
	data := plain(t, map[string]any{"prodgate": map[string]any{
		"organisation": map[string]any{"services": map[string]any{"payments-api": map[string]any{}}},
		"v1":           map[string]any{"settings": settings},
	}})
	result, err := rego.New(append(options, rego.Store(inmem.NewFromObject(data)), rego.Input(input))...).Eval(context.Background())
	if err != nil || len(result) != 1 {
		t.Fatal(result, err)
	}
	return result[0].Expressions[0].Value.(map[string]any)
}

// plain is a value as JSON has it.
func plain(t *testing.T, value any) (object map[string]any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &object)
	}
	if err != nil {
		t.Fatal(err)
	}
	return object
}
