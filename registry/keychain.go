package registry

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// credentialsError means that the credentials for a registry could not be read. It
// contains no part of them.
type credentialsError struct {
	host string
	err  error
}

func (e *credentialsError) Error() string { return "credentials for " + e.host + ": " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }

// keychain finds the credentials for one repository, once: those of the docker
// or podman configuration, or those of a given keychain.
type keychain struct {
	given authn.Keychain // nil: the configuration of docker or podman

	mu     sync.Mutex
	found  authn.Authenticator // nil: not read yet
	origin string              // where they are from, for messages
}

// Resolve implements authn.Keychain.
func (k *keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), target)
}

// ResolveContext implements authn.ContextKeychain. A credential helper that runs
// when ctx ends is killed.
func (k *keychain) ResolveContext(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.found != nil {
		return k.found, nil
	}
	found, origin, err := k.resolve(ctx, target)
	if err != nil {
		return nil, &credentialsError{host: target.RegistryStr(), err: err}
	}
	k.found, k.origin = found, origin
	return found, nil
}

func (k *keychain) resolve(ctx context.Context, target authn.Resource) (authn.Authenticator, string, error) {
	if k.given != nil {
		found, err := authn.Resolve(ctx, k.given, target)
		return found, "", err
	}
	files, err := dockerFiles()
	if err != nil {
		return nil, "", err
	}
	for _, file := range files {
		found, origin, err := file.credentials(ctx, target.String())
		if err != nil {
			return nil, "", err
		}
		if found != nil {
			return authn.FromConfig(*found), origin, nil
		}
	}
	return authn.Anonymous, "no credentials", nil
}

// used returns which credentials were used, if that is known.
func (k *keychain) used() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.origin
}

// credentials are those for a repository (HOST/PATH) in f: of all keys that it
// lies below, the most specific one. nil: f has none. A helper goes before what
// the file itself holds for the same key, as in docker.
func (f dockerFile) credentials(ctx context.Context, repository string) (*authn.AuthConfig, string, error) {
	for key := repository; key != ""; key = parent(key) {
		server, isHost := key, !strings.Contains(key, "/")
		if key == name.DefaultRegistry {
			server = authn.DefaultAuthKey
		}
		helper := f.helper(key)
		if helper == "" && isHost {
			helper = f.CredsStore
		}
		if helper != "" {
			found, err := askHelper(ctx, helper, server)
			if err != nil {
				return nil, "", err
			}
			if found != nil {
				return found, "the credentials of " + helperPrefix + helper, nil
			}
		}
		written, entry := f.entry(key)
		if entry == nil {
			continue
		}
		found, err := entry.decode()
		if err != nil {
			return nil, "", fmt.Errorf("%s, auths[%q]: %w", f.name, written, err)
		}
		return found, fmt.Sprintf("the credentials of %s, auths[%q]", f.name, written), nil
	}
	return nil, "", nil
}

// parent is the key above key, or "".
func parent(key string) string {
	return key[:max(0, strings.LastIndexByte(key, '/'))]
}

// helper is the suffix of the credential helper for key, or "".
func (f dockerFile) helper(key string) string {
	written, _ := spelled(f.CredHelpers, key)
	return f.CredHelpers[written]
}

// entry is what the file holds for key, and how key is written there; nil: it
// holds nothing, or only that a helper does.
func (f dockerFile) entry(key string) (string, *dockerAuth) {
	held := make(map[string]dockerAuth, len(f.Auths))
	for written, a := range f.Auths {
		if a != (dockerAuth{}) {
			held[written] = a
		}
	}
	written, ok := spelled(held, key)
	if !ok {
		return "", nil
	}
	found := held[written]
	return written, &found
}

// spelled is the key of m that means key. Of several spellings it is the
// shortest, which is key itself if m has it, and of those the first one.
func spelled[V any](m map[string]V, key string) (string, bool) {
	var all []string
	for written := range m {
		if written == key || unspelled(written) == key {
			all = append(all, written)
		}
	}
	if len(all) == 0 {
		return "", false
	}
	return slices.MinFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	}), true
}

// unspelled is a key of a docker configuration as HOST[/PATH]. Old ones are
// URLs that end in the version of the protocol; Docker Hub has several names.
func unspelled(key string) string {
	_, rest, isURL := strings.Cut(key, "://")
	if isURL {
		key = rest
	}
	host, path, _ := strings.Cut(strings.TrimSuffix(key, "/"), "/")
	if host == "docker.io" || host == "registry-1.docker.io" {
		host = name.DefaultRegistry
	}
	if version := path == "v1" || path == "v2"; path == "" || version && (isURL || host == name.DefaultRegistry) {
		return host
	}
	return host + "/" + path
}

// dockerAuth is an entry of "auths".
type dockerAuth struct {
	Auth          string `json:"auth"` // base64 of user:password
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

var errNotUserPassword = errors.New(`"auth" is not base64 of user:password; log in again`)

// decode returns a's credentials.
func (a dockerAuth) decode() (*authn.AuthConfig, error) {
	c := &authn.AuthConfig{Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken}
	if a.Auth == "" {
		return c, nil
	}
	raw, err := base64.StdEncoding.DecodeString(a.Auth)
	if err != nil {
		return nil, errNotUserPassword
	}
	user, password, ok := strings.Cut(string(raw), ":")
	if !ok || user == "" {
		return nil, errNotUserPassword
	}
	c.Username, c.Password = user, strings.Trim(password, "\x00")
	return c, nil
}
