package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const (
	maxReferrers = 256 // of one image that are looked into
	maxPages     = 64  // of a registry's list of referrers
)

// Attachment is a manifest that holds something about an image: a bill of
// materials, a signature, a statement. Its bytes were hashed; what it says was
// not judged.
type Attachment struct {
	Digest      string // of the manifest
	Type        string // its artifactType, or the media type of its configuration
	Subject     string // the digest it says it is about; empty: it doesn't
	Blobs       []Blob
	Annotations map[string]string
}

// Blob is one content of an attachment.
type Blob struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"` // in bytes, as the manifest says
	Annotations map[string]string `json:"annotations"`
}

// referring is what is read of a manifest that may refer to another.
type referring struct {
	ArtifactType string                     `json:"artifactType"`
	Config       struct{ MediaType string } `json:"config"`
	Subject      *struct {
		Digest string `json:"digest"`
	} `json:"subject"`
	Layers      []Blob            `json:"layers"`
	Annotations map[string]string `json:"annotations"`
}

// referred is an entry of a list of referrers.
type referred struct {
	Digest       string            `json:"digest"`
	ArtifactType string            `json:"artifactType"`
	Annotations  map[string]string `json:"annotations"`
}

// lister is a place that can say which manifests refer to a digest. An empty
// list means that there is none.
type lister interface {
	referrers(ctx context.Context, digest string) ([]referred, error)
}

// Referrers reads the manifests beside the image that say themselves that they
// are about digest, in the order of their digests. wanted chooses among them by
// artifactType, which is "" where a list leaves it out. No referrers is an empty
// list; an error means that the place could not be read.
func (r Reference) Referrers(ctx context.Context, digest string, wanted func(artifactType string) bool) ([]Attachment, error) {
	if !digestShape.MatchString(digest) {
		return nil, fmt.Errorf("referrers in %s: %q is no sha256 digest", r.Repository, digest)
	}
	place, ok := r.place.(lister)
	if !ok {
		return nil, nil
	}
	list, err := place.referrers(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("referrers of %s@%s: %w", r.Repository, digest, err)
	}
	seen := map[string]bool{}
	var found []Attachment
	for _, entry := range list {
		if seen[entry.Digest] || !wanted(entry.ArtifactType) {
			continue
		}
		if seen[entry.Digest] = true; len(seen) > maxReferrers {
			return nil, fmt.Errorf("referrers of %s@%s: there are more than %d", r.Repository, digest, maxReferrers)
		}
		if !digestShape.MatchString(entry.Digest) {
			return nil, fmt.Errorf("referrers of %s@%s: the list names %q, which is no sha256 digest", r.Repository, digest, entry.Digest)
		}
		a, err := r.Attachment(ctx, entry.Digest)
		if err != nil {
			return nil, fmt.Errorf("referrers of %s@%s: %w", r.Repository, digest, err)
		}
		if a.Subject != digest {
			return nil, fmt.Errorf("referrers of %s@%s: %s is listed, and says of itself that it is about %q", r.Repository, digest, a.Digest, a.Subject)
		}
		if wanted(a.Type) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b Attachment) int { return strings.Compare(a.Digest, b.Digest) })
	return found, nil
}

// Attachment reads the manifest that identifier names, a tag or a digest, as one
// that holds something about an image. The error is ErrAbsent if there is none.
func (r Reference) Attachment(ctx context.Context, identifier string) (Attachment, error) {
	m, err := r.Manifest(ctx, identifier)
	if err != nil {
		return Attachment{}, err
	}
	var content referring
	if err := json.Unmarshal(m.Raw, &content); err != nil {
		return Attachment{}, fmt.Errorf("read %s: %w", r.name(identifier), err)
	}
	a := Attachment{Digest: m.Digest, Type: content.ArtifactType, Blobs: content.Layers, Annotations: content.Annotations}
	if a.Type == "" {
		a.Type = content.Config.MediaType
	}
	if content.Subject != nil {
		a.Subject = content.Subject.Digest
	}
	for _, b := range a.Blobs {
		if !digestShape.MatchString(b.Digest) {
			return Attachment{}, fmt.Errorf("read %s: it names %q, which is no sha256 digest", r.name(identifier), b.Digest)
		}
	}
	return a, nil
}

// Attestations are the digests of what an index says, as BuildKit writes it, to
// be statements about the image with that digest.
func (m *Manifest) Attestations(digest string) []string {
	var found []string
	for _, d := range m.content.Manifests {
		if d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" && d.Annotations["vnd.docker.reference.digest"] == digest &&
			digestShape.MatchString(d.Digest) && !slices.Contains(found, d.Digest) {
			found = append(found, d.Digest)
		}
	}
	slices.Sort(found)
	return found
}

