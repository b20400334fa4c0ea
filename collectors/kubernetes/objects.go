package kubernetes

import "time"

// metadata is what is read of an object's metadata.
type metadata struct {
	Name              string     `json:"name"`
	UID               string     `json:"uid"`
	Generation        int64      `json:"generation"`
	CreationTimestamp time.Time  `json:"creationTimestamp"`
	DeletionTimestamp *time.Time `json:"deletionTimestamp"`
	Labels            labels     `json:"labels"`
	OwnerReferences   []owner    `json:"ownerReferences"`
}

// labels are the only ones that are read: there can be thousands of pods.
type labels struct {
	Revision string `json:"controller-revision-hash"` // of a StatefulSet or DaemonSet
}

// managed is when somebody last changed a part of an object.
type managed struct {
	Subresource string    `json:"subresource"`
	Time        time.Time `json:"time"`
}

type owner struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Controller bool   `json:"controller"`
}

// String is the kind and the name.
func (o owner) String() string { return o.Kind + " " + o.Name }

// controller is the object that manages this one; nil: nothing does.
func (m metadata) controller() *owner {
	for i := range m.OwnerReferences {
		if m.OwnerReferences[i].Controller {
			return &m.OwnerReferences[i]
		}
	}
	return nil
}

// container is one in the description of a pod.
type container struct {
	Name  string `json:"name"`
	Image string `json:"image"`
}

// podSpec is the description of a pod.
type podSpec struct {
	Containers     []container `json:"containers"`
	InitContainers []container `json:"initContainers"`
}

type condition struct {
	Type               string    `json:"type"`
	Status             string    `json:"status"`
	Reason             string    `json:"reason"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

// pod is what is read of a pod.
type pod struct {
	Metadata metadata `json:"metadata"`
	Spec     podSpec  `json:"spec"`
	Status   struct {
		Phase                 string            `json:"phase"`
		StartTime             *time.Time        `json:"startTime"`
		ContainerStatuses     []containerStatus `json:"containerStatuses"`
		InitContainerStatuses []containerStatus `json:"initContainerStatuses"`
	} `json:"status"`
}

type containerStatus struct {
	Name         string         `json:"name"`
	ImageID      string         `json:"imageID"`
	Ready        bool           `json:"ready"`
	RestartCount int            `json:"restartCount"`
	State        containerState `json:"state"`
	LastState    containerState `json:"lastState"`
}

type containerState struct {
	Waiting *struct {
		Reason string `json:"reason"`
	} `json:"waiting"`
	Running *struct {
		StartedAt time.Time `json:"startedAt"`
	} `json:"running"`
	Terminated *struct {
		Reason     string    `json:"reason"`
		ExitCode   int       `json:"exitCode"`
		FinishedAt time.Time `json:"finishedAt"`
	} `json:"terminated"`
}

// replicaSet is what is read of one version of a workload.
type replicaSet struct {
	Metadata struct {
		metadata
		Annotations   map[string]string `json:"annotations"`
		ManagedFields []managed         `json:"managedFields"`
	} `json:"metadata"`
	Spec struct {
		Replicas *int `json:"replicas"`
		Template struct {
			Spec podSpec `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

// workload is what is read of a Deployment, StatefulSet or DaemonSet.
type workload struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		Replicas *int `json:"replicas"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64       `json:"observedGeneration"`
		AvailableReplicas  int         `json:"availableReplicas"`
		Conditions         []condition `json:"conditions"`
	} `json:"status"`
}
