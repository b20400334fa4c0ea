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

// referring has the relevant fields of a manifest that may refer to another.
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

// lister is a place that can say which manifests refer to a digest. Each error is
// of one list or entry that could not be read; what the others say is returned
// with it. No entries and no errors mean that there are none.
type lister interface {
	referrers(ctx context.Context, digest string) ([]referred, []Failure)
}

// Failure is one thing attached to an image, or one list of such things, that
// could not be read.
type Failure struct {
	Digest string // of the manifest; empty: the list itself
	Err    error
}

// Referrers reads the manifests in the repository that say themselves that they
// are about digest, in the order of their digests. wanted chooses among them by
// artifactType, which is "" where a list leaves it out. Each list and each
// manifest that could not be read is a Failure, and hides none of the others. No
// manifests and no failures mean that nothing refers to digest.
func (r Reference) Referrers(ctx context.Context, digest string, wanted func(artifactType string) bool) ([]Attachment, []Failure) {
	return r.referring(ctx, digest, func(entry referred) bool { return wanted(entry.ArtifactType) })
}

// referring is Referrers, where wanted chooses first by what a list says and then by
// what the manifest says.
func (r Reference) referring(ctx context.Context, digest string, wanted func(entry referred) bool) ([]Attachment, []Failure) {
	if !digestShape.MatchString(digest) {
		return nil, []Failure{{Err: fmt.Errorf("referrers in %s: %q is not a sha256 digest", r.Repository, digest)}}
	}
	place, ok := r.place.(lister)
	if !ok {
		return nil, nil
	}
	list, failed := place.referrers(ctx, digest)
	seen := map[string]bool{}
	var found []Attachment
	for _, entry := range list {
		if seen[entry.Digest] || !wanted(entry) {
			continue
		}
		if seen[entry.Digest] = true; len(seen) > maxReferrers {
			failed = append(failed, Failure{Err: fmt.Errorf("there are more than %d, and the rest was not read", maxReferrers)})
			break
		}
		a, err := r.referrer(ctx, entry.Digest, digest)
		switch {
		case err != nil:
			failed = append(failed, Failure{Digest: entry.Digest, Err: err})
		case wanted(referred{ArtifactType: a.Type, Annotations: a.Annotations}):
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b Attachment) int { return strings.Compare(a.Digest, b.Digest) })
	return found, failed
}

// referrer reads the manifest with that digest, which a list says to be about
// subject.
func (r Reference) referrer(ctx context.Context, digest, subject string) (Attachment, error) {
	if !digestShape.MatchString(digest) {
		return Attachment{}, fmt.Errorf("the list names %q, which is not a sha256 digest", digest)
	}
	a, err := r.Attachment(ctx, digest)
	if err != nil {
		return a, err
	}
	if a.Subject != subject {
		return a, fmt.Errorf("it is listed as a referrer, and names the subject %q", a.Subject)
	}
	return a, nil
}

// Attachment reads the manifest that identifier names, a tag or a digest, as one
// that holds something about an image. The error is ErrAbsent if there is none.
func (r Reference) Attachment(ctx context.Context, identifier string) (Attachment, error) {
	ctx, cancel := Brief(ctx)
	defer cancel()
	m, err := r.Manifest(ctx, identifier)
	if err != nil {
		return Attachment{}, err
	}
	var content referring
	if err := json.Unmarshal(m.Raw, &content); err != nil {
		return Attachment{}, fmt.Errorf("read %s: %w", r.name(identifier), err)
	}
	if m.content.Manifests != nil {
		return Attachment{}, fmt.Errorf("read %s: it is an index, and a manifest that holds the attached contents is expected", r.name(identifier))
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

// referrers asks the registry's API and reads the tag that replaces it:
// what was attached before a registry had the API may be only under the tag.
func (p remotePlace) referrers(ctx context.Context, digest string) (list []referred, failed []Failure) {
	list, err := p.listed(ctx, digest)
	if err != nil {
		failed = append(failed, Failure{Err: fmt.Errorf("the referrers API: %w", err)})
	}
	tag := fallbackTag(digest)
	ctx, cancel := Brief(ctx)
	defer cancel()
	raw, _, err := p.manifest(ctx, tag)
	if errors.Is(err, ErrAbsent) {
		return list, failed
	}
	var more []referred
	if err == nil {
		more, err = parseReferrers(raw)
	}
	if err != nil {
		failed = append(failed, Failure{Err: fmt.Errorf("the tag %s: %w", tag, err)})
	}
	return append(list, more...), failed
}

// fallbackTag is the tag under which clients list the referrers of digest in a
// registry without the referrers API.
func fallbackTag(digest string) string { return strings.Replace(digest, ":", "-", 1) }

// nextPage is where a registry's answer goes on.
var nextPage = regexp.MustCompile(`<([^>]+)>\s*;\s*rel="?next"?`)

// listed asks the registry's API for the referrers of digest; a registry without
// the API has nothing to list. With an error come the entries read before it.
func (p remotePlace) listed(ctx context.Context, digest string) ([]referred, error) {
	ctx, cancel := Brief(ctx)
	defer cancel()
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
			return list, err
		}
		if list = append(list, entries...); len(list) > maxReferrers*16 {
			break
		}
		if next == "" {
			return list, nil
		}
		host := at.Host
		if at, err = at.Parse(next); err != nil || at.Host != host || at.Path != path {
			return list, fmt.Errorf("the registry %s says that its list of referrers goes on at %q: refused", p.repository.RegistryStr(), next)
		}
	}
	return list, fmt.Errorf("the registry %s lists referrers without end", p.repository.RegistryStr())
}

// page reads one answer of the API, and where the next one is. The answer is nil
// if the registry does not have the API.
func (p remotePlace) page(ctx context.Context, client *http.Client, address string) (raw []byte, next string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Accept", indexType)
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
		return nil, fmt.Errorf("the list of referrers is not JSON: %w", err)
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
func (t tarball) referrers(ctx context.Context, digest string) ([]referred, []Failure) {
	return t.layout().referrers(ctx, digest)
}

// referrers looks through all that a layout lists, and reads the fallback tag,
// with which some tools write a layout.
func (l layout) referrers(_ context.Context, digest string) (list []referred, failed []Failure) {
	raw, err := l.read("index.json")
	if err != nil {
		return nil, []Failure{{Err: fmt.Errorf("%s is not an OCI layout: %w", l.where, err)}}
	}
	entries, err := parseReferrers(raw)
	var index content
	if err == nil {
		err = json.Unmarshal(raw, &index)
	}
	if err != nil {
		return nil, []Failure{{Err: err}}
	}
	for i, entry := range index.Manifests {
		if i == maxReferrers*16 {
			return list, append(failed, Failure{Err: fmt.Errorf("the layout lists more than %d manifests, and the rest was not read", i)})
		}
		manifest, err := l.file(entry.Digest)
		if err != nil {
			list = append(list, entries[i]) // reading it again reports the error, if the type matches
			continue
		}
		if entry.tag() == fallbackTag(digest) {
			more, err := parseReferrers(manifest)
			if err != nil {
				failed = append(failed, Failure{Digest: entry.Digest, Err: fmt.Errorf("the tag %s: %w", entry.tag(), err)})
			}
			list = append(list, more...)
			continue
		}
		var content referring
		if json.Unmarshal(manifest, &content) == nil && content.Subject != nil && content.Subject.Digest == digest {
			list = append(list, referred{Digest: entry.Digest, ArtifactType: content.ArtifactType})
		}
	}
	return list, failed
}
