package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/facts"
)

// version is a template of pods that ran or runs: a ReplicaSet, or a revision of a
// StatefulSet or DaemonSet.
type version struct {
	workload  owner // that it belongs to; a pod that nothing manages is its own
	digest    string
	revision  int // in the workload; 0: unknown
	created   time.Time
	pods      []*pod // that are not terminating
	ended     *time.Time
	restarted *time.Time
	trouble   string // why it does not run as it should, and where; empty: it does
}

// troubled is trouble in the cluster's own word, with where it is. So it is never the word
// of a success.
func troubled(reason, where string) string { return reason + ", " + where }

// errNothing says what to do if the service has no pods.
func (r *reading) errNothing(selector string) error {
	return fmt.Errorf("no workload in the namespace %s has the labels %s and an image of %s: deploy it, or set namespace, selector or repository", r.namespace, selector, r.repository)
}

// staging are the stays of each digest, the newest first. One that has ended was not seen
// to run: it ends others, and proves no soak.
func (r *reading) staging(req facts.Request) (*facts.Staging, error) {
	selector := r.Settings.selector(req.Service)
	versions, err := r.versions(selector)
	if err != nil {
		return nil, err
	}
	var stays []facts.Stay
	environment := cmp.Or(r.Settings.Environment, "staging")
	for _, v := range versions {
		if v.digest == "" {
			continue
		}
		stay := facts.Stay{
			Digest: v.digest, Service: &req.Service, Environment: &environment,
			DeployedAt: r.known(v.began()), RestartedAt: v.restarted, EndedAt: v.ended,
		}
		if v.ended != nil {
			stay.AsOf = &stay.DeployedAt // when it ended is known, but not how it ran
		}
		if v.trouble != "" {
			stay.Verification = &facts.Verification{Result: v.trouble, FinishedAt: r.now()}
		}
		stays = append(stays, stay)
	}
	if len(stays) == 0 {
		return nil, r.errNothing(selector)
	}
	found := facts.NewStaging(stays)
	complete := true
	found.Complete = &complete
	return found, nil
}

// known is a time of the cluster in UTC, not after this collection: the clocks may differ.
func (r *reading) known(at time.Time) time.Time {
	if now := r.now(); at.After(now) {
		return now
	}
	return at.UTC().Truncate(time.Second)
}

// versions are what ran and runs of the service's image in the namespace. What runs has a
// digest, or there is an error.
func (r *reading) versions(selector string) ([]*version, error) {
	pods, err := list[pod](r, podResource, selector)
	if err != nil {
		return nil, err
	}
	sets, err := list[replicaSet](r, replicaSetResource, selector)
	if err != nil {
		return nil, err
	}
	var versions []*version
	byTemplate := map[string]*version{}
	for _, set := range sets {
		if len(r.ours(set.Spec.Template.Spec)) > 0 {
			v := r.ofReplicaSet(set)
			byTemplate[set.Metadata.UID] = v
			versions = append(versions, v)
		}
	}
	for i := range pods {
		p := &pods[i]
		if len(r.ours(p.Spec)) == 0 || p.over() {
			continue
		}
		key, of := p.template()
		v := byTemplate[key]
		if v == nil {
			v = &version{workload: of, created: p.Metadata.CreationTimestamp}
			byTemplate[key] = v
			versions = append(versions, v)
		}
		v.pods = append(v.pods, p)
	}
	if err := r.examine(versions); err != nil {
		return nil, err
	}
	return versions, nil
}

// template identifies what a pod was made from, and returns who manages it.
func (p *pod) template() (key string, of owner) {
	by := p.Metadata.controller()
	if by == nil {
		return p.Metadata.UID, owner{Kind: "Pod", Name: p.Metadata.Name}
	}
	if by.Kind == "ReplicaSet" {
		return by.UID, *by
	}
	return by.UID + "/" + p.Metadata.Labels.Revision, *by
}

// over reports whether a pod does not run any more, is being stopped, or belongs to a Job,
// which ends by itself.
func (p *pod) over() bool {
	if by := p.Metadata.controller(); by != nil && by.Kind == "Job" {
		return true
	}
	return p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" || p.Metadata.DeletionTimestamp != nil
}

// ofReplicaSet is the version of a ReplicaSet, without its pods.
func (r *reading) ofReplicaSet(set replicaSet) *version {
	v := &version{workload: owner{Kind: "ReplicaSet", Name: set.Metadata.Name}, revision: set.revision(), created: set.Metadata.CreationTimestamp}
	v.digest = r.images.runs(r.ours(set.Spec.Template.Spec)[0], nil)
	if of := set.Metadata.controller(); of != nil {
		v.workload = *of
	}
	if replicas := set.Spec.Replicas; replicas != nil && *replicas == 0 {
		ended := r.known(set.stopped())
		v.ended = &ended
	}
	return v
}

// stopped is when the last pod of a ReplicaSet was gone: the last change of its status.
// Without that it counts as if it had ended at once.
func (set replicaSet) stopped() time.Time {
	at := set.Metadata.CreationTimestamp
	for _, f := range set.Metadata.ManagedFields {
		if f.Subresource == "status" && f.Time.After(at) {
			at = f.Time
		}
	}
	return at
}

