package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// remotePlace is a repository in a registry.
type remotePlace struct {
	repository name.Repository
	puller     *remote.Puller

	keychain *keychain
	guard    http.RoundTripper
	session  *session
}

// newRemote prepares to read repository. Nothing is sent. Retries are the
// guard's, which honours Retry-After.
func newRemote(repository name.Repository, options Options) (remotePlace, error) {
	credentials := &keychain{given: options.Keychain}
	inner := options.Transport
	if inner == nil {
		inner = http.DefaultTransport
	}
	carrier := &guard{inner: inner, insecure: options.Insecure}
	puller, err := remote.NewPuller(
		remote.WithAuthFromKeychain(credentials),
		remote.WithTransport(carrier),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
		remote.WithRetryStatusCodes(),
		remote.WithUserAgent("prodgate"),
	)
	return remotePlace{repository: repository, puller: puller, keychain: credentials, guard: carrier, session: &session{}}, err
}

// manifest reads by GET, never HEAD: a registry's word on a digest proves
// nothing, the bytes do.
func (p remotePlace) manifest(ctx context.Context, identifier string) ([]byte, string, error) {
	var ref name.Reference = p.repository.Tag(identifier)
	if strings.HasPrefix(identifier, "sha256:") {
		ref = p.repository.Digest(identifier)
	}
	d, err := p.puller.Get(ctx, ref)
	if err != nil {
		return nil, "", p.explain(err)
	}
	return d.Manifest, string(d.MediaType), nil
}

func (p remotePlace) blob(ctx context.Context, digest string) ([]byte, error) {
	layer, err := p.puller.Layer(ctx, p.repository.Digest(digest))
	if err != nil {
		return nil, p.explain(err)
	}
	body, err := layer.Compressed()
	if err != nil {
		return nil, p.explain(err)
	}
	defer body.Close()
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, p.explain(err)
	}
	return raw, nil
}

// explain explains the error of a read.
func (p remotePlace) explain(err error) error { return p.explainAccess(err, "read") }

// explainAccess distinguishes "absent" from "could not look", and adds what to do
// about it. access is what was attempted: read or write.
func (p remotePlace) explainAccess(err error, access string) error {
	host := p.repository.RegistryStr()
	var refused *transport.Error
	var unread *credentialsError
	switch {
	case errors.As(err, &unread):
		return unread
	case !errors.As(err, &refused):
		return fmt.Errorf("the registry %s can't be reached: %w", host, err)
	case access == "read" && refused.StatusCode == http.StatusNotFound && refused.Request != nil && ofRepository(refused.Request.URL.Path):
		return fmt.Errorf("the registry %s answers that it has no such image: %w", host, ErrAbsent)
	case refused.StatusCode == http.StatusUnauthorized, refused.StatusCode == http.StatusForbidden:
		with := p.keychain.used()
		if with == "" {
			with = "the credentials"
		}
		return fmt.Errorf("credentials for %s: the registry refuses %s access to %s with %s (%d); docker login %s, or ask for %s access: %w",
			host, access, p.repository.RepositoryStr(), with, refused.StatusCode, host, access, err)
	case access == "write":
		return fmt.Errorf("the registry %s refuses the write (%d): %w", host, refused.StatusCode, err)
	}
	return fmt.Errorf("the registry %s can't say (%d): %w", host, refused.StatusCode, err)
}

// ofRepository reports whether path asks for something inside a repository.
func ofRepository(path string) bool {
	return strings.Contains(path, "/manifests/") || strings.Contains(path, "/blobs/")
}