// referrers asks the registry's API and reads the tag that stands in for it:
// what was attached before a registry had the API may lie under the tag alone.
func (p remotePlace) referrers(ctx context.Context, digest string) ([]referred, error) {
	list, err := p.listed(ctx, digest)
	if err != nil {
		return nil, err
	}
	raw, _, err := p.manifest(ctx, strings.Replace(digest, ":", "-", 1))
	if errors.Is(err, ErrAbsent) {
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	more, err := parseReferrers(raw)
	return append(list, more...), err
}

// nextPage is where a registry's answer goes on.
var nextPage = regexp.MustCompile(`<([^>]+)>\s*;\s*rel="?next"?`)

// listed asks the registry's API for the referrers of digest; a registry without
// the API has nothing to list.
func (p remotePlace) listed(ctx context.Context, digest string) ([]referred, error) {
	client, err := p.client(ctx)
	if err != nil {
		return nil, err
	}
	at := &url.URL{
		Scheme: p.repository.Scheme(), Host: p.repository.RegistryStr(),
		Path: fmt.Sprintf("/v2/%s/referrers/%s", p.repository.RepositoryStr(), digest),
	}
	path := at.Path
	var list []referred
	for range maxPages {
		raw, next, err := p.page(ctx, client, at.String())
		if err != nil || raw == nil {
			return list, err
		}
		entries, err := parseReferrers(raw)
		if err != nil {
			return nil, err
		}
		if list = append(list, entries...); len(list) > maxReferrers*16 {
			break
		}
		if next == "" {
			return list, nil
		}
		host := at.Host
		if at, err = at.Parse(next); err != nil || at.Host != host || at.Path != path {
			return nil, fmt.Errorf("the registry %s says that its list of referrers goes on at %q: refused", p.repository.RegistryStr(), next)
		}
	}
	return nil, fmt.Errorf("the registry %s lists referrers without end", p.repository.RegistryStr())
}

// page reads one answer of the API, and where the next one is. The answer is nil
// if the registry does not have the API.
func (p remotePlace) page(ctx context.Context, client *http.Client, address string) (raw []byte, next string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Accept", "application/vnd.oci.image.index.v1+json")
	response, err := client.Do(request)
	if err != nil {
		return nil, "", p.explain(withoutURL(err))
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusBadRequest, http.StatusNotImplemented:
		return nil, "", nil
	}
	if err := transport.CheckError(response, http.StatusOK); err != nil {
		return nil, "", p.explain(err)
	}
	if raw, err = io.ReadAll(response.Body); err != nil {
		return nil, "", p.explain(withoutURL(err))
	}
	if m := nextPage.FindStringSubmatch(response.Header.Get("Link")); m != nil {
		next = m[1]
	}
	return raw, next, nil
}

// parseReferrers reads an index that lists referrers.
func parseReferrers(raw []byte) ([]referred, error) {
	var index struct {
		Manifests []referred `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("the list of referrers is no JSON: %w", err)
	}
	if index.Manifests == nil {
		return nil, errors.New("the list of referrers is no index")
	}
	return index.Manifests, nil
}

// Attaches reports whether the place can hold anything about an image beside the
// image: an archive as docker save wrote it before it wrote layouts can't.
func (r Reference) Attaches() bool {
	t, ok := r.place.(tarball)
	if !ok {
		return true
	}
	if _, err := os.Stat(t.file); err != nil {
		return true // it can't be read, which is for the next to say
	}
	_, err := t.read("index.json")
	return !errors.Is(err, fs.ErrNotExist)
}

// referrers looks through all that the archive's layout lists.
func (t tarball) referrers(ctx context.Context, digest string) ([]referred, error) {
	return t.layout().referrers(ctx, digest)
}

// referrers looks through all that a layout lists.
func (l layout) referrers(_ context.Context, digest string) ([]referred, error) {
	raw, err := l.read("index.json")
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI layout: %w", l.where, err)
	}
	entries, err := parseReferrers(raw)
	if err != nil {
		return nil, err
	}
	if len(entries) > maxReferrers*16 {
		return nil, fmt.Errorf("the layout lists more than %d manifests", maxReferrers*16)
	}
	var list []referred
	for _, entry := range entries {
		manifest, err := l.file(entry.Digest)
		if err != nil {
			return nil, err
		}
		var content referring
		if json.Unmarshal(manifest, &content) == nil && content.Subject != nil && content.Subject.Digest == digest {
			list = append(list, entry)
		}
	}
	return list, nil
}
