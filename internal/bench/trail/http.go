package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prodgate/prodgate/internal/oidctest"
	"github.com/prodgate/prodgate/server"
	"github.com/prodgate/prodgate/trail"
)

// serverConfig lists one job that may write and read everything.
const serverConfig = `
version: 1
listen: %[1]s
audience: http://%[1]s
trail: served.db
requests_per_minute: 100000000
issuers: [{name: github, kind: github, url: "%[2]s", address: "https://ci.example.com"}]
writers: [{name: all, who: {issuer: github, repository: acme/payments-api, repository_id: "4711", any_ref: true}, may: {services: ["*"], environments: ["*"], types: ["*"]}}]
readers: [{name: all, who: {issuer: github, repository: acme/payments-api, repository_id: "4711", any_ref: true}}]
`

// served is a log in SQLite behind a server on this machine, and what ends both.
func served(ctx context.Context, folder string) (p place, end func() error, err error) {
	issuer, err := oidctest.New()
	if err != nil {
		return p, nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return p, nil, err
	}
	address := listener.Addr().String()
	file := filepath.Join(folder, "server.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, serverConfig, address, issuer.URL), 0o600); err != nil {
		return p, nil, err
	}
	config, err := server.ReadConfig(ctx, file)
	if err != nil {
		return p, nil, err
	}
	log, err := trail.Open(ctx, config.Trail, trail.Options{})
	if err != nil {
		return p, nil, err
	}
	key, err := log.PublicKey(ctx)
	if err != nil {
		return p, nil, err
	}
	token, err := issuer.Sign(issuer.GitHub(config.Audience, time.Now(), map[string]any{"actor_id": "1", "exp": time.Now().Add(time.Hour).Unix()}))
	if err != nil {
		return p, nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.New(config, log, slog.New(slog.DiscardHandler), nil).Serve(ctx, listener) }()
	end = func() error {
		stop()
		return errors.Join(<-ended, log.Close(), issuer.Close())
	}
	return place{name: "the same over HTTP", location: "http://" + address, key: key, token: func(context.Context) (string, error) { return token, nil }}, end, nil
}
