// Cluster measures a whole "prodgate collect --only production" that reads a namespace of
// a Kubernetes cluster with many pods.
//
//	go run ./internal/bench/cluster [-rounds 9] [-pods 2000] [-bin bin/bench]
//
// The pods are copies of one that a real API server described
// (collectors/kubernetes/testdata); a server on loopback lists them in pages. It writes how
// wall time and memory compare with a namespace of one pod. It judges nothing.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/prodgate/prodgate/internal/bench/measure"
)

func main() {
	rounds := flag.Int("rounds", 9, "how often each namespace is read")
	pods := flag.Int("pods", 2000, "how many pods the larger namespace has")
	bin := flag.String("bin", "bin/bench", "folder for the program that is measured")
	flag.Parse()
	if err := run(os.Stdout, *rounds, *pods, *bin); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, rounds, pods int, bin string) error {
	if rounds < 1 || pods < 1 {
		return fmt.Errorf("-rounds is %d and -pods is %d; both are at least 1", rounds, pods)
	}
	program, err := filepath.Abs(filepath.Join(bin, "prodgate"))
	if err != nil {
		return fmt.Errorf("find %q: %w", bin, err)
	}
	if text, err := exec.Command("go", "build", "-o", program, "./cmd/prodgate").CombinedOutput(); err != nil {
		return fmt.Errorf("build prodgate: %w\n%s", err, text)
	}
	recorded, err := read("collectors/kubernetes/testdata/recordings/first")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "prodgate-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the configurations: %w", err)
	}
	defer os.RemoveAll(work)
	sizes := []int{1, pods}
	costs := make([][]measure.Cost, len(sizes))
	folders := make([]string, len(sizes))
	for i, size := range sizes {
		server := httptest.NewServer(recorded.serve(size))
		defer server.Close()
		folders[i] = filepath.Join(work, strconv.Itoa(size))
		if err := configure(folders[i], server.URL); err != nil {
			return err
		}
	}
	for range rounds + 1 {
		for i, folder := range folders {
			cost, err := collect(program, folder, sizes[i])
			if err != nil {
				return err
			}
			costs[i] = append(costs[i], cost)
		}
	}
	fmt.Fprintf(out, "## A Kubernetes cluster\n\n%s. Medians of %d runs of `prodgate collect --only production`; %d bytes of JSON a pod.\n\n", measure.Machine(), rounds, len(recorded.pod))
	fmt.Fprintln(out, "| pods | wall ms | more than one pod, ms | ÷ one pod | cpu ms | peak MiB |\n| --- | --- | --- | --- | --- | --- |")
	one := measure.Median(costs[0][1:]) // the first round fills the page cache
	for i, size := range sizes {
		c := measure.Median(costs[i][1:])
		fmt.Fprintf(out, "| %d | %s | %s | %s | %s | %d |\n", size, measure.Millis(c.Wall), measure.Millis(c.Wall-one.Wall), measure.Ratio(c.Wall, one.Wall), measure.Millis(c.CPU), c.Peak/1024)
	}
	return nil
}

// recording is what an API server answered for a namespace.
type recording struct {
	pod   json.RawMessage
	other map[string]string // by the last name of the path: ReplicaSets and the Deployment
}

func read(folder string) (r recording, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "0*.json"))
	if err != nil {
		return r, err
	}
	r.other = map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return r, err
		}
		var answer struct{ URL, Text string }
		var list struct{ Items []json.RawMessage }
		if err := json.Unmarshal(content, &answer); err != nil {
			return r, fmt.Errorf("read %s: %w", file, err)
		}
		of, err := url.Parse(answer.URL)
		if err != nil {
			return r, fmt.Errorf("read %s: %w", file, err)
		}
		r.other[path.Base(of.Path)] = answer.Text
		if path.Base(of.Path) != "pods" {
			continue
		}
		if err := json.Unmarshal([]byte(answer.Text), &list); err != nil || len(list.Items) == 0 {
			return r, fmt.Errorf("%s lists no pods (%w)", file, err)
		}
		r.pod = list.Items[0]
	}
	if r.pod == nil {
		return r, fmt.Errorf("%s has no list of pods", folder)
	}
	return r, nil
}

// page is one answer with a part of a list.
type page struct {
	Metadata map[string]string `json:"metadata"`
	Items    []json.RawMessage `json:"items"`
}

// serve lists a number of pods in pages of the size that the client asks for.
func (r recording) serve(pods int) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		last := path.Base(req.URL.Path)
		if last != "pods" {
			fmt.Fprint(w, r.other[last])
			return
		}
		query := req.URL.Query()
		from, _ := strconv.Atoi(query.Get("continue"))
		limit, _ := strconv.Atoi(query.Get("limit"))
		answer := page{Metadata: map[string]string{}, Items: slices.Repeat([]json.RawMessage{r.pod}, min(limit, pods-from))}
		if from+limit < pods {
			answer.Metadata["continue"] = strconv.Itoa(from + limit)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func configure(folder, server string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return fmt.Errorf("make a folder for the configuration: %w", err)
	}
	organisation, err := filepath.Abs("fixtures/organisation")
	if err != nil {
		return fmt.Errorf("find the settings: %w", err)
	}
	for name, content := range map[string]string{
		"kubeconfig": fmt.Sprintf(`{"clusters": [{"name": "c", "cluster": {"server": %q}}], "contexts": [{"name": "c", "context": {"cluster": "c", "namespace": "staging"}}], "current-context": "c"}`, server),
		"prodgate.yaml": "version: 1\nservice: payments-api\nenvironment: production\npolicies: [" + organisation + "]\n" +
			"systems:\n  cluster: {kind: kubernetes, kubeconfig: kubeconfig, repository: registry.example.com/payments/payments-api}\nsources:\n  production: [cluster]\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	return nil
}

// collect reads the namespace once. All of its pods must have been read.
func collect(program, folder string, pods int) (measure.Cost, error) {
	cmd := exec.Command(program, "collect", "tarball:none.tar", "--only", "production",
		"--trigger", "workflow_dispatch", "--requested-by", "github:1", "--triggered-by", "github:1")
	cmd.Dir, cmd.Env = folder, []string{"HOME=" + folder, "PATH=" + os.Getenv("PATH")}
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	cost, code, err := measure.Command(cmd)
	if err != nil {
		return cost, err
	}
	if code != 0 || !bytes.Contains(text.Bytes(), []byte(`"workload": "Deployment payments-api"`)) {
		return cost, fmt.Errorf("reading %d pods ended with exit code %d\n%s", pods, code, text.String())
	}
	return cost, nil
}
