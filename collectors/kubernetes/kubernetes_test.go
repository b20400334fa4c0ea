package kubernetes

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prodgate/prodgate/facts"
)

const (
	token      = "a-token-of-the-cluster"
	repository = "registry.example.com/payments/payments-api"
)

var (
	noon    = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	first   = "sha256:" + strings.Repeat("1", 64)
	second  = "sha256:" + strings.Repeat("2", 64)
	request = facts.Request{Service: "payments-api", Environment: "production", Reference: repository + ":7a3f9c2", Digest: first}
)

type object = map[string]any

// namespace is what the API server of a test has: objects by path, or whole answers.
type namespace struct {
	objects map[string][]object // by the last name of the path of a list
	single  map[string]object   // by name, of workloads
	answer  func(http.ResponseWriter, *http.Request) bool
	asked   []string
}

// ServeHTTP answers as the API server does: 401 without the token, 404 for what is not
// there, pages of one object.
func (n *namespace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.asked = append(n.asked, r.URL.Path)
	if r.Header.Get("Authorization") != "Bearer "+token {
		refuse(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	if n.answer != nil && n.answer(w, r) {
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	items, isList := n.objects[last]
	switch {
	case isList && parts[len(parts)-2] == "staging" && (r.URL.Query().Get("labelSelector") == "app.kubernetes.io/name=payments-api" || r.URL.Query().Get("limit") == "1"):
		writePage(w, items, r.URL.Query().Get("continue"))
	case isList:
		writePage(w, nil, "")
	case n.single[last] != nil:
		write(w, n.single[last])
	default:
		refuse(w, http.StatusNotFound, "not found")
	}
}

// writePage writes one page, of one object.
func writePage(w http.ResponseWriter, items []object, from string) {
	at := 0
	if from != "" {
		at = int(from[0] - '0')
	}
	page := object{"metadata": object{}, "items": []object{}}
	if at < len(items) {
		page["items"] = items[at : at+1]
		if at+1 < len(items) {
			page["metadata"] = object{"continue": fmt.Sprint(at + 1)}
		}
	}
	write(w, page)
}

func write(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// refuse answers with a Status, as the API server does.
func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object{"kind": "Status", "status": "Failure", "message": message, "code": code})
}

// collect reads the section from an API server over TLS, with a kubeconfig.
func collect(t *testing.T, n *namespace, change func(*Settings)) (*facts.Staging, error) {
	t.Helper()
	section, err := collector(t, n, change).Collect(t.Context(), request)
	if err != nil {
		return nil, err
	}
	observed := section.(facts.Observed)
	if observed.Evidence == nil || !strings.HasSuffix(observed.Evidence.URI, "/namespaces/staging") || len(observed.Evidence.SHA256) != 64 {
		t.Errorf("evidence %+v", observed.Evidence)
	}
	return observed.Section.(*facts.Staging), nil
}

func collector(t *testing.T, n *namespace, change func(*Settings)) Collector {
	t.Helper()
	server := httptest.NewTLSServer(n)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	s := Settings{Kubeconfig: kubeconfig(t, server.URL, ca), Namespace: "staging"}
	if change != nil {
		change(&s)
	}
	return Collector{Section: "staging", Settings: s, Getenv: func(string) string { return "" }, Now: func() time.Time { return noon }}
}

// kubeconfig writes one with two contexts: the current one, and one without the namespace.
func kubeconfig(t *testing.T, server string, ca []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: staging
clusters:
- {name: staging, cluster: {server: "%s", certificate-authority: ca.crt}}
- {name: unverified, cluster: {server: "%[1]s", insecure-skip-tls-verify: true}}
users:
- {name: gate, user: {token: %s}}
contexts:
- {name: staging, context: {cluster: staging, user: gate, namespace: staging}}
- {name: unverified, context: {cluster: unverified, user: gate}}
- {name: nobody, context: {cluster: staging}}
`, server, token)
	file := filepath.Join(dir, "config")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func ago(minutes int) string {
	return noon.Add(-time.Duration(minutes) * time.Minute).Format(time.RFC3339)
}
func at(minutes int) time.Time { return noon.Add(-time.Duration(minutes) * time.Minute) }

// set is a ReplicaSet of the Deployment payments-api.
func set(name string, created int, replicas int, image string, stopped int) object {
	meta := object{
		"name": name, "uid": "uid-" + name, "creationTimestamp": ago(created),
		"ownerReferences": []object{{"kind": "Deployment", "name": "payments-api", "uid": "uid-deployment", "controller": true}},
	}
	if stopped >= 0 {
		meta["managedFields"] = []object{{"manager": "kube-controller-manager", "time": ago(0)}, {"manager": "kube-controller-manager", "subresource": "status", "time": ago(stopped)}}
	}
	return object{"metadata": meta, "spec": object{"replicas": replicas, "template": object{"spec": spec(image)}}}
}

func spec(image string) object {
	return object{"containers": []object{{"name": "proxy", "image": "docker.io/envoyproxy/envoy:v1"}, {"name": "app", "image": image}}}
}

// ready is a pod of a ReplicaSet that runs; change may alter it.
func ready(name, of string, started int, image, imageID string, change func(pod, status object)) object {
	status := object{"name": "app", "imageID": imageID, "ready": true, "restartCount": 0, "state": object{"running": object{"startedAt": ago(started)}}}
	pod := object{
		"metadata": object{"name": name, "uid": "uid-" + name, "creationTimestamp": ago(started), "ownerReferences": []object{{"kind": "ReplicaSet", "name": of, "uid": "uid-" + of, "controller": true}}},
		"spec":     spec(image),
		"status":   object{"phase": "Running", "startTime": ago(started), "containerStatuses": []object{{"name": "proxy", "ready": true, "restartCount": 7, "state": object{"running": object{"startedAt": ago(0)}}}, status}},
	}
	if change != nil {
		change(pod, status)
	}
	return pod
}

func deployment(generation, observed int, conditions ...object) object {
	return object{"metadata": object{"name": "payments-api", "generation": generation}, "status": object{"observedGeneration": observed, "conditions": conditions}}
}

// running is a Deployment that ran the second digest, and has run the first one for 90
// minutes, by tag.
func running() *namespace {
	return &namespace{
		objects: map[string][]object{
			"replicasets": {set("old", 300, 0, repository+"@"+second, 80), set("new", 95, 2, repository+":7a3f9c2", -1)},
			"pods": {
				ready("a", "new", 90, repository+":7a3f9c2", repository+"@"+first, nil),
				ready("b", "new", 20, repository+":7a3f9c2", "docker-pullable://"+repository+"@"+first, nil),
			},
		},
		single: map[string]object{"payments-api": deployment(4, 4, object{"type": "Available", "status": "True", "lastTransitionTime": ago(290)})},
	}
}

func text(s string) *string { return &s }

func pointer(t time.Time) *time.Time { return &t }

func TestStagingIsWhatThePodsRun(t *testing.T) {
	got, err := collect(t, running(), nil)
	if err != nil {
		t.Fatal(err)
	}
	complete := true
	want := &facts.Staging{
		Digest: first, Service: text("payments-api"), Environment: text("staging"), DeployedAt: at(90), Complete: &complete,
		Earlier: []facts.Stay{{Digest: second, Service: text("payments-api"), Environment: text("staging"), DeployedAt: at(300), EndedAt: pointer(at(80)), AsOf: pointer(at(300))}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever is wrong with a pod or a Deployment is a result that is not PASSED.
func TestWhatDoesNotRunIsNoSuccess(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(n *namespace)
		want   string // result and where; empty: nothing is wrong
		since  *time.Time
	}{
		{"as it is", func(*namespace) {}, "", nil},
		{"crash loop", pods(func(_, s object) {
			s["ready"], s["restartCount"], s["state"] = false, 6, object{"waiting": object{"reason": "CrashLoopBackOff"}}
			s["lastState"] = object{"terminated": object{"reason": "Error", "exitCode": 1, "finishedAt": ago(3)}}
		}), "CrashLoopBackOff, pod b", pointer(at(3))},
		{"restarted", pods(func(_, s object) {
			s["restartCount"], s["state"] = 1, object{"running": object{"startedAt": ago(5)}}
		}), "", pointer(at(5))},
		{"not ready", pods(func(_, s object) { s["ready"] = false }), "NotReady, pod b", nil},
		{"not started", pods(func(p, s object) {
			s["ready"], s["imageID"], s["state"] = false, "", object{"waiting": object{"reason": "ImagePullBackOff"}}
			p["spec"] = spec(repository + "@" + first)
		}), "ImagePullBackOff, pod b", nil},
		{"a reason that is a success", pods(func(_, s object) {
			s["ready"], s["state"] = false, object{"waiting": object{"reason": "PASSED"}}
		}), "PASSED, pod b", nil},
		{"not scheduled", pods(func(p, _ object) {
			p["spec"], p["status"] = spec(repository+"@"+first), object{"phase": "Pending"}
		}), "Pending, pod b", nil},
		{"ended", pods(func(_, s object) {
			s["ready"], s["state"] = false, object{"terminated": object{"reason": "OOMKilled", "exitCode": 137, "finishedAt": ago(1)}}
		}), "OOMKilled, pod b", nil},
		{"rollout does not end", func(n *namespace) {
			n.single["payments-api"] = deployment(4, 4, object{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"})
		}, "ProgressDeadlineExceeded, Deployment payments-api", nil},
		{"pods are refused", func(n *namespace) {
			n.single["payments-api"] = deployment(4, 4, object{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"})
		}, "FailedCreate, Deployment payments-api", nil},
		{"unavailable until later", func(n *namespace) {
			n.single["payments-api"] = deployment(4, 4, object{"type": "Available", "status": "True", "lastTransitionTime": ago(7)})
		}, "", pointer(at(7))},
		{"no pods", func(n *namespace) {
			n.objects["pods"] = nil
			n.objects["replicasets"][1] = set("new", 95, 2, repository+"@"+first, -1)
		}, "NoPods, Deployment payments-api", nil},
		{"a pod that is stopped says nothing", pods(func(p, s object) {
			s["ready"] = false
			p["metadata"].(object)["deletionTimestamp"] = ago(0)
		}), "", nil},
		{"an evicted pod says nothing", pods(func(p, s object) {
			s["ready"] = false
			p["status"].(object)["phase"] = "Failed"
		}), "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := running()
			tt.change(n)
			got, err := collect(t, n, nil)
			if err != nil {
				t.Fatal(err)
			}
			result := ""
			if v := got.Verification; v != nil {
				result = v.Result
				if !v.FinishedAt.Equal(noon) || v.VerifiedBy != nil {
					t.Errorf("%+v", v)
				}
			}
			if got.Digest != first || result != tt.want {
				t.Errorf("%s: %q, want %q", got.Digest, result, tt.want)
			}
			if diff := cmp.Diff(tt.since, got.RestartedAt); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// pods changes the second pod.
func pods(change func(pod, status object)) func(*namespace) {
	return func(n *namespace) {
		n.objects["pods"][1] = ready("b", "new", 20, repository+":7a3f9c2", repository+"@"+first, change)
	}
}

// An unknown digest is no digest: another one may run.
func TestWhatRunsIsKnownOrAnError(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(n *namespace)
		want   string
	}{
		{"a tag, and no digest yet", pods(func(_, s object) {
			s["ready"], s["imageID"], s["state"] = false, "", object{"waiting": object{"reason": "ErrImagePull"}}
		}), "the pod b in the namespace staging does not say which digest it runs (ErrImagePull): deploy images by digest"},
		{"an image id of the node", pods(func(_, s object) { s["imageID"] = first }), "does not say which digest it runs"},
		{"no pods of a tag", func(n *namespace) { n.objects["pods"] = nil }, "Deployment payments-api in the namespace staging has no pod that says which digest it runs"},
		{"two digests of a tag", pods(func(_, s object) { s["imageID"] = repository + "@" + second }), "run two digests of one version, " + first + " and " + second},
		{"a change that is not seen", func(n *namespace) { n.single["payments-api"] = deployment(5, 4) }, "the controller has not seen the last change of Deployment payments-api in the namespace staging yet"},
		{"no time", func(n *namespace) { delete(n.objects["replicasets"][0]["metadata"].(object), "creationTimestamp") }, "Deployment payments-api in the namespace staging has no creation time"},
		{"no Deployment", func(n *namespace) { n.single = nil }, "answered 404"},
		{"another image", func(n *namespace) {
			n.objects["replicasets"], n.objects["pods"] = nil, []object{ready("a", "new", 90, "registry.example.com/search:1", "registry.example.com/search@"+first, nil)}
		}, "no workload in the namespace staging has the labels app.kubernetes.io/name=payments-api and an image of " + repository},
		{"nothing", func(n *namespace) { n.objects = map[string][]object{"pods": nil, "replicasets": nil} }, "no workload in the namespace staging"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := running()
			tt.change(n)
			got, err := collect(t, n, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// While a new version rolls out, both run: each has its stay, and the newer one ends the
// other.
func TestARolloutHasTwoStays(t *testing.T) {
	n := running()
	n.objects["replicasets"][0] = set("old", 300, 1, repository+"@"+second, -1)
	n.objects["pods"] = append(n.objects["pods"], ready("c", "old", 280, repository+"@"+second, "", nil))
	got, err := collect(t, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Earlier) != 1 || got.Earlier[0].Digest != second || got.Earlier[0].EndedAt != nil || !got.Earlier[0].DeployedAt.Equal(at(280)) {
		t.Errorf("%+v", got.Earlier)
	}
}

// A ReplicaSet that was scaled up again runs since then, not since it was created.
func TestAStayBeginsWithItsOldestPod(t *testing.T) {
	n := running()
	n.objects["replicasets"][1] = set("new", 5000, 2, repository+":7a3f9c2", -1)
	got, err := collect(t, n, nil)
	if err != nil || !got.DeployedAt.Equal(at(90)) {
		t.Errorf("%+v, %v", got, err)
	}
}

// A version whose last change is not known ran for no time that counts.
func TestAVersionWithoutAnEndHasNoLength(t *testing.T) {
	n := running()
	n.objects["replicasets"][0] = set("old", 300, 0, repository+"@"+second, -1)
	got, err := collect(t, n, nil)
	if err != nil || got.Earlier[0].EndedAt == nil || !got.Earlier[0].EndedAt.Equal(at(300)) {
		t.Errorf("%+v, %v", got, err)
	}
}

// The pods of a StatefulSet are told apart by their revision, and those of a Job do not
// count.
func TestOtherWorkloads(t *testing.T) {
	by := func(kind, hash string) func(pod, status object) {
		return func(pod, _ object) {
			meta := pod["metadata"].(object)
			meta["ownerReferences"] = []object{{"kind": kind, "name": "ledger", "uid": "uid-ledger", "controller": true}}
			meta["labels"] = object{"controller-revision-hash": hash}
		}
	}
	n := &namespace{
		objects: map[string][]object{"replicasets": nil, "pods": {
			ready("ledger-0", "", 500, repository+"@"+second, "", by("StatefulSet", "one")),
			ready("ledger-1", "", 70, repository+"@"+first, "", by("StatefulSet", "two")),
			ready("migrate", "", 1, repository+"@"+second, "", by("Job", "")),
			ready("alone", "", 60, repository+"@"+first, "", func(pod, _ object) { delete(pod["metadata"].(object), "ownerReferences") }),
		}},
		single: map[string]object{"ledger": deployment(1, 1)},
	}
	got, err := collect(t, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	var stays []string
	for _, s := range got.Stays() {
		stays = append(stays, fmt.Sprint(s.Digest[7:9], " ", noon.Sub(s.DeployedAt).Minutes()))
	}
	if diff := cmp.Diff([]string{"11 60", "11 70", "22 500"}, stays); diff != "" {
		t.Error(diff)
	}
}

// What could not be read is an error that names the cure, never nothing.
func TestRefusals(t *testing.T) {
	fail := func(code int, message string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/replicasets") {
				refuse(w, code, message)
				return true
			}
			return false
		}
	}
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request) bool
		change func(*Settings)
		want   []string
	}{
		{"no role", fail(403, `replicasets.apps is forbidden: User "gate" cannot list resource`), nil,
			[]string{"answered 403 Forbidden: replicasets.apps is forbidden", "the account needs a Role in the namespace staging that allows to list replicasets (API group apps)"}},
		{"another account", nil, func(s *Settings) { s.Context = "nobody" }, []string{"answered 401", "does not accept the credentials of the kubeconfig"}},
		{"no certificate is verified", nil, func(s *Settings) { s.Context = "unverified" }, []string{"insecure-skip-tls-verify"}},
		{"no such context", nil, func(s *Settings) { s.Context = "prod" }, []string{"read the kubeconfig", `context "prod" does not exist`}},
		{"no kubeconfig", nil, func(s *Settings) { s.Kubeconfig = "" }, []string{"read the kubeconfig", "set kubeconfig and context, or KUBECONFIG"}},
		{"a list that expires again and again", fail(410, "the provided continue parameter is too old"), nil, []string{"the list changed while it was read", "410"}},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("<html>")); return true }, nil, []string{"web page"}},
		{"another host", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://attacker.example/", http.StatusFound)
			return true
		}, nil, []string{"GET /api/v1/namespaces/staging/pods"}},
		{"a name that is a path", nil, func(s *Settings) { s.Namespace = "../kube-system" }, []string{"invalid namespace"}},
		{"an environment of no rule", nil, func(s *Settings) { s.Environment = "Staging!" }, []string{`invalid environment "Staging!"`}},
		{"another repository", nil, func(s *Settings) { s.Repository = "mirror.example.com/payments" }, []string{"an image of mirror.example.com/payments"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := running()
			n.answer = tt.answer
			got, err := collect(t, n, tt.change)
			if err == nil {
				t.Fatalf("%+v", got)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v; want %q", err, want)
				}
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("the error contains the token: %v", err)
			}
		})
	}
}

// A list that expires once is read again.
func TestAListThatExpiresIsReadAgain(t *testing.T) {
	n, expired := running(), false
	n.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("continue") == "" || expired {
			return false
		}
		expired = true
		refuse(w, http.StatusGone, "too old")
		return true
	}
	got, err := collect(t, n, nil)
	if err != nil || got.Digest != first || len(got.Earlier) != 1 || !expired {
		t.Errorf("%+v, %v", got, err)
	}
}

// doctor says everything that is missing at once.
func TestPermissionsAreTested(t *testing.T) {
	n := running()
	if err := collector(t, n, nil).test(t.Context()); err != nil {
		t.Errorf("%v", err)
	}
	n.answer = func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, http.StatusForbidden, "forbidden")
		return true
	}
	err := collector(t, n, nil).test(t.Context())
	for _, want := range []string{"list pods (API group core)", "list replicasets (API group apps)", "get deployments (API group apps)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// KUBECONFIG may name several files, as for kubectl.
func TestTheKubeconfigIsFoundAsKubectlFindsIt(t *testing.T) {
	c := collector(t, running(), nil)
	file := c.Settings.Kubeconfig
	c.Settings.Kubeconfig, c.Settings.Namespace = "", ""
	for name, env := range map[string]map[string]string{
		"KUBECONFIG": {"KUBECONFIG": "/does/not/exist" + string(filepath.ListSeparator) + file, "HOME": "/nonexistent"},
		"HOME":       {"HOME": home(t, file)},
	} {
		c.Getenv = func(name string) string { return env[name] }
		if _, err := c.Collect(t.Context(), request); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.Getenv = func(string) string { return "" }
	if _, err := c.Collect(t.Context(), request); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// home is a folder whose .kube has the kubeconfig.
func home(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Dir(file), filepath.Join(dir, ".kube")); err != nil {
		t.Fatal(err)
	}
	return dir
}
