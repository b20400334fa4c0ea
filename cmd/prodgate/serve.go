package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/server"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

func newServe(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve CONFIGURATION",
		Short: "Keep a trail for the jobs of CI systems, over HTTP",
		Long: `Serve keeps the trail that CONFIGURATION (YAML or JSON) names, and answers until it is
interrupted. The key that signs the trail stays on this machine. Jobs write with the
token that their CI system issues (OpenID Connect), and only what the configuration
lists for them. It reads nothing from prodgate.yaml.

A client names the server as its trail and pins the trail's public key, which serve
prints when it starts:

  trail: https://trail.example.com
  trail_key: prodgate.dev/trail/…+…+…`,
		Example: `  prodgate serve server.yaml
  prodgate serve server.yaml --check`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usage("prodgate serve CONFIGURATION", "expected exactly one configuration file")
			}
			return nil
		},
	}
	cmd.Flags().Bool("check", false, "check the configuration and exit")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := server.ReadConfig(cmd.Context(), std.path(args[0]))
		if err != nil {
			return usage("the server was not started", "%w", err)
		}
		if check, _ := cmd.Flags().GetBool("check"); check {
			return writeText(std, fmt.Sprintf("%s is valid: %d writers, %d readers, %d tokens\n", print.Line(args[0]), len(c.Writers), len(c.Readers), len(c.Tokens)))
		}
		return serveTrail(cmd.Context(), std, c)
	}
	return cmd
}

// serveTrail opens the trail and answers until ctx ends.
func serveTrail(ctx context.Context, std stdio, c *server.Config) error {
	debug.SetGCPercent(100) // main turned it off, for runs of milliseconds
	log, err := trail.Open(ctx, c.Trail, trail.Options{Key: c.TrailKey, Clock: std.clock})
	if err != nil {
		return err
	}
	defer log.Close()
	key, err := log.PublicKey(ctx)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	scheme := "https"
	if c.TLS == nil {
		scheme = "http"
	}
	if err := writeText(std, fmt.Sprintf("listening on %s://%s\n  trail_key  %s\n", scheme, listener.Addr(), strings.TrimSpace(key))); err != nil {
		return errors.Join(err, listener.Close())
	}
	logger := slog.New(slog.NewTextHandler(std.err, nil))
	return server.New(c, log, logger, std.clock).Serve(ctx, listener)
}
