package kubernetes

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/cassette"
	"github.com/prodgate/prodgate/internal/kubetest"
	"gopkg.in/yaml.v3"
)

const deployments = "/apis/apps/v1/namespaces/staging/deployments"

// recordings has what a real API server answered.
const recordings = "testdata/recordings"

var update = flag.Bool("update", false, "record the answers of the cluster anew")

// role are the rules of the Role that docs/kubernetes.md shows.
func role(t *testing.T) []kubetest.Object {
	t.Helper()
	text, err := os.ReadFile("../../examples/kubernetes/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Rules []kubetest.Object `yaml:"rules"`
	}
	if err := yaml.Unmarshal(text, &described); err != nil || len(described.Rules) != 3 {
		t.Fatalf("%v, %v", described, err)
	}
	return described.Rules
}

// real is a cluster with a namespace, read by an account that may do no more than it must.
type real struct {
	*kubetest.Cluster
	Collector
}

func start(t *testing.T) *real {
	c := kubetest.Start(t)
	c.Create(t, "/api/v1/namespaces", kubetest.Object{"metadata": kubetest.Object{"name": "staging"}})
	return &real{Cluster: c, Collector: Collector{
		Section: "staging", Getenv: func(string) string { return "" }, Now: time.Now,
		Settings: Settings{Kubeconfig: c.Config(t, "gate", c.Account(t, "staging", "gate", role(t)...), "staging")},
	}}
}

// described is a Deployment of the service.
func described(replicas int, image string, labels, annotations kubetest.Object) kubetest.Object {
	all := kubetest.Object{"app.kubernetes.io/name": "payments-api"}
	for name, value := range labels {
		all[name] = value
	}
	return kubetest.Object{
		"metadata": kubetest.Object{"name": "payments-api"},
		"spec": kubetest.Object{
			"replicas": replicas, "progressDeadlineSeconds": 3,
			"selector": kubetest.Object{"matchLabels": kubetest.Object{"app.kubernetes.io/name": "payments-api"}},
			"template": kubetest.Object{
				"metadata": kubetest.Object{"labels": all, "annotations": annotations},
				"spec":     kubetest.Object{"containers": []kubetest.Object{{"name": "app", "image": image}}},
			},
		},
	}
}

// settled waits until the section is as wanted, and returns it.
func (r *real) settled(t *testing.T, what string, wanted func(*facts.Staging) bool) *facts.Staging {
	t.Helper()
	var found *facts.Staging
	var err error
	r.Await(t, what, func() bool {
		var section facts.Section
		if section, err = r.Collect(t.Context(), request); err != nil {
			return false
		}
		found = section.(facts.Observed).Section.(*facts.Staging)
		return wanted(found)
	})
	return found
}

