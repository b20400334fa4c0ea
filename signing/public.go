package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// The types of PEM blocks.
const (
	pemPublic    = "PUBLIC KEY"
	pemPrivate   = "PRIVATE KEY"
	pemEncrypted = "ENCRYPTED PRIVATE KEY"
	pemEC        = "EC PRIVATE KEY"
	pemECCurve   = "EC PARAMETERS" // what "openssl ecparam -genkey" writes before the key
	pemRSA       = "RSA PRIVATE KEY"
	pemSigstore  = "ENCRYPTED SIGSTORE PRIVATE KEY"
	pemCosign    = "ENCRYPTED COSIGN PRIVATE KEY" // the same, written by cosign 1
)

// maxKey is the largest file, in bytes, that is read as a key.
const maxKey = 64 << 10

// PublicKey is a public key of an accepted kind.
type PublicKey struct {
	key crypto.PublicKey
	der []byte // SubjectPublicKeyInfo
}

// ParsePublic reads a public key in PEM ("PUBLIC KEY", as openssl and cosign write
// it). name is what errors call it: a file or a variable.
func ParsePublic(name string, content []byte) (*PublicKey, error) {
	key, err := parsePublic(content)
	if err != nil {
		return nil, fmt.Errorf("read public key %q: %w", name, err)
	}
	return key, nil
}

func parsePublic(content []byte) (*PublicKey, error) {
	block, err := onePEM(content)
	if err != nil {
		return nil, err
	}
	if block.Type != pemPublic {
		return nil, fmt.Errorf("contains %q, not %q%s", block.Type, pemPublic, publicCure(block.Type))
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, accepted)
	}
	return newPublic(key)
}

func newPublic(key crypto.PublicKey) (*PublicKey, error) {
	if err := supported(key); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return &PublicKey{key: key, der: der}, nil
}

// publicCure says how to get a public key out of a block of that type.
func publicCure(block string) string {
	switch block {
	case pemPrivate, pemEncrypted, pemEC, pemRSA:
		return "; a private key must stay secret, write its public half with: openssl pkey -in FILE -pubout"
	case pemSigstore, pemCosign:
		return "; a private key must stay secret, write its public half with: cosign public-key --key FILE"
	case "CERTIFICATE":
		return "; write its public key with: openssl x509 -in FILE -pubkey -noout"
	case "RSA PUBLIC KEY":
		return "; convert it with: openssl rsa -RSAPublicKey_in -in FILE -pubout"
	}
	return ""
}

// ID identifies the key: "sha256:" and the SHA-256, in hexadecimal, of its
// SubjectPublicKeyInfo in DER.
func (k *PublicKey) ID() string {
	sum := sha256.Sum256(k.der)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Algorithm names the kind of key: "ECDSA P-256", "Ed25519" or "RSA 3072".
func (k *PublicKey) Algorithm() string {
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	}
	return "Ed25519"
}

// hint identifies the key in a Sigstore bundle: the digest of ID in base64.
func (k *PublicKey) hint() string {
	sum := sha256.Sum256(k.der)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// PEM is the key as ParsePublic reads it.
func (k *PublicKey) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: k.der})
}

// onePEM returns the one block of content. Parameters of a curve before an EC key
// are left out: the key repeats them.
func onePEM(content []byte) (*pem.Block, error) {
	if len(content) > maxKey {
		return nil, fmt.Errorf("%d bytes; a key has at most %d", len(content), maxKey)
	}
	var blocks []*pem.Block
	read := 0
	for rest := content; ; read++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != pemECCurve {
			blocks = append(blocks, block)
		}
	}
	begun := bytes.Count(content, []byte("-----BEGIN "))
	switch {
	case begun == 0:
		return nil, errors.New("not PEM: must have a line that begins with -----BEGIN")
	case begun != read:
		return nil, errors.New("damaged PEM: a block has no valid end or is not base64")
	case len(blocks) != 1:
		return nil, fmt.Errorf("contains %d keys; must contain one", len(blocks))
	}
	return blocks[0], nil
}
