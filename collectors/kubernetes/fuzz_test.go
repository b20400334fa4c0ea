package kubernetes

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/facts"
)

// FuzzAnswers reads arbitrary answers to all requests. Whatever they are, there is an error
// or a section that the schema accepts, whose times are not later than the collection.
func FuzzAnswers(f *testing.F) {
	n := running()
	seed := func(value any) []byte {
		text, err := json.Marshal(value)
		if err != nil {
			f.Fatal(err)
		}
		return text
	}
	pods, sets, deployment := seed(object{"items": n.objects["pods"]}), seed(object{"items": n.objects["replicasets"]}), seed(n.single["payments-api"])
	f.Add(pods, sets, deployment)
	f.Add([]byte(`{"metadata":{"continue":"x"},"items":[]}`), sets, deployment)
	f.Add(bytes.ReplaceAll(pods, []byte("2026"), []byte("9026")), bytes.ReplaceAll(sets, []byte("2026"), []byte("0001")), deployment)
	f.Add([]byte(`{"items":[null,{"spec":{"containers":[{"image":"`+repository+`@`+first+`"}]}}]}`), []byte(`{"items":[{}]}`), []byte(`{}`))
	config := filepath.Join(f.TempDir(), "config")
	if err := os.WriteFile(config, []byte(`{"clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}], "contexts": [{"name": "c", "context": {"cluster": "c"}}], "current-context": "c"}`), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pods, sets, deployment []byte) {
		answer := func(r *http.Request) (*http.Response, error) {
			body := deployment
			switch {
			case strings.HasSuffix(r.URL.Path, "/pods"):
				body = pods
			case strings.HasSuffix(r.URL.Path, "/replicasets"):
				body = sets
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
		}
		c := Collector{
			Section: "staging", Settings: Settings{Kubeconfig: config, Namespace: "staging"}, Getenv: func(string) string { return "" },
			Now: func() time.Time { return noon }, Carrier: func(http.RoundTripper) http.RoundTripper { return answers(answer) },
		}
		section, err := c.Collect(t.Context(), request)
		if err != nil {
			return
		}
		c.Section = "production"
		if found, err := c.Collect(t.Context(), request); err == nil {
			for _, v := range found.(facts.Observed).Section.(*facts.Production).Running {
				if !strings.HasPrefix(v.Digest, "sha256:") || strings.TrimSpace(v.Workload) == "" || v.Since.IsZero() || v.Since.After(noon) || v.RestartedAt != nil && v.RestartedAt.After(noon) {
					t.Errorf("%+v", v)
				}
			}
		}
		for _, stay := range section.(facts.Observed).Section.(*facts.Staging).Stays() {
			if !strings.HasPrefix(stay.Digest, "sha256:") || stay.DeployedAt.After(noon) || stay.EndedAt != nil && stay.EndedAt.After(noon) || stay.RestartedAt != nil && stay.RestartedAt.After(noon) {
				t.Errorf("%+v", stay)
			}
			if stay.DeployedAt.IsZero() {
				t.Errorf("a stay since ever: %+v", stay)
			}
			if v := stay.Verification; v != nil && (v.Result == "" || v.Result == "PASSED") {
				t.Errorf("%+v", v)
			}
		}
	})
}

type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }
