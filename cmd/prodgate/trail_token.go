package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/web"
	"github.com/prodgate/prodgate/trail"
)

// trailOptions are the options of the trail that the settings name.
func trailOptions(std stdio, cfg *config.Config, readOnly bool) trail.Options {
	return trail.Options{ReadOnly: readOnly, Key: cfg.Get("trail-key").Text, Clock: std.clock, Token: trailToken(std, cfg.Get("trail").Text)}
}

// behindHTTP reports whether a server keeps the trail.
func behindHTTP(location string) bool {
	return strings.HasPrefix(location, "https:") || strings.HasPrefix(location, "http:")
}

// trailToken returns what gets the token for a trail's server; nil if no server keeps the
// trail. The token is never printed, and is for that server alone: it is requested for
// the server's address as its audience.
func trailToken(std stdio, location string) func(context.Context) (string, error) {
	if !behindHTTP(location) {
		return nil
	}
	asked := false // before: then the server did not accept the last one any more
	return func(ctx context.Context) (string, error) {
		renew := asked
		asked = true
		return std.tokens.get(location, renew, func() (string, error) { return readToken(ctx, std, location) })
	}
}

// jobTokens remembers the tokens of this run: a decision opens the trail several times.
type jobTokens struct {
	mutex sync.Mutex
	known map[string]string // by location of the trail
}

// get returns the token for a location, and reads it if it is not known yet.
func (t *jobTokens) get(location string, renew bool, read func() (string, error)) (string, error) {
	if t == nil {
		return read()
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if token := t.known[location]; token != "" && !renew {
		return token, nil
	}
	token, err := read()
	if err != nil {
		return "", err
	}
	if t.known == nil {
		t.known = map[string]string{}
	}
	t.known[location] = token
	return token, nil
}

// readToken reads the token from the environment, a file or GitHub Actions.
func readToken(ctx context.Context, std stdio, location string) (string, error) {
	if token := strings.TrimSpace(std.getenv(config.TrailTokenVariable)); token != "" {
		return token, nil
	}
	if file := std.getenv(config.TrailTokenFileVariable); file != "" {
		b, err := os.ReadFile(std.path(file))
		if err != nil {
			return "", fmt.Errorf("read %s: %w", config.TrailTokenFileVariable, err)
		}
		return strings.TrimSpace(string(b)), nil
	}
	address, secret := std.getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), std.getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if address == "" || secret == "" {
		return "", fmt.Errorf("there is none: in GitHub Actions give the job permissions: {id-token: write}; elsewhere set %s, or %s to a file", config.TrailTokenVariable, config.TrailTokenFileVariable)
	}
	server, err := web.Parse(location)
	if err != nil {
		return "", err
	}
	return githubToken(ctx, address, secret, web.Host(server))
}

// githubToken requests an OpenID Connect token of this job from GitHub Actions.
func githubToken(ctx context.Context, address, secret, audience string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL")
	}
	query := u.Query()
	query.Set("audience", audience)
	server, err := web.New(web.Options{Base: u.Scheme + "://" + u.Host, Auth: web.Bearer(secret)})
	if err != nil {
		return "", fmt.Errorf("ACTIONS_ID_TOKEN_REQUEST_URL: %w", err)
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
