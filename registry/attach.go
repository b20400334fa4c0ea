package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// BundleType is the media type of a Sigstore bundle v0.3.
const BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// ErrUnlisted means that an attestation was stored, but that the list of the image's
// referrers does not name it, so others do not find it. Attach can be repeated.
var ErrUnlisted = errors.New("it is not listed as a referrer")

// NewAttachment is an attestation to attach to an image or index.
type NewAttachment struct {
	PredicateType string    // of the statement in the bundle; empty: not recorded
	Bundle        []byte    // a Sigstore bundle v0.3, at most 16 MiB of JSON
	Created       time.Time // recorded in UTC, in whole seconds; zero: not recorded
}

// attacher is a place where an image's attestations can be stored.
type attacher interface {
	// store writes the blobs and the manifest of u. Tracked means that the place
	// says that it lists the manifest itself.
	store(ctx context.Context, u upload) (tracked bool, err error)

	// list returns nil once the manifest of u is listed as a referrer of its subject.
	list(ctx context.Context, u upload, tracked bool) error
}

// upload is an attestation as it is stored: a manifest with a configuration and one
// content.
type upload struct {
	subject  string // the digest of the image or index
	digest   string // of the manifest
	manifest []byte
	blobs    map[string][]byte // by digest
	content  Blob              // the bundle
	entry    listEntry         // of the list of referrers
}

// Attach stores an attestation about the image or index with that digest, which has
// to be there, as a referrer, and returns the digest of the referrer's manifest. The
// same attachment always has the same digest, so Attach can be repeated.
//
// What was stored is read back. Then Attach waits until the referrer is listed: by
// the registry itself, or in the index under the tag sha256-HEX where the registry
// does not have the referrers API. Others may write that index at the same time and
// overwrite each other, so it is read again after each write, and written again, with
// all that was seen in it, until nothing is missing. The error is ErrUnlisted, with
// the digest, if the attestation was stored and is not listed in the end.
//
// In an OCI layout on disk the referrer is an entry of index.json.
//
// ctx bounds the time. An archive cannot be attached to.
func (r Reference) Attach(ctx context.Context, digest string, a NewAttachment) (string, error) {
	place, ok := r.place.(attacher)
	if !ok {
		return "", fmt.Errorf("cannot attach to %s: push the image to a registry", r.Repository)
	}
	if !digestShape.MatchString(digest) {
		return "", fmt.Errorf("attach to %s: %q is not a sha256 digest", r.Repository, digest)
	}
	m, err := r.Manifest(ctx, digest)
	if err != nil {
		return "", fmt.Errorf("attach an attestation: %w", err)
	}
	u, err := a.upload(m)
	if err != nil {
		return "", fmt.Errorf("attach to %s: %w", r.name(digest), err)
	}
	tracked, err := place.store(ctx, u)
	if err == nil {
		err = r.stored(ctx, u)
	}
	if err != nil {
		return "", fmt.Errorf("attach to %s: %w", r.name(digest), err)
	}
	if err := place.list(ctx, u, tracked); err != nil {
		return u.digest, fmt.Errorf("the attestation %s was pushed, but %w of %s: %w", u.digest, ErrUnlisted, r.name(digest), err)
	}
	return u.digest, nil
}

// stored reads back what was written.
func (r Reference) stored(ctx context.Context, u upload) error {
	_, err := r.Attachment(ctx, u.digest)
	if err == nil {
		_, err = r.Content(ctx, u.content, maxStatement)
	}
	switch {
	case errors.Is(err, ErrAbsent): // which would read as if the image were absent
		return fmt.Errorf("%s accepted the attestation %s, which is not there afterwards", r.Repository, u.digest)
	case err != nil:
		return fmt.Errorf("read back what was pushed: %w", err)
	}
	return nil
}

// ociDescriptor is a descriptor of the OCI image specification.
type ociDescriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
}

// ociManifest is a manifest that is not an image's.
type ociManifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        ociDescriptor     `json:"config"`
	Layers        []ociDescriptor   `json:"layers"`
	Subject       ociDescriptor     `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
}

// upload prepares a as a referrer of subject, in the form that cosign 3 writes.
func (a NewAttachment) upload(subject *Manifest) (upload, error) {
	var bundle struct {
		MediaType string `json:"mediaType"`
	}
	if len(a.Bundle) > maxStatement {
		return upload{}, fmt.Errorf("the bundle has %d bytes, and at most %d can be read back", len(a.Bundle), maxStatement)
	}
	if err := json.Unmarshal(a.Bundle, &bundle); err != nil {
		return upload{}, fmt.Errorf("the bundle is not JSON: %w", err)
	}
	if bundle.MediaType != BundleType {
		return upload{}, fmt.Errorf("the media type of the bundle must be %s, and it is %q", BundleType, bundle.MediaType)
	}
	annotations := map[string]string{"dev.sigstore.bundle.content": "dsse-envelope"}
	if a.PredicateType != "" {
		annotations[predicateNote] = a.PredicateType
	}
	if !a.Created.IsZero() {
		annotations["org.opencontainers.image.created"] = a.Created.UTC().Format(time.RFC3339)
	}
	config := []byte("{}")
	u := upload{
		subject: subject.Digest,
		content: Blob{MediaType: BundleType, Digest: digestOf(a.Bundle), Size: int64(len(a.Bundle))},
		blobs:   map[string][]byte{digestOf(config): config, digestOf(a.Bundle): a.Bundle},
	}
	var err error
	u.manifest, err = json.Marshal(ociManifest{
		SchemaVersion: 2, MediaType: manifestType, ArtifactType: BundleType,
		Config:      ociDescriptor{MediaType: emptyType, Digest: digestOf(config), Size: int64(len(config))},
		Layers:      []ociDescriptor{{MediaType: BundleType, Digest: u.content.Digest, Size: u.content.Size}},
		Subject:     ociDescriptor{MediaType: subject.mediaType(), Digest: subject.Digest, Size: int64(len(subject.Raw))},
		Annotations: annotations,
	})
	if err != nil {
		return upload{}, err
	}
	u.digest = digestOf(u.manifest)
	entry, err := json.Marshal(ociDescriptor{
		MediaType: manifestType, Digest: u.digest, Size: int64(len(u.manifest)), ArtifactType: BundleType, Annotations: annotations,
	})
	u.entry = listEntry{digest: u.digest, raw: entry}
	return u, err
}

// mediaType is what m says its media type is. OCI lets manifests leave it out.
func (m *Manifest) mediaType() string {
	switch {
	case m.content.MediaType != "":
		return m.content.MediaType
	case m.content.Manifests != nil:
		return indexType
	}
	return manifestType
}
