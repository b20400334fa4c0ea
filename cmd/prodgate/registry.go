package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// embeddedRegistry is an in-memory registry on loopback.
type embeddedRegistry struct {
	server *http.Server
	host   string // localhost:PORT
	done   chan struct{}
}

// startRegistry serves a registry on a free port of loopback.
func startRegistry() (*embeddedRegistry, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the embedded registry: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, fmt.Errorf("start the embedded registry: %w", err)
	}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	r := &embeddedRegistry{
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		host:   "localhost:" + port,
		done:   make(chan struct{}),
	}
	go func() {
		defer close(r.done)
		r.server.Serve(listener) // ends when the server is closed
	}()
	return r, nil
}

func (r *embeddedRegistry) close() {
	r.server.Close()
	<-r.done
}

// push stores a small image with text under reference, and returns its digest. The
// same text gives the same digest.
func (r *embeddedRegistry) push(ctx context.Context, reference, text string) (string, error) {
	tag, err := name.NewTag(reference, name.Insecure)
	if err != nil {
		return "", fmt.Errorf("push %q: %w", reference, err)
	}
	image, err := smallImage(text)
	if err != nil {
		return "", fmt.Errorf("make an image: %w", err)
	}
	if err := remote.Write(tag, image, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("push %q: %w", reference, err)
	}
	digest, err := image.Digest()
	if err != nil {
		return "", fmt.Errorf("make an image: %w", err)
	}
	return digest.String(), nil
}

// smallImage returns an image for linux/amd64 with one layer that contains text.
func smallImage(text string) (v1.Image, error) {
	image, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte(text), types.DockerLayer))
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, &v1.ConfigFile{
		Architecture: "amd64", OS: "linux",
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}},
	})
}
