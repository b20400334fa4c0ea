// Package registry reads images from registries, OCI layouts on disk and tarballs,
// and attaches attestations to them. It reads manifests and streams blobs, and hashes
// what it reads: it trusts no header and no file name. It must not interpret what is
// in a layer or an attestation.
package registry

import (
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Options say how to reach registries. The zero Options are right for most:
// HTTPS, and the credentials of the user's docker configuration.
type Options struct {
	// Insecure allows plain HTTP to a registry that is not on loopback.
	Insecure bool `json:"insecure,omitempty"`

	// Keychain answers with the credentials for a registry; nil: the docker
	// configuration and its credential helpers.
	Keychain authn.Keychain `json:"-"`

	// Transport carries the requests; nil: http.DefaultTransport.
	Transport http.RoundTripper `json:"-"`
}
