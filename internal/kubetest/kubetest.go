// Package kubetest runs a Kubernetes cluster on loopback for tests: the real etcd, API server,
// controllers and scheduler, and nodes whose pods are simulated (stages.yaml). The program is
// built by .ci/kubetest; the variable PRODGATE_TEST_KUBETEST names the folder it is in.
package kubetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Programs is the variable that names the folder with the programs.
const Programs = "PRODGATE_TEST_KUBETEST"

//go:embed stages.yaml
var stages []byte

// Cluster is a cluster that runs.
type Cluster struct {
	Server     string // URL of the API server
	Token      string // of an administrator
	CAFile     string // certificate of the API server
	Kubeconfig string // of the administrator

	dir    string
	client *http.Client
}

// Start runs a cluster until the test ends. It skips the test if there is no program.
func Start(t *testing.T) *Cluster {
	t.Helper()
	programs := os.Getenv(Programs)
	if programs == "" {
		t.Skipf("set %s to the folder that .ci/kubetest prints", Programs)
	}
	c := &Cluster{dir: t.TempDir()}
	program := filepath.Join(programs, "kubetest")
	etcd, peer, api := freePort(t), freePort(t), freePort(t)
	c.Server, c.Token = "https://127.0.0.1:"+api, secret(t)
	key := c.write(t, "sa.key", serviceAccountKey(t))
	tokens := c.write(t, "tokens.csv", []byte(c.Token+",admin,admin,system:masters\n"))

	c.run(t, program, "etcd", "--data-dir", filepath.Join(c.dir, "etcd"), "--listen-client-urls", "http://127.0.0.1:"+etcd, "--advertise-client-urls", "http://127.0.0.1:"+etcd,
		"--listen-peer-urls", "http://127.0.0.1:"+peer, "--initial-advertise-peer-urls", "http://127.0.0.1:"+peer, "--initial-cluster", "default=http://127.0.0.1:"+peer)
	c.client = http.DefaultClient
	c.Await(t, "etcd", func() bool { return c.answers(t, "http://127.0.0.1:"+etcd+"/health") })

	c.run(t, program, "apiserver", "--etcd-servers", "http://127.0.0.1:"+etcd, "--cert-dir", filepath.Join(c.dir, "certs"),
		"--bind-address", "127.0.0.1", "--secure-port", api, "--advertise-address", "127.0.0.1", "--endpoint-reconciler-type", "none",
		"--service-cluster-ip-range", "10.0.0.0/24", "--token-auth-file", tokens, "--authorization-mode", "RBAC",
		"--service-account-key-file", key, "--service-account-signing-key-file", key, "--service-account-issuer", "https://kubernetes.default.svc",
		"--enable-priority-and-fairness=false", "--v=1")
	c.CAFile = filepath.Join(c.dir, "certs", "apiserver.crt")
	c.Await(t, "the certificate", func() bool { return c.trust() })
	c.Await(t, "the API server", func() bool { return c.answers(t, c.Server+"/readyz") })
	c.Kubeconfig = c.Config(t, "admin", c.Token, "default")

	c.run(t, program, "controller-manager", "--kubeconfig", c.Kubeconfig, "--bind-address", "127.0.0.1", "--secure-port", "0",
		"--leader-elect=false", "--service-account-private-key-file", key, "--root-ca-file", c.CAFile, "--allocate-node-cidrs=false", "--kube-api-qps", "500", "--kube-api-burst", "500", "--v=1",
		"--controllers=node-lifecycle-controller,deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,job-controller,serviceaccount-controller,namespace-controller,garbage-collector-controller")
	c.run(t, program, "scheduler", "--kubeconfig", c.Kubeconfig, "--bind-address", "127.0.0.1", "--secure-port", "0", "--leader-elect=false", "--kube-api-qps", "500", "--kube-api-burst", "500", "--v=1")
	c.run(t, program, "kwok", "--kubeconfig", c.Kubeconfig, "--manage-all-nodes=true", "--config", c.write(t, "stages.yaml", stages), "--server-address", "", "--node-lease-duration-seconds", "40")
	c.Create(t, "/api/v1/nodes", Object{"metadata": Object{"name": "node-1", "labels": Object{"kubernetes.io/hostname": "node-1"}}})
	c.Await(t, "the node", func() bool { return c.conditions("/api/v1/nodes/node-1")["Ready"] == "True" })
	c.Await(t, "the service account", func() bool { return c.answers(t, c.Server+"/api/v1/namespaces/default/serviceaccounts/default") })
	return c
}

