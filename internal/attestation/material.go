package attestation

import (
	"encoding/json"
	"errors"
	"fmt"
)

// BundleType is the media type of a Sigstore bundle, version 0.3.
const BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// Material is what a Sigstore bundle says about who signed its envelope. No
// signature covers it: it may choose what to try first, and proves nothing.
type Material struct {
	KeyHint     string // of a public key; may be empty
	Certificate bool   // signed keyless, with the key of a certificate
}

// bundleTypes are the media types of the bundles that are read.
var bundleTypes = map[string]bool{
	"application/vnd.dev.sigstore.bundle+json;version=0.1": true,
	"application/vnd.dev.sigstore.bundle+json;version=0.2": true,
	"application/vnd.dev.sigstore.bundle+json;version=0.3": true,
	BundleType: true,
}

// Material reads the verification material of the bundle around the envelope; it
// is empty for an envelope without a bundle. An error says that the bundle is of
// an unknown version, or does not name exactly one kind of signer.
func (e *Envelope) Material() (Material, error) {
	if e.Bundle == nil {
		return Material{}, nil
	}
	m, err := readMaterial(e.Bundle)
	if err != nil {
		return Material{}, fmt.Errorf("bundle: %w", err)
	}
	return m, nil
}

func readMaterial(bundle []byte) (Material, error) {
	keys, err := members(bundle)
	if err != nil {
		return Material{}, err
	}
	var version string
	if value, ok := keys["mediaType"]; ok && json.Unmarshal(value, &version) != nil {
		return Material{}, errors.New("mediaType must be text")
	}
	if !bundleTypes[version] {
		return Material{}, fmt.Errorf("mediaType is %q, and must be %q or an earlier version", clip(version), BundleType)
	}
	kinds, err := members(keys["verificationMaterial"])
	if err != nil {
		return Material{}, fmt.Errorf("verificationMaterial: %w", err)
	}
	named := func(kind string) bool { value, ok := kinds[kind]; return ok && string(value) != "null" }
	certificate := named("certificate") || named("x509CertificateChain")
	switch {
	case certificate && named("publicKey"):
		return Material{}, errors.New("verificationMaterial names both a key and a certificate; must name one")
	case certificate:
		return Material{Certificate: true}, nil
	case !named("publicKey"):
		return Material{}, errors.New("verificationMaterial names neither a key nor a certificate")
	}
	key, err := members(kinds["publicKey"])
	if err != nil {
		return Material{}, fmt.Errorf("publicKey: %w", err)
	}
	var m Material
	if value, ok := key["hint"]; ok && json.Unmarshal(value, &m.KeyHint) != nil {
		return Material{}, errors.New("publicKey.hint must be text")
	}
	return m, nil
}
