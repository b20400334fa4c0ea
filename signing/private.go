package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
)

// PrivateKey signs. It prints as the id of its public key, and never as itself.
type PrivateKey struct {
	key    crypto.Signer
	public *PublicKey
}

// NewPrivateKey creates an ECDSA key on P-256, which every verifier of in-toto
// statements reads.
func NewPrivateKey() (*PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("create key: %w", err)
	}
	return newPrivate(key)
}

// ParsePrivate reads a private key in PEM: PKCS #8, plain or encrypted (PBES2),
// SEC 1 ("EC PRIVATE KEY"), PKCS #1 ("RSA PRIVATE KEY"), or as cosign writes it.
// passphrase is nil if there is none, and not used for a plain key. name is what
// errors call the key: a file or a variable. ErrPassphrase says that the key is
// encrypted and passphrase nil, ErrWrongPassphrase that it does not fit.
func ParsePrivate(name string, content, passphrase []byte) (*PrivateKey, error) {
	key, err := parsePrivate(content, passphrase)
	if err != nil {
		return nil, fmt.Errorf("read private key %q: %w", name, err)
	}
	return key, nil
}

func parsePrivate(content, passphrase []byte) (*PrivateKey, error) {
	block, err := onePEM(content)
	if err != nil {
		return nil, err
	}
	if block.Headers["DEK-Info"] != "" {
		return nil, errors.New("encrypted in the way of old versions of openssl, which is weak; convert it with: openssl pkcs8 -topk8 -in FILE")
	}
	var key any
	switch block.Type {
	case pemPrivate:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case pemEC:
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case pemRSA:
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case pemEncrypted:
		key, err = decryptPKCS8(block.Bytes, passphrase)
	case pemSigstore, pemCosign:
		key, err = decryptSigstore(block.Bytes, passphrase)
	case pemPublic:
		return nil, errors.New("contains a public key; signing needs the private key")
	default:
		return nil, fmt.Errorf("contains %q; must contain a private key: %q, %q, %q, %q or %q", block.Type, pemPrivate, pemEncrypted, pemEC, pemRSA, pemSigstore)
	}
	if err != nil && strings.HasPrefix(err.Error(), "x509: ") {
		return nil, fmt.Errorf("%w; %s", err, accepted)
	}
	if err != nil {
		return nil, err
	}
	return newPrivate(key)
}

func newPrivate(key any) (*PrivateKey, error) {
	signer, ok := key.(crypto.Signer)
	if !ok { // a key of X25519, which only encrypts
		return nil, fmt.Errorf("a key of the type %T; %s", key, accepted)
	}
	public, err := newPublic(signer.Public())
	if err != nil {
		return nil, err
	}
	return &PrivateKey{key: signer, public: public}, nil
}

// Public returns the public half.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// Sign returns a signature of message, with the key's algorithm.
func (k *PrivateKey) Sign(message []byte) ([]byte, error) { return newMessage(message).sign(k.key) }

// PEM is the key in PKCS #8, encrypted if passphrase is not empty.
func (k *PrivateKey) PEM(passphrase []byte) ([]byte, error) {
	block := &pem.Block{Type: pemPrivate}
	var err error
	if len(passphrase) > 0 {
		block.Type = pemEncrypted
		block.Bytes, err = encryptPKCS8(k.key, passphrase)
	} else {
		block.Bytes, err = x509.MarshalPKCS8PrivateKey(k.key)
	}
	if err != nil {
		return nil, fmt.Errorf("write private key: %w", err)
	}
	return pem.EncodeToMemory(block), nil
}

// Format prints the id of the public key, whatever the verb.
func (k *PrivateKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "private key of "+k.public.ID())
}
