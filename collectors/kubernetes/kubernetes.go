// Package kubernetes reads what runs in a namespace of a Kubernetes cluster: which digest
// of the service's image, since when, and what is wrong with its pods (sections staging
// and production).
//
// It never judges, and it reads no more than docs/kubernetes.md lists: pods, and the
// workloads that own them. A pod that does not say which digest it runs, or a workload that
// its controller has not seen yet, is an error: what runs is then unknown. Only the API
// server in the kubeconfig is called.
package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// Collector reads one section.
type Collector struct {
	Section  string // staging or production
	Settings Settings
	Getenv   func(string) string // reads KUBECONFIG and HOME
	Now      func() time.Time    // dates what was seen

	// Carrier wraps what sends the requests; nil: nothing does.
	Carrier func(http.RoundTripper) http.RoundTripper
}

// Name is the section's key.
func (c Collector) Name() string { return c.Section }

// Kind is the kind of source.
func (Collector) Kind() string { return Kind.Name }

// Collect reads what runs of the request's image. An error says what could not be read, and
// which permission is missing.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	r, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	if r.repository, err = c.repositoryOf(req); err != nil {
		return nil, err
	}
	found, err := r.section(req)
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: found, Evidence: r.evidence()}, nil
}

// section reads one section.
func (r *reading) section(req facts.Request) (facts.Section, error) {
	switch r.Section {
	case "staging":
		return r.staging(req)
	case "production":
		return r.production(req)
	}
	return nil, fmt.Errorf("a namespace of Kubernetes does not report %s", r.Section)
}

// reading is one section that is being read.
type reading struct {
	Collector
	ctx        context.Context
	api        *web.Server
	namespace  string
	repository string // of the image, in its long form
	images     images
	seen       rest.Seen // the answers
}

// open prepares to read the namespace.
func (c Collector) open(ctx context.Context) (*reading, error) {
	if err := c.Settings.valid(); err != nil {
		return nil, err
	}
	r := &reading{Collector: c, ctx: ctx, images: images{}}
	var err error
	r.api, r.namespace, err = c.connect()
	return r, err
}

// now is the time in UTC without its fraction: documents are collected at whole seconds.
func (r *reading) now() time.Time { return r.Now().UTC().Truncate(time.Second) }

// evidence is the namespace, and the digest of what was read in it.
func (r *reading) evidence() *facts.Evidence {
	return r.seen.Evidence(r.api.Host() + "/namespaces/" + url.PathEscape(r.namespace))
}
