package token

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/prodgate/prodgate/internal/web"
)

const (
	// fresh is how long keys are used without asking for them again: a key that the
	// issuer withdrew counts no longer than this.
	fresh = time.Hour

	// patience is how long to wait before the keys are read again because of a signature
	// that none of them made: anyone can send one.
	patience = 30 * time.Second

	// pause is how long to wait after the keys could not be read.
	pause = 5 * time.Second

	// readTime bounds reading them: other requests wait for it.
	readTime = 5 * time.Second

	maxDocument = 1 << 20 // bytes of an issuer's answer
	maxKeys     = 50
)

// keys are the public keys of an issuer. They are read when they are needed.
type keys struct {
	issuer string
	clock  func() time.Time
	client web.Client

	mutex sync.Mutex // held while they are read: others wait for the same answer
	set   *oidc.StaticKeySet
	at    time.Time // when set was read
	tried time.Time // when they were last asked for
}

func newKeys(issuer string, clock func() time.Time) *keys {
	return &keys{issuer: issuer, clock: clock, client: web.Client{Clock: clock}}
}

// attempt verifies one signature, and keeps why it could not.
type attempt struct {
	keys *keys
	err  error
}

// VerifySignature implements oidc.KeySet.
func (a *attempt) VerifySignature(ctx context.Context, jwt string) (payload []byte, err error) {
	payload, a.err = a.keys.verify(ctx, jwt)
	return payload, a.err
}

// verify returns the payload of a token that a key of the issuer signed. The issuer may
// have new keys: they are read again before a signature is rejected.
func (k *keys) verify(ctx context.Context, jwt string) ([]byte, error) {
	set, err := k.current(ctx, fresh)
	if err != nil {
		return nil, err
	}
	payload, rejected := set.VerifySignature(ctx, jwt)
	if rejected == nil {
		return payload, nil
	}
	again, err := k.current(ctx, patience)
	if err != nil {
		return nil, err
	}
	if again == set {
		return nil, rejected
	}
	return again.VerifySignature(ctx, jwt)
}

// current returns keys that are not older than limit.
func (k *keys) current(ctx context.Context, limit time.Duration) (*oidc.StaticKeySet, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	now := k.clock()
	if k.set != nil && now.Sub(k.at) < limit {
		return k.set, nil
	}
	if now.Sub(k.tried) < pause && k.tried.After(k.at) {
		return nil, fmt.Errorf("%w: the last try was just now", ErrUnavailable)
	}
	k.tried = now
	// Whoever asked first may be gone before the answer: others wait for it as well.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
	defer cancel()
	set, err := k.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	k.set, k.at = set, now
	return set, nil
}

// read reads the issuer's discovery document and its keys.
func (k *keys) read(ctx context.Context) (*oidc.StaticKeySet, error) {
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := k.get(ctx, strings.TrimSuffix(k.issuer, "/")+"/.well-known/openid-configuration", &document); err != nil {
		return nil, fmt.Errorf("read the discovery document: %w", err)
	}
	if document.Issuer != k.issuer {
		return nil, fmt.Errorf("the discovery document is of issuer %.100q", document.Issuer)
	}
	at, err := web.Parse(document.Keys)
	if err != nil {
		return nil, fmt.Errorf("jwks_uri: %w", err)
	}
	own, err := web.Parse(k.issuer)
	if err != nil || !strings.EqualFold(web.Host(at), web.Host(own)) {
		return nil, fmt.Errorf("jwks_uri names another host, %s", web.Host(at))
	}
	var found jose.JSONWebKeySet
	if err := k.get(ctx, document.Keys, &found); err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	set := &oidc.StaticKeySet{}
	for _, key := range found.Keys {
		if usable(key) && len(set.PublicKeys) < maxKeys {
			set.PublicKeys = append(set.PublicKeys, key.Key)
		}
	}
	if len(set.PublicKeys) == 0 {
		return nil, errors.New("the issuer has no RSA key of 2048 bits or more and no key on P-256")
	}
	return set, nil
}

func (k *keys) get(ctx context.Context, address string, into any) error {
	u, err := web.Parse(address)
	if err != nil {
		return err
	}
	b, err := k.client.Get(ctx, web.Request{URL: u, Accept: "application/json", Max: maxDocument, MaxAge: 24 * time.Hour})
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// usable reports whether a key can have made an accepted signature.
func usable(key jose.JSONWebKey) bool {
	if key.Use != "" && key.Use != "sig" {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		return public.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		return public.Curve == elliptic.P256()
	case crypto.PublicKey:
		return false
	}
	return false
}
