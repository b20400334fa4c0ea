package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/jobtoken"
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
	if !jobtoken.InGitHub(std.getenv) {
		return "", fmt.Errorf("there is none: in GitHub Actions give the job permissions: {id-token: write}; elsewhere set %s, or %s to a file", config.TrailTokenVariable, config.TrailTokenFileVariable)
	}
	server, err := web.Parse(location)
	if err != nil {
		return "", err
	}
	return jobtoken.GitHub(ctx, std.getenv, web.Host(server), nil)
}
