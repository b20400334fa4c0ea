// Package token verifies the OpenID Connect tokens with which a job of a CI system
// proves which job it is. It knows the claims of GitHub and GitLab. What a job may do is
// for package server.
package token

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// The kinds of issuers.
const (
	GitHub = "github"
	GitLab = "gitlab"
)

// Kinds are all of them.
var Kinds = []string{GitHub, GitLab}

// Issuer is a CI system that issues tokens.
type Issuer struct {
	Name    string // in the configuration
	Kind    string // GitHub or GitLab
	URL     string // the claim iss, exactly
	Address string // of the system's web pages, https://github.com; empty: derived from URL
}

// maxToken bounds a token, in bytes; those of CI systems have 1 to 3 KiB.
const maxToken = 16 << 10

// tolerance is by how much the issuer's clock may be ahead.
const tolerance = time.Minute

// algorithms are the accepted ones. "none" and shared secrets are not among them.
var algorithms = []string{oidc.RS256, oidc.ES256}

// ErrUnavailable is the error of a token that could not be verified because the keys of
// its issuer could not be read. It says nothing about the token.
var ErrUnavailable = errors.New("the keys of the issuer could not be read")

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	audience string
	clock    func() time.Time
	issuers  map[string]*issuer // by the claim iss
}

type issuer struct {
	Issuer
	keys     *keys
	verifier func(oidc.KeySet) *oidc.IDTokenVerifier
}

// New returns a verifier of tokens that issuers made for audience. clock nil: time.Now.
func New(audience string, issuers []Issuer, clock func() time.Time) *Verifier {
	if clock == nil {
		clock = time.Now
	}
	v := &Verifier{audience: audience, clock: clock, issuers: map[string]*issuer{}}
	for _, i := range issuers {
		v.issuers[i.URL] = &issuer{Issuer: i, keys: newKeys(i.URL, clock), verifier: func(set oidc.KeySet) *oidc.IDTokenVerifier {
			return oidc.NewVerifier(i.URL, set, &oidc.Config{ClientID: audience, SupportedSigningAlgs: algorithms, Now: clock})
		}}
	}
	return v
}

// Verify returns whom a token is of. The error says why it is not accepted, without any
// part of the token but its claims; it is ErrUnavailable if that is not known.
func (v *Verifier) Verify(ctx context.Context, raw string) (Identity, error) {
	from, err := v.issuerOf(raw)
	if err != nil {
		return Identity{}, err
	}
	set := &attempt{keys: from.keys}
	verified, err := from.verifier(set).Verify(ctx, raw)
	switch {
	case errors.Is(set.err, ErrUnavailable):
		return Identity{}, fmt.Errorf("issuer %s: %w", from.Name, set.err)
	case err != nil:
		return Identity{}, plain(err, from, v.audience)
	case len(verified.Audience) != 1:
		return Identity{}, fmt.Errorf("the token is for %d audiences: any of them could have passed it on; request one for %s alone", len(verified.Audience), v.audience)
	case verified.IssuedAt.Unix() <= 0:
		return Identity{}, errors.New("the token does not say when it was issued (iat)")
	case verified.IssuedAt.After(v.clock().Add(tolerance)):
		return Identity{}, errors.New("the token was issued in the future (iat): compare the clocks")
	}
	var claims claims
	if err := verified.Claims(&claims); err != nil {
		return Identity{}, fmt.Errorf("the claims of the token are not those of %s: %w", from.Kind, err)
	}
	return from.identity(claims)
}

// plain is an error of go-oidc in words that say what to do.
func plain(err error, from *issuer, audience string) error {
	var expired *oidc.TokenExpiredError
	text := err.Error()
	switch {
	case errors.As(err, &expired):
		return fmt.Errorf("the token expired at %s: request another", expired.Expiry.UTC().Format(time.RFC3339))
	case strings.Contains(text, "expected audience"):
		return fmt.Errorf("the token is for another audience: request one for %s", audience)
	case strings.Contains(text, "nbf"):
		return errors.New("the token is not valid yet (nbf): compare the clocks")
	case strings.Contains(text, "signed with unsupported algorithm"), strings.Contains(text, "unexpected signature algorithm"):
		return fmt.Errorf("the token's algorithm is not one of %s", strings.Join(algorithms, ", "))
	case strings.Contains(text, "failed to verify signature"):
		return fmt.Errorf("no key of issuer %s made the token's signature", from.Name)
	}
	return errors.New("the token is malformed")
}

// issuerOf reads who says to have issued a token, which Verify then checks.
func (v *Verifier) issuerOf(raw string) (*issuer, error) {
	parts := strings.Split(raw, ".")
	if len(raw) > maxToken || len(parts) != 3 {
		return nil, errors.New("the token is not one of OpenID Connect: it must have three parts and at most 16 KiB")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("the token is not one of OpenID Connect: its second part is not base64url")
	}
	var claimed struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(payload, &claimed); err != nil {
		return nil, errors.New("the token is not one of OpenID Connect: its second part is not JSON")
	}
	found := v.issuers[claimed.Issuer]
	if found == nil {
		return nil, fmt.Errorf("the token's issuer %.100q is not configured: add it to issuers", claimed.Issuer)
	}
	return found, nil
}
