// Package signing signs in-toto statements with private keys, and verifies
// attestations with the public keys and identities that an organisation trusts.
// What it writes, cosign verifies, and the other way round. It reads and writes
// keys as PEM. It does not know what a statement means, whom it is about or where
// it is kept. Keyless bundles are verified by a Keyless that the caller supplies
// (package signing/keyless), because its library is large.
//
// # Algorithms
//
// A key signs DSSE's pre-authentication encoding of the payload (see
// github.com/secure-systems-lab/dsse, protocol.md):
//
//	key          signs with             verifies as well
//	ECDSA P-256  SHA-256                nothing else
//	ECDSA P-384  SHA-256                SHA-384
//	Ed25519      Ed25519                Ed25519ph
//	RSA          PKCS #1 v1.5, SHA-256  PSS, SHA-256
//
// The second column is what "cosign verify-attestation --key" accepts without
// further flags. The third is what "cosign attest" writes with such a key (P-384,
// Ed25519), and in-toto's own libraries (RSA).
//
// # Time
//
// A signature by key has no trusted time: whoever has the key can write any date.
// The period of a key is therefore compared with the time of verification. A key
// that has ended accepts nothing more, not even what was signed before; sign again
// with its successor what must go on counting.
package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
	"fmt"
)

// Bounds of RSA keys. Shorter ones can be broken, longer ones take long to verify.
const (
	minRSABits     = 2048
	maxRSABits     = 8192
	minRSAExponent = 65537 // FIPS 186-5, section 5.1
)

const accepted = "must be ECDSA P-256 or P-384, Ed25519, or RSA with at least 2048 bits"

// supported returns an error for a public key of a kind that is not accepted.
func supported(public crypto.PublicKey) error {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
			return fmt.Errorf("an ECDSA key on the curve %s; %s", key.Curve.Params().Name, accepted)
		}
	case ed25519.PublicKey:
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return fmt.Errorf("an RSA key of %d bits; must have %d to %d", bits, minRSABits, maxRSABits)
		}
		if key.E < minRSAExponent {
			return fmt.Errorf("an RSA key with the exponent %d; must be at least %d", key.E, minRSAExponent)
		}
	default:
		return fmt.Errorf("a key of the type %T; %s", public, accepted)
	}
	return nil
}

// message is what signatures are over, with its digests as far as they were needed.
type message struct {
	content []byte
	digests map[crypto.Hash][]byte
}

func newMessage(content []byte) *message {
	return &message{content: content, digests: map[crypto.Hash][]byte{}}
}

func (m *message) digest(hash crypto.Hash) []byte {
	if _, ok := m.digests[hash]; !ok {
		h := hash.New()
		h.Write(m.content)
		m.digests[hash] = h.Sum(nil)
	}
	return m.digests[hash]
}

// verifies reports whether sig is a signature of the message by the key.
func (m *message) verifies(public crypto.PublicKey, sig []byte) bool {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, m.digest(crypto.SHA256), sig) ||
			key.Curve == elliptic.P384() && ecdsa.VerifyASN1(key, m.digest(crypto.SHA384), sig)
	case ed25519.PublicKey:
		return ed25519.Verify(key, m.content, sig) ||
			ed25519.VerifyWithOptions(key, m.digest(crypto.SHA512), sig, &ed25519.Options{Hash: crypto.SHA512}) == nil
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, m.digest(crypto.SHA256), sig) == nil ||
			rsa.VerifyPSS(key, crypto.SHA256, m.digest(crypto.SHA256), sig, nil) == nil
	}
	return false
}

// sign returns a signature of the message by the key.
func (m *message) sign(private crypto.Signer) ([]byte, error) {
	switch key := private.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, m.content), nil
	default: // ECDSA writes ASN.1, RSA PKCS #1 v1.5
		return key.Sign(rand.Reader, m.digest(crypto.SHA256), crypto.SHA256)
	}
}