// record keeps what the API server answers now, and what that means, with -update.
func (r *real) record(t *testing.T, name string) {
	t.Helper()
	if !*update {
		return
	}
	folder := filepath.Join(recordings, name)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	recorder, err := cassette.NewRecorder(folder, now)
	if err != nil {
		t.Fatal(err)
	}
	c := r.Collector
	c.Carrier, c.Now = recorder.Carrier, func() time.Time { return now }
	if _, err := c.Collect(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if err := recorder.Close(map[string]string{"server": r.Server}); err != nil {
		t.Fatal(err)
	}
	for _, section := range Kind.Sections {
		if err := os.WriteFile(known(folder, section), replayed(t, folder, section), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// known is the file with what a recording means for a section.
func known(folder, section string) string { return folder + "." + section + ".json" }

// replayed is what a recording means for a section: the section, or why it could not be read.
func replayed(t *testing.T, folder, section string) []byte {
	t.Helper()
	player, err := cassette.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, fmt.Appendf(nil, `{"clusters": [{"name": "c", "cluster": {"server": %q}}], "contexts": [{"name": "c", "context": {"cluster": "c"}}], "current-context": "c"}`, player.Settings()["server"]), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := Collector{
		Section: section, Carrier: player.Carrier, Now: player.At, Getenv: func(string) string { return "" },
		Settings: Settings{Kubeconfig: config, Namespace: "staging"},
	}.Collect(t.Context(), request)
	if err != nil {
		return asJSON(t, err.Error())
	}
	return asJSON(t, found.(facts.Observed).Section)
}

// TestRecordingsOfACluster reads what a real API server answered in TestACluster.
func TestRecordingsOfACluster(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(recordings, "*", "recording.json"))
	if err != nil || len(folders) < 5 {
		t.Fatalf("%d recordings, %v", len(folders), err)
	}
	for _, file := range folders {
		folder := filepath.Dir(file)
		for _, section := range Kind.Sections {
			t.Run(filepath.Base(folder)+"/"+section, func(t *testing.T) {
				want, err := os.ReadFile(known(folder, section))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(replayed(t, folder, section))); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// asJSON is a value as it is in a document.
func asJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// TestACluster reads a real API server: an installation, an upgrade, a crash loop, a
// rollback and a missing permission.
func TestACluster(t *testing.T) {
	r := start(t)
	if err := r.test(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Collect(t.Context(), request); err == nil || !strings.Contains(err.Error(), "no workload in the namespace staging") {
		t.Errorf("an empty namespace: %v", err)
	}
	began := time.Now().Truncate(time.Second)
	r.Create(t, deployments, described(3, repository+"@"+first, nil, nil))
	stay := r.settled(t, "the first version", func(s *facts.Staging) bool { return s.Verification == nil })
	if stay.Digest != first || stay.DeployedAt.Before(began) || stay.EndedAt != nil || len(stay.Earlier) > 0 {
		t.Errorf("the first version: %+v", stay)
	}
	r.record(t, "first")

	// By tag, the node reports the digest. The first version has ended.
	time.Sleep(1100 * time.Millisecond)
	r.Patch(t, deployments+"/payments-api", described(3, repository+":v2", nil, kubetest.Object{"sim/image-id": repository + "@" + second}))
	stay = r.settled(t, "the second version", func(s *facts.Staging) bool {
		return s.Digest == second && s.Verification == nil && s.Earlier[0].EndedAt != nil
	})
	if earlier := stay.Earlier[0]; earlier.Digest != first || earlier.EndedAt.Before(stay.DeployedAt) || stay.DeployedAt.Before(earlier.DeployedAt) {
		t.Errorf("the second version: %+v", stay)
	}
	r.record(t, "upgraded")

	// A version that crashes never becomes good, and the other one still runs.
	r.Patch(t, deployments+"/payments-api", described(3, repository+"@"+first, kubetest.Object{"sim": "crashloop"}, kubetest.Object{"sim/image-id": nil}))
	stay = r.settled(t, "the crash loop", func(s *facts.Staging) bool {
		return s.Digest == first && s.Verification != nil && strings.HasPrefix(s.Verification.Result, "CrashLoopBackOff, pod payments-api-") && s.RestartedAt != nil
	})
	if at := stay.Earlier[0]; at.Digest != second || at.EndedAt != nil {
		t.Errorf("the crash loop: %+v", stay)
	}
	r.runs(t, first+" CrashLoopBackOff", second)
	r.record(t, "crash-loop")
	r.Patch(t, deployments+"/payments-api", described(3, repository+"@"+first, kubetest.Object{"sim": "imagepull"}, nil))
	r.settled(t, "the image that cannot be pulled", func(s *facts.Staging) bool {
		return s.Verification != nil && strings.HasPrefix(s.Verification.Result, "ImagePullBackOff, pod payments-api-")
	})
	r.record(t, "image-pull")

	// The way back: the second version's ReplicaSet runs on.
	r.Patch(t, deployments+"/payments-api", described(3, repository+":v2", kubetest.Object{"sim": nil}, kubetest.Object{"sim/image-id": repository + "@" + second}))
	r.settled(t, "the way back", func(s *facts.Staging) bool {
		running := 0
		for _, stay := range s.Stays() {
			if stay.EndedAt == nil && stay.Digest == second && stay.Verification == nil {
				running++
			}
		}
		return running == 1
	})
	r.runs(t, second)
	r.record(t, "back")

	// Down to nothing.
	r.Patch(t, deployments+"/payments-api", kubetest.Object{"spec": kubetest.Object{"replicas": 0}})
	r.settled(t, "nothing", func(s *facts.Staging) bool {
		for _, stay := range s.Stays() {
			if stay.EndedAt == nil {
				return false
			}
		}
		return true
	})
	r.record(t, "nothing")
}

// runs checks what the section production says: digests, and the beginning of their trouble.
func (r *real) runs(t *testing.T, want ...string) {
	t.Helper()
	c := r.Collector
	c.Section = "production"
	section, err := c.Collect(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range section.(facts.Observed).Section.(*facts.Production).Running {
		line := v.Digest
		if v.Trouble != nil {
			trouble, _, _ := strings.Cut(*v.Trouble, ",")
			line += " " + trouble
		}
		got = append(got, line)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestPermissionsOfACluster reads with accounts that lack one permission each.
func TestPermissionsOfACluster(t *testing.T) {
	r := start(t)
	r.Create(t, deployments, described(1, repository+"@"+first, nil, nil))
	r.settled(t, "the first version", func(s *facts.Staging) bool { return s.Verification == nil })
	all := role(t)
	for i, want := range []string{"list pods (API group core)", "list replicasets (API group apps)", "get deployments (API group apps)"} {
		name := []string{"no-pods", "no-replicasets", "no-deployments"}[i]
		rules := slices.Delete(slices.Clone(all), i, i+1)
		c := r.Collector
		c.Settings.Kubeconfig = r.Config(t, name, r.Account(t, "staging", name, rules...), "staging")
		if _, err := c.Collect(t.Context(), request); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.test(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("test of %s: %v", name, err)
		}
	}
	c := r.Collector
	c.Settings.Kubeconfig = r.Config(t, "stranger", "no-such-token", "staging")
	if _, err := c.Collect(t.Context(), request); err == nil || !strings.Contains(err.Error(), "does not accept the credentials") {
		t.Errorf("%v", err)
	}
}

// TestManyPods reads several pages of a real list.
func TestManyPods(t *testing.T) {
	r := start(t)
	asked := 0
	r.Collector.Carrier = func(inner http.RoundTripper) http.RoundTripper {
		return counting{inner, &asked}
	}
	r.Create(t, deployments, described(600, repository+"@"+first, nil, nil))
	r.settled(t, "all pods", func(s *facts.Staging) bool {
		return s.Verification == nil
	})
	asked = 0
	if _, err := r.Collect(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if asked != 5 { // three pages of pods, one of ReplicaSets, the Deployment
		t.Errorf("%d requests", asked)
	}
}

type counting struct {
	http.RoundTripper
	asked *int
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	*c.asked++
	return c.RoundTripper.RoundTrip(r)
}
