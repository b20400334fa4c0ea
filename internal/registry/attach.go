package registry

// BundleType is the media type of a Sigstore bundle v0.3.
const BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
