// Package oidctest is an issuer of OpenID Connect tokens for tests: a server on this
// machine with a discovery document, keys that can be replaced, and tokens with the
// claims of GitHub's and GitLab's jobs. It checks nothing.
package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer issues tokens. Its methods are safe for concurrent use.
type Issuer struct {
	URL string

	server *http.Server
	mutex  sync.Mutex
	signer crypto.Signer
	asked  int  // for the keys
	away   bool // it answers nothing
	tokens func(audience string) string
}

// New starts an issuer that signs with RS256.
func New() (*Issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return start(key)
}

// NewES256 starts an issuer that signs with ES256.
func NewES256() (*Issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return start(key)
}

func start(key crypto.Signer) (*Issuer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		return nil, err
	}
	i := &Issuer{URL: "http://" + listener.Addr().String(), signer: key}
	i.server = &http.Server{Handler: i, ReadHeaderTimeout: time.Minute}
	go i.server.Serve(listener)
	return i, nil
}

// Close ends the issuer.
func (i *Issuer) Close() error { return i.server.Close() }

// Rotate replaces the key by a new one of RS256: tokens that were made before are no longer signed by a
// key of the issuer.
func (i *Issuer) Rotate() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.signer = key
	return nil
}

// SetAway makes the issuer answer nothing, or answer again.
func (i *Issuer) SetAway(away bool) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.away = away
}

// Asked is how often the keys were asked for.
func (i *Issuer) Asked() int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.asked
}

// ServeTokens answers GET /token?audience=A with what tokens returns for A, as GitHub
// Actions does for a job.
func (i *Issuer) ServeTokens(tokens func(audience string) string) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.tokens = tokens
}

// ServeHTTP answers for the discovery document, the keys and tokens.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mutex.Lock()
	away, public, tokens := i.away, i.signer.Public(), i.tokens
	if r.URL.Path == "/keys" && !away {
		i.asked++
	}
	i.mutex.Unlock()
	var answer any
	switch {
	case away:
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	case r.URL.Path == "/.well-known/openid-configuration":
		answer = map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "ES256"}}
	case r.URL.Path == "/keys":
		answer = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: "one", Use: "sig"}}}
	case r.URL.Path == "/token" && tokens != nil && r.Header.Get("Authorization") == "Bearer request-secret":
		answer = map[string]string{"value": tokens(r.URL.Query().Get("audience"))}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// Sign returns a token with claims.
func (i *Issuer) Sign(claims map[string]any) (string, error) {
	i.mutex.Lock()
	key := i.signer
	i.mutex.Unlock()
	algorithm := jose.RS256
	if _, elliptic := key.(*ecdsa.PrivateKey); elliptic {
		algorithm = jose.ES256
	}
	return sign(algorithm, key, claims)
}

// SignWith returns a token that another key signed, with any algorithm of go-jose.
func SignWith(algorithm string, key any, claims map[string]any) (string, error) {
	return sign(jose.SignatureAlgorithm(algorithm), key, claims)
}

func sign(algorithm jose.SignatureAlgorithm, key any, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// GitHub are the claims of a job in acme/payments-api's run 77, attempt 1, started by
// github:583231, with changes. A change to nil removes the claim.
func (i *Issuer) GitHub(audience string, now time.Time, changes map[string]any) map[string]any {
	return changed(map[string]any{
		"iss": i.URL, "aud": audience, "sub": "repo:acme/payments-api:ref:refs/heads/main", "jti": "example-id",
		"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"repository": "acme/payments-api", "repository_id": "4711", "repository_owner": "acme", "repository_owner_id": "12",
		"run_id": "77", "run_attempt": "1", "run_number": "5", "ref": "refs/heads/main", "ref_type": "branch",
		"actor": "alice", "actor_id": "583231", "event_name": "workflow_dispatch", "sha": "7a3f9c2",
		"workflow": "deploy", "workflow_ref": "acme/payments-api/.github/workflows/deploy.yml@refs/heads/main",
		"job_workflow_ref": "acme/payments-api/.github/workflows/deploy.yml@refs/heads/main", "runner_environment": "github-hosted",
	}, changes)
}

// GitLab are the claims of a job in acme/payments-api's pipeline 88, with changes.
func (i *Issuer) GitLab(audience string, now time.Time, changes map[string]any) map[string]any {
	return changed(map[string]any{
		"iss": i.URL, "aud": audience, "sub": "project_path:acme/payments-api:ref_type:branch:ref:main", "jti": "example-id",
		"iat": now.Unix(), "nbf": now.Add(-5 * time.Second).Unix(), "exp": now.Add(time.Hour).Unix(),
		"namespace_id": "12", "namespace_path": "acme", "project_id": "4711", "project_path": "acme/payments-api",
		"user_id": "583231", "user_login": "alice", "pipeline_id": "88", "pipeline_source": "web", "job_id": "99",
		"ref": "main", "ref_type": "branch", "ref_path": "refs/heads/main", "ref_protected": "true", "environment": "production",
		"ci_config_ref_uri": fmt.Sprintf("%s/acme/payments-api//.gitlab-ci.yml@refs/heads/main", "gitlab.example.com"), "runner_environment": "self-hosted",
	}, changes)
}

func changed(claims, changes map[string]any) map[string]any {
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}
