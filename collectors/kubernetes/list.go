package kubernetes

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/internal/web"
)

// resource is a kind of object, as paths and permissions name it.
type resource struct{ path, group, name string }

// What is read.
var (
	podResource         = resource{"/api/v1", "", "pods"}
	replicaSetResource  = resource{"/apis/apps/v1", "apps", "replicasets"}
	deploymentResource  = resource{"/apis/apps/v1", "apps", "deployments"}
	statefulSetResource = resource{"/apis/apps/v1", "apps", "statefulsets"}
	daemonSetResource   = resource{"/apis/apps/v1", "apps", "daemonsets"}
)

// pageSize is how many objects one answer has at most.
const pageSize = 250

// page is one answer to a request for a list.
type page[T any] struct {
	Metadata struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items []T `json:"items"`
}

// errExpired is the answer to a page that comes too late.
var errExpired = errors.New("the list changed while it was read")

// list reads all objects with the labels of the service. A list that expires while it is
// read is begun again, once.
func list[T any](r *reading, of resource, selector string) ([]T, error) {
	all, err := listOnce[T](r, of, selector)
	if errors.Is(err, errExpired) {
		all, err = listOnce[T](r, of, selector)
	}
	return all, err
}

func listOnce[T any](r *reading, of resource, selector string) ([]T, error) {
	all := []T{}
	call := web.Call{Path: of.path + web.Path("namespaces", r.namespace, of.name), Query: url.Values{
		"labelSelector": {selector}, "limit": {strconv.Itoa(pageSize)},
	}}
	var last page[T]
	number := 0
	next := func(answer *web.Answer) (string, error) {
		if last.Metadata.Continue == "" {
			return "", nil
		}
		return answer.With("continue", last.Metadata.Continue), nil
	}
	for answer, err := range r.api.Pages(r.ctx, call, next) {
		if err != nil {
			return nil, r.denied(err, of, "list")
		}
		last, number = page[T]{Items: make([]T, 0, pageSize)}, number+1
		r.seen.AddPage(call, number, answer.Body)
		if err := rest.Decode(call.Path, answer, &last); err != nil {
			return nil, err
		}
		all = append(all, last.Items...)
	}
	return all, nil
}

// get reads one object.
func get[T any](r *reading, of resource, name string) (*T, error) {
	path := of.path + web.Path("namespaces", r.namespace, of.name, name)
	answer, err := r.api.Do(r.ctx, web.Call{Path: path})
	if err != nil {
		return nil, r.denied(err, of, "get")
	}
	r.seen.Add(path, answer.Body)
	object := new(T)
	return object, rest.Decode(path, answer, object)
}

// denied explains an answer that could not be read.
func (r *reading) denied(err error, of resource, verb string) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Status {
	case http.StatusGone:
		return fmt.Errorf("%w: %w", errExpired, err)
	case http.StatusUnauthorized:
		return fmt.Errorf("%w; the API server does not accept the credentials of the kubeconfig", err)
	case http.StatusForbidden:
		group := of.group
		if group == "" {
			group = "core"
		}
		return fmt.Errorf("%w; the account needs a Role in the namespace %s that allows to %s %s (API group %s)", err, r.namespace, verb, of.name, group)
	}
	return err
}
