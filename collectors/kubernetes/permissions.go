package kubernetes

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/prodgate/prodgate/internal/web"
)

// test tests, without an image, that the namespace can be read. Every permission that is
// missing is in the error.
func (c Collector) test(ctx context.Context) error {
	r, err := c.open(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, of := range []resource{podResource, replicaSetResource} {
		_, err := r.api.Do(ctx, web.Call{Path: of.path + web.Path("namespaces", r.namespace, of.name), Query: url.Values{"limit": {"1"}}})
		problems = append(problems, r.denied(err, of, "list"))
	}
	// Whoever may not get it is told so before it is looked for.
	_, err = get[workload](r, deploymentResource, "prodgate-does-it-exist")
	var status *web.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusNotFound {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
