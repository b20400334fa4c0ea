package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveCluster serves what a real API server answered when it was recorded
// (collectors/kubernetes/testdata), and writes a kubeconfig with the context staging.
func serveCluster(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cluster RECORDING")
	}
	files, err := filepath.Glob(filepath.Join(ts.Getenv("REPOSITORY"), "collectors/kubernetes/testdata/recordings", args[0], "0*.json"))
	ts.Check(err)
	answers := map[string]string{}
	for _, file := range files {
		var x struct{ URL, Text string }
		content, err := os.ReadFile(file)
		ts.Check(err)
		ts.Check(json.Unmarshal(content, &x))
		of, err := url.Parse(x.URL)
		ts.Check(err)
		answers[of.RequestURI()] = x.Text
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, recorded := answers[r.URL.RequestURI()]
		if !recorded {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, text)
	}))
	ts.Defer(server.Close)
	config := fmt.Sprintf(`{"clusters": [{"name": "c", "cluster": {"server": %q}}], "contexts": [{"name": "staging", "context": {"cluster": "c", "namespace": "staging"}}]}`, server.URL)
	ts.Check(os.WriteFile(ts.MkAbs("kubeconfig"), []byte(config), 0o600))
}
