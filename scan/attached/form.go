package attached

import (
	"slices"
	"strings"

	"github.com/prodgate/prodgate/registry"
)

// form is how a content holds an SBOM.
type form int

const (
	nothing form = iota // it holds none
	bare                // the SBOM itself
	stated              // a statement about the image, in an envelope or bundle or without
	foreign             // an SBOM in a format that is not read
)

// bareTypes are the media types of SBOMs, as tools write them.
var bareTypes = []string{
	"application/vnd.cyclonedx+json", "application/vnd.cyclonedx+xml", "application/vnd.cyclonedx",
	"application/spdx+json", "spdx+json", "text/spdx+json", "text/spdx", "text/spdx+xml",
}

// plainTypes are the media types that say nothing of a content: the last is what
// ORAS uses for a file without a given type.
var plainTypes = []string{
	"application/json", "application/xml", "text/xml", "application/octet-stream", "text/plain", "application/vnd.oci.image.layer.v1.tar",
}

// formOf is the form of a content b of a.
func formOf(b registry.Blob, a registry.Attachment) form {
	mediaType := registry.PlainType(b.MediaType)
	switch {
	case slices.Contains(bareTypes, mediaType):
		return bare
	case mediaType == "application/vnd.syft+json":
		return foreign
	case registry.HoldsStatement(b.MediaType):
		for _, kind := range a.PredicateTypes(b) {
			if !mayBeSBOM(kind) {
				return nothing
			}
		}
		return stated
	case namesSBOM(mediaType), namesSBOM(registry.PlainType(a.Type)) && slices.Contains(plainTypes, mediaType):
		return bare
	}
	return nothing
}

// namesSBOM reports whether a media type or artifactType, of any tool, says
// that it is of an SBOM.
func namesSBOM(mediaType string) bool {
	for _, word := range []string{"cyclonedx", "spdx", "sbom"} {
		if strings.Contains(mediaType, word) {
			return true
		}
	}
	return false
}

// mayBeSBOM reports whether statements with that type of predicate are worth
// reading: those that certainly hold something else are not.
func mayBeSBOM(predicateType string) bool {
	for _, other := range []string{"slsa.dev/", "/provenance", "/vuln", "/vulns", "/test-result", "/link", "/verification_summary", "/openvex", "openvex.dev/"} {
		if strings.Contains(predicateType, other) {
			return false
		}
	}
	return true
}

// mayHoldSBOM reports whether manifests of that artifactType are worth reading.
// Tools call SBOMs as they like, and the contents decide: only what certainly is
// something else is ignored.
func mayHoldSBOM(artifactType string) bool {
	artifactType = registry.PlainType(artifactType)
	for _, other := range []string{".sig.", "signature", "sarif", "vex", "vulnerabilit", "provenance"} {
		if strings.Contains(artifactType, other) {
			return false
		}
	}
	return true
}
