package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/prodgate/prodgate/facts"
)

// production is what runs in the environment of the request. The cluster does not know
// what was to be live, what ran before, or how: that is not taken from it.
func (r *reading) production(req facts.Request) (facts.Section, error) {
	environment := cmp.Or(r.Settings.Environment, req.Environment)
	if environment != req.Environment {
		return nil, fmt.Errorf("this namespace is the environment %s, and the request is for %s: use another system for it", environment, req.Environment)
	}
	versions, err := r.versions(r.Settings.selector(req.Service))
	if err != nil {
		return nil, err
	}
	inEffect, err := r.inEffect(versions)
	if err != nil {
		return nil, err
	}
	now, complete := r.now(), true
	found := &facts.Production{History: []facts.Deployment{}, Since: &now, Complete: &complete, Running: []facts.Running{}}
	for _, v := range inEffect {
		running := facts.Running{
			Digest: v.digest, Service: req.Service, Environment: environment, Workload: v.workload.String(),
			Since: r.known(v.began()), RestartedAt: v.restarted,
		}
		if v.trouble != "" {
			running.Trouble = &v.trouble
		}
		found.Running = append(found.Running, running)
	}
	slices.SortFunc(found.Running, func(a, b facts.Running) int {
		return cmp.Or(cmp.Compare(a.Workload, b.Workload), b.Since.Compare(a.Since), cmp.Compare(a.Digest, b.Digest))
	})
	return found, nil
}

// inEffect are the versions that run. If no version has pods, they are the newest one of
// each workload that is scaled to zero.
func (r *reading) inEffect(versions []*version) (list []*version, err error) {
	scaled := map[owner]*version{}
	for _, v := range versions {
		newest := scaled[v.workload]
		switch {
		case v.ended == nil:
			list = append(list, v)
		case v.workload.Kind != "ReplicaSet" && (newest == nil || v.after(newest)):
			scaled[v.workload] = v
		}
	}
	if len(list) > 0 {
		return list, nil
	}
	for _, v := range scaled {
		if v.digest == "" {
			return nil, r.errNoDigest(v)
		}
		v.trouble = troubled("ScaledToZero", v.workload.String())
		list = append(list, v)
	}
	return list, nil
}

// after reports whether a version of a workload is newer than another one. A version that is
// used again gets a new revision, and keeps its creation time.
func (v *version) after(other *version) bool {
	return cmp.Or(cmp.Compare(v.revision, other.revision), v.created.Compare(other.created)) > 0
}

// revision is the number of the version in its Deployment or Rollout; 0: unknown.
func (set replicaSet) revision() int {
	for _, name := range []string{"deployment.kubernetes.io/revision", "rollout.argoproj.io/revision"} {
		if n, err := strconv.Atoi(set.Metadata.Annotations[name]); err == nil {
			return n
		}
	}
	return 0
}
