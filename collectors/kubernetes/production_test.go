package kubernetes

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prodgate/prodgate/facts"
)

// inProduction reads the section production.
func inProduction(t *testing.T, n *namespace, change func(*Settings)) (*facts.Production, error) {
	t.Helper()
	c := collector(t, n, change)
	c.Section = "production"
	section, err := c.Collect(t.Context(), request)
	if err != nil {
		return nil, err
	}
	return section.(facts.Observed).Section.(*facts.Production), nil
}

// The cluster says what runs, and nothing about what is to be live or was.
func TestProductionIsWhatThePodsRun(t *testing.T) {
	n := running()
	pods(func(_, s object) {
		s["ready"], s["restartCount"], s["state"] = false, 6, object{"waiting": object{"reason": "CrashLoopBackOff"}}
		s["lastState"] = object{"terminated": object{"finishedAt": ago(3)}}
	})(n)
	got, err := inProduction(t, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	complete := true
	want := &facts.Production{
		History: []facts.Deployment{}, Since: pointer(noon), Complete: &complete,
		Running: []facts.Running{{
			Digest: first, Service: "payments-api", Environment: "production", Workload: "Deployment payments-api",
			Since: at(90), RestartedAt: pointer(at(3)), Trouble: text("CrashLoopBackOff, pod b"),
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// revised is a ReplicaSet with its revision.
func revised(set object, revision string) object {
	set["metadata"].(object)["annotations"] = object{"deployment.kubernetes.io/revision": revision}
	return set
}

func TestWhatIsInEffect(t *testing.T) {
	down := func(sets ...object) func(*namespace) {
		return func(n *namespace) { n.objects["pods"], n.objects["replicasets"] = nil, sets }
	}
	old, next := repository+"@"+second, repository+"@"+first
	alone := set("alone", 90, 0, next, 5)
	delete(alone["metadata"].(object), "ownerReferences")
	for _, tt := range []struct {
		name   string
		change func(*namespace)
		want   string
	}{
		{"a rollout", func(n *namespace) {
			n.objects["replicasets"][0] = set("old", 300, 1, old, -1)
			n.objects["pods"] = append(n.objects["pods"], ready("c", "old", 280, old, "", nil))
		}, "11 since 90, 22 since 280"},
		{"scaled to zero", down(set("old", 300, 0, old, 80), set("new", 95, 0, next, 5)), "11 since 95 ScaledToZero, Deployment payments-api"},
		{"scaled to zero after a rollback", down(revised(set("old", 300, 0, old, 80), "3"), revised(set("new", 95, 0, next, 5), "2")), "22 since 300 ScaledToZero, Deployment payments-api"},
		{"a ReplicaSet of nothing", down(alone), ""},
		{"another workload is scaled to zero", func(n *namespace) {
			n.objects["replicasets"][0]["metadata"].(object)["ownerReferences"] = []object{{"kind": "Deployment", "name": "before", "uid": "uid-before", "controller": true}}
		}, "11 since 90"},
		{"nothing", down(), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := running()
			tt.change(n)
			found, err := inProduction(t, n, nil)
			if err != nil || found.Running == nil {
				t.Fatalf("%+v, %v", found, err)
			}
			var got []string
			for _, r := range found.Running {
				line := fmt.Sprintf("%s since %v", r.Digest[7:9], noon.Sub(r.Since).Minutes())
				if r.Trouble != nil {
					line += " " + *r.Trouble
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatRunsInProductionIsKnownOrAnError(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*namespace)
		set    func(*Settings)
		want   string
	}{
		{"scaled to zero, by tag", func(n *namespace) {
			n.objects["pods"], n.objects["replicasets"] = nil, []object{set("new", 95, 0, repository+":7a3f9c2", 5)}
		}, nil, "deploy images by digest"},
		{"no digest", pods(func(_, s object) { s["imageID"] = "" }), nil, "does not say which digest it runs"},
		{"another environment", func(*namespace) {}, func(s *Settings) { s.Environment = "staging" }, "this namespace is the environment staging, and the request is for production"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := running()
			tt.change(n)
			found, err := inProduction(t, n, tt.set)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v; want %q", found, err, tt.want)
			}
		})
	}
	if got, err := inProduction(t, running(), func(s *Settings) { s.Environment = "production" }); err != nil || len(got.Running) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}