// Object is an object of the API as JSON.
type Object = map[string]any

// Create creates an object in the list at a path.
func (c *Cluster) Create(t *testing.T, path string, object Object) Object {
	t.Helper()
	return c.must(t, http.MethodPost, path, "application/json", object)
}

// Patch changes fields of the object at a path.
func (c *Cluster) Patch(t *testing.T, path string, fields Object) Object {
	t.Helper()
	return c.must(t, http.MethodPatch, path, "application/merge-patch+json", fields)
}

// Get reads the object at a path.
func (c *Cluster) Get(t *testing.T, path string) Object {
	t.Helper()
	return c.must(t, http.MethodGet, path, "application/json", nil)
}

// Account returns the token of a new service account that may do what rules say in a
// namespace: the narrowest RBAC that a test wants.
func (c *Cluster) Account(t *testing.T, namespace, name string, rules ...Object) string {
	t.Helper()
	const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/"
	accounts := "/api/v1/namespaces/" + namespace + "/serviceaccounts"
	c.Create(t, accounts, Object{"metadata": Object{"name": name}})
	c.Create(t, rbac+namespace+"/roles", Object{"metadata": Object{"name": name}, "rules": rules})
	c.Create(t, rbac+namespace+"/rolebindings", Object{
		"metadata": Object{"name": name}, "roleRef": Object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
		"subjects": []Object{{"kind": "ServiceAccount", "name": name, "namespace": namespace}},
	})
	answer := c.Create(t, accounts+"/"+name+"/token", Object{"spec": Object{}})
	return answer["status"].(Object)["token"].(string)
}

// Config writes a kubeconfig with a token, and returns its file.
func (c *Cluster) Config(t *testing.T, name, token, namespace string) string {
	t.Helper()
	return c.write(t, name+".kubeconfig", fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: user, user: {token: %q}}]
contexts: [{name: test, context: {cluster: test, user: user, namespace: %s}}]
`, c.Server, c.CAFile, token, namespace))
}

// Await waits until something is so, for at most a minute.
func (c *Cluster) Await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("%s: not within a minute; the end of the logs:\n%s", what, c.logs())
}

// conditions are those of the object at a path: status by type.
func (c *Cluster) conditions(path string) map[string]string {
	found := map[string]string{}
	object, err := c.do(http.MethodGet, path, "application/json", nil)
	if err != nil {
		return found
	}
	status, _ := object["status"].(Object)
	list, _ := status["conditions"].([]any)
	for _, item := range list {
		of, _ := item.(Object)
		found[fmt.Sprint(of["type"])] = fmt.Sprint(of["status"])
	}
	return found
}

func (c *Cluster) must(t *testing.T, method, path, media string, body Object) Object {
	t.Helper()
	object, err := c.do(method, path, media, body)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// do sends one request as the administrator.
func (c *Cluster) do(method, path, media string, body Object) (Object, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(context.Background(), method, c.Server+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	r.Header.Set("Content-Type", media)
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, content)
	}
	object := Object{}
	return object, json.Unmarshal(content, &object)
}

// answers reports whether an address answers 200.
func (c *Cluster) answers(t *testing.T, address string) bool {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	answer, err := c.client.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// trust trusts the certificate that the API server has made for itself.
func (c *Cluster) trust() bool {
	content, err := os.ReadFile(c.CAFile)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(content) {
		return false
	}
	c.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	return true
}

// run starts one component, which is killed when the test ends: the API server would wait
// a minute for its clients.
func (c *Cluster) run(t *testing.T, program, component string, flags ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(c.dir, component+".log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, append([]string{component}, flags...)...) //nolint:noctx,gosec // the test names it, and it runs until the test ends
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = log.Close()
	})
}

// logs are the last lines of every component.
func (c *Cluster) logs() string {
	var b strings.Builder
	files, _ := filepath.Glob(filepath.Join(c.dir, "*.log"))
	for _, file := range files {
		content, _ := os.ReadFile(file)
		fmt.Fprintf(&b, "%s:\n%s\n", filepath.Base(file), content[max(0, len(content)-1000):])
	}
	return b.String()
}

// write writes a file of the cluster that only its owner can read.
func (c *Cluster) write(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(c.dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func secret(t *testing.T) string {
	t.Helper()
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(random)
}

func serviceAccountKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}