// began is when the version began to run: not before its oldest pod.
func (v *version) began() time.Time {
	var oldest time.Time
	for _, p := range v.pods {
		if at := p.Status.StartTime; at != nil && (oldest.IsZero() || at.Before(oldest)) {
			oldest = *at
		}
	}
	if oldest.After(v.created) {
		return oldest
	}
	return v.created
}

// examine finds the digest, the restarts and the trouble of what runs.
func (r *reading) examine(versions []*version) error {
	for _, v := range versions {
		if v.ended != nil && len(v.pods) == 0 && !v.created.IsZero() {
			continue
		}
		v.ended = nil
		if len(v.pods) == 0 {
			v.trouble = troubled("NoPods", v.workload.String())
		}
		for _, p := range v.pods {
			if err := r.examinePod(v, p); err != nil {
				return err
			}
		}
		if v.began().IsZero() {
			return fmt.Errorf("%s in the namespace %s has no creation time", v.workload, r.namespace)
		}
		if v.digest == "" {
			return r.errNoDigest(v)
		}
	}
	return r.examineWorkloads(versions)
}

func (r *reading) errNoDigest(v *version) error {
	return fmt.Errorf("%s in the namespace %s has no pod that says which digest it runs: deploy images by digest", v.workload, r.namespace)
}

// examinePod adds what one pod says to its version.
func (r *reading) examinePod(v *version, p *pod) error {
	for _, described := range r.ours(p.Spec) {
		status := p.status(described.Name)
		digest := r.images.runs(described, status)
		switch {
		case digest == "":
			return fmt.Errorf("the pod %s in the namespace %s does not say which digest it runs (%s): deploy images by digest", p.Metadata.Name, r.namespace, waiting(status))
		case v.digest == "":
			v.digest = digest
		case v.digest != digest:
			return fmt.Errorf("the pods of %s in the namespace %s run two digests of one version, %s and %s: deploy images by digest", v.workload, r.namespace, v.digest, digest)
		}
		if at := restarted(status); at != nil {
			v.since(r.known(*at))
		}
		if v.trouble == "" && (status == nil || !status.Ready) {
			v.trouble = troubled(waiting(status), "pod "+p.Metadata.Name)
		}
	}
	return nil
}

// since notes that the version was not up before a time.
func (v *version) since(at time.Time) {
	if at.After(v.began()) && (v.restarted == nil || at.After(*v.restarted)) {
		v.restarted = &at
	}
}

// status is what the node reports of a container; nil: nothing yet.
func (p *pod) status(name string) *containerStatus {
	for _, list := range [][]containerStatus{p.Status.ContainerStatuses, p.Status.InitContainerStatuses} {
		if i := slices.IndexFunc(list, func(s containerStatus) bool { return s.Name == name }); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

// waiting is why a container is not ready, as the cluster words it.
func waiting(s *containerStatus) string {
	switch {
	case s == nil:
		return "Pending"
	case s.State.Waiting != nil:
		return cmp.Or(s.State.Waiting.Reason, "Waiting")
	case s.State.Terminated != nil:
		return cmp.Or(s.State.Terminated.Reason, "Terminated")
	}
	return "NotReady"
}

// restarted is when a container was last started again; nil: never.
func restarted(s *containerStatus) *time.Time {
	switch {
	case s == nil || s.RestartCount == 0:
		return nil
	case s.State.Running != nil:
		return &s.State.Running.StartedAt
	case s.LastState.Terminated != nil:
		return &s.LastState.Terminated.FinishedAt
	}
	return nil
}

// workloads are the kinds of controller whose state is read.
var workloads = map[string]resource{"Deployment": deploymentResource, "StatefulSet": statefulSetResource, "DaemonSet": daemonSetResource}

// examineWorkloads adds what the Deployments, StatefulSets and DaemonSets of what runs say.
func (r *reading) examineWorkloads(versions []*version) error {
	seen := map[owner]*workload{}
	for _, v := range versions {
		of, known := workloads[v.workload.Kind]
		if v.ended != nil || !known {
			continue
		}
		w := seen[v.workload]
		if w == nil {
			var err error
			if w, err = get[workload](r, of, v.workload.Name); err != nil {
				return err
			}
			seen[v.workload] = w
		}
		if w.Status.ObservedGeneration < w.Metadata.Generation {
			return fmt.Errorf("the controller has not seen the last change of %s in the namespace %s yet: what runs there is about to change", v.workload, r.namespace)
		}
		r.conditions(v, w)
	}
	return nil
}

// conditions adds what a Deployment says of itself: since when enough pods were available
// without a break, and why a rollout does not end.
func (r *reading) conditions(v *version, w *workload) {
	for _, c := range w.Status.Conditions {
		switch {
		case c.Type == "Available" && c.Status == "True":
			v.since(r.known(c.LastTransitionTime))
		case c.Type == "ReplicaFailure" && c.Status == "True", (c.Type == "Progressing" || c.Type == "Available") && c.Status == "False":
			if v.trouble == "" {
				v.trouble = troubled(cmp.Or(c.Reason, c.Type), v.workload.String())
			}
		}
	}
}
