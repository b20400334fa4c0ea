// Package jobtoken gets the OpenID Connect tokens by which a CI job proves which job it
// is. It does not verify them; package server/token does.
package jobtoken

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/prodgate/prodgate/internal/web"
)

// The variables that GitHub Actions sets for jobs with permissions: {id-token: write}.
const (
	addressVariable = "ACTIONS_ID_TOKEN_REQUEST_URL"
	secretVariable  = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// InGitHub reports whether this job can request tokens from GitHub Actions.
func InGitHub(getenv func(string) string) bool {
	return getenv(addressVariable) != "" && getenv(secretVariable) != ""
}

// GitHub requests an OpenID Connect token of this job from GitHub Actions, for one
// audience. carrier wraps what sends the request; nil: nothing does. No error contains a
// secret.
func GitHub(ctx context.Context, getenv func(string) string, audience string, carrier func(http.RoundTripper) http.RoundTripper) (string, error) {
	address, secret := getenv(addressVariable), getenv(secretVariable)
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New(addressVariable + " is not a URL")
	}
	query := u.Query()
	query.Set("audience", audience)
	server, err := web.New(web.Options{Base: u.Scheme + "://" + u.Host, Auth: web.Bearer(secret), Carrier: carrier})
	if err != nil {
		return "", fmt.Errorf("%s: %w", addressVariable, err)
	}
	var answer struct {
		Value string `json:"value"`
	}
	call := web.Call{Path: "/" + strings.TrimPrefix(u.EscapedPath(), "/"), Query: query, Header: http.Header{"Accept": {"application/json"}}}
	if err := server.JSON(ctx, call, &answer); err != nil {
		return "", fmt.Errorf("request a token of this job: %w", err)
	}
	if answer.Value == "" {
		return "", errors.New("request a token of this job: the answer has none")
	}
	return answer.Value, nil
}
