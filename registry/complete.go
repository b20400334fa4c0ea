package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const (
	maxImages  = 256 // of one index
	maxAtATime = 8   // blobs that are requested at once
)

// Complete reports whether the place has all of the image or index with that
// digest: its manifest, and of every image in it the manifest, the configuration
// and every layer. The error is nil if so; it is ErrAbsent, and names what is
// missing, if everything was requested and not all of it is there; every
// other error means that it could not be determined.
//
// A layer that is not distributed with the image, but fetched from the URLs in
// its descriptor, may be missing. Attestations in an index and
// entries that are not images are not requested. Blobs are requested, not read.
func (r Reference) Complete(ctx context.Context, digest string) error {
	m, err := r.Manifest(ctx, digest)
	if err != nil {
		return err
	}
	blobs := newBlobs()
	gone, err := r.collect(ctx, m, maxDepth, blobs)
	if err != nil {
		return fmt.Errorf("is all of %s@%s there: %w", r.Repository, digest, err)
	}
	if blobs.images == 0 && gone == nil {
		return fmt.Errorf("is all of %s@%s there: the index lists no image", r.Repository, digest)
	}
	missing, err := r.ask(ctx, blobs.list)
	if err != nil {
		return fmt.Errorf("is all of %s@%s there: %w", r.Repository, digest, err)
	}
	if missing == nil {
		missing = gone
	}
	if missing != nil {
		return fmt.Errorf("not all of %s@%s is there: %w", r.Repository, digest, missing)
	}
	return nil
}

// blobs are what images consist of besides their manifests.
type blobs struct {
	list   []descriptor
	seen   map[string]bool
	images int
}

func newBlobs() *blobs { return &blobs{seen: map[string]bool{}} }

// collect adds the blobs of every image that m is or lists. gone is a missing image,
// if there is one.
func (r Reference) collect(ctx context.Context, m *Manifest, depth int, into *blobs) (gone, err error) {
	if m.content.Config != nil {
		return nil, into.add(m)
	}
	if depth == 0 {
		return nil, errors.New("indexes nest too deep")
	}
	for _, d := range m.content.Manifests {
		if d.isAttestation() || d.MediaType != "" && !isImage(d.MediaType) && !isIndex(d.MediaType) {
			continue
		}
		if !digestShape.MatchString(d.Digest) {
			return nil, fmt.Errorf("the index lists %q, which is not a sha256 digest", d.Digest)
		}
		child, err := r.Manifest(ctx, d.Digest)
		if errors.Is(err, ErrAbsent) {
			gone = err
			continue
		}
		if err != nil {
			return nil, err
		}
		below, err := r.collect(ctx, child, depth-1, into)
		if err != nil {
			return nil, err
		}
		if below != nil {
			gone = below
		}
	}
	return gone, nil
}

// add adds the blobs of the image that m is.
func (b *blobs) add(m *Manifest) error {
	if b.images++; b.images > maxImages {
		return fmt.Errorf("it lists more than %d images", maxImages)
	}
	if len(m.content.Layers) > maxLayers {
		return fmt.Errorf("%s claims %d layers, more than the %d that are possible", m.Digest, len(m.content.Layers), maxLayers)
	}
	for _, d := range append([]descriptor{*m.content.Config}, m.content.Layers...) {
		if !digestShape.MatchString(d.Digest) {
			return fmt.Errorf("%s names the blob %q, which is not a sha256 digest", m.Digest, d.Digest)
		}
		if b.seen[d.Digest] {
			continue
		}
		b.seen[d.Digest] = true
		b.list = append(b.list, d)
	}
	return nil
}

// ask requests each blob of list, a few at a time, and waits for all. missing is the
// first missing one.
func (r Reference) ask(ctx context.Context, list []descriptor) (missing, err error) {
	answers := make([]error, len(list))
	places := make(chan struct{}, maxAtATime)
	var all sync.WaitGroup
	for i, d := range list {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			if answers[i] = ctx.Err(); answers[i] == nil {
				answers[i] = r.place.has(ctx, d.Digest, d.Size)
			}
		})
	}
	all.Wait()
	for i, answer := range answers {
		switch {
		case errors.Is(answer, ErrAbsent) && list[i].isForeign():
		case errors.Is(answer, ErrAbsent):
			if missing == nil {
				missing = fmt.Errorf("blob %s: %w", list[i].Digest, answer)
			}
		case answer != nil:
			return nil, fmt.Errorf("blob %s: %w", list[i].Digest, answer)
		}
	}
	return missing, nil
}

// isForeign reports whether d is a layer that a runtime fetches from elsewhere, such as
// the base layers of Windows.
func (d descriptor) isForeign() bool {
	switch d.MediaType {
	case "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "application/vnd.docker.image.rootfs.foreign.diff.tar",
		"application/vnd.oci.image.layer.nondistributable.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd":
		return len(d.URLs) > 0
	}
	return false
}

// sized returns an error if a blob is known not to be size bytes long. Registries can
// omit the length in a response without a body.
func sized(got, size int64) error {
	if got > 0 && got != size {
		return fmt.Errorf("it has %d bytes, and the manifest says %d: it was altered", got, size)
	}
	return nil
}

func (p remotePlace) has(ctx context.Context, digest string, size int64) error {
	client, err := p.client(ctx)
	if err != nil {
		return err
	}
	status, err := p.probe(ctx, client, http.MethodHead, digest, size)
	switch status {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		// Storage that a registry redirects to may allow only GET.
		_, err = p.probe(ctx, client, http.MethodGet, digest, size)
	}
	return err
}

// probe requests a blob, of which only one byte is read, and returns the
// status of the response.
func (p remotePlace) probe(ctx context.Context, client *http.Client, method, digest string, size int64) (int, error) {
	address := url.URL{
		Scheme: p.repository.Scheme(),
		Host:   p.repository.RegistryStr(),
		Path:   fmt.Sprintf("/v2/%s/blobs/%s", p.repository.RepositoryStr(), digest),
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept-Encoding", "identity")
	if method == http.MethodGet {
		request.Header.Set("Range", "bytes=0-0")
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, p.explain(withoutURL(err))
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return response.StatusCode, sized(response.ContentLength, size)
	case http.StatusPartialContent:
		return response.StatusCode, nil
	case http.StatusNotFound:
		return response.StatusCode, fmt.Errorf("the registry %s does not have it: %w", p.repository.RegistryStr(), ErrAbsent)
	}
	return response.StatusCode, p.explain(transport.CheckError(response, http.StatusOK))
}

func (l layout) has(ctx context.Context, digest string, size int64) error {
	blob, err := l.open(ctx, digest, 1)
	return opened(blob, err, size)
}

func (t tarball) has(ctx context.Context, digest string, size int64) error {
	blob, err := t.open(ctx, digest, 1)
	return opened(blob, err, size)
}

// opened closes a blob and judges it by its size, if it is a file of its own.
func opened(blob io.ReadCloser, err error, size int64) error {
	if err != nil {
		return err
	}
	defer blob.Close()
	file, ok := blob.(*os.File)
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err == nil && info.Size() != size {
		err = fmt.Errorf("it has %d bytes, and the manifest says %d: it was altered", info.Size(), size)
	}
	return err
}
