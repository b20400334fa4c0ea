package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
)

// Kind is a namespace of a Kubernetes cluster.
var Kind = source.Kind{
	Name:     "kubernetes",
	Summary:  "what runs in a namespace of a cluster ([kubernetes.md](kubernetes.md))",
	Sections: []string{"staging", "production"},
	Settings: func() any { return new(Settings) },
	Needs:    source.Always(source.Image),
	Test: func(ctx context.Context, env source.Env, settings any) error {
		return open(env, settings).test(ctx)
	},
	Open: func(env source.Env, settings any) source.Collector { return open(env, settings) },
}

func open(env source.Env, settings any) Collector {
	s := source.SettingsOf[Settings](settings)
	s.Kubeconfig = env.Path(s.Kubeconfig)
	// Where the kubeconfig is, is no secret: env.Getenv would have it taken out of recordings.
	return Collector{Section: env.Section, Settings: s, Getenv: os.Getenv, Now: env.Now, Carrier: env.Carrier}
}

// Settings of a namespace.
type Settings struct {
	// Kubeconfig is the file that says how to reach the cluster. Empty: the files in
	// KUBECONFIG, ~/.kube/config, or inside a cluster the account of the pod. Context is the
	// one to use in it; empty: the current one.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	Context    string `json:"context,omitempty"`

	// Namespace has the workloads of the service. Empty: the one of the context.
	Namespace string `json:"namespace,omitempty"`

	// Selector finds the pods of the service by their labels, as kubectl -l does. Empty:
	// app.kubernetes.io/name={service}.
	Selector string `json:"selector,omitempty"`

	// Repository is the name by which the cluster pulls the image, if that is not the one
	// in the request: a mirror's.
	Repository string `json:"repository,omitempty"`

	// Environment is the name of the environment in the policies. Empty: staging for the
	// section staging, the one of the request for production.
	Environment string `json:"environment,omitempty"`
}

// valid returns an error that says which setting is invalid.
func (s Settings) valid() error {
	if s.Environment != "" {
		if wanted, ok := facts.Accepts("identifier", s.Environment); !ok {
			return fmt.Errorf("invalid environment %q: it must be %s", s.Environment, wanted)
		}
	}
	if strings.ContainsAny(s.Namespace, "/?#%. ") {
		return fmt.Errorf("invalid namespace %q", s.Namespace)
	}
	if s.Selector != "" && strings.TrimSpace(s.Selector) == "" {
		return errors.New("invalid selector: it must name labels, as in app.kubernetes.io/name=payments-api")
	}
	return nil
}

// selector finds the pods of a service.
func (s Settings) selector(service string) string {
	return cmp.Or(s.Selector, "app.kubernetes.io/name="+service)
}
